"""A consumer's view of a journal: fed in memory while it keeps up, from disk when it does not."""

from collections import deque
from collections.abc import Callable

from devices.decode import Decoder
from devices.model import Envelope, Reject, Report
from gateway.journal.journal import Batch

MAX_BUFFERED = 20_000


class Decoded:
    """A committed batch, decoded once for all consumers, when the first of them looks.

    Decoding late keeps what is decoded in the processor's cache while the rules judge it.
    """

    __slots__ = ("_decoder", "_found", "batch")

    def __init__(self, batch: Batch, decoder: Decoder) -> None:
        self.batch = batch
        self._decoder = decoder
        self._found: tuple[list[Report], list[tuple[int, Reject]]] | None = None

    @property
    def reports(self) -> list[Report]:
        return self._decode()[0]

    @property
    def rejects(self) -> list[tuple[int, Envelope, Reject]]:
        """Sequence, message and reason of each message that was not understood."""
        batch = self.batch
        return [(batch.seq + index, batch.envelopes[index], reject) for index, reject in self._decode()[1]]

    def _decode(self) -> tuple[list[Report], list[tuple[int, Reject]]]:
        if self._found is None:
            self._found = self._decoder.decode_all(self.batch.envelopes)
        return self._found


class Tail:
    """Position of one consumer in one lane.

    ``offer`` is called for each commit, in order. Beyond ``MAX_BUFFERED`` messages of lag a consumer loses the
    memory feed and reads from ``read`` (the journal) until it has caught up; memory stays bounded.
    """

    def __init__(self, position: int, head: int, read: Callable[[int, int], list[Batch]], decoder: Decoder) -> None:
        self.position = position
        self.head = head
        self._read = read
        self._decoder = decoder
        self._buffer: deque[Decoded] = deque()
        self._buffered = 0
        self._fed_from = head
        self._looked_until = head

    def offer(self, decoded: Decoded) -> None:
        """Take note of a new batch."""
        self.head = decoded.batch.end
        size = len(decoded.batch.envelopes)
        if self._buffered + size > MAX_BUFFERED:
            self._buffer.clear()
            self._buffered = 0
        if not self._buffer:
            self._fed_from = decoded.batch.seq
        self._buffer.append(decoded)
        self._buffered += size

    @property
    def lag(self) -> int:
        """Messages committed and not yet consumed."""
        return self.head - self.position

    @property
    def in_memory(self) -> bool:
        """Whether the next batch can be taken without touching the disk."""
        return bool(self._buffer) and self.position >= self._fed_from

    def pop(self) -> Decoded | None:
        """Return the next batch from memory and move past it; ``None`` where there is none (or disk must be read)."""
        while self.in_memory:
            decoded = self._buffer.popleft()
            self._buffered -= len(decoded.batch.envelopes)
            self._fed_from = decoded.batch.end
            if decoded.batch.seq >= self.position:
                self.position = decoded.batch.end
                return decoded
        return None

    def load(self, messages: int = 5_000) -> list[Batch]:
        """Read the next batches from the journal; call in the thread that owns the reading connection."""
        self._looked_until = self.head
        return self._read(self.position, messages)

    def passed(self, batches: list[Batch]) -> list[Decoded]:
        """Decode what ``load`` returned and move past it; damaged stretches are skipped."""
        # What was committed since the look is not missing: memory may have overflowed meanwhile.
        until = min(self._fed_from, self._looked_until) if self._buffer else self._looked_until
        self.position = batches[-1].end if batches else max(self.position, until)
        return [Decoded(batch, self._decoder) for batch in batches]
