"""How each rule fires, just fails to, and ends: the table behind the tests that every rule must pass."""

from alert_rules.alert import Severity
from devices.model import DeviceKind
from tests.unit.rules.case import THING, Case, event
from tests.unit.rules.cases_fire import CASES as FIRE_CASES
from tests.unit.rules.cases_place import CASES as PLACE_CASES
from tests.unit.rules.cases_place import STUCK, standing

__all__ = ["CASES", "STUCK", "THING", "Case", "event", "standing"]

POWER_CASES = {
    "power_failure": Case(
        kind=DeviceKind.LIFT,
        signs={"states": {"power_failure": True}},
        almost={"states": {"power_failure": None}},
        severity=Severity.MINOR,
        end={"states": {"power_failure": False}},
        auto_resolve=True,
    ),
}
CASES: dict[str, Case] = FIRE_CASES | PLACE_CASES | POWER_CASES
