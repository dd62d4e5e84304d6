"""Changed rules in a running gateway: taken over with what they remember, or refused with the old ones kept."""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest
import yaml

from gateway.config import load_site
from gateway.control import NAME, ask, listening
from gateway.errors import OperatorError
from gateway.reload import Answer, Refused, Reloader, reload_rules
from gateway.site import Site
from tests.unit.core.world import ManualClock, World, running

GATE = {"id": "g1", "kind": "access_gate"}


def write(folder: Path, **sections: object) -> Path:
    path = folder / "site.yaml"
    base = {"site": {"id": "home", "name": "Home"}, "data_dir": "var", "devices": [GATE]}
    path.write_text(yaml.safe_dump({**base, **sections}))
    return path


def held_open(**parameters: object) -> dict[str, object]:
    return {"gate_held_open": parameters}


def follower(world: World, site: Site, path: Path) -> Reloader:
    return world.gateway.follow(site, path)


async def test_a_changed_rule_takes_effect_and_a_running_dwell_survives(tmp_path: Path) -> None:
    site = load_site(path := write(tmp_path, rules=held_open(dwell_s=60)))
    clock = ManualClock()
    async with running(site, clock) as world:
        reloader = follower(world, site, path)
        await world.say("g1", seq=1, states={"door_state": "open"})
        write(tmp_path, rules=held_open(dwell_s=600))
        assert await reloader.reload() == Answer(True, changed=["rules"])
        clock.time += 60
        world.evaluator._wake.set()
        await world.until(lambda: bool(world.alerts()))
        assert world.the_alert().rule == "gate_held_open"
        assert world.gateway._engine.rules["gate_held_open"].params.dwell_s == 600


async def test_a_refused_file_changes_nothing_and_is_a_problem_until_mended(tmp_path: Path) -> None:
    site = load_site(path := write(tmp_path, rules=held_open(dwell_s=60)))
    async with running(site) as world:
        reloader = follower(world, site, path)
        before = world.gateway._engine.rules
        write(tmp_path, rules=held_open(dwell_s="5 min"))
        answer = await reloader.reload()
        assert not answer.accepted
        assert "write 300" in answer.problems[0]
        assert world.gateway._engine.rules is before
        codes = {p["code"]: p["detail"] for p in world.gateway._health.snapshot()["problems"]}
        assert "rules before it go on" in codes["reload"]
        write(tmp_path, rules=held_open(dwell_s=300))
        assert (await reloader.reload()).accepted
        assert "reload" not in {p["code"] for p in world.gateway._health.snapshot()["problems"]}


async def test_a_rule_of_the_sites_own_comes_and_goes(tmp_path: Path) -> None:
    site = load_site(path := write(tmp_path))
    own = {
        "name": "door_open",
        "title": {"zh": "门开", "en": "Door open"},
        "severity": "minor",
        "when": {"state": "door_state", "equals": "open"},
    }
    async with running(site) as world:
        reloader = follower(world, site, path)
        write(tmp_path, custom_rules=[own])
        assert (await reloader.reload()).changed == ["custom_rules"]
        await world.say("g1", seq=1, states={"door_state": "open"})
        alert = world.the_alert()
        assert (alert.rule, alert.attributes["title"]["en"]) == ("door_open", "Door open")
        write(tmp_path)
        assert (await reloader.reload()).changed == ["custom_rules"]
        await world.desk.resolve(alert.id, alert.version, "", "li")
        assert not world.alerts()


async def test_other_sections_wait_for_a_restart(tmp_path: Path) -> None:
    site = load_site(path := write(tmp_path))
    async with running(site) as world:
        reloader = follower(world, site, path)
        lift = {"id": "l1", "kind": "lift"}
        write(tmp_path, mqtt={"port": 1884}, devices=[GATE, lift], suppression={"silence_max_h": 1})
        answer = await reloader.reload()
        assert (answer.changed, answer.restart) == (["suppression"], ["mqtt", "devices"])
        assert world.gateway._mutes.limits.silence_max_h == 1


async def test_an_unchanged_file_does_nothing(tmp_path: Path) -> None:
    site = load_site(path := write(tmp_path))
    async with running(site) as world:
        rules = world.gateway._engine.rules
        assert await follower(world, site, path).reload() == Answer(True)
        assert world.gateway._engine.rules is rules


@pytest.mark.parametrize("depth", [0, 12], ids=["short", "beyond what the kernel takes"])
async def test_the_command_reaches_the_gateway(tmp_path: Path, depth: int) -> None:
    folder = tmp_path.joinpath(*["a-folder-deep"] * depth)
    (folder / "var").mkdir(parents=True)
    path = write(folder)
    answers = [Answer(True, ["rules"], ["mqtt"]), Answer(False, problems=["site.yaml:3: wrong"]), Answer(True)]

    async def command() -> Answer:
        return answers.pop(0)

    async with listening(folder / "var", {"reload": command}):
        assert (folder / "var" / NAME).stat().st_mode & 0o777 == 0o600
        said = await asyncio.to_thread(reload_rules, path)
        assert said == ["rules: taken over", "mqtt: changed, takes effect at the next start"]
        path.write_text(path.read_text() + "rules: {gate_held_open: {dwell: 1}}\n")
        with pytest.raises(Refused) as refused:
            await asyncio.to_thread(reload_rules, path)
        assert refused.value.lines() == ["site.yaml:3: wrong", "refused; the running gateway keeps its old rules"]
        assert await asyncio.to_thread(reload_rules, path) == ["no rule changed"]
        unknown = msgspec.json.decode(await asyncio.to_thread(ask, folder / "var", "dance"))
        assert unknown == {"unknown": "dance"}
    assert not (folder / "var" / NAME).exists()


async def test_without_a_gateway_the_command_says_so(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    with pytest.raises(OperatorError, match="no gateway listens there"):
        reload_rules(write(tmp_path))


async def test_what_a_dead_gateway_left_is_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)

    async def command() -> Answer:
        return Answer(True)

    async with listening(tmp_path, {"reload": command}):
        assert b"true" in await asyncio.to_thread(ask, tmp_path, "reload")
