"""Falling objects, judged on what cameras detect."""

from pydantic import Field

from alert_rules.alert import Action, Reason, Severity, Transition
from alert_rules.rule import NOTHING, Params, Rule, RuleState
from devices.model import DeviceKind, Report
from devices.twin import Twin


class FallingParams(Params):
    """Which detections are believed."""

    min_score: float = Field(0.5, ge=0, le=1, description="detections scored lower are left to the camera's own log")


class FallingObject(Rule[RuleState, FallingParams]):
    """One alert per throw: the throw is over when it is reported, so there is nothing to clear."""

    name = "falling_object"
    kinds = frozenset({DeviceKind.CAMERA})
    events = frozenset({"falling_object"})
    State = RuleState
    Params = FallingParams

    def step(
        self, state: RuleState | None, report: Report, twin: Twin, now: float
    ) -> tuple[RuleState | None, list[Transition]]:
        said: list[Transition] = []
        for event in report.events:
            score = event.attributes.get("score", 1.0)
            if event.code != "falling_object" or not isinstance(score, int | float) or score < self.params.min_score:
                continue
            reason = Reason("fell", dict(event.attributes), {"min_score": self.params.min_score})
            subject = str(event.attributes.get("object_id") or f"{report.at:.1f}")
            said.append(
                self.say(Action.RAISE, report, Severity.MAJOR, reason, subject=subject, attributes=event.attributes)
            )
        return None, said or NOTHING
