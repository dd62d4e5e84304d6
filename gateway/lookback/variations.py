"""The same rule with one parameter changed: to find by trial which setting would have made a difference."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from pydantic import ValidationError

from alert_rules.catalogue import RULES
from alert_rules.rule import Rule

FACTORS = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Each number is tried this many times larger and smaller; beyond that it is another rule, not a setting."""


class Variation(Struct):
    """``rule`` with ``parameter`` set to ``value`` instead of ``was``."""

    parameter: str
    was: float
    value: float
    rule: Rule[Any, Any]


def variations(rule: Rule[Any, Any]) -> Iterator[Variation]:
    """Every number among the rule's parameters, larger and smaller step by step, as far as the rule allows it."""
    for name, was in numbers(rule).items():
        for value in sorted(_candidates(was), key=lambda candidate: abs(candidate - was)):
            varied = with_value(rule, name, value)
            if varied is not None:
                yield Variation(name, was, value, varied)


def numbers(rule: Rule[Any, Any]) -> dict[str, float]:
    """The rule's parameters that are numbers; a site's own rule keeps its in its conditions, which stay as they are."""
    if rule.name not in RULES:
        return {}
    given = rule.params.model_dump()
    return {k: v for k, v in given.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def with_value(rule: Rule[Any, Any], parameter: str, value: float) -> Rule[Any, Any] | None:
    """A copy of ``rule`` with one parameter changed; ``None`` where it does not take the value."""
    try:
        params = type(rule.params).model_validate(rule.params.model_dump() | {parameter: value})
    except ValidationError:
        return None
    return type(rule)(params, rule.calendar)


def _candidates(was: float) -> set[float]:
    found = {was * factor for factor in FACTORS} | {was / factor for factor in FACTORS}
    digits = 0 if isinstance(was, int) else 6
    return {type(was)(round(value, digits)) for value in found} - {was}
