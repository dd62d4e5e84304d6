"""Bodies of requests and answers about emergency plans and cases."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from gateway.api.schema import AlertView, Long, Request, Short, Time


class PlanStart(Request):
    """Which plan to start."""

    plan: Annotated[Short, Field(min_length=1)]


class StepDone(Request):
    """A step that was done."""

    plan: Annotated[Short, Field(min_length=1)]
    step: Annotated[Short, Field(min_length=1)]
    note: Long = ""


class PlanWords(BaseModel):
    """The same in Chinese and English."""

    zh: str
    en: str


class StepView(BaseModel):
    """One step of a started plan. ``due`` is when it is late, ``called_at`` when somebody was called for it."""

    id: str
    text: PlanWords
    role: str
    deadline_s: float
    due: Time
    late: bool
    resources: list[PlanWords]
    called_at: float | None
    done_by: str | None
    done_at: float | None
    note: str


class ChecklistView(BaseModel):
    """A started plan."""

    alert: str
    plan: str
    title: PlanWords
    started_by: str
    started_at: Time
    ended_at: float | None
    items: list[StepView]


class PlanList(BaseModel):
    """Plans as their files describe them."""

    items: list[dict[str, Any]]


class AlertPlans(BaseModel):
    """Plans started for an alert, and those that fit it but were not."""

    items: list[ChecklistView]
    offered: list[dict[str, Any]]


class FileView(BaseModel):
    """One picture or clip; ``sha256`` as noted when it was made."""

    id: str
    name: str
    kind: str
    media_type: str
    bytes: int
    sha256: str


class RelatedView(BaseModel):
    """Alerts that go with one: its incident's, its cause, and what the device raised in the 30 days before."""

    incident: list[AlertView]
    cause: AlertView | None
    device: list[AlertView]


Fields = dict[str, list[tuple[float, float | bool | str]]]


class EvidenceView(BaseModel):
    """What belongs to an alert; ``missing`` says what could not be read."""

    files: list[FileView]
    place: dict[str, str]
    since: Annotated[float, Field(alias="from")]
    until: Time
    readings: Fields
    passages: dict[str, Fields]
    related: RelatedView
    missing: list[str]


class ReviewList(BaseModel):
    """Alerts whose written review is due or overdue, and those open beyond 72 hours."""

    due: list[AlertView]
    overdue: list[AlertView]
    long_open: list[AlertView]
