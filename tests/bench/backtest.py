"""How many times faster than life a back-test runs: 2,000 devices that report every minute, all rules on."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.dialects.dialect import Lane
from devices.model import Envelope
from gateway.config import load_site
from gateway.journal.journal import Journal
from gateway.lookback.backtest import backtest
from gateway.lookback.past import Past
from gateway.rules import rules_of
from tests.bench.traffic import KINDS, SITE, payload, site_file

DEVICES = 2_000
EVERY_S = 60.0
HOURS = 3.0


def run(devices: int = DEVICES, hours: float = HOURS, say: Callable[[str], None] = lambda step: None) -> dict[str, Any]:
    """Write a journal of ``hours`` and replay it through two rule sets at once, as a back-test does."""
    with tempfile.TemporaryDirectory() as folder:
        site = load_site(site_file(Path(folder) / "site.json", 1883, devices, Path(folder) / "var"))
        start = time.time() - hours * 3_600
        say(f"writing {hours:g} h of {devices} devices")
        _write(site.data_dir / "journal", devices, hours, start)
        say("replaying through two rule sets")
        outcome = backtest(site, rules_of(site), rules_of(site), start - 1, Past([]), lambda _: None)
    return {
        "times_real_time": round(outcome.times_real_time),
        "messages": outcome.messages,
        "messages_per_s": round(outcome.messages / outcome.took_s),
        "devices": devices,
        "hours": hours,
    }


def _write(folder: Path, devices: int, hours: float, start: float) -> None:
    journals = {lane: Journal(folder / f"{lane}.db", max_bytes=10**10, dead_letters=1) for lane in Lane}
    for minute in range(int(hours * 60)):
        at = start + minute * EVERY_S
        journals[Lane.TELEMETRY].append(
            [
                Envelope(
                    f"community/{SITE}/{KINDS[device % 4]}/d{device}/telemetry",
                    payload(minute, device, minute + 1, int((at + device * EVERY_S / devices) * 1_000)),
                    at + device * EVERY_S / devices,
                )
                for device in range(devices)
            ]
        )
    for journal in journals.values():
        journal.close()
