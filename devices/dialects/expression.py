"""JMESPath expressions, compiled once. Plain paths such as ``a.b[0].c``, comparisons with constants and look-ups by
them such as ``tags[?name=='t'] | [0].value`` become functions of their own; the rest is left to the interpreter.

Grammar and meaning: https://jmespath.org/specification.html. Of a plain path a missing member is told from a null:
the one says nothing, the other that the value is unknown. Any other expression that yields null says nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

MAX_LENGTH = 500
_FAULTS = (JMESPathError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


class _Missing:
    """Stands for a member that is not there."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()
Getter = Callable[[Any], Any]


def getter(expression: str) -> Getter:
    """Compile ``expression``; what it returns never raises, and yields ``MISSING`` where there is nothing.

    Raises:
        ValueError: it is no JMESPath, naming what is wrong.
    """
    if not expression.strip() or len(expression) > MAX_LENGTH:
        raise ValueError(f"a JMESPath expression has 1 to {MAX_LENGTH} characters; @ is the whole payload")
    try:
        compiled = jmespath.compile(expression)
    except JMESPathError as error:
        reason = str(error).splitlines()[0].rstrip(":")
        raise ValueError(f"{expression[:60]!r} is no JMESPath: {reason[:200]}") from None
    except RecursionError:
        raise ValueError(f"{expression[:60]!r} is nested too deeply; a shorter expression will do") from None
    if strange := [name for name in _functions(compiled.parsed) if name not in Functions.FUNCTION_TABLE]:
        raise ValueError(f"{expression[:60]!r} calls {strange[0]}(), which JMESPath does not have")
    steps = _steps(compiled.parsed)
    if steps is not None:
        return _walker(steps)
    return _telling(_built(compiled.parsed) or _searcher(compiled))


def _functions(node: dict[str, Any]) -> Iterator[str]:
    """Name every function that is called; an unknown one would show only when data reach it."""
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _functions(child)


def _steps(node: dict[str, Any]) -> tuple[str | int, ...] | None:
    """Read the steps of a plain path from the parsed expression; ``None``: it is more than that."""
    kind, children = node["type"], node["children"]
    if kind in ("field", "index"):
        return (node["value"],)
    if kind == "current":
        return ()
    if kind not in ("subexpression", "index_expression"):
        return None
    parts = [_steps(child) for child in children]
    return None if None in parts else tuple(step for part in parts for step in part or ())


def _walker(steps: tuple[str | int, ...]) -> Getter:
    if len(steps) == 1 and isinstance(steps[0], str):
        only = steps[0]
        return lambda data: data.get(only, MISSING) if type(data) is dict else MISSING

    if len(steps) == 2 and isinstance(steps[0], str) and isinstance(steps[1], str):
        outer, inner = steps

        def twice(data: Any) -> Any:
            held = data.get(outer) if type(data) is dict else None
            return held.get(inner, MISSING) if type(held) is dict else MISSING

        return twice

    def walk(data: Any) -> Any:
        for step in steps:
            if type(data) is dict and type(step) is str:
                data = data.get(step, MISSING)
            elif type(data) is list and type(step) is int and -len(data) <= step < len(data):
                data = data[step]
            else:
                return MISSING
        return data

    return walk


def _telling(find: Getter) -> Getter:
    def tell(data: Any) -> Any:
        found = find(data)
        return MISSING if found is None else found

    return tell


def _searcher(compiled: Any) -> Getter:
    search = compiled.search

    def find(data: Any) -> Any:
        try:
            return search(data)
        except _FAULTS:
            return None

    return find


def _built(node: dict[str, Any]) -> Getter | None:
    """Turn a parsed expression into a function that means the same, null for missing; ``None``: not of that kind."""
    kind = node["type"]
    if kind in ("field", "index", "current", "identity"):
        return _step(kind, node.get("value"))
    if kind == "comparator":
        return _comparison(node)
    if kind in ("subexpression", "index_expression", "pipe"):
        parts = [_built(child) for child in node["children"]]
        return None if None in parts else _chain([part for part in parts if part])
    return _filter(node) if kind == "filter_projection" else None


def _step(kind: str, value: Any) -> Getter:
    if kind == "field":
        return lambda data: data.get(value) if type(data) is dict else None
    if kind == "index":
        return lambda data: data[value] if type(data) is list and -len(data) <= value < len(data) else None
    return lambda data: data


def _chain(parts: list[Getter]) -> Getter:
    def walk(data: Any) -> Any:
        for part in parts:
            data = part(data)
        return data

    return walk


def _comparison(node: dict[str, Any]) -> Getter | None:
    left, right = sorted(node["children"], key=lambda child: child["type"] == "literal")
    find, wanted = _built(left), {"eq": True, "ne": False}.get(node["value"])
    same = _same(right["value"]) if right["type"] == "literal" else None
    if find is None or same is None or wanted is None:
        return None
    return lambda data: same(find(data)) is wanted


def _same(constant: Any) -> Callable[[Any], bool] | None:
    """Compare with ``constant`` as JMESPath does, to which 1 is not true; ``None``: it is a list or an object."""
    if constant is None or isinstance(constant, bool):
        return lambda found: found is constant
    if isinstance(constant, str):
        return lambda found: bool(found == constant)
    if isinstance(constant, int | float):
        return lambda found: type(found) in (int, float) and found == constant
    return None


def _filter(node: dict[str, Any]) -> Getter | None:
    source, each, condition = node["children"]
    if condition["type"] != "comparator":
        return None
    find, pick, keeps = _built(source), _built(each), _built(condition)
    if find is None or pick is None or keeps is None:
        return None

    def select(data: Any) -> Any:
        found = find(data)
        if type(found) is not list:
            return None
        return [picked for item in found if keeps(item) and (picked := pick(item)) is not None]

    return select
