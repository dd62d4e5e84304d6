"""A disk that fills up during a fire: a small tmpfs below the gateway's data, and a file that takes what is left."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.actors import Gateway, devices, gateway
from tests.faults.console import Console, log_in
from tests.faults.findings import Finding
from tests.faults.oracle import close_books, journal
from tests.faults.site import broker_settings, fixed_port, write_site
from tests.faults.voice import Voice, voice
from tests.servers import mosquitto, wait_until

SIZE = "24m"
RATE = 200.0
TOLD_S = 10.0
RECOVERED_S = 30.0
CATCH_UP_S = 60.0
FIRES = {f"f{i}": "smoke_detector" for i in range(3)}


def run(folder: Path, seed: int, killed: bool, full_s: float = 0.0) -> Finding:
    """Fill the disk, let fires break out, make room again.

    ``killed``: the gateway dies while there is none. ``full_s``: seconds without room after the fires.
    """
    finding = Finding(f"disk full during a fire{', then kill -9' if killed else ''}", seed)
    with ExitStack() as stack:
        var = stack.enter_context(small_disk(folder / "var"))
        broker = stack.enter_context(mosquitto(folder, broker_settings(folder), port=fixed_port()))
        site = write_site(folder, broker, round(RATE / 10), 0, FIRES)
        running = stack.enter_context(gateway(site, folder / "gateway.log"))
        console = log_in(site, running.port)
        telling = stack.enter_context(voice(broker))
        publishing = stack.enter_context(devices(folder, broker, rate=RATE, incidents_per_s=0, incidents=0, seed=seed))
        with console.following():
            _say_fire(telling, "f0")
            console.await_alert("f0", TOLD_S, saved=True)
            filler = fill(var)
            _burn_on_full_disk(finding, running, console, telling)
            time.sleep(full_s)
            finding.note("full after the fires for, s", full_s)
            finding.exactly("fire in the journal while there is no room", "f1" in journal(var)[0], False)
            if killed:
                running.kill()
            filler.unlink()
        if killed:
            running.start()
        finding.at_most("ready again, s", _until_ready(running), RECOVERED_S)
        record = publishing.finish()
        running.wait_settled(CATCH_UP_S)
        _after(finding, console)
        finding.exactly("fire in the journal once there is room", "f1" in journal(var)[0], True)
        finding.exactly("exit status of the gateway", running.stop(), 0)
        finding.survival(close_books(var, record, also={f"smoke_alarm/{device}": 0 for device in FIRES}))
    return finding


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of ``SIZE`` at ``place``; skips the test loudly where nothing may be mounted."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root; nothing shows here that a full disk is survived")
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine mounts no tmpfs; nothing shows here that a full disk is survived")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Take all room on ``disk``; return the file that holds it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as out:
        for size in (65_536, 4_096, 1):
            while True:
                try:
                    out.write(b"\0" * size)
                except OSError:
                    break
    return filler


def _burn_on_full_disk(finding: Finding, running: Gateway, console: Console, telling: Voice) -> None:
    """Wait until the disk refuses, then start a fire: people must see it, and that it is not saved."""
    running.wait(lambda state: state.get("ready") is False, TOLD_S, "aware of its full disk")
    for device in ("f1", "f2"):
        said = _say_fire(telling, device)
        came, alert = console.await_alert(device, TOLD_S)
        finding.at_most(f"{device}: from device to console on a full disk, s", came - said, TOLD_S)
        finding.exactly(f"{device}: saved, as the stream says", alert["saved"], False)
    listed = console.alerts("f1")
    finding.exactly("saved, as the list says", str([alert["saved"] for alert in listed]), "[False]")
    wait_until(lambda: "store" in console.problems(), TOLD_S, "the operator to be told")
    told = console.problems() & {"journal", "store"}
    finding.exactly("the operator is told", ", ".join(sorted(told)), "journal, store")


def _say_fire(telling: Voice, device: str) -> float:
    return telling.say("smoke_detector", device, 1, states={"smoke": True})


def _until_ready(running: Gateway) -> float:
    return timed(lambda: running.wait(lambda state: bool(state.get("ready")), 2 * RECOVERED_S, "ready again"))


def timed(action: Callable[[], object]) -> float:
    """Seconds ``action`` takes."""
    began = time.monotonic()
    action()
    return time.monotonic() - began


def _after(finding: Finding, console: Console) -> None:
    for device in FIRES:
        finding.exactly(
            f"{device}: alerts, and whether saved", str([a["saved"] for a in console.alerts(device)]), "[True]"
        )
    finding.exactly("problems left", ", ".join(sorted(console.problems())), "")
