"""All rules by name. A new rule is one class and one entry here."""

from typing import Any

from alert_rules.access import GateForced, GateHeldOpen
from alert_rules.calendar import UTC, Calendar
from alert_rules.falling_object import FallingObject
from alert_rules.fire_lane import FireLaneBlocked
from alert_rules.latch import DeviceTest, SmokeAlarm, WaterLeak
from alert_rules.lift import LiftEntrapment
from alert_rules.rule import Rule

RULES: dict[str, type[Rule[Any, Any]]] = {
    rule.name: rule
    for rule in (
        SmokeAlarm,
        DeviceTest,
        LiftEntrapment,
        GateForced,
        GateHeldOpen,
        FireLaneBlocked,
        FallingObject,
        WaterLeak,
    )
}


def build_rules(parameters: dict[str, dict[str, Any]], calendar: Calendar = UTC) -> list[Rule[Any, Any]]:
    """Instantiate every rule with its parameters from the site file; ``calendar`` is the site's.

    Raises:
        KeyError: a rule that does not exist.
        pydantic.ValidationError: parameters a rule does not take.
    """
    for name in parameters.keys() - RULES.keys():
        raise KeyError(name)
    return [rule(rule.Params.model_validate(parameters.get(name, {})), calendar) for name, rule in RULES.items()]
