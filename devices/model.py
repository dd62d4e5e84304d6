"""What a device said: the canonical model every dialect decodes into.

Times are float seconds since the Unix epoch, UTC. ``None`` means unknown: never normal, never false.
"""

from enum import StrEnum
from typing import Any

from msgspec import Struct, field

StateValue = bool | str | None


class DeviceKind(StrEnum):
    """What a device is; also the name of its measurement in the time-series store."""

    SMOKE_DETECTOR = "smoke_detector"
    LIFT = "lift"
    ACCESS_GATE = "access_gate"
    CAMERA = "camera"
    WATER_LEAK = "water_leak"


class TimeQuality(StrEnum):
    """How far the event time can be trusted."""

    SOURCE_UTC = "source_utc"
    SOURCE_LOCAL_ASSUMED = "source_local_assumed"
    DEVICE_UNSYNCED = "device_unsynced"
    FUTURE_REJECTED = "future_rejected"
    RECEIVED_ONLY = "received_only"


class RejectReason(StrEnum):
    """Why a message became a dead letter. A closed set: it is also a metric label."""

    TOO_LARGE = "too_large"
    BAD_TOPIC = "bad_topic"
    RATE_LIMITED = "rate_limited"
    MALFORMED = "malformed"
    WRONG_SHAPE = "wrong_shape"
    IDENTITY_MISMATCH = "identity_mismatch"
    UNKNOWN_DIALECT = "unknown_dialect"
    EMPTY = "empty"
    HISTORY_REFUSED = "history_refused"
    NOT_ANNOUNCED = "not_announced"


class Envelope(Struct, array_like=True, gc=False):
    """One MQTT message as received; what the journal keeps."""

    topic: str
    payload: bytes
    received_at: float
    qos: int = 1
    retained: bool = False


class Event(Struct, gc=False):
    """Something that happened at a moment, with the attributes its code allows (see ``devices.names``)."""

    code: str
    attributes: dict[str, Any] = field(default_factory=dict)


class Report(Struct, gc=False):
    """What one device said at one moment. Never changed once made: consumers share it.

    ``measurements`` are in the units of ``devices.names.QUANTITIES``. ``snapshot`` marks retained or replayed state,
    ``historical`` data stored on the device and sent late; neither is news. ``dedup_key`` identifies a redelivery
    where the device counts no ``sequence``. ``raw_codes`` keeps what the tables do not know, for people to see.
    """

    device: str
    kind: DeviceKind
    at: float
    received_at: float
    time_quality: TimeQuality = TimeQuality.SOURCE_UTC
    measurements: dict[str, float] = field(default_factory=dict)
    states: dict[str, StateValue] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    availability: bool | None = None
    snapshot: bool = False
    historical: bool = False
    test: bool = False
    registered: bool = True
    sequence: int | None = None
    dedup_key: str | None = None
    raw_codes: dict[str, Any] | None = None
    dialect: str = "native"


class Reject(Struct, gc=False):
    """A message that could not be understood: the closed reason, and a sentence naming place and remedy."""

    reason: RejectReason
    detail: str


class Ignored(Struct, gc=False):
    """A message that is understood and holds nothing for us (a picture, a configuration): ``why`` says so."""

    why: str
