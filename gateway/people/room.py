"""Opens what is about people: accounts, the rota, visitors."""

from dataclasses import dataclass
from pathlib import Path

from devices.registry import Registry
from gateway.alerts.people import People
from gateway.alerts.store import AlertStore
from gateway.clock import Clock
from gateway.dialects import made_key, pseudonym_key
from gateway.evaluate import Evaluator
from gateway.people.accounts import PeopleDesk
from gateway.people.rota import DutyDesk
from gateway.people.shelf import StoredShelf
from gateway.people.visitors import KEY_FILE, VisitorDesk
from gateway.rules import calendar_of
from gateway.site import Site


@dataclass(frozen=True)
class PeopleRoom:
    """Who works here, when, and who comes to visit."""

    accounts: PeopleDesk
    duty: DutyDesk
    visitors: VisitorDesk

    async def upkeep(self) -> None:
        """Take over what the command line changed; forget visits whose time is over."""
        await self.accounts.everybody()
        await self.visitors.purge()


def open_people(site: Site, store: AlertStore, evaluator: Evaluator, registry: Registry, clock: Clock) -> PeopleRoom:
    """Open all three, and let the gates' passages be followed.

    Raises:
        OperatorError: the key of the passes cannot be read or made.
    """
    shelf, in_thread = StoredShelf(store.engine), evaluator.in_thread
    accounts = PeopleDesk(People(store.engine), clock, in_thread)
    buildings = [building.id for building in site.buildings]
    visitors = VisitorDesk(
        shelf,
        in_thread,
        clock,
        site.visitors,
        made_key(Path(site.data_dir) / KEY_FILE),
        pseudonym_key(site),
        registry.get,
        evaluator.tell,
    )
    evaluator.passages = visitors.heard
    duty = DutyDesk(shelf, in_thread, clock, calendar_of(site), buildings, lambda: accounts.known)
    return PeopleRoom(accounts, duty, visitors)
