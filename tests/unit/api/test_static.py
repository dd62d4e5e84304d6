"""The console's files, its pages, and everything that tries to get at other files."""

from pathlib import Path

import pytest

from gateway.api.static import find, is_page
from tests.unit.api.world import World

FILES = {
    "index.html": "<!doctype html>start",
    "assets/index-a1b2.js": "start()",
    "assets/style.css": "a{}",
    "assets/font.woff2": "font",
    "favicon.svg": "<svg/>",
    "odd.unknown": "?",
}


@pytest.fixture
def console(tmp_path: Path) -> Path:
    root = tmp_path / "dist"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "dist-other").mkdir()
    (tmp_path / "dist-other" / "secret.txt").write_text("secret")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    return root


@pytest.mark.parametrize(
    ("path", "media_type", "cache"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/assets/index-a1b2.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/style.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/font.woff2", "font/woff2", "public, max-age=31536000, immutable"),
        ("/favicon.svg", "image/svg+xml", "no-cache"),
        ("/odd.unknown", "application/octet-stream", "no-cache"),
    ],
)
async def test_files_come_with_their_type_and_caching(console: Path, path: str, media_type: str, cache: str) -> None:
    async with World(console).client() as client:
        response = await client.get(path)
    assert response.text == FILES[path[1:] or "index.html"]
    assert response.headers["Content-Type"] == media_type
    assert response.headers["Cache-Control"] == cache


@pytest.mark.parametrize("path", ["/alerts", "/alerts/abc", "/devices/cam.01", "/deep/er/still", "/login?next=/x"])
async def test_a_page_of_the_console_is_its_start_page(console: Path, path: str) -> None:
    async with World(console).client(headers={"Accept": "text/html,*/*"}) as client:
        response = await client.get(path)
    assert response.status_code == 200
    assert response.text == FILES["index.html"]
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/assets/gone.js", "/assets/", "/gone.png", "/link.txt", "/favicon.ico"])
async def test_a_missing_file_is_not_a_page(console: Path, path: str) -> None:
    async with World(console).client(headers={"Accept": "*/*"}) as client:
        response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/%2e%2e/dist-other/secret.txt",
        "/%2e%2e",
        "/..%5csecret.txt",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/x%00.js",
        "/" + "a" * 5000,
    ],
)
async def test_nothing_outside_is_reached(console: Path, path: str) -> None:
    async with World(console).client(headers={"Accept": "*/*"}) as client:
        response = await client.get(path)
    assert response.text == FILES["index.html"] or response.status_code == 404
    if ".." in path or "%2e" in path or "%00" in path:
        assert response.status_code == 404


@pytest.mark.parametrize("path", ["../secret.txt", "assets/../../secret.txt", "/etc/passwd", "link.txt", "a\0b", ""])
def test_only_files_below_the_root_are_found(console: Path, path: str) -> None:
    assert find(console, path) is None


def test_a_link_as_root_is_followed(console: Path) -> None:
    link = console.parent / "current"
    link.symlink_to(console)
    assert find(link, "assets/style.css") == (console / "assets/style.css").resolve()


@pytest.mark.parametrize("path", ["../x", "a/../../b", "assets/x", "a\\b", "a\0"])
def test_attempts_are_no_pages_whatever_the_browser_accepts(path: str) -> None:
    assert not is_page(path, "text/html")


async def test_head_answers_without_a_body(console: Path) -> None:
    async with World(console).client() as client:
        response = await client.head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Length"] == str(len(FILES["index.html"]))


@pytest.mark.parametrize("missing", [None, Path("/nonexistent/dist")])
async def test_an_unbuilt_console_says_how_to_build_it(missing: Path | None) -> None:
    async with World(missing).client() as client:
        page = await client.get("/alerts")
        api = await client.get("/api/site")
    assert page.status_code == 503
    assert "npm ci" in page.text
    assert "控制台尚未构建" in page.text
    assert api.status_code == 401


async def test_a_console_built_later_is_served_without_a_restart(tmp_path: Path) -> None:
    async with World(tmp_path).client() as client:
        assert (await client.get("/")).status_code == 503
        (tmp_path / "index.html").write_text("built")
        assert (await client.get("/")).text == "built"
