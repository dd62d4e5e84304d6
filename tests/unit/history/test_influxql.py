"""The query names nothing but our own table and checked ids; its answer becomes fields, or a clear refusal."""

import pytest

from devices.model import DeviceKind
from devices.names import QUANTITIES, STATES
from devices.registry import Device
from gateway.history import influxql
from gateway.history.store import MAX_BUCKETS, Unavailable, bucket_ms
from tests.unit.history.samples import LIFT, T0


def test_numbers_are_averaged_and_states_last_per_bucket() -> None:
    text = influxql.statement(LIFT, T0, T0 + 60, 5_000)
    assert text.startswith('SELECT mean("')
    assert 'mean("speed") AS "speed"' in text
    assert 'last("door_state") AS "door_state"' in text
    assert text.endswith(
        'FROM "lift" WHERE "device" = \'lift-b1-01\' AND time >= 1750000000000ms AND time < 1750000060000ms '
        "GROUP BY time(5000ms) fill(none)"
    )


@pytest.mark.parametrize("kind", DeviceKind)
def test_only_fields_of_the_kind_are_asked_for(kind: DeviceKind) -> None:
    text = influxql.statement(Device(id="d", kind=kind), T0, T0 + 1, 1)
    table = {name: entry.kinds for source in (QUANTITIES, STATES) for name, entry in source.items()}
    assert {name for name in table if f'("{name}")' in text} == {name for name, kinds in table.items() if kind in kinds}


@pytest.mark.parametrize(
    "hostile",
    ["x' OR '1'='1", "x'; DROP DATABASE community; --", "", "a b", "x\n", "x\\", "é", "a" * 65, "-x", "x'/**/"],
)
def test_an_id_that_is_none_never_reaches_the_query(hostile: str) -> None:
    with pytest.raises(ValueError, match="is no device id"):
        influxql.statement(Device(id=hostile, kind=DeviceKind.LIFT), T0, T0 + 60, 5_000)


def test_an_unknown_kind_never_reaches_the_query() -> None:
    forged = Device(id="d", kind='lift" WHERE true --')  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="DeviceKind"):
        influxql.statement(forged, T0, T0 + 60, 5_000)


def test_an_answer_becomes_fields_without_its_gaps() -> None:
    answer = (
        b'{"results":[{"statement_id":0,"series":[{"name":"lift","columns":["time","speed","door_state"],'
        b'"values":[[1000,1.5,null],[2500,null,"open"]]}]}]}'
    )
    assert influxql.series(answer) == {"speed": [(1.0, 1.5)], "door_state": [(2.5, "open")]}


def test_no_points_are_no_fields() -> None:
    assert influxql.series(b'{"results":[{"statement_id":0}]}') == {}


def test_a_refused_query_says_why() -> None:
    with pytest.raises(Unavailable, match="database not found: community"):
        influxql.series(b'{"results":[{"statement_id":0,"error":"database not found: community"}]}')


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"[]", b"{}", b'{"results":[]}', b'{"results":7}', b'{"results":[3]}']
)
def test_an_answer_of_something_else_says_so(answer: bytes) -> None:
    with pytest.raises(Unavailable, match="does not answer InfluxQL"):
        influxql.series(answer)


@pytest.mark.parametrize(
    ("seconds", "every_s", "width"),
    [(3600, 60, 60_000), (10, 0.5, 500), (10, 0, 1), (10, -5, 1), (86_400 * 365, 1, 86_400 * 365 // 10), (5, 1e-9, 1)],
)
def test_buckets_are_as_wished_or_as_few_as_allowed(seconds: float, every_s: float, width: int) -> None:
    assert bucket_ms(T0, T0 + seconds, every_s) == width
    assert seconds * 1000 / width <= MAX_BUCKETS


@pytest.mark.parametrize(("start", "end"), [(2.0, 1.0), (1.0, 1.0), (-1.0, 1.0), (0.0, 1e300), (float("nan"), 1.0)])
def test_an_interval_that_is_none_is_refused(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="start must come before end"):
        bucket_ms(start, end, 60)
