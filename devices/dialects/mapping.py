"""The long tail without code: topic patterns and JMESPath expressions from the site file. See docs/dialects.md."""

import re
from collections.abc import Callable
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec

from devices.dialects import mapping_options, values
from devices.dialects.body import loads
from devices.dialects.dialect import Context, Lane, Route
from devices.dialects.expression import MISSING, Getter, getter
from devices.dialects.mapping_options import DEVICE, AttributeMap, Condition, Entry, EventMap, FieldMap, TimeMap, word
from devices.dialects.reading import Reading
from devices.model import Envelope, Ignored, Reject, RejectReason, Report
from devices.names import QUANTITIES, STATES

NAME = "mapping"
MAX_ADDRESS = 128
_DIGITS = {"%Y": r"(?P<Y>\d{4})", **{f"%{part}": rf"(?P<{part}>\d\d)" for part in "mdHMS"}}
_ORDER = ("Y", "m", "d", "H", "M", "S")
SECRET = frozenset({"credential_ref", "person_ref"})
Put = Callable[[Reading, Any], None]
Clock = Callable[[Any], tuple[float | None, bool]]


class Mapping:
    """Decoder of what the site file describes; owns exactly the topics listed there."""

    name: ClassVar[str] = NAME
    Options: ClassVar[Any] = mapping_options.Options

    def __init__(self, context: Context) -> None:
        options = msgspec.convert(context.options, mapping_options.Options)
        self._plans = [(_Plan(entry, context), entry) for entry in options.topics]

    def filters(self) -> dict[str, Lane]:
        return {entry.filter: entry.lane for _, entry in self._plans}

    def owns(self, topic: str) -> bool:
        return any(_match(entry.topic, topic) is not None for _, entry in self._plans)

    def route(self, topic: str) -> Route | Reject:
        for plan, entry in self._plans:
            device = _match(entry.topic, topic)
            if device is not None:
                return Route(NAME, device or topic, entry.kind, plan.read)
        return Reject(RejectReason.BAD_TOPIC, f"no entry of dialects.mapping.topics matches {topic[:120]!r}")


class _Plan:
    """One entry, compiled."""

    def __init__(self, entry: Entry, context: Context) -> None:
        self._context = context
        self._kind = entry.kind
        self._text = entry.payload == "text"
        self._device = getter(entry.device) if entry.device else None
        self._puts = [_field(name, mapping_options.field_map(name, given)) for name, given in entry.fields.items()]
        self._puts += [_event(event, context) for event in entry.events]
        self._online, self._test, self._historical = map(_asked, (entry.online, entry.test, entry.historical))
        self._time = _clock(entry.time, context) if entry.time else None

    def read(self, route: Route, envelope: Envelope) -> Report | Reject | Ignored:
        data = _text(envelope) if self._text else loads(envelope)
        if type(data) is Reject:
            return data
        address = _address(self._device(data)) if self._device else route.sender
        if address is None:
            where = f"topic {envelope.topic[:120]!r}"
            return Reject(
                RejectReason.WRONG_SHAPE, f"{where}: the entry's device expression finds no name; mend either"
            )
        reading = Reading(NAME, address, self._kind)
        for put in self._puts:
            put(reading, data)
        if self._online:
            reading.availability = self._online(data)
        reading.test = bool(self._test and self._test(data))
        reading.historical = bool(self._historical and self._historical(data))
        if reading.empty:
            return Ignored("none of the fields and events mapped for this topic is in it")
        at, local = self._time(data) if self._time else (None, False)
        return reading.report(self._context, envelope, at, local)


def _match(pattern: str, topic: str) -> str | None:
    """Return the level that names the device, empty where none does; ``None``: the topic is another's."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted, levels = wanted[:-1], levels[: len(wanted) - 1]
    if len(wanted) != len(levels):
        return None
    device = ""
    for want, level in zip(wanted, levels, strict=True):
        if want == DEVICE:
            if not level:
                return None
            device = level
        elif want not in ("+", level):
            return None
    return device


def _text(envelope: Envelope) -> str | Reject:
    found = values.text(envelope.payload)
    return Reject(RejectReason.MALFORMED, "the payload is no UTF-8 text") if found is None else found.strip()


def _address(value: Any) -> str | None:
    """Return a device's name: text or a whole number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip()[:MAX_ADDRESS] or None


def _field(name: str, given: FieldMap) -> Put:
    find = getter(given.path)
    if name in QUANTITIES:
        return _measure(name, given, find)
    return _flag(name, given, find) if STATES[name].type == "bool" else _word_state(name, given, find)


