"""The bench of the rules alone judges what it says it judges."""

from alert_rules.catalogue import RULES, build_rules
from alert_rules.engine import Engine
from devices.model import DeviceKind
from tests.bench import rules
from tests.bench.rules import EVERY_S, KINDS, START, inventory, reports


def test_every_device_speaks_once_a_minute() -> None:
    devices = list(inventory(12))
    said = list(reports(devices, 0, 36))
    assert [each.device for each in said] == [device.id for device in devices] * 3
    assert {said[12 + n].at - said[n].at for n in range(12)} == {EVERY_S}
    assert {each.sequence for each in said} == {0, 1, 2}


def test_every_kind_is_among_them() -> None:
    assert set(KINDS) == set(DeviceKind)


def test_a_quiet_day_raises_nothing() -> None:
    registry = inventory(30)
    engine = Engine(build_rules({}), registry, START)
    said = [t for each in reports(list(registry), 0, 3_000) for t in engine.observe(each, each.received_at)]
    assert said == []
    assert engine.duplicates == 0


def test_the_result_names_its_figures() -> None:
    found = rules.run((12, 24), 60, 1)
    assert found["rules"] == len(RULES)
    assert found["per_cpu_s"] == min(found["devices"].values())
    assert found["ratio"] >= 1
