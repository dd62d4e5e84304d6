"""Which buildings somebody may look at and change: the check of every single object, whoever asks for it how.

What has no building belongs to the whole site: everybody sees it, since no alert may hide for want of a place.
"""

from typing import Annotated

from fastapi import Depends, Path
from starlette.exceptions import HTTPException

from gateway.alerts.people import Person
from gateway.api.context import Actor, InPorts


def within(person: Person, building: str) -> bool:
    """Tell whether ``person`` sees what is in ``building``."""
    return not person.buildings or not building or building in person.buildings


def require_scope(person: Person, building: str) -> None:
    """Refuse what is in a building that is not the person's.

    Raises:
        HTTPException: 403.
    """
    if not within(person, building):
        raise HTTPException(403, f"this belongs to building {building!r}; ask somebody who works for it")


def require_own(person: Person, building: str) -> None:
    """Refuse a change that reaches beyond the person's buildings; without a building it reaches everywhere.

    Raises:
        HTTPException: 403.
    """
    if person.buildings and building not in person.buildings:
        where = f"building {building!r}" if building else "the whole site"
        raise HTTPException(403, f"this is about {where}; you may change {', '.join(person.buildings)}")


async def _alert_in_scope(alert_id: Annotated[str, Path(max_length=64)], ports: InPorts, person: Actor) -> str:
    """Look at the alert itself, never at what the request says of it; one that is not there is the route's to miss."""
    found = await ports.desk.detail(alert_id) if person.buildings else None
    if found is not None:
        require_scope(person, found[0].place.building)
    return alert_id


async def _device_in_scope(device_id: Annotated[str, Path(max_length=64)], ports: InPorts, person: Actor) -> str:
    found = ports.devices.get(device_id)
    if found is not None:
        require_scope(person, found[0].building)
    return device_id


AlertId = Annotated[str, Depends(_alert_in_scope)]
"""An alert of the person's buildings. Every route about one alert takes its id so."""

DeviceId = Annotated[str, Depends(_device_in_scope)]
"""A device of the person's buildings."""
