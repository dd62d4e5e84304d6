"""Bodies of what looks back."""

from typing import Any

from gateway.api.schema import Answer


class Prevention(Answer):
    """A single setting that would have prevented the alert."""

    parameter: str
    was: float
    value: float


class Explanation(Answer):
    """Why an alert was raised; ``reproduced``: today's rules raise it again from the journal."""

    alert: dict[str, Any]
    about: str
    parameters: dict[str, Any]
    timeline: list[dict[str, Any]]
    reproduced: bool
    prevented_by: list[Prevention]


class Heard(Answer):
    """One message, and what each rule made of it."""

    at: float
    topic: str
    refused: str
    set_aside: str
    said: dict[str, Any]
    rules: dict[str, str]


class Silence(Answer):
    """Why a device raised nothing."""

    device: str
    heard: list[Heard]
    unconcerned: dict[str, str]


class Share(Answer):
    """Alerts that have something in common."""

    name: str
    alerts: int
    true: int
    false: int
    false_rate: float | None
    to_verdict_s: float | None


class Feedback(Answer):
    """What verdicts teach, by dimension; ``advice`` is left to the command line."""

    shares: dict[str, list[Share]]
    advice: list[dict[str, Any]] | None
