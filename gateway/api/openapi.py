"""The API's description, and a page that shows it without any script: it works offline and under our own CSP."""

from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from gateway.api.policy import Access, access_to, scope_for
from gateway.api.problems import MEDIA_TYPE
from gateway.api.schema import ProblemView
from gateway.api.security import COOKIE, CSRF_HEADER, CSRF_VALUE, GuardedRoute
from gateway.api.views import Json

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

TAGS = [
    {"name": "session", "description": "Logging in and out; the session is a cookie."},
    {"name": "alerts", "description": "The review queue."},
    {"name": "exports", "description": "Alerts as a table."},
    {"name": "suppressions", "description": "What keeps alerts from calling people: maintenance, silences, shelving."},
    {"name": "plans", "description": "Emergency plans and their checklists."},
    {"name": "cases", "description": "Evidence, archives and reviews of alerts."},
    {"name": "looking back", "description": "Why an alert was raised or not, and what verdicts teach."},
    {"name": "incidents", "description": "Alerts that people work as one."},
    {"name": "devices", "description": "The site, its devices and their history."},
    {"name": "quarantine", "description": "Unknown devices and messages that could not be understood."},
    {"name": "looking back", "description": "Why alerts were raised or not, and what verdicts teach."},
    {"name": "people", "description": "The accounts."},
    {"name": "duty", "description": "Shifts, the rota, hand-over notes and who should go."},
    {"name": "visitors", "description": "Visits and their passes."},
    {"name": "push", "description": "What devices that speak no MQTT push."},
    {"name": "tokens", "description": "What lets programs in."},
    {"name": "health", "description": "How the gateway itself is."},
    {"name": "stream", "description": "Server-sent events."},
]
_PROBLEMS = {
    401: "Not logged in, or the login was refused",
    403: "The role does not suffice, or the request came from another site's page",
    404: "No such thing",
    409: "Somebody was faster, or the move is not allowed now",
    413: "The body is too large",
    422: "A parameter or member is missing or wrong",
    429: "Too many requests or failures; see Retry-After",
    503: "A store does not answer; nothing was changed",
}
_BINARY = {"type": "string", "format": "binary"}
_CSRF_PARAMETER = {
    "name": CSRF_HEADER,
    "in": "header",
    "required": True,
    "schema": {"type": "string", "const": CSRF_VALUE},
}


@router.get("/api/openapi.json")
async def openapi_json(request: Request) -> Response:
    """The description as OpenAPI."""
    return Json(request.app.openapi())


@router.get("/api/docs")
async def docs(request: Request) -> Response:
    """The description as a page."""
    return HTMLResponse(render(request.app.openapi()))


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of ``app``, with what the gate adds to every route: roles, the CSRF header, problem documents."""
    spec = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=TAGS,
        separate_input_output_schemas=False,
    )
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method.upper(), access_to(method.upper(), path))
    components = spec["components"]
    components["schemas"].pop("HTTPValidationError", None)
    components["schemas"].pop("ValidationError", None)
    components["schemas"]["Problem"] = ProblemView.model_json_schema() | {"title": "Problem"}
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        "token": {"type": "http", "scheme": "bearer"},
    }
    return spec


def _complete(operation: dict[str, Any], method: str, access: Access) -> None:
    operation["x-access"] = access.value
    if access is not Access.PUBLIC:
        operation["security"] = _security(method, access)
    if method == "POST" and access is not Access.DEVICE:
        operation.setdefault("parameters", []).append(_CSRF_PARAMETER)
    responses = operation["responses"]
    for content in responses.get("200", {}).get("content", {}).values():
        content.setdefault("schema", _BINARY)
    for code in _problem_codes(operation, method, access):
        responses[str(code)] = _problem_response(_PROBLEMS[code])
    operation["responses"] = dict(sorted(responses.items()))


def _security(method: str, access: Access) -> list[dict[str, list[str]]]:
    if access is Access.DEVICE:
        return [{"token": []}]
    names = ["session", "token"] if scope_for(method, access) else ["session"]
    return [{name: []} for name in names]


def _problem_codes(operation: dict[str, Any], method: str, access: Access) -> set[int]:
    """The codes its route names without a body of their own, and those that the gate may answer."""
    codes = {int(code) for code, response in operation["responses"].items() if "content" not in response}
    codes |= {int(code) for code in operation["responses"] if code == "422"}
    codes |= {401, 503} if access is not Access.PUBLIC else set()
    if access is Access.DEVICE:
        return codes & _PROBLEMS.keys()
    codes |= {403} if method == "POST" or access not in (Access.PUBLIC, Access.LOOPBACK, Access.VIEWER) else set()
    codes |= {413} if "requestBody" in operation else set()
    return codes & _PROBLEMS.keys()


def _problem_response(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def render(spec: dict[str, Any]) -> str:
    """One plain page: every operation with its access, parameters, body and answers."""
    rows = "".join(
        _row(method.upper(), path, operation)
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
    )
    title = escape(f"{spec['info']['title']} {spec['info']['version']}")
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px system-ui;margin:2em}}td,th{{padding:.4em .8em;text-align:left;vertical-align:top}}
tr{{border-bottom:1px solid #ccc}}table{{border-collapse:collapse}}</style>
<h1>{title}</h1><p>{escape(spec["info"]["description"])}</p>
<p>Machine-readable: <a href="/api/openapi.json">/api/openapi.json</a></p>
<table><tr><th>Operation<th>What it does<th>Access<th>Takes<th>Answers</tr>{rows}</table></html>
"""


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    takes = [p["name"] for p in operation.get("parameters", ())]
    if "requestBody" in operation:
        takes.append(_schema_name(operation["requestBody"]))
    answers = [f"{code} {_schema_name(response)}".strip() for code, response in operation["responses"].items()]
    cells = (operation.get("description", ""), operation["x-access"], ", ".join(takes), ", ".join(answers))
    return f"<tr><td><code>{method} {escape(path)}</code>" + "".join(f"<td>{escape(cell)}" for cell in cells) + "</tr>"


def _schema_name(holder: dict[str, Any]) -> str:
    schemas = (content.get("schema", {}) for content in holder.get("content", {}).values())
    return ", ".join(s["$ref"].rpartition("/")[2] for s in schemas if "$ref" in s)
