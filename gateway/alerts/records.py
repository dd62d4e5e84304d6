"""What crosses the border of the alert store: plain records, no behaviour. Times are epoch seconds, UTC."""

from typing import Any, Literal

from msgspec import Struct, field

from alert_rules.alert import Alert, Entry
from alert_rules.escalation import Escalation
from devices.model import DeviceKind
from devices.registry import Device

AlertState = Literal["open", "resolved", "all"]


class Stranger(Struct, kw_only=True):
    """A device that speaks but is in no inventory. ``last`` is what it last said, as JSON-able data."""

    device: str
    kind: DeviceKind
    dialect: str
    first_seen: float
    last_seen: float
    count: int = 1
    last: dict[str, Any] = field(default_factory=dict)


class Checkpoint(Struct, kw_only=True):
    """Evaluation state that must commit together with its alerts.

    ``rule_states`` holds (rule, device, blob), where ``None`` deletes; ``twins`` (shard number, blob); ``cursors`` the
    next journal sequence to evaluate per lane; ``memories`` (dialect, key, memory), where ``None`` deletes;
    ``quarantine`` upserts by device.
    """

    rule_states: list[tuple[str, str, bytes | None]] = field(default_factory=list)
    twins: list[tuple[int, bytes]] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    memories: list[tuple[str, str, bytes | None]] = field(default_factory=list)
    quarantine: list[Stranger] = field(default_factory=list)


class Message(Struct, kw_only=True):
    """One notification to send. ``id`` is its idempotency key, ``{alert}:{channel}:{stage}``."""

    id: str
    alert: str
    channel: str
    stage: str
    created_at: float
    payload: dict[str, Any]


class OutboxRow(Struct, kw_only=True):
    """A message on its way: how often it was tried, when it is due, and what went wrong last."""

    id: str
    alert: str
    channel: str
    stage: str
    created_at: float
    payload: dict[str, Any]
    attempts: int = 0
    next_at: float = 0.0
    last_error: str | None = None
    sent_at: float | None = None


class Changes(Struct, kw_only=True):
    """What one evaluation step, or one person's move, wants committed: all of it or nothing.

    ``escalations`` are by alert; ``None`` deletes.
    """

    alerts: list[Alert] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    checkpoint: Checkpoint | None = None
    escalations: dict[str, Escalation | None] = field(default_factory=dict)


class AuditRow(Struct, frozen=True):
    """One link of the audit chain. ``hash`` covers every other field; ``prev_hash`` is the row before's ``hash``."""

    seq: int
    at: float
    actor: str
    action: str
    alert: str
    detail: dict[str, Any]
    prev_hash: str
    hash: str


class Restored(Struct, kw_only=True):
    """What a starting gateway needs: open alerts, evaluation state and people's decisions on unknown devices."""

    alerts: list[Alert] = field(default_factory=list)
    rule_states: list[tuple[str, str, bytes]] = field(default_factory=list)
    twins: list[tuple[int, bytes]] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    memories: list[tuple[str, bytes]] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    adopted: list[Device] = field(default_factory=list)
    escalations: list[Escalation] = field(default_factory=list)


class AlertFilter(Struct, kw_only=True):
    """Which alerts to list, newest first. Empty text and ``None`` do not restrict.

    ``q`` is text looked for in device, place name, building and rule; ``incident`` the id of one. ``before`` continues
    a listing below that ``raised_at``; with ``before_id`` alerts raised at the very same moment are not skipped.
    ``buildings`` leaves out what is in others; what has no building is in all of them.
    """

    state: AlertState = "all"
    severity: str | None = None
    rule: str | None = None
    building: str | None = None
    incident: str | None = None
    q: str | None = None
    limit: int = 50
    before: float | None = None
    before_id: str | None = None
    buildings: tuple[str, ...] = ()
