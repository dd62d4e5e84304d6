"""All rules by name. A new rule is one class and one entry here."""

from collections.abc import Iterable, Mapping
from typing import Any

from alert_rules.calendar import UTC, Calendar
from alert_rules.catalogue_fire import FIRE, HEALTH, WATER
from alert_rules.catalogue_place import ACCESS, CAMERAS, FACADES, LANES, LIFTS
from alert_rules.power import PowerFailure
from alert_rules.rule import Override, Rule
from alert_rules.scope import Scope

ALL: tuple[type[Rule[Any, Any]], ...] = (
    *FIRE,
    *WATER,
    *LIFTS,
    *ACCESS,
    *LANES,
    *FACADES,
    *CAMERAS,
    *HEALTH,
    PowerFailure,
)
RULES = {rule.name: rule for rule in ALL}
FIRE_RULES = frozenset(name for name, rule in RULES.items() if rule.fire)
OVERRIDES = "overrides"


def build_rules(
    parameters: Mapping[str, Mapping[str, Any]], calendar: Calendar = UTC, custom: Iterable[Rule[Any, Any]] = ()
) -> list[Rule[Any, Any]]:
    """Instantiate every rule with its parameters from the site file, then the site's own; ``calendar`` is the site's.

    Raises:
        KeyError: a rule that does not exist.
        pydantic.ValidationError: parameters a rule does not take.
    """
    for name in parameters.keys() - RULES.keys():
        raise KeyError(name)
    return [_build(rule, dict(parameters.get(name, {})), calendar) for name, rule in RULES.items()] + list(custom)


def _build(rule: type[Rule[Any, Any]], given: dict[str, Any], calendar: Calendar) -> Rule[Any, Any]:
    overrides = [override_of(row) for row in given.pop(OVERRIDES, ())]
    for override in overrides:
        rule.Params.model_validate(given | override.values)
    return rule(rule.Params.model_validate(given), calendar, overrides)


def override_of(row: Mapping[str, Any]) -> Override:
    """Part ``{zone: garage, dwell_s: 90}`` into whom it is about and what differs.

    Raises:
        pydantic.ValidationError: no such kind of device, or no name where one belongs.
    """
    places = {name: value for name, value in row.items() if name in Scope.model_fields}
    values = {name: value for name, value in row.items() if name not in Scope.model_fields}
    return Override(Scope.model_validate(places), values)
