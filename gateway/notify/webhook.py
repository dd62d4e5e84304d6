"""Posts signed CloudEvents to a web server: one attempt, bounded in time, never redirected, to the address checked."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.errors import OperatorError
from gateway.notify.cloudevents import CONTENT_TYPE, cloud_event, encode
from gateway.notify.ports import Reveal, Undelivered
from gateway.notify.scrub import ERROR_LIMIT, Scrub
from gateway.notify.signing import signed_headers, signing_key
from gateway.notify.target import Refused, Resolve, Target, resolve, target_of
from gateway.site import Channel

CONNECT_S = 5.0
ANSWER_S = 10.0
"""From the first byte to the status line, however slowly they drip."""


class Webhook:
    """One channel of kind ``webhook``. Address and key are read anew for each event."""

    per_minute = 0  # programs are told of every change by itself

    def __init__(self, channel: Channel, reveal: Reveal, scrub: Scrub, source: str, ask: Resolve = resolve) -> None:
        assert channel.url is not None  # noqa: S101 - the site file's model saw to it
        assert channel.signing_key is not None  # noqa: S101 - likewise
        self._url, self._key = channel.url, channel.signing_key
        self._channel = channel
        self._reveal = reveal
        self._scrub = scrub
        self._source = source
        self._ask = ask

    def deliver(self, stage: str, alert: Mapping[str, Any], key: str) -> str:
        """Send; see ``Endpoint``. Any 2xx confirms; ``webhook-id`` is the event's id, the same at every attempt."""
        event = cloud_event(alert, self._source)
        body = encode(event)
        try:
            url, secret = self._secrets()
            target = target_of(url, self._channel.allow_private, self._ask)
            headers = signed_headers(secret, event["id"], time.time(), body)
            status = post(target, body, {"Content-Type": CONTENT_TYPE, **headers}, trusted(target, self._channel.ca))
        except (OperatorError, KeyError, Refused, ValueError, OSError, http.client.HTTPException) as error:
            raise self._undelivered(str(error) or type(error).__name__) from None
        if 300 <= status < 400:
            raise self._undelivered(f"answered {status}; redirects are not followed, give the final address")
        if not 200 <= status < 300:
            raise self._undelivered(f"answered {status}")
        return f"answered {status}"

    def _secrets(self) -> tuple[str, bytes]:
        url = self._reveal(self._url).strip()
        self._scrub.learn(url)
        secret = self._reveal(self._key).strip()
        try:
            return url, signing_key(secret)
        except ValueError as error:
            raise ValueError(f"its signing_key cannot be used: {error}") from None

    def _undelivered(self, why: str) -> Undelivered:
        return Undelivered(f"channel {self._channel.name}: {self._scrub.text(' '.join(why.split()))}"[:ERROR_LIMIT])


def trusted(target: Target, ca: Path | None) -> ssl.SSLContext | None:
    """Build the context that checks the receiver's certificate and name; ``None`` where http is spoken."""
    if not target.secure:
        return None
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def post(target: Target, body: bytes, headers: Mapping[str, str], tls: ssl.SSLContext | None) -> int:
    """Post ``body`` and return the status; raises as :func:`exchange` does."""
    return exchange("POST", target, body, headers, tls)[0]


def exchange(
    method: str,
    target: Target,
    body: bytes | None,
    headers: Mapping[str, str],
    tls: ssl.SSLContext | None,
    most: int = 0,
) -> tuple[int, bytes]:
    """Make one request; return the status and at most ``most`` bytes of the answer.

    Raises:
        OSError, http.client.HTTPException: no connection, a certificate that does not fit, no answer in time.
    """
    connection = _Pinned(target, tls)
    limit = threading.Timer(CONNECT_S + ANSWER_S, connection.abort)
    limit.start()
    try:
        connection.request(method, target.path, body, {**headers, "User-Agent": "community-gateway"})
        with connection.getresponse() as answer:
            status, said = answer.status, answer.read(most) if most else b""
    except (OSError, http.client.HTTPException):
        if not connection.late:
            raise
    finally:
        limit.cancel()
        connection.close()
    if connection.late:  # also where the answer that we cut off looks whole
        raise TimeoutError(f"no answer within {CONNECT_S + ANSWER_S:g} s")
    return status, said


class _Pinned(http.client.HTTPConnection):
    """Connects to the addresses that were checked; the name serves the certificate and the Host header only."""

    def __init__(self, target: Target, tls: ssl.SSLContext | None) -> None:
        super().__init__(target.host, target.port, timeout=ANSWER_S)
        if target.secure:
            self.default_port = http.client.HTTPS_PORT
        self.late = False
        self._target = target
        self._tls = tls

    def connect(self) -> None:
        sock = self._connected()
        sock.settimeout(ANSWER_S)
        self.sock = sock
        if self._tls:
            self.sock = self._tls.wrap_socket(sock, server_hostname=self._target.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def abort(self) -> None:
        """End whatever is under way."""
        self.late = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def _connected(self) -> socket.socket:
        failure: OSError | None = None
        for address in self._target.addresses:
            try:
                return socket.create_connection((address, self._target.port), CONNECT_S)
            except OSError as error:
                failure = error
        raise failure or OSError("no address to connect to")
