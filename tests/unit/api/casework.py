"""Plans and cases of the API, in memory."""

from pathlib import Path
from typing import Any

from msgspec import Struct

from alert_rules import plan as plans
from alert_rules.alert import Alert
from alert_rules.plan import Checklist, Plan
from gateway.api.ports import Conflict

PLAN = Plan.model_validate(
    {
        "id": "fire",
        "title": {"zh": "火灾", "en": "Fire"},
        "start": {"rules": ["smoke_alarm"]},
        "steps": [{"id": "see", "text": {"zh": "查看", "en": "Look"}, "role": "guard", "deadline_s": 60}],
    }
)
FILE_ID = "abcdefgh"
NOW = 200.0


class MemoryPlans:
    """The real moves on checklists in a dict."""

    def __init__(self, alerts: dict[str, Alert]) -> None:
        self.alerts = alerts
        self.running: dict[str, Checklist] = {}

    def known(self) -> list[dict[str, Any]]:
        return [PLAN.model_dump(mode="json")]

    async def of(self, alert_id: str) -> dict[str, Any]:
        fits = plans.fits(PLAN, self.alerts[alert_id]) and alert_id not in self.running
        items = [self._view(c) for id_, c in self.running.items() if id_ == alert_id]
        return {"items": items, "offered": self.known() if fits else []}

    async def start(self, alert_id: str, plan: str, actor: str) -> dict[str, Any]:
        alert = self.alerts[alert_id]
        if plan != PLAN.id:
            raise KeyError(plan)
        if alert_id in self.running:
            raise Conflict("this plan was started for the alert already; look again")
        self.running[alert_id] = plans.start(PLAN, alert, actor, NOW, NOW)[0]
        return self._view(self.running[alert_id])

    async def done(self, alert_id: str, plan: str, step: str, note: str, actor: str) -> dict[str, Any]:
        plans.tick(self.running[alert_id], step, actor, note, NOW)
        return self._view(self.running[alert_id])

    def _view(self, checklist: Checklist) -> dict[str, Any]:
        return plans.view(checklist, NOW, NOW)


class MemoryFile(Struct):
    """One file."""

    name: str
    media_type: str
    path: Path


class MemoryArchive(Struct):
    """One archive."""

    data: bytes
    digest: str


class MemoryCases:
    """Alerts in a dict; ``file_of`` them all is one file, where there is one."""

    def __init__(self, alerts: dict[str, Alert]) -> None:
        self.alerts = alerts
        self.file_of: MemoryFile | None = None
        self.noted: list[str] = []
        self.exported: list[tuple[str, str, bool]] = []

    async def evidence(self, alert_id: str) -> dict[str, Any]:
        alert = self.alerts[alert_id]
        related = {"incident": [], "cause": None, "device": []}
        place = {name: getattr(alert.place, name) for name in alert.place.__struct_fields__}
        facts = {"place": place, "from": 0.0, "until": 9.0, "readings": {}, "passages": {}, "missing": []}
        return {"files": [], "related": related, **facts}

    async def file(self, alert_id: str, file_id: str, actor: str, note: bool) -> MemoryFile:
        if self.alerts[alert_id] is None or self.file_of is None or file_id != FILE_ID:
            raise KeyError(file_id)
        self.noted += [actor] if note else []
        return self.file_of

    async def export(self, alert_id: str, actor: str, with_faces: bool) -> MemoryArchive:
        self.exported.append((self.alerts[alert_id].id, actor, with_faces))
        return MemoryArchive(b"PK", "d" * 64)

    async def reviews(self, buildings: tuple[str, ...]) -> dict[str, list[Alert]]:
        mine = [a for a in self.alerts.values() if not buildings or a.place.building in buildings]
        return {"due": mine, "overdue": [], "long_open": []}
