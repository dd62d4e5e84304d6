"""The gateway has others blur; what nobody blurred is not handed out."""

from pathlib import Path

import pytest

from gateway.cases import blurring
from gateway.cases.export import Unblurred
from gateway.cases.files import Kept


def kept(path: Path) -> Kept:
    return Kept("id", path.name, "picture", "image/jpeg", 1, "", path)


def test_a_picture_comes_back_blurred(tmp_path: Path) -> None:
    cv2, numpy = pytest.importorskip("cv2"), pytest.importorskip("numpy")
    path = tmp_path / "still.jpg"
    cv2.imwrite(str(path), numpy.random.default_rng(1).integers(0, 255, (90, 160, 3), numpy.uint8))
    blurred = blurring.blur(kept(path))
    assert blurred[:2] == b"\xff\xd8"
    assert blurred != path.read_bytes()


def test_what_is_no_picture_is_not_handed_out(tmp_path: Path) -> None:
    path = tmp_path / "still.jpg"
    path.write_bytes(b"nothing")
    with pytest.raises(Unblurred, match=r"still\.jpg"):
        blurring.blur(kept(path))


def test_without_the_cameras_part_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blurring, "find_spec", lambda name: None if name == "cv2" else object())
    with pytest.raises(Unblurred, match=r"cv2 is not installed: install community-gateway\[cameras\]"):
        blurring.blur(kept(tmp_path / "still.jpg"))


def test_one_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blurring, "LONGEST_S", 0.001)
    with pytest.raises(Unblurred, match="TimeoutExpired"):
        blurring.blur(kept(tmp_path / "still.jpg"))
