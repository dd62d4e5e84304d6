"""Emergency plans: which fits an alert, and a started plan as a checklist with a deadline per step. Pure.

Deadlines are kept in steady time, which never jumps; what people read (who did a step, and when) is the time of day.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Struct, field, to_builtins
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from alert_rules.alert import MACHINE, RANK, Alert, Entry, IllegalMove, Severity
from alert_rules.rule import NEVER

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
LEVELS = {"guard": 1, "manager": 2, "authority": 3}
"""Who is called when a step is overdue: the escalation level of the responsible role."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Model):
    """The same in Chinese and English."""

    zh: str = Field(min_length=1, max_length=400, description="in Chinese")
    en: str = Field(min_length=1, max_length=400, description="in English")


class Start(_Model):
    """Which alerts a plan is for."""

    rules: list[str] = Field(min_length=1, description="names of rules")
    severity: Severity = Field(default=Severity.NOTICE, description="the mildest alert it is for")
    automatic: bool = Field(default=False, description="start by itself; otherwise people are offered it")


class Task(_Model):
    """One step of a plan."""

    id: Name = Field(description="name of the step, unique in the plan")
    text: Words = Field(description="what is to be done")
    role: Literal["guard", "manager", "authority"] = Field(description="who sees to it, and is called when it is late")
    deadline_s: float = Field(gt=0, le=604_800, description="seconds after the plan was started")
    resources: list[Words] = Field(
        default_factory=list, max_length=20, description="what is needed: keys, tools, phones"
    )


class Plan(_Model):
    """An emergency plan."""

    id: Name = Field(description="name of the plan; one of the same name replaces a shipped one")
    title: Words = Field(description="what people read")
    start: Start = Field(description="which alerts it is for")
    steps: list[Task] = Field(min_length=1, max_length=50, description="what is to be done, in this order")

    @model_validator(mode="after")
    def _no_step_twice(self) -> "Plan":
        names = [step.id for step in self.steps]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"steps with the same id: {', '.join(twice)}; give each its own")
        return self


class Item(Struct, kw_only=True):
    """One step of a checklist. ``due`` is steady time; ``called_at`` and ``done_at`` the time of day."""

    id: str
    text: dict[str, str]
    role: str
    deadline_s: float
    due: float
    resources: list[dict[str, str]] = field(default_factory=list)
    called_at: float | None = None
    done_by: str | None = None
    done_at: float | None = None
    note: str = ""


class Checklist(Struct, kw_only=True):
    """A started plan, with its steps as they read then. It runs until every step is done or the alert is resolved."""

    alert: str
    plan: str
    title: dict[str, str]
    started_by: str
    started_at: float
    items: list[Item]
    ended_at: float | None = None

    def item(self, step: str) -> Item:
        """One step. Raises KeyError."""
        for item in self.items:
            if item.id == step:
                return item
        raise KeyError(step)


def fits(plan: Plan, alert: Alert) -> bool:
    """Tell whether ``plan`` is for ``alert``. Tests of devices call for no plan."""
    return not alert.test and alert.rule in plan.start.rules and RANK[alert.severity] <= RANK[plan.start.severity]


def fitting(plans: Iterable[Plan], alert: Alert) -> list[Plan]:
    """The plans for ``alert``."""
    return [plan for plan in plans if fits(plan, alert)]


def start(plan: Plan, alert: Alert, actor: str, now: float, steady: float) -> tuple[Checklist, Entry]:
    """Start ``plan`` for ``alert``; every deadline counts from ``steady``."""
    items = [
        Item(
            id=task.id,
            text=task.text.model_dump(),
            role=task.role,
            deadline_s=task.deadline_s,
            due=steady + task.deadline_s,
            resources=[each.model_dump() for each in task.resources],
        )
        for task in plan.steps
    ]
    made = Checklist(
        alert=alert.id, plan=plan.id, title=plan.title.model_dump(), started_by=actor, started_at=now, items=items
    )
    return made, Entry(now, actor, "plan_start", alert.id, {"plan": plan.id, "steps": [item.id for item in items]})


def tick(checklist: Checklist, step: str, actor: str, note: str, now: float) -> Entry:
    """Note a step as done; the last one ends the plan.

    Raises:
        KeyError: there is no such step.
        IllegalMove: somebody did it already.
    """
    item = checklist.item(step)
    if item.done_by is not None:
        raise IllegalMove(f"{item.done_by} has done this step already; add a comment")
    item.done_by, item.done_at, item.note = actor, now, note.strip()
    if all(each.done_by for each in checklist.items) and checklist.ended_at is None:
        checklist.ended_at = now
    detail = {"plan": checklist.plan, "step": step} | ({"note": item.note} if item.note else {})
    return Entry(now, actor, "plan_step", checklist.alert, detail)


def end(checklist: Checklist, now: float) -> Entry:
    """The alert was resolved: nobody is called for the steps left over, and the audit says which those are."""
    checklist.ended_at = now
    left = [item.id for item in checklist.items if item.done_by is None]
    return Entry(now, MACHINE, "plan_end", checklist.alert, {"plan": checklist.plan, "left": left})


def overdue(checklist: Checklist, steady: float) -> list[Item]:
    """Steps whose deadline has passed and for which nobody was called yet, in the order of their deadlines."""
    late = [item for item in _waiting(checklist) if item.due <= steady]
    return sorted(late, key=lambda item: item.due)


def next_due(checklist: Checklist) -> float:
    """When somebody is to be called for a step, in steady time; :data:`NEVER` where nobody will be."""
    return min((item.due for item in _waiting(checklist)), default=NEVER)


def call(checklist: Checklist, item: Item, late_s: float, now: float) -> Entry:
    """Somebody is called because ``item`` is overdue by ``late_s``."""
    item.called_at = now
    detail: dict[str, Any] = {"plan": checklist.plan, "step": item.id, "role": item.role, "late_s": round(late_s, 3)}
    return Entry(now, MACHINE, "plan_call", checklist.alert, detail)


def view(checklist: Checklist, steady: float, now: float) -> dict[str, Any]:
    """As the API shows it: deadlines as the time of day they would come at, were the clock not set again."""
    shown: dict[str, Any] = to_builtins(checklist)
    for item in shown["items"]:
        item["late"] = item["done_by"] is None and item["due"] <= steady and checklist.ended_at is None
        item["due"] = now + item["due"] - steady
    return shown


def _waiting(checklist: Checklist) -> list[Item]:
    if checklist.ended_at is not None:
        return []
    return [item for item in checklist.items if item.done_by is None and item.called_at is None]
