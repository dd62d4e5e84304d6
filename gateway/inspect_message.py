"""What the gateway makes of one message, for whoever integrates a device."""

import binascii
import sys
import time
from base64 import b64decode
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from devices.decode import Decoder
from devices.dialects import DIALECTS
from devices.dialects.dialect import Context
from devices.model import Envelope, Ignored, Reject, RejectReason, Report
from devices.registry import Registry
from gateway.config import registry_of
from gateway.errors import OperatorError
from gateway.site import Ingest, Site
from gateway.site_fields import closest


def read_payload(file: Path | None, base64: str | None, stdin: bool, limit: int) -> bytes:
    """Read a payload from the one source given, at most one byte beyond ``limit``.

    Raises:
        OperatorError: none or several sources, or one that cannot be read.
    """
    if sum((file is not None, base64 is not None, stdin)) != 1:
        raise OperatorError("decode", "the payload needs exactly one source", "give one of --file, --base64 and -")
    if file is not None:
        try:
            with file.open("rb") as opened:
                return opened.read(limit + 1)
        except OSError as error:
            raise OperatorError(str(file), f"cannot be read: {error.strerror}", "check the path") from None
    if base64 is not None:
        try:
            return b64decode(base64, validate=True)
        except (binascii.Error, ValueError):
            raise OperatorError("--base64", "is no base64", "encode the payload with: base64 -w0 FILE") from None
    return sys.stdin.buffer.read(limit + 1)


def payload_limit(site: Site | None) -> int:
    """Return the largest payload the gateway lets in."""
    return (site.ingest if site else Ingest()).max_payload_bytes


def decode(
    site: Site | None, dialect: str, topic: str, payload: bytes, retained: bool
) -> list[Report] | Reject | Ignored:
    """Decode one message as the running gateway would, received now. Without a site every device is a stranger.

    Raises:
        OperatorError: there is no such dialect.
    """
    return judge(site, decoder_for(site, dialect), topic, payload, retained)


def judge(
    site: Site | None, decoder: Decoder, topic: str, payload: bytes, retained: bool
) -> list[Report] | Reject | Ignored:
    """Let ``decoder`` hear one message, received now."""
    if len(payload) > payload_limit(site):
        return Reject(RejectReason.TOO_LARGE, f"payload is larger than {payload_limit(site)} bytes")
    return decoder.decode(Envelope(topic, payload, time.time(), retained=retained))


def decoder_for(site: Site | None, dialect: str) -> Decoder:
    """Build the decoder of one dialect, as ``site`` has it or with the maker's defaults.

    Raises:
        OperatorError: there is no such dialect.
    """
    if dialect not in DIALECTS:
        raise OperatorError("--dialect", f"there is no dialect {dialect!r}", closest(dialect, DIALECTS))
    registry = registry_of(site) if site else Registry()
    options = site.dialects.get(dialect, {}) if site else {}
    context = Context(zone=ZoneInfo(site.site.timezone if site else "Asia/Shanghai"))
    return Decoder(registry, site.site.id if site else "", {dialect: options}, context)


def as_json(found: list[Report] | Reject | Ignored) -> str:
    """Return the reports as a JSON list, empty for an ignored message, or ``{"reject": reason, "detail": ...}``."""
    answer: Any = found
    if isinstance(found, Reject):
        answer = {"reject": found.reason, "detail": found.detail}
    elif isinstance(found, Ignored):
        answer = []
    return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode()
