"""Archives on the command line: made beside the database, checked without it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.alerts.records import Changes
from gateway.alerts.store import AlertStore
from gateway.cli import app
from tests.unit.cases.making import STILL, fall, keep


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.json"
    device = {"id": "cam-1", "kind": "camera"}
    path.write_text(json.dumps({"site": {"id": "home", "name": "Home"}, "data_dir": "var", "devices": [device]}))
    (tmp_path / "var").mkdir()
    store = AlertStore(f"sqlite:///{tmp_path}/var/alerts.db")
    store.migrate()
    alert, entry = fall()
    store.commit(Changes(alerts=[alert], entries=[entry]))
    store.close()
    keep(tmp_path / "var/evidence", still_jpg=STILL)
    return path


ALERT = fall()[0].id


def audited(site: Path) -> list[tuple[str, dict[str, Any]]]:
    store = AlertStore(f"sqlite:///{site.parent}/var/alerts.db")
    rows = [(row.action, row.detail) for row in store.timeline(ALERT)]
    store.close()
    return rows


def test_an_archive_is_made_noted_and_sound(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "case.zip"
    made = run("case", "export", ALERT, "-o", file, "-s", site, "--with-faces")
    assert made.exit_code == 0, made.output
    digest = made.output.strip()
    action, detail = audited(site)[-1]
    assert (action, detail["digest"], detail["faces"]) == ("export", digest, "shown")
    checked = run("case", "verify", file, "--digest", digest)
    assert checked.exit_code == 0
    assert checked.output.startswith(f"OK: alert {ALERT}, 6 members, {digest}")


def test_what_was_altered_is_named(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "case.zip"
    run("case", "export", ALERT, "-o", file, "-s", site, "--with-faces")
    data = bytearray(file.read_bytes())
    data[data.index(STILL)] ^= 1
    file.write_bytes(data)
    checked = run("case", "verify", file)
    assert checked.exit_code == 1
    assert checked.output.startswith("evidence/cam-1_obj-1_still.jpg: altered")


def test_an_archive_made_anew_has_another_digest(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "case.zip"
    run("case", "export", ALERT, "-o", file, "-s", site, "--with-faces")
    checked = run("case", "verify", file, "--digest", "0" * 64)
    assert checked.exit_code == 1
    assert "made anew" in checked.output


def test_a_still_that_is_no_picture_is_left_out_by_default(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "case.zip"
    assert run("case", "export", ALERT, "-o", file, "-s", site).exit_code == 0
    assert STILL not in file.read_bytes()
    assert run("case", "verify", file).exit_code == 0


def test_an_unknown_alert_and_an_unwritable_place_are_named(site: Path, tmp_path: Path) -> None:
    assert "there is no such alert" in run("case", "export", "none", "-o", tmp_path / "a.zip", "-s", site).output
    assert "choose another place" in run("case", "export", ALERT, "-o", tmp_path / "none/a.zip", "-s", site).output
    assert "gateway case export" in run("case", "verify", tmp_path / "none.zip").output
