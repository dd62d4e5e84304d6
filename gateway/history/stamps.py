"""Keeps two different points of one device and millisecond from overwriting each other in InfluxDB.

It addresses a point by series and time. Reports are written with milliseconds, so the spare nanoseconds can hold
what tells such twins apart: a checksum of the content. The same content always lands on the same nanosecond, which
keeps a repeated write harmless.

Only those that meet are moved: doing so with every point would more than double the space it takes (measured, see
docs/history.md). Twins that other points of their device come between are not noticed; their fields merge, and one
both have keeps the later value.
"""

from zlib import crc32

REMEMBERED = 65_536
"""Collided milliseconds remembered, over all devices: many batches' worth, so that a repeated batch lands alike."""

NS_PER_MS = 1_000_000
NEVER = -1
LINE_END = b"000000\n"
"""What turns a usual line's milliseconds into nanoseconds, and ends it."""


class Track:
    """What is known of one device while its points are written.

    ``prefix`` is its part of every line, ``head`` the same with the end of the line before. ``tail`` are the fields of
    ``states``, the states of its last usual report, and the space before the time. ``numbers`` and ``text`` are the
    content written at ``ms``, kept as they came: few are ever compared.
    """

    __slots__ = ("collided", "device", "head", "ms", "numbers", "prefix", "states", "tail", "text")

    def __init__(self, device: str, prefix: bytes) -> None:
        self.device = device
        self.prefix = prefix
        self.head = LINE_END + prefix
        self.ms = NEVER
        self.numbers: dict[str, float] = {}
        self.collided = False
        self.enter(None, b"", b" ")

    def enter(self, states: object, text: bytes, tail: bytes) -> None:
        """Note ``states`` and their fields, which the content of usual reports ends with."""
        self.states, self.text, self.tail = states, text, tail

    def note(self, ms: int, body: bytes) -> None:
        """Note an unusual report's content; the next usual one enters its states again."""
        self.ms, self.numbers, self.text, self.states = ms, {}, body, None

    def content(self) -> bytes:
        """What was written at ``ms``, in the words of a line's fields."""
        numbers = ",".join([f"{name}={value!r}" for name, value in self.numbers.items()]).encode()
        return numbers + self.text if numbers else self.text.removeprefix(b",")


class Stamps:
    """The slow path, taken only where a device's millisecond repeats or did so before.

    Callers take the fast path themselves: a new ``ms`` of a track that never collided is ``ms * NS_PER_MS``.
    """

    def __init__(self) -> None:
        self.moved = 0
        self._firsts: dict[tuple[str, int], int] = {}

    def nanoseconds(self, track: Track, ms: int, body: bytes) -> int:
        """When to store ``body``: the first content of a millisecond stays on it, others move by 1 to 999,999 ns."""
        first = self._firsts.get((track.device, ms))
        if first is None:
            if ms != track.ms:
                track.note(ms, body)
                return ms * NS_PER_MS
            if body == track.content():
                return ms * NS_PER_MS
            first = self._remember(track)
        own = checksum(body)
        if own == first:
            return ms * NS_PER_MS
        self.moved += 1
        return ms * NS_PER_MS + own % (NS_PER_MS - 1) + 1

    def _remember(self, track: Track) -> int:
        """Outlive the device's next millisecond: a repeated or bisected batch starts anywhere."""
        if len(self._firsts) >= REMEMBERED:
            del self._firsts[next(iter(self._firsts))]
        first = self._firsts[track.device, track.ms] = checksum(track.content())
        track.collided = True
        return first


def checksum(body: bytes) -> int:
    return crc32(body)
