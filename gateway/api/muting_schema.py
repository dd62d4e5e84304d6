"""Bodies of what is muted, and of how likely alerts proved to be."""

from typing import Annotated, Literal

from pydantic import Field

from alert_rules.alert import Severity
from alert_rules.severity import Likelihood
from alert_rules.suppression import Suppression
from gateway.api.schema import AlertView, Answer, Moment, Request, Short, Time


class Until(Request):
    """How long."""

    until: Moment


class Shelving(Until):
    """How long, and why."""

    reason: Annotated[Short, Field(min_length=1)]


class SuppressionView(Suppression):
    """A suppression and what it does now."""

    state: Literal["upcoming", "running", "ended"]
    on: Annotated[bool, Field(description="running, and its schedule, if it has one, is on")]
    muted: Annotated[int, Field(description="open alerts it keeps from calling people")]


class SuppressionList(Answer):
    """The one that ends last first."""

    items: list[SuppressionView]


class SuppressionPreview(Answer):
    """What it would have muted: at most 100 alerts each, newest first, and how many there are."""

    open: list[AlertView]
    open_total: int
    recent: Annotated[list[AlertView], Field(description="of the last 24 hours, open or not")]
    recent_total: int
    whole: Annotated[bool, Field(description="false: the day had more than 1000 alerts; only the newest were seen")]


class LikelihoodEstimate(Answer):
    """What a quarter's verdicts say of a rule."""

    rule: str
    true: Annotated[int, Field(description="judged true")]
    judged: Annotated[int, Field(description="judged true or false")]
    before: Likelihood
    likelihood: Likelihood
    changed: bool
    lowers: Annotated[dict[str, Severity], Field(description="severities its alerts do not keep, and what they become")]


class LikelihoodReview(Answer):
    """The review of one quarter, as 2026Q3, made at its end."""

    quarter: str
    at: Time
    estimates: list[LikelihoodEstimate]


class LikelihoodReviews(Answer):
    """The latest first."""

    items: list[LikelihoodReview]
