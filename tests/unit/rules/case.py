"""One entry of the table behind the tests that every rule must pass."""

from typing import Any

from msgspec import Struct, field

from alert_rules.alert import Severity
from devices.model import DeviceKind, Event
from devices.registry import Device
from tests.unit.rules.timeline import Timeline

THING = "thing-1"


class Case(Struct, kw_only=True):
    """``signs`` make the rule raise ``dwell_s`` later; ``almost`` are the mildest signs that must not.

    ``rules`` are parameters of the site file that let one report decide, ``place`` where the device hangs.
    """

    kind: DeviceKind
    signs: dict[str, Any]
    almost: dict[str, Any]
    severity: Severity
    dwell_s: float = 0.0
    end: dict[str, Any] | None = None
    subject: str = ""
    auto_resolve: bool = False
    judges_strangers: bool = False
    test: bool = False
    registered: bool = True
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)

    def story(self) -> Timeline:
        return Timeline(Device(THING, self.kind, **self.place), rules=self.rules)


def event(code: str, **attributes: Any) -> dict[str, Any]:
    return {"events": (Event(code, attributes),)}
