"""The seams of the people room in memory: a shelf, accounts, and a thread that is none."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec

from alert_rules.alert import Entry
from alert_rules.calendar import Calendar
from devices.model import DeviceKind, Report
from devices.registry import Device
from gateway.alerts.database import StoreUnavailable
from gateway.alerts.people import By, LastAdministrator, LoginRefused, People, Person, Role
from gateway.people.accounts import PeopleDesk
from gateway.people.room import PeopleRoom
from gateway.people.rota import DutyDesk
from gateway.people.visitors import VisitorDesk
from gateway.site import Visitors

KEY, PSEUDONYMS = b"k" * 32, b"p" * 32
GATES = {
    "gate-1": Device("gate-1", DeviceKind.ACCESS_GATE, building="b1"),
    "gate-2": Device("gate-2", DeviceKind.ACCESS_GATE, building="b2"),
    "gate-main": Device("gate-main", DeviceKind.ACCESS_GATE),
    "smoke-1": Device("smoke-1", DeviceKind.SMOKE_DETECTOR, building="b1"),
}


class FixedClock:
    """Stands at ``at`` until a test moves it."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def epoch(self) -> str:
        return "test"


async def at_once(call: Callable[..., Any], *args: Any) -> Any:
    """What the gateway does in its writing thread."""
    return call(*args)


class MemoryShelf:
    """Keeps everything; ``full`` refuses."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, str], str] = {}
        self.entries: list[Entry] = []
        self.full = False

    def load(self, kinds: Iterable[str]) -> list[tuple[str, str, str]]:
        return [(*key, body) for key, body in sorted(self.bodies.items()) if key[0] in list(kinds)]

    def write(
        self, puts: Sequence[tuple[str, str, str]], removed: Sequence[tuple[str, str]], entries: Sequence[Entry]
    ) -> None:
        if self.full:
            raise StoreUnavailable("the disk is full")
        self.bodies |= {(kind, id_): body for kind, id_, body in puts}
        for key in removed:
            self.bodies.pop(key, None)
        self.entries += entries


class MemoryPeople:
    """Accounts without passwords: each one's is the user name backwards."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = {person.username: person for person in people}
        self.noted: list[tuple[str, str]] = []

    def everybody(self) -> list[Person]:
        return sorted(self.people.values(), key=lambda person: person.username)

    def add_person(self, someone: Person, password: str, by: By) -> Person:
        if someone.username in self.people:
            raise ValueError(f"there is a person called {someone.username!r} already; choose another name")
        self.people[someone.username] = someone
        return someone

    def change(self, username: str, changes: Mapping[str, Any], by: By) -> Person:
        changed = msgspec.structs.replace(self.people[username], **changes)
        self._leaves_one(changed)
        self.people[username] = changed
        return changed

    def reset(self, username: str, by: By, valid_s: float) -> str:
        return f"once-{self.people[username].username}"

    def remove(self, username: str, by: By) -> None:
        self._leaves_one(msgspec.structs.replace(self.people[username], active=False))
        del self.people[username]

    def login(self, username: str, password: str, now: float, address: str) -> Person:
        if password != username[::-1]:
            raise LoginRefused
        return self.people[username]

    def set_password(self, username: str, password: str, by: By) -> None:
        self.noted.append((by.actor, "change_password"))

    def note(self, by: By, action: str, detail: Mapping[str, Any]) -> None:
        self.noted.append((by.actor, action))

    def _leaves_one(self, changed: Person) -> None:
        after = {**self.people, changed.username: changed}.values()
        if not any(person.role is Role.ADMINISTRATOR and person.active for person in after):
            raise LastAdministrator


class Room:
    """The real desks over the seams; ``told`` is what the gates are said to have reported."""

    def __init__(self, people: Iterable[Person] = (), shelf: MemoryShelf | None = None, now: float = 1_000.0) -> None:
        self.clock = FixedClock(now)
        self.shelf = shelf or MemoryShelf()
        self.people = MemoryPeople(people)
        self.told: list[Report] = []
        accounts = PeopleDesk(cast(People, self.people), self.clock, at_once)
        calendar = Calendar("Asia/Shanghai")
        duty = DutyDesk(self.shelf, at_once, self.clock, calendar, ["b1", "b2"], lambda: accounts.known)
        self.desks = PeopleRoom(accounts, duty, self._visitors())

    def _visitors(self) -> VisitorDesk:
        tell = cast(Callable[[Report], Awaitable[None]], self._tell)
        settings = Visitors(keep_days=30, again_s=15)
        return VisitorDesk(self.shelf, at_once, self.clock, settings, KEY, PSEUDONYMS, GATES.get, tell)

    async def _tell(self, report: Report) -> None:
        self.told.append(report)
