"""Ports of the API, implemented in memory."""

from collections.abc import Callable, Iterable
from typing import Any

from alert_rules import suppressing
from alert_rules.alert import Alert, Entry, Verdict
from alert_rules.moves import acknowledge, comment, judge, resolve
from alert_rules.severity import Estimate, Likelihood, Review
from alert_rules.suppression import Draft, Suppression, Suppressions
from devices.registry import Device
from devices.twin import Twin
from gateway.alerts.incidents import Incident, summarise
from gateway.alerts.people import LoginRefused, Person, Role, TooManyAttempts
from gateway.alerts.records import AlertFilter, AuditRow, OutboxRow, Stranger
from gateway.api.ports import Conflict, Grant, Points, Preview, Unavailable, Unsaved
from gateway.api.views import matches
from gateway.likelihood import review_view


class MemoryDesk:
    """Makes the real moves on alerts in a dict; ``unsaved`` live in memory only; ``disk_full`` refuses moves."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.unsaved: set[str] = set()
        self.disk_full = False
        self.searches: list[AlertFilter] = []
        self.told: dict[str, list[OutboxRow]] = {}

    def add(self, *alerts: Alert) -> None:
        self.alerts |= {alert.id: alert for alert in alerts}

    def open_alerts(self) -> list[Alert]:
        return [alert for alert in self.alerts.values() if alert.handling == "open"]

    def is_saved(self, alert_id: str) -> bool:
        return alert_id not in self.unsaved

    async def search(self, f: AlertFilter) -> list[Alert]:
        self.searches.append(f)
        found = [a for a in self.alerts.values() if matches(a, f) and a.id not in self.unsaved]
        return sorted(found, key=lambda a: (a.raised_at, a.id), reverse=True)[: f.limit]

    async def incidents(self, before: float | None, limit: int) -> list[Incident]:
        found = [i for i in summarise(self.alerts.values()) if before is None or i.last_at < before]
        return sorted(found, key=lambda i: -i.last_at)[:limit]

    async def incident(self, incident: str) -> Incident | None:
        return next((i for i in summarise(self.alerts.values()) if i.id == incident), None)

    async def detail(self, alert_id: str) -> tuple[Alert, list[AuditRow]] | None:
        row = AuditRow(1, 101.0, "system", "raise", alert_id, {"test": False}, "00", "ab")
        return (self.alerts[alert_id], [row]) if alert_id in self.alerts else None

    async def messages(self, alert_id: str) -> list[OutboxRow]:
        return self.told.get(alert_id, [])

    async def acknowledge(self, alert_id: str, version: int, actor: str) -> Alert:
        alert = self._checked(alert_id, version)
        acknowledge(alert, actor, 200.0)
        return alert

    async def judge(self, alert_id: str, version: int, verdict: Verdict, reason: str, actor: str) -> Alert:
        alert = self._checked(alert_id, version)
        judge(alert, actor, verdict, reason, 200.0)
        return alert

    async def comment(self, alert_id: str, text: str, actor: str) -> Alert:
        alert = self._checked(alert_id, None)
        comment(alert, actor, text, 200.0)
        return alert

    async def resolve(self, alert_id: str, version: int, note: str, actor: str) -> Alert:
        alert = self._checked(alert_id, version)
        resolve(alert, actor, note, 200.0)
        return alert

    async def move(self, alert_id: str, version: int, move: Callable[[Alert, float], Entry]) -> Alert:
        alert = self._checked(alert_id, version)
        move(alert, 200.0)
        return alert

    def _checked(self, alert_id: str, version: int | None) -> Alert:
        if self.disk_full:
            raise Unsaved("the disk refuses; nothing was changed, free space and try again")
        alert = self.alerts[alert_id]
        if version not in (None, alert.version):
            raise Conflict(f"the alert changed meanwhile (version {alert.version}); look again")
        return alert


class MemoryDevices:
    """An inventory in a dict."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[Device, Twin | None]] = {}
        self.unknown: dict[str, Stranger] = {}

    def items(self) -> Iterable[tuple[Device, Twin | None]]:
        return self.known.values()

    def get(self, device_id: str) -> tuple[Device, Twin | None] | None:
        return self.known.get(device_id)

    def strangers(self) -> list[Stranger]:
        return list(self.unknown.values())

    async def adopt(
        self, device_id: str, name: str, building: str, floor: str, zone: str, expect_every_s: float, actor: str
    ) -> Device:
        if device_id in self.known:
            raise Conflict(f"{device_id} is in the inventory already")
        stranger = self.unknown.pop(device_id)
        device = Device(
            device_id, stranger.kind, name, stranger.dialect, "", building, floor, zone, expect_every_s=expect_every_s
        )
        self.known[device_id] = (device, Twin(device_id, last_seen=stranger.last_seen, online=True))
        return device


class MemoryHistory:
    """Answers every query with ``points`` and remembers the queries."""

    def __init__(self) -> None:
        self.points: Points = {"temperature": [(10.0, 21.5)], "smoke": [(10.0, True)], "floor": [(10.0, "B1")]}
        self.queries: list[tuple[str, float, float, float]] = []
        self.away = False

    async def query(self, device: Device, start: float, end: float, every_s: float) -> Points:
        if self.away:
            raise Unavailable("the time-series store does not answer; alerts are not affected")
        self.queries.append((device.id, start, end, every_s))
        return self.points


