"""Fixtures: Debian's Chromium, and a community behind the real API. No browser is ever downloaded."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, async_playwright

from tests.browser.api_double import DIST, Community, Serving, serving
from tests.servers import free_port, require

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000
DESKTOP = {"width": 1440, "height": 900}


def require_console() -> None:
    """The built console: absent, the test is skipped, in CI it fails."""
    if (DIST / "index.html").is_file():
        return
    message = f"{DIST} is not built (pip install -e . builds it); the browser tests did not run"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: ``CONSOLE_SCREENSHOTS`` or a temporary folder."""
    chosen = os.environ.get("CONSOLE_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def gateway() -> AsyncIterator[Serving]:
    require_console()
    async with serving(Community(), free_port()) as served:
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = require("chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        await opened.close()


class Opener:
    """Opens pages; complains about anything a page logged as an error or fetched from elsewhere."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self.errors: list[str] = []

    @asynccontextmanager
    async def __call__(
        self, path: str = "/live", role: str | None = "guard", language: str = "en-GB", **context: Any
    ) -> AsyncIterator[Page]:
        settings = {"viewport": DESKTOP, "locale": language, "color_scheme": "light", **context}
        opened = await self._browser.new_context(base_url=self._url, **settings)
        opened.set_default_timeout(PATIENCE_MS)
        if role:
            await opened.add_cookies([{"name": "cg_session", "value": role, "url": self._url}])
        page = await opened.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._check_origin)
        await page.goto(path)
        yield page
        await opened.close()
        assert self.errors == []

    def _check_origin(self, request: Request) -> None:
        if not request.url.startswith((self._url, "data:", "blob:")):
            self.errors.append(f"fetched from elsewhere: {request.url}")


@pytest.fixture
def open_page(browser: Browser, gateway: Serving) -> Callable[..., Any]:
    return Opener(browser, gateway.url)
