"""What a busy channel is sent: everything once, a fire at once, never more than the service takes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.records import OutboxRow
from gateway.notify.joining import WINDOW_S, Pace, batch, held, joined
from gateway.notify.notifier import urgency
from gateway.notify.routing import severity_rank
from gateway.notify.templates import DIGEST
from tests.unit.notify.making import view

LIMIT = 3


def row(id_: str, severity: str = "major", incident: str = "i1", at: float = 0.0, **changes: object) -> OutboxRow:
    payload = view(id=id_, severity=severity, incident=incident, **changes)
    return OutboxRow(id=f"{id_}:c:raised", alert=id_, channel="c", stage="raised", created_at=at, payload=payload)


def spent(limit: int = LIMIT, sent: int = 0, at: float = 0.0) -> Pace:
    pace = Pace(limit)
    for _ in range(sent):
        pace.note(at)
    return pace


def test_while_there_is_room_each_goes_by_itself() -> None:
    rows = [row("a"), row("b"), row("c")]
    assert batch(rows, spent(), 0.0) == rows[:1]


def test_more_than_there_is_room_for_go_by_incident() -> None:
    rows = [row("a"), row("b", incident="i2"), row("c"), row("d")]
    assert [r.alert for r in batch(rows, spent(), 0.0)] == ["a", "c", "d"]


def test_the_last_room_takes_all_that_waits() -> None:
    rows = [row("a"), row("b", incident="i2"), row("c", incident="i3")]
    assert batch(rows, spent(sent=2), 1.0) == rows


def test_a_fire_goes_alone_and_at_once_whatever_was_sent() -> None:
    pace = spent(sent=50)
    fire = row("fire", "critical")
    assert not held(fire, pace, 1.0)
    assert batch([fire, row("a")], pace, 1.0) == [fire]


def test_what_finds_no_room_waits_until_the_minute_is_over() -> None:
    pace = spent(sent=5, at=7.0)
    assert held(row("a"), pace, 8.0)
    assert pace.wait(8.0) == WINDOW_S - 1.0
    assert not held(row("a"), pace, 7.0 + WINDOW_S)


def test_a_test_of_a_detector_is_no_fire() -> None:
    assert held(row("t", "critical", test=True), spent(sent=LIMIT), 1.0)


def test_after_a_failure_one_goes_alone() -> None:
    rows = [row("a"), row("b")]
    assert batch(rows, spent(sent=2), 1.0, alone=True) == rows[:1]


def test_a_channel_without_a_limit_never_joins() -> None:
    rows = [row(str(n)) for n in range(100)]
    assert batch(rows, spent(0, sent=1000), 0.0) == rows[:1]
    assert not held(rows[0], spent(0, sent=1000), 0.0)


def test_one_message_stays_what_it_is() -> None:
    one = row("a")
    assert joined([one]) == ("raised", one.payload, "a:c:raised")


def test_a_digest_is_as_grave_as_its_gravest_and_known_by_its_members() -> None:
    stage, payload, key = joined([row("a", "minor"), row("b", "major")])
    assert stage == DIGEST
    assert payload["severity"] == "major"
    assert [m["id"] for m in payload["messages"]] == ["a", "b"]
    assert key == joined([row("b", "major"), row("a", "minor")])[2]
    assert key != joined([row("a"), row("c")])[2]


ARRIVALS = st.lists(
    st.tuples(
        st.integers(0, 240), st.sampled_from(["critical", "major", "minor", "notice"]), st.sampled_from(["i1", "i2"])
    ),
    max_size=80,
)


@given(arrivals=ARRIVALS, limit=st.integers(1, 6))
def test_each_is_delivered_once_fires_at_once_and_the_rest_within_a_minute(
    arrivals: list[tuple[int, str, str]], limit: int
) -> None:
    """A service that takes everything, second by second: who was told of what, and when."""
    pace, waiting, delivered = Pace(limit), list[OutboxRow](), dict[str, int]()
    sends: list[tuple[int, int]] = []
    come = [(at, row(f"a{n}", severity, incident, at)) for n, (at, severity, incident) in enumerate(arrivals)]
    for now in range(240 + 400):
        waiting += [r for at, r in come if at == now]
        while ready := sorted((r for r in waiting if not held(r, pace, now)), key=urgency):
            chosen = batch(ready, pace, now)
            pace.note(now)
            sends.append((now, severity_rank(chosen[0].payload)))
            assert Counter(r.id for r in chosen).most_common(1)[0][1] == 1
            assert len({severity_rank(r.payload) == 0 for r in chosen}) == 1
            for each in chosen:
                assert each.id not in delivered
                delivered[each.id] = now
                waiting.remove(each)
    assert delivered.keys() == {r.id for _, r in come}
    fires = {r.id for _, r in come if severity_rank(r.payload) == 0}
    assert all(delivered[r.id] == at for at, r in come if r.id in fires)
    for now, rank in sends:
        assert rank == 0 or sum(now - WINDOW_S < at <= now for at, _ in sends) <= limit
    if not fires:
        assert all(delivered[r.id] - at <= WINDOW_S for at, r in come)
