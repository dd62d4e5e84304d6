"""One MQTT 5 session: connect, subscribe, hand over what arrives, acknowledge only when told to.

The codec is ``mqtt5``; the session is persistent (fixed client id, expiry, no clean start), so the broker holds what is
not acknowledged. One ``data_received`` may carry hundreds of messages; they are handed over together.
"""

import asyncio
import contextlib
import random
import ssl
import struct
from collections.abc import Callable, Sequence
from typing import Any, cast

import mqtt5
import structlog
from msgspec import Struct

log = structlog.get_logger(__name__)

CONNECT_TIMEOUT_S = 10.0
BACKOFF_S = (0.5, 10.0)
"""First and longest wait between attempts. A site has two sessions, no herd; and while they wait no fire is heard."""

STEADY_S = 1.0
"""A session that stood this long was no flapping one: the next attempt is soon again."""

MAX_PACKET_BYTES = 4_000_000
PUBACK = 0x4002
"""The first half of a successful PUBACK (MQTT 5, section 3.4); packed in bulk, at a tenth of the codec's time."""

LEAVE_S = 2.0
"""The broker closes the connection once it has read our DISCONNECT; one that does not is left after this long."""

REFUSED = 0x80
"""Reason codes from here on are failures (MQTT 5, section 2.4)."""


class SessionOptions(Struct, frozen=True):
    """How to reach the broker and what to ask of it."""

    host: str
    port: int
    client_id: str
    filters: tuple[str, ...]
    username: str | None = None
    password: bytes | None = None
    tls: ssl.SSLContext | None = None
    session_expiry_s: int = 86_400
    keep_alive_s: int = 10
    receive_maximum: int = 2_000


