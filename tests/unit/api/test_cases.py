"""Plans, evidence, archives and reviews over HTTP."""

from pathlib import Path

import pytest

from gateway.alerts.people import Role
from tests.unit.api.casework import FILE_ID, MemoryFile
from tests.unit.api.world import World, make_alert

ALERT = make_alert().id
CLIP = bytes(range(200))


@pytest.fixture
def clip(world: World, tmp_path: Path) -> str:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CLIP)
    world.cases.file_of = MemoryFile("cam_clip.mp4", "video/mp4", path)
    return f"/api/alerts/{ALERT}/evidence/{FILE_ID}"


async def test_a_plan_is_offered_started_and_ticked_off(world: World) -> None:
    async with world.client(Role.GUARD) as client:
        assert len((await client.get("/api/plans")).json()["items"]) == 1
        assert (await client.get(f"/api/alerts/{ALERT}/plan")).json()["offered"][0]["id"] == "fire"
        made = await client.post(f"/api/alerts/{ALERT}/plan", json={"plan": "fire"})
        assert made.json()["started_by"] == "guard"
        done = await client.post(f"/api/alerts/{ALERT}/plan/step", json={"plan": "fire", "step": "see", "note": "ok"})
        assert done.json()["items"][0]["done_by"] == "guard"
        assert (await client.get(f"/api/alerts/{ALERT}/plan")).json()["offered"] == []


async def test_what_was_done_is_a_conflict_and_what_is_not_there_is_missed(world: World) -> None:
    async with world.client(Role.GUARD) as client:
        plan = f"/api/alerts/{ALERT}/plan"
        assert (await client.post(plan, json={"plan": "none"})).status_code == 404
        assert (await client.post(plan, json={"plan": "fire"})).status_code == 200
        assert (await client.post(plan, json={"plan": "fire"})).status_code == 409
        step = {"plan": "fire", "step": "see"}
        assert (await client.post(f"{plan}/step", json=step)).status_code == 200
        assert (await client.post(f"{plan}/step", json=step)).status_code == 409
        assert (await client.post(f"{plan}/step", json=step | {"step": "none"})).status_code == 404
        assert (await client.get("/api/alerts/none/plan")).status_code == 404


async def test_evidence_and_reviews_are_shown(world: World) -> None:
    async with world.client(Role.VIEWER) as client:
        assert (await client.get(f"/api/alerts/{ALERT}/evidence")).json()["place"]["building"] == "b1"
        assert (await client.get("/api/alerts/none/evidence")).status_code == 404
        assert len((await client.get("/api/reviews")).json()["due"]) == 2


async def test_a_clip_is_served_whole_or_in_ranges_and_the_viewing_noted_once(world: World, clip: str) -> None:
    async with world.client(Role.GUARD) as client:
        whole = await client.get(clip)
        assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, CLIP, "video/mp4")
        part = await client.get(clip, headers={"Range": "bytes=100-149"})
        assert (part.status_code, part.content) == (206, CLIP[100:150])
        assert part.headers["content-range"] == "bytes 100-149/200"
        beyond = await client.get(clip, headers={"Range": "bytes=500-"})
        assert beyond.status_code == 416
    assert world.cases.noted == ["guard"]
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["cache-control"] == "no-store"


PATHS = ["none", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2fclip.mp4", "clip.mp4", "%00", "a" * 65]


@pytest.mark.parametrize("path", PATHS)
async def test_no_other_name_leads_to_a_file(world: World, clip: str, path: str) -> None:
    async with world.client(Role.GUARD) as client:
        response = await client.get(f"/api/alerts/{ALERT}/evidence/{path}")
    assert response.status_code in (404, 405, 422) or "json" in response.headers["content-type"]
    assert CLIP not in response.content
    assert world.cases.noted == []


@pytest.mark.parametrize(("query", "faces"), [("", False), ("?faces=false", False), ("?faces=true", True)])
async def test_an_archive_shows_faces_only_when_asked(world: World, query: str, faces: bool) -> None:
    async with world.client(Role.MANAGER) as client:
        response = await client.get(f"/api/alerts/{ALERT}/case{query}")
    assert (response.content, response.headers["content-type"]) == (b"PK", "application/zip")
    assert response.headers["x-case-digest"] == "d" * 64
    assert world.cases.exported == [(ALERT, "manager", faces)]
