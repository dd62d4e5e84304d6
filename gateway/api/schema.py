"""Bodies of requests, which are checked, and of answers, which are documented (views.py builds those faster)."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, StringConstraints

from alert_rules.alert import Condition, Handling, Response, Severity, Stage, Verdict
from devices.model import DeviceKind
from gateway.alerts.people import Role

YEAR_3000 = 32_503_680_000
StateFilter = Literal["open", "resolved", "all"]


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    return text


Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(_no_nul)]
Long = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_no_nul)]
EmptyIsNone = BeforeValidator(lambda value: None if value == "" else value)
Version = Annotated[int, Field(ge=1, description="the version you saw; stale means 409, look again")]
Time = Annotated[float, Field(description="seconds since the Unix epoch, UTC")]
Moment = Annotated[FiniteFloat, Field(ge=0, le=YEAR_3000, description="seconds since the Unix epoch, UTC")]


class Request(BaseModel):
    """Misspelt members are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class Login(Request):
    """Name and password."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class LoginOnce(Request):
    """A one-time token from the command line."""

    token: Annotated[str, Field(min_length=1, max_length=256)]
    password: Annotated[str | None, Field(min_length=8, max_length=1024, description="choose a new password")] = None


class AlertQuery(Request):
    """Which alerts, newest first."""

    state: StateFilter = "open"
    severity: Annotated[Severity | None, EmptyIsNone] = None
    rule: Annotated[Short | None, EmptyIsNone] = None
    building: Annotated[Short | None, EmptyIsNone] = None
    q: Annotated[Short | None, EmptyIsNone, Field(description="text in device, place name, building or rule")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    before: Annotated[FiniteFloat | None, EmptyIsNone, Field(description="next page: raised_at of the last one")] = None
    before_id: Annotated[Short | None, EmptyIsNone, Field(description="id of the last one, for equal times")] = None
    incident: Annotated[Short | None, EmptyIsNone, Field(description="id of the incident they belong to")] = None
    group: Annotated[
        Literal["incident"] | None,
        EmptyIsNone,
        Field(description="incident: one alert of each open incident first, however many there are (open alerts only)"),
    ] = None


class IncidentQuery(Request):
    """Which incidents: those with open alerts, the gravest first; or all, the one that got an alert last first."""

    state: Literal["open", "all"] = "open"
    building: Annotated[Short | None, EmptyIsNone, Field(description="of open incidents only")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    before: Annotated[
        FiniteFloat | None, EmptyIsNone, Field(description="of all incidents: next page, last_at of the last one")
    ] = None


class MemberQuery(Request):
    """Which members of an incident, newest first."""

    limit: Annotated[int, Field(ge=1, le=500)] = 50
    before: Annotated[FiniteFloat | None, EmptyIsNone, Field(description="next page: raised_at of the last one")] = None
    before_id: Annotated[Short | None, EmptyIsNone, Field(description="id of the last one")] = None


class Move(Request):
    """A change to the alert as you saw it."""

    version: Version


class Judgement(Move):
    """The finding. A false alarm needs its reason."""

    verdict: Verdict
    reason: Long = ""


class Resolution(Move):
    """What was done."""

    note: Long = ""


class Assignment(Move):
    """Who is to work on it."""

    to: Annotated[Short, Field(min_length=1)]


class Closure(Move):
    """What the review found; critical and major alerts need it."""

    review: Long = ""


class Comment(Request):
    """What you saw or did."""

    text: Annotated[Long, Field(min_length=1)]


class PersonView(BaseModel):
    """Who is logged in."""

    username: str
    name: str
    role: Role
    language: str
    buildings: list[str]
    contacts: list[str]
    active: bool


class Answer(BaseModel):
    """Strict, so that a test holds views.py to it."""

    model_config = ConfigDict(extra="forbid")


class PlaceView(Answer):
    """Where the device was when the alert was raised."""

    name: str
    building: str
    floor: str
    zone: str


class ReasonView(Answer):
    """Why the rule decided: what it saw and what it compared with."""

    code: str
    values: dict[str, Any]
    thresholds: dict[str, Any]


class AlertView(Answer):
    """An alert. ``saved: false``: shown from memory because the disk refuses; it is still a real alert."""

    id: str
    fingerprint: str
    rule: str
    device: str
    kind: DeviceKind
    subject: str
    severity: Severity
    stage: Stage
    condition: Condition
    place: PlaceView
    raised_at: Time
    received_at: Time
    last_at: Time
    repeats: int
    reason: ReasonView
    test: bool
    registered: bool
    acknowledged_by: str | None
    acknowledged_at: Time | None
    verdict: Verdict | None
    verdict_reason: str | None
    verdict_by: str | None
    verdict_at: Time | None
    handling: Handling
    claim_used: Annotated[bool, Field(description="whoever acknowledged it has done something since; else it lapses")]
    response: Response
    assigned_to: str | None
    level: Annotated[int, Field(description="highest escalation level called; 0: none")]
    resolved_by: str | None
    resolved_at: Time | None
    closed_by: str | None
    closed_at: Time | None
    suppressed_by: Annotated[str | None, Field(description="what keeps it from calling people: inhibit:ID, ...")]
    incident: Annotated[str, Field(description="the alerts people work as one")]
    cause: Annotated[str | None, Field(description="id of the alert that explains this one")]
    attributes: dict[str, Any]
    version: int
    saved: bool


class TimelineRow(Answer):
    """One row of the audit chain."""

    seq: int
    at: Time
    actor: str
    action: str
    detail: dict[str, Any]


class AlertDetail(AlertView):
    """An alert with what happened to it, oldest first."""

    timeline: list[TimelineRow]


class Counts(Answer):
    """Alerts of the whole site that are open and not judged; what is suppressed waits for nobody and counts apart."""

    critical: int
    major: int
    minor: int
    notice: int
    suppressed: int


class AlertList(Answer):
    """One page."""

    items: list[AlertView]
    counts: Counts
    incidents: Annotated[dict[str, int], Field(description="open alerts of each incident that is on the page")]


class IncidentView(Answer):
    """Alerts that people work as one. ``alerts``, ``rules`` and times cover those of the state asked for."""

    id: str
    lead: Annotated[AlertView, Field(description="the gravest to be judged, of several the first")]
    severity: Severity
    alerts: int
    open: int
    unjudged: int
    inhibited: Annotated[int, Field(description="open alerts that call nobody: another one explains them")]
    rules: Annotated[dict[str, int], Field(description="how many alerts of which rule")]
    buildings: list[str]
    first_at: Time
    last_at: Time


class IncidentList(Answer):
    """One page; ``total`` counts every open incident of the site."""

    items: list[IncidentView]
    total: int


class IncidentDetail(IncidentView):
    """An incident with a page of its members."""

    members: list[AlertView]


class ProblemView(BaseModel):
    """An error, after RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
