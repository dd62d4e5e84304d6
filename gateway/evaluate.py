"""Journal -> reports -> rules -> alerts. What follows from a message commits together with the cursor past it."""

import asyncio
import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog

from alert_rules.alert import RANK, Alert
from alert_rules.engine import Engine
from alert_rules.presence import RULE as PRESENCE
from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Envelope, Reject, Report
from gateway.alerts.book import AlertBook
from gateway.alerts.records import Changes, Checkpoint, Message, Restored
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.clock import Clock, SteadyTime
from gateway.journal.journal import Batch, DeadLetter
from gateway.journal.tail import Decoded, Tail
from gateway.lanes import EVALUATE, LanePipe
from gateway.metrics import Metrics
from gateway.quarantine import Quarantine

log = structlog.get_logger(__name__)
T = TypeVar("T")

CHECKPOINT_S = (5.0, 60.0)
CHECKPOINT_SHARE = 0.01
"""Shortest and longest time between checkpoints, and the share of it that may go into collecting what changed: many
devices make checkpoints rarer, not messages dearer."""

RETRY_S = 1.0
CHUNK = 1_000
TURN = 2_000
"""Messages judged before others get a turn: about 10 ms, and no fewer than arrive meanwhile in a storm."""
MAX_CHANGED = 1_000
"""Devices noted as changed from one look to the next; consoles are shown no more in a second."""

HEARING_S = 10.0
"""After a start timers wait this long for the broker, and ..."""
BACKLOG_S = 1.0
"""... this long for what it kept."""
CHECKPOINT_TIME = "checkpointed_at_ms"
STEADY = "steady_"


