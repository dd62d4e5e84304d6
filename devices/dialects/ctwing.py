"""CTWing (China Telecom's AEP) as a bridge forwards it: an envelope around ``serviceData`` or base64 ``APPdata``.

Alarm codes differ per product; the site file gives them. Without a table 0 is quiet, 1 is the alarm of the device, and
any other code is unknown, never normal.
"""

import binascii
from base64 import b64decode
from typing import Any, ClassVar
from zlib import crc32

import msgspec
from msgspec import Struct

from devices.dialects import values
from devices.dialects.body import BROKEN
from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.fields import ALARMS, SKIP, Field, common, guess, plain, take
from devices.dialects.kinds import Kinds
from devices.dialects.reading import Reading
from devices.dialects.typed import typed
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report
from devices.names import STATES

FIRE_COMPONENT = 27
MAX_COMPONENTS = 500
_ONLINE = {"1": True, "0": False, "online": True, "offline": False}
_IGNORED = ("command", "device", "softwareupgrade", "firmware")
_ALARMS = ("Alarm_Status", "alarm_status", "AlarmStatus", "alarmStatus", "Alarm", "alarm", "AlarmState", "alarmState")
# Who the modem and its SIM are is nobody's business here; the signal is read by itself.
_SILENT = ("IMEI", "IMSI", "ICCID", "Cell_ID", "Cell_ID_Length", "PCI", "CSQ", "ECL", "TAC", "RSRP")
FIELDS: dict[str, Field] = {
    **dict.fromkeys((*_SILENT, *_ALARMS), SKIP),
    "TData": Field("temperature"),
    "SNR": Field("snr"),
    "Battery_Level": Field("battery_percent"),
    "Battery_Voltage": Field("battery_voltage"),
}


class Product(Struct, forbid_unknown_fields=True):
    """What a product's fields and alarm codes mean; codes of fire components are written ``27/CODE``."""

    kind: DeviceKind | None = None
    fields: dict[str, Field] = {}
    codes: dict[str, dict[str, bool | None]] = {}

    def __post_init__(self) -> None:
        for states in self.codes.values():
            for name in states:
                if name not in STATES:
                    raise ValueError(f"{name!r} is no canonical state; docs/names.md lists them")


class Options(Struct, forbid_unknown_fields=True):
    """Where a bridge publishes, and what products mean by their numbers."""

    topics: tuple[str, ...] = ("v1/up/#", "ctwing/#", "ad")
    products: dict[str, Product] = {}


class _Message(Struct, gc=False):
    messageType: str = ""  # noqa: N815 - AEP's spelling
    deviceId: Any = None  # noqa: N815
    productId: Any = None  # noqa: N815
    IMEI: Any = None
    timestamp: Any = None
    eventType: Any = None  # noqa: N815
    eventContent: dict[str, Any] | None = None  # noqa: N815
    payload: msgspec.Raw = msgspec.Raw(b"null")


class _Payload(Struct, gc=False):
    serviceData: dict[str, Any] | None = None  # noqa: N815
    APPdata: str | None = None


_decode = msgspec.json.Decoder(_Message).decode
_decode_payload = msgspec.json.Decoder(_Payload | None).decode
_decode_any = msgspec.json.Decoder().decode
_PLAIN_PRODUCT = Product()
_Codes = dict[str, dict[str, bool | None]]
_USUAL: dict[DeviceKind, _Codes] = {
    kind: {word: {field.name: word in ("1", "true")} for word in ("0", "1", "false", "true")}
    for kind, field in ALARMS.items()
}


