"""The contract of a rule: what it listens to, its parameters, and a pure step."""

import math
from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct
from pydantic import BaseModel, ConfigDict

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.calendar import UTC, Calendar
from alert_rules.scope import Scope
from devices.model import DeviceKind, Report
from devices.registry import Device
from devices.twin import Twin

NEVER = math.inf
NOTHING: list[Transition] = []

Rest = tuple[float, tuple[tuple[str, float, float], ...]]
"""Until when (epoch seconds), and between which readings of each quantity, both included."""


class Params(BaseModel):
    """Parameters of a rule; each field states unit, default and source in its description."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleState(Struct, array_like=True, gc=False):
    """What a rule remembers of one device. ``due`` is when ``tick`` wants to be called, in epoch seconds."""

    due: float = NEVER


class Override(Struct, frozen=True):
    """Parameters that differ for some devices: ``values`` replace those fields of the rule's own parameters."""

    scope: Scope
    values: dict[str, Any]


S = TypeVar("S", bound=RuleState)
P = TypeVar("P", bound=Params)


class Rule(Generic[S, P]):
    """Judges the reports that share a key: one device's, unless ``keyed``.

    ``step`` and ``tick`` are pure: they return the next state (``None``: nothing to remember) and what to say, and must
    hand back the very same state object where nothing changed. The engine calls them in order of receipt, never with
    old retained or historical, or (unless ``judges_tests``) test reports; those of strangers only if
    ``judges_strangers``. ``signs`` are names of ``alert_rules.signs``. A report may still be late: ``twin`` holds what
    is newest.

    ``rest`` spares calls where a report that changes no state cannot say anything to the rule.
    """

    name: ClassVar[str]
    kinds: ClassVar[frozenset[DeviceKind]]
    states: ClassVar[frozenset[str]] = frozenset()
    events: ClassVar[frozenset[str]] = frozenset()
    measurements: ClassVar[frozenset[str]] = frozenset()
    signs: ClassVar[frozenset[str]] = frozenset()
    keyed: ClassVar[bool] = False
    judges_tests: ClassVar[bool] = False
    judges_strangers: ClassVar[bool] = False
    fire: ClassVar[bool] = False
    State: ClassVar[Any]
    Params: ClassVar[Any] = Params

    def __init__(self, params: P, calendar: Calendar = UTC, overrides: Iterable[Override] = ()) -> None:
        self.params = params
        self.calendar = calendar
        self.overrides = tuple(overrides)
        self._variants: dict[tuple[int, ...], Rule[S, P]] = {}

    @property
    def varies(self) -> bool:
        """Tell whether :meth:`for_device` may answer anything but this very rule."""
        return bool(self.overrides)

    def for_device(self, device: Device) -> "Rule[S, P] | None":
        """The rule with the parameters that hold for ``device``; ``None``: it does not judge that device.

        The engine asks once per device, so that a step never looks parameters up. Every override that holds the device
        applies, the later ones over the earlier. Rules of equal parameters are one object.
        """
        holding = tuple(index for index, override in enumerate(self.overrides) if override.scope.holds(device))
        if not holding:
            return self
        if holding not in self._variants:
            changed: dict[str, Any] = {}
            for index in holding:
                changed |= self.overrides[index].values
            params = type(self.params).model_validate(self.params.model_dump() | changed)
            self._variants[holding] = type(self)(params, self.calendar)
        return self._variants[holding]

    def key(self, report: Report, device: Device | None) -> str:
        """Name the group ``report`` belongs to (a zone, a building, a credential); "" leaves the report unjudged.

        Asked only of ``keyed`` rules. The engine keeps one state per key; the alert's ``subject`` must be the key.
        """
        return report.device

    def succeeds(self, before: "Rule[Any, Any]") -> bool:
        """Tell whether this rule can go on with what ``before``, of the same name, remembered."""
        return type(before) is type(self)

    def rest(self, state: S | None, twin: Twin) -> Rest | None:
        """Say what the engine need not show the rule, which has just judged ``twin`` and remembers ``state``.

        A report of an equal device whose states repeat is shown only from the time given on, or when one of its
        readings is not within its bounds. ``None``: show every report. A class that overrides this is asked often.
        """
        return None

    def step(self, state: S | None, report: Report, twin: Twin, now: float) -> tuple[S | None, list[Transition]]:
        """Judge ``report``; ``twin`` already includes it."""
        raise NotImplementedError

    def tick(self, state: S, twin: Twin, kind: DeviceKind, now: float) -> tuple[S | None, list[Transition]]:
        """Act on ``state.due``; only rules that set it need this. ``twin``: of the device last heard under the key."""
        raise NotImplementedError

    def reset(self, state: S, subject: str) -> S | None:
        """A person resolved the alert on ``subject``: forget its latch."""
        return None

    def say(self, action: Action, report: Report, severity: Severity, reason: Reason, **more: Any) -> Transition:
        """Build a transition about the report's device; ``more`` are ``subject``, ``auto_resolve``, ``attributes``."""
        return Transition(
            action=action,
            rule=self.name,
            device=report.device,
            kind=report.kind,
            severity=severity,
            at=report.at,
            received_at=report.received_at,
            reason=reason,
            test=report.test,
            registered=report.registered,
            **more,
        )

    def say_later(
        self,
        action: Action,
        twin: Twin,
        kind: DeviceKind,
        now: float,
        severity: Severity,
        reason: Reason,
        **more: Any,
    ) -> Transition:
        """Build a transition that a timer, not a report, decided."""
        report = Report(twin.device, kind, now, now)
        return self.say(action, report, severity, reason, **more)
