"""The audit chain's end is noted outside in its own time, and what was cut off since is missed."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.anchor_file import append, newest
from gateway.anchors import Anchors
from gateway.cli import app
from gateway.errors import OperatorError
from gateway.site import Anchor
from tests.unit.core.world import NOON, ManualClock, World, running, site_in

HASH = "a" * 64


def line(seq: int, digest: str = HASH) -> bytes:
    return json.dumps({"seq": seq, "hash": digest}).encode()


def anchors(world: World, published: list[tuple[str, bytes]], *places: dict[str, Any]) -> Anchors:
    made = [Anchor.model_validate(place) for place in places]
    return Anchors(made, "home", world.store, world.evaluator, world.clock, lambda *said: published.append(said))


async def test_each_place_is_noted_in_its_own_time(tmp_path: Path) -> None:
    clock, published, file = ManualClock(), [], tmp_path / "heads"
    async with running(site_in(tmp_path), clock) as world:
        places = {"file": file, "every_s": 60}, {"topic": "heads", "every_s": 600}
        kept = anchors(world, published, *places)
        await world.say("w1", seq=1, states={"water_leak": True})
        for after in (0, 1, 61, 599, 600):
            clock.time = NOON + after
            await kept.turn()
        seq, digest = world.store.audit_head()
        assert len(file.read_text().splitlines()) == 3
        assert newest(file) == (seq, digest)
        assert [(topic, json.loads(said)["seq"]) for topic, said in published] == [("heads", seq)] * 2


async def test_a_channel_is_sent_the_head_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WECOM", "json://127.0.0.1:9/")
    clock = ManualClock()
    channels = [{"name": "chief", "url": {"env": "WECOM"}, "min_severity": "critical"}]
    async with running(site_in(tmp_path, channels=channels), clock) as world:
        kept = anchors(world, [], {"channel": "chief", "every_s": 60})
        await world.say("w1", seq=1, states={"water_leak": True})
        await kept.turn()
        clock.time += 61
        await kept.turn()
        seq, digest = world.store.audit_head()
        (row,) = world.store.due_messages(float("inf"), 10)
        assert (row.channel, row.stage, row.id) == ("chief", "anchor", f"anchor:chief:{seq}")
        assert row.payload["reason"]["values"]["head"] == f"{seq}:{digest}"


async def test_a_place_that_refuses_is_counted_and_stops_no_other(tmp_path: Path) -> None:
    published: list[tuple[str, bytes]] = []
    async with running(site_in(tmp_path)) as world:
        kept = anchors(world, published, {"file": tmp_path / "none/heads"}, {"topic": "heads"})
        await kept.turn()
        assert kept.failed == 1
        assert len(published) == 1


def test_the_last_whole_line_counts(tmp_path: Path) -> None:
    file = tmp_path / "heads"
    append(file, line(3))
    append(file, line(7))
    file.write_bytes(file.read_bytes() + b'{"seq": 9, "ha')
    assert newest(file) == (7, HASH)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]\n", b'{"seq": 1, "hash": "short"}\n', b"\xff\n"])
def test_a_file_without_a_head_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "heads").write_bytes(content)
    with pytest.raises(OperatorError, match="holds no head"):
        newest(tmp_path / "heads")


@pytest.mark.parametrize("places", [{}, {"file": "a", "topic": "b"}, {"topic": "a", "channel": "b"}])
def test_an_anchor_has_exactly_one_place(places: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Anchor.model_validate(places)


async def test_rows_cut_off_the_end_are_missed_by_the_newest_file(tmp_path: Path) -> None:
    heads = tmp_path / "heads"
    text = {"site": {"id": "home", "name": "Home"}, "data_dir": "var", "anchors": [{"file": "heads"}]}
    (tmp_path / "site.json").write_text(json.dumps(text))
    async with running(site_in(tmp_path)) as world:
        for seq in (1, 2, 3):
            await world.say("w1", seq=seq, states={"water_leak": True})
        await anchors(world, [], {"file": heads}).turn()
        with world.store.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    verify = ["audit", "verify", "-s", str(tmp_path / "site.json")]
    assert CliRunner().invoke(app, verify).exit_code == 1
    assert "truncated" in CliRunner().invoke(app, [*verify, "--anchor", str(heads)]).output
    heads.unlink()
    assert CliRunner().invoke(app, verify).exit_code == 0
