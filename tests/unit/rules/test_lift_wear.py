"""Wear: a lift against its own usual week, and when and where its faults cluster."""

from datetime import UTC, datetime

import pytest

from alert_rules.alert import Action, Severity
from alert_rules.calendar import Calendar
from alert_rules.lift_wear import MAX_FLOORS, LiftWear, Wear, WearParams
from alert_rules.rule import NEVER
from devices.model import DeviceKind, Event, Report, StateValue
from devices.registry import Device
from devices.twin import Twin
from tests.unit.rules.timeline import Timeline

LIFT, RULE = "lift-1", "lift_wear"
FAULT = "motor_run_time_limiter"
DAY, WEEK = 86_400.0, 604_800.0


@pytest.fixture
def lift() -> Timeline:
    return Timeline(Device(LIFT, DeviceKind.LIFT))


def fault(lift: Timeline, at: float, floor: str = "7") -> None:
    lift.at(at).says(LIFT, {FAULT: True, "floor": floor}).at(at + 30).says(LIFT, {FAULT: False})


def weeks(lift: Timeline, count: int, faults: int) -> float:
    """Let ``count`` weeks pass with ``faults`` each, one a day; return when the next begins."""
    for week in range(count):
        for day in range(faults):
            fault(lift, week * WEEK + day * DAY + 3_600)
    lift.at(count * WEEK + 60)
    lift.expect_nothing()
    return count * WEEK + 7_200


def raised_after(lift: Timeline, start: float, faults: int, every_s: float = 600.0) -> int | None:
    """Let faults come; return the number of the one that raised."""
    for number in range(1, faults + 1):
        fault(lift, start + number * every_s)
        if lift.unclaimed:
            return number
    return None


@pytest.mark.parametrize(
    ("usual", "needed"),
    [(1, 5), (4, 10), (6, 14)],
    ids=["few: the least count", "4 + 3 sqrt 4 = 10", "6 + 3 sqrt 6 = 13.3"],
)
def test_a_lift_is_held_against_its_own_usual_week(lift: Timeline, usual: int, needed: int) -> None:
    start = weeks(lift, 5, usual)
    still_counted = usual - 1  # of the week before all but the first day's lie within the last 7 days
    assert raised_after(lift, start, 30) == needed - still_counted


def test_nothing_is_said_before_the_lift_is_known(lift: Timeline) -> None:
    start = weeks(lift, 3, 1)
    assert raised_after(lift, start, 40) is None
    lift.expect_nothing()


def test_a_fault_that_lasts_counts_once(lift: Timeline) -> None:
    start = weeks(lift, 5, 1)
    for second in range(100):
        lift.at(start + second).says(LIFT, {FAULT: True})
    lift.expect_nothing()


def test_what_comes_from_outside_is_no_wear(lift: Timeline) -> None:
    start = weeks(lift, 5, 1)
    for number in range(20):
        lift.at(start + 100 * number).says(LIFT, {"power_failure": True})
        lift.at(start + 100 * number + 50).says(LIFT, {"power_failure": False})
    assert not [said for said in lift.unclaimed if said.transition.rule == RULE]


def test_codes_without_a_table_count_and_their_ends_do_not(lift: Timeline) -> None:
    start = weeks(lift, 5, 1)
    for number in range(5):
        lift.at(start + number).says(LIFT, events=(Event("unknown_fault", {"raw_code": 7, "active": False}),))
    lift.expect_nothing()
    for number in range(5):
        lift.at(start + 10 + number).says(LIFT, events=(Event("unknown_fault", {"raw_code": 7}),))
    lift.expect(RULE, LIFT, between=(start + 14, start + 14), severity=Severity.NOTICE)


