"""Our sample messages: read, given to a dialect, compared. ``samples/README.md`` tells the format."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest

from devices.decode import Decoder
from devices.dialects.dialect import Context
from devices.model import Envelope, Ignored, Reject, Report
from devices.registry import Registry

FOLDER = Path(__file__).parent / "samples"
RECEIVED_AT = 1_790_000_000.0
SITE = "riverside"
MEMBERS = {
    *("topic", "payload", "base64", "retained", "received_at", "before"),
    *("options", "keep_plates", "expect", "why", "meaning"),
}
NOTHING: dict[str, Any] = {
    "measurements": {},
    "states": {},
    "events": [],
    "availability": None,
    "test": False,
    "historical": False,
}

Found = list[Report] | Reject | Ignored


class Sample(NamedTuple):
    """One sample file, read."""

    dialect: str
    name: str
    envelope: Envelope
    before: tuple[Envelope, ...]
    options: dict[str, Any]
    keep_plates: bool
    expect: Any
    why: str

    def decoder(self) -> Decoder:
        """Return a decoder of this dialect alone, with what it must have heard first."""
        context = Context(zone=ZoneInfo("Asia/Shanghai"), key=b"samples", keep_plates=self.keep_plates)
        decoder = Decoder(Registry(), SITE, {self.dialect: self.options}, context)
        for envelope in self.before:
            decoder.decode(envelope)
        return decoder

    def decode(self) -> Found:
        return self.decoder().decode(self.envelope)


def payload_of(given: dict[str, Any]) -> bytes:
    """Return the bytes of a sample message: text as it is, other values as JSON."""
    if "base64" in given:
        return b64decode(given["base64"], validate=True)
    payload = given["payload"]
    return payload.encode() if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False).encode()


def envelope_of(given: dict[str, Any], received_at: float) -> Envelope:
    return Envelope(given["topic"], payload_of(given), received_at, retained=bool(given.get("retained")))


def read(path: Path) -> Sample:
    """Read one file.

    Raises:
        ValueError: it holds a member nobody reads.
    """
    given = json.loads(path.read_text(encoding="utf-8"))
    if strange := set(given) - MEMBERS:
        raise ValueError(f"{path}: {sorted(strange)} mean nothing here; see samples/README.md")
    at = float(given.get("received_at", RECEIVED_AT))
    before = [envelope_of(each, at - 1) for each in given.get("before", ())]
    options, plates = given.get("options", {}), bool(given.get("keep_plates"))
    own = (options, plates, given["expect"], given.get("why", ""))
    return Sample(path.parent.name, path.stem, envelope_of(given, at), tuple(before), *own)


def samples(dialect: str = "*") -> list[Sample]:
    """Return all samples, or those of one dialect, in the order of their names."""
    return [read(path) for path in sorted(FOLDER.glob(f"{dialect}/*.json"))]


def compare(sample: Sample, found: Found) -> None:
    """Compare what was decoded with what the sample expects.

    Raises:
        AssertionError: they differ.
    """
    if isinstance(sample.expect, dict):
        assert isinstance(found, Reject), found
        assert {"reject": found.reason.value} == sample.expect, found.detail
    elif not sample.expect:
        assert isinstance(found, Ignored), found
        assert sample.why in found.why
    else:
        assert isinstance(found, list), found
        assert len(found) == len(sample.expect), found
        for report, expected in zip(found, sample.expect, strict=True):
            _compare(report, {"snapshot": sample.envelope.retained, **NOTHING, **expected})


def _compare(report: Report, expected: dict[str, Any]) -> None:
    actual = msgspec.to_builtins(report)
    actual["events"] = list(actual["events"])
    assert {"device", "kind"} <= set(expected), "a sample says whose report it expects, and its kind"
    got, wanted = {name: actual[name] for name in expected}, {**expected}
    wanted["events"] = [{"attributes": {}, **event} for event in expected["events"]]
    for name in ("measurements", "at"):
        if name in wanted:
            wanted[name] = pytest.approx(wanted[name], rel=0, abs=1e-3)
    assert got == wanted, f"decoded {got}, expected {wanted}"
