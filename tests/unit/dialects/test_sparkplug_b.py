"""Sparkplug B: what metrics mean, by name and by alias; what was stored, null or of bad quality."""

import msgspec
import pytest

from devices.dialects import sparkplug_payload as wire
from devices.dialects.dialect import Lane
from devices.dialects.sparkplug_payload import Metric
from devices.model import DeviceKind, Event, Ignored, RejectReason, TimeQuality
from devices.registry import Device
from tests.unit.dialects.feed import NOON, NOON_MS, Feed
from tests.unit.dialects.sparkplug import ALIASES, BASE, LIFT, birth, body, born, by_alias, named


def test_a_birth_says_how_a_lift_stands() -> None:
    feed = Feed("sparkplug_b")
    found = feed.report(f"{BASE}/DBIRTH/Edge-2/Lift-9", birth())
    assert (found.device, found.kind, found.registered) == ("Riverside/Edge-2/Lift-9", DeviceKind.LIFT, False)
    assert (found.availability, found.snapshot, found.dialect) == (True, False, "sparkplug_b")
    assert (found.at, found.time_quality) == (NOON, TimeQuality.SOURCE_UTC)
    assert found.measurements == {"floor_index": 4, "speed": 0, "run_count": 4711}
    assert found.states == {
        "floor": "4A",
        "direction": "none",
        "car_state": "stopped",
        "door_zone": True,
        "door_closed": False,
        "passengers_present": False,
        "service_mode": "normal",
        "fault": False,
        "entrapment": False,
    }
    assert found.raw_codes == {"maker": "Northlift", "model": "NL 900"}


def test_data_by_alias_merges_what_changed() -> None:
    found = born().report(
        LIFT,
        body(by_alias({"Lift/Speed": 2.5, "Lift/Direction": 2, "Lift/Car Status": 2, "Lift/Service Mode": 3}), 2),
    )
    assert found.measurements == {"speed": 2.5}
    assert found.states == {"direction": "down", "car_state": "running", "service_mode": "fire_return"}
    assert found.availability is None


def test_data_by_name_needs_no_birth() -> None:
    feed = Feed("sparkplug_b")
    found = feed.report(LIFT, body(named({"Lift/Trapped": True}), 9))
    assert found.states == {"entrapment": True}
    assert len(feed.commands) == 1  # but the rest of the lift is wanted too


def test_historical_metrics_are_reports_of_their_own_moments() -> None:
    old = [by_alias({"Lift/Floor": floor}, NOON_MS - ms)[0] for floor, ms in ((3, 60_000), (2, 120_000))]
    for metric in old:
        metric.historical = True
    found = born().reports(LIFT, body([*old, *by_alias({"Lift/Speed": 1.0})], 2))
    assert [(r.at, r.historical, r.measurements) for r in found] == [
        (NOON - 120, True, {"floor_index": 2}),
        (NOON - 60, True, {"floor_index": 3}),
        (NOON, False, {"speed": 1}),
    ]
    assert len({r.dedup_key for r in found}) == 3


def test_history_of_last_week_keeps_its_time() -> None:
    (metric,) = by_alias({"Lift/Floor": 3}, NOON_MS - 7 * 86_400_000)
    metric.historical = True
    found = born().report(LIFT, body([metric], 2))
    assert (found.at, found.time_quality) == (NOON - 7 * 86_400, TimeQuality.SOURCE_UTC)


def test_defect_8_null_is_unknown() -> None:
    metrics = by_alias({"Lift/Speed": 1.0, "Lift/Trapped": True, "Lift/Fault Code": "x", "Lift/Floor Marking": "1"})
    for metric in metrics:
        metric.null = True
    found = born().report(LIFT, body(metrics, 2))
    assert found.measurements == {}
    assert found.states == {"entrapment": None, "fault": None, "floor": None}
    assert found.raw_codes == {"speed": None}


@pytest.mark.parametrize("quality", [0, 500])
def test_bad_quality_is_unknown_and_kept_aside(quality: int) -> None:
    metrics = by_alias({"Lift/Speed": 1.0, "Lift/Trapped": False})
    for metric in metrics:
        metric.quality = quality
    found = born().report(LIFT, body(metrics, 2))
    assert (found.measurements, found.states) == ({}, {"entrapment": None})
    assert found.raw_codes == {
        "speed": 1.0,
        "speed quality": quality,
        "entrapment": False,
        "entrapment quality": quality,
    }


