"""Pictures of every page at three sizes in both languages and schemes, to be looked at.

``CONSOLE_SCREENSHOTS`` names a folder that keeps them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.api_double import Serving

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
SIZES = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1440, "height": 900},
    "wall": {"width": 1920, "height": 1080},
}
PATHS = {
    "live": "/live",
    "alert": "/alerts/{fire}",
    "devices": "/devices",
    "device": "/devices/smoke-b3-12",
    "quarantine": "/quarantine",
    "health": "/health",
    "login": "/login",
}
TONGUES = {"zh-light": ("zh-CN", "light"), "en-dark": ("en-GB", "dark")}


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("size", SIZES)
async def test_pictures(
    open_page: Callable[..., Any], gateway: Serving, screenshots: Path, size: str, tongue: str
) -> None:
    language, scheme = TONGUES[tongue]
    fire = gateway.community.fire()
    await gateway.community.desk.comment(fire.id, "已派人上楼查看", "guard")
    for name, path in PATHS.items():
        role = None if name == "login" else "manager"
        look = {"viewport": SIZES[size], "color_scheme": scheme, "language": language}
        async with open_page(path.format(fire=fire.id), role=role, **look) as page:
            await page.locator("h1").first.wait_for()
            if name == "device":
                await page.locator("path.recharts-area-curve").first.wait_for()
            await page.locator("[data-loading]").wait_for(state="detached")
            file = screenshots / f"{name}-{size}-{tongue}.png"
            await page.screenshot(path=file, animations="disabled")
            assert file.stat().st_size > 5_000
