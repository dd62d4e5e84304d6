"""Reports -> InfluxDB line protocol. The hot path of a site with a server: two microseconds each matter here."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from devices.model import Report
from devices.names import QUANTITIES
from devices.registry import Device, Registry
from gateway.history.stamps import NS_PER_MS, Stamps, Track
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

        Raises:
            Refused: a report's time cannot be stored.
        """
        lines: list[bytes] = []
        moved = self._stamps.moved
        tracks = self._tracks
        for report in reports:
            track = tracks.get(report.device) or self._track(report.device)
            if track is None or not report.registered:
                continue
            if not EARLIEST_S <= report.at <= LATEST_S:
                check_time(report)
            body = self._fields(report, track)
            if not body:
                continue
            ms = int(report.at * 1000 + 0.5)
            if ms == track.ms or track.collided:
                at = self._stamps.nanoseconds(track, ms, body)
            else:
                track.ms = ms
                track.body = body
                at = ms * NS_PER_MS
            lines.append(b"%b%b %d" % (track.prefix, body, at))
        return Lines(b"\n".join(lines), len(lines), self._stamps.moved - moved)

    def _fields(self, report: Report, track: Track) -> bytes:
        """The short way for what most reports are: numbers of the table, and the states of the report before."""
        measurements, states = report.measurements, report.states
        if report.events or report.test or report.availability is not None or not measurements.keys() <= _QUANTITIES:
            return fields(report)
        if states is not track.states:
            track.states = states
            track.states_text = _text(field(n, v) for n, v in states.items() if v is not None)
        text = _json(measurements)
        if b"null" in text or not measurements:
            return fields(report)
        numbers = text[2:-1].replace(b'":', b"=").replace(b',"', b",")
        return b"%b,%b" % (numbers, track.states_text) if track.states_text else numbers

    def _track(self, device_id: str) -> Track | None:
        device = self._registry.get(device_id)
        if device is None:
            return None
        track = self._tracks[device_id] = Track(device_id, prefix(device, self._site).encode("utf-8", "replace"))
        return track


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


# JSON of numbers differs from line protocol in punctuation only, and is encoded several times as fast as formatted.
_json = msgspec.json.Encoder().encode
_QUANTITIES = frozenset(QUANTITIES)
_KEYS = _Keys({name: f"{name}=" for name in QUANTITIES})
