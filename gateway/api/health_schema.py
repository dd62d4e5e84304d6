"""Bodies of how the gateway itself is, and of what it could not understand."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.api.schema import Time


class DeadLetter(BaseModel):
    """A message that could not be understood, and why."""

    id: int
    lane: str
    seq: int
    at: Time
    topic: str
    reason: str
    detail: str
    payload: Annotated[str, Field(description="text, lossy, at most 500 characters")]


class DeadLetters(BaseModel):
    """Newest first."""

    items: list[DeadLetter]


class Lane(BaseModel):
    """How far the consumers of a journal lane are behind, in messages."""

    head: int
    evaluate_lag: int
    history_lag: int


class HealthProblem(BaseModel):
    """Something wrong with the gateway itself."""

    code: str
    detail: str


class AuditHead(BaseModel):
    """The end of the audit chain; written down elsewhere it proves that nothing was cut off."""

    head_seq: int
    head_hash: str


class HealthView(BaseModel):
    """How the gateway itself is."""

    ready: bool
    problems: list[HealthProblem]
    lanes: dict[str, Lane]
    connected: dict[str, bool]
    counters: dict[str, int]
    audit: AuditHead


class Readiness(BaseModel):
    """Whether the gateway takes in and evaluates messages."""

    ready: bool
    lanes: dict[str, Lane]