def test_good_quality_is_taken() -> None:
    (metric,) = by_alias({"Lift/Trapped": True})
    metric.quality = 192
    assert born().report(LIFT, body([metric], 2)).states == {"entrapment": True}


@pytest.mark.parametrize(("unit", "speed"), [("m/s", 90), ("mm/s", 0.09), ("m/min", 1.5), ("M/S", 90)])
def test_engineering_units_are_converted(unit: str, speed: float) -> None:
    metric = Metric("Lift/Speed", 1, NOON_MS, wire.FLOAT, value=90.0, unit=unit)
    found = Feed("sparkplug_b").report(f"{BASE}/DBIRTH/Edge-2/Lift-9", body([metric]))
    expected = {"speed": pytest.approx(speed)} if speed <= 30 else {}
    assert found.measurements == expected


def test_a_unit_nobody_knows_keeps_the_value_aside() -> None:
    metric = Metric("Lift/Speed", 1, NOON_MS, wire.FLOAT, value=2.0, unit="furlong/fortnight")
    found = Feed("sparkplug_b").report(f"{BASE}/DBIRTH/Edge-2/Lift-9", body([metric]))
    assert found.measurements == {}
    assert found.raw_codes == {"speed": 2.0, "speed unit": "furlong/fortnight"}


def test_the_unit_of_the_birth_holds_for_the_data() -> None:
    feed = Feed("sparkplug_b")
    feed.report(
        f"{BASE}/DBIRTH/Edge-2/Lift-9", body([Metric("Lift/Speed", 1, NOON_MS, wire.INT32, value=0, unit="mm/s")], 1)
    )
    found = feed.report(LIFT, body([Metric(None, 1, NOON_MS, wire.INT32, value=1600)], 2))
    assert found.measurements == {"speed": pytest.approx(1.6)}


def test_fault_codes_without_a_table_are_kept_with_their_number() -> None:
    found = born().report(LIFT, body(by_alias({"Lift/Fault Code": "E37"}), 2))
    assert found.states == {"fault": True}
    assert found.events == (Event("unknown_fault", {"raw_code": "E37", "code_system": "sparkplug_b", "active": True}),)


def test_fault_codes_with_a_table_become_faults_and_clear() -> None:
    table = {"Lift/Fault Code": {"name": "unknown_fault", "words": {"92": "overrun_top", "93": "overspeed"}}}
    feed = born(metrics=table)
    found = feed.report(LIFT, body(by_alias({"Lift/Fault Code": "92, 55"}), 2))
    assert found.states == {"fault": True, "overrun_top": True}
    assert [event.attributes["raw_code"] for event in found.events] == ["55"]
    found = feed.report(LIFT, body(by_alias({"Lift/Fault Code": ""}), 3))
    assert found.states == {"fault": False, "overrun_top": False, "overspeed": False}


def test_defect_2_a_birth_repeats_a_fault_and_reports_no_event() -> None:
    found = Feed("sparkplug_b").report(f"{BASE}/DBIRTH/Edge-2/Lift-9", birth(1, {"Lift/Fault Code": "E37"}))
    assert (found.events, found.states["fault"]) == ((), True)
    assert found.raw_codes is not None
    assert found.raw_codes["unknown_fault"] == "E37"


def test_the_site_may_name_metrics() -> None:
    options = {"plc/N7:0": {"name": "load_percent", "scale": 0.1}, "plc/N7:1": {"name": "door_closed"}}
    feed = Feed("sparkplug_b", metrics=options)
    found = feed.report(LIFT, body(named({"PLC/N7:0": 455, "PLC/N7:1": 1})))
    assert found.measurements == {"load_percent": pytest.approx(45.5)}
    assert found.states == {"door_closed": True}


def test_the_speed_of_a_door_is_not_the_speed_of_the_car() -> None:
    found = Feed("sparkplug_b").report(
        LIFT, body(named({"Lift/Door/Speed": 0.3, "Lift/Door/Closed": True, "Block A/Car Speed": 1.0}))
    )
    assert found.measurements == {"speed": 1}
    assert found.states == {"door_closed": True}
    assert found.raw_codes == {"Lift/Door/Speed": pytest.approx(0.3)}


def test_a_wrong_metric_name_in_the_site_file_is_told() -> None:
    with pytest.raises(msgspec.ValidationError, match="no canonical name"):
        Feed("sparkplug_b", metrics={"a": {"name": "velocity"}})
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        Feed("sparkplug_b", groups="x")


