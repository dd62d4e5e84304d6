"""Reads YAML and JSON into plain values: strings, numbers, true/false, null, lists and mappings with string keys.

Built on libyaml's event stream, which is many times faster than PyYAML's own constructor and lets us refuse what a site
file has no use for: object tags, doubled keys, deep nesting (libyaml's composer overruns its stack) and alias bombs.
Plain scalars follow YAML 1.2, as editors do: ``no`` and ``on`` are words, ``01`` is a label.
"""

import json
import re
from collections.abc import Collection
from typing import Any

import yaml

Loc = tuple[int | str, ...]

MAX_DEPTH = 32
MAX_REPEATED = 100_000
_INT = re.compile(r"[-+]?(0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"[-+]?(\.\d+|(0|[1-9]\d*)(\.\d*)?)([eE][-+]?\d+)?")
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_STRING_TAGS = (None, "!", "tag:yaml.org,2002:str")


class Unreadable(Exception):
    """The text is no usable YAML or JSON; ``line`` counts from 1, 0 where it is unknown."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_yaml(text: str, lines_of: Collection[Loc] = (), lines: dict[Loc, int] | None = None) -> Any:
    """Read one YAML document.

    Args:
        lines_of: the places whose line is wanted in ``lines``.

    Raises:
        Unreadable: naming the line.
    """
    reader = _Reader(text, frozenset(lines_of), {} if lines is None else lines)
    try:
        return reader.document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "no valid YAML"
        raise Unreadable(mark.line + 1 if mark else 0, str(what)) from None


def read_json(text: str) -> Any:
    """Read JSON; as fast as any for this size, and the only reader at hand that can refuse doubled keys.

    Raises:
        Unreadable: naming the line where it is known.
    """
    try:
        return json.loads(text, object_pairs_hook=_mapping, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, error.msg) from None
    except RecursionError:
        raise Unreadable(0, "nested too deeply") from None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        first = f" (in the entry with id {found['id']!r})" if "id" in found else ""
        raise Unreadable(0, f"key {twice!r} is given twice{first}")
    return found


def _no_constant(name: str) -> None:
    raise Unreadable(0, f"{name} is no number a site file can use")


def scalar(value: str) -> Any:
    """Read a plain (unquoted) scalar the YAML 1.2 way."""
    if value in _WORDS:
        return _WORDS[value]
    if _INT.fullmatch(value):
        return int(value)
    return float(value) if len(value) <= 40 and _FLOAT.fullmatch(value) else value


class _Reader:
    """One pass over the events; ``_nodes`` counts values and ``_repeated`` those that only aliases add."""

    def __init__(self, text: str, wanted: frozenset[Loc], lines: dict[Loc, int]) -> None:
        self._parser = yaml.CSafeLoader(text)
        self._wanted = wanted
        self._lines = lines
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._repeated = 0

    def document(self) -> Any:
        try:
            self._next()
            start = self._next()
            if isinstance(start, yaml.StreamEndEvent):
                return None
            value = self._value(self._next(), ())
            self._next()
            if not isinstance(after := self._next(), yaml.StreamEndEvent):
                raise Unreadable(_line(after), "a second document starts here; one file describes one site")
            return value
        finally:
            self._parser.dispose()

    def _next(self) -> Any:
        return self._parser.get_event()

    def _value(self, event: Any, loc: Loc) -> Any:
        if loc in self._wanted:
            self._lines.setdefault(loc, _line(event))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._nodes
        self._nodes += 1
        value = self._fresh(event, loc)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _fresh(self, event: Any, loc: Loc) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            if event.tag not in _STRING_TAGS:
                raise Unreadable(_line(event), f"tag {event.tag!r} is not supported; remove it")
            return scalar(event.value) if event.implicit[0] and not event.style else event.value
        if event.tag is not None:
            raise Unreadable(_line(event), f"tag {event.tag!r} is not supported; remove it")
        if len(loc) >= MAX_DEPTH:
            raise Unreadable(_line(event), f"nested more than {MAX_DEPTH} deep")
        return self._mapping(loc) if isinstance(event, yaml.MappingStartEvent) else self._sequence(loc)

    def _alias(self, event: Any) -> Any:
        value, weight = self._anchors.get(event.anchor, (None, 0))
        if not weight:
            raise Unreadable(_line(event), f"alias *{event.anchor} has no anchor &{event.anchor} before it")
        self._nodes += weight
        self._repeated += weight
        if self._repeated > MAX_REPEATED:
            raise Unreadable(
                _line(event), f"aliases repeat more than {MAX_REPEATED} values; write them out, or use JSON"
            )
        return value

    def _sequence(self, loc: Loc) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            values.append(self._value(event, (*loc, len(values))))
        return values

    def _mapping(self, loc: Loc) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event, own)
            place = (*loc, key)
            if place in self._wanted:
                self._lines[place] = _line(event)
            value = self._value(self._next(), place)
            if key == "<<" and not event.style:
                merged = _merge(value, event)
            else:
                own[key] = value
        return {**merged, **own} if merged else own

    def _key(self, event: Any, taken: dict[str, Any]) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise Unreadable(_line(event), "a key must be a word; quote text that starts with [ { * or &")
        key = str(event.value)
        if key in taken:
            raise Unreadable(_line(event), f"key {key!r} is given twice")
        return key


def _merge(value: Any, event: Any) -> dict[str, Any]:
    """Fold what ``<<`` brings in; earlier mappings win, as YAML's merge type says."""
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, dict) for part in parts):
        raise Unreadable(_line(event), "<< takes an alias of a mapping, or a list of them")
    return {key: item for part in reversed(parts) for key, item in part.items()}


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
