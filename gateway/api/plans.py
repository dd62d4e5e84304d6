"""Emergency plans: which there are, which run for an alert, and their steps."""

from typing import Any

from fastapi import APIRouter, Response

from gateway.api import case_schema as schema
from gateway.api.context import Actor, InPorts
from gateway.api.problems import known
from gateway.api.scope import AlertId
from gateway.api.security import GuardedRoute
from gateway.api.views import Json

router = APIRouter(route_class=GuardedRoute, tags=["plans"])

_MOVED: dict[int | str, dict[str, Any]] = {404: {}, 409: {}}


@router.get("/api/plans", response_model=schema.PlanList)
async def list_plans(ports: InPorts) -> Response:
    """List every emergency plan there is."""
    return Json({"items": ports.plans.known()})


@router.get("/api/alerts/{alert_id}/plan", response_model=schema.AlertPlans, responses={404: {}})
async def get_plans_of_alert(alert_id: AlertId, ports: InPorts) -> Response:
    """The plans that run or ran for an alert, and those that could be started."""
    with known("alert", alert_id):
        return Json(await ports.plans.of(alert_id))


@router.post("/api/alerts/{alert_id}/plan", response_model=schema.ChecklistView, responses=_MOVED)
async def start_plan(alert_id: AlertId, body: schema.PlanStart, ports: InPorts, person: Actor) -> Response:
    """Start a plan for an open alert; its deadlines begin to run."""
    with known("open alert or plan", f"{alert_id}, {body.plan}"):
        return Json(await ports.plans.start(alert_id, body.plan, person.username))


@router.post("/api/alerts/{alert_id}/plan/step", response_model=schema.ChecklistView, responses=_MOVED)
async def finish_step(alert_id: AlertId, body: schema.StepDone, ports: InPorts, person: Actor) -> Response:
    """Note that a step was done, by whom and when."""
    with known("step", f"{alert_id}, {body.plan}, {body.step}"):
        return Json(await ports.plans.done(alert_id, body.plan, body.step, body.note, person.username))
