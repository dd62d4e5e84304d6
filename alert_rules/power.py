"""A lift without power; panels have a rule of their own. What the failure explains stands in ``causes``. Pure."""

from alert_rules.alert import Severity
from alert_rules.latch import StateAlarm
from devices.model import DeviceKind


class PowerFailure(StateAlarm):
    """A lift's controller has lost the mains: the building, or its supply, is dark. Ends with the power's return."""

    name = "power_failure"
    kinds = frozenset({DeviceKind.LIFT})
    states = frozenset({"power_failure", "main_power_fault"})
    severity = Severity.MINOR
    latching = False
    auto_resolve = True
