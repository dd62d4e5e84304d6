"""From a message to a saved alert; and what a crash at any point leaves behind."""

import asyncio
from typing import Any

import pytest

from alert_rules.alert import Condition, Severity, Verdict
from devices.dialects.dialect import Lane
from gateway.alerts.records import AlertFilter, Changes
from gateway.alerts.store import AlertStore
from gateway.site import Site
from tests.unit.core.world import NOON, Crash, ManualClock, crashing, running

SMOKE = {"smoke": True}


async def test_a_fire_is_an_alert_in_the_store(site: Site) -> None:
    async with running(site) as world:
        await world.say("s1", seq=1, states=SMOKE, measurements={"smoke_density": 0.3})
        (stored,) = world.store.search(AlertFilter(state="open"))
    assert (stored.rule, stored.device, stored.severity) == ("smoke_alarm", "s1", Severity.CRITICAL)
    assert (stored.place.building, stored.place.floor, stored.place.name) == ("b1", "1", "Hall")
    assert stored.registered
    assert stored.raised_at == NOON
    assert stored.reason.values == {"smoke": True, "smoke_density": 0.3}


async def test_it_is_shown_once_and_as_saved(site: Site) -> None:
    async with running(site) as world:
        await world.say("s1", seq=1, states=SMOKE)
        assert [(view["device"], view["saved"]) for view in world.shown] == [("s1", True)]
        assert world.desk.is_saved(world.the_alert().id)


