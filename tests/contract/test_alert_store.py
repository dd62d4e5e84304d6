"""What every database under the alert store must do, checked on SQLite and on a real PostgreSQL."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from sqlalchemy import text

from alert_rules.alert import Alert, Entry, Place, Severity, Verdict
from alert_rules.moves import judge, resolve
from alert_rules.severity import Estimate, Likelihood, Review
from alert_rules.suppression import Suppression
from devices.model import DeviceKind
from devices.registry import Device
from gateway.alerts.audit import GENESIS, Why, verify
from gateway.alerts.database import writing
from gateway.alerts.people import LoginRefused, People
from gateway.alerts.records import AlertFilter, Changes, Checkpoint
from gateway.alerts.store import AlertStore, DuplicateAlert, StoreUnavailable
from tests.servers import end, free_port, wait_until
from tests.unit.alerts.making import NOON, alert, entry, message, raised, raising, stranger

ODD = "🔥\u0000\u202e\n\\0%_/'\";--"


class Postgres:
    """A PostgreSQL server of our own, as an ordinary user, in a folder that is gone afterwards."""

    def __init__(self, binaries: Path, home: Path) -> None:
        self.binaries, self.home, self.port = binaries, home, free_port()
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.child: subprocess.Popen[bytes] | None = None
        if self.user:
            os.chown(home, self.user.pw_uid, self.user.pw_gid)
        self._run("initdb", "-D", str(home / "data"), "-U", "gateway", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")

    @property
    def _as(self) -> dict[str, Any]:
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self.binaries / name), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=self.home, **self._as)

    def start(self) -> None:
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        command = [str(self.binaries / "postgres"), "-D", str(self.home / "data")]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self.home / "log").open("ab") as log:
            self.child = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.home, **self._as)
        child = self.child
        wait_until(lambda: child.poll() is not None or self._answers(), what=f"postgres (log: {self.home}/log)")
        if child.poll() is not None:
            raise RuntimeError((self.home / "log").read_text())

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=2):
            return True
        return False

    def stop(self) -> None:
        if self.child is not None:
            self.child.send_signal(signal.SIGQUIT)  # PostgreSQL's "immediate" shutdown: what a power cut leaves
            end(self.child)

    def url(self, schema: str = "public") -> str:
        return f"postgresql://gateway@127.0.0.1:{self.port}/postgres?options=-csearch_path%3D{schema}"

    def fresh(self) -> str:
        """A URL that leads to a new, empty schema."""
        name = f"t{uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return self.url(name)


def postgres_binaries() -> Path:
    on_path = shutil.which("postgres")
    found = [Path(on_path)] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found:
        return found[-1].parent
    message = "postgres is not installed; the alert store was not tested on it"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    home = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
    try:
        server = Postgres(postgres_binaries(), home)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/alerts.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture
def store(url: str) -> Iterator[AlertStore]:
    opened = AlertStore(url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore(f"sqlite:///{tmp_path}/alerts.db")
    opened.migrate()
    yield opened
    opened.close()


def reopened(store: AlertStore) -> AlertStore:
    return AlertStore(store.engine.url.render_as_string(hide_password=False))


def resolved(one: Alert, at: float = NOON + 60) -> Alert:
    judge(one, "li", Verdict.FALSE_ALARM, "cooking", at)
    resolve(one, "li", "", at)
    return one


def ids(alerts: list[Alert]) -> list[str]:
    return [one.id for one in alerts]


def counts(store: AlertStore) -> dict[str, int]:
    with writing(store.engine) as connection:
        tables = ("alert", "audit", "outbox", "rule_state", "twin_shard", "lane_cursor", "stranger", "adopted_device")
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}


def test_an_empty_store_has_nothing_and_says_so(store: AlertStore) -> None:
    restored = store.load()
    assert (restored.alerts, restored.cursors, restored.strangers, restored.adopted) == ([], {}, [], [])
    assert store.audit_head() == (0, GENESIS)
    assert store.verify_audit() is None
    assert store.search(AlertFilter()) == []
    assert store.get("nothing") is None
    assert store.timeline("nothing") == []
    assert store.due_messages(NOON, 10) == []


def test_migrating_again_keeps_what_is_there(store: AlertStore) -> None:
    store.commit(raising(raised()))
    store.migrate()
    assert len(store.load().alerts) == 1


def test_what_was_committed_is_there_after_a_restart(store: AlertStore) -> None:
    (one, said), (two, said_too) = raised("smoke-1"), raised("smoke-2", NOON + 1)
    checkpoint = Checkpoint(
        rule_states=[("smoke_alarm", "smoke-1", b"\x00\xff"), ("lift", "lift-1", b"")],
        twins=[(0, b"zero"), (7, b"seven")],
        cursors={"alarm": 2**40, "telemetry": 5},
        quarantine=[stranger("new-1", name=ODD)],
    )
    store.commit(Changes(alerts=[one, two], entries=[said, said_too], messages=[message()], checkpoint=checkpoint))
    again = reopened(store)
    restored = again.load()
    assert restored.alerts == [one, two]
    assert sorted(restored.rule_states) == [("lift", "lift-1", b""), ("smoke_alarm", "smoke-1", b"\x00\xff")]
    assert sorted(restored.twins) == [(0, b"zero"), (7, b"seven")]
    assert restored.cursors == {"alarm": 2**40, "telemetry": 5}
    assert restored.strangers == [stranger("new-1", name=ODD)]
    again.close()


def test_a_later_commit_replaces_the_alert_and_moves_the_checkpoint(store: AlertStore) -> None:
    one, said = raised()
    first = Checkpoint(rule_states=[("r", "a", b"1"), ("r", "b", b"1")], twins=[(1, b"old")], cursors={"alarm": 1})
    store.commit(Changes(alerts=[one], entries=[said], checkpoint=first))
    move = judge(one, "li", Verdict.TRUE_ALARM, "", NOON + 5)
    then = Checkpoint(
        rule_states=[("r", "a", b"2"), ("r", "b", None), ("r", "c", None)], twins=[(1, b"new")], cursors={"alarm": 2}
    )
    store.commit(Changes(alerts=[one], entries=[move], checkpoint=then))
    restored = store.load()
    assert restored.alerts == [one]
    assert restored.rule_states == [("r", "a", b"2")]
    assert restored.twins == [(1, b"new")]
    assert restored.cursors == {"alarm": 2}
    assert store.get(one.id) == one


def test_what_dialects_learned_is_kept_replaced_and_forgotten(store: AlertStore) -> None:
    long = f"homeassistant/{'x' * 60_000}/config"
    learned: list[tuple[str, str, bytes | None]] = [("ha", "a", b"1"), ("ha", long, b"2"), ("b", ODD, b"3")]
    store.commit(Changes(checkpoint=Checkpoint(memories=learned)))
    assert sorted(store.load().memories) == [("b", b"3"), ("ha", b"1"), ("ha", b"2")]
    store.commit(Changes(checkpoint=Checkpoint(memories=[("ha", "a", None), ("ha", "gone", None), ("ha", long, b"4")])))
    assert sorted(store.load().memories) == [("b", b"3"), ("ha", b"4")]


def test_the_last_state_of_a_rule_within_one_commit_counts(store: AlertStore) -> None:
    states: list[tuple[str, str, bytes | None]] = [
        ("r", "a", None),
        ("r", "a", b"1"),
        ("r", "b", b"1"),
        ("r", "b", None),
    ]
    store.commit(Changes(checkpoint=Checkpoint(rule_states=states)))
    assert store.load().rule_states == [("r", "a", b"1")]


def test_an_empty_commit_is_no_error(store: AlertStore) -> None:
    store.commit(Changes())
    store.commit(Changes(checkpoint=Checkpoint()))
    assert set(counts(store).values()) == {0}


def test_only_open_alerts_are_loaded(store: AlertStore) -> None:
    store.commit(Changes(alerts=[alert("smoke-1"), resolved(alert("smoke-2"))]))
    assert [one.device for one in store.load().alerts] == ["smoke-1"]


def test_the_lately_resolved_are_told_from_the_open(store: AlertStore) -> None:
    older, newer = alert("smoke-1", at=NOON), alert("smoke-2", at=NOON + 1)
    store.commit(Changes(alerts=[resolved(older), resolved(newer), alert("smoke-3", at=NOON + 2)]))
    assert store.lately_resolved(10) == [newer.id, older.id]
    assert store.lately_resolved(1) == [newer.id]


def test_a_second_open_alert_for_a_fingerprint_is_refused_whole(store: AlertStore) -> None:
    store.commit(raising(raised(at=NOON)))
    before = counts(store)
    with pytest.raises(DuplicateAlert, match="smoke_alarm/smoke-1"):
        store.commit(raising(raised("smoke-9"), raised(at=NOON + 1)))
    assert counts(store) == before


def test_a_fingerprint_is_free_again_once_its_alert_is_resolved(store: AlertStore) -> None:
    one = alert(at=NOON)
    store.commit(Changes(alerts=[one]))
    newer = alert(at=NOON + 100)
    store.commit(Changes(alerts=[newer, resolved(one)]))
    assert store.load().alerts == [newer]
    assert ids(store.search(AlertFilter())) == [newer.id, one.id]


def test_a_commit_that_fails_in_the_middle_leaves_nothing(store: AlertStore) -> None:
    one, said = raised()
    store.commit(Changes(entries=[entry(1)]))
    before, head = counts(store), store.audit_head()
    said.detail["oops"] = object()
    with pytest.raises(TypeError):
        store.commit(Changes(alerts=[one], entries=[entry(2), said], messages=[message()], checkpoint=Checkpoint()))
    assert counts(store) == before
    assert store.audit_head() == head
    del said.detail["oops"]
    store.commit(Changes(alerts=[one], entries=[said]))
    assert store.verify_audit() is None


def test_odd_characters_are_data_everywhere(store: AlertStore) -> None:
    one, said = raised(place=Place(ODD, ODD, ODD, ODD), subject=ODD, rule="fire_lane_blocked")
    said.actor, said.detail = ODD, {ODD: [ODD]}
    sent = msgspec.structs.replace(message(), id=ODD, channel=ODD, payload={ODD: ODD})
    store.commit(Changes(alerts=[one], entries=[said], messages=[sent]))
    assert store.load().alerts == [one]
    assert [(row.actor, row.detail) for row in store.timeline(one.id)] == [(ODD, {ODD: [ODD]})]
    assert [(row.id, row.payload) for row in store.due_messages(NOON, 5)] == [(ODD, {ODD: ODD})]
    store.message_failed(ODD, ODD, NOON)
    assert store.due_messages(NOON, 5)[0].last_error == ODD
    assert ids(store.search(AlertFilter(q=ODD, building=ODD))) == [one.id]
    assert store.verify_audit() is None


def test_a_devices_endless_text_does_not_stop_the_alert(store: AlertStore) -> None:
    endless = "".join(chr(0x4E00 + number % 20_000) for number in range(50_000))
    one, said = raised(subject=endless, place=Place(endless, endless, endless, endless))
    store.commit(raising((one, said)))
    assert store.load().alerts == [one]
    with pytest.raises(DuplicateAlert):
        store.commit(raising(raised(subject=endless, at=NOON + 1)))


@pytest.fixture
def stocked(store: AlertStore) -> AlertStore:
    lift = {"rule": "lift_entrapment", "kind": DeviceKind.LIFT}
    store.commit(
        Changes(
            alerts=[
                alert("smoke-1", NOON + 1, Place("Kitchen 50%", "b1")),
                alert("smoke-2", NOON + 2, Place("Kitchen 50 m", "b2"), severity=Severity.MAJOR),
                resolved(alert("smoke-3", NOON + 3, Place("厨房", "b1"))),
                alert("lift-1", NOON + 4, Place("Lift East", "b1"), **lift),
                alert("lift-2", NOON + 4, Place("Lift_West", "b2"), **lift),
            ]
        )
    )
    return store


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "lift-1 lift-2 smoke-3 smoke-2 smoke-1"),
        ({"state": "open"}, "lift-1 lift-2 smoke-2 smoke-1"),
        ({"state": "resolved"}, "smoke-3"),
        ({"severity": "major"}, "smoke-2"),
        ({"rule": "lift_entrapment"}, "lift-1 lift-2"),
        ({"building": "b1"}, "lift-1 smoke-3 smoke-1"),
        ({"building": "b1", "state": "open", "severity": "critical"}, "lift-1 smoke-1"),
        ({"building": "", "severity": "", "rule": "", "q": ""}, "lift-1 lift-2 smoke-3 smoke-2 smoke-1"),
        ({"q": "kitchen"}, "smoke-2 smoke-1"),
        ({"q": "KITCHEN 50%"}, "smoke-1"),
        ({"q": "lift_"}, "lift-1 lift-2"),
        ({"q": "lift_w"}, "lift-2"),
        ({"q": "%"}, "smoke-1"),
        ({"q": "\\"}, ""),
        ({"q": "厨"}, "smoke-3"),
        ({"q": "smoke_alarm"}, "smoke-3 smoke-2 smoke-1"),
        ({"q": "b2"}, "lift-2 smoke-2"),
        ({"q": "smoke-2"}, "smoke-2"),
        ({"before": NOON + 3}, "smoke-2 smoke-1"),
        ({"before": NOON}, ""),
    ],
)
def test_a_search_finds_exactly_what_was_asked(stocked: AlertStore, asked: dict[str, Any], found: str) -> None:
    answer = [one.device for one in stocked.search(AlertFilter(**asked))]
    assert sorted(answer) == sorted(found.split())


def test_the_newest_come_first_and_ties_have_one_order(stocked: AlertStore) -> None:
    found = stocked.search(AlertFilter())
    assert found == sorted(found, key=lambda one: (one.raised_at, one.id), reverse=True)


def test_pages_neither_skip_nor_repeat(stocked: AlertStore) -> None:
    seen: list[str] = []
    last: Alert | None = None
    while True:
        before = (last.raised_at, last.id) if last else (None, None)
        page = stocked.search(AlertFilter(limit=1, before=before[0], before_id=before[1]))
        if not page:
            break
        last = page[0]
        seen.append(last.id)
    assert seen == ids(stocked.search(AlertFilter()))


def test_the_timeline_is_one_alerts_story_in_order(store: AlertStore) -> None:
    (one, said), (two, said_too) = raised("smoke-1"), raised("smoke-2")
    store.commit(raising((one, said), (two, said_too)))
    store.commit(Changes(alerts=[one], entries=[judge(one, "li", Verdict.DRILL, "announced", NOON + 9)]))
    story = store.timeline(one.id)
    assert [(row.seq, row.action, row.actor) for row in story] == [(1, "raise", "system"), (3, "verdict", "li")]
    assert story[1].detail == {"verdict": "drill", "reason": "announced", "earlier": None}


def test_the_head_moves_with_each_entry_and_survives_a_restart(store: AlertStore) -> None:
    store.commit(Changes(entries=[entry(1), entry(2)]))
    head = store.audit_head()
    assert head[0] == 2
    again = reopened(store)
    again.commit(Changes(entries=[entry(3)]))
    assert again.audit_head()[0] == 3
    assert again.verify_audit(head) is None
    again.close()


def test_two_writers_keep_one_chain(store: AlertStore) -> None:
    other = reopened(store)
    for number in range(5):
        store.commit(Changes(entries=[entry(number)]))
        other.commit(Changes(entries=[entry(number), entry(number)]))
    other.close()
    assert store.audit_head()[0] == 15
    assert store.verify_audit() is None


def test_verifying_reads_in_slices_and_tells_how_far_it_is(store: AlertStore) -> None:
    store.commit(Changes(entries=[entry(number) for number in range(2500)]))
    told: list[tuple[int, int]] = []
    assert store.verify_audit(progress=lambda done, total: told.append((done, total))) is None
    assert told == [(1000, 2500), (2000, 2500), (2500, 2500)]


TAMPERING = {
    "at": "at + 1",
    "actor": "'somebody else'",
    "action": "'acknowledge'",
    "alert": "'another'",
    "detail": """'{"text":"nothing"}'""",
    "prev_hash": "'0' || substr(prev_hash, 2) || 'x'",
    "hash": "'x' || substr(hash, 2)",
}


@pytest.mark.parametrize("column", TAMPERING)
def test_an_edited_column_of_the_table_is_found(store: AlertStore, column: str) -> None:
    store.commit(Changes(entries=[entry(number) for number in range(5)]))
    tamper(store, f"UPDATE audit SET {column} = {TAMPERING[column]} WHERE seq = 3")
    assert finding(store) == (3, Why.EDITED)


@pytest.mark.parametrize("detail", ["", "not json", "[]", '{"text":"note 2"} {}'])
def test_a_detail_that_cannot_be_read_is_a_finding_not_a_crash(store: AlertStore, detail: str) -> None:
    store.commit(Changes(entries=[entry(number) for number in range(5)]))
    tamper(store, f"UPDATE audit SET detail = '{detail}' WHERE seq = 3")
    assert finding(store) == (3, Why.EDITED)
    assert store.timeline("a1")[2].detail == {"unreadable": detail}


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit SET seq = 99 WHERE seq = 3"], (3, Why.REORDERED)),
        (["DELETE FROM audit WHERE seq = 3"], (3, Why.DELETED)),
        (["DELETE FROM audit WHERE seq = 1"], (1, Why.DELETED)),
        (["DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq = 4",
          "UPDATE audit SET seq = seq - 1 WHERE seq = 5"], (3, Why.DELETED)),
        (["UPDATE audit SET seq = 99 WHERE seq = 3", "UPDATE audit SET seq = 3 WHERE seq = 4",
          "UPDATE audit SET seq = 4 WHERE seq = 99"], (3, Why.REORDERED)),
        (["DELETE FROM audit WHERE seq > 3"], (4, Why.TRUNCATED)),
        (["DELETE FROM audit"], (1, Why.TRUNCATED)),
        (["INSERT INTO audit SELECT 6, at, actor, action, alert, detail, prev_hash, hash FROM audit WHERE seq = 5"],
         (6, Why.INSERTED)),
    ],
)  # fmt: skip
def test_rows_deleted_moved_cut_off_or_put_in_are_found(
    store: AlertStore, statements: list[str], found: tuple[int, Why]
) -> None:
    store.commit(Changes(entries=[entry(number) for number in range(5)]))
    head = store.audit_head()
    for statement in statements:
        tamper(store, statement)
    broken = store.verify_audit(head)
    assert broken is not None
    assert (broken.seq, broken.why) == found


def tamper(store: AlertStore, statement: str) -> None:
    with writing(store.engine) as connection:
        connection.exec_driver_sql(statement)


def finding(store: AlertStore) -> tuple[int, Why] | None:
    broken = store.verify_audit()
    return (broken.seq, broken.why) if broken else None


def test_a_message_is_queued_once_however_often_it_is_committed(store: AlertStore) -> None:
    store.commit(Changes(messages=[message(1), message(1)]))
    store.commit(Changes(messages=[message(1), message(2)]))
    assert [row.id for row in store.due_messages(NOON, 10)] == ["a1:wecom:raise", "a2:wecom:raise"]
    store.messages_sent(["a1:wecom:raise"], NOON + 1)
    store.commit(Changes(messages=[message(1)]))
    assert [row.id for row in store.due_messages(NOON + 9, 10)] == ["a2:wecom:raise"]


def test_the_gravest_message_goes_first_then_the_oldest(store: AlertStore) -> None:
    queue = [message(1, "notice", NOON), message(2, "critical", NOON + 2), message(3, "critical", NOON + 1)]
    store.commit(Changes(messages=[*queue, message(4, "major", NOON)]))
    assert [row.alert for row in store.due_messages(NOON + 5, 10)] == ["a3", "a2", "a4", "a1"]
    assert [row.alert for row in store.due_messages(NOON + 5, 2)] == ["a3", "a2"]


def test_a_failed_message_comes_back_when_it_is_due(store: AlertStore) -> None:
    store.commit(Changes(messages=[message()]))
    store.message_failed("a1:wecom:raise", "timed out " * 1000, NOON + 5)
    assert store.due_messages(NOON + 4.9, 10) == []
    (row,) = store.due_messages(NOON + 5, 10)
    assert (row.attempts, row.next_at, row.payload["place"]) == (1, NOON + 5, {"name": "大厅 🔥"})
    assert row.last_error is not None
    assert row.last_error.startswith("timed out")
    assert len(row.last_error) == 500


def test_a_confirmed_message_stays_confirmed(store: AlertStore) -> None:
    store.commit(Changes(messages=[message()]))
    store.messages_sent(["a1:wecom:raise"], NOON + 1)
    store.message_failed("a1:wecom:raise", "late answer", NOON + 2)
    store.messages_sent(["unknown"], NOON)
    assert store.due_messages(NOON + 99, 10) == []


def test_a_stranger_is_updated_in_place(store: AlertStore) -> None:
    for count in (1, 2):
        store.commit(Changes(checkpoint=Checkpoint(quarantine=[stranger("new-1", count)])))
    assert store.load().strangers == [stranger("new-1", 2)]


def test_adopting_a_stranger_is_remembered_and_audited(store: AlertStore) -> None:
    store.commit(Changes(checkpoint=Checkpoint(quarantine=[stranger("new-1"), stranger("new-2")])))
    device = Device("new-1", DeviceKind.WATER_LEAK, name=ODD, building="b1", expect_every_s=60.0)
    store.adopt(device, "li", NOON)
    restored = store.load()
    assert restored.adopted == [device]
    assert [one.device for one in restored.strangers] == ["new-2"]
    (row,) = store.audit_rows()
    assert (row.actor, row.action, row.detail["device"]["id"]) == ("li", "adopt", "new-1")
    assert verify([row]) is None


def test_an_adopted_device_never_turns_into_a_stranger_again(store: AlertStore) -> None:
    """A checkpoint evaluated before the adoption may be committed after it."""
    store.adopt(Device("new-1", DeviceKind.WATER_LEAK), "li", NOON)
    store.commit(Changes(checkpoint=Checkpoint(quarantine=[stranger("new-1")])))
    assert store.load().strangers == []


def test_adopting_again_replaces_the_place(store: AlertStore) -> None:
    for building in ("b1", "b2"):
        store.adopt(Device("new-1", DeviceKind.WATER_LEAK, building=building), "li", NOON)
    assert [device.building for device in store.load().adopted] == ["b2"]
    assert store.audit_head()[0] == 2


def test_people_live_in_the_same_database(store: AlertStore) -> None:
    people = People(store.engine)
    li = people.add("li", ODD, "guard", "correct horse battery")
    token = people.open_session("li", NOON, 60)
    once = people.issue_once("li", NOON, 60)
    assert people.session(token, NOON + 59) == li
    assert people.login_once(once, NOON) == li
    with pytest.raises(LoginRefused):
        people.login_once(once, NOON)
    with pytest.raises(ValueError, match="already"):
        people.add("li", "", "guard", "correct horse battery")
    with pytest.raises(KeyError):
        people.open_session("nobody", NOON, 60)
    people.remove("li")
    assert people.session(token, NOON) is None


def big(number: int) -> Changes:
    one, said = raised(f"smoke-{number}", NOON + number)
    one.attributes = {"filler": "x" * 20_000}
    return Changes(
        alerts=[one], entries=[said], messages=[message(number)], checkpoint=Checkpoint(cursors={"alarm": number})
    )


def commit_many(store: AlertStore, numbers: range) -> None:
    for number in numbers:
        store.commit(big(number))


def pages(store: AlertStore) -> int:
    with store.engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())


def limit_pages(store: AlertStore, pages: int) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def test_a_full_disk_is_one_error_with_nothing_half_written_and_heals(sqlite_store: AlertStore) -> None:
    store = sqlite_store
    store.commit(big(0))
    limit_pages(store, pages(store) + 12)
    with pytest.raises(StoreUnavailable, match="full; free disk space") as caught:
        commit_many(store, range(1, 100))
    assert "alerts.db" in caught.value.detail
    number = store.audit_head()[0]
    assert number > 1
    assert set(counts(store).values()) == {number, 1, 0}
    assert store.load().cursors == {"alarm": number - 1}
    with pytest.raises(StoreUnavailable):
        store.commit(big(number))
    limit_pages(store, 1_000_000)
    store.commit(big(number))
    assert len(store.load().alerts) == store.audit_head()[0] == number + 1
    assert store.verify_audit() is None


def test_a_full_disk_does_not_stop_reading(sqlite_store: AlertStore) -> None:
    sqlite_store.commit(big(0))
    limit_pages(sqlite_store, 1)
    with pytest.raises(StoreUnavailable):
        sqlite_store.commit(big(1))
    assert len(sqlite_store.search(AlertFilter())) == 1
    assert len(sqlite_store.due_messages(NOON, 5)) == 1


KILLED = """
import sys
from gateway.alerts.records import Changes, Checkpoint
from gateway.alerts.store import AlertStore
from tests.unit.alerts.making import NOON, message, raised

