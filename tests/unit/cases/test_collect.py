"""What belongs to an alert is found: readings, alerts that go with it, passages at the doors nearby."""

import pytest

from alert_rules.alert import Alert, Place
from devices.model import DeviceKind
from tests.unit.alerts.making import NOON, raised
from tests.unit.cases.making import Cabinet, fall

DAY = 86_400.0


def ids(alerts: list[dict[str, object]]) -> list[object]:
    return [alert["id"] for alert in alerts]


def stored(cases: Cabinet, **changed: object) -> Alert:
    return cases.add(fall(**changed))  # type: ignore[arg-type]


def test_readings_of_ten_minutes_before_and_after(cases: Cabinet) -> None:
    facts = cases.collector.facts(stored(cases))
    assert cases.readings.asked[0] == ("cam-1", NOON - 600, NOON + 600)
    assert facts["readings"] == {"online": [(NOON - 600, True)]}
    assert (facts["from"], facts["until"]) == (NOON - 600, NOON + 600)
    assert facts["place"] == {"name": "Yard", "building": "b1", "floor": "1", "zone": "yard"}


def test_passages_at_the_doors_of_the_same_floor(cases: Cabinet) -> None:
    assert list(cases.collector.facts(stored(cases))["passages"]) == ["door-1"]


def test_passages_at_all_doors_of_the_building_where_the_floor_has_none(cases: Cabinet) -> None:
    alert = cases.add(raised("cam-1", place=Place(building="b1", floor="7"), kind=DeviceKind.CAMERA))
    assert list(cases.collector.facts(alert)["passages"]) == ["door-1", "door-2"]


def test_passages_at_the_door_itself(cases: Cabinet) -> None:
    alert = cases.add(raised("door-9", rule="gate_forced", kind=DeviceKind.ACCESS_GATE))
    assert list(cases.collector.facts(alert)["passages"]) == ["door-9"]


def test_a_place_unknown_has_no_doors(cases: Cabinet) -> None:
    assert cases.collector.facts(cases.add(raised("ghost", place=Place())))["passages"] == {}


def test_a_history_that_is_away_is_said_and_stops_nothing(cases: Cabinet) -> None:
    cases.readings.away = True
    facts = cases.collector.facts(stored(cases))
    assert facts["readings"] == {}
    assert facts["missing"][0] == "history of cam-1: the time-series store does not answer"


def test_related_alerts_of_the_incident_and_the_cause(cases: Cabinet) -> None:
    cause = raised("smoke-1", NOON - 5)
    mine = fall()
    mine[0].incident, mine[0].cause = cause[0].id, cause[0].id
    cases.add(cause, mine)
    related = cases.collector.facts(mine[0])["related"]
    assert ids(related["incident"]) == [cause[0].id]
    assert related["cause"]["id"] == cause[0].id


def test_an_alert_alone_has_no_relatives(cases: Cabinet) -> None:
    assert cases.collector.facts(stored(cases))["related"] == {"incident": [], "cause": None, "device": []}


@pytest.mark.parametrize(("ago", "told"), [(1.0, True), (29 * DAY, True), (31 * DAY, False), (-5.0, False)])
def test_what_the_device_raised_in_thirty_days_before(cases: Cabinet, ago: float, told: bool) -> None:
    mine, other = fall(), fall(NOON - ago, "obj-2")
    cases.add(mine, other)
    assert ids(cases.collector.facts(mine[0])["related"]["device"]) == ([other[0].id] if told else [])


def test_another_device_whose_name_holds_this_ones_is_another(cases: Cabinet) -> None:
    mine = fall()
    cases.add(mine, raised("cam-10", NOON - 9), raised("x-cam-1", NOON - 9))
    assert cases.collector.facts(mine[0])["related"]["device"] == []
