"""What is known of a device: redelivery in any order is recognised, nothing older overwrites anything newer."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.model import DeviceKind, Report, StateValue, TimeQuality
from devices.twin import RECENT_KEYS, WINDOW, Twin
from tests.unit.devices.making import NOON


def said(
    sequence: int | None = None,
    at: float = 0.0,
    states: dict[str, StateValue] | None = None,
    measurements: dict[str, float] | None = None,
    received: float | None = None,
    snapshot: bool = False,
    availability: bool | None = None,
    key: str | None = None,
) -> Report:
    return Report(
        device="d",
        kind=DeviceKind.LIFT,
        at=NOON + at,
        received_at=NOON + (at if received is None else received),
        states=states or {},
        measurements=measurements or {},
        sequence=sequence,
        snapshot=snapshot,
        availability=availability,
        dedup_key=key,
    )


class Reference:
    """The window as one would write it down: every number seen within the last 64, newest first."""

    def __init__(self) -> None:
        self.highest = -1
        self.seen: set[int] = set()

    def is_duplicate(self, sequence: int) -> bool:
        """Judge one number; the event time never advances here, so one far behind is late rather than a new count."""
        if sequence <= self.highest - WINDOW:
            return False
        known = sequence in self.seen
        self.seen.add(sequence)
        self.highest = max(self.highest, sequence)
        return known


NEAR = st.lists(st.integers(0, 150), max_size=200)
STEPS = st.lists(st.integers(-70, 70), max_size=200)


@given(NEAR)
def test_the_window_agrees_with_the_set(sequences: list[int]) -> None:
    twin, reference = Twin("d", at=NOON), Reference()
    for sequence in sequences:
        assert twin.is_duplicate(said(sequence)) is reference.is_duplicate(sequence)
    assert twin.highest_sequence == reference.highest
    assert 0 <= twin.seen_window < 2**WINDOW


@given(STEPS)
def test_the_window_agrees_with_the_set_on_a_walk(steps: list[int]) -> None:
    twin, reference, sequence = Twin("d", at=NOON), Reference(), 0
    for step in steps:
        sequence = max(0, sequence + step)
        assert twin.is_duplicate(said(sequence)) is reference.is_duplicate(sequence)


@given(st.permutations(range(WINDOW)), st.integers(0, WINDOW - 1))
def test_within_the_window_order_does_not_matter(order: list[int], again: int) -> None:
    twin = Twin("d", at=NOON)
    assert [twin.is_duplicate(said(sequence)) for sequence in order] == [False] * WINDOW
    assert twin.is_duplicate(said(again))


@given(NEAR, st.integers(0, 200))
def test_the_window_survives_a_checkpoint(sequences: list[int], probe: int) -> None:
    twin = Twin("d", at=NOON)
    for sequence in sequences:
        twin.is_duplicate(said(sequence))
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(twin), type=Twin)
    assert restored == twin
    assert restored.is_duplicate(said(probe)) is twin.is_duplicate(said(probe))


@pytest.mark.parametrize("highest", [3, 1_000, 2**63 - 1])
def test_a_device_that_restarts_its_count_is_not_a_replay(highest: int) -> None:
    twin = Twin("d")
    for sequence in range(max(0, highest - 3), highest + 1):
        twin.is_duplicate(report := said(sequence, at=1))
        twin.fold(report)
    anew = [said(sequence, at=10 + sequence) for sequence in range(3)]
    assert not any(twin.is_duplicate(report) or twin.fold(report) is None for report in anew)
    assert all(twin.is_duplicate(report) for report in anew)


def test_a_late_alarm_far_behind_is_judged_again_rather_than_lost() -> None:
    twin = Twin("d", at=NOON)
    twin.is_duplicate(said(1_000))
    assert not twin.is_duplicate(said(3, at=-5))
    assert not twin.is_duplicate(said(3, at=-5))
    assert twin.highest_sequence == 1_000
    assert twin.is_duplicate(said(1_000))


def test_a_long_jump_forgets_what_it_leaves_behind() -> None:
    twin = Twin("d", at=NOON)
    for sequence in (0, 1, 2, 10_000):
        assert not twin.is_duplicate(said(sequence))
    assert twin.is_duplicate(said(10_000))
    assert not twin.is_duplicate(said(9_999))
    assert twin.is_duplicate(said(9_999))


def test_without_a_sequence_the_key_tells() -> None:
    twin = Twin("d")
    assert not twin.is_duplicate(said(key="a"))
    assert twin.is_duplicate(said(key="a"))
    assert not twin.is_duplicate(said(key="b"))
    assert twin.is_duplicate(said(key="a"))


def test_keys_are_kept_for_a_bounded_while() -> None:
    twin = Twin("d")
    for number in range(RECENT_KEYS + 1):
        assert not twin.is_duplicate(said(key=str(number)))
    assert len(twin.recent_keys) == RECENT_KEYS
    assert not twin.is_duplicate(said(key="0"))
    assert twin.is_duplicate(said(key=str(RECENT_KEYS)))


def test_neither_sequence_nor_key_is_never_a_duplicate() -> None:
    twin = Twin("d")
    assert [twin.is_duplicate(said()) for _ in range(5)] == [False] * 5


def test_newer_overwrites_and_leaves_the_rest() -> None:
    twin = Twin("d")
    twin.fold(said(at=1, states={"a": True, "b": "x"}, measurements={"t": 1.0, "u": 1.0}))
    twin.fold(said(at=2, states={"a": None}, measurements={"t": 2.0}))
    assert twin.states == {"a": None, "b": "x"}
    assert twin.measurements == {"t": 2.0, "u": 1.0}
    assert twin.at == NOON + 2


def test_late_reports_fill_gaps_only() -> None:
    twin = Twin("d")
    twin.fold(said(at=10, states={"a": None}, measurements={"t": 2.0}))
    assert (
        twin.fold(said(at=5, received=11, states={"a": True, "b": False}, measurements={"t": 1.0, "u": 1.0})) is False
    )
    assert twin.states == {"a": None, "b": False}
    assert twin.measurements == {"t": 2.0, "u": 1.0}
    assert (twin.at, twin.last_seen) == (NOON + 10, NOON + 11)


NAMES = st.sampled_from("abc")
REPORTS = st.lists(
    st.tuples(st.integers(0, 20), st.dictionaries(NAMES, st.sampled_from([True, False, None, "x"]))), max_size=20
)


@given(REPORTS)
def test_what_is_known_of_a_name_was_said_no_earlier_than_anything_folded_in_order(
    reports: list[tuple[int, dict[str, StateValue]]],
) -> None:
    """Whatever is in order of event time wins as in a plain dictionary; late ones add names, never change one."""
    twin, plain, newest = Twin("d"), dict[str, StateValue](), 0
    for at, states in reports:
        twin.fold(said(at=at, states=states))
        plain = {**plain, **states} if at >= newest else {**states, **plain}
        newest = max(newest, at)
        assert twin.states == plain


@given(REPORTS)
def test_folding_never_changes_the_report(reports: list[tuple[int, dict[str, StateValue]]]) -> None:
    """Consumers share reports: history may write one long after the twin took it."""
    twin = Twin("d")
    made = [said(at=at, states=dict(states)) for at, states in reports]
    for report in made:
        twin.fold(report)
    assert [report.states for report in made] == [states for _, states in reports]


def test_exact_repeats_are_told() -> None:
    twin = Twin("d")
    assert twin.fold(said(at=1, states={"a": True})) is False
    assert twin.fold(said(at=2, states={"a": True})) is True
    assert twin.fold(said(at=3, states={"a": False})) is False
    assert twin.fold(said(at=4, states={"a": False, "b": None})) is False
    assert twin.fold(said(at=5, states={"a": False})) is False


@pytest.mark.parametrize(
    ("report", "alive"),
    [
        (said(at=5), True),
        (said(at=-100, received=5), True),
        (said(at=5, availability=True), True),
        (said(at=5, snapshot=True), False),
        (said(at=5, availability=True, snapshot=True), False),
        (said(at=5, availability=False), False),
        (said(at=5, received=-5), False),
    ],
    ids=["said", "late", "online", "retained", "retained online", "will", "received before"],
)
def test_what_the_broker_says_in_a_devices_name_is_no_sign_of_life(report: Report, alive: bool) -> None:
    twin = Twin("d", last_seen=NOON)
    twin.fold(report)
    assert (twin.last_seen > NOON) is alive
    assert twin.online is None


def test_a_heartbeat_stamped_on_receipt_makes_no_clear_look_old() -> None:
    """Lift terminals report faults by their own clock, whole seconds, between states that carry no time."""
    twin = Twin("lift-1")
    undated = TimeQuality.RECEIVED_ONLY
    lift = DeviceKind.LIFT
    twin.fold(Report("lift-1", lift, 100.0, 100.2, states={"entrapment": True}))
    twin.fold(Report("lift-1", lift, 110.0, 110.0, undated, states={"floor": "7"}))
    twin.fold(Report("lift-1", lift, 109.0, 110.3, states={"entrapment": False}))
    assert twin.states == {"entrapment": False, "floor": "7"}


def test_a_kept_message_of_unknown_age_only_fills_gaps() -> None:
    twin, smoke = Twin("smoke-1"), DeviceKind.SMOKE_DETECTOR
    kept = Report("smoke-1", smoke, 200.0, 200.0, TimeQuality.RECEIVED_ONLY, states={"smoke": False, "fault": True})
    kept.snapshot = True
    twin.fold(Report("smoke-1", smoke, 100.0, 100.0, states={"smoke": True}))
    twin.fold(kept)
    assert twin.states == {"smoke": True, "fault": True}
