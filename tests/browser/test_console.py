"""The console in a real browser, against the real API with a community in memory."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from alert_rules.alert import Severity, Verdict
from tests.browser.api_double import Serving
from tests.browser.basics import basics

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session")]
Open = Callable[..., Any]
PAGES = ["/live", "/devices", "/devices/smoke-b3-12", "/quarantine", "/health"]


async def titles(page: Any) -> list[str]:
    """The cards' titles in order; by content, since the browser leaves out the text of cards it did not draw."""
    return [str(text) for text in await page.locator("#alerts li a").all_text_contents()]


async def test_a_person_logs_in_by_password_and_out(open_page: Open) -> None:
    async with open_page("/devices", role=None) as page:
        await page.get_by_label("User name").fill("guard")
        await page.get_by_label("Password", exact=True).fill("wrong")
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_text("User name or password is wrong.").wait_for()
        await page.get_by_label("Password", exact=True).fill("draug")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/devices")
        await page.get_by_role("button", name="Log out").click()
        await page.wait_for_url("**/login?next=*")


async def test_a_one_time_link_logs_straight_in_and_leaves_no_trace(open_page: Open) -> None:
    async with open_page("/login#once=once", role=None) as page:
        await page.get_by_role("link", name="People trapped in lift").wait_for()
        assert "once" not in page.url


async def test_a_spent_link_says_what_to_do(open_page: Open) -> None:
    async with open_page("/login#once=spent", role=None) as page:
        await page.get_by_text("This one-time link has been used or is too old.").wait_for()
        assert await page.get_by_label("User name").is_visible()


async def test_a_link_never_leads_elsewhere_after_the_login(open_page: Open) -> None:
    async with open_page("/login?next=//elsewhere.example/", role=None) as page:
        await page.get_by_label("User name").fill("guard")
        await page.get_by_label("Password", exact=True).fill("draug")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/live")


async def test_cards_say_what_where_and_how_urgent_in_words(open_page: Open) -> None:
    async with open_page() as page:
        card = page.locator("li", has_text="People trapped in lift")
        text = await card.text_content()
        for part in ("Critical", "Building 1, floor 9", "lift 1", "min ago", "Repeated 2 times", "Still active"):
            assert part in text
        test = await page.locator("li", has_text="Test: Smoke alarm").text_content()
        assert "Notice" in test
        assert "Unregistered device" in test
        assert "Place not known" in test


async def test_both_languages(open_page: Open) -> None:
    async with open_page(language="zh-CN") as page:
        await page.get_by_role("link", name="电梯困人").wait_for()
        assert (await titles(page))[0] == "电梯困人"
        assert await page.locator("html").get_attribute("lang") == "zh-CN"
        assert "1号楼 9层" in await page.locator("li", has_text="电梯困人").text_content()
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("link", name="People trapped in lift").wait_for()
        assert (await titles(page))[0] == "People trapped in lift"
        await page.reload()
        await page.get_by_role("link", name="People trapped in lift").wait_for()
        assert await page.locator("html").get_attribute("lang") == "en"


async def test_a_pushed_alert_appears_on_top_at_once(open_page: Open, gateway: Serving) -> None:
    async with open_page() as page:
        await page.get_by_role("link", name="People trapped in lift").wait_for()
        pushed = time.monotonic()
        gateway.community.fire()
        await page.get_by_role("link", name="Smoke alarm", exact=True).wait_for()
        assert time.monotonic() - pushed < 2
        assert (await titles(page))[0] == "Smoke alarm"
        assert "Building 3, floor 12" in await page.locator("#alerts li").first.text_content()
        assert await page.get_by_role("tab", name="Critical 2").is_visible()


async def test_nothing_moves_under_the_pointer(open_page: Open, gateway: Serving) -> None:
    async with open_page() as page:
        card = page.locator("li", has_text="Door held open")
        await card.hover()
        before = await card.bounding_box()
        gateway.community.fire()
        news = page.get_by_role("button", name="1 new alert")
        await news.wait_for()
        assert "Smoke alarm, Building 3, floor 12" in await news.inner_text()
        assert await card.bounding_box() == before
        await news.click()
        await page.locator("#alerts li", has_text="Smoke alarm").first.wait_for()
        assert (await titles(page))[0] == "Smoke alarm"


