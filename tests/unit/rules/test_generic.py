"""The site's own rules: each kind of condition, their logic of three values, timing, restart, and what is refused."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alert_rules.alert import Action, Severity
from alert_rules.calendar import Calendar
from alert_rules.catalogue import build_rules
from alert_rules.custom import MAX_DEPTH, CustomRule, When
from alert_rules.engine import Engine
from alert_rules.generic import BUCKETS, compile_rules, decide
from alert_rules.schedule import Schedule
from devices.model import DeviceKind, Event, Report
from devices.registry import Device, Registry
from tests.unit.rules.timeline import START, Timeline

PIT = Device("pit", DeviceKind.WATER_LEAK, zone="garage")
ROOF = Device("roof", DeviceKind.WATER_LEAK, zone="roof")
GATE = Device("gate", DeviceKind.ACCESS_GATE, zone="yard")
TITLE = {"zh": "自定", "en": "Own"}
SITE = Calendar("Asia/Shanghai", [date(2026, 10, 1)])
NAME = "own"


def spec(when: dict[str, Any], **more: Any) -> CustomRule:
    return CustomRule.model_validate({"name": NAME, "title": TITLE, "severity": "minor", "when": when, **more})


class Own(Timeline):
    """A story in which one rule of the site's own is all there is."""

    def __init__(self, when: dict[str, Any], schedules: tuple[Schedule, ...] = (), **more: Any) -> None:
        self.spec = spec(when, **more)
        self.schedules = schedules
        super().__init__(PIT, ROOF, GATE)

    def _boot(self) -> Engine:
        rules = compile_rules([self.spec], self.schedules, SITE)
        return Engine(rules, Registry(self._devices.values()), START + self.now)

    def raised(self, at: float, device: str = "pit") -> Any:
        return self.expect(NAME, device, between=(at, at))

    def cleared(self, at: float, device: str = "pit") -> Any:
        return self.expect(NAME, device, between=(at, at), action=Action.CLEAR)

    def measures(self, device: str = "pit", **values: float) -> "Own":
        self.says(device, measurements=values)
        return self


HUMID = {"measurement": "humidity", "above": 85, "clear": 80}


def test_a_threshold_with_hysteresis() -> None:
    tale = Own(HUMID)
    tale.measures(humidity=85).expect_nothing()
    said = tale.measures(humidity=85.1).raised(0)
    assert said.severity is Severity.MINOR
    assert (said.reason.code, said.reason.values) == ("condition_met", {"humidity": 85.1})
    assert said.reason.thresholds["humidity"] == {"above": 85, "clear": 80}
    assert said.attributes == {"title": TITLE}
    tale.at(10)
    tale.measures(humidity=81).expect_nothing()
    said = tale.measures(humidity=80).cleared(10)
    assert (said.reason.code, said.auto_resolve) == ("condition_ended", False)
    tale.measures(humidity=84).expect_nothing(until=100)


def test_below_counts_downwards() -> None:
    tale = Own({"measurement": "temperature", "below": 3, "clear": 5}, auto_resolve=True)
    tale.measures(temperature=3).expect_nothing()
    tale.measures(temperature=2.9).raised(0)
    tale.measures(temperature=4.9).expect_nothing()
    assert tale.measures(temperature=5).cleared(0).auto_resolve


def test_it_must_last_and_be_gone() -> None:
    tale = Own(HUMID, for_s=60, release_s=30)
    tale.measures(humidity=90).expect_nothing(until=59.9)
    tale.measures(humidity=70).expect_nothing(until=100)
    tale.measures(humidity=90)
    tale.raised(160)
    tale.at(200)
    tale.measures(humidity=70).expect_nothing(until=220)
    tale.measures(humidity=90).expect_nothing(until=300)
    tale.measures(humidity=70)
    tale.cleared(330)


def test_a_restart_in_the_middle_changes_nothing() -> None:
    tale = Own(HUMID, for_s=60)
    tale.measures(humidity=90).at(30).restart(down_s=10)
    tale.raised(60)
    tale.restart(down_s=5)
    tale.measures(humidity=82).expect_nothing(until=100)
    tale.measures(humidity=79)
    tale.cleared(100)


def test_states_true_false_and_words() -> None:
    tale = Own({"state": "door_state", "equals": "open"})
    tale.says("gate", states={"door_state": "opening"})
    tale.expect_nothing()
    tale.says("gate", states={"door_state": "open"})
    tale.raised(0, "gate")
    tale.says("gate", states={"door_state": None})
    tale.expect_nothing()
    tale.says("gate", states={"door_state": "closed"})
    tale.cleared(0, "gate")


def test_repetition_within_a_window() -> None:
    tale = Own({"event": "access_denied", "times": 3, "within_s": 60})
    for second in (0, 40, 61, 90):
        tale.at(second).says("gate", events=(Event("access_denied"),))
    assert tale.raised(90, "gate").reason.values == {"access_denied": 3}
    tale.cleared(100, "gate")
    tale.expect_nothing(until=1_000)
    states, _ = tale.engine.checkpoint()
    assert states[-1][2] is None, "old events are forgotten"


