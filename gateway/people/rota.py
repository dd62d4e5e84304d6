"""Shifts, rota, on-call contacts and hand-over notes: stored first, then in effect. Implements the API's port."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Annotated, Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from alert_rules.alert import Alert, Entry
from alert_rules.calendar import Calendar
from alert_rules.schedule import Schedule
from gateway.alerts.people import Person, Role
from gateway.clock import Clock
from gateway.people.dispatch import Candidate, propose
from gateway.people.duty import Anybody, Duty, Gap, Name, Override, Rota, Turn, gaps, on_duty
from gateway.people.shelf import Shelf

LEVEL_ROLES = (Role.GUARD, Role.GUARD, Role.MANAGER, Role.ADMINISTRATOR)
"""Whose duty an escalation level is: 0 is the alert itself; the authority above answers like the administrator."""

LONGEST_S = 62 * 86_400.0
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class OnCall(BaseModel):
    """Which notification channels are called while nobody of a role is on duty, per escalation level and building."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role = Field(description="whose stead they take")
    level: int = Field(default=0, ge=0, le=9, description="escalation level; 0: when an alert is raised")
    building: Anybody = Field(default="", description="id of the building; empty: all of them")
    channels: tuple[Name, ...] = Field(max_length=20, description="names of channels; none: no such contact")


class Handover(BaseModel):
    """What one shift tells the next."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Note = Field(description="what the next shift should know")
    building: Anybody = Field(default="", description="id of the building; empty: all of them")
    at: float = 0.0
    by: str = ""


MODELS: dict[str, type[BaseModel]] = {
    "shift": Schedule,
    "turn": Turn,
    "override": Override,
    "on_call": OnCall,
    "handover": Handover,
}


class DutyDesk:
    """The rota in memory, every change of it on disk before it counts."""

    def __init__(
        self,
        shelf: Shelf,
        in_thread: Callable[..., Awaitable[Any]],
        clock: Clock,
        calendar: Calendar,
        buildings: Collection[str],
        people: Callable[[], Collection[Person]],
    ) -> None:
        self._shelf, self._in_thread, self._clock = shelf, in_thread, clock
        self._calendar = calendar
        self._buildings = frozenset(buildings)
        self._people = people
        self._rows: dict[str, dict[str, Any]] = {kind: {} for kind in MODELS}
        for kind, id_, body in shelf.load(MODELS):
            self._rows[kind][id_] = MODELS[kind].model_validate_json(body)

    def rows(self, kind: str) -> Mapping[str, Any]:
        """The records of a kind by id; notes in the order they were written."""
        if kind == "handover":
            return dict(sorted(self._rows[kind].items(), key=lambda pair: pair[1].at))
        return self._rows[kind]

    async def put(self, kind: str, made: BaseModel, actor: str) -> str:
        """Keep a new record, or another version of a shift or an on-call contact; return its id.

        Raises:
            ValueError: it names a shift, a person or a building that does not exist.
        """
        self._check(made)
        now = self._clock.now()
        if isinstance(made, Handover):
            made = made.model_copy(update={"at": now, "by": actor})
        id_ = _id(made)
        body = made.model_dump_json()
        # A note may name people; it is kept once, where it can be deleted.
        detail = {"id": id_} if isinstance(made, Handover) else {"id": id_, "as": made.model_dump(mode="json")}
        entry = Entry(now, actor, f"set_{kind}", "", detail)
        await self._in_thread(self._shelf.write, [(kind, id_, body)], [], [entry])
        self._rows[kind][id_] = made
        return id_

    async def drop(self, kind: str, id_: str, actor: str) -> None:
        """Delete a record.

        Raises:
            KeyError: there is none.
            ValueError: a shift is still worked by somebody.
        """
        if id_ not in self._rows[kind]:
            raise KeyError(id_)
        if kind == "shift" and any(turn.shift == id_ for turn in self._rows["turn"].values()):
            raise ValueError(f"people work the shift {id_!r}; take them out of the rota first")
        entry = Entry(self._clock.now(), actor, f"remove_{kind}", "", {"id": id_})
        await self._in_thread(self._shelf.write, [], [(kind, id_)], [entry])
        self._rows[kind].pop(id_, None)

    def on_duty(self, at: float | None = None, role: Role | None = None, building: str | None = None) -> list[Duty]:
        """Who works at ``at`` (epoch seconds, default: now); see :func:`gateway.people.duty.on_duty`."""
        return on_duty(self._rota(), self._clock.now() if at is None else at, role, building)

    def gaps(self, start: float, end: float, role: Role | None, building: str | None) -> list[Gap]:
        """When nobody is on duty for a role and building that the rota knows, or that are asked for.

        Raises:
            ValueError: the stretch is empty or longer than 62 days.
        """
        if not 0 < end - start <= LONGEST_S:
            raise ValueError("end must be later than start, by 62 days at most")
        known = {(turn.role, turn.building) for turn in self._rows["turn"].values()}
        if role is not None and building is not None:
            known = {(role, building)}
        needs = [(r, b) for r, b in known if role in (None, r) and building in (None, b)]
        return gaps(self._rota(), start, end, needs)

    def propose(self, alert: Alert, open_alerts: Collection[Alert]) -> list[Candidate]:
        """Who should go, the best first; a person decides."""
        return propose(alert, self._people(), self.on_duty(), open_alerts)

    def narrow(self, channels: list[str], level: int, building: str) -> list[str]:
        """Leave out of ``channels`` those that reach only people who are off duty.

        Channels that are nobody's own stay. With nobody of the level's role on duty its on-call contact is called, and
        without one everybody: never nobody.
        """
        role = LEVEL_ROLES[min(level, len(LEVEL_ROLES) - 1)]
        working = {duty.username for duty in self.on_duty(role=role, building=building)}
        if not working:
            called = self._on_call(role, level, building)
            return [name for name in channels if name in called] or channels
        theirs = {name for person in self._people() if person.username in working for name in person.contacts}
        others = {name for person in self._people() for name in person.contacts} - theirs
        return [name for name in channels if name not in others] or channels

    def _on_call(self, role: Role, level: int, building: str) -> set[str]:
        rows = (self._rows["on_call"].get(f"{role}/{level}/{where}") for where in (building, ""))
        found = next((row for row in rows if row is not None), None)
        return set(found.channels) if found is not None else set()

    def _rota(self) -> Rota:
        known = {person.username: person.active for person in self._people()}
        rows = self._rows
        named = {each.username for kind in ("turn", "override") for each in rows[kind].values()}
        return Rota(
            calendar=self._calendar,
            shifts=rows["shift"],
            turns=list(rows["turn"].values()),
            overrides=list(rows["override"].values()),
            away=frozenset(name for name in named if not known.get(name, False)),
        )

    def _check(self, made: BaseModel) -> None:
        known = {person.username for person in self._people()}
        building = getattr(made, "building", "")
        if building and building not in self._buildings:
            raise ValueError(f"the site file has no building {building!r}")
        if isinstance(made, Turn) and made.shift not in self._rows["shift"]:
            raise ValueError(f"there is no shift {made.shift!r}; make it first")
        for name in (getattr(made, "username", ""), getattr(made, "instead_of", "")):
            if name and name not in known:
                raise ValueError(f"there is nobody called {name!r}")


def _id(made: BaseModel) -> str:
    if isinstance(made, Schedule):
        return made.name
    if isinstance(made, OnCall):
        return f"{made.role}/{made.level}/{made.building}"
    return uuid4().hex[:20]