async def test_an_alert_is_judged_by_keyboard_alone(open_page: Open, gateway: Serving) -> None:
    async with open_page() as page:
        alert = gateway.community.fire()
        await page.get_by_role("link", name="Smoke alarm", exact=True).wait_for()
        await page.keyboard.press("j")
        await page.keyboard.press("a")
        card = page.locator(f"#alert-{alert.id}")
        await card.get_by_text("Acknowledged by guard").wait_for()
        await page.keyboard.press("d")
        await page.get_by_role("radio", name="Cooking").wait_for()
        await page.keyboard.press("1")
        await page.get_by_role("button", name="Record false alarm").focus()
        await page.keyboard.press("Enter")
        await card.get_by_text("False alarm by guard · Cooking").wait_for()
        assert (alert.verdict, alert.verdict_reason) == (Verdict.FALSE_ALARM, "cooking")
        assert await page.get_by_role("tab", name="Critical 1").is_visible()


async def test_the_keys_walk_judge_open_and_explain_themselves(open_page: Open, gateway: Serving) -> None:
    async with open_page() as page:
        await page.get_by_role("link", name="People trapped in lift").wait_for()
        await page.keyboard.press("?")
        await page.get_by_role("dialog", name="Keyboard").wait_for()
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="detached")
        for key in ("j", "j", "k", "c"):
            await page.keyboard.press(key)
        await page.get_by_text("True alarm by guard").wait_for()
        lift = next(a for a in gateway.community.desk.alerts.values() if a.rule == "lift_entrapment")
        assert lift.verdict is Verdict.TRUE_ALARM
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/alerts/{lift.id}")


async def test_work_goes_on_where_a_judged_card_stood(open_page: Open, gateway: Serving) -> None:
    async with open_page() as page:
        await page.get_by_role("link", name="People trapped in lift").wait_for()
        await page.keyboard.press("j")
        await page.keyboard.press("c")
        sunk = page.locator("#alerts li").last.get_by_role("link", name="People trapped in lift")
        await sunk.wait_for()
        assert await sunk.evaluate("link => link === document.activeElement")
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Object thrown from height").wait_for()


async def test_tabs_narrow_the_list(open_page: Open) -> None:
    async with open_page() as page:
        await page.get_by_role("tab", name="Minor 1").click()
        assert await titles(page) == ["Door held open"]
        await page.keyboard.press("ArrowRight")
        assert await titles(page) == ["Test: Smoke alarm"]


async def test_the_alert_page_explains_and_takes_every_decision(open_page: Open, gateway: Serving) -> None:
    alert = gateway.community.fire()
    async with open_page(f"/alerts/{alert.id}") as page:
        await page.get_by_text("The device itself reports: Smoke.").wait_for()
        assert await page.get_by_role("row", name="Smoke density 0.18 %/m").is_visible()
        assert await page.get_by_role("button", name="Resolve").is_disabled()
        await page.get_by_role("button", name="Acknowledge").click()
        await page.get_by_label("Comment").fill("pan on the stove, window open")
        await page.get_by_role("button", name="Add comment").click()
        await page.get_by_text("pan on the stove, window open").wait_for()
        await page.get_by_role("button", name="Drill").click()
        await page.get_by_text("Judged: Drill", exact=True).first.wait_for()
        await page.get_by_label("Note (optional)").fill("aired")
        await page.get_by_role("button", name="Resolve").click()
        await page.get_by_text("aired").wait_for()
    assert (alert.acknowledged_by, alert.verdict, alert.handling) == ("guard", Verdict.DRILL, "resolved")


async def test_a_conflict_changes_nothing_and_is_said_clearly(open_page: Open, gateway: Serving) -> None:
    alert = gateway.community.fire()
    async with open_page(f"/alerts/{alert.id}") as page:
        await page.get_by_role("button", name="True alarm").wait_for()
        alert.version += 1
        alert.acknowledged_by = "wang"
        await page.get_by_role("button", name="True alarm").click()
        await page.get_by_role("alert").get_by_text("Somebody else changed this alert first").wait_for()
        await page.get_by_text("Acknowledged by wang").wait_for()
        assert alert.verdict is None
        await page.get_by_role("button", name="True alarm").click()
        await page.get_by_text("Judged: True alarm").first.wait_for()


async def test_a_full_disk_is_no_success(open_page: Open, gateway: Serving) -> None:
    desk = gateway.community.desk
    alert = gateway.community.fire()
    desk.unsaved.add(alert.id)
    desk.disk_full = True
    async with open_page(f"/alerts/{alert.id}") as page:
        await page.get_by_text("This alert is real but not saved").wait_for()
        await page.get_by_role("button", name="True alarm").click()
        await page.get_by_text("Your decision is not recorded").wait_for()


