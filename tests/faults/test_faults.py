"""The fault runs at the length of every change; ``make faults`` runs them in full."""

import os
import random

import pytest

from tests.faults.suite import SHORT, play, scenarios

pytestmark = [pytest.mark.server, pytest.mark.timeout(420)]


@pytest.mark.parametrize("name", scenarios(SHORT))
def test_what_must_survive_survives(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One scenario; repeat a failure with ``FAULTS_SEED``. ``control`` shows that the kill run can turn red."""
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(2**31))
    with capsys.disabled():
        print(f" seed {seed}", end=" ", flush=True)
    finding = play(scenarios(SHORT)[name], seed)
    if finding.skipped:
        pytest.skip(finding.skipped)
    assert finding.good, [f"FAULTS_SEED={seed}", *finding.bad]
