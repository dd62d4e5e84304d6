"""What the API needs from the gateway. The core implements these on the one event loop; tests implement them in memory.

Times are epoch seconds, UTC. Every method that waits may raise ``Unavailable`` or the alert store's
``StoreUnavailable``; the answer is 503 with the message as detail.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from msgspec import Struct

from alert_rules.alert import Alert, Entry, Verdict
from alert_rules.suppression import Draft
from devices.registry import Device
from devices.twin import Twin
from gateway.alerts.incidents import Incident
from gateway.alerts.people import Person
from gateway.alerts.records import AlertFilter, AuditRow, OutboxRow, Stranger
from gateway.alerts.tokens import Scope, Token

Points = dict[str, list[tuple[float, float | bool | str]]]


class Grant(Struct, frozen=True):
    """A fresh login: the secret for the session cookie, and whose it is."""

    token: str
    person: Person


class Conflict(Exception):
    """Somebody else was faster, or the name is taken; the message says what to do."""


class Unavailable(Exception):
    """A store does not answer now; the message names it and the remedy."""


class Unsaved(Unavailable):
    """A person's move is noted but not yet on disk; it is written as soon as the disk allows."""


class Desk(Protocol):
    """Where alerts wait for people."""

    def open_alerts(self) -> list[Alert]:
        """Every open alert, from memory: also those the disk refuses to keep."""

    def is_saved(self, alert_id: str) -> bool:
        """``False`` only for an alert that lives in memory alone."""

    async def search(self, f: AlertFilter) -> list[Alert]:
        """Stored alerts that match, newest first."""

    async def incidents(self, before: float | None, limit: int) -> list[Incident]:
        """Stored incidents, the one that got an alert last first."""

    async def incident(self, incident: str) -> Incident | None:
        """One stored incident."""

    async def detail(self, alert_id: str) -> tuple[Alert, list[AuditRow]] | None:
        """The alert and its audit rows, oldest first."""

    async def messages(self, alert_id: str) -> list[OutboxRow]:
        """What was and is to be told about it, oldest first."""

    async def acknowledge(self, alert_id: str, version: int, actor: str) -> Alert:
        """Raises KeyError (no such alert), Conflict (stale version), IllegalMove or Unsaved, as do the moves below."""

    async def judge(self, alert_id: str, version: int, verdict: Verdict, reason: str, actor: str) -> Alert: ...

    async def comment(self, alert_id: str, text: str, actor: str) -> Alert: ...

    async def resolve(self, alert_id: str, version: int, note: str, actor: str) -> Alert: ...

    async def move(self, alert_id: str, version: int, move: Callable[[Alert, float], Entry]) -> Alert:
        """Any other move, of an alert that is open or resolved; ``move`` takes the alert and the moment."""


class Devices(Protocol):
    """The inventory, with what each device last said."""

    def items(self) -> Iterable[tuple[Device, Twin | None]]: ...

    def get(self, device_id: str) -> tuple[Device, Twin | None] | None: ...

    def strangers(self) -> list[Stranger]:
        """Devices that speak but are in no inventory."""

    async def adopt(
        self, device_id: str, name: str, building: str, floor: str, zone: str, expect_every_s: float, actor: str
    ) -> Device:
        """Take a stranger into the inventory. Raises KeyError (no such stranger), Conflict or Unsaved."""


class HistoryReader(Protocol):
    """The time-series store, read side."""

    async def query(self, device: Device, start: float, end: float, every_s: float) -> Points:
        """Fields of ``device`` in buckets of ``every_s`` seconds: numbers averaged, states the last."""


class Health(Protocol):
    """How the gateway itself is."""

    def snapshot(self) -> dict[str, Any]:
        """The body of ``/api/health``."""

    async def dead_letters(self, limit: int) -> list[dict[str, Any]]:
        """The newest messages that could not be understood, newest first."""


class Pushes(Protocol):
    """Messages that devices push by HTTP."""

    def accepts(self, maker: str, token: str) -> bool:
        """Tell whether ``token`` opens the endpoint of ``maker``."""

    async def push(self, topic: str, payload: bytes) -> None:
        """Take one message; returns after its commit. Raises Unavailable."""


class Preview(Struct, frozen=True):
    """What a suppression would have muted. ``whole`` is ``False`` where a day has more alerts than were looked at."""

    open: list[Alert]
    recent: list[Alert]
    whole: bool


class Muting(Protocol):
    """What people mute, each as the API shows it. Moves raise KeyError, IllegalMove or Unsaved."""

    def items(self) -> list[dict[str, Any]]: ...

    async def preview(self, draft: Draft) -> Preview:
        """Which open alerts, and which of the last 24 hours, ``draft`` would have muted."""

    async def create(self, draft: Draft, actor: str) -> dict[str, Any]: ...

    async def shelve(self, alert_id: str, until: float, reason: str, actor: str) -> dict[str, Any]: ...

    async def extend(self, id_: str, until: float, actor: str) -> dict[str, Any]: ...

    async def end(self, id_: str, actor: str) -> dict[str, Any]: ...


class Likelihoods(Protocol):
    """How likely the alerts of each rule proved to be true."""

    def reviews(self) -> list[dict[str, Any]]:
        """Every quarter's review as the API shows it, the latest first."""


class Lookback(Protocol):
    """Answers about the past, as the command line gives them in JSON. Each may raise Unavailable."""

    async def explain_alert(self, alert_id: str) -> dict[str, Any]: ...

    async def explain_silence(self, device_id: str, at: str) -> dict[str, Any]:
        """``at`` is an ISO time, local to the site unless it names a zone."""

    async def feedback(self, days: int) -> dict[str, Any]: ...


class Accounts(Protocol):
    """``gateway.alerts.people.People`` off the event loop, with the clock and the session's length filled in."""

    async def login(self, username: str, password: str, address: str) -> Grant:
        """Raises LoginRefused or TooManyAttempts; ``address`` is the peer's, never a forwarded header."""

    async def login_once(self, token: str, password: str | None = None) -> Grant:
        """Spend a one-time token, and choose a password if one is given. Raises LoginRefused."""

    async def session(self, token: str) -> Person | None:
        """Whose unexpired session this is."""

    async def logout(self, token: str) -> None:
        """End the session; unknown tokens are fine."""


class Tokens(Protocol):
    """Tokens for programs."""

    async def find(self, secret: str) -> Token | None:
        """The live token whose secret this is; its use is noted."""

    async def create(
        self, name: str, scopes: Sequence[Scope], buildings: Sequence[str], valid_s: float, actor: str
    ) -> tuple[Token, str]:
        """A new token and its secret."""

    async def everything(self) -> list[Token]:
        """Every token there ever was, the newest first."""

    async def revoke(self, token_id: str, actor: str) -> Token:
        """End a token. Raises KeyError."""
