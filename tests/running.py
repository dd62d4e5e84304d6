"""A gateway in a process of its own, devices at its broker, and a person at its console."""

import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from gateway.ledger import add_person, login_url
from tests.servers import free_port, wait_until

START_S = 60.0
WAIT_S = 15.0
HEADERS = {"X-Requested-With": "community-gateway"}


def command(*arguments: str) -> list[str]:
    """The command line, as installed."""
    return [sys.executable, "-m", "gateway.cli", *arguments]


def cli(*arguments: str, stdin: str = "") -> str:
    """Run a command to its end and return what it printed; it must succeed."""
    done = subprocess.run(command(*arguments), input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def write_site(folder: Path, broker: int, devices: list[dict[str, Any]], **sections: Any) -> Path:
    """Write a site file whose API has a free port."""
    site = {
        "site": {"id": "home", "name": "Home"},
        "data_dir": "var",
        "buildings": [{"id": "b1", "floors": ["1", "2"]}],
        "devices": devices,
        "mqtt": {"port": broker},
        "api": {"port": free_port()},
        **sections,
    }
    path = folder / "site.json"
    path.write_text(json.dumps(site))
    return path


class Running:
    """A running gateway. Its log goes through a pipe, so that a full disk does not silence it."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.url = f"http://127.0.0.1:{json.loads(site.read_text())['api']['port']}"
        self.log: list[str] = []
        self.consoles: list[httpx.Client] = []
        self.process = subprocess.Popen(
            command("run", "--site", str(site)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read_log)
        self._reader.start()

    def _read_log(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.log.extend(lines)

    def health(self) -> dict[str, Any]:
        """The body of ``/readyz``; empty while nobody listens."""
        with suppress(httpx.TransportError):
            return dict(httpx.get(f"{self.url}/readyz", timeout=5).json())
        return {}

    def wait(self, true: Callable[[dict[str, Any]], bool], what: str, timeout: float = START_S) -> None:
        def holds() -> bool:
            assert self.process.poll() is None, "the gateway ended:\n" + "".join(self.log[-40:])
            return bool(true(self.health()))

        wait_until(holds, timeout, what)

    def wait_ready(self) -> None:
        self.wait(lambda health: bool(health.get("ready")), "the gateway to be ready")

    def wait_idle(self, messages: int) -> None:
        """Wait until ``messages`` were journaled, judged and stored."""

        def idle(health: dict[str, Any]) -> bool:
            lanes = health.get("lanes", {}).values()
            lag = sum(lane["evaluate_lag"] + lane["history_lag"] for lane in lanes)
            return bool(sum(lane["head"] for lane in lanes) >= messages and lag == 0)

        self.wait(idle, f"{messages} messages to be stored and judged")

    def limit_files(self, size: int | None) -> None:
        """Let no file grow beyond ``size`` bytes, as on a full disk; ``None``: space again."""
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def terminate(self) -> float:
        """Ask for an orderly end; return how many seconds it took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        self._reader.join(10)
        return time.monotonic() - began

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._reader.join(10)


@contextmanager
def gateway(site: Path) -> Iterator[Running]:
    """Run the gateway until the block ends; enter the block once it hears its devices."""
    running = Running(site)
    try:
        running.wait_ready()
        yield running
    finally:
        for console in running.consoles:
            console.close()
        try:
            running.terminate()
        finally:
            running.kill()


class Device:
    """One device at the broker. ``say`` returns when the broker took the message."""

    def __init__(self, port: int, kind: str, id_: str) -> None:
        self.topic = f"community/home/{kind}/{id_}"
        self.sequence = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=id_, protocol=paho.MQTTv5)
        self._client.will_set(f"{self.topic}/status", "offline", qos=1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, channel: str = "event", raw: bytes | None = None, **body: Any) -> None:
        self.sequence += 1
        body = {"ts": int(time.time() * 1000), "seq": self.sequence, **body}
        payload = json.dumps(body).encode() if raw is None else raw
        self._client.publish(f"{self.topic}/{channel}", payload, qos=1).wait_for_publish(WAIT_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def device(port: int, kind: str, id_: str) -> Iterator[Device]:
    made = Device(port, kind, id_)
    try:
        yield made
    finally:
        made.close()


class Person:
    """Somebody logged in to the console by a link."""

    def __init__(self, running: Running, role: str = "administrator", known: bool = False) -> None:
        if not known:
            add_person(running.site, "li", "Li", role, None, "zh")
        self._enter(running, login_url(running.site, "li", 600, None))

    @classmethod
    def by_command_line(cls, running: Running) -> "Person":
        """As an operator does it; the other way spares tests two more processes."""
        person = cls.__new__(cls)
        cli("person", "add", "li", "--role", "administrator", "--no-password", "--site", str(running.site))
        person._enter(running, cli("login-link", "li", "--site", str(running.site)).strip())
        return person

    def _enter(self, running: Running, link: str) -> None:
        self.http = httpx.Client(base_url=running.url, headers=HEADERS, timeout=10)
        running.consoles.append(self.http)
        answer = self.http.post("/api/login/once", json={"token": link.split("#once=")[1]})
        assert answer.status_code == 200, answer.text

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    def alerts(self, state: str = "open") -> list[dict[str, Any]]:
        return list(self.get("/api/alerts", state=state)["items"])

    def wait_alerts(self, count: int, timeout: float = WAIT_S) -> list[dict[str, Any]]:
        wait_until(lambda: len(self.alerts()) >= count, timeout, f"{count} alerts")
        return self.alerts()

    @contextmanager
    def listening(self) -> Iterator["Stream"]:
        """Follow the console's event stream."""
        stream = Stream(self.http)
        try:
            stream.opened.wait(WAIT_S)
            yield stream
        finally:
            stream.close()


class Stream:
    """Server-sent events, read in a thread of their own."""

    def __init__(self, http: httpx.Client) -> None:
        self.opened = threading.Event()
        self._events: Queue[tuple[float, str, Any]] = Queue()
        self._closing = False
        self._http = httpx.Client(base_url=http.base_url, cookies=http.cookies, timeout=30)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        kind = ""
        with suppress(httpx.TransportError), self._http.stream("GET", "/api/stream") as answer:
            assert answer.status_code == 200
            self.opened.set()
            for line in answer.iter_lines():
                if self._closing:
                    return
                field, _, value = line.partition(": ")
                if field == "event":
                    kind = value
                elif field == "data":
                    self._events.put((time.time(), kind, json.loads(value)))

    def wait_for(self, kind: str, **wanted: Any) -> tuple[float, Any]:
        """Return when the next event of ``kind`` with these members came, and what it said."""
        until = time.monotonic() + WAIT_S
        while (left := until - time.monotonic()) > 0:
            with suppress(Empty):
                at, found, data = self._events.get(timeout=left)
                if found == kind and all(data.get(name) == value for name, value in wanted.items()):
                    return at, data
        raise TimeoutError(f"no event {kind} with {wanted}")

    def close(self) -> None:
        """The reader notices at the next event, a ping at the latest."""
        self._closing = True
        self._thread.join(WAIT_S)
        self._http.close()
