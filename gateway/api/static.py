"""The console's own files. Any address that is none of them is a page of the console, which it routes itself."""

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from gateway.api.context import InPorts
from gateway.api.problems import problem
from gateway.api.security import GuardedRoute

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

# Named here since the machine's own table may lack or misname them, and nosniff makes that fatal.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_ASK_AGAIN = {"Cache-Control": "no-cache"}
_UNBUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Community Gateway</title>
<h1>控制台尚未构建 / The console is not built</h1>
<p>网关正在运行，接口位于 /api。The gateway is running; its API is at /api.</p>
<p>构建 / Build it: <code>pip install -e .</code>, or in <code>gateway/console</code>:
<code>npm ci &amp;&amp; npm run build</code></p></html>
"""


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def console(path: str, request: Request, ports: InPorts) -> Response:
    """A file of the console, or its start page."""
    root = ports.console_dir
    if path == "api" or path.startswith("api/"):
        return problem(404, "the API has no such address; /api/docs lists what it has")
    if root is None or not (root / "index.html").is_file():
        return HTMLResponse(_UNBUILT, 503, _ASK_AGAIN)
    file = find(root, path)
    if file is not None:
        return _send(file, _FOREVER if path.startswith("assets/") else _ASK_AGAIN)
    if is_page(path, request.headers.get("Accept", "")):
        return _send(root / "index.html", _ASK_AGAIN)
    return problem(404, "the console has no such file")


def find(root: Path, path: str) -> Path | None:
    """The file at ``path`` below ``root``; ``None`` if there is none, or it leads outside by dots or links."""
    top = root.resolve()
    try:
        file = (top / path).resolve()
        return file if file.is_relative_to(top) and file.is_file() else None
    except (OSError, ValueError):  # too long, or a NUL in it
        return None


def is_page(path: str, accept: str) -> bool:
    """Tell the address of a page from that of a missing file, or of an attempt to climb out."""
    segments = path.split("/")
    if segments[0] == "assets" or ".." in segments or "\\" in path or "\x00" in path:
        return False
    return "text/html" in accept or "." not in segments[-1]


def _send(file: Path, headers: dict[str, str]) -> Response:
    return FileResponse(file, headers=headers, media_type=_TYPES.get(file.suffix, "application/octet-stream"))
