"""The comparison must be able to fail, in every way a demonstration can go wrong."""

import pytest

from gateway.demo.outcome import (
    FOLLOWS,
    GOOD,
    LANE_DWELL_S,
    MISSING,
    NEVER_HAPPENED,
    RULES,
    UNEXPECTED,
    Happened,
    Raised,
    compare,
    is_good,
)

HAPPENED = [Happened(rule, f"device-{index}", 100.0 + index) for index, rule in enumerate(RULES)]
RAISED = [Raised(rule, f"device-{index}", 100.5 + index) for index, rule in enumerate(RULES)]


def findings(happened: list[Happened], raised: list[Raised]) -> list[tuple[str, str]]:
    return [(row.rule, row.finding) for row in compare(happened, raised) if row.finding != GOOD]


def test_five_of_five_is_good() -> None:
    rows = compare(HAPPENED, RAISED)
    assert is_good(rows)
    assert [row.rule for row in rows] == list(RULES)
    assert [(row.expected, row.raised) for row in rows] == [(f"device-{index}",) * 2 for index in range(5)]


def test_seconds_count_from_the_devices_publish_to_the_first_sight() -> None:
    assert [row.seconds for row in compare(HAPPENED, RAISED)] == pytest.approx([0.5] * 5)


def test_order_does_not_matter() -> None:
    assert compare(HAPPENED[::-1], RAISED[::-1]) == compare(HAPPENED, RAISED)


@pytest.mark.parametrize("index", range(5))
def test_a_missing_alert_is_found(index: int) -> None:
    raised = [alert for alert in RAISED if alert.rule != RULES[index]]
    assert findings(HAPPENED, raised) == [(RULES[index], MISSING)]
    assert not is_good(compare(HAPPENED, raised))


@pytest.mark.parametrize("index", range(5))
def test_an_incident_that_never_happened_is_found(index: int) -> None:
    happened = [incident for incident in HAPPENED if incident.rule != RULES[index]]
    assert findings(happened, RAISED) == [(RULES[index], NEVER_HAPPENED), (RULES[index], UNEXPECTED)]


def test_the_right_rule_on_the_wrong_device_is_two_findings() -> None:
    raised = [RAISED[0]._replace(device="another"), *RAISED[1:]]
    assert findings(HAPPENED, raised) == [(RULES[0], MISSING), (RULES[0], UNEXPECTED)]
    assert compare(HAPPENED, raised)[-1].raised == "another"


def test_an_alert_of_another_rule_is_found() -> None:
    raised = [*RAISED, Raised("device_offline", "device-9", 120.0)]
    assert findings(HAPPENED, raised) == [("device_offline", UNEXPECTED)]


def test_the_same_alert_twice_is_found() -> None:
    assert findings(HAPPENED, [*RAISED, RAISED[2]]) == [(RULES[2], UNEXPECTED)]


def test_nothing_at_all_is_not_good() -> None:
    rows = compare([], [])
    assert len(rows) == 5
    assert not is_good(rows)


def test_only_the_fire_lane_waits_on_purpose() -> None:
    waits = {row.rule: row.waits_s for row in compare(HAPPENED, RAISED) if row.waits_s}
    assert waits == {"fire_lane_blocked": LANE_DWELL_S}


@pytest.mark.parametrize(
    ("rule", "building", "finding"),
    [
        ("lift_recall", "b1", FOLLOWS),
        ("lift_recall", "b2", UNEXPECTED),
        ("lift_recall", "", UNEXPECTED),
        ("lift_entrapment", "b1", UNEXPECTED),
    ],
)
def test_only_a_recall_where_it_burns_may_follow(rule: str, building: str, finding: str) -> None:
    raised = [each._replace(building="b1" if each.rule == "smoke_alarm" else "") for each in RAISED]
    rows = compare(HAPPENED, [*raised, Raised(rule, "lift-9", 120.0, building)])
    assert rows[-1].finding == finding
    assert is_good(rows) is (finding == FOLLOWS)


def test_without_a_fire_no_recall_follows() -> None:
    rows = compare([], [Raised("lift_recall", "lift-9", 120.0, "b1")])
    assert (rows[-1].finding, is_good(rows)) == (UNEXPECTED, False)
