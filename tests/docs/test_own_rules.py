"""What the pages on own rules and on muting say is what the code does."""

import re
from pathlib import Path

from alert_rules.alert import Severity
from alert_rules.catalogue import FIRE_RULES
from alert_rules.flapping import FlappingLimits
from alert_rules.severity import MATRIX, Likelihood
from alert_rules.suppression import Limits
from gateway.config import load_site
from gateway.rules import rules_of

DOCS = Path(__file__).parents[2] / "docs"
HEAD = """\
site: {id: home, name: Home}
devices:
  - {id: gate-7, kind: access_gate, zone: delivery}
  - {id: gate-8, kind: access_gate}
  - {id: w1, kind: water_leak, zone: garage}
"""


def test_the_examples_are_good_site_files(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.+?)```", (DOCS / "own-rules.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    path = tmp_path / "site.yaml"
    path.write_text(HEAD + "".join(blocks))
    rules = {rule.name: rule for rule in rules_of(load_site(path))}
    assert rules["gate_held_open"].varies
    assert {"garage_damp", "side_door_at_night"} <= rules.keys()


def test_the_risk_matrix_is_the_one_in_the_code() -> None:
    page = (DOCS / "own-rules.md").read_text()
    for severity in Severity:
        row = " | ".join(MATRIX[severity][likelihood] for likelihood in Likelihood)
        assert f"| {severity} | {row} |" in page


def test_the_times_are_the_defaults_of_the_code() -> None:
    page, limits = (DOCS / "suppression.md").read_text(), Limits()
    for means in ("maintenance", "silence", "shelve"):
        (hours,) = re.findall(rf"`{means}:ID`.+\| (\d+) h \|", page)
        assert float(hours) == getattr(limits, f"{means}_max_h")
    assert limits.fire_max_h == 4
    assert "ends after four hours" in page
    assert limits.flapping == FlappingLimits(times=5, within_s=600, calm_s=600)


def test_the_rules_of_fire_are_named() -> None:
    page = (DOCS / "suppression.md").read_text()
    assert not [name for name in FIRE_RULES if f"`{name}`" not in page]
