"""Bodies about people: accounts, the rota, visitors."""

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from gateway.alerts.people import Role
from gateway.api.schema import Answer, EmptyIsNone, Long, Moment, PersonView, Request, Short, Time
from gateway.people.duty import Override, Turn
from gateway.people.rota import Handover, OnCall

Password = Annotated[str, Field(min_length=8, max_length=1024)]
Ids = Annotated[tuple[Annotated[Short, Field(min_length=1)], ...], Field(max_length=100)]


class NewPerson(Request):
    """An account. Without a password a one-time link opens it: see reset."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[Short, Field(min_length=1)]
    role: Role
    language: Literal["zh", "en"] = "zh"
    password: Password | None = None
    buildings: Annotated[Ids, Field(description="ids of the buildings the person works for; none: all")] = ()
    contacts: Annotated[Ids, Field(description="channels that reach this person alone")] = ()


class ChangedPerson(Request):
    """What is to change; absent members stay."""

    name: Annotated[Short, Field(min_length=1)] | None = None
    role: Role | None = None
    language: Literal["zh", "en"] | None = None
    buildings: Ids | None = None
    contacts: Ids | None = None
    active: bool | None = None


class OwnPassword(Request):
    """The password you have, and the one you want. All your sessions end."""

    current: Annotated[str, Field(min_length=1, max_length=1024)]
    password: Password


class OnceView(Answer):
    """What logs in once within a day: append it to the console's address."""

    path: str


class PersonList(Answer):
    """Everybody, by user name."""

    items: list[PersonView]


class ShiftView(Answer):
    """A shift: its hours are those of a schedule, see docs/own-rules.md."""

    name: str
    periods: list[dict[str, object]]


class ShiftList(Answer):
    """By name."""

    items: list[ShiftView]


class DutyView(Answer):
    """Somebody works until ``until``; without a building for all of them, without a shift by an override."""

    username: str
    role: Role
    building: str
    shift: str
    until: Time


class DutyList(Answer):
    """Who works at one moment."""

    items: list[DutyView]


class DutyQuery(Request):
    """When, and whose duty."""

    at: Annotated[FiniteFloat | None, EmptyIsNone, Field(ge=0, description="epoch seconds; absent: now")] = None
    role: Annotated[Role | None, EmptyIsNone] = None
    building: Annotated[Short | None, EmptyIsNone] = None


class GapQuery(Request):
    """Which stretch of time: 62 days at most."""

    start: Moment
    end: Moment
    role: Annotated[Role | None, EmptyIsNone] = None
    building: Short | None = None


class GapView(Answer):
    """Nobody of this role is on duty for this building."""

    role: Role
    building: str
    start: Time
    end: Time


class GapList(Answer):
    """By time."""

    items: list[GapView]


class RotaView(Answer):
    """The whole rota, each record by its id."""

    turns: dict[str, Turn]
    overrides: dict[str, Override]
    on_call: dict[str, OnCall]


class Made(Answer):
    """The id to speak of it by."""

    id: str


class HandoverList(Answer):
    """The newest first."""

    items: list[Handover]


class NewHandover(Request):
    """What the next shift should know."""

    text: Annotated[Long, Field(min_length=1)]
    building: Short = ""


class CandidateView(Answer):
    """Somebody who could go. ``load`` counts the open alerts in their hands."""

    username: str
    name: str
    role: Role
    reasons: list[str]
    load: int
    until: Time | None


class Proposal(Answer):
    """The best first; a person decides."""

    items: list[CandidateView]


class UseView(Answer):
    """One try at a gate: ``passed``, ``denied`` by the gate itself, or why the pass was refused."""

    at: Time
    gate: str
    result: str


class VisitView(Answer):
    """A booking with its trail."""

    id: str
    name: str
    host: str
    phone: str
    building: str
    starts_at: Time
    ends_at: Time
    uses: int
    booked_by: str
    booked_at: Time
    revoked_at: Time | None
    trail: list[UseView]


class VisitList(Answer):
    """The visit that starts last first."""

    items: list[VisitView]


class Verification(Request):
    """The text of a pass, and the id of the gate that read it."""

    text: Annotated[str, Field(alias="pass", min_length=1, max_length=200)]
    gate: Annotated[str, Field(min_length=1, max_length=64)]


class VerificationView(Answer):
    """Whether to open. ``reason``: forged, early, expired, used, revoked or elsewhere."""

    valid: bool
    reason: str | None
