"""How the gateway itself is: for the console, for ``/readyz`` and for Prometheus."""

from collections import Counter
from typing import Any

from alert_rules.alert import INHIBITED, Severity
from alert_rules.engine import Engine
from alert_rules.flapping import FLAPPING
from alert_rules.suppression import Means
from devices.dialects.dialect import Lane
from gateway.alerts.book import AlertBook
from gateway.evaluate import Evaluator
from gateway.history.drain import Drain
from gateway.history_feed import HistoryFeed, Positions
from gateway.ingest.intake import Intake
from gateway.journal.journal import DeadLetter
from gateway.lanes import EVALUATE, LanePipe
from gateway.metrics import Metrics
from gateway.reload import Reloader

SHOWN_PAYLOAD = 500


class HealthDesk:
    """Implements the API's port. ``problems`` name what is wrong in words an operator can act on."""

    def __init__(
        self,
        lanes: dict[Lane, LanePipe],
        intakes: dict[Lane, Intake],
        feed: HistoryFeed,
        drain: Drain[Positions],
        engine: Engine,
        evaluator: Evaluator,
        book: AlertBook,
        metrics: Metrics,
    ) -> None:
        self.audit_head: tuple[int, str] = (0, "")
        self.reloader: Reloader | None = None
        self._lanes = lanes
        self._intakes = intakes
        self._feed = feed
        self._drain = drain
        self._engine = engine
        self._evaluator = evaluator
        self._book = book
        self._metrics = metrics
        self._counted: Counter[str] = Counter()

    def snapshot(self) -> dict[str, Any]:
        problems = self._problems()
        return {
            "ready": not any(p["code"] in ("broker", "journal", "store") for p in problems),
            "problems": problems,
            "lanes": {str(lane): self._lane(lane, pipe) for lane, pipe in self._lanes.items()},
            "connected": {str(lane): pipe.connected for lane, pipe in self._lanes.items()},
            "counters": {
                "received": sum(intake.received for intake in self._intakes.values()),
                "rejected": sum(sum(intake.rejected.values()) for intake in self._intakes.values()),
                "alerts_open": len(self._book.open_alerts()),
            },
            "audit": {"head_seq": self.audit_head[0], "head_hash": self.audit_head[1]},
        }

    async def dead_letters(self, limit: int) -> list[dict[str, Any]]:
        found: list[tuple[Lane, DeadLetter]] = []
        for lane, pipe in self._lanes.items():
            found += [(lane, letter) for letter in await pipe.dead_letters(limit)]
        found.sort(key=lambda item: item[1].at, reverse=True)
        return [_letter_view(lane, letter) for lane, letter in found[:limit]]

    def measure(self) -> None:
        """Bring the gauges up to date; called once a second rather than once a message."""
        m = self._metrics
        for lane, pipe in self._lanes.items():
            m.journal_head.labels(lane).set(pipe.journal.head)
            m.journal_damaged.labels(lane).set(pipe.damaged)
            m.connected.labels(lane).set(pipe.connected)
            state = self._lane(lane, pipe)
            m.lag.labels("evaluate", lane).set(state["evaluate_lag"])
            m.lag.labels("history", lane).set(state["history_lag"])
            self._count(m.received.labels(lane), f"received/{lane}", self._intakes[lane].received)
            for reason, count in self._intakes[lane].rejected.items():
                self._count(m.rejected.labels(reason), f"rejected/{lane}/{reason}", count)
        m.duplicates.set(self._engine.duplicates)
        m.history_written.set(self._drain.written)
        m.history_bad.set(self._drain.bad)
        severities = Counter(alert.severity for alert in self._book.open_alerts())
        for severity in Severity:
            m.alerts_open.labels(severity).set(severities[severity])
        suppressed = [alert.suppressed_by for alert in self._book.open_alerts() if alert.suppressed_by]
        for means in (*Means, FLAPPING):
            m.alerts_suppressed.labels(means).set(sum(reference.startswith(means) for reference in suppressed))
        m.alerts_inhibited.set(sum(reference.startswith(INHIBITED) for reference in suppressed))

    def _count(self, counter: Any, key: str, total: int) -> None:
        counter.inc(total - self._counted[key])
        self._counted[key] = total

    def _lane(self, lane: Lane, pipe: LanePipe) -> dict[str, int]:
        head = pipe.journal.head
        return {
            "head": head,
            "evaluate_lag": max(head - pipe.tails[EVALUATE].position, 0),
            "history_lag": max(head - self._feed.committed[lane], 0),
        }

    def _problems(self) -> list[dict[str, str]]:
        found = []
        for lane, pipe in self._lanes.items():
            if not pipe.connected:
                found.append(("broker", f"{lane} lane: no session with the broker; devices are not heard"))
            if pipe.problem:
                found.append(("journal", f"{lane} lane cannot be written: {pipe.problem}; free disk space"))
            if pipe.damaged:
                found.append(("damage", f"{lane} lane: {pipe.damaged} messages were damaged on disk, set aside"))
        if self._evaluator.problem:
            found.append(("store", f"alerts cannot be saved, shown from memory: {self._evaluator.problem}"))
        if self._drain.problem:
            found.append(("history", f"history waits, nothing is lost: {self._drain.problem}"))
        if self.reloader and self.reloader.problem:
            found.append(("reload", self.reloader.problem))
        return [{"code": code, "detail": detail} for code, detail in found]


def _letter_view(lane: Lane, letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "lane": str(lane),
        "seq": letter.seq,
        "at": letter.at,
        "topic": letter.topic,
        "reason": letter.reason,
        "detail": letter.detail,
        "payload": letter.payload[:SHOWN_PAYLOAD].decode("utf-8", "replace"),
    }
