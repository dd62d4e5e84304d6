"""Turns pydantic's errors about a site file into sentences that name the field, what is wrong and the remedy.

Values are never repeated, except words of a closed list: whoever pastes a secret into the wrong field must not meet it
again in a log.
"""

import re
import types
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.dataclasses import is_pydantic_dataclass
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gateway.site import Secret
from gateway.yaml_reader import Loc

IDENTIFIER_HELP = "use letters, digits and _ . : - only, at most 64, the first a letter or digit"


class Problem(NamedTuple):
    """What is wrong at one place, and what to do."""

    loc: Loc
    what: str
    remedy: str


def field_problems(error: ValidationError, model: type[BaseModel], prefix: Loc = ()) -> list[Problem]:
    """Describe each of pydantic's errors; ``prefix`` is where ``model`` sits in the file."""
    return [_problem(details, model, prefix) for details in error.errors(include_url=False)]


def closest(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, or list them all."""
    words = sorted(known)
    near = get_close_matches(word, words, 1, 0.6)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(words) or 'none'}"


def fields_of(model: type) -> dict[str, FieldInfo]:
    """Return the fields of a model or a pydantic dataclass."""
    fields: dict[str, FieldInfo] = model.__pydantic_fields__  # type: ignore[attr-defined]
    return fields


def inner_models(annotation: Any) -> list[type]:
    """Return the models in an annotation such as ``list[Device]`` or ``Tls | None``."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return [annotation] if issubclass(annotation, BaseModel) or is_pydantic_dataclass(annotation) else []
    if get_origin(annotation) in (list, tuple, Annotated, Union, types.UnionType):
        return [found for part in get_args(annotation) for found in inner_models(part)]
    return []


def _problem(details: ErrorDetails, model: type[BaseModel], prefix: Loc) -> Problem:
    loc, kind = tuple(details["loc"]), details["type"]
    owner, field = _find(model, loc)
    loc = (*prefix, *loc)
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return Problem(loc, "unknown field", closest(str(loc[-1]), fields_of(owner)))
    if kind == "missing":
        return Problem(loc, "is missing", f"add it: {_meaning(field)}")
    return Problem(loc, _what(details), _remedy(details, owner, field))


def _what(details: ErrorDetails) -> str:
    if details["type"] == "string_pattern_mismatch":
        return "is no valid id"
    message = details["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return message.split(" or instance of ")[0].replace("valid dictionary", "mapping of fields")


def _remedy(details: ErrorDetails, owner: type, field: FieldInfo | None) -> str:
    kind, value = details["type"], details["input"]
    if owner is Secret or (field is not None and Secret in inner_models(field.annotation)):
        return "give a secret by reference: {env: NAME} or {file: PATH}"
    if kind == "string_pattern_mismatch":
        return IDENTIFIER_HELP
    if kind in ("enum", "literal_error") and isinstance(value, str):
        return closest(value, str(details["ctx"]["expected"]).replace(" or ", ", ").replace("'", "").split(", "))
    if kind in _NUMBERS and isinstance(value, str) and (number := _with_unit(value, str(details["loc"][-1]))):
        return f"numbers carry no unit, the unit is the field's own: write {number}"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "put it in quotes"
    return f"it means: {_meaning(field)}"


_NUMBERS = frozenset({"float_parsing", "int_parsing", "int_from_float", "float_type", "int_type"})
_SECONDS = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "hour": 3600, "hours": 3600, "d": 86400, "days": 86400}
_FIELDS = {"_s": 1, "_min": 60, "_h": 3600, "_hours": 3600, "_days": 86400}
_QUANTITY = re.compile(r"\s*([-+]?\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z%/]{1,10})\s*")


def _with_unit(value: str, field: str) -> str:
    """Turn ``5 min`` into what a field in seconds wants; empty for what is no number with a unit."""
    found = _QUANTITY.fullmatch(value)
    if found is None:
        return ""
    number, unit = float(found[1]), found[2].lower()
    per = next((seconds for ending, seconds in _FIELDS.items() if field.endswith(ending)), None)
    if per and unit in _SECONDS:
        return f"{number * _SECONDS[unit] / per:g}"
    return "" if per else f"{number:g}"


def _meaning(field: FieldInfo | None) -> str:
    return field.description if field is not None and field.description else "see docs/site-file.md"


def _find(model: type, loc: Loc) -> tuple[type, FieldInfo | None]:
    """Follow ``loc`` down the models: the innermost model it enters, and the last field it names."""
    owner, field = model, None
    for part in loc:
        if isinstance(part, str) and part in fields_of(owner):
            field = fields_of(owner)[part]
        inner = inner_models(field.annotation) if field is not None else []
        if len(inner) == 1 and part != loc[-1]:
            owner = inner[0]
    return owner, field
