"""Every reason for which a track is no fall is reached by a track that differs from a fall in that alone."""

import dataclasses
import inspect
import re

import numpy as np
import pytest

from devices.cameras import falling_judge
from devices.cameras.falling_judge import CHANCE, CROWD, Surroundings, judge
from devices.cameras.falling_tracks import Spot, Track
from devices.cameras.projective import GRAVITY, FloorMap, FloorPoint

FREE = Surroundings(640, 360, 360, 0.5, False, False)
PIXELS_A_METRE = 20.0
FLOORS = FloorMap.of([FloorPoint(320, 360 - 20 * 3 * floor, floor) for floor in range(6)])
"""A facade seen straight on: twenty pixels a metre, three metres a floor."""
MAPPED = dataclasses.replace(FREE, floors=FLOORS, roof=18.0)


def track(
    pull: float = 200.0,
    start: float = 0.0,
    across: float = 10.0,
    n: int = 25,
    x0: float = 300.0,
    width: float = 4.0,
    top: float = 40.0,
) -> Track:
    """At 25 pictures a second; ``pull`` in pixels a second squared, ``start`` and ``across`` in pixels a second."""
    t = np.arange(n) / 25
    rows = top + start * t + pull * t**2 / 2
    columns = x0 + across * t
    spots = [Spot(a, x, y, width, width, 5.0, (k, 0)) for k, (a, x, y) in enumerate(zip(t, columns, rows, strict=True))]
    return Track(1, spots, -40.0, n, n)


def with_spots(of: Track, **columns: np.ndarray) -> Track:
    spots = [
        spot._replace(**{name: float(values[k]) for name, values in columns.items()}) for k, spot in enumerate(of.spots)
    ]
    return dataclasses.replace(of, spots=spots)


T = np.arange(25) / 25
JAGGED = with_spots(track(), y=40 + 100 * T**2 + np.where(np.arange(25) % 2, 6.0, -6.0) * (T > 0.4))
SNAKING = with_spots(track(), x=300 + 9 * np.sin(T * 20))
FLICKERING = with_spots(track(), width=np.where(np.arange(25) % 2, 2.0, 9.0))
GROWING = with_spots(track(), width=2.0 + np.arange(25))
PUSHED = with_spots(track(), x=300 + 80 * T**2)
TUMBLED_BACK = with_spots(track(), y=np.where(np.arange(25) == 12, 40.0, 40 + 100 * T**2))
PULL = GRAVITY * PIXELS_A_METRE

GATES = [
    (track(), FREE, ""),
    (track(PULL), MAPPED, ""),
    (track(n=5), FREE, "too few points"),
    (track(400, n=7), dataclasses.replace(FREE, night=True), "too few points"),
    (track(1200, n=10), dataclasses.replace(FREE, rain=True), "too few points"),
    (track(1200, n=10), dataclasses.replace(FREE, crowd=CROWD + 1), "too few points"),
    (track(70), FREE, "too short a way"),
    (track(width=34.0), FREE, "too short a way"),
    (track(across=230), FREE, "not downward"),
    (TUMBLED_BACK, FREE, "not downward"),
    (track(x0=5.0, across=45), FREE, "came in from the side"),
    (track(500, width=34.0), FREE, "too large"),
    (dataclasses.replace(track(), chance=CHANCE + 0.1), FREE, "may be chance"),
    (dataclasses.replace(track(), alone=14), FREE, "not alone"),
    (JAGGED, FREE, "no free fall"),
    (SNAKING, FREE, "not smooth"),
    (PUSHED, FREE, "pushed aside"),
    (FLICKERING, FREE, "no one thing"),
    (GROWING, FREE, "growing"),
    (track(4000, n=9), FREE, "faster than gravity"),
    (track(2, 18, n=80), FREE, "slower than gravity"),
    (track(0, 250), FREE, "not speeding up"),
    (track(-60, 150), FREE, "not speeding up"),
    (track(0, 100, n=60), MAPPED, "not gravity"),
    (track(1200, n=18), MAPPED, "not gravity"),
    (track(PULL, top=-460), dataclasses.replace(MAPPED, roof=8.0), "from above the roof"),
]


@pytest.mark.parametrize(("seen", "around", "refused"), GATES)
def test_each_gate_refuses_what_it_is_for(seen: Track, around: Surroundings, refused: str) -> None:
    verdict = judge(seen, around)
    assert verdict.refused == refused
    assert (verdict.score > 0) is (refused == "")
    assert len(verdict.points) >= 3


def test_every_reason_in_the_code_is_reached_here() -> None:
    words = set(re.findall(r'(?:return|else|refused =|Verdict\() *\(?"([a-z ]{5,})"', inspect.getsource(falling_judge)))
    words |= set(re.findall(r'return "([a-z ]+)" if', inspect.getsource(falling_judge)))
    assert len(words) >= 15
    assert words - {refused for *_, refused in GATES} <= {"steady in perspective"}


@pytest.mark.parametrize("rain", [False, True])
@pytest.mark.parametrize("night", [False, True])
def test_bad_weather_asks_for_more_and_never_for_less(rain: bool, night: bool) -> None:
    around = dataclasses.replace(FREE, rain=rain, night=night)
    for n in range(4, 26):
        if not judge(track(300, n=n), around).refused:
            assert not judge(track(300, n=n), FREE).refused


def test_a_bounce_and_what_lies_still_afterwards_are_cut_off() -> None:
    whole = track()
    last = whole.spots[-1]
    lying = [last._replace(at=last.at + k / 25, y=last.y - 4.0, key=(30 + k, 0)) for k in range(1, 12)]
    verdict = judge(dataclasses.replace(whole, spots=[*whole.spots, *lying]), FREE)
    assert verdict.refused == ""
    assert len(verdict.points) == len(whole.spots)


@pytest.mark.parametrize("missed_s", [0.0, 0.2, 0.4])
def test_height_and_speed_are_measured_on_a_known_facade(missed_s: float) -> None:
    seen = track(PULL, PULL * missed_s, n=20)
    verdict = judge(seen, MAPPED)
    assert verdict.refused == ""
    assert verdict.release is not None
    top = (360 - 40) / PIXELS_A_METRE + GRAVITY * missed_s**2 / 2
    assert verdict.release.low - 0.3 <= top <= verdict.release.high + 0.3
    assert verdict.release.speed == pytest.approx(GRAVITY * (19 / 25 + missed_s), rel=0.15)


def test_more_evidence_never_lowers_the_score() -> None:
    scores = [judge(dataclasses.replace(track(), chance=chance), FREE).score for chance in (-10.0, -20.0, -40.0, -80.0)]
    assert scores == sorted(scores)
    assert 0.5 <= scores[0] < scores[-1] <= 1.0


@pytest.mark.parametrize("shift", [-200.0, -100.0, 0.0, 200.0])
def test_where_in_the_picture_it_falls_makes_no_difference(shift: float) -> None:
    assert judge(track(x0=300 + shift), FREE).refused == ""
