"""The history server stopped, slow, half-open, refusing and unwilling, while devices publish and fires break out."""

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.faults.actors import Gateway, devices, gateway
from tests.faults.console import Console, log_in
from tests.faults.findings import Finding
from tests.faults.messages import STEP_MS
from tests.faults.oracle import close_books, sequences
from tests.faults.proxy import Mood, proxy
from tests.faults.publisher import Record
from tests.faults.site import broker_settings, fixed_port, write_site
from tests.faults.voice import Voice, voice
from tests.servers import mosquitto, victoria_metrics, wait_until

RATE = 500.0
POISON = 666.5
METER = "p0"
BAD_POINTS = 3
FIRES = 10
FIRE_EVERY_S = 0.2
MEDIAN_S = 0.25
LONGEST_S = 3.0
CATCH_UP_S = 120.0
TOLD_S = 15.0
STOPPED = "stopped"
MOODS = (Mood.WELL, Mood.SLOW, Mood.HALF_OPEN, Mood.ANSWERS_400, Mood.ANSWERS_429, Mood.ANSWERS_503)
"""In the first two every write succeeds in the end; the others the operator must be told of."""


def run(folder: Path, seed: int, rounds: int = 1) -> Finding:
    """Go through every mood ``rounds`` times; then let the history catch up and compare."""
    finding = Finding("history server away or unwilling", seed)
    port, fires = fixed_port(), FIRES * (len(MOODS) + 1) * rounds
    history = {"store": "influxdb", "url": f"http://127.0.0.1:{port}", "timeout_s": 3, "batch": 500}
    extra = {METER: "access_gate"} | {f"f{i}": "smoke_detector" for i in range(fires)}
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(folder, broker_settings(folder), port=fixed_port()))
        server = stack.enter_context(ExitStack())
        upstream = server.enter_context(victoria_metrics(folder))
        between = stack.enter_context(proxy(upstream, f"door_cycles={POISON}".encode(), port))
        site = write_site(folder, broker, round(RATE / 10), 0, extra, history=history)
        running = stack.enter_context(gateway(site, folder / "gateway.log"))
        console = log_in(site, running.port)
        stack.enter_context(console.following())
        telling = stack.enter_context(voice(broker))
        publishing = stack.enter_context(devices(folder, broker, rate=RATE, incidents_per_s=0, incidents=0, seed=seed))
        fires_seen = Fires(console, telling)
        for _ in range(rounds):
            for mood in MOODS:
                between.be(mood)
                _bear(finding, fires_seen, console, mood, told=mood not in MOODS[:2])
            between.be(Mood.WELL)
            server.close()
            _bear(finding, fires_seen, console, STOPPED, told=True)
            between.upstream = server.enter_context(victoria_metrics(folder))
        poisoned = _poison(telling)
        record = publishing.finish()
        running.wait_settled(CATCH_UP_S)
        wait_until(lambda: "history" not in console.problems(), CATCH_UP_S, "the operator to be told that all is well")
        wait_until(lambda: _bad_points(running) >= BAD_POINTS, TOLD_S, "the bad points to be counted")
        finding.exactly("bad points counted", _bad_points(running), BAD_POINTS)
        stored = sequences(exported(between.upstream), _with_meter(record, poisoned))
        finding.exactly("exit status of the gateway", running.stop(), 0)
    finding.note("refusals by the server", str(dict(sorted(between.answered.items()))))
    for name, took in fires_seen.took.items():
        finding.at_most(f"{name}: median from device to console, s", statistics.median(took), MEDIAN_S)
        finding.at_most(f"{name}: longest from device to console, s", max(took), LONGEST_S)
    also = {f"smoke_alarm/f{i}": 0 for i in range(fires)}
    finding.survival(close_books(folder / "var", record, history=stored, also=also))
    return finding


class Fires:
    """Breaks out fires one after the other, each on a detector of its own, and times them."""

    def __init__(self, console: Console, voice: Voice) -> None:
        self.took: dict[str, list[float]] = {}
        self._console = console
        self._voice = voice
        self._count = 0

    def burn(self, name: str) -> None:
        """``FIRES`` of them, noted under ``name``: seconds from the device to the console."""
        for _ in range(FIRES):
            device = f"f{self._count}"
            self._count += 1
            began = self._voice.say("smoke_detector", device, 1, states={"smoke": True})
            came, _ = self._console.await_alert(device, 30)
            self.took.setdefault(name, []).append(came - began)
            time.sleep(FIRE_EVERY_S)


def _bear(finding: Finding, fires: Fires, console: Console, name: str, told: bool) -> None:
    """Fires under one mood; the operator must hear of it where the history waits."""
    fires.burn(name)
    if told:
        wait_until(lambda: "history" in console.problems(), TOLD_S, f"the operator to be told ({name})")


def _poison(telling: Voice) -> dict[int, int]:
    """Say good things and, between them, what the store will not take; return the good ones: sequence to time in ms."""
    base = int(time.time() * 1000) - 60_000
    for sequence in range(1, 2 * BAD_POINTS + 2):
        bad = sequence % 2 == 0
        said = {"measurements": {"door_cycles": POISON if bad else sequence}, "ts": base + sequence * STEP_MS}
        telling.say("access_gate", METER, sequence, "telemetry", **said)
    return dict.fromkeys(range(1, 2 * BAD_POINTS + 2, 2), base)


def _with_meter(record: Record, poisoned: dict[int, int]) -> Record:
    """Owe the bad points' neighbours too."""
    record.acked[METER] = list(poisoned)
    record.bases[METER] = next(iter(poisoned.values()))
    return record


def exported(url: str) -> Iterator[tuple[str, int]]:
    """Device and time in ms of every point the server holds."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request("GET", "/internal/force_flush")
        connection.getresponse().read()
        connection.request("GET", "/api/v1/export?" + urlencode({"match[]": '{__name__!=""}'}))
        for line in connection.getresponse().read().splitlines():
            series = json.loads(line)
            for at_ms in series["timestamps"]:
                yield series["metric"]["device"], at_ms
    finally:
        connection.close()


def _bad_points(running: Gateway) -> int:
    lines = running.metrics().splitlines()
    return next(round(float(line.split()[1])) for line in lines if line.startswith("gateway_history_bad_points "))
