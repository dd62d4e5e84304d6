"""How each rule fires, just fails to, and ends: the table behind the tests that every rule must pass."""

from tests.unit.rules.case import THING, Case, event
from tests.unit.rules.cases_fire import CASES as FIRE_CASES
from tests.unit.rules.cases_place import CASES as PLACE_CASES
from tests.unit.rules.cases_place import STUCK, standing

__all__ = ["CASES", "STUCK", "THING", "Case", "event", "standing"]

CASES: dict[str, Case] = FIRE_CASES | PLACE_CASES
