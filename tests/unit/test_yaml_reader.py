"""The reader of site files: what it takes, what it refuses, and the lines it names."""

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.yaml_reader import MAX_DEPTH, MAX_REPEATED, Unreadable, read_json, read_yaml, scalar


def refused(text: str) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_yaml(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-2e3", -2000.0),
    ],
)
def test_plain_scalars_become_values(text: str, value: Any) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@pytest.mark.parametrize(
    "text", ["no", "on", "yes", "01", "1_000", "12:30", "2024-01-01", "0x10", "0o7", ".nan", "inf", "=", "9" * 5000]
)
def test_what_only_looks_like_a_value_stays_text(text: str) -> None:
    assert scalar(text) == text


def test_quoted_numbers_stay_text() -> None:
    assert read_yaml("a: '1'\nb: \"true\"\nc: |\n  5\nd: !!str 5\n") == {"a": "1", "b": "true", "c": "5\n", "d": "5"}


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read_yaml("1: a\ntrue: b\nno: c\n") == {"1": "a", "true": "b", "no": "c"}


def test_an_empty_file_is_null() -> None:
    assert read_yaml("") is None
    assert read_yaml("# only a comment\n") is None


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_json_reads_the_same_by_both_readers(value: Any) -> None:
    text = json.dumps(value)
    assert read_json(text) == value
    assert read_yaml(json.dumps(value, ensure_ascii=False) if _printable(value) else "0") in (value, 0)


def _printable(value: Any) -> bool:
    """Whether YAML may hold the text unescaped; its reader refuses the rest by definition."""
    try:
        return bool(yaml.safe_load(json.dumps(value, ensure_ascii=False)) == value)
    except (yaml.YAMLError, ValueError):
        return False


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_yaml, read_json):
        with suppress(Unreadable):  # anything else fails the test
            read(text)


def test_merge_keys_share_settings_and_own_fields_win() -> None:
    text = "base: &b {kind: lift, every: 60}\nmore: &m {every: 5, zone: z}\nx: {<<: [*m, *b], every: 7}\n"
    assert read_yaml(text)["x"] == {"kind": "lift", "every": 7, "zone": "z"}


def test_merging_something_that_is_no_mapping_is_refused() -> None:
    assert refused("a: &a [1]\nb:\n  <<: *a\n").line == 3


def test_an_alias_may_repeat_a_value() -> None:
    assert read_yaml("a: &a [1, 2]\nb: *a\n") == {"a": [1, 2], "b": [1, 2]}


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60))]
    error = refused("\n".join(lines))
    assert str(MAX_REPEATED) in error.message
    assert error.line < 20


def test_an_alias_of_itself_or_of_nothing_is_refused() -> None:
    assert "no anchor" in refused("a: &x [*x]").message
    assert "no anchor" in refused("a: *nowhere").message


@pytest.mark.parametrize("text", ["[" * 200_000, "- " * 200_000, "{a: " * 200_000])
def test_deep_nesting_is_refused_and_does_not_end_the_process(text: str) -> None:
    code = "import sys\nfrom gateway.yaml_reader import *\n"
    code += "try: read_yaml(sys.stdin.read())\nexcept Unreadable as e: print(e)"
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(MAX_DEPTH) in done.stdout


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(Unreadable, match="deep"):
        read_json("[" * 200_000)


def test_a_doubled_key_names_the_second_line() -> None:
    error = refused("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert (error.line, error.message) == (5, "key 'c' is given twice")


def test_a_doubled_json_key_names_the_entry() -> None:
    with pytest.raises(Unreadable, match=r"'kind' is given twice .*'lift-1'"):
        read_json('{"devices": [{"id": "lift-1", "kind": "lift", "kind": "camera"}]}')


def test_json_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(Unreadable, match="NaN"):
        read_json('{"a": NaN}')


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "tag"),
        ("a: !secret x\n", 1, "tag"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\n? [x]\n: 2\n", 2, "key must be a word"),
        ("a: 1\n\tb: 2\n", 2, ""),
        ("a: 'open\n", 2, ""),
        ("a: [1, 2\n", 2, ""),
    ],
)
def test_what_a_site_file_has_no_use_for_is_refused_with_its_line(text: str, line: int, part: str) -> None:
    error = refused(text)
    assert error.line == line
    assert part in error.message


def test_control_characters_are_refused() -> None:
    assert refused("a: \x01").message == "control characters are not allowed"


def test_lines_of_wanted_places_are_found() -> None:
    lines: dict[Any, int] = {}
    text = "site:\n  id: x\ndevices:\n  - id: a\n    kind: lift\n  -\n    id: b\n"
    places = [("site",), ("site", "id"), ("devices", 0, "kind"), ("devices", 1), ("devices", 9)]
    read_yaml(text, places, lines)
    assert lines == {("site",): 1, ("site", "id"): 2, ("devices", 0, "kind"): 5, ("devices", 1): 7}
