"""Which rules a report reaches: all it concerns at first, then only those it may still move."""

import math
from typing import Any

import pytest

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.engine import Engine
from alert_rules.rule import NEVER, NOTHING, Params, Rest, Rule, RuleState
from alert_rules.signs import CLOCK
from devices.model import DeviceKind, Event, Report
from devices.registry import Device, Registry
from devices.twin import Twin

START = 1_790_000_000.0
LEAK = DeviceKind.WATER_LEAK


class Spy(Rule[RuleState, Params]):
    """Writes down what it is shown; ``keeps`` makes it remember, ``speaks`` makes it raise."""

    kinds = frozenset({LEAK})
    State = RuleState
    keeps = False
    speaks = False

    def __init__(self) -> None:
        super().__init__(Params())
        self.shown: list[Report] = []

    def step(
        self, state: RuleState | None, report: Report, twin: Twin, now: float
    ) -> tuple[RuleState | None, list[Transition]]:
        self.shown.append(report)
        said = [self.say(Action.RAISE, report, Severity.MINOR, Reason("seen"))] if self.speaks else NOTHING
        return (state or RuleState() if self.keeps else None), said


class ByState(Spy):
    name = "by_state"
    states = frozenset({"water_leak"})


class ByValue(Spy):
    name = "by_value"
    measurements = frozenset({"water_level"})


class ByEither(Spy):
    name = "by_either"
    states = frozenset({"water_leak"})
    measurements = frozenset({"temperature"})


class AtRest(Spy):
    name = "at_rest"
    measurements = frozenset({"water_level"})
    until = NEVER

    def rest(self, state: RuleState | None, twin: Twin) -> Rest | None:
        return (self.until, (("water_level", -1.0, 0.5),)) if state is None else None


class ByBuilding(Spy):
    name = "by_building"
    states = frozenset({"water_leak"})
    keyed = True

    def key(self, report: Report, device: Device | None) -> str:
        return device.building if device else ""


class Site:
    """One device, or two of one building, and rules that watch what they are shown."""

    def __init__(self, *rules: Spy) -> None:
        self.rules = rules
        devices = [Device(name, LEAK, building="b1") for name in ("one", "two")]
        self.engine = Engine(rules, Registry(devices), START)
        self.now = START

    def says(self, device: str = "one", level: float | None = None, **changed: Any) -> "Site":
        self.now += 1
        measurements = {} if level is None else {"water_level": level}
        fields: dict[str, Any] = {"states": {"water_leak": False}, "measurements": measurements} | changed
        self.engine.observe(Report(device, LEAK, self.now, self.now, **fields), self.now)
        return self

    def counts(self) -> list[int]:
        return [len(rule.shown) for rule in self.rules]

    def settle(self) -> "Site":
        """Until the rules have seen a report that repeats all states; then forget what they saw."""
        self.says(level=0.1).says(level=0.1)
        for rule in self.rules:
            rule.shown.clear()
        return self


def test_a_report_that_repeats_itself_reaches_only_those_that_weigh_it() -> None:
    site = Site(ByState(), ByValue(), ByEither()).settle()
    site.says(level=0.2).says(level=0.3)
    assert site.counts() == [0, 2, 0]


def test_another_state_reaches_all_it_concerns() -> None:
    site = Site(ByState(), ByValue(), ByEither()).settle()
    site.says(level=0.2, states={"water_leak": True})
    assert site.counts() == [1, 1, 1]


def test_another_measurement_reaches_those_it_concerns() -> None:
    site = Site(ByState(), ByValue(), ByEither()).settle()
    site.says(measurements={"temperature": 20.0})
    assert site.counts() == [1, 0, 1]


def test_a_rule_that_remembers_is_shown_every_report() -> None:
    by_state = ByState()
    by_state.keeps = True
    site = Site(by_state).settle()
    site.says(level=0.2).says(level=0.3)
    assert site.counts() == [2]


def test_a_rule_that_speaks_is_shown_every_report() -> None:
    by_state = ByState()
    by_state.speaks = True
    site = Site(by_state).settle().says(level=0.2)
    assert site.counts() == [1]


@pytest.mark.parametrize("changed", [{"events": (Event("leak_gone"),)}, {"test": True}], ids=["event", "test"])
def test_what_is_no_plain_report_proves_no_quiet(changed: dict[str, Any]) -> None:
    site = Site(ByState(), ByValue())
    site.says(level=0.1).says(level=0.1, **changed)
    shown = site.counts()[0]
    site.says(level=0.1)
    assert site.counts()[0] == shown + 1


