"""What no single field of a rule can know: rules, schedules and places that do not exist, names given twice.

The checks read the raw values, so that they report beside a misspelt field and not only after it was mended.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from alert_rules.catalogue import OVERRIDES
from alert_rules.presence import RULE as PRESENCE
from alert_rules.scope import Scope
from gateway.site_fields import Problem, closest, field_problems
from gateway.yaml_reader import Loc

Data = Mapping[str, Any]
PLACES = ("device", "building", "zone")


def rule_problems(data: Data, rules: Mapping[str, type[BaseModel]]) -> Iterator[Problem]:
    """Find what is wrong between rules and the rest of the file; ``rules`` are those of the catalogue."""
    known = _places(data)
    yield from _parameters(data, rules, known)
    yield from _names(data, rules)
    schedules = {str(row.get("name")) for row in _rows(data.get("schedules"))}
    for index, row in enumerate(_list(data.get("custom_rules"))):
        if isinstance(row, Mapping):
            loc: Loc = ("custom_rules", index)
            yield from _scope(row.get("where"), (*loc, "where"), known)
            yield from _schedules(row.get("when"), (*loc, "when"), schedules)


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _rows(found: Any) -> list[Data]:
    return [row for row in _list(found) if isinstance(row, Mapping)]


def _places(data: Data) -> dict[str, set[str]]:
    devices = _rows(data.get("devices"))
    return {
        "device": {str(row.get("id")) for row in devices},
        "building": {str(row.get("id")) for row in _rows(data.get("buildings"))},
        "zone": {str(row["zone"]) for row in devices if row.get("zone")},
    }


def _parameters(data: Data, rules: Mapping[str, type[BaseModel]], known: dict[str, set[str]]) -> Iterator[Problem]:
    given = data.get("rules")
    for name, parameters in given.items() if isinstance(given, Mapping) else ():
        loc: Loc = ("rules", name)
        if name not in rules:
            yield Problem(loc, "unknown rule", closest(name, rules))
        elif isinstance(parameters, Mapping):
            yield from _rule(parameters, rules[name], loc, known)


def _rule(given: Data, model: type[BaseModel], loc: Loc, known: dict[str, set[str]]) -> Iterator[Problem]:
    base = {name: value for name, value in given.items() if name != OVERRIDES}
    mistakes = list(_mistakes(model, base, loc))
    yield from mistakes
    if not isinstance(overrides := given.get(OVERRIDES, []), list):
        yield Problem((*loc, OVERRIDES), "should be a list", "write each as - {zone: NAME, FIELD: VALUE}")
        return
    for index, row in enumerate(overrides):
        place: Loc = (*loc, OVERRIDES, index)
        if not isinstance(row, Mapping):
            yield Problem(place, "should be a mapping of fields", "write it as {zone: NAME, FIELD: VALUE}")
            continue
        where = {name: value for name, value in row.items() if name in Scope.model_fields}
        values = {name: value for name, value in row.items() if name not in Scope.model_fields}
        if not where or not values:
            what = "says nothing of whom it is about" if values else "changes nothing"
            remedy = f"name at least one of {', '.join(Scope.model_fields)}, and a parameter beside it"
            yield Problem(place, what, remedy)
        yield from _mistakes(Scope, where, place)
        yield from _scope(where, place, known)
        yield from _mistakes(model, values if mistakes else base | values, place)


def _mistakes(model: type[BaseModel], given: Data, loc: Loc) -> Iterator[Problem]:
    try:
        model.model_validate(given)
    except ValidationError as error:
        yield from field_problems(error, model, loc)


def _names(data: Data, rules: Mapping[str, type[BaseModel]]) -> Iterator[Problem]:
    for section in ("custom_rules", "schedules"):
        taken = dict.fromkeys((*rules, PRESENCE), "a rule of the catalogue") if section == "custom_rules" else {}
        for index, row in enumerate(_list(data.get(section))):
            name = row.get("name") if isinstance(row, Mapping) else None
            if not isinstance(name, str):
                continue
            if name in taken:
                yield Problem((section, index, "name"), f"{name!r} is taken by {taken[name]}", "give each its own")
            taken.setdefault(name, f"{section}[{index}]")


def _scope(where: Any, loc: Loc, known: dict[str, set[str]]) -> Iterator[Problem]:
    for field in PLACES if isinstance(where, Mapping) else ():
        given = where.get(field, ())
        for name in [given] if isinstance(given, str) else given if isinstance(given, list) else []:
            if isinstance(name, str) and name not in known[field]:
                what = f"there is no {field} {name!r}"
                extra = "; zones are those that devices name" if field == "zone" else ""
                yield Problem((*loc, field), what + extra, closest(name, known[field]))


def _schedules(when: Any, loc: Loc, known: set[str]) -> Iterator[Problem]:
    """Find schedules that do not exist, however deep; the reader has bounded the depth."""
    if not isinstance(when, Mapping):
        return
    name = when.get("during")
    if isinstance(name, str) and name not in known:
        yield Problem((*loc, "during"), f"there is no schedule {name!r}", closest(name, known))
    for part in ("all", "any"):
        for index, inner in enumerate(_list(when.get(part))):
            yield from _schedules(inner, (*loc, part, index), known)
