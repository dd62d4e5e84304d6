"""The scenarios, each in a folder of its own, in full length or short."""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

from tests.faults import broker, disk, fuzz, history, kill
from tests.faults.findings import Finding

Scenario = Callable[[Path, int], Finding]


class Lengths(Struct, frozen=True):
    """How long the scenarios are.

    ``ready_s``: the longest a start may take. ``share``: of the rate offered, what the publisher must achieve. Both are
    figures of the full run; beside other tests a machine is too busy to hold them.
    """

    kills: int
    ready_s: float
    share: float
    kills_to_turn_red: int
    restarts: int
    moods: int
    full_disk_s: float
    made_up: int


# 70 s: longer than the gateway's own clean-up waits between its rounds.
FULL = Lengths(
    kills=50,
    ready_s=5.0,
    share=0.8,
    kills_to_turn_red=5,
    restarts=20,
    moods=3,
    full_disk_s=70.0,
    made_up=10_000,
)
SHORT = Lengths(
    kills=5,
    ready_s=30.0,
    share=0.3,
    kills_to_turn_red=3,
    restarts=3,
    moods=1,
    full_disk_s=0.0,
    made_up=1_000,
)


def scenarios(lengths: Lengths) -> dict[str, Scenario]:
    """Every scenario by name, without the one that must fail."""
    return {
        "kill": lambda folder, seed: kill.run(folder, seed, lengths.kills, lengths.ready_s, lengths.share),
        "broker": lambda folder, seed: broker.run(folder, seed, lengths.restarts),
        "history": lambda folder, seed: history.run(folder, seed, lengths.moods),
        "disk": lambda folder, seed: disk.run(folder, seed, killed=False, full_s=lengths.full_disk_s),
        "disk-kill": lambda folder, seed: disk.run(folder, seed, killed=True),
        "fuzz": lambda folder, seed: fuzz.run(folder, seed, lengths.made_up),
        "control": lambda folder, seed: control(folder, seed, lengths.kills_to_turn_red),
    }


def control(folder: Path, seed: int, kills: int) -> Finding:
    """The kill run on a gateway that acknowledges too early: good only if the harness finds what it loses."""
    broken = kill.run(folder, seed, kills, 60.0, 0.0, module="tests.faults.ack_early")
    found = {check.what: check.value for check in broken.checks}
    finding = Finding("control: acknowledge before commit", seed)
    for what in ("of those missing from the journal", "of those missing from the history"):
        finding.at_least(what, float(found[what]), 1)
    finding.exactly("the kill run is", "green" if broken.good else "red", "red")
    return finding


def play(scenario: Scenario, seed: int) -> Finding:
    """Run one scenario in a temporary folder, which goes unless something failed."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    began = time.monotonic()
    try:
        finding = scenario(folder, seed)
    except pytest.skip.Exception as skipped:
        finding = Finding("", seed, skipped=str(skipped))
    except (OSError, RuntimeError) as error:  # what the harness waited for did not come: a finding as well
        finding = Finding("", seed)
        finding.exactly("the run came to its end", f"{type(error).__name__}: {_brief(str(error))}", "yes")
    finding.seconds = time.monotonic() - began
    if finding.good:
        shutil.rmtree(folder)
    else:
        finding.examples.append(f"kept for a look: {folder}")
    return finding


def _brief(text: str) -> str:
    """Its first line and its last: what was waited for, and what the log said last."""
    lines = text.strip().splitlines()
    return " ... ".join(dict.fromkeys(line[:300] for line in (lines[0], lines[-1]))) if lines else ""
