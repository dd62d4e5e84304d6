"""Of all files below the evidence folder an alert reaches its own, and by no name any other."""

import json
from pathlib import Path

import pytest

from alert_rules.alert import Alert, Reason
from gateway.cases.files import files_of
from tests.unit.cases.making import STILL, fall, keep


def found(root: Path, alert: Alert | None = None) -> list[str]:
    return [kept.name for kept in files_of(root, alert or fall()[0])]


def test_what_the_camera_noted_is_found_with_its_digest(tmp_path: Path) -> None:
    keep(tmp_path, still_jpg=STILL, clip_mp4=b"mp4")
    clip, still = files_of(tmp_path, fall()[0])
    assert (clip.kind, clip.media_type, clip.bytes) == ("clip", "video/mp4", 3)
    assert (still.kind, still.media_type, still.bytes) == ("picture", "image/jpeg", len(STILL))
    assert still.path.read_bytes() == STILL
    assert still.name == "cam-1_obj-1_still.jpg"


def test_an_id_says_nothing_of_the_path_and_differs_by_alert(tmp_path: Path) -> None:
    keep(tmp_path, still_jpg=STILL)
    (one,) = files_of(tmp_path, fall()[0])
    (other,) = files_of(tmp_path, fall(at=9.0)[0])
    assert one.id != other.id
    assert "cam" not in one.id
    assert "path" not in one.view()
    assert one.view()["id"] == one.id


def test_a_reference_leads_to_another_cameras_folder(tmp_path: Path) -> None:
    keep(tmp_path, camera="cam-2", thing="x9", clip_mp4=b"1")
    alert = fall(subject="", reason=Reason("fell", {}), attributes={"clip_ref": "cam-2/x9/clip.mp4"})[0]
    assert found(tmp_path, alert) == ["cam-2_x9_clip.mp4"]


def test_a_clip_finished_later_is_found_too(tmp_path: Path) -> None:
    keep(tmp_path, still_jpg=STILL)
    assert len(found(tmp_path)) == 1
    keep(tmp_path, still_jpg=STILL, clip_mp4=b"later")
    assert len(found(tmp_path)) == 2


REFS = ["../../etc/passwd", "..", "/etc/passwd", "cam-1/../obj-1", "cam-1/obj/extra/still.jpg", "", "a\0b/c/d", "./x/y"]


@pytest.mark.parametrize("ref", REFS)
def test_no_reference_leads_outside(tmp_path: Path, ref: str) -> None:
    root = tmp_path / "evidence"
    root.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "evidence.json").write_text('{"files": {"secret.jpg": ""}}')
    alert = fall(subject="..", reason=Reason("fell", {"object_id": ref}), attributes={"clip_ref": ref})[0]
    assert found(root, alert) == []


@pytest.mark.parametrize(
    "name", ["../still.jpg", "/etc/passwd", "evidence.json", ".hidden.jpg", "still.svg", "gone.jpg"]
)
def test_no_name_in_a_note_leads_outside_or_to_another_kind(tmp_path: Path, name: str) -> None:
    folder = keep(tmp_path)
    (tmp_path / "cam-1" / "still.jpg").write_bytes(b"another's")
    (folder / "still.svg").write_bytes(b"<script>")
    (folder / "evidence.json").write_text(json.dumps({"files": {name: ""}}))
    assert found(tmp_path) == []


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    root = tmp_path / "evidence"
    folder = keep(root, still_jpg=STILL)
    (folder / "still.jpg").unlink()
    (folder / "still.jpg").symlink_to(secret)
    assert found(root) == []


@pytest.mark.parametrize("note", ["", "[]", '{"files": []}', '{"files": 3}', "\x00", "{"])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, note: str) -> None:
    folder = keep(tmp_path, still_jpg=STILL)
    (folder / "evidence.json").write_text(note)
    assert found(tmp_path) == []


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    assert found(tmp_path / "none") == []
