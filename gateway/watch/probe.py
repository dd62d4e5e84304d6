"""Asks a gateway how it is: one bounded request each to /healthz and /readyz."""

import http.client
from pathlib import Path
from typing import Any

import msgspec

from gateway.notify.target import Refused, target_of
from gateway.notify.webhook import exchange, trusted
from gateway.watch.silence import Probe

MOST_BYTES = 65_536


def probe(url: str, ca: Path | None = None) -> Probe:
    """Look at the gateway at ``url``; whatever goes wrong is what its answer says."""
    try:
        status, said = _get(url, "/healthz", ca)
        if status != 200:
            return Probe(f"/healthz answers {status}: {_line(said)}")
        status, said = _get(url, "/readyz", ca)
        return _readiness(status, said)
    except (OSError, Refused, ValueError, http.client.HTTPException) as error:
        return Probe(str(error) or type(error).__name__)


def _get(url: str, path: str, ca: Path | None) -> tuple[int, bytes]:
    target = target_of(url.rstrip("/") + path, allow_private=True)
    return exchange("GET", target, None, {}, trusted(target, ca), MOST_BYTES)


def _readiness(status: int, said: bytes) -> Probe:
    try:
        lanes: dict[str, dict[str, Any]] = msgspec.json.decode(said)["lanes"]
        heads = {lane: int(state["head"]) for lane, state in lanes.items()}
        done = {lane: heads[lane] - int(state["evaluate_lag"]) for lane, state in lanes.items()}
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return Probe(f"/readyz answers {status} and not as a gateway does: {_line(said)}")
    why = "" if status == 200 else f"/readyz answers {status}: it takes in or saves nothing; see its console"
    return Probe(why, heads, done)


def _line(said: bytes) -> str:
    return " ".join(said[:80].decode(errors="replace").split()) or "nothing"
