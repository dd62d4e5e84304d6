"""What is let into the journal: size, topic, rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decode import Decoder
from devices.model import RejectReason
from devices.registry import Registry
from gateway.ingest import admit
from gateway.ingest.admit import Admission
from tests.unit.ingest.making import NOON, admission, envelope


def test_a_payload_of_the_greatest_size_is_let_in_and_one_byte_more_is_not() -> None:
    sift = admission(max_payload_bytes=64).sift
    fits, too_large = envelope(payload=b"x" * 64), envelope(payload=b"x" * 65)
    admitted, refused = sift([fits, too_large])
    assert admitted == [fits]
    ((found, reject),) = refused
    assert found is too_large
    assert reject.reason is RejectReason.TOO_LARGE
    assert "65" in reject.detail
    assert "64" in reject.detail


@pytest.mark.parametrize(
    "topic",
    ["", "community", "community/home/toaster/t1/event", "community/elsewhere/lift/l1/event", "zigbee/x", "a" * 60_000],
)
def test_a_topic_nobody_understands_is_refused_before_the_journal(topic: str) -> None:
    stray = envelope()
    stray.topic = topic
    admitted, refused = admission().sift([stray])
    assert not admitted
    assert refused[0][1].reason in (RejectReason.BAD_TOPIC, RejectReason.UNKNOWN_DIALECT)
    assert len(refused[0][1].detail) < 500


def test_what_the_payload_says_is_judged_later() -> None:
    assert admission().sift([envelope(payload=b"not json"), envelope(payload=b"")])[1] == []


def sifted(rate: float, burst: int, times: list[float], device: str = "s1") -> list[bool]:
    gate = admission(rate_per_s=rate, burst=burst)
    return [bool(gate.sift([envelope(device, at=at)])[0]) for at in times]


def test_a_burst_is_let_in_and_then_the_rate() -> None:
    at_once = sifted(2, 5, [NOON] * 20)
    assert at_once == [True] * 6 + [False] * 14
    later = sifted(2, 5, [NOON] * 20 + [NOON + 0.5] * 3 + [NOON + 1.0] * 3)
    assert later[20:] == [True, False, False, True, False, False]


def test_after_a_rest_the_burst_is_there_again() -> None:
    assert sifted(2, 5, [NOON] * 20 + [NOON + 60] * 6)[20:] == [True] * 6


def test_the_reason_names_the_sender_and_the_rate() -> None:
    _, refused = admission(rate_per_s=2, burst=1).sift([envelope("noisy") for _ in range(5)])
    assert refused[-1][1].reason is RejectReason.RATE_LIMITED
    assert "noisy" in refused[-1][1].detail
    assert "2" in refused[-1][1].detail


def test_one_flooding_device_costs_no_other() -> None:
    gate = admission(rate_per_s=1, burst=3)
    gate.sift([envelope("noisy") for _ in range(1_000)])
    assert len(gate.sift([envelope("quiet")])[0]) == 1


def test_refused_messages_do_not_prolong_the_punishment() -> None:
    assert sifted(1, 1, [NOON] * 1_000 + [NOON + 3])[-1]


def test_oversized_messages_do_not_use_up_the_rate() -> None:
    gate = admission(rate_per_s=1, burst=1, max_payload_bytes=64)
    gate.sift([envelope(payload=b"x" * 65) for _ in range(100)])
    assert len(gate.sift([envelope()])[0]) == 1


def test_a_clock_set_back_locks_nobody_out() -> None:
    gate = admission(rate_per_s=1, burst=3)
    gate.sift([envelope(at=NOON + 3_600)])
    assert len(gate.sift([envelope(at=NOON)])[0]) == 1


def test_the_lanes_count_apart_so_that_a_telemetry_flood_leaves_the_fire_its_way() -> None:
    telemetry, alarm = admission(rate_per_s=1, burst=3), admission(rate_per_s=1, burst=3)
    _, refused = telemetry.sift([envelope(channel="telemetry") for _ in range(10_000)])
    assert refused
    assert alarm.sift([envelope()]) == ([envelope()], [])


def test_what_is_remembered_of_senders_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admit, "MAX_SENDERS", 50)
    gate = admission()
    for number in range(500):
        gate.sift([envelope(f"made-up-{number}")])
        assert len(gate._meters) <= 50


@given(st.lists(st.floats(0, 100), max_size=60).map(sorted), st.integers(1, 10), st.sampled_from([0.5, 1.0, 4.0]))
def test_in_any_stretch_no_more_than_burst_and_rate_allow(times: list[float], burst: int, rate: float) -> None:
    admitted = [t for t, let_in in zip(times, sifted(rate, burst, [NOON + t for t in times]), strict=True) if let_in]
    for first in range(len(admitted)):
        for last in range(first, len(admitted)):
            allowed = burst + 2 + (admitted[last] - admitted[first]) * rate
            assert last - first + 1 <= allowed


def test_all_topics_of_a_sender_share_its_rate() -> None:
    gate = admission(rate_per_s=1, burst=1)
    sent = [envelope(channel=channel) for channel in ("telemetry", "event", "status", "telemetry", "event")]
    assert [bool(gate.sift([one])[0]) for one in sent] == [True, True, False, False, False]


def test_two_lanes_of_one_decoder_count_apart_even_on_one_topic() -> None:
    decoder = Decoder(Registry(), "home")
    lanes = [Admission(decoder, max_payload_bytes=64, rate_per_s=1, burst=1) for _ in range(2)]
    let_in = [[bool(lane.sift([envelope()])[0]) for lane in lanes] for _ in range(4)]
    assert let_in == [[True, True], [True, True], [False, False], [False, False]]


def test_a_registry_that_changed_gives_nobody_a_new_start() -> None:
    gate = admission(rate_per_s=1, burst=1)
    gate.sift([envelope() for _ in range(5)])
    gate._decoder.forget_routes()
    assert gate.sift([envelope()])[0] == []
