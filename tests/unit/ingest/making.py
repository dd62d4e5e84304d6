"""Packets, a connection that writes down what it is told, and a journal whose answer the test decides."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import mqtt5

from devices.decode import Decoder
from devices.dialects.dialect import Lane
from devices.model import Envelope
from devices.registry import Registry
from gateway.ingest.admit import Admission
from gateway.ingest.intake import Intake, Refusal

NOON = 1_750_000_000.0
TOPIC = "community/home/smoke_detector/{}/event"


def envelope(device: str = "s1", payload: bytes = b"{}", at: float = NOON, channel: str = "event") -> Envelope:
    return Envelope(f"community/home/smoke_detector/{device}/{channel}", payload, at)


def packet(number: int, device: str = "s1", qos: int = 1) -> mqtt5.PublishPacket:
    level = mqtt5.QoS.AT_LEAST_ONCE if qos else mqtt5.QoS.AT_MOST_ONCE
    return mqtt5.PublishPacket(TOPIC.format(device), b"%d" % number, qos=level, packet_id=number if qos else None)


def packets(*numbers: int, qos: int = 1) -> list[mqtt5.PublishPacket]:
    return [packet(number, qos=qos) for number in numbers]


def admission(max_payload_bytes: int = 1_000, rate_per_s: float = 1e6, burst: int = 10**6) -> Admission:
    decoder = Decoder(Registry(), "home")
    return Admission(decoder, max_payload_bytes=max_payload_bytes, rate_per_s=rate_per_s, burst=burst)


class Wire:
    """A connection. ``acked`` in the order of the acknowledgements; ``on_ack`` is called first."""

    def __init__(self, on_ack: Callable[[list[int]], None] = lambda _: None) -> None:
        self.acked: list[int] = []
        self.reading = True
        self.changes: list[str] = []
        self._on_ack = on_ack

    def acknowledge(self, packet_ids: list[int]) -> None:
        self._on_ack(packet_ids)
        self.acked += packet_ids

    def pause(self) -> None:
        self.reading = False
        self.changes.append("pause")

    def resume(self) -> None:
        self.reading = True
        self.changes.append("resume")


class Disk:
    """Where batches go. While ``hold`` is clear a commit hangs; while ``full`` it is refused."""

    def __init__(self) -> None:
        self.hold = asyncio.Event()
        self.hold.set()
        self.full = False
        self.kept: list[list[int]] = []
        self.refused: list[str] = []
        self.attempts = 0
        self.tried = asyncio.Event()

    async def commit(self, envelopes: list[Envelope], refused: list[Refusal]) -> list[int]:
        self.attempts += 1
        self.tried.set()
        await self.hold.wait()
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        self.kept.append([int(envelope.payload) for envelope in envelopes])
        self.refused += [str(reject.reason) for _, reject in refused]
        return self.kept[-1]

    async def another_attempt(self) -> None:
        self.tried.clear()
        async with asyncio.timeout(5):
            await self.tried.wait()
        await settled()


class Bench:
    """An intake on a ``Disk``; ``events`` is what happened, in order."""

    def __init__(self, enough: int = 2_000, **admitting: Any) -> None:
        self.disk = Disk()
        self.unsaved: list[int] = []
        self.well = 0
        self.committed: list[list[int]] = []
        self.intake = Intake(
            Lane.ALARM,
            admission(**admitting),
            self.disk.commit,
            committed=self.committed.append,
            unsaved=lambda envelopes, _: self.unsaved.extend(int(e.payload) for e in envelopes),
            saved=self._saved,
            now=lambda: NOON,
            enough=enough,
        )
        self.running = asyncio.create_task(self.intake.run())

    def _saved(self) -> None:
        self.well += 1

    async def close(self) -> None:
        self.intake.close()
        async with asyncio.timeout(5):
            await self.running


async def settled() -> None:
    """Let everything that can happen now happen."""
    for _ in range(20):
        await asyncio.sleep(0)
