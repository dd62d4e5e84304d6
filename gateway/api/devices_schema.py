"""Bodies of the site, its devices and what they said."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, FiniteFloat

from devices.model import DeviceKind
from gateway.api.schema import Answer, EmptyIsNone, Moment, Request, Short, Time


class DeviceQuery(Request):
    """Which devices."""

    kind: Annotated[DeviceKind | None, EmptyIsNone] = None
    building: Annotated[Short | None, EmptyIsNone] = None
    q: Annotated[Short | None, EmptyIsNone, Field(description="text in id, name, zone or asset")] = None


class HistoryQuery(Request):
    """Which stretch of time, in buckets of how many seconds; default: 300 buckets."""

    start: Moment
    end: Moment
    every_s: Annotated[FiniteFloat | None, Field(gt=0)] = None


class Adoption(Request):
    """Where the device is."""

    name: Annotated[Short, Field(min_length=1)]
    building: Short = ""
    floor: Short = ""
    zone: Short = ""
    expect_every_s: Annotated[FiniteFloat, Field(ge=0, description="longest normal silence; 0: not supervised")] = 0


class BuildingView(BaseModel):
    """One building; floors from the lowest up."""

    id: str
    name: str
    floors: list[str]


class SiteView(BaseModel):
    """Which community this is."""

    id: str
    name: str
    timezone: str
    buildings: list[BuildingView]


class DeviceView(Answer):
    """A device and what it last said. ``null`` is unknown, never normal."""

    id: str
    kind: DeviceKind
    name: str
    building: str
    floor: str
    zone: str
    asset: str
    dialect: str
    upstream: Annotated[str, Field(description="what carries its messages, if that is known")]
    online: bool | None
    last_seen: Time | None
    measurements: dict[str, float]
    states: dict[str, bool | str | None]


class DeviceList(Answer):
    """Devices in the inventory's order."""

    items: list[DeviceView]


class HistoryView(Answer):
    """Per field: time and value of each bucket that has one."""

    fields: dict[str, list[tuple[float, float | bool | str]]]


class StrangerView(Answer):
    """A device that speaks but is in no inventory."""

    device: str
    kind: DeviceKind
    dialect: str
    first_seen: Time
    last_seen: Time
    count: int
    last: dict[str, Any]


class Quarantine(Answer):
    """Strangers, the latest heard first."""

    items: list[StrangerView]
