"""A terminal that speaks no MQTT, over real HTTP: journal first, then the answer, then an alert."""

from pathlib import Path

import httpx
import pytest

from tests.running import Person, gateway, write_site
from tests.servers import mosquitto

pytestmark = pytest.mark.server

TOKEN = "a-long-secret-of-this-test"
GATE = {"id": "gate-9", "kind": "access_gate", "dialect": "zkteco", "address": "CJ55"}
FORCED = b"cardno=0\teventaddr=1\tevent=102\tindex=77"


def test_a_pushed_record_becomes_an_alert_and_survives_a_kill(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n")
    with mosquitto(tmp_path) as broker:
        push = {"zkteco": {"file": str(secret)}}
        site = write_site(tmp_path, broker, [GATE], dialects={"zkteco": {}}, push=push)
        with gateway(site) as running:
            person = Person(running)
            url = f"{running.url}/push/zkteco"
            assert httpx.post(url, params={"SN": "CJ55"}, content=FORCED).status_code == 401
            bearer = {"Authorization": f"Bearer {TOKEN}"}
            answer = httpx.post(url, params={"SN": "CJ55", "table": "rtlog"}, content=FORCED, headers=bearer)
            assert (answer.status_code, answer.text) == (200, "OK")
            running.kill()
        with gateway(site) as running:
            person = Person(running, known=True)
            (alert,) = person.wait_alerts(1)
            assert (alert["rule"], alert["device"]) == ("gate_forced", "gate-9")
            assert TOKEN not in str(running.log)
