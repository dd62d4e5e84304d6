"""JMESPath expressions, compiled once. Plain paths such as ``a.b[0].c`` are walked without the interpreter.

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
    return _searcher(compiled) if steps is None else _walker(steps)


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


def _searcher(compiled: Any) -> Getter:
    search = compiled.search

    def find(data: Any) -> Any:
        try:
            found = search(data)
        except _FAULTS:
            return MISSING
        return MISSING if found is None else found

    return find
