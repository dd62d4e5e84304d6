"""The tally: new or known, and the first moment counts."""

from gateway.demo.inbox import Arrived
from gateway.demo.outcome import Happened, Raised
from gateway.demo.tally import Tally
from tests.unit.demo.views import view


def test_a_new_alert_is_reported_once() -> None:
    tally = Tally()
    first = view()
    assert tally.take(Arrived(first, 10.0)) is first
    assert tally.take(Arrived(view(stage="acknowledged"), 11.0)) is None


def test_the_newest_view_and_the_first_moment_are_kept() -> None:
    tally = Tally()
    tally.take(Arrived(view(), 10.0))
    tally.take(Arrived(view(stage="acknowledged"), 11.0))
    (kept,) = tally.views.values()
    assert kept["stage"] == "acknowledged"
    assert tally.raised() == [Raised("smoke_alarm", "smoke-b1-01", 10.0, "b1")]


def test_incidents_are_kept_apart_from_alerts() -> None:
    tally = Tally()
    incident = Happened("smoke_alarm", "smoke-b1-01", 9.9)
    assert tally.take(incident) is None
    assert (tally.happened, tally.views) == ([incident], {})


def test_what_the_stream_missed_counts_as_seen_late() -> None:
    tally = Tally()
    tally.take(Arrived(view("smoke_alarm"), 10.0))
    tally.catch_up([view("smoke_alarm"), view("gate_forced", device="gate-b1-01")], 45.0)
    assert tally.raised() == [
        Raised("smoke_alarm", "smoke-b1-01", 10.0, "b1"),
        Raised("gate_forced", "gate-b1-01", 45.0, "b1"),
    ]


def test_the_same_alert_raised_again_is_another_one() -> None:
    tally = Tally()
    tally.take(Arrived(view(at=1.0), 10.0))
    tally.take(Arrived(view(at=2.0), 11.0))
    assert len(tally.raised()) == 2
