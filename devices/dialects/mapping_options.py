"""What a site file may say under ``dialects: {mapping: {topics: [...]}}``, and what is wrong with it.

Each ``ValueError`` becomes a line of ``gateway check``: it names the entry's part, what is wrong and what to do.
"""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from devices.dialects.dialect import Lane
from devices.dialects.expression import getter
from devices.model import DeviceKind
from devices.names import EVENTS, QUANTITIES, STATES

Word = str | bool | int | float
DEVICE = "{device}"
UNITS: dict[tuple[str, str], tuple[float, float]] = {
    ("degF", "degC"): (5 / 9, -160 / 9),
    ("K", "degC"): (1, -273.15),
    ("mV", "V"): (0.001, 0),
    ("mm/s", "m/s"): (0.001, 0),
    ("cm/s", "m/s"): (0.01, 0),
    ("m/min", "m/s"): (1 / 60, 0),
    ("km/h", "m/s"): (1 / 3.6, 0),
    ("mm", "m"): (0.001, 0),
    ("cm", "m"): (0.01, 0),
    ("s", "h"): (1 / 3600, 0),
    ("min", "h"): (1 / 60, 0),
    ("1", "%"): (100, 0),
    ("permille", "%"): (0.1, 0),
}
"""(what a device writes, what the table wants): factor and offset. Definitions of the units, no measured values."""


class Condition(Struct, forbid_unknown_fields=True, frozen=True):
    """True or false from one expression, by the words of its field."""

    path: str
    yes: tuple[Word, ...] = ()
    no: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        getter(self.path)
        _apart(self.yes, self.no)


class FieldMap(Struct, forbid_unknown_fields=True, frozen=True):
    """One canonical measurement or state: (value * ``scale`` + ``offset``) is in ``unit``; words are per field."""

    path: str
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    yes: tuple[Word, ...] = ()
    no: tuple[Word, ...] = ()
    words: dict[str, str] = {}

    def __post_init__(self) -> None:
        getter(self.path)
        _apart(self.yes, self.no)


class AttributeMap(Struct, forbid_unknown_fields=True, frozen=True):
    """One attribute of an event; with ``scale`` a number, with ``words`` translated."""

    path: str
    scale: float | None = None
    words: dict[str, str] = {}

    def __post_init__(self) -> None:
        getter(self.path)


class EventMap(Struct, forbid_unknown_fields=True, frozen=True):
    """An event, whenever ``when`` is true; without it every message is one."""

    code: str
    when: str | Condition = ""
    attributes: dict[str, str | AttributeMap] = {}

    def __post_init__(self) -> None:
        if self.code not in EVENTS:
            raise ValueError(f"event {self.code!r} is no canonical name; {near(self.code, EVENTS)}")
        if isinstance(self.when, str) and self.when:
            getter(self.when)
        allowed = EVENTS[self.code].attributes
        for name, value in self.attributes.items():
            if name not in allowed:
                raise ValueError(f"event {self.code} has no attribute {name!r}; {near(name, allowed)}")
            if isinstance(value, str):
                _named(name, value)


class TimeMap(Struct, forbid_unknown_fields=True, frozen=True):
    """When it happened. ``format``: ms or s since 1970 UTC, iso with offset, local (ISO without one), or a pattern of
    ``strptime``; local times are in ``zone``, by default the site's.
    """

    path: str
    format: str = "iso"
    zone: str = ""

    def __post_init__(self) -> None:
        getter(self.path)
        if self.format not in ("ms", "s", "iso", "local") and "%" not in self.format:
            raise ValueError(
                f"time format {self.format!r} is none of ms, s, iso, local or a pattern like %d.%m.%Y %H:%M"
            )
        if self.zone:
            try:
                ZoneInfo(self.zone)
            except (KeyError, OSError, ValueError):
                raise ValueError(f"{self.zone!r} is no time zone; use an IANA name such as Asia/Shanghai") from None


class Entry(Struct, forbid_unknown_fields=True, frozen=True):
    """One topic pattern and what its messages mean."""

    topic: str
    kind: DeviceKind
    lane: Lane
    device: str = ""
    payload: Literal["json", "text"] = "json"
    fields: dict[str, str | FieldMap] = {}
    events: tuple[EventMap, ...] = ()
    time: TimeMap | None = None
    online: str | Condition = ""
    test: str | Condition = ""
    historical: str | Condition = ""

    def __post_init__(self) -> None:
        _topic(self.topic)
        if (DEVICE in self.topic) == bool(self.device):
            raise ValueError(f"name the device exactly once: a level {DEVICE} in topic, or a JMESPath under device")
        if not (self.fields or self.events or self.online):
            raise ValueError("the entry maps nothing; give fields, events or online")
        for name, path in (("device", self.device), *((n, getattr(self, n)) for n in ("online", "test", "historical"))):
            if isinstance(path, str) and path:
                _named(name, path)
        for name, field in self.fields.items():
            _check(name, field_map(name, field), self.kind)
        for event in self.events:
            if self.kind not in (kinds := EVENTS[event.code].kinds):
                raise ValueError(f"event {event.code} belongs to {', '.join(sorted(kinds))}, not to {self.kind}")

    @property
    def filter(self) -> str:
        """The MQTT filter to subscribe to."""
        return self.topic.replace(DEVICE, "+")