class CtWing:
    """Decoder of CTWing. A device's address is its ``deviceId`` or IMEI; fire components add ``/COMPONENT``."""

    name: ClassVar[str] = "ctwing"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._options = msgspec.convert(context.options, Options)
        self._tables = {name: {**FIELDS, **p.fields} for name, p in self._options.products.items()}
        self._kinds = Kinds("ctwing", context)

    def filters(self) -> dict[str, Lane]:
        return dict.fromkeys(self._options.topics, Lane.ALARM)

    def owns(self, topic: str) -> bool:
        return any(topic == each or (each[-1:] == "#" and topic.startswith(each[:-1])) for each in self._options.topics)

    def route(self, topic: str) -> Route | Reject:
        return Route("ctwing", topic, DeviceKind.SMOKE_DETECTOR, self._read)

    def _read(self, _route: Route, envelope: Envelope) -> Report | list[Report] | Reject | Ignored:
        message = typed(_decode, envelope, "an AEP message")
        if isinstance(message, Reject):
            return message
        try:
            payload = _decode_payload(message.payload)
        except BROKEN as error:
            return _unreadable(envelope, error)
        said = message.messageType.lower()
        if said.startswith("deviceonline") or said in _ONLINE:
            return self._online(envelope, message, said)
        if said.startswith(_IGNORED):
            return Ignored(f"a {message.messageType[:40]} of the platform")
        if payload is not None and payload.APPdata is not None:
            return self._app_data(envelope, message, payload.APPdata)
        given = payload.serviceData if payload else None
        if given is None:
            try:
                given = message.eventContent or _decode_any(message.payload)
            except BROKEN as error:
                return _unreadable(envelope, error)
        if not isinstance(given, dict):
            return Reject(RejectReason.WRONG_SHAPE, "no serviceData, APPdata or eventContent; forward the AEP message")
        address = self._address(message, given)
        if address is None:
            return _nameless()
        return self._fields(envelope, message, address, given, values.number(message.timestamp, 0.001))

    def _online(self, envelope: Envelope, message: _Message, said: str) -> Report | Reject | Ignored:
        address = self._address(message, {})
        if address is None:
            return _nameless()
        online = _ONLINE.get(said if said in _ONLINE else str(message.eventType).lower())
        if online is None:
            return Reject(RejectReason.WRONG_SHAPE, f"eventType {str(message.eventType)[:20]!r} is not 0 or 1")
        kind = self._kind(address, message, {})
        if kind is None:
            return Ignored("online or offline, of a device of which nobody knows the kind")
        reading = Reading("ctwing", address, kind)
        reading.availability = online
        return reading.report(self._context, envelope, values.number(message.timestamp, 0.001))

    def _app_data(self, envelope: Envelope, message: _Message, data: str) -> Report | list[Report] | Reject | Ignored:
        """Base64 around JSON, or around a vendor's own frame, which only the vendor's codec on the platform reads."""
        try:
            said = _decode_any(b64decode(data, validate=True))
        except (binascii.Error, *BROKEN):
            return Reject(
                RejectReason.WRONG_SHAPE, "APPdata holds a vendor's own frame; give the product a codec plug-in on AEP"
            )
        if not isinstance(said, dict):
            return Reject(RejectReason.WRONG_SHAPE, "APPdata is JSON, but no object")
        address = self._address(message, said)
        if address is None:
            return _nameless()
        at = values.number(said.get("tm"), 0.001) or values.number(message.timestamp, 0.001)
        parts = said.get("b")
        if not isinstance(parts, list):
            return self._fields(envelope, message, address, said, at)
        reports = [
            self._component(envelope, message, f"{address}/{part.get('id')}", said.get("c"), part.get("v"), at)
            for part in parts[:MAX_COMPONENTS]
            if isinstance(part, dict) and part.get("id") is not None
        ]
        return reports or Ignored("APPdata without components")

    def _component(
        self, envelope: Envelope, message: _Message, address: str, system: Any, code: Any, at: float | None
    ) -> Report:
        """One part of a fire alarm system behind a user information transmission device."""
        reading = Reading("ctwing", address, self._kinds.of(address) or DeviceKind.SMOKE_DETECTOR)
        word = f"{plain(system)}/{plain(code)}"
        self._code(reading, message, word, {})
        return _dated(reading.report(self._context, envelope, at), f"{address} {word}".encode())

    def _fields(
        self, envelope: Envelope, message: _Message, address: str, given: dict[str, Any], at: float | None
    ) -> Report | Ignored:
        kind = self._kind(address, message, given)
        if kind is None:
            return Ignored("data in which nothing says what kind of device it is")
        reading = Reading("ctwing", address, kind)
        take(reading, self._tables.get(str(message.productId), FIELDS), given)
        if "RSRP" in given:
            _signal(reading, given["RSRP"])
        for name in _ALARMS:
            if name in given:
                self._code(reading, message, str(plain(given[name])).lower(), _USUAL.get(kind, {}))
        return _dated(reading.report(self._context, envelope, at), bytes(message.payload))

    def _code(self, reading: Reading, message: _Message, word: str, usual: _Codes) -> None:
        product = str(message.productId)
        codes = self._options.products.get(product, _PLAIN_PRODUCT).codes
        states: dict[str, bool | None] | None = codes.get(word, usual.get(word))
        if states is not None:
            for name, value in states.items():
                reading.state(name, value)
            return
        alarm = ALARMS.get(reading.kind)
        if alarm:
            reading.state(alarm.name, None)
        reading.raw["alarm"] = word
        if word != "none":
            reading.event("unknown_fault", raw_code=word, code_system=f"ctwing:{product[:32]}", active=True)

    def _address(self, message: _Message, given: dict[str, Any]) -> str | None:
        if type(message.deviceId) is str and self._kinds.registered(message.deviceId):
            return message.deviceId
        known = [str(each)[:64] for each in (message.deviceId, message.IMEI, given.get("IMEI")) if _is_id(each)]
        return next((each for each in known if self._kinds.registered(each)), known[0] if known else None)

    def _kind(self, address: str, message: _Message, given: dict[str, Any]) -> DeviceKind | None:
        """The inventory, the product's entry, or what is measured; an alarm of nobody knows what may be a fire."""
        if self._kinds.registered(address):
            return self._kinds.of(address)
        product = self._options.products.get(str(message.productId))
        if product and product.kind:
            return product.kind
        table = self._tables.get(str(message.productId), FIELDS)
        fields = [f for name in given if (f := table.get(name) or common(name)) is not None and f is not SKIP]
        shown = guess(fields)
        if shown is None and any(name in given for name in _ALARMS):
            shown = DeviceKind.SMOKE_DETECTOR
        return self._kinds.of(address, shown)


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, int)) and str(value).lower() not in ("", "0", "undefined", "null", "none")


def _signal(reading: Reading, value: Any) -> None:
    """RSRP in dBm; some modules drop the sign."""
    power = values.number(value)
    if power is None:
        return
    power = -abs(power)
    if power < -200:
        reading.raw["RSRP"] = plain(value)
    else:
        reading.measure("rssi", power)


def _dated(report: Report, content: bytes) -> Report:
    """The platform may deliver twice within a second."""
    if report.dedup_key:
        report.dedup_key = f"{int(report.at)}-{crc32(content):08x}"
    return report


def _nameless() -> Reject:
    return Reject(RejectReason.WRONG_SHAPE, "neither deviceId nor IMEI; forward the whole AEP message")


def _unreadable(envelope: Envelope, error: Exception) -> Reject:
    wrong = isinstance(error, msgspec.ValidationError)
    reason = RejectReason.WRONG_SHAPE if wrong else RejectReason.MALFORMED
    return Reject(reason, f"{envelope.topic[:120]!r}: payload: {error}; expected an AEP message")