async def test_the_alert_and_the_cursor_are_saved_together(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    committed: list[Changes] = []
    commit = AlertStore.commit

    def note(store: AlertStore, changes: Changes) -> None:
        committed.append(changes)
        commit(store, changes)

    monkeypatch.setattr(AlertStore, "commit", note)
    async with running(site) as world:
        await world.say("s1", seq=1, states=SMOKE)
        (with_alert,) = [changes for changes in committed if changes.alerts]
    assert with_alert.checkpoint is not None
    assert with_alert.checkpoint.cursors["alarm"] == 1
    assert ("smoke_alarm", "s1") in {(rule, device) for rule, device, _ in with_alert.checkpoint.rule_states}


async def test_the_same_message_again_changes_nothing(site: Site) -> None:
    async with running(site) as world:
        for _ in range(3):
            await world.say("s1", seq=1, states=SMOKE)
        assert (world.the_alert().version, world.the_alert().repeats) == (1, 0)


async def test_a_latched_fire_outlives_a_restart_and_the_end_of_the_smoke(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        await world.say("s1", seq=1, states=SMOKE)
        raised = world.the_alert()
    async with running(site, clock) as world:
        await world.say("s1", seq=2, states={"smoke": False})
        assert world.the_alert() == raised
        clock.time += 60
        await world.say("s1", seq=3, states=SMOKE)
        again = world.the_alert()
        assert (again.id, again.repeats) == (raised.id, 1)


async def test_a_leak_that_ended_waits_for_a_person(site: Site) -> None:
    async with running(site) as world:
        await world.say("w1", seq=1, states={"water_leak": True})
        await world.say("w1", seq=2, states={"water_leak": False})
        assert world.the_alert().condition is Condition.NORMAL


def crash_in_commit(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """The process dies in the first commit that holds an alert, just before or just after the disk has it."""
    commit = AlertStore.commit
    done: list[bool] = []

    def deadly(store: AlertStore, changes: Changes) -> None:
        if not changes.alerts or done:
            commit(store, changes)
            return
        done.append(True)
        if when == "after":
            commit(store, changes)
        raise Crash

    monkeypatch.setattr(AlertStore, "commit", deadly)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_around_the_commit_leaves_one_alert(
    site: Site, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_in_commit(monkeypatch, when)
    clock = ManualClock()
    with pytest.raises(Crash):
        async with crashing(site, clock) as world:
            await world.say("s1", seq=1, states=SMOKE)
    async with running(site, clock) as world:
        assert len(world.alerts()) == (when == "after")
        await world.settled()
        await world.until(lambda: bool(world.alerts()))
        alert = world.the_alert()
        assert (alert.version, alert.repeats, alert.raised_at) == (1, 0, NOON)
    async with running(site, clock) as world:
        assert [row.action for row in world.store.timeline(alert.id)] == ["raise"]
        assert world.store.verify_audit() is None


async def test_each_of_many_crashes_leaves_each_fire_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit of every alert fails once before and once after the disk has it."""
    commit = AlertStore.commit
    fate: dict[str, int] = {}

    def deadly(store: AlertStore, changes: Changes) -> None:
        stage = min((fate.get(alert.id, 0) for alert in changes.alerts), default=2)
        for alert in changes.alerts:
            fate[alert.id] = stage + 1
        if stage == 1:
            commit(store, changes)
        if stage < 2:
            raise Crash
        commit(store, changes)

    monkeypatch.setattr(AlertStore, "commit", deadly)
    clock = ManualClock()
    for fire in range(3):
        for _ in range(3):
            try:
                async with crashing(site, clock) as world:
                    await world.settled()
                    if world.gateway.lanes[Lane.ALARM].journal.head == fire:
                        await world.say(f"s{fire}", seq=1, states=SMOKE)
            except Crash:
                continue
    async with running(site, clock) as world:
        await world.settled()
        fires = [alert for alert in world.alerts() if alert.rule == "smoke_alarm"]
        assert sorted(alert.device for alert in fires) == [f"s{fire}" for fire in range(3)]
        assert {alert.repeats for alert in fires} == {0}
        raised = [row.alert for row in world.store.audit_rows() if row.action == "raise"]
        assert {alert.id for alert in fires} <= set(raised)
        assert len(set(raised)) == len(raised)


async def test_messages_journaled_but_never_judged_are_judged_after_the_restart(site: Site) -> None:
    clock = ManualClock()
    async with crashing(site, clock, evaluating=False) as world:
        world.send("s1", seq=1, states=SMOKE)
        await world.until(lambda: world.wire.acked == [1])
    clock.time += 3_600
    async with running(site, clock) as world:
        await world.until(lambda: bool(world.alerts()))
        assert world.the_alert().raised_at == NOON


async def test_a_message_that_breaks_a_rule_does_not_take_the_next_along(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(site) as world:
        rule = world.gateway._engine.rules["water_leak"]
        monkeypatch.setattr(rule, "step", lambda *_: 1 / 0)
        world.send("w1", seq=1, states={"water_leak": True})
        await world.say("s1", seq=1, states=SMOKE)
        assert world.the_alert().device == "s1"
        assert world.gateway.metrics.rule_failures._value.get() == 1


async def test_the_alarm_lane_is_judged_before_a_telemetry_backlog(site: Site) -> None:
    async with running(site) as world:
        judged: list[str] = []
        judge = world.evaluator._evaluate

        def note(pipe: Any, decoded: Any) -> None:
            judged.append(str(pipe.lane))
            judge(pipe, decoded)

        world.evaluator._evaluate = note  # type: ignore[method-assign]
        pipe = world.gateway.lanes[Lane.TELEMETRY]
        for number in range(20):
            world.send("g1", "telemetry", seq=number, measurements={"passage_count": number})
            while pipe.journal.head <= number:  # noqa: ASYNC110 - each in a batch of its own
                await asyncio.sleep(0)
            if number == 10:
                world.send("s1", seq=1, states=SMOKE)
        await world.settled()
        assert judged.count("alarm") == 1
        assert judged.index("alarm") < 20


class TestARefusingStore:
    """The database of alerts refuses; the fire is shown all the same and saved as soon as it can be."""

    async def test_shown_as_unsaved_then_saved_without_a_duplicate(self, site: Site) -> None:
        async with running(site) as world:
            with world.refusing_store():
                world.send("s1", seq=1, states=SMOKE)
                await world.until(lambda: bool(world.shown))
                alert = world.the_alert()
                assert {view["saved"] for view in world.shown} == {False}
                assert not world.desk.is_saved(alert.id)
                assert "readonly" in world.evaluator.problem
                assert world.store.search(AlertFilter()) == []
            await world.settled()
            assert world.shown[-1]["saved"]
            assert world.desk.is_saved(alert.id)
            assert world.evaluator.problem == ""
            assert [row.action for row in world.store.timeline(alert.id)] == ["raise"]
            assert world.store.search(AlertFilter()) == [alert]

    async def test_what_happens_meanwhile_is_saved_in_order(self, site: Site) -> None:
        async with running(site) as world:
            with world.refusing_store():
                world.send("w1", seq=1, states={"water_leak": True})
                await world.until(lambda: bool(world.evaluator.problem))
                world.clock.time += 1
                world.send("w1", seq=2, states={"water_leak": False})
                await world.until(lambda: bool(world.alerts()) and world.the_alert().version == 2)
            await world.settled()
            alert = world.the_alert()
            assert [row.action for row in world.store.timeline(alert.id)] == ["raise", "clear"]
            assert world.store.search(AlertFilter()) == [alert]

    async def test_a_crash_meanwhile_loses_nothing_that_was_acknowledged(self, site: Site) -> None:
        clock = ManualClock()
        async with crashing(site, clock) as world:
            with world.refusing_store():
                world.send("s1", seq=1, states=SMOKE)
                await world.until(lambda: bool(world.shown))
                assert world.wire.acked == [1]
                await world.crash()
        async with running(site, clock) as world:
            await world.until(lambda: bool(world.alerts()))
            assert world.the_alert().raised_at == NOON

    async def test_a_refused_checkpoint_without_alerts_is_tried_again(self, site: Site) -> None:
        async with running(site) as world:
            with world.refusing_store():
                world.send("g1", "telemetry", seq=1, measurements={"passage_count": 1})
                await world.until(lambda: world.evaluator._evaluated)
                world.clock.time += 6
                await world.until(lambda: bool(world.evaluator.problem))
            world.clock.time += 6
            await world.until(lambda: world.evaluator.problem == "")
            assert world.store.load().cursors["telemetry"] == 1

    async def test_the_journal_is_kept_as_long_as_the_cursor_is_not_saved(self, site: Site) -> None:
        site = site.model_copy(update={"journal": site.journal.model_copy(update={"keep_days": 0})})
        async with running(site) as world:
            await world.say("s2", seq=1, states={"smoke": False})
            with world.refusing_store():
                world.send("s1", seq=1, states=SMOKE)
                await world.until(lambda: bool(world.shown))
                world.clock.time += 1
                world.gateway._feed.committed = dict.fromkeys(Lane, 10**9)
                await world.gateway._upkeep._maintain_once()
                held = world.gateway.lanes[Lane.ALARM].journal.read(0)
                assert held[-1].end == 2
            await world.settled()
            await world.gateway._upkeep._maintain_once()
            assert world.gateway.lanes[Lane.ALARM].journal.read(0) == []


class TestARefusingJournal:
    """The journal refuses: nothing is acknowledged, and the fire is shown all the same."""

    async def test_shown_at_once_acknowledged_after_recovery_and_raised_once(self, site: Site) -> None:
        async with running(site) as world:
            await world.journal_sql(Lane.ALARM, "PRAGMA query_only = ON")
            world.send("s1", seq=1, states=SMOKE)
            await world.until(lambda: bool(world.alerts()))
            assert world.wire.acked == []
            assert "readonly" in world.gateway.lanes[Lane.ALARM].problem
            await world.journal_sql(Lane.ALARM, "PRAGMA query_only = OFF")
            await world.settled()
            assert world.wire.acked == [1]
            assert (world.the_alert().repeats, world.the_alert().version) == (0, 1)
            assert world.gateway.lanes[Lane.ALARM].problem == ""

    async def test_both_refuse(self, site: Site) -> None:
        async with running(site) as world:
            await world.journal_sql(Lane.ALARM, "PRAGMA query_only = ON")
            with world.refusing_store():
                world.send("s1", seq=1, states=SMOKE)
                await world.until(lambda: bool(world.shown))
                assert world.shown[-1]["saved"] is False
            await world.journal_sql(Lane.ALARM, "PRAGMA query_only = OFF")
            await world.settled()
            assert world.shown[-1]["saved"] is True
            assert (world.the_alert().repeats, world.wire.acked) == (0, [1])

    async def test_a_full_one_is_the_same(self, site: Site) -> None:
        async with running(site) as world:
            pipe = world.gateway.lanes[Lane.ALARM]
            pipe.journal._max_bytes = 0
            world.send("s1", seq=1, states=SMOKE)
            await world.until(lambda: bool(world.alerts()))
            assert world.wire.acked == []
            pipe.journal._max_bytes = 10**9
            await world.settled()
            assert world.wire.acked == [1]


class TestDeadLetters:
    """What cannot be understood is kept once, under its sequence."""

    async def test_recorded_with_their_sequence(self, site: Site) -> None:
        async with running(site) as world:
            await world.say("s1", seq=1, states={"smoke": False})
            await world.say("s1", raw=b"not json")
            await world.say("s1", raw=b'{"device": "s2"}')
            await world.evaluator.flush()
            assert world.letters() == [(1, "malformed"), (2, "identity_mismatch")]

    async def test_once_even_after_a_replay(self, site: Site) -> None:
        clock = ManualClock()
        async with crashing(site, clock) as world:
            await world.say("s1", raw=b"not json")
            await world.evaluator._bury()
        for _ in range(2):
            async with crashing(site, clock) as world:
                await world.settled()
                await world.evaluator._bury()
                assert world.letters() == [(0, "malformed")]

    async def test_not_passed_by_the_cursor_while_the_journal_refuses_them(self, site: Site) -> None:
        clock = ManualClock()
        async with crashing(site, clock) as world:
            world.send("s1", raw=b"not json")
            await world.until(lambda: world.wire.acked == [1])
            await world.journal_sql(Lane.ALARM, "PRAGMA query_only = ON")
            clock.time += 6
            await world.until(lambda: "dead letters" in world.evaluator.problem)
            assert world.store.load().cursors.get("alarm", 0) == 0
            await world.journal_sql(Lane.ALARM, "PRAGMA query_only = OFF")
            clock.time += 6
            await world.until(lambda: world.letters() == [(0, "malformed")])

    async def test_shown_with_lane_and_text(self, site: Site) -> None:
        async with running(site) as world:
            await world.say("s1", raw=b"\xff" * 2_000)
            await world.say("g1", "telemetry", raw=b"[]")
            await world.evaluator.flush()
            newest = await world.gateway._health.dead_letters(10)
        assert {(letter["lane"], letter["seq"]) for letter in newest} == {("alarm", 0), ("telemetry", 0)}
        assert all(len(letter["payload"]) <= 500 for letter in newest)


async def test_a_lost_tail_of_the_journal_is_told_by_the_saved_cursor(site: Site) -> None:
    clock = ManualClock()
    async with running(site, clock) as world:
        for number in range(3):
            await world.say("s2", seq=number, states={"smoke": False})
        await world.evaluator.flush()
    for file in (site.data_dir / "journal").glob("alarm*"):
        file.unlink()
    async with running(site, clock) as world:
        assert world.gateway.lanes[Lane.ALARM].damaged == 3
        assert [p["code"] for p in world.gateway._health.snapshot()["problems"]].count("damage") == 1
        await world.say("s1", seq=9, states=SMOKE)
        assert world.the_alert().device == "s1"
        assert world.gateway.lanes[Lane.ALARM].journal.head == 4


async def test_damage_met_while_reading_is_told(site: Site) -> None:
    clock = ManualClock()
    async with crashing(site, clock, evaluating=False) as world:
        world.send("s1", seq=1, states=SMOKE)
        await world.until(lambda: world.wire.acked == [1])
        await world.journal_sql(Lane.ALARM, "UPDATE batch SET crc = 0")
        world.send("s2", seq=1, states=SMOKE)
        await world.until(lambda: world.wire.acked == [1, 2])
    async with running(site, clock) as world:
        await world.until(lambda: bool(world.alerts()))
        assert world.the_alert().device == "s2"
        assert world.gateway.lanes[Lane.ALARM].damaged == 1


async def test_a_person_and_a_rule_at_once_are_both_saved(site: Site) -> None:
    async with running(site) as world:
        await world.say("s1", seq=1, states=SMOKE)
        alert = world.the_alert()
        world.send("w1", seq=1, states={"water_leak": True})
        await world.desk.judge(alert.id, alert.version, Verdict.TRUE_ALARM, "", "li")
        await world.settled()
        assert {(a.device, a.stage) for a in world.store.search(AlertFilter())} == {("s1", "judged"), ("w1", "new")}
