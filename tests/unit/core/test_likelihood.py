"""The quarterly review in the running core: done once, audited, in force after a restart."""

import pytest

from alert_rules.alert import Severity, Verdict
from alert_rules.severity import ENOUGH
from gateway.alerts.records import Changes
from gateway.alerts.store import StoreUnavailable
from gateway.site import Site
from tests.unit.alerts.making import alert
from tests.unit.core.world import NOON, World, running

QUARTER_S = 92 * 86_400.0


def history(world: World, verdict: Verdict) -> None:
    """A quarter ago people judged enough leaks."""
    past = [
        alert("w1", NOON - QUARTER_S + n, rule="water_leak", severity=Severity.MAJOR, subject=str(n))
        for n in range(ENOUGH)
    ]
    for each in past:
        each.verdict = verdict
    world.store.commit(Changes(alerts=past))


async def test_it_is_made_once_audited_and_survives_a_restart(site: Site) -> None:
    async with running(site) as world:
        history(world, Verdict.FALSE_ALARM)
        for _ in range(2):
            await world.gateway._likelihood.review(NOON)
        rows = [row for row in world.store.audit_rows() if row.action == "likelihood_review"]
        (row,) = rows
        assert row.detail["changes"] == [
            {"rule": "water_leak", "true": 0, "judged": ENOUGH, "before": "high", "after": "low"}
        ]
        (made,) = world.gateway._likelihood.reviews()
        assert made["estimates"][0]["lowers"] == {"critical": "major", "major": "minor", "minor": "notice"}
    async with running(site) as world:
        await world.gateway._likelihood.review(NOON)
        assert len(world.gateway._likelihood.reviews()) == 1
        await world.say("w1", seq=1, states={"water_leak": True})
        opened = [each for each in world.alerts() if not each.subject]
        assert [(each.severity, each.attributes["declared_severity"]) for each in opened] == [("minor", "major")]


async def test_what_nobody_judged_leaves_no_trace(site: Site) -> None:
    async with running(site) as world:
        await world.gateway._likelihood.review(NOON)
        assert world.gateway._likelihood.reviews() == []
        assert not list(world.store.audit_rows())


async def test_a_refusing_disk_postpones_it(site: Site) -> None:
    async with running(site) as world:
        history(world, Verdict.FALSE_ALARM)
        with world.refusing_store(), pytest.raises(StoreUnavailable):
            await world.gateway._likelihood.review(NOON)
        assert world.gateway._likelihood.reviews() == []
        await world.gateway._likelihood.review(NOON)
        assert len(world.gateway._likelihood.reviews()) == 1
