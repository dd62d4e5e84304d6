"""What happens, as it happens: server-sent events (see gateway/api/hub.py for what a console should do)."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from gateway.alerts.database import StoreUnavailable
from gateway.alerts.people import Person
from gateway.api.context import Actor, InPorts
from gateway.api.hub import Closed, Hub, Subscription
from gateway.api.ports import Unavailable
from gateway.api.security import GuardedRoute, identify

router = APIRouter(route_class=GuardedRoute, tags=["stream"])


class EventStream(StreamingResponse):
    """Leaves the hub however the connection ends."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, subscription: Subscription, request: Request, person: Person) -> None:
        async def welcome() -> bool:
            return await _still_logged_in(request, person)

        # X-Accel-Buffering: nginx would otherwise hold events back until its buffer is full.
        headers = {"X-Accel-Buffering": "no"}
        super().__init__(subscription.frames(welcome), headers=headers)
        self._hub, self._subscription = hub, subscription

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._hub.leave(self._subscription)


@router.get("/api/stream", response_class=EventStream, status_code=200)
async def stream_events(
    request: Request, ports: InPorts, person: Actor, last_event_id: Annotated[str | None, Header()] = None
) -> Response:
    """Events `alert` (AlertView, with id), `devices` ({items}), `health`, `reload` (fetch alerts afresh).

    A reconnecting browser sends Last-Event-ID and gets the alerts it missed, or `reload`. Ends within one ping
    interval of the session's end.
    """
    try:
        subscription = ports.hub.subscribe(_parse(last_event_id), person.buildings)
    except Closed:
        raise HTTPException(503, "the gateway is stopping; connect again in a moment") from None
    return EventStream(ports.hub, subscription, request, person)


def _parse(last_event_id: str | None) -> int | None:
    """An id that is no number is none of ours: too old, so that the console reloads."""
    if not last_event_id:
        return None
    return int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 20 else -1


async def _still_logged_in(request: Request, person: Person) -> bool:
    """Whoever may see other things by now connects anew.

    A database that does not answer must not blind the console: alerts still come from memory.
    """
    try:
        caller = await identify(request)
    except (Unavailable, StoreUnavailable):
        return True
    return caller is not None and caller.person == person