class MemoryHealth:
    """A snapshot that tests may change."""

    def __init__(self) -> None:
        lane = {"head": 10, "evaluate_lag": 0, "history_lag": 2}
        self.state: dict[str, Any] = {
            "ready": True,
            "problems": [{"code": "history_lag", "detail": "2 behind"}],
            "lanes": {"alarm": lane, "telemetry": lane},
            "connected": {"alarm": True, "telemetry": True},
            "counters": {"received": 10, "rejected": 1, "alerts_open": 0},
            "audit": {"head_seq": 3, "head_hash": "ab"},
        }

    def snapshot(self) -> dict[str, Any]:
        return self.state

    async def dead_letters(self, limit: int) -> list[dict[str, Any]]:
        letter = {"id": 1, "lane": "alarm", "seq": 4, "at": 1.0, "topic": "t", "reason": "malformed", "detail": "d"}
        return [letter | {"payload": "{"}][:limit]


class MemoryAccounts:
    """One person per role, named like it; the password is the name backwards, the session token the name."""

    def __init__(self) -> None:
        self.sessions = {role.value: Person(role.value, role.value.title(), role, "zh") for role in Role}
        self.addresses: list[str] = []
        self.away = False

    async def login(self, username: str, password: str, address: str) -> Grant:
        self.addresses.append(address)
        if username == "hasty":
            raise TooManyAttempts(12.3)
        if username not in list(Role) or password != username[::-1]:
            raise LoginRefused
        return self._grant(Role(username))

    async def login_once(self, token: str, password: str | None = None) -> Grant:
        if token != "once":
            raise LoginRefused
        return self._grant(Role.ADMINISTRATOR)

    async def session(self, token: str) -> Person | None:
        if self.away:
            raise Unavailable("the database does not answer")
        return self.sessions.get(token)

    async def logout(self, token: str) -> None:
        self.sessions.pop(token, None)

    def _grant(self, role: Role) -> Grant:
        person = Person(role.value, role.value.title(), role, "zh")
        token = f"fresh-{role}"
        self.sessions[token] = person
        return Grant(token, person)


class MemoryPushes:
    """Writes down what it takes; the token is the maker's name backwards."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.away = False

    def accepts(self, maker: str, token: str) -> bool:
        return token == maker[::-1]

    async def push(self, topic: str, payload: bytes) -> None:
        if self.away:
            raise Unavailable("the journal does not take it now; send it again later")
        self.taken.append((topic, payload))


class MemoryMuting:
    """The real moves on suppressions, in memory; the time is always ``now``."""

    def __init__(self, desk: MemoryDesk) -> None:
        self.book = Suppressions(frozenset({"smoke_alarm"}))
        self.now = 1_000.0
        self._desk = desk

    def items(self) -> list[dict[str, Any]]:
        return [self._view(each) for each in self.book]

    async def preview(self, draft: Draft) -> Preview:
        found = [alert for alert in self._desk.alerts.values() if self.book.covers(draft, alert)]
        return Preview([alert for alert in found if alert.handling == "open"], found, True)

    async def create(self, draft: Draft, actor: str) -> dict[str, Any]:
        return self._keep(suppressing.create(self.book, draft, actor, self.now)[0])

    async def shelve(self, alert_id: str, until: float, reason: str, actor: str) -> dict[str, Any]:
        alert = self._desk.alerts[alert_id]
        return self._keep(suppressing.shelve(self.book, alert, until, reason, actor, self.now)[0])

    async def extend(self, id_: str, until: float, actor: str) -> dict[str, Any]:
        return self._keep(suppressing.extend(self.book, id_, until, actor, self.now)[0])

    async def end(self, id_: str, actor: str) -> dict[str, Any]:
        return self._keep(suppressing.end(self.book, id_, actor, self.now)[0])

    def _keep(self, made: Suppression) -> dict[str, Any]:
        self.book.put(made)
        return self._view(made)

    def _view(self, each: Suppression) -> dict[str, Any]:
        state = "running" if each.ends_at > self.now else "ended"
        return each.model_dump(mode="json") | {"state": state, "on": self.book.on(each, self.now), "muted": 0}


class MemoryLookback:
    """Answers what ``answers`` says and remembers the questions."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.away = False
        self.answer: dict[str, Any] = {}

    async def explain_alert(self, alert_id: str) -> dict[str, Any]:
        return self._answer("alert", alert_id)

    async def explain_silence(self, device_id: str, at: str) -> dict[str, Any]:
        return self._answer("silence", device_id, at)

    async def feedback(self, days: int) -> dict[str, Any]:
        return self._answer("feedback", str(days))

    def _answer(self, *question: str) -> dict[str, Any]:
        if self.away:
            raise Unavailable("ask on the command line")
        self.asked.append(question)
        return self.answer


class MemoryLikelihood:
    """One review."""

    def reviews(self) -> list[dict[str, Any]]:
        estimate = Estimate("water_leak", 2, 40, Likelihood.HIGH, Likelihood.LOW)
        return [review_view(Review("2026Q2", 1_000.0, [estimate]))]
