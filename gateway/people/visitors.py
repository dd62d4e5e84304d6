"""Visitors: booked by people, let in by gates, forgotten in time. Implements the API's port.

A pass is checked when a gate asks, and when a gate reports that it let somebody in with one. One that is refused
becomes a report of the gate (``pass_refused``), which the rules judge like any other.
"""

import asyncio
import secrets
from base64 import b32encode
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from alert_rules.alert import MACHINE, Entry
from devices.dialects.values import pseudonym
from devices.model import DeviceKind, Event, Report
from devices.registry import Device
from gateway.alerts.database import StoreUnavailable
from gateway.clock import Clock
from gateway.people.passes import ID_BYTES, PREFIX, Booking, Refusal, Use, Visit, judge, note, read, sign
from gateway.people.shelf import Shelf
from gateway.site import Visitors

log = structlog.get_logger(__name__)

KIND = "visit"
KEY_FILE = "visitor.key"
DAY_S = 86_400.0
_visit = msgspec.json.Decoder(Visit)

Tell = Callable[[Report], Awaitable[None]]


class VisitorDesk:
    """The bookings in memory, every change of one on disk before it counts."""

    def __init__(
        self,
        shelf: Shelf,
        in_thread: Callable[..., Awaitable[Any]],
        clock: Clock,
        settings: Visitors,
        key: bytes,
        pseudonym_key: bytes,
        device: Callable[[str], Device | None],
        tell: Tell,
    ) -> None:
        """``key`` signs passes, ``pseudonym_key`` is what vendor dialects hide them by; ``tell`` judges a report."""
        self._shelf, self._in_thread, self._clock = shelf, in_thread, clock
        self._settings, self._key, self._pseudonym_key = settings, key, pseudonym_key
        self._device, self._tell = device, tell
        self._visits: dict[str, Visit] = {}
        self._refs: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        for _, _, body in shelf.load([KIND]):
            self._keep(_visit.decode(body))

    def items(self) -> list[Visit]:
        """Every booking that is not forgotten yet, the one that starts last first."""
        return sorted(self._visits.values(), key=lambda visit: (visit.starts_at, visit.id), reverse=True)

    def get(self, id_: str) -> Visit:
        """Raises KeyError."""
        return self._visits[id_]

    def pass_of(self, visit: Visit) -> str:
        """The text that the visitor's QR code holds."""
        return sign(visit, self._key)

    async def book(self, booking: Booking, actor: str) -> Visit:
        now = self._clock.now()
        id_ = b32encode(secrets.token_bytes(ID_BYTES)).decode().lower()
        visit = Visit(id=id_, booked_by=actor, booked_at=now, **booking.model_dump())
        await self._save(visit, [Entry(now, actor, "book_visitor", "", _public(visit))])
        self._keep(visit)
        return visit

    async def revoke(self, id_: str, actor: str) -> Visit:
        """Let the pass in no more; doing so twice changes nothing. Raises KeyError."""
        visit = self._visits[id_]
        if visit.revoked_at is None:
            now = self._clock.now()
            revoked = msgspec.structs.replace(visit, revoked_at=now)
            await self._save(revoked, [Entry(now, actor, "revoke_visitor", "", {"visitor": id_})])
            visit.revoked_at = now
        return visit

    async def verify(self, text: str, gate: str) -> Refusal | None:
        """Tell why ``gate`` must not open for a pass; ``None``: it may, and one use is gone.

        Raises:
            KeyError: there is no access gate of that id.
            StoreUnavailable: the disk does not take the use; the pass is as good as before.
        """
        if not self._is_gate(gate):
            raise KeyError(gate)
        return await self._try(text, gate, self._clock.now())

    def heard(self, report: Report) -> None:
        """Look at what a gate says of passes. Never waits: the trail is written meanwhile."""
        for event in report.events:
            if event.code not in ("access_granted", "access_denied"):
                continue
            ref = str(event.attributes.get("credential_ref", ""))
            if ref in self._refs or ref.startswith(PREFIX):
                opened = event.code == "access_granted"
                task = asyncio.ensure_future(self._follow(ref, report, opened))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until what was heard is written."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def purge(self) -> None:
        """Forget visits, with their trails, ``visitors.keep_days`` after their end."""
        now = self._clock.now()
        old = [v.id for v in self._visits.values() if v.ends_at < now - self._settings.keep_days * DAY_S]
        if not old:
            return
        entry = Entry(now, MACHINE, "forget_visitors", "", {"count": len(old)})
        await self._in_thread(self._shelf.write, [], [(KIND, id_) for id_ in old], [entry])
        for id_ in old:
            del self._visits[id_]
        self._refs = {ref: id_ for ref, id_ in self._refs.items() if id_ in self._visits}

    async def _follow(self, text: str, report: Report, opened: bool) -> None:
        visit = self._find(text)
        try:
            if opened or visit is None:
                await self._try(text, report.device, report.at)
            elif note(visit, Use(report.at, report.device, "denied"), self._settings.again_s):
                await self._save(visit, [])
        except StoreUnavailable as error:
            log.warning("visitor_trail_unsaved", gate=report.device, error=str(error))

    async def _try(self, text: str, gate: str, at: float) -> Refusal | None:
        """Judge one use, note it, and let the rules know of a refusal."""
        visit = self._find(text)
        if visit is None:  # our own signature under a visit that is forgotten: it ended long ago
            id_ = read(text, self._key)
            unknown = Refusal.EXPIRED if id_ else Refusal.FORGED
            await self._refuse(unknown, id_ or "", gate, at)
            return unknown
        refusal = judge(visit, self._building(gate), gate, at, self._settings.again_s)
        use = Use(at, gate, refusal or "passed")
        if note(visit, use, self._settings.again_s):
            try:
                await self._save(visit, [])
            except StoreUnavailable:
                visit.trail.remove(use)
                raise
            if refusal is not None:
                await self._refuse(refusal, visit.id, gate, at)
        return refusal

    async def _refuse(self, refusal: Refusal, id_: str, gate: str, at: float) -> None:
        device = self._device(gate)
        attributes = {"reason": refusal.value, "credential_type": "qr"} | ({"credential_ref": id_} if id_ else {})
        event = Event("pass_refused", attributes)
        known = device is not None
        report = Report(gate, DeviceKind.ACCESS_GATE, at, self._clock.now(), events=(event,), registered=known)
        await self._tell(report)

    def _find(self, text: str) -> Visit | None:
        """The visit of a pass by its text, or by what a dialect made of it."""
        return self._visits.get(self._refs.get(text, ""))

    def _keep(self, visit: Visit) -> None:
        self._visits[visit.id] = visit
        text = self.pass_of(visit)
        for ref in (text, pseudonym(self._pseudonym_key, text)):
            if ref:
                self._refs[ref] = visit.id

    async def _save(self, visit: Visit, entries: list[Entry]) -> None:
        body = msgspec.json.encode(visit).decode()
        await self._in_thread(self._shelf.write, [(KIND, visit.id, body)], [], entries)

    def _is_gate(self, gate: str) -> bool:
        device = self._device(gate)
        return device is not None and device.kind is DeviceKind.ACCESS_GATE

    def _building(self, gate: str) -> str:
        device = self._device(gate)
        return device.building if device is not None else ""


def _public(visit: Visit) -> dict[str, Any]:
    """What may be kept for ever: nobody's name."""
    return {
        "visitor": visit.id,
        **{name: getattr(visit, name) for name in ("building", "starts_at", "ends_at", "uses")},
    }
