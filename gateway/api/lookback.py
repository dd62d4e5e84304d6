"""Looking back: why an alert was raised, why a device raised nothing, what verdicts teach."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from gateway.api import lookback_schema as schema
from gateway.api.context import InPorts
from gateway.api.problems import missing
from gateway.api.scope import AlertId, DeviceId
from gateway.api.security import GuardedRoute
from gateway.api.views import Json

router = APIRouter(route_class=GuardedRoute, tags=["looking back"])

_LATER: dict[int | str, dict[str, Any]] = {404: {}, 503: {}}
Days = Annotated[int, Query(ge=1, le=3_660, description="how far back")]
Moment = Annotated[
    str, Query(min_length=10, max_length=40, description="local or zoned ISO time", examples=["2026-11-03T14:05"])
]


@router.get("/api/alerts/{alert_id}/explanation", response_model=schema.Explanation, responses=_LATER)
async def explain_alert(alert_id: AlertId, ports: InPorts) -> Response:
    """What decided, and which single setting would have prevented it: found by judging the messages again."""
    if await ports.desk.detail(alert_id) is None:
        missing("alert", alert_id)
    return Json(await ports.lookback.explain_alert(alert_id))


@router.get("/api/devices/{device_id}/explanation", response_model=schema.Silence, responses=_LATER)
async def explain_silence(device_id: DeviceId, at: Moment, ports: InPorts) -> Response:
    """Every message of the device within ten minutes of ``at``, and what each rule made of it."""
    if ports.devices.get(device_id) is None:
        missing("device", device_id)
    return Json(await ports.lookback.explain_silence(device_id, at))


@router.get("/api/feedback", response_model=schema.Feedback, responses={503: {}})
async def feedback(ports: InPorts, days: Days = 90) -> Response:
    """False alarms and time to verdict per rule, device, zone and hour."""
    return Json(await ports.lookback.feedback(days))