class Connection(asyncio.Protocol):
    """One TCP connection of a session; its packet ids mean nothing on the next one."""

    def __init__(self, options: SessionOptions, on_messages: "OnMessages") -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[bool] = loop.create_future()
        self.closed: asyncio.Future[str] = loop.create_future()
        self._options = options
        self._on_messages = on_messages
        self._rest = b""
        self._transport: asyncio.Transport
        self._leaving = False
        self._heard = loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        o = self._options
        self._transport.write(
            mqtt5.ConnectPacket(
                client_id=o.client_id,
                username=o.username,
                password=o.password,
                clean_start=False,
                keep_alive=o.keep_alive_s,
                session_expiry_interval=o.session_expiry_s,
                receive_max=o.receive_maximum,
                max_packet_size=MAX_PACKET_BYTES,
            ).write()
        )

    def data_received(self, data: bytes) -> None:
        self._heard = asyncio.get_running_loop().time()
        if self._leaving:
            return
        if self._rest:
            data = self._rest + data
        messages: list[mqtt5.PublishPacket] = []
        try:
            used = self._parse(data, messages)
        except BaseException as error:
            # The codec's native part panics on text that is not UTF-8, and a panic is no Exception.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            self.fail(f"the broker sent what is not MQTT 5: {error}")
            return
        self._rest = data[used:]
        if len(self._rest) > MAX_PACKET_BYTES:
            self.fail(f"the broker sends a packet of more than the {MAX_PACKET_BYTES} bytes we take")
        if messages:
            self._on_messages(self, messages)

    def _parse(self, data: bytes, messages: list[mqtt5.PublishPacket]) -> int:
        """Collect the messages among the whole packets in ``data``; return the bytes used."""
        read = mqtt5.read
        publish = mqtt5.PublishPacket
        view = memoryview(data)
        used, end = 0, len(data)
        while used < end:
            try:
                packet, size = read(view[used:])
            except IndexError:
                break
            used += size
            if type(packet) is publish:
                messages.append(packet)
            else:
                self._control(packet)
        return used

    def _control(self, packet: Any) -> None:
        match packet:
            case mqtt5.ConnAckPacket():
                self._on_connack(packet)
            case mqtt5.SubAckPacket():
                self._on_suback(packet)
            case mqtt5.DisconnectPacket():
                self.fail(f"the broker ended the session: {packet.reason_code.name}")

    def _on_connack(self, packet: mqtt5.ConnAckPacket) -> None:
        if packet.reason_code != mqtt5.ConnAckReasonCode.SUCCESS:
            self.fail(f"the broker refused us: {packet.reason_code.name}; check mqtt.username, mqtt.password, mqtt.tls")
            return
        filters = [
            mqtt5.TopicFilter(
                f,
                max_qos=mqtt5.QoS.AT_LEAST_ONCE,
                retain_as_published=False,
                retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
            )
            for f in self._options.filters
        ]
        self._transport.write(mqtt5.SubscribePacket(1, filters).write())

    def _on_suback(self, packet: mqtt5.SubAckPacket) -> None:
        answers = zip(self._options.filters, packet.reason_codes, strict=True)
        refused = [wanted for wanted, code in answers if int(code) >= REFUSED]
        if refused:
            self.fail(f"the broker refuses subscription to {', '.join(refused)}; check its access list")
        elif not self.ready.done():
            self.ready.set_result(True)

    async def agreed(self) -> bool:
        """Wait for the subscription's answer; ``False`` when the connection ended before.

        It may come behind thousands of messages that waited for us, so only silence counts: leaving a broker that
        delivers would bring the same messages again, and never an end.

        Raises:
            TimeoutError: the broker was silent for ``CONNECT_TIMEOUT_S``.
        """
        loop = asyncio.get_running_loop()
        while not self.ready.done():
            patience = self._heard + CONNECT_TIMEOUT_S - loop.time()
            if patience <= 0 and self._transport.is_reading():
                raise TimeoutError
            await asyncio.wait((self.ready,), timeout=max(patience, 0.1))
        return self.ready.result()

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Send PUBACK for each id, in order, in one write. On a closed connection the broker sends again instead."""
        if not self.closed.done():
            words = [PUBACK] * (2 * len(packet_ids))
            words[1::2] = packet_ids
            self._transport.write(struct.pack(f">{len(words)}H", *words))

    def publish(self, topic: str, payload: bytes) -> None:
        """Send at QoS 0; on a closed connection it is lost, as QoS 0 may be."""
        if not self.closed.done():
            self._transport.write(mqtt5.PublishPacket(topic, payload).write())

    async def supervise(self) -> None:
        """Ping within the keep-alive and give up on a broker silent for one and a half (MQTT 5, section 3.1.2.10)."""
        loop = asyncio.get_running_loop()
        interval = self._options.keep_alive_s
        ping = mqtt5.PingReqPacket().write()
        while not self.closed.done():
            if not self._leaving:
                self._transport.write(ping)
            await asyncio.wait((self.closed,), timeout=interval * 0.5)
            if loop.time() - self._heard > interval * 1.5 and self._transport.is_reading():
                self.fail(f"the broker was silent for {interval * 1.5:g} s")

    def pause(self) -> None:
        """Stop reading; what is in flight stays with the broker."""
        if not self.closed.done():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if not self.closed.done():
            self._transport.resume_reading()

    def disconnect(self) -> None:
        """Leave in good order, keeping the session. The broker closes, not we.

        Closing over bytes not yet read resets the connection, and the acknowledgements in flight would be lost with it.
        """
        if not self.closed.done() and not self._leaving:
            self._leaving = True
            self._transport.write(mqtt5.DisconnectPacket().write())
            self._transport.resume_reading()
            asyncio.get_running_loop().call_later(LEAVE_S, self._transport.abort)

    def fail(self, why: str) -> None:
        """Drop the connection."""
        self._end(why)
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "the broker closed the connection")

    def _end(self, why: str) -> None:
        if not self.closed.done():
            self.closed.set_result(why)
        if not self.ready.done():
            self.ready.set_result(False)


OnMessages = Callable[[Connection, list[mqtt5.PublishPacket]], None]


class Session:
    """Keeps one connection up, with jittered exponential backoff between attempts.

    ``on_connected(bool)`` follows every change.
    """

    def __init__(self, options: SessionOptions, on_messages: OnMessages, on_connected: Callable[[bool], None]) -> None:
        self.options = options
        self.connected = False
        self._on_messages = on_messages
        self._on_connected = on_connected
        self._connection: Connection | None = None
        self._stood_s = 0.0
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Stay connected until ``stop``."""
        delay = BACKOFF_S[0]
        while not self._stopping.is_set():
            self._stood_s = 0.0
            why = await self._connect_once()
            if self._stopping.is_set():
                return
            if self._stood_s > STEADY_S:
                delay = BACKOFF_S[0]
            wait = random.uniform(delay / 2, delay)  # noqa: S311 - jitter, not a secret
            log.warning("mqtt_disconnected", client_id=self.options.client_id, why=why, retry_in_s=round(wait, 1))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()
            delay = min(delay * 2, BACKOFF_S[1])

    async def _connect_once(self) -> str:
        """Connect and stay; return why the connection ended."""
        o = self.options
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, connection = await loop.create_connection(
                    lambda: Connection(o, self._on_messages), o.host, o.port, ssl=o.tls
                )
            self._connection = connection
            ready = await connection.agreed()
        except (OSError, TimeoutError) as error:
            if self._connection is not None:
                self._connection.fail("no answer")
            return f"{o.host}:{o.port}: {str(error) or 'no answer'}"
        if ready:
            self._set_connected(True)
            since = loop.time()
            await connection.supervise()
            self._stood_s = loop.time() - since
        self._connection = None
        self._set_connected(False)
        return await connection.closed

    def _set_connected(self, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            self._on_connected(connected)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send at QoS 0; lost while the broker is away."""
        if self._connection is not None:
            self._connection.publish(topic, payload)

    def pause(self) -> None:
        """Stop taking in messages."""
        self._stopping.set()
        if self._connection is not None:
            self._connection.pause()

    def stop(self) -> None:
        """Leave the broker; the session stays there."""
        self._stopping.set()
        if self._connection is not None:
            self._connection.disconnect()
