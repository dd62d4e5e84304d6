"""Reads a folder of collected messages, ECOSYSTEM/NN.json, and judges each as ``gateway decode`` does.

A file holds ``topic``, ``payload`` (JSON, or ``{"base64": ...}`` for bytes) and perhaps ``retain`` and ``meaning``. The
messages of one ecosystem are heard in order by one decoder, since births and configurations come before data.
"""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from devices.decode import Decoder
from devices.model import Ignored, Reject, Report
from gateway.config import load_site
from gateway.inspect_message import decoder_for, judge
from gateway.site import Site

DIALECT = {
    "aliyun_iot": "aliyun",
    "axis": "axis",
    "chirpstack_milesight": "chirpstack",
    "ctwing_nbiot": "ctwing",
    "dahua": "dahua_vto",
    "dataq_axis": "axis",
    "elevator_cn": "es1000",
    "esp_rfid": "esp_rfid",
    "face_terminal": "face_terminal",
    "frigate": "frigate",
    "gb26875": "gb26875",
    "hikvision": "hikvision",
    "homeassistant_discovery": "homeassistant",
    "huawei_iotda": "huawei_iotda",
    "neuron_modbus": "neuron",
    "onvif_mqtt": "onvif",
    "otis_oid": "mapping",
    "shelly": "shelly",
    "sparkplug_b": "sparkplug_b",
    "tasmota": "tasmota",
    "zhenshi_lpr": "zhenshi",
    "zigbee2mqtt": "zigbee2mqtt",
    "zkteco_push": "zkteco",
}
BY_TOPIC = (("API/V1/", "houqi"),)
"""Folders that hold several makers: a part of the topic tells."""

NOT_SPOKEN = {
    "solace_elevator": "forecasts of maintenance: nothing a guard may have to act on",
    "tuya_access": "encrypted on the wire: only the maker's cloud reads it",
}
LONG_TAIL = Path(__file__).parent / "long_tail.yaml"


class Verdict(NamedTuple):
    """What became of one message. ``outcome``: decoded, ignored, rejected or raised; ``text``: what, or why."""

    name: str
    dialect: str
    outcome: str
    text: str


def verdicts(folder: Path) -> Iterator[Verdict]:
    """Judge every message below ``folder``, ecosystem by ecosystem."""
    site = load_site(LONG_TAIL)
    for ecosystem in sorted(path for path in folder.iterdir() if path.is_dir()):
        decoders: dict[str, Decoder] = {}
        for path in sorted(ecosystem.glob("*.json")):
            name = f"{ecosystem.name}/{path.stem}"
            try:
                yield _judged(name, ecosystem.name, json.loads(path.read_text(encoding="utf-8")), decoders, site)
            except Exception as error:  # it is what this run looks for
                yield Verdict(name, DIALECT.get(ecosystem.name, ""), "raised", f"{type(error).__name__}: {error}")


def _judged(name: str, ecosystem: str, given: dict[str, Any], decoders: dict[str, Decoder], site: Site) -> Verdict:
    if ecosystem in NOT_SPOKEN:
        return Verdict(name, "", "ignored", NOT_SPOKEN[ecosystem])
    topic = str(given["topic"])
    dialect = next((d for part, d in BY_TOPIC if part in topic), DIALECT.get(ecosystem))
    if dialect is None:
        return Verdict(name, "", "rejected", "no dialect is set for this folder in tests/payloads/folder.py")
    if dialect not in decoders:
        decoders[dialect] = decoder_for(site if dialect == "mapping" else None, dialect)
    found = judge(None, decoders[dialect], topic, _bytes(given["payload"]), bool(given.get("retain")))
    return Verdict(name, dialect, *_outcome(found))


def _bytes(payload: Any) -> bytes:
    if isinstance(payload, dict) and set(payload) == {"base64"}:
        return b64decode(payload["base64"])
    return payload.encode() if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False).encode()


def _outcome(found: list[Report] | Reject | Ignored) -> tuple[str, str]:
    if isinstance(found, Ignored):
        return "ignored", found.why
    if isinstance(found, list):
        return ("decoded", "; ".join(map(said, found))) if found else ("ignored", "nothing new in it")
    raised = "the dialect failed" in found.detail
    return "raised" if raised else "rejected", f"{found.reason}: {found.detail}"


def said(report: Report) -> str:
    """Put what a report says into a line."""
    words = [f"{name}={value:g}" for name, value in report.measurements.items()]
    words += [f"{name}={'?' if value is None else value}" for name, value in report.states.items()]
    words += [f"{event.code}({', '.join(f'{k}={v}' for k, v in event.attributes.items())})" for event in report.events]
    if report.availability is not None:
        words.append("online" if report.availability else "offline")
    words += [name for name in ("snapshot", "historical", "test") if getattr(report, name)]
    if not (report.measurements or report.states or report.events) and report.raw_codes:
        words.append(f"raw({', '.join(f'{k}={v}' for k, v in report.raw_codes.items())[:200]})")
    return f"{report.device} [{report.kind}] {' '.join(words)}"
