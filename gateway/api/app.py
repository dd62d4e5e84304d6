"""Puts the API together."""

import time
from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRoute

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
    people,
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
from gateway.api.context import Ports
from gateway.api.headers import SecurityHeaders
from gateway.api.limits import Limits

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
    people,
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


def create_app(ports: Ports) -> FastAPI:
    """Build the application. Without ``ports.console_dir`` a page says how to build the console.

    Serve it without trusting forwarded headers (uvicorn: ``proxy_headers=False, server_header=False``), and call
    ``ports.hub.close()`` before asking the server to stop: it waits for open streams.
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
    app.state.ports = ports
    app.state.limits = Limits(time.monotonic)
    problems.install(app)
    app.add_middleware(SecurityHeaders, https=ports.site.api.https)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = cache(lambda: openapi.describe(app))  # type: ignore[method-assign]
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