async def test_a_lost_connection_is_shown_and_resumed_without_gaps(open_page: Open, gateway: Serving) -> None:
    async with open_page() as page:
        await page.get_by_role("link", name="People trapped in lift").wait_for()
        await gateway.stop()
        await page.get_by_text("Connection lost.").wait_for()
        gateway.community.fire()
        gateway.community.reopen()
        await gateway.start()
        await page.get_by_text("Connection lost.").wait_for(state="detached")
        await page.get_by_role("link", name="Smoke alarm", exact=True).wait_for()


async def test_a_viewer_may_look_but_not_act(open_page: Open) -> None:
    async with open_page(role="viewer") as page:
        await page.get_by_role("link", name="People trapped in lift").click()
        await page.get_by_text("Your account may look, but not act.").wait_for()
        assert await page.get_by_role("button", name="True alarm").count() == 0


async def test_devices_are_found_and_charted(open_page: Open) -> None:
    async with open_page("/devices") as page:
        await page.get_by_text("65 of 65 devices").wait_for()
        await page.get_by_label("Status").select_option("With trouble")
        await page.get_by_text("3 of 65 devices").wait_for()
        await page.get_by_label("Search by name, id or zone").fill("smoke-b3")
        await page.get_by_role("link", name="12F 烟感 smoke 12").click()
        await page.get_by_role("figure", name="Temperature: from").locator("path.recharts-area-curve").wait_for()


async def test_a_manager_adopts_a_stranger(open_page: Open, gateway: Serving) -> None:
    async with open_page("/quarantine", role="manager") as page:
        await page.get_by_role("button", name="Adopt").click()
        await page.get_by_label("Name people read").fill("Pump room")
        await page.get_by_label("Building").select_option("Building 2")
        await page.get_by_label("Floor").select_option("basement 1")
        await page.get_by_role("button", name="Adopt device").click()
        await page.get_by_text("No unknown devices").wait_for()
    device, _twin = gateway.community.devices.known["water-new-7"]
    assert (device.name, device.building, device.floor) == ("Pump room", "b2", "B1")


async def test_a_guard_is_told_who_adopts(open_page: Open) -> None:
    async with open_page("/quarantine") as page:
        await page.get_by_text("Only a manager can adopt devices.").wait_for()
        assert await page.get_by_role("button", name="Adopt").count() == 0


async def test_health_says_what_is_wrong(open_page: Open, gateway: Serving) -> None:
    async with open_page("/health", role="manager") as page:
        await page.get_by_text("Everything works").wait_for()
        await page.get_by_text("Not readable").wait_for()
        state = gateway.community.health.state
        state |= {"ready": False, "problems": [{"code": "broker", "detail": "no session with the broker"}]}
        state["connected"] = {"alarm": False, "telemetry": True}
        gateway.community.hub.publish("health", state)
        await page.get_by_text("no session with the broker").wait_for()
        await page.get_by_text("Not connected to the broker").wait_for()


async def test_what_does_not_exist_says_so(open_page: Open) -> None:
    async with open_page("/alerts/nothing") as page:
        await page.get_by_role("heading", name="Nothing here").wait_for()
        await page.get_by_role("link", name="To the live alerts").click()
        await page.get_by_role("link", name="People trapped in lift").wait_for()


async def test_five_hundred_cards_stay_smooth(open_page: Open, gateway: Serving) -> None:
    now = time.time()
    for n in range(500):
        gateway.community.fire(at=now - n, device=f"smoke-{n}", severity=Severity.MAJOR)
    async with open_page() as page:
        await page.get_by_role("tab", name="All 505").wait_for()
        assert await page.locator("#alerts li").count() == 505
        slowest = await page.evaluate(
            """async () => {
              const frame = () => new Promise(requestAnimationFrame);
              let slowest = 0;
              for (let n = 0; n < 30; n++) {
                const begun = performance.now();
                document.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
                await frame();
                await frame();
                slowest = Math.max(slowest, performance.now() - begun);
              }
              return slowest;
            }"""
        )
        assert slowest < 500


@pytest.mark.parametrize("path", [*PAGES, "/login", "/alerts/{lift}"])
async def test_basics_of_access(open_page: Open, gateway: Serving, path: str) -> None:
    lift = next(a for a in gateway.community.desk.alerts.values() if a.rule == "lift_entrapment")
    for viewport in ({"width": 390, "height": 844}, {"width": 1920, "height": 1080}):
        role = None if path == "/login" else "manager"
        async with open_page(path.format(lift=lift.id), role=role, viewport=viewport) as page:
            await page.locator("h1").first.wait_for()
            await page.locator("[data-loading]").wait_for(state="detached")
            assert await basics(page) == []
