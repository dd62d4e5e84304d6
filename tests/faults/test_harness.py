"""The harness's own parts: what repeats a run, what makes a figure bad, and what the proxy does to a write."""

import http.client
import json
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from devices.decode import Decoder
from devices.model import Envelope, Reject
from devices.registry import Registry
from tests.faults.findings import Finding
from tests.faults.fuzz import made_up, samples
from tests.faults.messages import SITE, STRANGER, incident, incident_message, telemetry
from tests.faults.proxy import Mood, Proxy, proxy
from tests.faults.publisher import Source
from tests.faults.site import fixed_port
from tests.faults.suite import play

POISON = b"poison"


def test_a_seed_repeats_what_is_made_up() -> None:
    assert made_up(50, 7) == made_up(50, 7)
    assert made_up(50, 7) != made_up(50, 8)


def test_what_is_made_up_meets_most_reasons_and_is_often_accepted() -> None:
    decoder = Decoder(Registry(), SITE)
    found = Counter[str]()
    for topic, payload in made_up(600, 1):
        answer = decoder.decode(Envelope(topic, payload, 1_790_000_000.0))
        found[str(answer.reason) if isinstance(answer, Reject) else "accepted"] += 1
    assert {"accepted", "bad_topic", "malformed", "wrong_shape", "identity_mismatch", "empty"} <= found.keys()
    assert found["accepted"] >= 20


@pytest.mark.parametrize("index", range(10))
def test_what_devices_say_is_understood(index: int) -> None:
    decoder = Decoder(Registry(), SITE)
    trouble = incident(index)
    said = [incident_message(trouble, n, 1_790_000_000_000) for n in range(1, len(trouble.steps) + 1)]
    for topic, payload in [*said, telemetry(index, 1, 1_790_000_000_000)]:
        answer = decoder.decode(Envelope(topic, payload, 1_790_000_010.0))
        assert not isinstance(answer, Reject), answer


def test_every_incident_has_a_device_of_its_own() -> None:
    found = [incident(index).device for index in range(100)]
    assert len(set(found)) == 100
    assert sum(device.startswith(STRANGER) for device in found) == 20


def test_a_source_keeps_within_the_room_and_tells_every_incident_in_full() -> None:
    source = Source(rate=1_000_000, incidents_per_s=1_000_000, most_incidents=3, seed=1)
    first = source.due(50)
    told = first + source.rest()
    assert len(first) <= 50
    assert source.record.incidents == 3
    steps = Counter(device for (device, _), _, _ in told if device in source.record.bases)
    assert steps == {incident(i).device: len(incident(i).steps) for i in range(3)}
    assert not source.half_told


@pytest.mark.parametrize(
    ("value", "good"),
    [(0, True), (1, False)],
)
def test_a_bound_that_does_not_hold_makes_the_finding_bad(value: int, good: bool) -> None:
    finding = Finding("x", 1)
    finding.note("only told", value)
    finding.exactly("lost", value, 0)
    assert finding.good is good
    assert finding.bad == ([] if good else ["lost: 1 (allowed: = 0)"])


def test_a_failed_run_keeps_its_folder_and_a_good_one_leaves_nothing(tmp_path: Path) -> None:
    seen: list[Path] = []

    def scenario(folder: Path, seed: int) -> Finding:
        seen.append(folder)
        finding = Finding("x", seed)
        finding.exactly("seed", seed, 1)
        return finding

    assert play(scenario, 1).good
    failed = play(scenario, 2)
    assert [folder.exists() for folder in seen] == [False, True]
    assert str(seen[1]) in failed.examples[-1]
    seen[1].rmdir()


def test_a_run_that_cannot_happen_here_says_so() -> None:
    def scenario(folder: Path, seed: int) -> Finding:
        pytest.skip("no such disk")

    assert play(scenario, 1).skipped == "no such disk"


def test_a_run_that_waits_in_vain_is_a_finding() -> None:
    def scenario(folder: Path, seed: int) -> Finding:
        folder.rmdir()
        raise TimeoutError("the gateway was not ready")

    found = play(scenario, 1)
    assert not found.good
    assert "the gateway was not ready" in found.bad[0]


def test_samples_are_read_by_label() -> None:
    text = 'rejected_total{reason="empty"} 2.0\nrejected_total{reason="malformed"} 1.0\nplain 4.0\n'
    assert samples(text) == {"rejected_total": {"empty": 2, "malformed": 1}, "plain": {"": 4}}


@pytest.fixture
def between() -> Iterator[tuple[Proxy, int]]:
    """A proxy in front of a server that takes everything."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    port = fixed_port()
    try:
        with proxy(f"http://127.0.0.1:{server.server_port}", POISON, port) as state:
            yield state, port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write(port: int, body: bytes, timeout: float = 5) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", "/api/v2/write", body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("mood", "status"),
    [(Mood.WELL, 204), (Mood.ANSWERS_400, 400), (Mood.ANSWERS_429, 429), (Mood.ANSWERS_503, 503)],
)
def test_the_proxy_answers_as_told(between: tuple[Proxy, int], mood: Mood, status: int) -> None:
    state, port = between
    state.be(mood)
    assert write(port, b"good")[0] == status
    assert state.answered == {status: 1}


def test_the_proxy_refuses_a_bad_point_as_a_store_does(between: tuple[Proxy, int]) -> None:
    status, body = write(between[1], b"good\n" + POISON)
    assert status == 400
    assert "message" in json.loads(body)


def test_a_half_open_server_never_answers_until_its_mood_changes(between: tuple[Proxy, int]) -> None:
    state, port = between
    state.be(Mood.HALF_OPEN)
    with pytest.raises(TimeoutError):
        write(port, b"good", timeout=0.2)
    state.be(Mood.WELL)
    assert write(port, b"good")[0] == 204


def test_a_server_that_is_gone_breaks_the_connection(between: tuple[Proxy, int]) -> None:
    state, port = between
    state.upstream = f"http://127.0.0.1:{fixed_port()}"
    with pytest.raises(http.client.RemoteDisconnected):
        write(port, b"good")
