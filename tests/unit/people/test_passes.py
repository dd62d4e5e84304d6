"""A pass says what was booked, and a changed one says nothing."""

from typing import Any

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.people.passes import PREFIX, Booking, Refusal, Use, Visit, judge, note, read, sign

KEY = b"k" * 32
ID = "aaaaaaaaaaaaaaaa"


def visit(**changes: Any) -> Visit:
    fields = {"id": ID, "name": "王小明", "host": "3-501", "phone": "", "building": "b1", "starts_at": 100.0}
    fields |= {"ends_at": 200.0, "uses": 1, "booked_by": "li", "booked_at": 50.0}
    return Visit(**{**fields, **changes})


def test_a_pass_is_known_again_and_names_nobody() -> None:
    text = sign(visit(), KEY)
    assert read(text, KEY) == ID
    assert "王" not in text
    assert segno.make(text, error="m", micro=False).mode == "alphanumeric"


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_pass_with_any_character_changed_is_forged(place: int, step: int) -> None:
    text = sign(visit(), KEY)
    place %= len(text)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567.1"
    other = letters[(letters.index(text[place]) + step) % len(letters)]
    changed = text[:place] + other + text[place + 1 :]
    assert changed == text or read(changed, KEY) is None


@pytest.mark.parametrize(
    "text", ["", PREFIX, PREFIX + "A", "王", PREFIX + "A" * 56, "A" * 60, PREFIX.lower() + "A" * 56]
)
def test_anything_else_is_forged(text: str) -> None:
    assert read(text, KEY) is None


def test_another_sites_pass_is_forged() -> None:
    assert read(sign(visit(), b"other" * 8), KEY) is None


@pytest.mark.parametrize(
    ("changes", "building", "at", "expected"),
    [
        ({}, "b1", 100.0, None),
        ({}, "b1", 99.9, Refusal.EARLY),
        ({}, "b1", 199.9, None),
        ({}, "b1", 200.0, Refusal.EXPIRED),
        ({}, "b2", 150.0, Refusal.ELSEWHERE),
        ({}, "", 150.0, None),
        ({"building": ""}, "b2", 150.0, None),
        ({"revoked_at": 120.0}, "b1", 150.0, Refusal.REVOKED),
        ({"trail": [Use(110.0, "g1", "passed")]}, "b1", 150.0, Refusal.USED),
        ({"trail": [Use(110.0, "g1", "denied")]}, "b1", 150.0, None),
        ({"uses": 2, "trail": [Use(110.0, "g1", "passed")]}, "b1", 150.0, None),
        ({"uses": 0, "trail": [Use(110.0, "g1", "passed")] * 9}, "b1", 150.0, None),
        ({"trail": [Use(140.0, "g1", "passed")]}, "b1", 150.0, None),
        ({"trail": [Use(140.0, "g2", "passed")]}, "b1", 150.0, Refusal.USED),
        ({"trail": [Use(134.9, "g1", "passed")]}, "b1", 150.0, Refusal.USED),
    ],
)
def test_what_lets_in_and_what_does_not(
    changes: dict[str, Any], building: str, at: float, expected: Refusal | None
) -> None:
    assert judge(visit(**changes), building, "g1", at, 15.0) is expected


def test_the_same_use_is_noted_once() -> None:
    noted = visit()
    assert note(noted, Use(110.0, "g1", "passed"), 15.0)
    assert not note(noted, Use(110.0, "g1", "passed"), 15.0)
    assert not note(noted, Use(120.0, "g1", "passed"), 15.0)
    assert note(noted, Use(120.0, "g2", "used"), 15.0)
    assert note(noted, Use(121.0, "g2", "used"), 15.0)
    assert len(noted.trail) == 3


@pytest.mark.parametrize("wrong", [{"ends_at": 1.0}, {"ends_at": 4e7}, {"name": " "}, {"uses": 256}, {"face": "x"}])
def test_a_booking_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Booking.model_validate({"name": "Wang", "starts_at": 1.0, "ends_at": 2.0, **wrong})
