"""Every field of the cameras' settings: its default, its bounds to the last value, and the words of its refusal."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.cameras.errors import CameraError
from devices.cameras.settings import (
    REMEDY,
    SECRET_BYTES,
    Camera,
    EvidenceLimits,
    LaneZone,
    Secret,
    active,
    load_camera,
    load_site,
    reveal,
)

TRIANGLE = [[0, 0], [1, 0], [1, 1]]
BASE: dict[str, Any] = {"id": "cam-1", "url": {"env": "CAM_1_URL"}}
ZONE: dict[str, Any] = {"id": "lane"}


def write(folder: Path, values: object) -> Path:
    path = folder / "site.yaml"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def refusal(folder: Path, camera: object = None, **sections: Any) -> CameraError:
    values = {"site": {"id": "home"}, "cameras": [BASE if camera is None else camera], **sections}
    with pytest.raises(CameraError) as caught:
        load_site(write(folder, values))
    return caught.value


def test_defaults_are_those_the_manual_states() -> None:
    assert msgspec.to_builtins(msgspec.convert(BASE, Camera)) == {
        "id": "cam-1",
        "url": {"env": "CAM_1_URL", "file": ""},
        "zones": [],
        "facade": None,
        "calibration": [],
        "floor_height_m": 3.0,
        "min_score": 0.5,
        "masks": [],
        "reference": [],
    }
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert msgspec.convert(ZONE, LaneZone) == LaneZone("lane", list(whole), 10.0, 0.25, [])
    assert EvidenceLimits() == EvidenceLimits(20_000_000_000, 10.0, 10.0, 180.0, 90.0)


@pytest.mark.parametrize(
    ("change", "place", "cause"),
    [
        ({"id": ""}, "cameras[0].id", "Expected `str` matching regex"),
        ({"id": "-cam"}, "cameras[0].id", "Expected `str` matching regex"),
        ({"id": "a" * 65}, "cameras[0].id", "Expected `str` matching regex"),
        ({"id": 7}, "cameras[0].id", "Expected `str`, got `int`"),
        ({"url": {"value": "rtsp://u:hidden@h"}}, "cameras[0].url", "unknown field `value`"),
        ({"url": {"env": 1}}, "cameras[0].url.env", "Expected `str`, got `int`"),
        ({"zones": {}}, "cameras[0].zones", "Expected `array`, got `object`"),
        ({"zones": [{}]}, "cameras[0].zones[0]", "missing required field `id`"),
        ({"zones": [ZONE | {"width": 1}]}, "cameras[0].zones[0]", "unknown field `width`"),
        ({"zones": [ZONE | {"polygon": TRIANGLE[:2]}]}, "cameras[0].zones[0].polygon", "length >= 3"),
        ({"zones": [ZONE | {"dwell_s": 4.99}]}, "cameras[0].zones[0].dwell_s", "`float` >= 5"),
        ({"zones": [ZONE | {"min_width": 0}]}, "cameras[0].zones[0].min_width", "`float` > 0"),
        ({"zones": [ZONE | {"min_width": 1.01}]}, "cameras[0].zones[0].min_width", "`float` <= 1"),
        ({"zones": [ZONE | {"schedule": ["8:00-9:00"]}]}, "cameras[0].zones[0].schedule[0]", "matching regex"),
        ({"zones": [ZONE | {"schedule": ["08:00-24:00"]}]}, "cameras[0].zones[0].schedule[0]", "matching regex"),
        ({"facade": TRIANGLE[:2]}, "cameras[0].facade", "length >= 3"),
        ({"facade": [[0, 0, 0], [1, 0], [1, 1]]}, "cameras[0].facade[0]", "length 2"),
        ({"facade": [[-0.01, 0], [1, 0], [1, 1]]}, "cameras[0].facade[0][0]", "`float` >= 0"),
        ({"calibration": [{"x": 0.5, "y": 0.5}]}, "cameras[0].calibration[0]", "missing required field `floor`"),
        ({"calibration": [{"x": 2, "y": 0.5, "floor": 1}]}, "cameras[0].calibration[0].x", "`float` <= 1"),
        ({"floor_height_m": 0}, "cameras[0].floor_height_m", "`float` > 0"),
        ({"floor_height_m": "3 m"}, "cameras[0].floor_height_m", "Expected `float`, got `str`"),
        ({"min_score": 1.01}, "cameras[0].min_score", "`float` <= 1"),
        ({"min_score": -0.01}, "cameras[0].min_score", "`float` >= 0"),
        ({"masks": [TRIANGLE[:2]]}, "cameras[0].masks[0]", "length >= 3"),
        ({"reference": "empty.png"}, "cameras[0].reference", "Expected `array`, got `str`"),
    ],
)
def test_each_refusal_names_its_place_and_cause(tmp_path: Path, change: dict[str, Any], place: str, cause: str) -> None:
    error = refusal(tmp_path, BASE | change)
    assert error.place == f"{tmp_path / 'site.yaml'}: {place}"
    assert cause in error.cause
    assert error.remedy == REMEDY
    assert "hidden" not in str(error)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("max_bytes", [10_000_000], [9_999_999, 1.5]),
        ("before_s", [0, 60], [-0.1, 60.1]),
        ("after_s", [0, 60], [-0.1, 60.1]),
        ("falling_object_days", [0.01], [0, -1]),
        ("stationary_object_days", [0.01], [0, "long"]),
    ],
)
def test_the_bounds_of_evidence(tmp_path: Path, field: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        path = write(tmp_path, {"site": {"id": "home"}, "camera_evidence": {field: value}})
        assert getattr(load_site(path).camera_evidence, field) == value
    for value in bad:
        assert refusal(tmp_path, camera_evidence={field: value}).place.endswith(f": camera_evidence.{field}")
    assert "unknown field `days`" in refusal(tmp_path, camera_evidence={"days": 3}).cause


@pytest.mark.parametrize(
    "change",
    [
        {"id": "a" * 64},
        {"id": "7_a.b:c-d"},
        {"zones": [ZONE | {"dwell_s": 5, "min_width": 1, "schedule": ["00:00-23:59"]}]},
        {"facade": TRIANGLE},
        {"min_score": 0},
        {"min_score": 1},
        {"calibration": [{"x": 0, "y": 1, "floor": -2}]},
    ],
)
def test_the_last_good_values_are_taken(tmp_path: Path, change: dict[str, Any]) -> None:
    (camera,) = load_site(write(tmp_path, {"site": {"id": "home"}, "cameras": [BASE | change]})).cameras
    assert camera == msgspec.convert(BASE | change, Camera)


def test_what_concerns_the_gateway_alone_is_passed_over(tmp_path: Path) -> None:
    values = {"site": {"id": "home", "name": "Home"}, "mqtt": {"client_id": "x", "port": 8883}, "alerts": [1]}
    site = load_site(write(tmp_path, values))
    assert (site.mqtt.port, site.mqtt.host, site.site.timezone) == (8883, "127.0.0.1", "Asia/Shanghai")
    assert site.cameras == []


def test_a_site_without_its_id_is_refused(tmp_path: Path) -> None:
    for values, cause in (({}, "`site`"), ({"site": {}}, "`id`"), (["a"], "Expected `object`")):
        with pytest.raises(CameraError) as caught:
            load_site(write(tmp_path, values))
        assert cause in caught.value.cause


def test_paths_count_from_the_file_and_whole_ones_stay(tmp_path: Path) -> None:
    camera = BASE | {"url": {"file": "secrets/url"}, "reference": ["day.png", "/pictures/night.png"]}
    site = load_site(write(tmp_path, {"site": {"id": "home"}, "data_dir": "../data", "cameras": [camera]}))
    assert site.data_dir == f"{tmp_path}/../data"
    assert site.cameras[0].url == Secret(file=f"{tmp_path}/secrets/url")
    assert site.cameras[0].reference == [f"{tmp_path}/day.png", "/pictures/night.png"]


def test_what_is_no_text_or_no_yaml_says_so(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CameraError, match="is not UTF-8 text"):
        load_camera(path)
    path.write_text("zones:\n - a\n b\n", encoding="utf-8")
    with pytest.raises(CameraError) as caught:
        load_camera(path)
    assert caught.value.place in (f"{path}:2", f"{path}:3", f"{path}:4")
    assert caught.value.remedy == REMEDY
    path.write_text("password: !!python/object:os.system 1\n", encoding="utf-8")
    with pytest.raises(CameraError, match="could not determine a constructor"):
        load_camera(path)
    with pytest.raises(CameraError, match="Is a directory"):
        load_camera(tmp_path)


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    path.write_bytes(b"\xef\xbb\xbfmin_score: 0.25\n")
    assert load_camera(path).min_score == 0.25
    path.write_text("", encoding="utf-8")
    assert load_camera(path).id == "camera"


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n", b"\xff\xfe"])
def test_a_secret_file_without_a_secret_is_named_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "url").write_bytes(content)
    with pytest.raises(CameraError) as caught:
        reveal(Secret(file="url"), tmp_path)
    assert caught.value.lines() == [
        "error: secret file url",
        "cause: is absent or empty",
        "remedy: put the secret there, readable for the camera workers",
    ]


def test_a_secret_keeps_its_spaces_and_has_a_longest_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text(" pass word \r\n\n", encoding="utf-8")
    assert reveal(Secret(file="url"), tmp_path) == " pass word "
    (tmp_path / "url").write_text("x" * (SECRET_BYTES + 9), encoding="utf-8")
    assert len(reveal(Secret(file="url"), tmp_path)) == SECRET_BYTES
    monkeypatch.setenv("CAM_1_URL", "")
    with pytest.raises(CameraError, match="environment variable CAM_1_URL: is absent or empty"):
        reveal(Secret(env="CAM_1_URL"))
    with pytest.raises(CameraError, match="exactly one of env and file"):
        reveal(Secret(env="CAM_1_URL", file="url"))


@pytest.mark.parametrize("minute", range(0, 1440, 7))
def test_hours_and_their_opposite_share_the_day(minute: int) -> None:
    assert active(["22:00-06:00"], minute) is not active(["06:00-22:00"], minute)


def test_the_ends_of_hours() -> None:
    assert [active(["08:00-09:00"], minute) for minute in (479, 480, 539, 540)] == [False, True, True, False]
    assert [active(["23:00-01:00"], minute) for minute in (0, 59, 60, 1379, 1380, 1439)] == [
        *(True, True, False),
        *(False, True, True),
    ]
    assert not any(active(["08:00-08:00"], minute) for minute in range(1440))
