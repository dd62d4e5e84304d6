"""Thousands of made-up topics and payloads through the real broker: nothing falls over, and the count closes."""

import json
import sqlite3
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from devices.model import DeviceKind, RejectReason
from devices.names import EVENTS, QUANTITIES, STATES
from tests.faults.actors import Gateway, gateway
from tests.faults.console import Console, log_in
from tests.faults.findings import Finding
from tests.faults.messages import SITE, Message
from tests.faults.site import broker_settings, fixed_port, write_site
from tests.faults.voice import voice
from tests.servers import mosquitto

LARGEST = 4_096
"""The site's bound on payloads, low enough to be met."""

HEALTHY = "h0"
SETTLED_S = 120.0


def _usually(common: st.SearchStrategy[str], rare: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Mostly ``common``: what is refused at the first look shows nothing about the second."""
    return st.tuples(st.integers(0, 9), common, rare).map(lambda drawn: drawn[2] if drawn[0] == 5 else drawn[1])


_KINDS = [str(kind) for kind in DeviceKind]
_DEVICES = [f"d{i}" for i in range(8)]
_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="/+#")
_WORD = st.text(_LETTERS, min_size=1, max_size=80)
_NUMBER = st.one_of(st.integers(), st.floats(), st.integers(-(2**70), 2**70))
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBER | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_STAMP = st.one_of(st.none(), _NUMBER, st.text(max_size=30), st.datetimes().map(lambda at: at.isoformat()))
_EVENT = st.dictionaries(st.sampled_from(["code", "zone", "phase", "object_id", "score"]), _JSON) | st.builds(
    lambda code, more: {**more, "code": code},
    st.sampled_from(sorted(EVENTS)),
    st.dictionaries(st.sampled_from(["zone", "phase", "object_id"]), _JSON),
)
_BODY: dict[str, st.SearchStrategy[Any]] = {
    "device": _WORD,
    "ts": _STAMP,
    "seq": _NUMBER,
    "measurements": st.dictionaries(st.sampled_from(sorted(QUANTITIES)) | _WORD, _NUMBER | _JSON, max_size=4),
    "states": st.dictionaries(st.sampled_from(sorted(STATES)) | _WORD, st.booleans() | _JSON, max_size=4),
    "events": st.lists(_EVENT, max_size=3),
    "test": st.booleans() | _JSON,
    "historical": st.booleans(),
    "status": st.sampled_from(["online", "offline"]) | _JSON,
}
_NATIVE = st.fixed_dictionaries({}, optional=_BODY).map(lambda body: json.dumps(body).encode("utf-8", "replace"))
_BROKEN = st.builds(
    lambda whole, at, junk: whole[: at % (len(whole) + 1)] + junk + whole[at % (len(whole) + 1) :],
    _NATIVE,
    st.integers(0, 500),
    st.binary(max_size=6),
)
_PAYLOAD = st.one_of(
    _NATIVE,
    _NATIVE,
    _BROKEN,
    st.binary(max_size=200),
    st.sampled_from([b"", b"online", b"offline", b"null", b"[]", b'{"seq":1e400}', b"\xff\xfe", b"{" * 2_000]),
    st.integers(1, 2_000).map(lambda depth: b'{"states":' * depth + b"1" + b"}" * depth),
    st.integers(LARGEST - 2, LARGEST + 50).map(lambda size: b'"' + b"x" * (size - 2) + b'"'),
    _JSON.map(lambda value: json.dumps(value).encode("utf-8", "replace")),
)
_CHANNEL = st.sampled_from(["telemetry", "event", "status"])
_TOPIC = st.builds(
    lambda kind, device, channel: f"community/{SITE}/{kind}/{device}/{channel}",
    _usually(st.sampled_from(_KINDS), _WORD),
    _usually(st.sampled_from(_DEVICES), _WORD),
    _CHANNEL,
).filter(lambda topic: len(topic.encode()) < 60_000)


_ONLY_MAKE = settings(database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def made_up(count: int, seed: int) -> list[Message]:
    """``count`` messages; the same for the same ``seed``."""
    found: list[Message] = []

    @seeded(seed)
    @settings(_ONLY_MAKE, max_examples=count)
    @given(_TOPIC, _PAYLOAD)
    def collect(topic: str, payload: bytes) -> None:
        found.append((topic, payload))

    collect()
    return found[:count]


def run(folder: Path, seed: int, count: int) -> Finding:
    """Publish ``count`` made-up messages and account for each."""
    finding = Finding("made-up topics and payloads", seed)
    sent = made_up(count, seed)
    limits = {"max_payload_bytes": LARGEST, "rate_per_s": 100_000, "burst": 1_000_000}
    room = {"dead_letters": 2 * count}
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(folder, broker_settings(folder), port=fixed_port()))
        extra = {HEALTHY: "smoke_detector"}
        site = write_site(folder, broker, len(_DEVICES), 0, extra, ingest=limits, journal=room)
        running = stack.enter_context(gateway(site, folder / "gateway.log"))
        console = log_in(site, running.port)
        stack.enter_context(console.following())
        telling = stack.enter_context(voice(broker))
        telling.publish_all(sent)
        telling.say("smoke_detector", HEALTHY, 1, states={"smoke": True})
        console.await_alert(HEALTHY, SETTLED_S, saved=True)
        running.wait_settled(SETTLED_S)
        reasons = _account(finding, running, console, len(sent) + 1)
        finding.exactly("exit status of the gateway", running.stop(), 0)
    kept = dead_letters(running.data)  # the newest are written with the last checkpoint
    finding.exactly("dead letters", kept.total(), sum(reasons.values()))
    finding.exactly("reasons counted otherwise than kept", ", ".join(r for r in reasons if reasons[r] != kept[r]), "")
    return finding


def _account(finding: Finding, running: Gateway, console: Console, sent: int) -> dict[str, int]:
    """Close the count while the gateway runs; return the refusals by reason."""
    counted = samples(running.metrics())
    accepted = sum(counted["gateway_reports_total"].values())
    reasons = {reason: count for reason, count in counted["gateway_messages_rejected_total"].items() if count}
    rejected = sum(reasons.values())
    finding.note("messages sent", sent)
    finding.exactly("received", sum(counted["gateway_messages_received_total"].values()), sent)
    finding.exactly("accepted + rejected", accepted + rejected, sent)
    finding.note("rejected", rejected)
    finding.note("for these reasons", ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())))
    finding.exactly("reasons outside the closed set", ", ".join(sorted(reasons.keys() - set(RejectReason))), "")
    finding.exactly("reports on which a rule failed", sum(counted["gateway_rule_failures_total"].values()), 0)
    finding.exactly("points the history refused", sum(counted["gateway_history_bad_points"].values()), 0)
    finding.exactly("problems the operator is told of", ", ".join(sorted(console.problems())), "")
    return reasons


def samples(text: str) -> dict[str, dict[str, int]]:
    """Metric to its samples by label values, from Prometheus' text format."""
    found: dict[str, dict[str, int]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})["/".join(sample.labels.values())] = round(sample.value)
    return found


def dead_letters(var: Path) -> Counter[str]:
    """Reason to number of dead letters, in the journals of all lanes."""
    found: Counter[str] = Counter()
    for path in (var / "journal").glob("*.db"):
        with closing(sqlite3.connect(path)) as db:
            found.update(dict(db.execute("SELECT reason, count(*) FROM dead_letter GROUP BY reason")))
    return found
