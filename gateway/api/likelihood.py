"""How likely the alerts of each rule proved to be true."""

from fastapi import APIRouter, Response

from gateway.api import muting_schema as schema
from gateway.api.context import InPorts
from gateway.api.security import GuardedRoute
from gateway.api.views import Json

router = APIRouter(route_class=GuardedRoute, tags=["alerts"])


@router.get("/api/likelihood", response_model=schema.LikelihoodReviews)
async def list_likelihood_reviews(ports: InPorts) -> Response:
    """List the quarterly reviews, the latest first: verdicts per rule, the band before and since."""
    return Json({"items": ports.likelihood.reviews()})
