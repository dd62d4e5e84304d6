"""Falling objects, judged on what cameras detect: each throw, and throws that follow each other. Pure."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field
from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.occurrence import Occurrence
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Event, Report
from devices.registry import Device
from devices.twin import Twin

MAX_THROWS = 20


class FallingParams(Params):
    """Which detections are believed."""

    min_score: float = Field(
        0.5, ge=0, le=1, description="detections scored lower are left to the camera's own log; chosen"
    )


class FallingObject(Occurrence[FallingParams]):
    """One alert per throw: the throw is over when it is reported, so there is nothing to clear."""

    name = "falling_object"
    kinds = frozenset({DeviceKind.CAMERA})
    events = frozenset({"falling_object"})
    severity = Severity.MAJOR
    code = "fell"
    Params = FallingParams

    def believed(self, event: Event) -> bool:
        return certain(event, self.params.min_score)

    def subject(self, report: Report, event: Event) -> str:
        return str(event.attributes.get("object_id") or f"{report.at:.1f}")

    def thresholds(self) -> dict[str, object]:
        return {"min_score": self.params.min_score}


class SeriesParams(Params):
    """When throws belong together."""

    times: int = Field(
        3, ge=1, le=20, description="throws at one facade column; two may be one thing breaking up; chosen"
    )
    window_s: float = Field(
        600, ge=10, description="seconds between one throw and the next that still belong together; chosen"
    )
    min_score: float = Field(0.5, ge=0, le=1, description="detections scored lower count for nothing; chosen")
    same_s: float = Field(2, ge=0, description="seconds within which two cameras see the same throw; chosen")


class Throw(Struct, array_like=True, gc=False):
    """One throw of a series: epoch seconds, the camera that saw it, and the storeys it may have come from."""

    at: float
    camera: str
    floor_low: float | None = None
    floor_high: float | None = None


class Series(RuleState, array_like=True, gc=False):
    """The newest throws at one column. ``raised_at_camera``: the camera the alert hangs on."""

    throws: list[Throw] = field(default_factory=list)
    count: int = 0
    raised_at_camera: str = ""


class FallingSeries(Rule[Series, SeriesParams]):
    """Several throws within minutes at one facade column: one finding with its history, told again at each more.

    Over when the window passes without a throw. Cameras of one building share its columns.
    """

    name = "falling_series"
    kinds = frozenset({DeviceKind.CAMERA})
    events = frozenset({"falling_object"})
    keyed = True
    severity = Severity.CRITICAL
    State = Series
    Params = SeriesParams

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._places: dict[str, str] = {}

    def key(self, report: Report, device: Device | None) -> str:
        """Building (else camera) and column. The place is noted: ``step`` is not told it."""
        self._places[report.device] = (device.building if device else "") or report.device
        return next((self._key(report, _column(event)) for event in self._throws(report)), "")

    def step(
        self, state: Series | None, report: Report, twin: Twin, now: float
    ) -> tuple[Series | None, list[Transition]]:
        events = list(self._throws(report))
        column = _column(events[0])
        new = [
            Throw(report.at, report.device, _floor(event, "floor_low"), _floor(event, "floor_high"))
            for event in events
            if _column(event) == column and not self._same(state, report)
        ]
        if not new:
            return state, NOTHING
        throws = [*(state.throws if state else ()), *new][-MAX_THROWS:]
        count = len(new) + (state.count if state else 0)
        camera = state.raised_at_camera if state else ""
        if count < self.params.times:
            return Series(now + self.params.window_s, throws, count), NOTHING
        said = self._say(Action.REPEAT if camera else Action.RAISE, report, column, throws, count)
        said.device = camera or report.device
        return Series(now + self.params.window_s, throws, count, said.device), [said]

    def tick(self, state: Series, twin: Twin, kind: DeviceKind, now: float) -> tuple[Series | None, list[Transition]]:
        return None, NOTHING

    def _key(self, report: Report, column: str) -> str:
        return f"{self._places[report.device]}:{column}"

    def _throws(self, report: Report) -> Iterator[Event]:
        return (e for e in report.events if e.code == "falling_object" and certain(e, self.params.min_score))

    def _same(self, state: Series | None, report: Report) -> bool:
        """Tell whether another camera saw this throw already."""
        near = (state.throws if state else []) if self.params.same_s else []
        return any(t.camera != report.device and abs(t.at - report.at) <= self.params.same_s for t in near)

    def _say(self, action: Action, report: Report, column: str, throws: list[Throw], count: int) -> Transition:
        lows = [throw.floor_low for throw in throws if throw.floor_low is not None]
        highs = [throw.floor_high for throw in throws if throw.floor_high is not None]
        values: dict[str, Any] = {"throws": count, "within_s": round(throws[-1].at - throws[0].at, 1), "column": column}
        if lows and highs:
            values |= {"floor_low": max(lows), "floor_high": min(highs)}
        history = [{name: getattr(throw, name) for name in throw.__struct_fields__} for throw in throws]
        reason = Reason("thrown_repeatedly", values, {"times": self.params.times, "window_s": self.params.window_s})
        subject = self._key(report, column)
        return self.say(action, report, self.severity, reason, subject=subject, attributes={"throws": history})


def certain(event: Event, min_score: float) -> bool:
    """Tell whether the detection's score reaches ``min_score``; one without a score counts as certain."""
    score = event.attributes.get("score", 1.0)
    return isinstance(score, int | float) and score >= min_score


def _column(event: Event) -> str:
    return str(event.attributes.get("column", ""))


def _floor(event: Event, name: str) -> float | None:
    value = event.attributes.get(name)
    return float(value) if isinstance(value, int | float) else None
