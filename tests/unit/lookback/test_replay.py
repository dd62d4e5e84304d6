"""Replaying a journal: what the rules say, what is refused, what was mended, and that nothing changes."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alert_rules.alert import Action
from devices.dialects.dialect import Lane
from devices.model import Envelope, RejectReason
from gateway.cli import app
from gateway.config import load_site
from gateway.errors import OperatorError
from gateway.journal.journal import DeadLetter, Journal
from gateway.lookback.replay import Damaged, Finished, Mended, Refused, Said, replay
from gateway.site import Site

T0 = 1_790_000_000.0
ALARM = "community/home/smoke_detector/s1/event"
DOOR = "community/home/access_gate/g1/telemetry"


def message(topic: str, at: float, **body: object) -> Envelope:
    return Envelope(topic, json.dumps({"ts": at * 1000, **body}).encode(), at)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "site.yaml"
    devices = "{id: s1, kind: smoke_detector}, {id: g1, kind: access_gate}"
    found.write_text(f"site: {{id: home, name: Home}}\ndevices: [{devices}]\n")
    return found


@pytest.fixture
def site(path: Path) -> Site:
    return load_site(path)


@pytest.fixture
def journals(site: Site) -> Iterator[dict[Lane, Journal]]:
    folder = site.data_dir / "journal"
    opened = {lane: Journal(folder / f"{lane}.db", max_bytes=10**8, dead_letters=100) for lane in Lane}
    yield opened
    for journal in opened.values():
        journal.close()


def digest(site: Site) -> dict[str, str]:
    files = (site.data_dir / "journal").glob("*.db")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_a_fire_is_found_again_and_nothing_is_changed(site: Site, journals: dict[Lane, Journal]) -> None:
    journals[Lane.ALARM].append([message(ALARM, T0, states={"smoke": True})])
    before = digest(site)
    said, end = replay(site, Lane.ALARM, 0)
    assert isinstance(said, Said)
    assert (said.seq, said.transition.rule, said.transition.action) == (0, "smoke_alarm", Action.RAISE)
    assert end == Finished(1)
    assert digest(site) == before


def test_both_lanes_are_merged_in_order_of_receipt_and_timers_run(site: Site, journals: dict[Lane, Journal]) -> None:
    journals[Lane.TELEMETRY].append([message(DOOR, T0, states={"door_state": "open"})])
    journals[Lane.ALARM].append([message(ALARM, T0 + 100, states={"smoke": True})])
    rules = [item.transition.rule for item in replay(site, None, 0) if isinstance(item, Said)]
    assert rules == ["gate_held_open", "smoke_alarm"]


def test_replay_starts_inside_a_batch(site: Site, journals: dict[Lane, Journal]) -> None:
    journals[Lane.ALARM].append([message(ALARM, T0 + i, seq=i) for i in range(5)])
    assert list(replay(site, Lane.ALARM, 3)) == [Finished(2)]
    assert list(replay(site, Lane.ALARM, 99)) == [Finished(0)]


def test_compressed_batches_are_read_too(site: Site, journals: dict[Lane, Journal]) -> None:
    journals[Lane.ALARM].append([message(ALARM, T0 + i, seq=i) for i in range(50)])
    assert journals[Lane.ALARM].compress(50) == 1
    assert list(replay(site, Lane.ALARM, 0)) == [Finished(50)]


def test_dead_letters_are_refused_again_or_mended(site: Site, journals: dict[Lane, Journal]) -> None:
    journals[Lane.ALARM].append([Envelope(ALARM, b"{", T0), message(ALARM, T0 + 1)])
    dead = [DeadLetter(T0, ALARM, b"", "malformed", "", seq) for seq in (0, 1)]
    journals[Lane.ALARM].bury(dead)
    refused, mended, end = replay(site, Lane.ALARM, 0)
    assert isinstance(refused, Refused)
    assert refused.reject.reason is RejectReason.MALFORMED
    assert mended == Mended(Lane.ALARM, 1, ALARM)
    assert end == Finished(2)


def test_damage_is_reported_and_left_where_it_is(site: Site, journals: dict[Lane, Journal]) -> None:
    for start in range(3):
        journals[Lane.ALARM].append([message(ALARM, T0 + start, seq=start)])
    with sqlite3.connect(site.data_dir / "journal/alarm.db") as database:
        database.execute("UPDATE batch SET body = x'00' WHERE seq = 1")
    database.close()
    assert list(replay(site, Lane.ALARM, 0)) == [Damaged(Lane.ALARM, 1, 1), Finished(2)]
    assert journals[Lane.ALARM].damaged == 0


def test_a_site_without_journal_says_so(site: Site) -> None:
    with pytest.raises(OperatorError, match="does not exist"):
        list(replay(site, None, 0))


def test_a_journal_that_is_no_database_is_named(site: Site) -> None:
    (site.data_dir / "journal").mkdir(parents=True)
    (site.data_dir / "journal/alarm.db").write_bytes(b"no database" * 1000)
    with pytest.raises(OperatorError, match=r"alarm\.db"):
        list(replay(site, Lane.ALARM, 0))


def test_the_command_prints_lines_and_sums(path: Path, journals: dict[Lane, Journal]) -> None:
    journals[Lane.ALARM].append([message(ALARM, T0, states={"smoke": True}), Envelope("x\x1b[2J", b"{", T0 + 1)])
    result = CliRunner().invoke(app, ["replay", "--site", str(path)])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("alarm 0  2026-09-21T")
    assert "critical  raise  smoke_alarm  s1" in lines[0]
    assert lines[1].startswith("alarm 1  refused: unknown_dialect: x\\u001b[2J")
    assert [line.split() for line in lines[-3:]] == [
        ["messages", "2"],
        ["smoke_alarm:", "raise", "1"],
        ["unknown_dialect", "1"],
    ]


def test_an_unknown_lane_is_refused(path: Path) -> None:
    result = CliRunner().invoke(app, ["replay", "--site", str(path), "--lane", "fast"])
    assert result.exit_code == 2
    assert "alarm, telemetry" in result.stderr