def test_a_single_event_counts_for_a_while() -> None:
    tale = Own({"event": "door_forced", "within_s": 600})
    tale.says("gate", events=(Event("door_forced"),))
    tale.raised(0, "gate")
    tale.restart(down_s=60)
    tale.cleared(600, "gate")


def test_absence_counts_from_the_first_word() -> None:
    tale = Own({"absent": "humidity", "for_s": 3600})
    tale.measures(temperature=20).expect_nothing(until=5_000)
    tale.measures(humidity=50).expect_nothing(until=8_599)
    tale.raised(8_600)
    tale.at(9_000)
    tale.measures(humidity=50).cleared(9_000)
    tale.raised(12_600)


@pytest.mark.parametrize(("field", "sign"), [("rises_by", 1), ("falls_by", -1)])
def test_a_rate_of_change(field: str, sign: int) -> None:
    tale = Own({"measurement": "temperature", field: 8, "within_s": 60})
    for second, value in ((0, 20), (30, 24), (59, 27.9)):
        tale.at(second)
        tale.measures(temperature=sign * value)
    tale.expect_nothing()
    tale.at(80)
    tale.measures(temperature=sign * 32)
    assert tale.raised(80).reason.values == {"temperature": sign * 8}
    tale.at(200)
    tale.measures(temperature=sign * 33)
    tale.cleared(200)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_a_rate_remembers_little_and_misses_nothing(values: list[float]) -> None:
    tale = Own({"measurement": "humidity", "rises_by": 99, "within_s": 600})
    for value in values:
        tale.at(tale.now + 1)
        tale.measures(humidity=value)
    raised = [said for said in tale.unclaimed if said.transition.action is Action.RAISE]
    rises = any(later - min(values[: i + 1]) >= 99 for i, later in enumerate(values))
    assert bool(raised) is rises
    state = tale.engine.memory.of("pit")[NAME]
    assert len(state.marks[0]) <= BUCKETS + 1  # type: ignore[attr-defined]


