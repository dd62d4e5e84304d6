"""Visitors and their passes: what a pass says, and whether it lets in. Pure."""

import base64
import hashlib
import hmac
import struct
from enum import StrEnum
from typing import Annotated

from msgspec import Struct, field
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

PREFIX = "CGP1."
ID_BYTES = 10
MAC_BYTES = 16
_BODY = struct.Struct(">10sIIB")
LONGEST_S = 366 * 86_400

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class Refusal(StrEnum):
    """Why a pass lets nobody in."""

    FORGED = "forged"
    EARLY = "early"
    EXPIRED = "expired"
    USED = "used"
    REVOKED = "revoked"
    ELSEWHERE = "elsewhere"


class Booking(BaseModel):
    """A visit as somebody books it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: Annotated[Line, Field(min_length=1, description="who comes")]
    host: Line = Field(default="", description="whom they visit: a flat, an office")
    phone: Line = Field(default="", description="how to reach them")
    building: Line = Field(default="", description="id of the building whose gates let in; empty: every gate")
    starts_at: float = Field(ge=0, lt=2**32, description="epoch seconds")
    ends_at: float = Field(ge=0, lt=2**32, description="epoch seconds")
    uses: int = Field(default=1, ge=0, le=255, description="how often the pass lets in; 0: as often as you like")

    @model_validator(mode="after")
    def _whole(self) -> "Booking":
        if not 0 < self.ends_at - self.starts_at <= LONGEST_S:
            raise ValueError("ends_at must be later than starts_at, by a year at most")
        return self


class Use(Struct, frozen=True):
    """One try of a pass at a gate; ``result`` is ``passed`` or a :class:`Refusal`."""

    at: float
    gate: str
    result: str


class Visit(Struct, kw_only=True):
    """A booking as it stands, with its trail."""

    id: str
    name: str
    host: str
    phone: str
    building: str
    starts_at: float
    ends_at: float
    uses: int
    booked_by: str
    booked_at: float
    revoked_at: float | None = None
    trail: list[Use] = field(default_factory=list)


def sign(visit: Visit, key: bytes) -> str:
    """The text of the pass: id, hours and number of uses, signed. It names nobody."""
    times = int(visit.starts_at), min(-int(-visit.ends_at // 1), 2**32 - 1)
    body = _BODY.pack(base64.b32decode(visit.id.upper()), *times, visit.uses)
    return PREFIX + base64.b32encode(body + _mac(body, key)).decode().rstrip("=")


def read(text: str, key: bytes) -> str | None:
    """The id of the visit that a pass belongs to; ``None`` where the signature is not ours."""
    try:
        raw = base64.b32decode(text.removeprefix(PREFIX) + "=" * (-len(text.removeprefix(PREFIX)) % 8))
    except ValueError:
        return None
    body, mac = raw[: _BODY.size], raw[_BODY.size :]
    if not text.startswith(PREFIX) or not hmac.compare_digest(mac, _mac(body, key)):
        return None
    return base64.b32encode(body[:ID_BYTES]).decode().lower()


def judge(visit: Visit, building: str, gate: str, at: float, again_s: float) -> Refusal | None:
    """Tell why the pass of ``visit`` does not let in at ``gate`` of ``building`` at ``at``; ``None``: it does.

    Tries at the same gate within ``again_s`` seconds of one that passed are the same visit: readers read twice.
    """
    if visit.revoked_at is not None:
        return Refusal.REVOKED
    if at < visit.starts_at:
        return Refusal.EARLY
    if at >= visit.ends_at:
        return Refusal.EXPIRED
    if visit.building and building not in ("", visit.building):
        return Refusal.ELSEWHERE
    passed = [use for use in visit.trail if use.result == "passed"]
    if any(use.gate == gate and abs(at - use.at) <= again_s for use in passed):
        return None
    return Refusal.USED if visit.uses and len(passed) >= visit.uses else None


def note(visit: Visit, use: Use, again_s: float) -> bool:
    """Add ``use`` to the trail; ``False`` for one that is there already, or repeats a passage just made."""
    same = (
        past.gate == use.gate
        and past.result == use.result
        and (past.at == use.at or (use.result == "passed" and abs(use.at - past.at) <= again_s))
        for past in visit.trail
    )
    if any(same):
        return False
    visit.trail.append(use)
    return True


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"visitor pass" + body, hashlib.sha256).digest()[:MAC_BYTES]
