"""Bad rules in a site file: refused with line, field and remedy, all at once; good ones become rules."""

from pathlib import Path

import pytest

from alert_rules.alert import Severity
from devices.model import DeviceKind
from devices.registry import Device
from gateway.config import load_site
from gateway.errors import SiteFileError
from gateway.rules import calendar_of, rules_of

HEAD = """\
site: {id: home, name: Home}
buildings: [{id: b1}]
devices:
  - {id: w1, kind: water_leak, zone: garage, building: b1}
schedules:
  - {name: night, periods: [{start: "22:00", end: "06:00"}]}
"""
OWN = "  - {{name: {}, title: {{zh: 潮, en: Humid}}, severity: minor, {}}}\n"
HUMID = "when: {measurement: humidity, above: 85}"


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "site.yaml"
    path.write_text(HEAD + text)
    with pytest.raises(SiteFileError) as caught:
        load_site(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.problems]


def gate(line: str) -> str:
    return f"rules:\n  gate_held_open:\n    {line}\n"


def own(name: str, rest: str = HUMID) -> str:
    return OWN.format(name, rest)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (gate("dwell: 3"), ["9: rules.gate_held_open.dwell: unknown field; did you mean 'dwell_s'?"]),
        (gate("dwell_s: 5 min"), ["9: rules.gate_held_open.dwell_s", "write 300"]),
        (gate("dwell_s: 1.5h"), ["write 5400"]),
        (gate("dwell_s: 0"), ["9: rules.gate_held_open.dwell_s", "greater than or equal to 1"]),
        (
            gate("overrides: [{zone: garag, dwell_s: 3}]"),
            ["9: rules.gate_held_open.overrides[0].zone: there is no zone 'garag'", "did you mean 'garage'?"],
        ),
        (gate("overrides: [{building: [b1, b2], dwell_s: 3}]"), ["there is no building 'b2'", "known: b1"]),
        (gate("overrides: [{device: w2, dwell_s: 3}]"), ["there is no device 'w2'", "known: w1"]),
        (gate("overrides: [{zone: garage, dwel_s: 3}]"), ["overrides[0].dwel_s: unknown field", "'dwell_s'"]),
        (gate("overrides: [{zone: garage}]"), ["changes nothing"]),
        (gate("overrides: [{dwell_s: 3}]"), ["says nothing of whom"]),
        (gate("overrides: {zone: garage}"), ["should be a list", "- {zone: NAME"]),
        (gate("overrides: [3]"), ["overrides[0]: should be a mapping"]),
        ("custom_rules:\n" + own("a") + own("a"), ["9: custom_rules[1].name: 'a' is taken by custom_rules[0]"]),
        ("custom_rules:\n" + own("smoke_alarm"), ["8: custom_rules[0].name", "taken by a rule of the catalogue"]),
        ("custom_rules:\n" + own("device_offline"), ["taken by a rule of the catalogue"]),
        ("custom_rules:\n" + own("a", f"where: {{zone: attic}}, {HUMID}"), ["where.zone: there is no zone 'attic'"]),
        (
            "custom_rules:\n" + own("a", "when: {all: [{state: water_leak}, {during: nigt}]}"),
            ["when.all[1].during", "mean 'night'?"],
        ),
        ("custom_rules:\n" + own("a", "when: {measurement: humidity, above: 400}"), ["impossible threshold"]),
        ("custom_rules:\n" + own("a", "when: {measurement: humidity, above: 85 %}"), ["write 85"]),
        ("custom_rules:\n" + own("a", f"for_s: 10 min, {HUMID}"), ["custom_rules[0].for_s", "write 600"]),
        ("calendar: {holidays: [2026-13-01]}\n", ["calendar.holidays[0]"]),
    ],
)
def test_each_mistake_has_line_field_and_remedy(tmp_path: Path, text: str, said: list[str]) -> None:
    (problem,) = problems(tmp_path, text)
    assert all(part in problem for part in said), problem


def test_two_schedules_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(HEAD + "  - {name: night, periods: [{}]}\n")
    with pytest.raises(SiteFileError, match="'night' is taken by schedules"):
        load_site(path)


def test_several_mistakes_come_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, gate("dwell_s: 5 min\n    overrides: [{zone: attic, dwell_s: 0}]"))
    assert [line.split(":")[0] for line in found] == ["9", "10", "10"]


def test_a_good_file_becomes_rules(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        HEAD
        + gate("overrides: [{zone: garage, dwell_s: 3}]")
        + "calendar: {holidays: [2026-10-01], workdays: [2026-10-10]}\n"
        + "custom_rules:\n"
        + own("humid", f"where: {{zone: garage}}, {HUMID}")
    )
    site = load_site(path)
    rules = {rule.name: rule for rule in rules_of(site)}
    here = Device("w1", DeviceKind.WATER_LEAK, zone="garage")
    own_variant = rules["gate_held_open"].for_device(here)
    assert own_variant is not None
    assert (own_variant.params.dwell_s, rules["gate_held_open"].params.dwell_s) == (3, 60)
    assert rules["humid"].params.severity is Severity.MINOR
    assert rules["humid"].for_device(Device("w2", DeviceKind.WATER_LEAK)) is None
    assert len(calendar_of(site).holidays) == len(calendar_of(site).workdays) == 1
