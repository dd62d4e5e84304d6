"""Sparkplug B: the lives of nodes, their counter, aliases without births, deaths, and the bounds of memory."""

import pytest

from devices.dialects import sparkplug_b, sparkplug_lives
from devices.dialects import sparkplug_payload as wire
from devices.dialects.sparkplug_b import SparkplugB
from devices.dialects.sparkplug_payload import Metric
from devices.model import DeviceKind, Reject, RejectReason
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed
from tests.unit.dialects.sparkplug import ALIASES, BASE, LIFT, METRICS, birth, body, born, by_alias, named, node_birth


def remembered(dialect: SparkplugB) -> int:
    sessions = [session for node in dialect._lives.nodes.values() for session in node.sessions]
    return sum(len(birth.metrics) for session in sessions for birth in session.births.values())


def test_defect_11_an_alias_without_a_birth_is_refused_and_a_rebirth_asked_for() -> None:
    feed = Feed("sparkplug_b")
    payload = body(by_alias({"Lift/Trapped": True}), 5)
    assert feed.reason(LIFT, payload) is RejectReason.NOT_ANNOUNCED
    (command,) = feed.commands
    assert command.topic == f"{BASE}/NCMD/Edge-2"
    (metric,) = wire.decode(command.payload).metrics
    assert (metric.name, metric.value, metric.datatype) == ("Node Control/Rebirth", True, wire.BOOLEAN)
    assert wire.decode(command.payload).seq is None


def test_one_unknown_alias_does_not_hide_the_entrapment_beside_it() -> None:
    feed = born()
    metrics = [*by_alias({"Lift/Trapped": True}), Metric(None, 999, NOON_MS, wire.INT32, value=3)]
    found = feed.report(LIFT, body(metrics, 2))
    assert found.states == {"entrapment": True}
    assert found.raw_codes == {"alias 999": 3}
    assert len(feed.commands) == 1


def test_a_node_is_asked_once_a_minute() -> None:
    feed = Feed("sparkplug_b")
    for at in (NOON, NOON + 1, NOON + 59):
        feed.give(LIFT, body(by_alias({"Lift/Trapped": True})), at)
    assert len(feed.commands) == 1
    feed.give(f"{BASE}/DDATA/Edge-3/Lift-1", body(by_alias({"Lift/Trapped": True})), NOON + 59)
    assert len(feed.commands) == 2
    feed.give(LIFT, body(by_alias({"Lift/Trapped": True})), NOON + 61)
    assert len(feed.commands) == 3


def test_commands_nobody_fetches_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_b, "MAX_COMMANDS", 3)
    feed = Feed("sparkplug_b")
    for n in range(9):
        feed.give(f"{BASE}/DDATA/Edge-{n}/Lift-1", body(by_alias({"Lift/Trapped": True})))
    assert len(feed.commands) == 3


def test_the_counter_runs_over_all_devices_of_a_node_and_wraps() -> None:
    feed = Feed("sparkplug_b")
    feed.give(f"{BASE}/NBIRTH/Edge-2", node_birth(seq=253))
    feed.give(f"{BASE}/DBIRTH/Edge-2/Lift-9", birth(254))
    feed.give(f"{BASE}/NDATA/Edge-2", body(named({"Uptime": 5}), 255))
    feed.give(LIFT, body(by_alias({"Lift/Speed": 1.0}), 0))
    feed.give(f"{BASE}/DDEATH/Edge-2/Lift-9", body([], 1))
    assert feed.commands == []


@pytest.mark.parametrize("seq", [1, 3, 255])
def test_a_gap_or_a_repeat_asks_for_a_rebirth_and_still_reports(seq: int) -> None:
    feed = born()
    assert feed.report(LIFT, body(by_alias({"Lift/Trapped": True}), seq)).states == {"entrapment": True}
    assert len(feed.commands) == 1


def test_a_stretch_read_a_second_time_proves_no_gap_and_finds_its_own_aliases() -> None:
    """A slower consumer reads the journal again behind the faster one."""
    feed = Feed("sparkplug_b")
    swapped = dict(zip(METRICS, reversed(ALIASES.values()), strict=True))
    messages = [
        (f"{BASE}/NBIRTH/Edge-2", node_birth(0), NOON + 1),
        (f"{BASE}/DBIRTH/Edge-2/Lift-9", birth(1), NOON + 2),
        (LIFT, body(by_alias({"Lift/Trapped": True}), 2), NOON + 3),
        (f"{BASE}/NBIRTH/Edge-2", node_birth(1), NOON + 4),
        (f"{BASE}/DBIRTH/Edge-2/Lift-9", body(named(METRICS, swapped), 1), NOON + 5),
        (LIFT, body([Metric(None, swapped["Lift/Speed"], NOON_MS, wire.FLOAT, value=1.5)], 2), NOON + 6),
    ]
    first = [feed.give(*message) for message in messages]
    second = [feed.give(*message) for message in messages]
    assert first == second
    assert isinstance(first[2], list)
    assert first[2][0].states == {"entrapment": True}
    assert isinstance(first[5], list)
    assert first[5][0].measurements == {"speed": 1.5}
    assert feed.commands == []


