"""What every time-series store keeps: one suite, run against each of them as it really is."""

import asyncio
import itertools
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devices.model import Event, Report
from devices.registry import Device, Registry
from gateway.history.drain import Drain
from gateway.history.influxdb import InfluxStore
from gateway.history.sqlite import SqliteStore
from gateway.history.store import HistoryStore, Refused, Unavailable, open_store
from gateway.site import History
from tests.servers import create_database, free_port, influxdb, victoria_metrics, wait_until
from tests.unit.history.ports import Script
from tests.unit.history.samples import GATE, LIFT, SITE, SMOKE, T0, registry, said, speeds

databases = (f"db{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with influxdb(tmp_path_factory.mktemp("influx")) as url:
        yield url


@pytest.fixture
def influx_store(influx: str) -> Iterator[InfluxStore]:
    name = next(databases)
    create_database(influx, name)
    store = InfluxStore(History(store="influxdb", url=influx, bucket=name), "", registry(), SITE)
    yield store
    store.close()


@pytest.fixture(params=["embedded", pytest.param("influxdb", marks=pytest.mark.server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HistoryStore]:
    if request.param == "influxdb":
        yield request.getfixturevalue("influx_store")
        return
    opened = open_store(History(keep_days=10_000), tmp_path, registry(), SITE)
    yield opened
    opened.close()


def test_an_empty_store_answers_with_nothing(store: HistoryStore) -> None:
    store.ping()
    assert store.query(LIFT, T0, T0 + 60, 10) == {}


def test_numbers_are_averaged_and_states_kept_last_per_bucket(store: HistoryStore) -> None:
    floors = ["1", "2", "3", "4", "5", "6"]
    store.write(
        [
            said(LIFT, T0 + n, measurements={"speed": float(n)}, states={"floor": floor, "door_closed": n < 3})
            for n, floor in enumerate(floors)
        ]
    )
    assert store.query(LIFT, T0, T0 + 60, 3) == {
        "speed": [(T0 - T0 % 3, 0.5), (T0 - T0 % 3 + 3, 3.0), (T0 - T0 % 3 + 6, 5.0)],
        "floor": [(T0 - T0 % 3, "2"), (T0 - T0 % 3 + 3, "5"), (T0 - T0 % 3 + 6, "6")],
        "door_closed": [(T0 - T0 % 3, True), (T0 - T0 % 3 + 3, False), (T0 - T0 % 3 + 6, False)],
    }


def test_the_interval_includes_its_start_and_not_its_end(store: HistoryStore) -> None:
    store.write(speeds(10))
    assert store.query(LIFT, T0 + 2, T0 + 5, 1) == {"speed": [(T0 + 2, 2.0), (T0 + 3, 3.0), (T0 + 4, 4.0)]}


def test_events_availability_and_tests_are_fields(store: HistoryStore) -> None:
    store.write(
        [said(GATE, events=[Event("door_forced", {"door_id": "d1"}), Event("duress")], availability=True, test=True)]
    )
    assert store.query(GATE, T0, T0 + 1, 1) == {
        "event": [(T0, "door_forced,duress")],
        "online": [(T0, True)],
        "test": [(T0, True)],
    }


@pytest.mark.parametrize("text", ['say "hi"', "back\\slash", "end\\", "a,b=c d", "楼层 三", "{}", "'", "x' OR '1'='1"])
def test_texts_come_back_as_they_were(store: HistoryStore, text: str) -> None:
    store.write([said(LIFT, states={"floor": text}), said(LIFT, T0 + 1, states={"floor": "next"})])
    assert store.query(LIFT, T0, T0 + 2, 1) == {"floor": [(T0, text), (T0 + 1, "next")]}


def test_a_hostile_text_cannot_write_for_another_device(store: HistoryStore) -> None:
    hostile = 'x"\nsmoke_detector,building=b2,device=smoke-b2-03,site=riverside smoke=true 1750000000000000000\n'
    store.write([said(LIFT, states={"floor": hostile})])
    assert store.query(SMOKE, T0, T0 + 1, 1) == {}
    assert len(store.query(LIFT, T0, T0 + 1, 1)["floor"]) == 1


def test_unknown_is_never_false(store: HistoryStore) -> None:
    store.write([said(SMOKE, states={"smoke": None, "tamper": False}, measurements={"smoke_density": float("nan")})])
    assert store.query(SMOKE, T0, T0 + 1, 1) == {"tamper": [(T0, False)]}


def test_writing_again_changes_nothing(store: HistoryStore) -> None:
    twins = [said(LIFT, T0 + 5, measurements={"speed": speed}) for speed in (7.0, 9.0)]
    batch = [*speeds(5), *twins, said(SMOKE, states={"smoke": True})]
    store.write(batch)
    before = store.query(LIFT, T0, T0 + 10, 1)
    store.write(batch)
    store.write(batch[6:])
    assert before["speed"][-1] == (T0 + 5, 8.0)
    assert store.query(LIFT, T0, T0 + 10, 1) == before


def test_twins_of_one_millisecond_both_survive(store: HistoryStore) -> None:
    store.write([said(LIFT, measurements={"speed": speed}) for speed in (1.0, 2.0, 6.0)])
    assert store.query(LIFT, T0, T0 + 1, 1) == {"speed": [(T0, 3.0)]}


def test_devices_are_kept_apart_and_strangers_out(store: HistoryStore) -> None:
    stranger = Device(id="lift-b9-99", kind=LIFT.kind)
    store.write([*speeds(2), said(SMOKE, states={"smoke": True}), said(stranger, measurements={"speed": 5.0})])
    assert set(store.query(LIFT, T0, T0 + 10, 10)) == {"speed"}
    assert set(store.query(SMOKE, T0, T0 + 10, 10)) == {"smoke"}
    assert store.query(stranger, T0, T0 + 10, 10) == {}


def test_a_time_out_of_range_is_refused_and_its_neighbour_can_still_come(store: HistoryStore) -> None:
    good, hopeless = said(LIFT, measurements={"speed": 1.0}), said(LIFT, 1e12, measurements={"speed": 2.0})
    with pytest.raises(Refused):
        store.write([good, hopeless])
    store.write([good])
    assert store.query(LIFT, T0, T0 + 1, 1) == {"speed": [(T0, 1.0)]}


def test_a_senseless_interval_is_the_callers_mistake(store: HistoryStore) -> None:
    with pytest.raises(ValueError, match="start must come before end"):
        store.query(LIFT, T0, T0, 1)


def test_twenty_thousand_reports_come_back_complete(store: HistoryStore) -> None:
    for n in range(0, 20_000, 5_000):
        store.write(speeds(5_000, T0 + n))
    found = store.query(LIFT, T0, T0 + 20_000, 2)["speed"]
    assert len(found) == 10_000
    assert found[:2] == [(T0, 0.5), (T0 + 2, 2.5)]


async def drained(store: HistoryStore, *batches: list[Report]) -> tuple[Drain[int], list[tuple[Report, str]]]:
    bad: list[tuple[Report, str]] = []

    async def on_bad(report: Report, detail: str) -> None:
        bad.append((report, detail))

    source = Script(*batches)
    drain = Drain(source, store, on_bad, batch=5_000)
    task = asyncio.create_task(drain.run())
    await asyncio.wait_for(source.done.wait(), 60)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return drain, bad


@pytest.mark.server
async def test_a_field_type_conflict_costs_its_own_point_only(influx_store: InfluxStore) -> None:
    influx_store.write([said(LIFT, T0 - 100, states={"door_closed": True})])
    batch = speeds(2_000)
    conflict = said(LIFT, T0 + 1_234.5, states={"door_closed": "ajar"})
    batch.insert(1_235, conflict)
    drain, bad = await drained(influx_store, batch)
    ((report, detail),) = bad
    assert report is conflict
    assert "field type conflict" in detail
    assert drain.written == 2_000
    assert len(influx_store.query(LIFT, T0, T0 + 2_000, 1)["speed"]) == 2_000


@pytest.mark.server
@pytest.mark.parametrize("building", ['a"b', "ends\\", "\\ y=1 1", "a,b=c d", "楼 1", "x,device=other y=1 1\nlift z=1"])
def test_a_strange_building_stays_one_tag(influx: str, building: str) -> None:
    name = next(databases)
    create_database(influx, name)
    device = Device(id="lift-1", kind=LIFT.kind, building=building)
    store = InfluxStore(History(store="influxdb", url=influx, bucket=name), "", Registry([device]), SITE)
    store.write([said(device, measurements={"speed": 1.0}, states={"floor": "1"})])
    assert store.query(device, T0, T0 + 1, 1) == {"speed": [(T0, 1.0)], "floor": [(T0, "1")]}
    store.close()


@pytest.mark.server
def test_a_missing_database_waits_with_a_hint(influx: str) -> None:
    store = InfluxStore(History(store="influxdb", url=influx, bucket="absent"), "", registry(), SITE)
    with pytest.raises(Unavailable, match=r"database not found.*check history\.bucket"):
        store.write(speeds(1))
    with pytest.raises(Unavailable, match="database not found"):
        store.query(LIFT, T0, T0 + 1, 1)
    store.close()


@pytest.mark.server
async def test_an_outage_loses_nothing(tmp_path: Path) -> None:
    port = free_port()
    config = History(store="influxdb", url=f"http://127.0.0.1:{port}", bucket="community", timeout_s=2)
    store = open_store(config, tmp_path, registry(), SITE)
    with influxdb(tmp_path, port=port):
        store.write(speeds(1_000))
    batches = [speeds(1_000, T0 + 1_000 * n) for n in range(1, 5)]
    draining = asyncio.create_task(drained(store, *batches))
    await asyncio.to_thread(wait_until, lambda: refuses(store), what="an outage")
    with influxdb(tmp_path, port=port):
        drain, bad = await draining
        assert drain.retries >= 1
        assert (drain.written, bad) == (4_000, [])
        assert len(store.query(LIFT, T0, T0 + 5_000, 1)["speed"]) == 5_000
    store.close()


def refuses(store: HistoryStore) -> bool:
    with suppress(Unavailable):
        store.ping()
        return False
    return True


@pytest.mark.server
def test_victoria_metrics_takes_the_numbers_and_says_that_it_answers_no_influxql(tmp_path: Path) -> None:
    with victoria_metrics(tmp_path) as url:
        store = InfluxStore(History(store="influxdb", url=url), "", registry(), SITE)
        store.ping()
        store.write([said(LIFT, T0 + n, measurements={"speed": float(n)}, states={"floor": "x"}) for n in range(100)])
        wait_until(lambda: exported(url) == [float(n) for n in range(100)], what="the points written")
        with pytest.raises(Unavailable, match="does not answer InfluxQL"):
            store.query(LIFT, T0, T0 + 100, 1)
        store.close()


def exported(url: str) -> list[float]:
    urllib.request.urlopen(f"{url}/internal/force_flush").close()
    selector = urllib.parse.urlencode({"match[]": '{__name__="lift_speed",device="lift-b1-01",building="b1"}'})
    with urllib.request.urlopen(f"{url}/api/v1/export?{selector}") as answer:
        return [float(value) for line in answer for value in json.loads(line)["values"]]


def test_the_embedded_store_is_the_default(tmp_path: Path) -> None:
    store = open_store(History(), tmp_path, registry(), SITE)
    assert isinstance(store, SqliteStore)
    assert (tmp_path / "history.db").exists()
    store.close()


def test_a_token_is_read_from_where_the_site_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HISTORY_TOKEN", "canary")
    config = History.model_validate({"store": "influxdb", "token": {"env": "HISTORY_TOKEN"}})
    store = open_store(config, tmp_path, registry(), SITE)
    assert isinstance(store, InfluxStore)
    assert store._client.token == "canary"
    store.close()