NIGHT = Schedule.model_validate({"name": "night", "periods": [{"start": "22:00", "end": "06:00"}]})
EVENING = datetime(2026, 9, 7, 21, 0, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() - START


def test_a_schedule_begins_and_ends_what_lasts() -> None:
    when = {"all": [{"state": "door_state", "equals": "open"}, {"during": "night"}]}
    tale = Own(when, (NIGHT,))
    tale.now = EVENING
    tale.says("gate", states={"door_state": "open"})
    tale.expect_nothing(until=EVENING + 3_599)
    tale.restart()
    said = tale.raised(EVENING + 3_600, "gate")
    assert said.reason.values == {"door_state": "open"}
    tale.cleared(EVENING + 9 * 3_600, "gate")
    tale.raised(EVENING + 25 * 3_600, "gate")


def test_a_schedule_that_decides_nothing_costs_no_timer() -> None:
    tale = Own({"all": [{"state": "door_state", "equals": "open"}, {"during": "night"}]}, (NIGHT,))
    tale.says("gate", states={"door_state": "closed"})
    assert not tale.engine.memory.all()


def test_all_and_any_together() -> None:
    when = {"all": [{"state": "water_leak"}, {"any": [HUMID, {"measurement": "water_level", "above": 0.1}]}]}
    tale = Own(when)
    tale.says("pit", states={"water_leak": True})
    tale.expect_nothing()
    tale.measures(humidity=50).expect_nothing()
    tale.measures(water_level=0.2).raised(0)
    tale.measures(water_level=0.0).cleared(0)


def test_where_restricts_it_to_some_devices() -> None:
    tale = Own(HUMID, where={"zone": "garage"})
    tale.measures("roof", humidity=99).expect_nothing()
    tale.measures("pit", humidity=99).raised(0)


def test_devices_do_not_add_up() -> None:
    tale = Own({"event": "access_denied", "times": 2, "within_s": 60}, where={"kind": "access_gate"})
    tale.says("gate", events=(Event("access_denied"),))
    tale.says("pit", events=(Event("access_denied"),))
    tale.expect_nothing(until=100)


@pytest.mark.parametrize("late", ["test", "historical", "snapshot"])
def test_what_is_not_news_raises_nothing(late: str) -> None:
    tale = Own({"state": "water_leak"})
    tale.says("pit", states={"water_leak": True}, age=100, **{late: True})
    tale.expect_nothing()


def test_strangers_are_not_judged() -> None:
    tale = Own({"state": "water_leak"})
    tale.says("nobody", states={"water_leak": True}, kind=DeviceKind.WATER_LEAK)
    tale.expect_nothing()


def test_a_repeated_value_keeps_the_very_same_memory() -> None:
    (rule,) = compile_rules([spec({"all": [HUMID, {"during": "night"}]})], [NIGHT], SITE)
    tale = Own(HUMID)
    tale.measures(humidity=90)
    twin = tale.engine.subjects["pit"].twin
    report = Report("pit", DeviceKind.WATER_LEAK, START, START, measurements={"humidity": 90})
    state, _ = rule.step(None, report, twin, START)
    again, said = rule.step(state, report, twin, START + 1)
    assert again is state
    assert not said


def test_another_condition_forgets_and_another_severity_does_not() -> None:
    tale = Own(HUMID)
    tale.measures(humidity=90).raised(0)
    tale.engine.exchange(compile_rules([spec(HUMID, severity="major")]))
    assert tale.engine.memory.all()
    tale.engine.exchange(compile_rules([spec({**HUMID, "above": 86})]))
    assert not tale.engine.memory.all()


def test_it_stands_beside_the_catalogue() -> None:
    rules = build_rules({}, SITE, compile_rules([spec(HUMID)]))
    assert rules[-1].name == NAME


TREES = st.recursive(
    st.just({"state": "water_leak"}),
    lambda inner: st.builds(
        lambda word, parts: {word: parts}, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def classical(when: When, answers: list[bool]) -> bool:
    """Two-valued logic, written the other way: from the back."""
    if when.all is None and when.any is None:
        return answers.pop()
    parts = [classical(part, answers) for part in reversed(when.all or when.any or [])]
    return all(parts) if when.all is not None else any(parts)


@given(TREES, st.data())
def test_unknown_decides_only_what_any_answer_would(tree: dict[str, Any], data: st.DataObject) -> None:
    when = When.model_validate(tree)
    count = len(list(when.leaves()))
    answers = data.draw(st.lists(st.sampled_from([True, False, None]), min_size=count, max_size=count))
    completions: list[list[bool]] = [[]]
    for answer in answers:
        choices = [True, False] if answer is None else [answer]
        completions = [[*done, choice] for done in completions for choice in choices]
    outcomes = {classical(when, list(done)) for done in completions}
    decided = decide(when, answers)
    assert decided == (outcomes.pop() if len(outcomes) == 1 else None)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("exactly one", {}),
    ("exactly one", {"state": "water_leak", "event": "door_forced", "within_s": 1}),
    ("did you mean 'humidity'", {"measurement": "humidty", "above": 1}),
    ("no state is called", {"state": "wet"}),
    ("no event is called", {"event": "boom", "within_s": 1}),
    ("needs one of", {"measurement": "humidity"}),
    ("needs one of", {"measurement": "humidity", "above": 1, "below": 2}),
    ("impossible threshold", {"measurement": "humidity", "above": 100}),
    ("impossible threshold", {"measurement": "humidity", "above": -1}),
    ("impossible threshold", {"measurement": "humidity", "below": 0}),
    ("impossible: humidity", {"measurement": "humidity", "rises_by": 101, "within_s": 5}),
    ("normal side", {"measurement": "humidity", "above": 50, "clear": 51}),
    ("normal side", {"measurement": "humidity", "below": 50, "clear": 49}),
    ("needs within_s", {"measurement": "humidity", "rises_by": 5}),
    ("belongs to a rate", {"measurement": "humidity", "above": 5, "within_s": 5}),
    ("true or false", {"state": "water_leak", "equals": "yes"}),
    ("is a word", {"state": "door_state"}),
    ("is never 'ajar'", {"state": "door_state", "equals": "ajar"}),
    ("over at once", {"event": "door_forced"}),
    ("needs for_s", {"absent": "humidity"}),
    ("does not belong to state", {"state": "water_leak", "above": 3}),
    ("a schedule alone", {"during": "night"}),
    ("valid number", {"measurement": "humidity", "above": "85 percent"}),
]


@pytest.mark.parametrize(("says", "when"), BAD, ids=[str(when) for _, when in BAD])
def test_impossible_conditions_are_refused(says: str, when: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=says):
        spec(when)


def test_a_rule_for_devices_that_never_say_it_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"none of where.kind ever reports humidity"):
        spec(HUMID, where={"kind": "lift"})


def test_nesting_is_bounded() -> None:
    when: dict[str, Any] = {"state": "water_leak"}
    for _ in range(MAX_DEPTH):
        when = {"all": [when]}
    with pytest.raises(ValidationError, match="nested"):
        spec(when)


@pytest.mark.parametrize("name", ["Own", "1st", "a-b", "", "x" * 65])
def test_names_are_plain_words(name: str) -> None:
    with pytest.raises(ValidationError):
        spec(HUMID, name=name)


def test_what_a_quiet_device_had_not_measured_before_is_weighed() -> None:
    tale = Own(HUMID)
    for _ in range(3):
        tale.measures(temperature=20)
    tale.measures(humidity=90).raised(0)
