"""Reports -> InfluxDB line protocol. The hot path of a site with a server: two microseconds each matter here."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from devices.model import Report
from devices.names import QUANTITIES
from devices.registry import Device, Registry
from gateway.history.stamps import LINE_END, Stamps, Track
from gateway.history.store import EARLIEST_S, LATEST_S, check_time

INFINITY = float("inf")
TEXT_CACHE = 16_384

_KEY = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\\": "/"} | {chr(c): r"\ " for c in range(32)})
_TEXT = str.maketrans({"\\": r"\\", '"': r"\""} | {chr(c): " " for c in range(32)})


class Lines(Struct):
    """One batch as the server takes it: ``moved`` of its ``points`` were moved apart by nanoseconds."""

    data: bytes
    points: int
    moved: int


class LineEncoder:
    """Remembers each device's tags and last point. Not thread-safe."""

    def __init__(self, registry: Registry, site_id: str) -> None:
        self._registry = registry
        self._site = site_id
        self._tracks: dict[str, Track] = {}
        self._stamps = Stamps()

    def encode(self, reports: Sequence[Report]) -> Lines:
        """One line per report that says anything; unregistered devices are left out.

        What most reports are, numbers of the table and the states of the report before, is encoded as JSON and turned
        into line protocol for the whole batch at once; for numbers the two differ in punctuation only.

        Raises:
            Refused: a report's time cannot be stored.
        """
        usual = _Usual()
        head, number, tail, time = usual.heads.append, usual.numbers.append, usual.tails.append, usual.times.append
        others: list[bytes] = []
        moved = self._stamps.moved
        tracks, quantities = self._tracks, _QUANTITIES
        for report in reports:
            track = tracks.get(report.device) or self._track(report.device)
            if track is None or not report.registered:
                continue
            at = report.at
            if not EARLIEST_S <= at <= LATEST_S:
                check_time(report)
            ms = int(at * 1000 + 0.5)
            measurements = report.measurements
            if (
                ms != track.ms
                and measurements
                and not (report.events or report.test or report.availability is not None or track.collided)
                and measurements.keys() <= quantities
            ):
                track.ms, track.numbers = ms, measurements
                if report.states is not track.states:
                    track.enter(report.states, *_ends(_states_text(report.states)))
                head(track.head)
                number(measurements)
                tail(track.tail)
                time(ms)
            else:
                self._write(report, track, ms, others)
        lines = usual.lines() + others
        return Lines(b"\n".join(lines), len(usual.heads) + len(others), self._stamps.moved - moved)

    def _write(self, report: Report, track: Track, ms: int, lines: list[bytes]) -> None:
        """The long way: any field, any text, and points that share a millisecond."""
        body = fields(report)
        if body:
            lines.append(b"%b%b %d" % (track.prefix, body, self._stamps.nanoseconds(track, ms, body)))

    def _track(self, device_id: str) -> Track | None:
        device = self._registry.get(device_id)
        if device is None:
            return None
        label = prefix(device, self._site).encode("utf-8", "replace")
        track = self._tracks[device_id] = Track(device_id, label)
        return track


class _Usual:
    """The parts of the usual lines, column by column: joined in one go, without a line of Python for each."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.numbers: list[dict[str, float]] = []
        self.tails: list[bytes] = []
        self.times: list[int] = []

    def lines(self) -> list[bytes]:
        """All lines as one text; nothing where there are none."""
        numbers = _json(self.numbers)
        if b"null" in numbers:  # JSON has no word for a number that is none
            self._drop_none()
            numbers = _json(self.numbers)
        if not self.heads:
            return []
        parts = [b""] * (4 * len(self.heads))
        parts[::4] = self.heads
        parts[1::4] = numbers[:-2].translate(_TO_LINES, b'[{"').split(b"\n,")
        parts[2::4] = self.tails
        parts[3::4] = _json(self.times)[1:-1].split(b",")
        return [b"".join(parts)[len(LINE_END) :] + LINE_END[:-1]]

    def _drop_none(self) -> None:
        """Leave out numbers that are none, and with the last one of a line the comma after it, or the line."""
        columns = zip(self.heads, self.numbers, self.tails, self.times, strict=True)
        self.heads, self.numbers, self.tails, self.times = [], [], [], []
        for head, given, tail, time in columns:
            numbers = {name: value for name, value in given.items() if -INFINITY < value < INFINITY}
            if numbers or tail != b" ":
                self.heads.append(head)
                self.numbers.append(numbers)
                self.tails.append(tail if numbers else tail[1:])
                self.times.append(time)


def _states_text(states: dict[str, bool | str | None]) -> bytes:
    return _text([""] + [field(name, value) for name, value in states.items() if value is not None])


@lru_cache(TEXT_CACHE)
def _ends(text: bytes) -> tuple[bytes, bytes]:
    """One copy for all devices that say the same: ``text``, and with the space before the time."""
    return text, text + b" "


def prefix(device: Device, site_id: str) -> str:
    """Measurement and tags, sorted as the server likes them. A tag must not be empty: an unset building is absent."""
    tags = {"building": device.building, "device": device.id, "site": site_id}
    return "".join([device.kind, *(f",{name}={escape_key(value)}" for name, value in tags.items() if value), " "])


def fields(report: Report) -> bytes:
    """The fields of a line. Unknown states and numbers that are none are left out; no field at all: empty text."""
    parts = []
    for name, value in report.measurements.items():
        if -INFINITY < value < INFINITY:
            parts.append(f"{_KEYS[name]}{value!r}")
    for name, state in report.states.items():
        if state is not None:
            parts.append(field(name, state))
    if report.availability is not None:
        parts.append(field("online", report.availability))
    if report.events:
        parts.append(field("event", ",".join([event.code for event in report.events])))
    if report.test and parts:
        parts.append("test=true")
    return _text(parts)


def _text(parts: Iterable[str]) -> bytes:
    return ",".join(parts).encode("utf-8", "replace")


@lru_cache(TEXT_CACHE)
def field(name: str, value: bool | str) -> str:
    """One field. Control characters become spaces: a server that splits lines before it parses would take a raw
    newline inside a text for the start of another point."""
    if isinstance(value, bool):
        return f"{escape_key(name)}={'true' if value else 'false'}"
    return f'{escape_key(name)}="{value.translate(_TEXT)}"'


def escape_key(text: str) -> str:
    """A field's name, a tag's name or value. A backslash cannot be escaped there, and before a space or at the end it
    would turn our own escape or separator into text, so it becomes a slash."""
    return text.translate(_KEY)


class _Keys(dict[str, str]):
    """Names of the table are escaped once; any other each time, so that no sender can make it grow."""

    def __missing__(self, name: str) -> str:
        return f"{escape_key(name)}="


_TO_LINES = bytes.maketrans(b":}", b"=\n")
_json = msgspec.json.Encoder().encode
_QUANTITIES = frozenset(QUANTITIES)
_KEYS = _Keys({name: f"{name}=" for name in QUANTITIES})
