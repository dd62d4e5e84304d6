"""The cameras' section of the site file: read by the workers, checked by the gateway, the same to both."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from pydantic import BaseModel

from devices.cameras import settings
from devices.cameras.detectors import DETECTORS, blocked_lane, falling_object
from devices.cameras.errors import CameraError
from devices.cameras.settings import Camera, Secret, active, load_camera, load_site, reveal
from gateway import site as gateway_site
from gateway.config import load_site as gateway_load
from gateway.errors import SiteFileError

CAMERA = {
    "id": "cam-1",
    "url": {"env": "CAM_1_URL"},
    "zones": [{"id": "lane", "polygon": [[0.1, 0.9], [0.9, 0.9], [0.6, 0.3], [0.4, 0.3]], "schedule": ["22:00-06:00"]}],
    "facade": [[0.0, 0.0], [1.0, 0.0], [1.0, 0.9]],
    "calibration": [{"x": 0.5, "y": 0.8, "floor": 1}, {"x": 0.5, "y": 0.1, "floor": 12}],
    "masks": [[[0.0, 0.0], [0.2, 0.0], [0.2, 0.2]]],
    "reference": ["empty.png"],
}


def write(folder: Path, *cameras: dict[str, Any], **sections: Any) -> Path:
    site = {
        "site": {"id": "home", "name": "Home"},
        "data_dir": "var",
        "devices": [{"id": camera["id"], "kind": "camera"} for camera in cameras],
        "cameras": list(cameras),
        **sections,
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(site))
    return path


def test_both_readers_read_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, CAMERA, camera_evidence={"before_s": 5})
    ours, theirs = load_site(path), gateway_load(path)
    mine = json.loads(msgspec.json.encode(ours.cameras[0]))
    checked = theirs.cameras[0].model_dump(mode="json")
    assert mine.pop("url") == {"env": "CAM_1_URL", "file": ""}
    assert checked.pop("url") == {"env": "CAM_1_URL", "file": None}
    assert mine == checked
    assert msgspec.to_builtins(ours.camera_evidence) == theirs.camera_evidence.model_dump()
    assert ours.data_dir == str(theirs.data_dir)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (settings.Camera, gateway_site.PlainCamera),
        (settings.LaneZone, gateway_site.LaneZone),
        (settings.FloorMark, gateway_site.FloorMark),
        (settings.EvidenceLimits, gateway_site.CameraEvidence),
    ],
)
def test_no_field_is_known_to_one_reader_only(ours: type[Struct], theirs: type[BaseModel]) -> None:
    assert {field.name for field in msgspec.structs.fields(ours)} == set(theirs.model_fields)


def test_the_gateway_asks_for_the_camera_in_the_inventory(tmp_path: Path) -> None:
    path = write(tmp_path, CAMERA, devices=[{"id": "cam-1", "kind": "lift"}])
    with pytest.raises(SiteFileError, match=r"there is no camera 'cam-1' in the inventory"):
        gateway_load(path)


def test_the_gateway_refuses_a_camera_twice(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="is taken by cameras"):
        gateway_load(write(tmp_path, CAMERA, CAMERA))
    with pytest.raises(CameraError, match="cameras with the same id: cam-1"):
        load_site(write(tmp_path, CAMERA, CAMERA))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"zone": []}, "unknown field `zone`"),
        ({"url": "rtsp://admin:s3cret@host/"}, r"Expected `object`, got `str`"),
        ({"facade": [[0, 0], [1, 1]]}, "length >= 3"),
        ({"masks": [[[0, 0], [2, 0], [1, 1]]]}, "<= 1"),
        ({"zones": [{"id": "x", "schedule": ["25:00-26:00"]}]}, "matching regex"),
        ({"id": "a/b"}, "matching regex"),
        ({"zones": [{"id": "x", "dwell_s": 1}]}, ">= 5"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(CameraError, match=words) as caught:
        load_site(write(tmp_path, CAMERA | change))
    assert "cameras[" in caught.value.place
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("site:\n  id: [\n")
    with pytest.raises(CameraError) as caught:
        load_site(path)
    assert caught.value.place.startswith(f"{path}:")
    with pytest.raises(CameraError, match="cannot be read"):
        load_site(tmp_path / "gone.yaml")


def test_one_camera_alone_needs_neither_id_nor_address(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text("zones: [{id: lane, dwell_s: 20}]\nreference: [a.png]\n")
    camera = load_camera(path)
    assert camera.zones[0].dwell_s == 20
    assert camera.reference == [str(tmp_path / "a.png")]
    path.write_text("- 1\n")
    with pytest.raises(CameraError, match="Expected `object`"):
        load_camera(path)


def test_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM_1_URL", "rtsp://a:b@c/")
    (tmp_path / "url").write_text("rtsp://d:e@f/\n")
    assert reveal(Secret(env="CAM_1_URL")) == "rtsp://a:b@c/"
    assert reveal(Secret(file=str(tmp_path / "url"))) == "rtsp://d:e@f/"
    for absent in (Secret(env="NO_SUCH_VARIABLE"), Secret(file="/no/such/file")):
        with pytest.raises(CameraError, match="absent or empty"):
            reveal(absent)
    with pytest.raises(CameraError, match="exactly one"):
        reveal(Secret())


@pytest.mark.parametrize(
    ("schedule", "minute", "on"),
    [
        ([], 0, True),
        (["08:00-20:00"], 480, True),
        (["08:00-20:00"], 1200, False),
        (["22:00-06:00"], 1380, True),
        (["22:00-06:00"], 300, True),
        (["22:00-06:00"], 720, False),
        (["01:00-02:00", "12:00-13:00"], 725, True),
    ],
)
def test_hours(schedule: list[str], minute: int, on: bool) -> None:
    assert active(schedule, minute) is on


def test_every_detector_is_made_from_settings_and_without(tmp_path: Path) -> None:
    plain: dict[str, Any] = CAMERA | {"reference": []}
    camera = msgspec.convert(plain, Camera)
    assert all(make(None) and make(camera) for make in DETECTORS.values())


def test_settings_that_make_no_detector_are_said(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_text("no picture")
    camera = msgspec.convert(CAMERA | {"reference": [str(tmp_path / "empty.png")]}, Camera)
    with pytest.raises(CameraError, match="is no picture"):
        blocked_lane(camera)
    with pytest.raises(CameraError, match="cannot be read"):
        blocked_lane(msgspec.convert(CAMERA | {"reference": ["/gone.png"]}, Camera))
    one: dict[str, Any] = CAMERA | {"calibration": CAMERA["calibration"][:1]}  # type: ignore[index]
    with pytest.raises(CameraError, match="calibration"):
        falling_object(msgspec.convert(one, Camera))
