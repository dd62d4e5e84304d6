"""Signs webhooks the way of Standard Webhooks (https://www.standardwebhooks.com): receivers find libraries. Pure."""

import base64
import binascii
import hashlib
import hmac

SHORTEST = 24
"""Bytes of a signing key; the specification asks for 24 to 64."""


def signing_key(secret: str) -> bytes:
    """Read a key: ``whsec_`` and base64, or any text.

    Raises:
        ValueError: it is too short, or no base64 follows ``whsec_``. The message does not repeat it.
    """
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise ValueError("what follows whsec_ is no base64") from None
    else:
        key = secret.encode()
    if len(key) < SHORTEST:
        raise ValueError(f"it has {len(key)} bytes; take {SHORTEST} or more: openssl rand -base64 32")
    return key


def signed_headers(key: bytes, event: str, now: float, body: bytes) -> dict[str, str]:
    """Return the headers that prove who sent ``body`` and when: HMAC-SHA256 over event id, time (seconds) and body."""
    at = str(int(now))
    digest = hmac.digest(key, b".".join((event.encode(), at.encode(), body)), hashlib.sha256)
    return {
        "webhook-id": event,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
