"""Puts the API together."""

import time
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry

from gateway.api import (
    alerts,
    cases,
    devices,
    duty,
    exports,
    health,
    incidents,
    likelihood,
    lookback,
    openapi,
    plans,
    problems,
    push,
    quarantine,
    session,
    static,
    stream,
    suppressions,
    tokens,
    visitors,
)
from gateway.api import (
    people as people_routes,
)
from gateway.api.case_ports import Cases, Plans
from gateway.api.context import Ports
from gateway.api.headers import SecurityHeaders
from gateway.api.hub import Hub
from gateway.api.limits import Limits
from gateway.api.ports import (
    Accounts,
    Desk,
    Devices,
    Health,
    HistoryReader,
    Likelihoods,
    Lookback,
    Muting,
    Pushes,
    Tokens,
)
from gateway.people.room import PeopleRoom
from gateway.site import Site

# The console's files answer every address the others do not, so they come last.
_MODULES = (
    session,
    alerts,
    exports,
    suppressions,
    likelihood,
    lookback,
    incidents,
    plans,
    cases,
    devices,
    quarantine,
    people_routes,
    duty,
    visitors,
    push,
    tokens,
    health,
    stream,
    openapi,
    static,
)
ROUTERS = tuple(module.router for module in _MODULES)
DESCRIPTION = (
    "Alerts and devices of a residential community. JSON; times are seconds since the Unix epoch, UTC; "
    "errors are problem documents (RFC 9457); log in to get the session cookie, or send a token as bearer."
)


def create_app(
    *,
    site: Site,
    desk: Desk,
    devices: Devices,
    history: HistoryReader,
    health: Health,
    accounts: Accounts,
    access_tokens: Tokens,
    pushes: Pushes,
    suppressions: Muting,
    likelihood: Likelihoods,
    people: PeopleRoom,
    lookback: Lookback,
    plan_desk: Plans,
    case_desk: Cases,
    hub: Hub,
    registry: CollectorRegistry,
    console_dir: Path | None,
) -> FastAPI:
    """Build the application. ``console_dir`` holds the built console; without it a page says how to build it.

    Serve it without trusting forwarded headers (uvicorn: ``proxy_headers=False, server_header=False``), and call
    ``hub.close()`` before asking the server to stop: it waits for open streams.
    """
    app = FastAPI(
        title="Community Gateway",
        version="1",
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.ports = Ports(
        site=site,
        desk=desk,
        devices=devices,
        history=history,
        health=health,
        accounts=accounts,
        tokens=access_tokens,
        pushes=pushes,
        suppressions=suppressions,
        likelihood=likelihood,
        people=people,
        lookback=lookback,
        plans=plan_desk,
        cases=case_desk,
        hub=hub,
        registry=registry,
        console_dir=console_dir,
    )
    app.state.limits = Limits(time.monotonic)
    problems.install(app)
    app.add_middleware(SecurityHeaders, https=site.api.https)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = cache(lambda: openapi.describe(app))  # type: ignore[method-assign]
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
