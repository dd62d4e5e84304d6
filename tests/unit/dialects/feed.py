"""Feeds messages to one dialect, in order, as the decoder does."""

import json
from typing import Any
from zoneinfo import ZoneInfo

from devices.decode import Decoder
from devices.dialects.dialect import Command, Context
from devices.model import Envelope, Ignored, Reject, RejectReason, Report
from devices.registry import Device, Registry

NOON = 1_790_000_000.0
NOON_MS = 1_790_000_000_000


class Feed:
    """One dialect with its state; every message comes a second after the one before."""

    def __init__(self, dialect: str, *devices: Device, **options: Any) -> None:
        self.context = Context(zone=ZoneInfo("Asia/Shanghai"), key=b"test")
        self.decoder = Decoder(Registry(devices), "home", {dialect: options}, self.context)
        self.now = NOON

    @property
    def commands(self) -> list[Command]:
        return self.context.commands

    def give(
        self, topic: str, payload: Any, at: float | None = None, retained: bool = False
    ) -> list[Report] | Reject | Ignored:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.now = self.now + 1 if at is None else at
        found = self.decoder.decode(Envelope(topic, body, self.now, retained=retained))
        if isinstance(found, Reject):
            assert "the dialect failed" not in found.detail, found
        return found

    def reports(self, topic: str, payload: Any, at: float | None = None, retained: bool = False) -> list[Report]:
        found = self.give(topic, payload, at, retained)
        assert isinstance(found, list), found
        return found

    def report(self, topic: str, payload: Any, at: float | None = None, retained: bool = False) -> Report:
        (one,) = self.reports(topic, payload, at, retained)
        return one

    def reason(self, topic: str, payload: Any) -> RejectReason:
        found = self.give(topic, payload)
        assert isinstance(found, Reject), found
        assert len(found.detail) < 400
        return found.reason

    def why(self, topic: str, payload: Any) -> str:
        """Give what is understood and holds nothing for us; return why."""
        found = self.give(topic, payload)
        assert isinstance(found, Ignored), found
        return found.why