def test_a_node_reborn_forgets_the_aliases_of_its_devices() -> None:
    feed = born()
    feed.give(f"{BASE}/NBIRTH/Edge-2", node_birth(1))
    assert feed.reason(LIFT, body(by_alias({"Lift/Trapped": True}), 1)) is RejectReason.NOT_ANNOUNCED


def test_a_device_death_is_offline() -> None:
    found = born().report(f"{BASE}/DDEATH/Edge-2/Lift-9", body([], 2))
    assert (found.availability, found.states, found.at) == (False, {}, NOON)


def test_a_node_death_takes_its_devices_along_and_its_time_is_not_believed() -> None:
    """The will is written when the session begins: its timestamp is that of the birth."""
    feed = born(Device("l7", DeviceKind.LIFT, dialect="sparkplug_b", address="Edge-2/Lift-7"))
    payload = body([Metric("bdSeq", timestamp=NOON_MS, datatype=wire.INT64, value=0)], None, NOON_MS - 3_600_000)
    found = feed.reports(f"{BASE}/NDEATH/Edge-2", payload)
    assert {(r.device, r.availability) for r in found} == {("Riverside/Edge-2/Lift-9", False), ("l7", False)}
    assert all(r.at == feed.now for r in found)
    assert feed.reason(LIFT, body(by_alias({"Lift/Trapped": True}), 3)) is RejectReason.NOT_ANNOUNCED


def test_defect_11_a_will_of_an_earlier_session_is_ignored() -> None:
    feed = born()
    feed.give(f"{BASE}/NBIRTH/Edge-2", node_birth(bd_seq=7))
    stale = body([Metric("bdSeq", datatype=wire.INT64, value=6)])
    assert "earlier session" in feed.why(f"{BASE}/NDEATH/Edge-2", stale)


@pytest.mark.parametrize("payload", [b"", body([]), body([Metric("bdSeq", datatype=wire.UINT64, value=0)])])
def test_defect_11_a_death_without_a_session_number_is_believed(payload: bytes) -> None:
    (found,) = born().reports(f"{BASE}/NDEATH/Edge-2", payload)
    assert found.availability is False


def test_defect_11_the_session_number_may_come_by_alias() -> None:
    feed = Feed("sparkplug_b")
    feed.give(f"{BASE}/NBIRTH/Edge-2", body([Metric("bdSeq", 3, NOON_MS, wire.INT64, value=5)], 0))
    feed.give(f"{BASE}/DBIRTH/Edge-2/Lift-9", birth())
    assert "earlier" in feed.why(f"{BASE}/NDEATH/Edge-2", body([Metric(None, 3, datatype=wire.INT64, value=4)]))
    assert feed.reports(f"{BASE}/NDEATH/Edge-2", body([Metric(None, 3, datatype=wire.INT64, value=5)]))


def test_a_death_before_anything_else_takes_registered_devices_offline() -> None:
    feed = Feed("sparkplug_b", Device("l9", DeviceKind.LIFT, dialect="sparkplug_b", address="Riverside/Edge-2/Lift-9"))
    assert feed.report(f"{BASE}/NDEATH/Edge-2", body([])).device == "l9"
    assert "without known devices" in feed.why(f"{BASE}/NDEATH/Edge-4", body([]))


def test_a_node_may_itself_be_a_device() -> None:
    feed = Feed("sparkplug_b", Device("w1", DeviceKind.WATER_LEAK, dialect="sparkplug_b", address="Pump-Room"))
    found = feed.report(
        f"{BASE}/NBIRTH/Pump-Room", body(named({"Water Leak": False, "bdSeq": 0}, {"Water Leak": 1}), 0)
    )
    assert (found.device, found.states, found.availability) == ("w1", {"water_leak": False}, True)
    found = feed.report(f"{BASE}/NDATA/Pump-Room", body([Metric(None, 1, NOON_MS, wire.BOOLEAN, value=True)], 1))
    assert found.states == {"water_leak": True}
    assert feed.report(f"{BASE}/NDEATH/Pump-Room", body([])).availability is False


def test_defect_1_retained_messages_are_snapshots_and_count_nothing() -> None:
    feed = born()
    found = feed.report(LIFT, body(by_alias({"Lift/Trapped": True}), 77), retained=True)
    assert (found.snapshot, feed.commands) == (True, [])


def test_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_lives, "MAX_NODES", 5)
    monkeypatch.setattr(sparkplug_b, "MAX_DEVICES", 4)
    monkeypatch.setattr(sparkplug_lives, "MAX_ALIASES_IN_ALL", 200)
    feed = Feed("sparkplug_b")
    dialect = feed.decoder._dialects["sparkplug_b"]
    assert isinstance(dialect, SparkplugB)
    for n in range(20):
        feed.give(f"{BASE}/NBIRTH/Edge-{n}", node_birth(n))
        for m in range(4):
            feed.give(f"{BASE}/DBIRTH/Edge-{n}/Lift-{m}", birth(m + 1))
        assert isinstance(feed.give(f"{BASE}/DBIRTH/Edge-{n}/Lift-5", birth(9)), Reject)
        assert len(dialect._lives.nodes) <= 5
        assert dialect._lives.aliases == remembered(dialect)
