"""Compiled expressions: missing and null are two things, bad expressions are refused, bad data never raise."""

from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.dialects.expression import MAX_LENGTH, MISSING, getter

DATA: dict[str, Any] = {
    "a": {"b": [{"c": 1}, {"c": None}], "d e": "x"},
    "n": None,
    "f": False,
    "tags": [{"name": "t1", "value": 4}, {"name": "t2", "value": 5}],
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a.b[0].c", 1),
        ("a.b[-1].c", None),
        ('a."d e"', "x"),
        ("n", None),
        ("f", False),
        ("@", DATA),
        ("tags[?name=='t2'] | [0].value", 5),
        ("f == `false`", True),
        ("length(tags)", 2),
        ("'fixed'", "fixed"),
    ],
)
def test_an_expression_finds_its_value(expression: str, value: Any) -> None:
    assert getter(expression)(DATA) == value


@pytest.mark.parametrize(
    "expression",
    ["x", "a.x", "a.b[7].c", "a.b[-3]", "a.b.c", "n.x", "f.x", "tags[?name=='t9'] | [0]", "sum(a)", "abs(n)"],
)
def test_what_is_not_there_is_missing_and_never_raises(expression: str) -> None:
    assert getter(expression)(DATA) is MISSING


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("a..b", "is no JMESPath"),
        ("[?a", "is no JMESPath"),
        ("", "1 to 500 characters"),
        ("  ", "1 to 500 characters"),
        ("a" * (MAX_LENGTH + 1), "1 to 500 characters"),
        ("nosuch(a)", r"calls nosuch\(\)"),
        ("a[?nosuch(b)]", r"calls nosuch\(\)"),
        ("map(&nosuch(@), a)", r"calls nosuch\(\)"),
    ],
)
def test_a_bad_expression_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        getter(expression)


PLAIN = ["a", "a.b", "a[0]", "a.b[1].c", "a[-1].b", "@"]
BUILT = [
    "a == 'x'",
    "a != 'x'",
    "'x' == a.b",
    "'x' != a[0]",
    "a[?b == 'x']",
    "a[?b != 'x'].c",
    "a[?b == 'x'] | [0].c",
    "a[?b == 'x'].c | [-1]",
    "a.b[?@ == 'x'] | [0]",
    "b | a.c",
    "a[?b == `1`] | [0]",
    "a == `0`",
    "a != `1.0`",
    "a == `true`",
    "a != `false`",
    "a == `null`",
]
INTERPRETED = ["a == `[]`", "a == b", "a || b", "!a", "a && b == 'x'", "a[*].b", "a < b"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.just("x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=500)
@given(JSON, st.sampled_from([*PLAIN, *BUILT, *INTERPRETED]))
def test_the_short_way_finds_what_the_interpreter_finds(data: Any, expression: str) -> None:
    found = getter(expression)(data)
    try:
        expected = jmespath.search(expression, data)
    except TypeError:  # it compares a number with a word; to us that is nothing
        expected = None
    assert (None if found is MISSING else found) == expected


@given(
    JSON, st.sampled_from(["sum(a)", "sort_by(a, &b)", "join(',', a)", "a[?b > `1`]", "max_by(a, &c)", "to_number(a)"])
)
def test_no_data_make_an_expression_raise(data: Any, expression: str) -> None:
    getter(expression)(data)


@pytest.mark.parametrize("expression", BUILT)
def test_constants_are_compared_without_the_interpreter(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(compiled: Any) -> Any:
        raise AssertionError(compiled)

    monkeypatch.setattr("devices.dialects.expression._searcher", unexpected)
    getter(expression)({"a": [{"b": "x"}]})


def test_missing_says_so() -> None:
    assert repr(MISSING) == "MISSING"


def test_what_cannot_be_ordered_is_nothing() -> None:
    assert getter("a < b")({"a": 0, "b": "x"}) is MISSING