class Evaluator:
    """Judges what the lanes bring, alarm lane first, and keeps engine, alerts and cursors in step with the store."""

    def __init__(
        self,
        engine: Engine,
        book: AlertBook,
        quarantine: Quarantine,
        store: AlertStore,
        lanes: dict[Lane, LanePipe],
        clock: Clock,
        steady: SteadyTime,
        metrics: Metrics,
        publish: Callable[[Alert, bool], None],
        offer: Callable[[Message], None],
    ) -> None:
        self.problem = ""
        self.passages: Callable[[Report], None] | None = None
        self.changed_devices: set[str] = set()
        self.saved_cursors: dict[str, int] = {}
        self._engine = engine
        self._book = book
        self._quarantine = quarantine
        self._store = store
        self._lanes = lanes
        self._decoder = next(iter(lanes.values())).decoder
        self._clock = clock
        self._steady = steady
        self._metrics = metrics
        self._publish = publish
        self._offer = offer
        self._thread = ThreadPoolExecutor(1, "alerts")
        self._lock = asyncio.Lock()
        self._rejects: dict[Lane, list[DeadLetter]] = {lane: [] for lane in lanes}
        self._wake = asyncio.Event()
        for pipe in lanes.values():
            pipe.listeners.append(self._wake)
        self._checkpointed = clock.monotonic()
        self._checkpoint_s = CHECKPOINT_S[0]
        self._evaluated = False
        self._stopping = False
        self._held_until = clock.now() + HEARING_S

    def restore(self, restored: Restored, resolved: Iterable[str]) -> None:
        """Continue where the last checkpoint stood."""
        now = self._clock.now()
        cursors = restored.cursors
        self._steady.restore({name[len(STEADY) :]: cursors[name] for name in cursors if name.startswith(STEADY)})
        self._book.load(restored.alerts, resolved, restored.escalations)
        at = restored.cursors.get(CHECKPOINT_TIME)
        self._engine.restore(restored.rule_states, restored.twins, at / 1000 if at else now, now)
        for lane, pipe in self._lanes.items():
            pipe.start_evaluation(restored.cursors.get(str(lane)))
            self.saved_cursors[str(lane)] = pipe.tails[EVALUATE].position
        if unread := self._decoder.remember(restored.memories):
            log.warning(
                "dialect_memory_unread", parts=unread, remedy="restart the devices' bridge so that it announces"
            )
        for stranger in restored.strangers:
            self._quarantine.known[stranger.device] = stranger

    async def run(self) -> None:
        """Evaluate until ``stop``, then until the lanes are empty."""
        turn = 0
        while True:
            done = await self._next()
            if not done:
                if self._stopping:
                    break
                self._judge_time()
            if self._book.next_escalation() <= self._steady.now():
                self._apply(self._book.escalate(self._clock.now()))
            if self._book.changed or self._checkpoint_due():
                await self._save()
            turn += done or TURN
            if turn >= TURN:
                turn = 0
                await (asyncio.sleep(0) if done else self._sleep())
        await self._save()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def in_thread(self, call: Callable[..., T], *args: Any) -> T:
        """Run ``call`` in the thread that owns writing to the store."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, functools.partial(call, *args))

    def unsaved(self, pipe: LanePipe, envelopes: list[Envelope]) -> None:
        """The journal refused these; judge them all the same. When they are committed at last they are duplicates."""
        if pipe.lane is Lane.ALARM:
            self._judge(Decoded(Batch(0, envelopes), pipe.decoder).reports)
            self._wake.set()

    async def tell(self, report: Report) -> None:
        """Judge what the gateway itself found out about a device, and commit what follows."""
        self._judge([report])
        with contextlib.suppress(StoreUnavailable):
            await self.flush()

    def hearing(self, able: bool) -> None:
        """Note whether the gateway hears its devices at all."""
        now = self._clock.now()
        self._engine.hearing(able, now)
        if able:
            self._held_until = min(self._held_until, now + BACKLOG_S)

    def reset(self, alert: Alert) -> None:
        """A person resolved ``alert``: its rule forgets the latch."""
        if alert.rule != PRESENCE:
            self._engine.reset(alert.rule, alert.device, alert.subject)

    def reviewing(self) -> None:
        """Schedules or limits changed: look at every open alert again at the next turn."""
        self._book.review_due_at_once()
        self._wake.set()

    async def review(self) -> None:
        """A suppression changed: let the open alerts know. What the disk refuses now is written later."""
        self._apply(self._book.review(self._clock.now()))
        with contextlib.suppress(StoreUnavailable):
            await self.flush()

    async def flush(self) -> None:
        """Commit everything pending in one transaction, then show it.

        Raises:
            StoreUnavailable: the store refused; the changes stay pending, are shown as unsaved and will be retried.
        """
        async with self._lock:
            changes = self._take()
            try:
                await self._bury()
                await self.in_thread(self._store.commit, changes)
            except StoreUnavailable as error:
                self._give_back(changes, str(error))
                raise
            self._done(changes)

    async def _next(self) -> int:
        """Evaluate what waits, alarm lane first; return how many messages, or 0 when there are none."""
        for pipe in self._lanes.values():
            tail = pipe.tails[EVALUATE]
            batches = _waiting(tail, TURN if pipe.lane is Lane.ALARM else 1)
            if not batches and tail.lag > 0:
                batches = await pipe.load(EVALUATE, CHUNK)
            if batches:
                self._evaluate(pipe, batches)
                return sum(len(decoded.batch.envelopes) for decoded in batches)
        return 0

    def _evaluate(self, pipe: LanePipe, batches: list[Decoded]) -> None:
        self._evaluated = True
        reports: list[Report] = []
        for decoded in batches:
            for seq, envelope, reject in decoded.rejects:
                self._refuse(pipe, seq, envelope, reject)
            reports += decoded.reports
        fires, others = _fire_first(reports) if pipe.lane is Lane.ALARM else ([], reports)
        if fires:
            # Nothing the others say later may count as overdue yet.
            self._judge(fires, min(report.received_at for report in reports))
        self._judge(others)
        self._metrics.reports.labels(pipe.lane).inc(len(reports))

    def _judge(self, reports: list[Report], now: float | None = None) -> None:
        """Show reports to the rules, each at its receipt or all at ``now``."""
        observe, passages = self._engine.observe, self.passages
        changed, watched = self.changed_devices, self._book.watched
        if len(changed) < MAX_CHANGED:
            changed.update([report.device for report in reports])
        for report in reports:
            # A message decoded before its device was adopted does not make it a stranger again.
            if not report.registered and report.device not in self._engine.subjects:
                self._quarantine.note(report)
            try:
                said = observe(report, report.received_at if now is None else now)
            except Exception:
                # One rule that fails on one report must not take the fire alarm behind it along.
                log.exception("rule_failed", device=report.device, at=report.at)
                self._metrics.rule_failures.inc()
                continue
            if said:
                self._apply(self._book.apply(said))
            if passages is not None and report.events and report.kind is DeviceKind.ACCESS_GATE:
                passages(report)
            if watched and report.device in watched and (subject := self._engine.subjects.get(report.device)):
                self._apply(self._book.seen(subject.twin, report.received_at))

    def _judge_time(self) -> None:
        """Every lane is empty: time may pass up to now.

        Right after a start the broker still holds what came meanwhile, perhaps the end of what a timer would raise.
        """
        now = self._clock.now()
        if now < self._held_until:
            return
        said = self._engine.advance(now)
        if said:
            self._apply(self._book.apply(said))
        if self._book.review_due() <= now:
            self._apply(self._book.review(now))

    def _apply(self, moved: list[Alert]) -> None:
        for alert in moved:
            self.changed_devices.add(alert.device)
        for alert in self._book.take_opened():
            self._metrics.alerts_raised.labels(alert.rule).inc()

    def _refuse(self, pipe: LanePipe, seq: int, envelope: Envelope, reject: Reject) -> None:
        letter = DeadLetter(
            envelope.received_at, envelope.topic, envelope.payload, str(reject.reason), reject.detail, seq
        )
        self._rejects[pipe.lane].append(letter)
        self._metrics.rejected.labels(reject.reason).inc()

    def _checkpoint_due(self) -> bool:
        return self._evaluated and self._clock.monotonic() - self._checkpointed >= self._checkpoint_s

    def audit(self) -> None:
        """See that every open alert which nobody handles has its next step ahead."""
        stuck = self._book.audit_escalations(self._clock.now())
        for alert in stuck:
            log.error("escalation_stuck", alert=alert.id, rule=alert.rule)
            self._metrics.escalations_repaired.inc()
        if stuck:
            self._apply(stuck)
            self._wake.set()

    async def _save(self) -> None:
        try:
            await self.flush()
        except StoreUnavailable:
            await self._sleep()

    async def _sleep(self) -> None:
        """Wait for news, the next timer or the next checkpoint."""
        ahead = min(self._engine.next_due() - self._clock.now(), self._book.next_escalation() - self._steady.now())
        wait = min(max(ahead, 0.0), RETRY_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._wake.wait()
        self._wake.clear()

    def _take(self) -> Changes:
        began = self._clock.monotonic()
        changes = self._book.take()
        states, twins = self._engine.checkpoint()
        cursors = {str(lane): pipe.tails[EVALUATE].position for lane, pipe in self._lanes.items()}
        cursors[CHECKPOINT_TIME] = int(self._clock.now() * 1000)
        cursors |= {STEADY + name: value for name, value in self._steady.save().items()}
        changes.checkpoint = Checkpoint(
            rule_states=states,
            twins=twins,
            cursors=cursors,
            memories=self._decoder.take_memory(),
            quarantine=self._quarantine.take(),
        )
        self._evaluated = False
        self._checkpointed = self._clock.monotonic()
        shortest, longest = CHECKPOINT_S
        self._checkpoint_s = min(max(shortest, (self._checkpointed - began) / CHECKPOINT_SHARE), longest)
        return changes

    async def _bury(self) -> None:
        """Keep the dead letters before the cursor passes them."""
        for lane, letters in self._rejects.items():
            if not letters:
                continue
            self._rejects[lane] = []
            try:
                await self._lanes[lane].write(self._lanes[lane].journal.bury, letters)
            except sqlite3.OperationalError as error:
                self._rejects[lane] = letters + self._rejects[lane]
                raise StoreUnavailable(f"the journal refused dead letters: {error}") from error

    def _give_back(self, changes: Changes, why: str) -> None:
        if not self.problem:
            log.error("alert_store_refused", error=why)
        self.problem = why
        self._book.give_back(changes)
        if kept := changes.checkpoint:
            self._engine.memory.dirty |= {(rule, device) for rule, device, _ in kept.rule_states if rule != PRESENCE}
            self._engine.dirty_shards |= {shard for shard, _ in kept.twins}
            self._decoder.give_back_memory(kept.memories)
            self._quarantine.dirty |= {stranger.device for stranger in kept.quarantine}
            self._evaluated = True
        for alert in sorted(changes.alerts, key=lambda alert: RANK[alert.severity]):
            self._publish(alert, False)
        for message in changes.messages:
            self._offer(message)

    def _done(self, changes: Changes) -> None:
        if self.problem:
            log.info("alert_store_recovered")
        self.problem = ""
        self._book.saved()
        if changes.checkpoint:
            self.saved_cursors = changes.checkpoint.cursors
        now = self._clock.now()
        raised = {entry.alert for entry in changes.entries if entry.action == "raise"}
        for alert in sorted(changes.alerts, key=lambda alert: RANK[alert.severity]):
            if alert.id in raised:
                self._metrics.alert_seconds.observe(max(now - alert.received_at, 0.0))
            self._publish(alert, True)


def _waiting(tail: Tail, messages: int) -> list[Decoded]:
    """Take batches from memory until there are so many ``messages``: one fire among them need not wait for the rest."""
    batches: list[Decoded] = []
    count = 0
    while count < messages and (decoded := tail.pop()) is not None:
        batches.append(decoded)
        count += len(decoded.batch.envelopes)
    return batches


def _fire_first(reports: list[Report]) -> tuple[list[Report], list[Report]]:
    """Part what fire detectors say from the rest of a batch in which one of them gives alarm."""
    if not any(report.kind is DeviceKind.SMOKE_DETECTOR and True in report.states.values() for report in reports):
        return [], reports
    fires = [report for report in reports if report.kind is DeviceKind.SMOKE_DETECTOR]
    return fires, [report for report in reports if report.kind is not DeviceKind.SMOKE_DETECTOR]
