"""What every dialect offers, and what it is given."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

from msgspec import Struct, field

from devices.model import DeviceKind, Envelope, Ignored, Reject, Report, StateValue, TimeQuality
from devices.registry import Registry

YEAR_2020 = 1_577_836_800.0
MAX_AHEAD_S = 60.0
MAX_BEHIND_S = 86_400.0


class Lane(StrEnum):
    """Alarm-class traffic has its own session and journal, so that a fire never queues behind telemetry."""

    ALARM = "alarm"
    TELEMETRY = "telemetry"


class Route(Struct, gc=False):
    """Whom a topic belongs to, and how to read it. One per topic, so what is slow to find is found once.

    ``sender`` is the address the topic names: the unit of rate limits, and of identity where a topic names a device.
    ``read`` turns one message into reports; it never raises on bad input. The decoder fills in ``device``, the id in
    the registry (a stranger's address otherwise), and ``registered``. ``states`` are the last good ones: most messages
    repeat them. ``meter`` belongs to whoever limits the sender's rate.
    """

    dialect: str
    sender: str
    kind: DeviceKind
    read: "Read"
    device: str = ""
    registered: bool = False
    states: dict[str, StateValue] | None = None
    meter: Any = None


Read = Callable[[Route, Envelope], Report | list[Report] | Reject | Ignored]


class Command(Struct, frozen=True):
    """Something a dialect must ask of a device (a Sparkplug rebirth, say); published at QoS 0, never retained."""

    topic: str
    payload: bytes


class Context(Struct):
    """What a dialect is given once: the site's id and zone, its inventory, the key that turns credentials into
    pseudonyms, whether plates may be kept, and its own options from the site file. What it wants published it appends
    to ``commands``; it limits its own rate. To ``moved`` it appends topics it answers for otherwise than before (a
    device announced where it speaks, say): the decoder routes them anew from the next message on.
    """

    site: str = ""
    zone: tzinfo = UTC
    registry: Registry = field(default_factory=Registry)
    key: bytes = b""
    keep_plates: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)


class NoOptions(Struct, forbid_unknown_fields=True):
    """Options of a dialect that has none."""


class Dialect(Protocol):
    """One way of speaking MQTT. Pure: bytes in, reports out.

    ``Options`` is a ``msgspec.Struct`` with defaults and ``forbid_unknown_fields``: what the site file may set under
    ``dialects: {NAME: {...}}``.
    """

    name: ClassVar[str]
    Options: ClassVar[Any]

    def __init__(self, context: Context) -> None: ...

    def filters(self) -> dict[str, Lane]:
        """MQTT topic filters to subscribe to, each with its lane."""

    def owns(self, topic: str) -> bool:
        """Tell whether ``topic`` is this dialect's."""

    def route(self, topic: str) -> Route | Reject:
        """Read the sender from ``topic``; called once per topic, the answer is cached."""


@runtime_checkable
class Remembering(Protocol):
    """A dialect that learns what devices say once and not again (a birth, a discovery message): it must outlive a
    restart. ``changed`` names the parts of its memory that changed; whoever saves them empties it.
    """

    @property
    def changed(self) -> set[str]: ...

    def memory(self, key: str) -> bytes | None:
        """Return one part of the memory; ``None``: it was forgotten."""

    def remember(self, memory: bytes) -> None:
        """Take back one part, before the first message.

        Raises:
            msgspec.DecodeError: nothing ``memory`` returned, or not in this version.
        """


def plausible(at: float, received_at: float, historical: bool) -> tuple[float, TimeQuality]:
    """Judge an event time given in UTC; an implausible one is replaced by the receipt time and says so.

    Refused are years before 2020 (a clock that was never set), more than 60 s ahead, and, unless the record is declared
    historical, more than a day behind.
    """
    if at > received_at + MAX_AHEAD_S:
        return received_at, TimeQuality.FUTURE_REJECTED
    if at < YEAR_2020 or (at < received_at - MAX_BEHIND_S and not historical):
        return received_at, TimeQuality.DEVICE_UNSYNCED
    return at, TimeQuality.SOURCE_UTC
