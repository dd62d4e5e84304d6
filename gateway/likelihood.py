"""Once a quarter, what people's verdicts say of each rule: how likely its alerts are true, and so how grave."""

import asyncio
from typing import Any

import structlog

from alert_rules import severity
from alert_rules.alert import MACHINE, RANK, Entry, Severity
from alert_rules.calendar import Calendar
from alert_rules.severity import Likelihood, Review, RiskMatrix
from gateway.alerts.store import AlertStore
from gateway.evaluate import Evaluator

log = structlog.get_logger(__name__)


class LikelihoodDesk:
    """Reviews each quarter after its end, also when nobody ran at that moment."""

    def __init__(
        self,
        matrix: RiskMatrix,
        store: AlertStore,
        evaluator: Evaluator,
        calendar: Calendar,
        fire_rules: frozenset[str],
    ) -> None:
        self._matrix = matrix
        self._store = store
        self._evaluator = evaluator
        self._calendar = calendar
        self._fire_rules = fire_rules
        self._reviews = store.reviews()
        self._done = {each.quarter for each in self._reviews}
        for each in self._reviews:
            matrix.learn(each)

    def reviews(self) -> list[dict[str, Any]]:
        """Every review, the latest first."""
        return [review_view(each) for each in reversed(self._reviews)]

    async def review(self, now: float) -> None:
        """Review the last quarter, unless that was done; one nobody judged anything in leaves no trace.

        Raises:
            StoreUnavailable: the store refused; nothing changed.
        """
        quarter, start, end = severity.quarter_before(now, self._calendar)
        if quarter in self._done:
            return
        made = await asyncio.to_thread(self._estimate, quarter, start, end, now)
        if made.estimates:
            await self._evaluator.in_thread(self._store.keep_review, made, entry_of(made))
            self._reviews.append(made)
            self._matrix.learn(made)
            log.info("likelihood_reviewed", quarter=quarter, changed=[e.rule for e in made.estimates if e.changed])
        self._done.add(quarter)

    def _estimate(self, quarter: str, start: float, end: float, now: float) -> Review:
        alerts = self._store.raised_between(start, end)
        return severity.review(quarter, alerts, self._matrix.likelihoods, self._fire_rules, now)


def entry_of(made: Review) -> Entry:
    """What the audit chain says of a review: every change with the verdicts behind it."""
    changes = [
        {"rule": e.rule, "true": e.true, "judged": e.judged, "before": e.before, "after": e.likelihood}
        for e in made.estimates
        if e.changed
    ]
    detail = {"quarter": made.quarter, "rules": len(made.estimates), "changes": changes}
    return Entry(made.at, MACHINE, "likelihood_review", "", detail)


def review_view(made: Review) -> dict[str, Any]:
    """A review as the API and the command line show it; ``lowers`` are the severities it lowers, and to what."""
    rows = [
        {
            "rule": e.rule,
            "true": e.true,
            "judged": e.judged,
            "before": e.before,
            "likelihood": e.likelihood,
            "changed": e.changed,
            "lowers": lowered(e.likelihood),
        }
        for e in made.estimates
    ]
    return {"quarter": made.quarter, "at": made.at, "estimates": rows}


def lowered(likelihood: Likelihood) -> dict[str, Severity]:
    """Which declared severities an alert of this likelihood does not keep."""
    found = {declared: severity.MATRIX[declared][likelihood] for declared in Severity}
    return {declared: becomes for declared, becomes in found.items() if RANK[becomes] > RANK[declared]}
