"""Two different points of one device and millisecond both survive; the same point again changes nothing."""

from hypothesis import given
from hypothesis import strategies as st

from devices.model import Report
from gateway.history import stamps
from gateway.history.line_protocol import LineEncoder
from gateway.history.stamps import NS_PER_MS, Stamps, Track
from tests.unit.history.lines import parse
from tests.unit.history.samples import LIFT, SITE, SMOKE, T0, registry, said


def speed(at: float, value: float) -> Report:
    return said(LIFT, at, measurements={"speed": value})


def test_different_content_in_one_millisecond_is_moved_apart_and_counted() -> None:
    lines = LineEncoder(registry(), SITE).encode([speed(T0, 1.0), speed(T0, 2.0)])
    first, second = parse(lines.data)
    assert first.at_ns == 1_750_000_000 * 10**9
    assert 0 < second.at_ns - first.at_ns < NS_PER_MS
    assert lines.moved == 1


def test_the_same_content_again_is_the_same_point() -> None:
    lines = LineEncoder(registry(), SITE).encode([speed(T0, 1.0), speed(T0, 1.0)])
    first, second = parse(lines.data)
    assert first == second
    assert lines.moved == 0


def test_two_devices_share_a_millisecond_undisturbed() -> None:
    lines = LineEncoder(registry(), SITE).encode([speed(T0, 1.0), said(SMOKE, T0, states={"smoke": True})])
    assert {line.at_ns for line in parse(lines.data)} == {1_750_000_000 * 10**9}


def test_a_twin_redelivered_late_finds_its_old_place() -> None:
    encoder = LineEncoder(registry(), SITE)
    before = parse(encoder.encode([speed(T0, 1.0), speed(T0, 2.0), speed(T0 + 1, 3.0)]).data)
    assert parse(encoder.encode([speed(T0, 2.0)]).data) == [before[1]]
    assert parse(encoder.encode([speed(T0, 1.0)]).data) == [before[0]]


def test_a_batch_that_starts_with_a_twin_can_be_repeated() -> None:
    encoder = LineEncoder(registry(), SITE)
    encoder.encode([speed(T0, 1.0)])
    batch = [speed(T0, 2.0), speed(T0 + 1, 3.0)]
    assert encoder.encode(batch) == encoder.encode(batch)


def test_memory_for_twins_is_bounded() -> None:
    book, track = Stamps(), Track("d", b"lift,device=d ")
    for ms in range(stamps.REMEMBERED + 10):
        book.nanoseconds(track, ms, b"a")
        book.nanoseconds(track, ms, b"b")
    assert len(book._firsts) == stamps.REMEMBERED
    assert book.moved == stamps.REMEMBERED + 10


batches = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=40).map(
    lambda pairs: [speed(T0 + ms / 1000, float(value)) for ms, value in pairs]
)


@given(batches)
def test_distinct_contents_keep_distinct_places(batch: list[Report]) -> None:
    batch.sort(key=lambda report: report.at)
    places: dict[int, set[float]] = {}
    for line in parse(LineEncoder(registry(), SITE).encode(batch).data):
        places.setdefault(line.at_ns, set()).add(float(line.fields["speed"]))
    assert all(len(contents) == 1 for contents in places.values())
    assert len(places) == len({(report.at, report.measurements["speed"]) for report in batch})


@given(batches, st.integers(1, 40))
def test_after_a_failed_whole_the_halves_land_where_the_whole_would_have(batch: list[Report], cut: int) -> None:
    batch.sort(key=lambda report: report.at)
    encoder = LineEncoder(registry(), SITE)
    whole = parse(encoder.encode(batch).data)
    halves = parse(encoder.encode(batch[:cut]).data) + parse(encoder.encode(batch[cut:]).data)
    assert sorted(halves, key=repr) == sorted(whole, key=repr)
