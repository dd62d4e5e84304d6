"""ChirpStack v4 with decoded objects: ``application/APP/device/DEVEUI/event/TYPE``, JSON.

What an object means is a table; Milesight's names are in it. A device profile needs a codec: bytes alone mean nothing.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from devices.dialects import values
from devices.dialects.dialect import Context, Lane, Read, Route
from devices.dialects.fields import SKIP, Field, common, guess, kinds_of, plain, take
from devices.dialects.kinds import Kinds
from devices.dialects.reading import Reading
from devices.dialects.typed import typed
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report, StateValue

MAX_HISTORY = 500

# Milesight: "uninstalled" is the tamper contact released. Its manual and its codec disagree, so the word is kept too.
_TAMPER: dict[str, StateValue] = {"installed": False, "uninstalled": True, "normal": False, "triggered": True}
OBJECT: dict[str, Field] = {
    "battery": Field("battery_percent"),
    "temperature": Field("temperature"),
    "humidity": Field("humidity"),
    "leakage_status": Field("water_leak", words={"leak": True, "normal": False}),
    "water_leak": Field("water_leak", words={"leak": True, "normal": False}),
    "magnet_status": Field("door_state", words={"open": "open", "close": "closed", "closed": "closed"}),
    "tamper_status": Field("tamper", words=_TAMPER),
    "smoke_status": Field("smoke", words={"alarm": True, "normal": False}),
    "gas_status": Field("gas", words={"alarm": True, "normal": False}),
    "valve_status": Field("valve_state", words={"open": "open", "close": "closed"}),
}
# Milesight GS524N: what its message types say. Concentration comes in "%" of an unnamed scale and is kept aside.
SMOKE_EVENTS: dict[str, dict[str, bool]] = {
    "alarm": {"smoke": True},
    "silent": {"muted": True},
    "low battery": {"battery_low": True},
    "failover": {"fault": True},
    "normal": {"smoke": False, "muted": False, "fault": False},
    "removed": {"tamper": True},
    "installed": {"tamper": False},
}
_TESTING = "testing alarm"
_SAID_ELSEWHERE = ("event", "type", "version", "protocol", "history", "timestamp")
_IGNORED = {
    "ack": "an acknowledgement of a downlink",
    "txack": "a downlink was sent",
    "log": "a log line of the network server",
    "location": "a resolved location",
    "integration": "an event of an integration",
}


class Options(Struct, forbid_unknown_fields=True):
    """Fields of decoded objects that the built-in table does not know."""

    fields: dict[str, Field] = {}


class _Info(Struct, gc=False):
    devEui: str  # noqa: N815 - ChirpStack's spelling
    deviceName: str = ""  # noqa: N815
    deviceProfileName: str = ""  # noqa: N815


class _Gateway(Struct, gc=False):
    rssi: float | None = None
    snr: float | None = None


class _Message(Struct, gc=False):
    """All events we read; each has some of the members."""

    deviceInfo: _Info  # noqa: N815
    time: str | None = None
    deduplicationId: str | None = None  # noqa: N815
    devAddr: str | None = None  # noqa: N815
    fCnt: int | None = None  # noqa: N815
    data: str | None = None
    object: dict[str, Any] | None = None
    rxInfo: list[_Gateway] | None = None  # noqa: N815
    batteryLevel: float | None = None  # noqa: N815
    batteryLevelUnavailable: bool = False  # noqa: N815
    externalPowerSource: bool = False  # noqa: N815
    margin: int | None = None


_decode = msgspec.json.Decoder(_Message).decode
_Found = Report | list[Report] | Reject | Ignored


class ChirpStack:
    """Decoder of ChirpStack's MQTT integration. Devices are addressed by their DevEUI."""

    name: ClassVar[str] = "chirpstack"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._fields = {
            **dict.fromkeys(_SAID_ELSEWHERE, SKIP),
            **OBJECT,
            **msgspec.convert(context.options, Options).fields,
        }
        self._kinds = Kinds("chirpstack", context)

    def filters(self) -> dict[str, Lane]:
        base = "application/+/device/+/event"
        return {f"{base}/up": Lane.ALARM, f"{base}/status": Lane.TELEMETRY, f"{base}/join": Lane.TELEMETRY}

    def owns(self, topic: str) -> bool:
        parts = topic.split("/")
        return len(parts) >= 4 and parts[-2] == "event" and parts[-4] == "device"

    def route(self, topic: str) -> Route | Reject:
        parts = topic.split("/")
        if not self.owns(topic) or not parts[-3]:
            where = "application/APP/device/DEVEUI/event/TYPE"
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not {where}")
        address, event = parts[-3], parts[-1]
        if not self._kinds.registered(address) and self._kinds.registered(address.upper()):
            address = address.upper()
        kind = self._kinds.of(address) or DeviceKind.SMOKE_DETECTOR
        why = _IGNORED.get(event)
        if why:
            return Route("chirpstack", address, kind, lambda _route, _envelope: Ignored(why))
        read = {"up": self._up, "status": self._status, "join": self._join}.get(event)
        if read is None:
            return Reject(RejectReason.BAD_TOPIC, f"ChirpStack has no event {event[:40]!r}")
        return Route("chirpstack", address, kind, self._reader(read))

    def _reader(self, act: Any) -> Read:
        def read(route: Route, envelope: Envelope) -> _Found:
            message = typed(_decode, envelope, "ChirpStack v4 JSON; set its MQTT encoding to json")
            if isinstance(message, Reject):
                return message
            claimed = message.deviceInfo.devEui
            if claimed != route.sender and claimed.lower() != route.sender.lower():
                return Reject(
                    RejectReason.IDENTITY_MISMATCH,
                    f"payload says device {claimed[:32]!r}, topic says {route.sender[:32]!r}; the topic decides",
                )
            found: _Found = act(route, envelope, message)
            return found

        return read

    def _up(self, route: Route, envelope: Envelope, message: _Message) -> _Found:
        said = message.object
        if not said:
            if not message.data:
                return Ignored("an uplink without data")
            return Reject(
                RejectReason.WRONG_SHAPE,
                f"{route.sender[:32]!r}: nobody decoded its uplink; give the device profile a codec in ChirpStack",
            )
        address = route.sender
        kind = route.kind if route.registered else self._kind(address, message)
        if kind is None:
            return Ignored("an object in which nothing says what kind of device it is")
        history = said.get("history")
        reports = self._history(address, kind, envelope, message, history) if isinstance(history, list) else []
        if reports and len(said) == 1:
            return reports
        reading = self._reading(address, kind, message)
        if message.rxInfo:
            nearest = max(message.rxInfo, key=_strength) if len(message.rxInfo) > 1 else message.rxInfo[0]
            if nearest.rssi is not None:
                reading.measurements["rssi"] = nearest.rssi
            if nearest.snr is not None:
                reading.measurements["snr"] = nearest.snr
        self._note(reading, said)
        report = reading.report(self._context, envelope, values.iso(message.time))
        return [*reports, report] if reports else report

    def _status(self, route: Route, envelope: Envelope, message: _Message) -> _Found:
        address = route.sender
        kind = route.kind if route.registered else self._kind(address, message)
        if kind is None:
            return Ignored("the status of a device of which nobody knows the kind")
        reading = self._reading(address, kind, message)
        if not message.batteryLevelUnavailable and not message.externalPowerSource:
            reading.measure("battery_percent", message.batteryLevel)
        if message.margin is not None:
            reading.unknown("margin", message.margin)
        return reading.report(self._context, envelope, values.iso(message.time))

    def _join(self, route: Route, envelope: Envelope, message: _Message) -> _Found:
        address = route.sender
        kind = route.kind if route.registered else self._kind(address, message)
        if kind is None:
            return Ignored("the join of a device of which nobody knows the kind")
        reading = self._reading(address, kind, message)
        reading.availability = True
        reading.unknown("model", message.deviceInfo.deviceProfileName[:64])
        return reading.report(self._context, envelope, values.iso(message.time))

    def _history(
        self, address: str, kind: DeviceKind, envelope: Envelope, message: _Message, entries: list[Any]
    ) -> list[Report]:
        """Stored readings, each of its own second, oldest first."""
        reports = []
        for number, entry in enumerate(entries[:MAX_HISTORY]):
            if not isinstance(entry, dict):
                continue
            at = values.number(entry.get("timestamp"))
            reading = self._reading(address, kind, message, f"-{number}")
            reading.historical = True
            self._note(reading, entry)
            reports.append(reading.report(self._context, envelope, at))
        reports.sort(key=lambda report: report.at)
        return reports

    def _reading(self, address: str, kind: DeviceKind, message: _Message, part: str = "") -> Reading:
        """A frame counter names an uplink until the next join; ChirpStack may publish one uplink twice."""
        reading = Reading("chirpstack", address, kind)
        if message.fCnt is not None and message.devAddr:
            reading.dedup_key = f"{message.devAddr}-{message.fCnt}{part}"
        elif message.deduplicationId:
            reading.dedup_key = f"{message.deduplicationId[:64]}{part}"
        return reading

    def _note(self, reading: Reading, said: dict[str, Any]) -> None:
        if "event" in said:
            _note_event(reading, said["event"])
        if "tamper_status" in said:
            reading.raw["tamper_status"] = plain(said["tamper_status"])
        take(reading, self._fields, said)

    def _kind(self, address: str, message: _Message) -> DeviceKind | None:
        """The inventory knows; a stranger is what it shows now, what it showed before, or what people call it."""
        if self._kinds.registered(address):
            return self._kinds.of(address)
        said = message.object or {}
        shown = _shown(said, self._fields)
        history = said.get("history")
        if shown is None and isinstance(history, list) and history and isinstance(history[0], dict):
            shown = _shown(history[0], self._fields)
        known = self._kinds.of(address, shown)
        if shown is None and known is None:
            info = message.deviceInfo
            fields = [f for name in said if (f := self._fields.get(name) or common(name)) is not SKIP]
            known = self._kinds.of(address, guess(fields, info.deviceProfileName, info.deviceName))
        return shown or known


def _shown(said: dict[str, Any], table: dict[str, Field]) -> DeviceKind | None:
    """Return the kind that alone has such fields; a contact sits on a door."""
    if "event" in said and "smoke" in str(said.get("type", "")):
        return DeviceKind.SMOKE_DETECTOR
    for name in said:
        field = table.get(name) or common(name)
        if field is not None and field is not SKIP and len(kinds := kinds_of(field.name)) == 1:
            return next(iter(kinds))
    return DeviceKind.ACCESS_GATE if "magnet_status" in said else None


def _strength(gateway: _Gateway) -> float:
    return -1e9 if gateway.rssi is None else gateway.rssi


def _note_event(reading: Reading, event: Any) -> None:
    if type(event) is str and (usual := SMOKE_EVENTS.get(event)):
        reading.states.update(usual)
        return
    word = str(event).strip().lower()
    if word.startswith(_TESTING):
        reading.test = True
        reading.state("smoke", True)
        reading.state("battery_low", word.endswith("low battery"))
        return
    states = SMOKE_EVENTS.get(word)
    for name, value in (states or {}).items():
        reading.state(name, value)
    if states is None:
        reading.state("smoke", None)
        reading.event("unknown_fault", raw_code=word[:64], code_system="milesight", active=True)