store = AlertStore(sys.argv[1])
for number in range(1, 100_000):
    one, said = raised(f"smoke-{number}", NOON + number)
    checkpoint = Checkpoint(cursors={"alarm": number}, twins=[(0, b"x" * number)])
    store.commit(Changes(alerts=[one], entries=[said], messages=[message(number)], checkpoint=checkpoint))
    print(number, flush=True)
"""


@pytest.mark.parametrize("kill_after", [1, 7, 60])
def test_what_was_confirmed_survives_a_kill_and_nothing_is_half(store: AlertStore, url: str, kill_after: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert child.stdout is not None
    confirmed = 0
    for line in child.stdout:
        confirmed = int(line)
        if confirmed == kill_after:
            child.kill()
    child.stdout.close()
    child.wait()
    restored = store.load()
    cursor = restored.cursors["alarm"]
    assert confirmed <= cursor <= confirmed + 1
    assert counts(store) | {"twin_shard": 1, "lane_cursor": 1} == counts(store)
    assert counts(store)["alert"] == counts(store)["audit"] == counts(store)["outbox"] == cursor
    assert restored.twins == [(0, b"x" * cursor)]
    assert store.verify_audit() is None


@pytest.mark.server
def test_a_postgresql_that_went_away_is_one_error_and_heals() -> None:
    with running_postgres() as server:
        store = AlertStore(server.fresh())
        store.migrate()
        store.commit(big(1))
        server.stop()
        with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1"):
            store.commit(big(2))
        with pytest.raises(StoreUnavailable):
            store.search(AlertFilter())
        server.start()
        store.commit(big(2))
        assert [one.device for one in store.load().alerts] == ["smoke-1", "smoke-2"]
        assert store.verify_audit() is None
        store.close()


@pytest.mark.server
def test_a_postgresql_that_does_not_sync_is_refused(postgres: Postgres) -> None:
    url = postgres.fresh()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        try:
            store = AlertStore(url)
            with pytest.raises(StoreUnavailable, match=r"fsync is off.*Set fsync = on"):
                store.migrate()
            store.close()
        finally:
            connection.execute("ALTER SYSTEM RESET fsync")
            connection.execute("SELECT pg_reload_conf()")


def muting(id_: str, ends_at: float, **changed: object) -> Suppression:
    fields: dict[str, object] = {"means": "silence", "matcher": {"building": "b1"}, "reason": "清洗 \\ \x00", "id": id_}
    times = {"starts_at": NOON, "ends_at": ends_at, "created_at": NOON, "created_by": "li"}
    return Suppression.model_validate({**fields, **times, **changed})


def test_a_suppression_is_kept_as_it_stands_with_its_move(store: AlertStore) -> None:
    first, other = muting("a", NOON + 60), muting("b", NOON + 10)
    for each in (first, other):
        store.suppress(each, Entry(NOON, "li", "suppression_create", "", {"id": each.id}))
    longer = first.model_copy(update={"ends_at": NOON + 90, "extended_by": ("wang",)})
    store.suppress(longer, Entry(NOON + 5, "wang", "suppression_extend", "", {"id": "a"}))
    again = reopened(store)
    assert again.suppressions(NOON) == [longer, other]
    assert again.suppressions(NOON + 11) == [longer]
    actions = [(row.actor, row.action) for row in again.audit_rows()]
    assert actions == [("li", "suppression_create")] * 2 + [("wang", "suppression_extend")]
    assert again.verify_audit() is None
    again.close()


def test_a_quarters_review_replaces_the_one_before_it(store: AlertStore) -> None:
    for quarter, true in (("2026Q2", 1), ("2026Q1", 5), ("2026Q2", 2)):
        estimate = Estimate("water_leak", true, 20, Likelihood.HIGH, Likelihood.LOW)
        store.keep_review(Review(quarter, NOON, [estimate]), Entry(NOON, "system", "likelihood_review", ""))
    assert [(r.quarter, r.estimates[0].true) for r in store.reviews()] == [("2026Q1", 5), ("2026Q2", 2)]


def test_alerts_of_a_time_come_one_after_the_other(stocked: AlertStore) -> None:
    found = {each.device for each in stocked.raised_between(NOON + 2, NOON + 4)}
    assert found == {"smoke-2", "smoke-3"}


def test_the_messages_of_an_alert_say_how_far_each_came(store: AlertStore) -> None:
    store.commit(Changes(messages=[message(1), message(2)]))
    store.message_failed("a1:wecom:raise", "no", NOON + 5)
    (told,) = store.messages("a1")
    assert (told.attempts, told.last_error, told.sent_at) == (1, "no", None)
    store.messages_sent(["a1:wecom:raise", "a2:wecom:raise"], NOON + 6)
    assert [store.messages(alert)[0].sent_at for alert in ("a1", "a2")] == [NOON + 6] * 2
    assert store.messages("a3") == []
