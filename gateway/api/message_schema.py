"""What the API says about messages to people and programs."""

from pydantic import BaseModel

from gateway.alerts.records import OutboxRow
from gateway.api.schema import Time


class MessageView(BaseModel):
    """One message about an alert, and how far it came.

    Unsent while ``sent_at`` is null: then ``next_at`` is when it is tried next, and ``last_error`` what went wrong at
    the last of ``attempts``, without secrets.
    """

    channel: str
    stage: str
    queued_at: Time
    attempts: int
    next_at: Time | None
    sent_at: Time | None
    last_error: str | None


class MessageList(BaseModel):
    """Messages about one alert, oldest first."""

    items: list[MessageView]


def message_view(row: OutboxRow) -> dict[str, object]:
    """MessageView of the API. A failed attempt is counted at once, the one that succeeded with its record."""
    return {
        "channel": row.channel,
        "stage": row.stage,
        "queued_at": row.created_at,
        "attempts": row.attempts + (row.sent_at is not None),
        "next_at": row.next_at if row.sent_at is None else None,
        "sent_at": row.sent_at,
        "last_error": row.last_error,
    }
