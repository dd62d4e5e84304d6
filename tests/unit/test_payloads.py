"""``make payloads``: every message of a folder is judged, sums are right, and whatever raises is found."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devices.dialects import DIALECTS
from devices.model import DeviceKind, Event, Report
from gateway.config import load_site
from tests.payloads import folder as payloads
from tests.payloads.__main__ import sums
from tests.payloads.folder import DIALECT, LONG_TAIL, NOT_SPOKEN, Verdict, said, verdicts


def write(folder: Path, name: str, **members: Any) -> None:
    path = folder / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(members))


def one(folder: Path) -> Verdict:
    (found,) = verdicts(folder)
    return found


def run(folder: Path | str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SHARED_PAYLOADS": str(folder)}
    command = [sys.executable, "-m", "tests.payloads"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_every_dialect_of_the_table_exists() -> None:
    assert set(DIALECT.values()) <= set(DIALECTS)
    assert not set(DIALECT) & set(NOT_SPOKEN)


def test_the_long_tail_is_a_valid_site_file() -> None:
    assert set(load_site(LONG_TAIL).dialects) == {"mapping"}


def test_a_message_is_decoded(tmp_path: Path) -> None:
    write(tmp_path, "zigbee2mqtt/01", topic="zigbee2mqtt/Attic", payload={"smoke": True, "battery": 61})
    found = one(tmp_path)
    assert found[:3] == ("zigbee2mqtt/01", "zigbee2mqtt", "decoded")
    assert found.text == "Attic [smoke_detector] battery_percent=61 smoke=True"


def test_bytes_and_retained_messages_are_given_as_they_were(tmp_path: Path) -> None:
    write(
        tmp_path, "zigbee2mqtt/01", topic="zigbee2mqtt/Attic", payload={"base64": "eyJzbW9rZSI6dHJ1ZX0="}, retain=True
    )
    assert one(tmp_path).text == "Attic [smoke_detector] smoke=True snapshot"


def test_what_is_broken_is_rejected_and_says_why(tmp_path: Path) -> None:
    write(tmp_path, "zigbee2mqtt/01", topic="zigbee2mqtt/Attic", payload="{")
    assert one(tmp_path).outcome == "rejected"
    assert one(tmp_path).text.startswith("malformed: ")


def test_a_folder_without_a_dialect_says_so(tmp_path: Path) -> None:
    write(tmp_path, "tuya_access/01", topic="x", payload={})
    write(tmp_path, "unheard_of/01", topic="x", payload={})
    ignored, rejected = verdicts(tmp_path)
    assert (ignored.outcome, ignored.text) == ("ignored", NOT_SPOKEN["tuya_access"])
    assert rejected.outcome == "rejected"
    assert "tests/payloads/folder.py" in rejected.text


def test_the_long_tail_goes_through_the_mapping(tmp_path: Path) -> None:
    write(tmp_path, "otis_oid/01", topic="carMode", payload={"machineId": 9, "mode": "NOR"})
    assert one(tmp_path).text == "9 [lift] service_mode=normal"


def test_messages_of_one_folder_are_heard_in_order(tmp_path: Path) -> None:
    config = {"state_topic": "attic/s", "device_class": "smoke", "unique_id": "attic"}
    write(tmp_path, "homeassistant_discovery/01", topic="homeassistant/binary_sensor/a/config", payload=config)
    write(tmp_path, "homeassistant_discovery/02", topic="attic/s", payload="ON")
    assert [v.outcome for v in verdicts(tmp_path)] == ["decoded", "decoded"]


def test_whatever_raises_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "zigbee2mqtt/01", payload={})
    assert one(tmp_path).outcome == "raised"
    write(tmp_path, "zigbee2mqtt/01", topic="zigbee2mqtt/Attic", payload={"smoke": True})
    monkeypatch.setattr(payloads, "said", lambda report: 1 / 0)
    assert one(tmp_path).text == "ZeroDivisionError: division by zero"


def test_a_report_fits_a_line() -> None:
    report = Report("l1", DeviceKind.LIFT, 0, 0, test=True, availability=False, states={"entrapment": None})
    report.events = (Event("alarm_button"),)
    assert said(report) == "l1 [lift] entrapment=? alarm_button() offline test"
    assert said(Report("g", DeviceKind.ACCESS_GATE, 0, 0, raw_codes={"card": "x"})) == "g [access_gate] raw(card=x)"


def test_the_sums_are_right() -> None:
    found = [Verdict("a", "", outcome, "") for outcome in ("decoded", "ignored", "decoded")]
    assert sums(found) == "3 messages: 2 decoded, 1 ignored on purpose, 0 rejected, 0 RAISED"


def test_the_command_prints_a_table_and_ends_with_0(tmp_path: Path) -> None:
    write(tmp_path, "zigbee2mqtt/01", topic="zigbee2mqtt/Attic", payload={"smoke": True})
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 messages: 1 decoded" in done.stdout


def test_the_command_ends_with_1_where_something_raised(tmp_path: Path) -> None:
    write(tmp_path, "zigbee2mqtt/01", payload={})
    done = run(tmp_path)
    assert done.returncode == 1
    assert "1 RAISED" in done.stdout


def test_without_the_folder_the_command_says_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path / "none")
    assert done.returncode == 2
    assert "set SHARED_PAYLOADS" in done.stdout
