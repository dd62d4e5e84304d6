"""What the gateway says to others, every process real: a broker, a web server, restarts on either side."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import Person, device, gateway, write_site
from tests.servers import mosquitto, wait_until
from tests.unit.notify.hooks import Hook, hook, signature, status
from tests.unit.outward.test_publisher import Listener, listening

pytestmark = pytest.mark.server

KEY = "a key for the tests, long enough"
DEVICES: list[dict[str, Any]] = [
    {"id": "smoke-1", "kind": "smoke_detector", "name": "Hall"},
    {"id": "gate-1", "kind": "access_gate"},
]
BASE = "community-gateway/home"
KEEPING = "persistence false\nmax_queued_messages 0\nmax_inflight_messages 0"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path, KEEPING) as port:
        yield port


def site_with(folder: Path, broker: int, hook_port: int = 0, **sections: Any) -> Path:
    (folder / "key").write_text(f"{KEY}\n")
    (folder / "url").write_text(f"http://127.0.0.1:{hook_port}/alerts\n")
    desk = {"name": "desk", "kind": "webhook", "url": {"file": "url"}, "signing_key": {"file": "key"}}
    channels = [{**desk, "allow_private": True}, {"name": "bus", "kind": "mqtt"}] if hook_port else []
    return write_site(folder, broker, DEVICES, channels=channels, **sections)


def types(server: Hook) -> list[str]:
    return [call.event["type"].rpartition(".")[2] for call in server.calls]


def events(home: Listener) -> list[dict[str, Any]]:
    return [json.loads(payload) for topic, payload, _ in home.heard if topic == f"{BASE}/cloudevents"]


def test_each_change_of_an_alert_is_told_by_webhook_and_broker(tmp_path: Path, broker: int) -> None:
    with hook() as server, listening(broker) as home:
        site = site_with(tmp_path, broker, server.port)
        with gateway(site) as running, device(broker, "smoke_detector", "smoke-1") as detector:
            person = Person(running)
            detector.say(states={"smoke": True})
            (alert,) = person.wait_alerts(1)
            path = f"/api/alerts/{alert['id']}"
            person.post(f"{path}/verdict", version=1, verdict="drill", reason="")
            assert person.post(f"{path}/comment", text="all out").status_code == 200
            person.post(f"{path}/resolve", version=2, note="")
            told = ["raised", "judged", "commented", "resolved"]
            wait_until(lambda: len(server.calls) >= 4, 20, "four webhooks")
            home.wait(lambda: len(events(home)) >= 4, "four events")
    assert sorted(types(server)) == sorted(told)
    assert {call.event["id"] for call in server.calls} == {event["id"] for event in events(home)}
    for call in server.calls:
        assert call.headers["webhook-signature"] == signature(KEY.encode(), call)
        assert (call.event["source"], call.event["subject"]) == ("/community-gateway/home", "smoke-1")


def test_an_event_outlives_a_killed_gateway_while_its_receiver_refuses(tmp_path: Path, broker: int) -> None:
    with hook(status(500)) as server:
        site = site_with(tmp_path, broker, server.port)
        with gateway(site) as running, device(broker, "smoke_detector", "smoke-1") as detector:
            detector.say(states={"smoke": True})
            wait_until(lambda: len(server.calls) >= 1, 20, "a try")
            running.kill()
        server.answer = status(204)
        refused = len(server.calls)
        with gateway(site):
            wait_until(lambda: len(server.calls) > refused, 60, "the event")
    first, last = server.calls[0], server.calls[-1]
    assert (first.body, first.headers["webhook-id"]) == (last.body, last.headers["webhook-id"])
    assert last.headers["webhook-signature"] == signature(KEY.encode(), last)


def test_home_assistant_sees_devices_come_change_and_leave(tmp_path: Path, broker: int) -> None:
    site = site_with(tmp_path, broker, outward={"enabled": True}, dialects={"homeassistant": {}})
    with listening(broker) as home:
        with gateway(site) as running, device(broker, "smoke_detector", "smoke-1") as detector:
            person = Person(running, role="manager")
            detector.say(states={"smoke": True}, measurements={"temperature": 40.5})
            home.wait_for(f"{BASE}/event/smoke-1")
            shown = lambda: b'"smoke":true' in home.now.get(f"{BASE}/device/smoke-1/state", b"")  # noqa: E731
            home.wait(shown, "the state")
            config = json.loads(home.now["homeassistant/device/community-gateway_home_smoke-1/config"])
            assert {"smoke", "temperature", "alert"} == config["components"].keys()
            (alert,) = person.wait_alerts(1)
            assert json.loads(home.now[f"{BASE}/alert/{alert['id']}"])["severity"] == "critical"
            running.wait_idle(2)
            assert person.get("/api/quarantine")["items"] == [], "our own announcements are no devices"
        home.wait_for(f"{BASE}/status", b"offline")
        given = json.loads(site.read_text())
        site.write_text(json.dumps({**given, "devices": DEVICES[:1]}))
        with gateway(site):
            home.wait_for("homeassistant/device/community-gateway_home_gate-1/config", b"")
            home.wait_for(f"{BASE}/device/gate-1/state", b"")
