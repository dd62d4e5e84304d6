"""Strict readers of what devices write: numbers as text, words for truth, times of several clocks, dirty text.

None of them guesses: what is not understood is ``None``, which means unknown.
"""

import hmac
import re
from collections.abc import Collection
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

_NUMBER = re.compile(r"\s*[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?\s*").fullmatch
# Tuples: a union would be built anew at each call.
_REAL = (int, float)
_FIT = 1.0e308
MAX_NUMBER = 64
YES = frozenset({"true", "on", "1", "yes"})
NO = frozenset({"false", "off", "0", "no"})


def number(value: Any, scale: float = 1.0) -> float | None:
    """Read a finite number, also from text such as ``"83.000000"``; truth values are no numbers."""
    if type(value) is float and scale == 1.0:
        return value if -_FIT < value < _FIT else None
    if isinstance(value, str):
        read = _written(value) if len(value) <= MAX_NUMBER else None
        if read is None:
            return None
        value = read
    elif value is True or value is False or not isinstance(value, _REAL):
        return None
    try:
        scaled = float(value) * scale
    except OverflowError:
        return None
    return scaled if -_FIT < scaled < _FIT else None


@lru_cache(maxsize=8192)
def _written(value: str) -> float | None:
    """Read a number written as text; devices write the same ones again and again."""
    return float(value) if _NUMBER(value) else None


def share(value: Any, scale: float = 1.0) -> float | None:
    """Read a share from 0 to 1, as scores are written; ``scale`` 0.01 for those in per cent. Beyond, it is none."""
    read = number(value, scale)
    return round(read, 6) if read is not None and 0 <= read <= 1 else None


def whole(value: Any) -> int | None:
    """Read an integer of at most 64 bits, also from text."""
    kind = type(value)
    if kind is str and len(value) < 19 and value.isdecimal() and value.isascii():
        return int(value)
    if kind is int:
        return int(value) if -(2**63) < value < 2**63 else None
    read = number(value)
    return int(read) if read is not None and abs(read) < 2**63 and read == int(read) else None


def truth(value: Any, yes: Collection[str] = YES, no: Collection[str] = NO) -> bool | None:
    """Read a truth value by the words of its field, whatever their case; other words are unknown."""
    if value is True or value is False:
        return value
    if not isinstance(value, str):
        if not isinstance(value, _REAL):
            return None
        value = f"{value:g}"
    if value in yes:
        return True
    word = value if value in no else value.strip().lower()
    return True if word in yes else False if word in no else None


def text(payload: bytes, fallback: str = "") -> str | None:
    """Decode UTF-8 without byte order mark and NULs; ``fallback`` names the one other encoding a maker uses."""
    cleaned = payload.replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf")
    for encoding in filter(None, ("utf-8", fallback)):
        try:
            return cleaned.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def iso(value: Any) -> float | None:
    """Read an ISO 8601 time with offset into epoch seconds; without an offset it is unknown."""
    if not isinstance(value, str):
        return None
    if len(value) in (20, 25) and (second := _second(value)) is not None:  # 2026-05-04T03:02:01Z, ...+08:00
        minute = _minute(value[:16] + value[19:], None)
        if minute is not None:
            return minute + second
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


def local(value: Any, zone: tzinfo, pattern: str = "") -> float | None:
    """Read a local time without offset in the configured zone into epoch seconds; one with an offset is taken as it is.

    ``pattern`` is for other orders than year, month, day; without it date and time of ISO 8601 are read, with a space
    or a T between them.
    """
    if not isinstance(value, str) or not (pattern or len(value) >= 16):
        return None
    if len(value) == 19 and not pattern and (second := _second(value)) is not None:  # 2026-05-04 03:02:01
        minute = _minute(value[:16], zone)
        if minute is not None:
            return minute + second
    try:
        moment = datetime.strptime(value.strip(), pattern) if pattern else datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def _second(value: str) -> int | None:
    """The seconds of a time written with colons; those of a leap second are left to slower readers."""
    digits = value[17:19]
    if value[16] != ":" or not (digits.isascii() and digits.isdecimal()):
        return None
    second = int(digits)
    return second if second < 60 else None


@lru_cache(maxsize=4096)
def _minute(value: str, zone: tzinfo | None) -> float | None:
    """Epoch seconds of a minute, which has an offset written behind it where ``zone`` is ``None`` and none otherwise.

    What devices write at the same time lies in the same minutes, and to find a zone's offset takes most of the time.
    """
    try:
        moment = datetime.fromisoformat(value)
        if (moment.tzinfo is None) is (zone is None):
            return None
        return (moment.replace(tzinfo=zone) if zone else moment).timestamp()
    except (ValueError, OverflowError):
        return None


def pseudonym(key: bytes, value: Any) -> str | None:
    """Turn a card number, plate or person id into a keyed hash: the same one each time, of no use elsewhere.

    HMAC-SHA-256 (RFC 2104), 16 hex digits. Empty and placeholder values are no credential.
    """
    word = str(value).strip() if value is not None else ""
    if not word or word.lower() in ("undefined", "null", "none", "0"):
        return None
    return _hashed(key, word)


@lru_cache(maxsize=4096)
def _hashed(key: bytes, word: str) -> str:
    return hmac.digest(key, word.encode(), "sha256").hex()[:16]


def member(data: Any, *path: str) -> Any:
    """Walk nested objects; ``None`` where a step is missing or no object."""
    for step in path:
        if not isinstance(data, dict):
            return None
        data = data.get(step)
    return data
