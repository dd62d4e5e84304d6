"""Every error as an RFC 9457 problem document: what went wrong, and what to do about it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from math import ceil
from typing import Any, NoReturn

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from alert_rules.alert import IllegalMove
from gateway.alerts.database import StoreUnavailable
from gateway.alerts.people import LoginRefused, TooManyAttempts
from gateway.api.headers import SECURITY_HEADERS
from gateway.api.ports import Conflict, Unavailable

MEDIA_TYPE = "application/problem+json"

_STATUS: dict[type[Exception], int] = {
    LoginRefused: 401,
    Conflict: 409,
    IllegalMove: 409,
    Unavailable: 503,
    StoreUnavailable: 503,
}


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> Response:
    """Build the document; ``type`` is about:blank, so that ``title`` is the status's own phrase."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


@contextmanager
def known(what: str, name: str) -> Iterator[None]:
    """Turn a port's KeyError into 404."""
    try:
        yield
    except KeyError:
        missing(what, name)


def missing(what: str, name: str) -> NoReturn:
    raise HTTPException(404, f"there is no {what} {name!r}; the list shows which there are")


def install(app: FastAPI) -> None:
    """Register a handler for everything that may be raised."""
    for kind, status in _STATUS.items():
        app.add_exception_handler(kind, _saying(status))
    app.add_exception_handler(TooManyAttempts, _throttled)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def _saying(status: int) -> Any:
    async def handler(_request: Request, error: Exception) -> Response:
        return problem(status, str(error))

    return handler


async def _throttled(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyAttempts)  # noqa: S101 - what it was registered for
    return problem(429, str(error), {"Retry-After": str(max(1, ceil(error.retry_after)))})


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it was registered for
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _not_allowed(request, error)
    return problem(error.status_code, error.detail, error.headers)


def _not_allowed(request: Request, error: HTTPException) -> Response:
    """The console's files answer GET at every address: to another method an address without route is unknown."""
    allowed = (error.headers or {}).get("Allow", "")
    if request.url.path.startswith("/api/") and getattr(request.scope.get("route"), "path", "") == "/{path:path}":
        return problem(404, "the API has no such address; /api/docs lists what it has")
    return problem(405, f"{request.method} is not possible here; {allowed or 'another method'} is", error.headers)


async def _invalid(_request: Request, error: Exception) -> Response:
    """Name each bad member, never its value: it may be a password."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it was registered for
    errors = [{"at": ".".join(map(str, e["loc"])), "detail": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{e['at']}: {e['detail']}" for e in errors)
    return problem(422, detail, errors=errors)


async def _unexpected(_request: Request, _error: Exception) -> Response:
    """Runs outside all middleware, hence the headers; the server logs the traceback, the client sees none of it."""
    return problem(500, "the gateway failed on this request; its log has the details", SECURITY_HEADERS)