class Options(Struct, forbid_unknown_fields=True, frozen=True):
    """Options of the dialect ``mapping``."""

    topics: tuple[Entry, ...] = ()

    def __post_init__(self) -> None:
        for index, entry in enumerate(self.topics):
            for other, earlier in enumerate(self.topics[:index]):
                if overlap(entry.filter, earlier.filter):
                    raise ValueError(
                        f"topics[{index}] {entry.topic!r} and topics[{other}] {earlier.topic!r} match the same topics; "
                        "join them into one entry or make the patterns narrower"
                    )


def field_map(name: str, given: str | FieldMap) -> FieldMap:
    """Return the long form of a field; the short one is its path alone."""
    if isinstance(given, FieldMap):
        return given
    _named(name, given)
    return FieldMap(given)


def overlap(one: str, other: str) -> bool:
    """Tell whether some topic matches both MQTT filters."""
    mine, theirs = one.split("/"), other.split("/")
    for a, b in zip(mine, theirs, strict=False):
        if a == "#" or b == "#":
            return True
        if a != b and a != "+" and b != "+":
            return False
    longer = mine if len(mine) > len(theirs) else theirs
    return abs(len(mine) - len(theirs)) == 0 or (abs(len(mine) - len(theirs)) == 1 and longer[-1] == "#")


def near(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, or list them."""
    words = sorted(known)
    found = get_close_matches(word, words, 1, 0.6)
    return f"did you mean {found[0]!r}?" if found else f"known: {', '.join(words) or 'none'}; see docs/names.md"


def conversion(unit: str, wanted: str) -> tuple[float, float]:
    """Return factor and offset from ``unit`` to the table's.

    Raises:
        ValueError: they measure different things.
    """
    if unit in ("", wanted):
        return 1.0, 0.0
    if (unit, wanted) not in UNITS:
        known = ", ".join([wanted, *(have for have, want in UNITS if want == wanted)])
        raise ValueError(f"unit {unit!r} does not turn into {wanted!r}; known: {known}; scale and offset do the rest")
    return UNITS[unit, wanted]


def word(value: object) -> str | None:
    """Return how a value is written as a word: case and spaces do not count, nor does 1.0 for 1."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip().lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)[:100] if isinstance(value, int | float) else None


def _named(name: str, path: str) -> None:
    try:
        getter(path)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _apart(yes: Collection[Word], no: Collection[Word]) -> None:
    if both := {word(w) for w in yes} & {word(w) for w in no}:
        raise ValueError(f"{sorted(map(str, both))[0]!r} is listed under both yes and no; a word means one of them")


def _topic(topic: str) -> None:
    levels = topic.split("/")
    wild = [level for level in levels if level not in ("+", "#", DEVICE) and re.search(r"[+#{}\x00]", level)]
    if not topic or len(topic) > 500 or wild or "#" in levels[:-1] or levels.count(DEVICE) > 1:
        raise ValueError(
            f"{topic[:80]!r} is no topic pattern; a level is a word, + or {DEVICE} (once), and the last one may be #"
        )
    if levels[0] == "community":
        raise ValueError("topics below community/ belong to the native dialect; see docs/native.md")


def _check(name: str, given: FieldMap, kind: DeviceKind) -> None:
    known = {n for n, q in QUANTITIES.items() if kind in q.kinds} | {n for n, s in STATES.items() if kind in s.kinds}
    if name not in known:
        raise ValueError(f"{name!r} is no canonical name of {kind}; {near(name, known)}")
    if name in QUANTITIES:
        try:
            conversion(given.unit, QUANTITIES[name].unit)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        if given.yes or given.no or given.words:
            raise ValueError(f"{name} is a number; yes, no and words are for states")
        return
    state = STATES[name]
    if given.unit or given.scale != 1 or given.offset:
        raise ValueError(f"{name} is a state; unit, scale and offset are for numbers")
    if state.type == "bool" and given.words:
        raise ValueError(f"{name} is true or false; list its words under yes and no")
    if state.type == "text" and (given.yes or given.no):
        raise ValueError(f"{name} is one of several words; translate them under words")
    for meant in given.words.values():
        if state.values and meant not in state.values:
            raise ValueError(f"{name} cannot be {meant!r}; {near(meant, state.values)}")