def test_the_alert_ends_when_the_week_is_usual_again(lift: Timeline) -> None:
    start = weeks(lift, 5, 1)
    raised_after(lift, start, 5)
    lift.expect(RULE, LIFT, between=(start, start + DAY))
    cleared = lift.expect(RULE, LIFT, between=(start + 6 * DAY, start + 8 * DAY), action=Action.CLEAR)
    assert (cleared.auto_resolve, cleared.reason.code) == (True, "wear_usual_again")
    lift.expect_nothing(until=start + 3 * WEEK)


def test_bad_weeks_teach_nothing(lift: Timeline) -> None:
    """Otherwise a lift that stays bad would become usual, and the alert would go although nobody mended anything."""
    weeks(lift, 5, 1)
    for day in range(35, 35 + 8 * 7):
        fault(lift, day * DAY + 7_200)
        fault(lift, day * DAY + 10_800)
    assert [said.transition.action for said in lift.unclaimed] == [Action.RAISE]


def test_maintenance_takes_the_count_back_but_not_what_is_usual(lift: Timeline) -> None:
    start = weeks(lift, 5, 4)
    assert raised_after(lift, start, 20) == 7
    lift.unclaimed.clear()
    lift.resolve(RULE, LIFT)
    assert raised_after(lift, lift.now, 20) == 10


def test_history_survives_a_restart(lift: Timeline) -> None:
    start = weeks(lift, 5, 1)
    raised_after(lift, start, 4)
    lift.restart(down_s=60)
    assert raised_after(lift, lift.now, 1) == 1


def test_the_peak_is_found_and_maintenance_proposed_before_it() -> None:
    """Faults of a building whose families all come home on Wednesday afternoon."""
    shanghai = Calendar("Asia/Shanghai")
    rule = LiftWear(WearParams(learn_weeks=0, at_least=8), shanghai)
    wednesday = datetime(2026, 9, 2, 8, 30, tzinfo=UTC).timestamp()
    state, said = Wear(due=NEVER), []
    noise = [(wednesday - 3_600 * hour, str(hour)) for hour in (20, 15, 10, 5)]
    for at, floor in [*noise, *((wednesday + minute, "12") for minute in range(4))]:
        twin = Twin(LIFT, states={"floor": floor, FAULT: True})
        report = Report(LIFT, DeviceKind.LIFT, at, at, states={FAULT: True})
        after, words = rule.step(state, report, twin, at)
        assert after is not None
        said += words
        off = Report(LIFT, DeviceKind.LIFT, at, at, states={FAULT: False})
        state, _ = rule.step(after, off, Twin(LIFT, states={FAULT: False}), at)
    (raised,) = said
    assert raised.reason.values == {
        "faults": 8,
        "usual_week": 0.0,
        "peak_weekday": "wednesday",
        "peak_hour": 16,
        "maintain_before_at": datetime(2026, 9, 9, 8, 0, tzinfo=UTC).timestamp(),
        "floor": "12",
    }


def test_a_peak_nearer_than_the_notice_is_proposed_for_the_week_after() -> None:
    rule = LiftWear(WearParams(lead_h=24), Calendar("UTC"))
    monday = datetime(2026, 9, 7, tzinfo=UTC).timestamp()
    assert rule._next(14, monday) == monday + 14 * 3_600
    assert rule._next(14, monday + 15 * 3_600) == monday + WEEK + 14 * 3_600


def test_memory_stays_bounded_and_fades() -> None:
    rule = LiftWear(WearParams())
    state: Wear | None = None
    for number in range(600):
        at = number * 3_600.0
        for on in (True, False):
            states: dict[str, StateValue] = {FAULT: on, "floor": f"floor-{number}"}
            state, _ = rule.step(
                state, Report(LIFT, DeviceKind.LIFT, at, at, states=states), Twin(LIFT, states=states), at
            )
    assert state is not None
    assert (len(state.days), len(state.hours), len(state.floors)) == (7, 168, MAX_FLOORS)
    for _ in range(52 * 7):
        state, _ = rule.tick(state, Twin(LIFT), DeviceKind.LIFT, state.due)
        assert state is not None
    assert (sum(state.days), state.hours, state.floors) == (0, {}, {})