@pytest.mark.parametrize("late", ["snapshot", "historical"])
def test_what_was_kept_is_judged_while_young_even_of_a_quiet_device(late: str) -> None:
    site = Site(ByState()).settle()
    site.says(level=0.1, **{late: True})
    assert site.counts() == [1]


class TestRest:
    def test_it_spares_the_call_until_something_is_remembered(self) -> None:
        resting = AtRest()
        site = Site(resting).settle()
        assert site.says(level=0.4).counts() == [0]
        resting.keeps = True
        assert site.says(level=0.6).counts() == [1]
        assert site.says(level=0.1).counts() == [2]

    def test_its_bounds_are_at_rest(self) -> None:
        site = Site(AtRest()).settle()
        assert site.says(level=0.5).says(level=-1.0).counts() == [0]
        assert site.says(level=math.nextafter(0.5, 1)).counts() == [1]

    def test_what_is_no_number_disturbs_it(self) -> None:
        assert Site(AtRest()).settle().says(level=math.nan).counts() == [1]

    def test_it_ends_in_time_never_late(self) -> None:
        resting = AtRest()
        resting.until = START + 3_000
        site = Site(resting).settle()
        assert site.says(level=0.1).counts() == [0]
        site.now = START + 2_999
        assert site.says(level=0.1).counts() == [1]

    def test_it_ends_when_a_person_makes_the_rule_forget(self) -> None:
        resting, keeping = AtRest(), ByValue()
        keeping.keeps = True
        site = Site(resting, keeping).settle()
        assert site.says(level=0.1).counts() == [0, 1]
        site.engine.reset("by_value", "one", "")
        assert site.says(level=0.1).says(level=0.1).counts() == [1, 3]

    def test_other_rules_leave_it_alone(self) -> None:
        site = Site(AtRest(), ByValue()).settle()
        assert site.says(level=0.2).says(level=0.3).counts() == [0, 2]


class ByClock(Spy):
    name = "by_clock"
    signs = frozenset({CLOCK})


class TestSigns:
    """A backlog is late from its first message to its last: lateness must not make each of them news to all rules."""

    def late(self, site: Site, times: int) -> Site:
        for _ in range(times):
            site.now += 1
            site.engine.observe(Report("one", LEAK, site.now - 600, site.now, states={"water_leak": False}), site.now)
        return site

    def test_a_sign_that_stays_reaches_those_that_judge_it(self) -> None:
        site = Site(ByState(), ByClock())
        assert self.late(site, 4).counts() == [1, 4]

    def test_a_sign_that_goes_is_news_to_all(self) -> None:
        site = Site(ByState(), ByClock())
        assert self.late(site, 4).says().counts() == [2, 4]


def test_one_report_of_all_states_proves_quiet() -> None:
    assert Site(ByState()).says(level=0.1).says(level=0.2).counts() == [1]


def test_part_of_the_states_proves_none() -> None:
    site = Site(ByState()).says(states={"water_leak": False, "tamper": False}).says().says()
    assert site.counts() == [3]


def test_a_rule_that_has_just_forgotten_is_asked_again() -> None:
    """Its next answer may be another than that of a rule that remembered."""
    by_state = ByState()
    by_state.keeps = True
    site = Site(by_state).says()
    by_state.keeps = False
    assert site.says().says().says().counts() == [3]


class TestGroups:
    def test_a_group_that_remembers_nothing_is_left_alone(self) -> None:
        site = Site(ByBuilding()).settle()
        assert site.says(level=0.2).counts() == [0]

    def test_a_group_that_another_moved_is_shown_what_this_one_repeats(self) -> None:
        group = ByBuilding()
        site = Site(group).settle()
        group.keeps = True
        site.says("two", level=0.1, states={"water_leak": True})
        assert site.says("one", level=0.1).counts() == [2]

    def test_it_is_left_alone_again_once_it_has_forgotten(self) -> None:
        group = ByBuilding()
        site = Site(group).settle()
        group.keeps = True
        site.says("two", level=0.1, states={"water_leak": True})
        site.engine.reset("by_building", "two", "b1")
        group.keeps = False
        site.says("one", level=0.1).says("one", level=0.1)
        group.shown.clear()
        assert site.says("one", level=0.1).counts() == [0]


def test_exchanged_rules_see_everything_anew() -> None:
    site = Site(ByState()).settle()
    fresh = ByState()
    site.engine.exchange([fresh])
    site.says(level=0.1)
    assert len(fresh.shown) == 1