def _measure(name: str, given: FieldMap, find: Getter) -> Put:
    factor, shift = mapping_options.conversion(given.unit, QUANTITIES[name].unit)
    scale, offset = given.scale * factor, given.offset * factor + shift
    number = values.number

    def put(reading: Reading, data: Any) -> None:
        value = find(data)
        if value is not MISSING:
            read = number(value)
            reading.measure(name, None if read is None else read * scale + offset, _kept(value))

    return put


def _flag(name: str, given: FieldMap, find: Getter) -> Put:
    truth = _truth(given.yes, given.no)

    def put(reading: Reading, data: Any) -> None:
        value = find(data)
        if value is not MISSING:
            reading.state(name, truth(value), _kept(value))

    return put


def _word_state(name: str, given: FieldMap, find: Getter) -> Put:
    words = {word(key): meant for key, meant in given.words.items()}
    free = not STATES[name].values

    def put(reading: Reading, data: Any) -> None:
        value = find(data)
        if value is MISSING:
            return
        written = word(value)
        plain = value.strip() if free and isinstance(value, str) else written
        reading.state(name, words.get(written, plain), _kept(value))

    return put


def _kept(value: Any) -> Any:
    """What may be shown of a value nobody understood: no objects, which may hold anything, and no long text."""
    return value[:100] if isinstance(value, str) else value if isinstance(value, int | float) else None


def _truth(yes: tuple[Any, ...], no: tuple[Any, ...]) -> Callable[[Any], bool | None]:
    """Words given replace the usual ones; the other side keeps its usual words, less those given."""
    true = {word(w) for w in yes}
    false = {word(w) for w in no}
    means: dict[str | None, bool] = {}
    if not yes:
        means.update((w, True) for w in values.YES - false)
    if not no:
        means.update((w, False) for w in values.NO - true)
    means.update((w, True) for w in true)
    means.update((w, False) for w in false)
    return lambda value: means.get(word(value))


def _asked(given: str | Condition) -> Callable[[Any], bool | None] | None:
    if not given:
        return None
    condition = Condition(given) if isinstance(given, str) else given
    find, truth = getter(condition.path), _truth(condition.yes, condition.no)
    return lambda data: truth(find(data))


def _event(given: EventMap, context: Context) -> Put:
    happens = _asked(given.when)
    attributes = [
        (name, _attribute(name, AttributeMap(how) if isinstance(how, str) else how, context))
        for name, how in given.attributes.items()
        if name != "plate_text" or context.keep_plates
    ]

    def put(reading: Reading, data: Any) -> None:
        if happens is None or happens(data):
            reading.event(given.code, **{name: find(data) for name, find in attributes})

    return put


def _attribute(name: str, given: AttributeMap, context: Context) -> Getter:
    find = getter(given.path)
    words = {word(key): meant for key, meant in given.words.items()}

    def read(data: Any) -> Any:
        value = find(data)
        if value is MISSING or isinstance(value, dict):
            return None
        if name in SECRET:
            return values.pseudonym(context.key, value)
        if given.scale is not None:
            return values.number(value, given.scale)
        return words.get(word(value), value) if words else value

    return read


def _clock(given: TimeMap, context: Context) -> Clock:
    find, how = getter(given.path), given.format
    zone = ZoneInfo(given.zone) if given.zone else context.zone
    if how in ("ms", "s"):
        scale = 0.001 if how == "ms" else 1.0
        return lambda data: (values.number(find(data), scale), False)
    if how == "iso":
        return lambda data: (values.iso(find(data)), False)
    pattern = "" if how == "local" else how
    fixed = _fixed(pattern)

    def clock(data: Any) -> tuple[float | None, bool]:
        written = find(data)
        if fixed and isinstance(written, str) and (parts := fixed.fullmatch(written.strip())):
            return values.local("{}-{}-{} {}:{}:{}".format(*parts.group(*_ORDER)), zone), True
        return values.local(written, zone, pattern), "%z" not in pattern

    return clock


def _fixed(pattern: str) -> re.Pattern[str] | None:
    """Turn a ``strptime`` pattern of a whole date and time in digits into a regex, which is several times faster."""
    parts = re.findall(r"%.|[^%]", pattern)
    if sorted(part for part in parts if part.startswith("%")) != sorted(_DIGITS):
        return None
    return re.compile("".join(_DIGITS.get(part) or re.escape(part) for part in parts), re.ASCII)
