"""Parameters per zone, building, device or kind: resolved once per device, and exchanged while the engine runs."""

from typing import Any

import pytest
from pydantic import ValidationError

from alert_rules.alert import Action
from alert_rules.catalogue import OVERRIDES, RULES, build_rules, override_of
from alert_rules.scope import Scope
from devices.model import DeviceKind
from devices.registry import Device
from tests.unit.rules.timeline import START, Timeline

YARD = Device("yard", DeviceKind.ACCESS_GATE, zone="yard", building="b1")
LOBBY = Device("lobby", DeviceKind.ACCESS_GATE, zone="lobby", building="b1", floor="1")
RULE = "gate_held_open"


def story(*overrides: dict[str, Any], **base: Any) -> Timeline:
    return Timeline(YARD, LOBBY, rules={RULE: {**base, OVERRIDES: list(overrides)}})


def opens(tale: Timeline) -> Timeline:
    for device in ("yard", "lobby"):
        tale.says(device, states={"door_state": "open"})
    return tale


@pytest.mark.parametrize(
    "scope", [{"zone": "yard"}, {"device": ["yard", "other"]}, {"building": "b1", "zone": ["yard"]}], ids=str
)
def test_an_override_holds_for_its_devices_alone(scope: dict[str, Any]) -> None:
    tale = opens(story({**scope, "dwell_s": 300}, dwell_s=30))
    said = tale.expect(RULE, "lobby", between=(30, 30))
    assert said.reason.thresholds == {"dwell_s": 30}
    said = tale.expect(RULE, "yard", between=(300, 300))
    assert said.reason.thresholds == {"dwell_s": 300}
    tale.expect_nothing(until=1_000)


def test_later_overrides_go_over_earlier_ones() -> None:
    tale = opens(story({"building": "b1", "dwell_s": 100}, {"floor": 1, "dwell_s": 200}))
    tale.expect(RULE, "yard", between=(100, 100))
    tale.expect(RULE, "lobby", between=(200, 200))


def test_an_override_of_another_kind_changes_nothing() -> None:
    tale = opens(story({"kind": "lift", "dwell_s": 5}))
    tale.expect(RULE, "lobby", between=(60, 60))
    tale.expect(RULE, "yard", between=(60, 60))


def test_devices_of_equal_parameters_share_one_rule() -> None:
    rule = next(r for r in build_rules({RULE: {OVERRIDES: [{"building": "b1", "dwell_s": 9}]}}) if r.name == RULE)
    assert rule.for_device(YARD) is rule.for_device(LOBBY)
    assert rule.for_device(Device("g", DeviceKind.ACCESS_GATE)) is rule


def test_a_restart_keeps_the_dwell_of_the_override() -> None:
    tale = opens(story({"zone": "yard", "dwell_s": 300}))
    tale.expect(RULE, "lobby", between=(60, 60))
    tale.at(200).restart(down_s=50)
    tale.expect(RULE, "yard", between=(300, 300))


@pytest.mark.parametrize(
    "override",
    [{"zone": "yard", "dwell": 3}, {"zone": "yard", "dwell_s": 0}, {"zone": "yard", "dwell_s": "5 min"}, {"kind": "x"}],
    ids=str,
)
def test_bad_overrides_are_refused(override: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        build_rules({RULE: {OVERRIDES: [override]}})


def test_no_parameter_is_named_like_a_place() -> None:
    """An override holds both side by side."""
    for name, rule in RULES.items():
        assert not set(rule.Params.model_fields) & {*Scope.model_fields, OVERRIDES}, name


def test_an_override_is_parted_into_place_and_values() -> None:
    override = override_of({"zone": "a", "floor": [1, "B1"], "dwell_s": 3})
    assert override.scope == Scope(zone=("a",), floor=("1", "B1"))
    assert override.values == {"dwell_s": 3}


def test_changed_rules_keep_what_the_old_ones_remembered() -> None:
    tale = opens(story(dwell_s=60))
    tale.at(30).engine.exchange(build_rules({RULE: {"dwell_s": 90}}))
    tale.expect(RULE, "yard", between=(60, 60))
    tale.expect(RULE, "lobby", between=(60, 60))
    tale.at(100).says("yard", states={"door_state": "closed"})
    tale.expect(RULE, "yard", between=(100, 100), action=Action.CLEAR)
    tale.at(110).says("yard", states={"door_state": "open"})
    tale.expect(RULE, "yard", between=(200, 200))
    tale.expect_nothing(until=400)


def test_a_rule_that_went_is_forgotten() -> None:
    tale = opens(story(dwell_s=60))
    tale.checkpoint()
    tale.engine.exchange(rule for rule in build_rules({}) if rule.name != RULE)
    states, _ = tale.engine.checkpoint()
    assert {(rule, device, blob) for rule, device, blob in states} == {(RULE, "yard", None), (RULE, "lobby", None)}
    tale.engine.reset(RULE, "yard", "")
    tale.engine.advance(START + 100)
    tale.expect_nothing()


def test_new_overrides_hold_at_once_for_known_devices() -> None:
    tale = story()
    tale.engine.exchange(build_rules({RULE: {OVERRIDES: [{"zone": "yard", "dwell_s": 5}]}}))
    opens(tale)
    tale.expect(RULE, "yard", between=(5, 5))
    tale.expect(RULE, "lobby", between=(60, 60))