@pytest.mark.parametrize("address", ["Riverside/Edge-2/Lift-9", "Edge-2/Lift-9"])
def test_a_registered_device_is_found_by_its_long_or_short_address(address: str) -> None:
    feed = born(Device("l9", DeviceKind.LIFT, dialect="sparkplug_b", address=address))
    found = feed.report(LIFT, body(by_alias({"Lift/Trapped": True}), 2))
    assert (found.device, found.registered) == ("l9", True)


def test_the_inventory_decides_the_kind() -> None:
    feed = Feed("sparkplug_b", Device("s1", DeviceKind.SMOKE_DETECTOR, dialect="sparkplug_b", address="Edge-2/X"))
    found = feed.report(f"{BASE}/DDATA/Edge-2/X", body(named({"Alarm/Smoke": True, "Speed": 1.0})))
    assert (found.kind, found.states, found.measurements) == (DeviceKind.SMOKE_DETECTOR, {"smoke": True}, {})


def test_defect_5_a_clock_never_set_falls_back_to_the_receipt() -> None:
    feed = born()
    found = feed.report(LIFT, body(by_alias({"Lift/Speed": 1.0}, at=86_400_000), 2))
    assert (found.at, found.time_quality) == (feed.now, TimeQuality.DEVICE_UNSYNCED)


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        (f"{BASE}/NCMD/Edge-2", "command"),
        (f"{BASE}/DCMD/Edge-2/Lift-9", "command"),
        ("spBv1.0/STATE/scada", "host application"),
        ("STATE/scada", "host application"),
    ],
)
def test_what_hosts_say_is_ignored(topic: str, why: str) -> None:
    assert why in Feed("sparkplug_b").why(topic, b"ONLINE")


@pytest.mark.parametrize(
    "topic",
    ["spBv1.0/G", "spBv1.0/G/NDATA/N/D", "spBv1.0/G/DDATA/N", "spBv1.0/G/NFOO/N", "spBv1.0/G//N", "spBv1.0/a/b/c/d/e"],
)
def test_other_topics_are_refused(topic: str) -> None:
    assert Feed("sparkplug_b").reason(topic, body([])) is RejectReason.BAD_TOPIC


@pytest.mark.parametrize(
    ("payload", "why"),
    [(b"", RejectReason.EMPTY), (b"{}", RejectReason.MALFORMED), (b"\x12\x7f", RejectReason.MALFORMED)],
)
def test_broken_payloads_are_refused(payload: bytes, why: RejectReason) -> None:
    assert Feed("sparkplug_b").reason(LIFT, payload) is why


def test_a_device_of_no_known_kind_is_ignored() -> None:
    feed = Feed("sparkplug_b")
    assert "kind" in feed.why(f"{BASE}/DBIRTH/Edge-2/PLC", body(named({"N7": 5}, {"N7": 1})))
    assert "kind" in feed.why(f"{BASE}/DDATA/Edge-2/PLC", body([Metric(None, 1, NOON_MS, value=5)]))
    assert "kind" in feed.why(f"{BASE}/DDEATH/Edge-2/PLC", body([]))


def test_odd_values_are_unknown_not_normal() -> None:
    metrics = by_alias({"Lift/Service Mode": 77, "Lift/Direction": 9, "Lift/Car Status": 0, "Lift/Trapped": "maybe"})
    metrics.append(Metric(None, ALIASES["Lift/Speed"], NOON_MS, wire.FLOAT, value=float("nan")))
    found = born().report(LIFT, body(metrics, 2))
    assert found.states == {"service_mode": None, "direction": None, "car_state": None, "entrapment": None}
    assert found.raw_codes is not None
    assert found.raw_codes["service_mode"] == 77
    assert found.raw_codes["speed"] == "nan"
    assert found.measurements == {}


def test_texts_nobody_knows_stay_out_of_reports() -> None:
    found = born().report(LIFT, body(named({"Lift/Caller": "Zhang San", "Lift/Phone": "13800138000"}), 2))
    assert found.raw_codes == {"Lift/Caller": "(str)", "Lift/Phone": "(str)"}


def test_all_topics_share_the_alarm_lane_so_that_the_counter_makes_sense() -> None:
    feed = Feed("sparkplug_b", group="Riverside")
    filters = feed.decoder.filters()
    assert set(filters.values()) == {Lane.ALARM}
    assert "spBv1.0/Riverside/DDATA/+/+" in filters
    assert "spBv1.0/Riverside/NDEATH/+" in filters
    assert isinstance(feed.give("spBv1.0/Riverside/NCMD/x", b""), Ignored)
