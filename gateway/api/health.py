"""How the gateway itself is: for people, for supervisors, for Prometheus."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.api import health_schema as schema
from gateway.api.context import InPorts
from gateway.api.security import GuardedRoute
from gateway.api.views import Json

router = APIRouter(route_class=GuardedRoute, tags=["health"])


@router.get("/api/health", response_model=schema.HealthView)
async def get_health(ports: InPorts) -> Response:
    """Lags, connections, problems, and the head of the audit chain."""
    return Json(ports.health.snapshot())


@router.get("/healthz", response_class=PlainTextResponse)
async def alive() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", response_model=schema.Readiness, responses={503: {"model": schema.Readiness}})
async def ready(ports: InPorts) -> Response:
    """200 when messages are taken in and evaluated, else 503; the lags either way."""
    snapshot = ports.health.snapshot()
    is_ready = bool(snapshot["ready"])
    return Json({"ready": is_ready, "lanes": snapshot["lanes"]}, 200 if is_ready else 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(ports: InPorts) -> Response:
    """Metrics in Prometheus' text format; from this machine without a login."""
    return Response(generate_latest(ports.registry), media_type=CONTENT_TYPE_LATEST)
