"""Compiled expressions: missing and null are two things, bad expressions are refused, bad data never raise."""

from typing import Any

import jmespath
import pytest
from hypothesis import given
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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["a", "a.b", "a[0]", "a.b[1].c", "a[-1].b", "@"]))
def test_the_short_way_finds_what_the_interpreter_finds(data: Any, expression: str) -> None:
    found = getter(expression)(data)
    assert (None if found is MISSING else found) == jmespath.search(expression, data)


@given(
    JSON, st.sampled_from(["sum(a)", "sort_by(a, &b)", "join(',', a)", "a[?b > `1`]", "max_by(a, &c)", "to_number(a)"])
)
def test_no_data_make_an_expression_raise(data: Any, expression: str) -> None:
    getter(expression)(data)


def test_missing_says_so() -> None:
    assert repr(MISSING) == "MISSING"
