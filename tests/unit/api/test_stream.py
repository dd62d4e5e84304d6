"""The stream through a real server: what browsers really get, and how it ends."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from gateway.alerts.people import Role
from gateway.api.hub import Subscription
from gateway.api.schema import AlertView
from gateway.api.views import alert_view, device_view
from tests.unit.api.world import FIRST_ID, HEADERS, World, make_alert

SOON = 5.0


class Running:
    """A server on a free port, and consoles listening to it."""

    def __init__(self, world: World, url: str, stop: Any) -> None:
        self.world, self.url, self.stop = world, url, stop

    @asynccontextmanager
    async def console(self, **headers: str) -> AsyncIterator["Console"]:
        cookies = {"cg_session": Role.VIEWER.value}
        async with (
            httpx.AsyncClient(base_url=self.url, cookies=cookies, headers=HEADERS, timeout=SOON) as client,
            client.stream("GET", "/api/stream", headers=headers) as response,
        ):
            yield Console(client, response)


class Console:
    """Reads events off the stream as a browser would."""

    def __init__(self, client: httpx.AsyncClient, response: httpx.Response) -> None:
        self.client, self.response = client, response
        self._lines = response.aiter_lines()

    async def block(self) -> dict[str, str]:
        """The next block of lines; a comment is under the empty name."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(SOON):
            async for line in self._lines:
                if not line:
                    return fields
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
        return fields

    async def opening(self) -> dict[str, str]:
        return {**await self.block(), **await self.block()}


@asynccontextmanager
async def running(world: World) -> AsyncIterator[Running]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(world.app, log_config=None, proxy_headers=False, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))

    async def stop() -> None:
        world.hub.close()
        server.should_exit = True
        await asyncio.wait_for(serving, SOON)

    try:
        yield Running(world, f"http://127.0.0.1:{listening.getsockname()[1]}", stop)
    finally:
        await stop()
        listening.close()


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    world = World(ping_s=0.1)
    world.populate()
    async with running(world) as running_server:
        yield running_server


async def test_a_console_hears_alerts_devices_and_health(server: Running) -> None:
    hub, world = server.world.hub, server.world
    async with server.console() as console:
        assert await console.opening() == {"retry": "2000", "id": str(FIRST_ID - 1)}
        hub.publish("alert", alert_view(make_alert(), saved=False))
        hub.publish("devices", {"items": [device_view(*pair) for pair in world.devices.items()]})
        hub.publish("health", world.health.snapshot())
        alert, devices, health = await console.block(), await console.block(), await console.block()
    assert (alert["id"], alert["event"]) == (str(FIRST_ID), "alert")
    assert AlertView.model_validate(json.loads(alert["data"])).saved is False
    assert [item["id"] for item in json.loads(devices["data"])["items"]] == ["smoke-b1-03", "lift-1"]
    assert json.loads(health["data"]) == world.health.state


async def test_nothing_on_the_way_may_hold_events_back_or_keep_them(server: Running) -> None:
    async with server.console() as console:
        headers = console.response.headers
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in headers


async def test_a_quiet_stream_pings(server: Running) -> None:
    async with server.console() as console:
        await console.opening()
        assert await console.block() == {"": "ping"}
        assert await console.block() == {"": "ping"}


async def test_a_reconnecting_console_catches_up(server: Running) -> None:
    for _ in range(3):
        server.world.hub.publish("alert", alert_view(make_alert(), saved=True))
    async with server.console(**{"Last-Event-ID": str(FIRST_ID)}) as console:
        await console.block()
        assert [(await console.block())["id"] for _ in range(2)] == [str(FIRST_ID + 1), str(FIRST_ID + 2)]


@pytest.mark.parametrize("last_id", ["7", "-1", "abc", "9" * 30])
async def test_an_id_we_cannot_place_makes_the_console_reload(server: Running, last_id: str) -> None:
    async with server.console(**{"Last-Event-ID": last_id}) as console:
        await console.block()
        assert (await console.block())["event"] == "reload"


async def test_thirty_consoles_hear_the_same(server: Running) -> None:
    async with AsyncExitStack() as stack:
        consoles = [await stack.enter_async_context(server.console()) for _ in range(30)]
        for console in consoles:
            await console.opening()
        server.world.hub.publish("alert", alert_view(make_alert(), saved=True))
        heard = [await next_alert(console) for console in consoles]
    assert heard == [str(FIRST_ID)] * 30


async def next_alert(console: Console) -> str:
    while True:
        block = await console.block()
        if block.get("event") == "alert":
            return block["id"]


async def test_a_console_that_leaves_is_forgotten(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    hub, left = server.world.hub, asyncio.Event()
    leave = hub.leave

    def noting(subscription: Subscription) -> None:
        leave(subscription)
        left.set()

    monkeypatch.setattr(hub, "leave", noting)
    async with server.console() as console:
        await console.opening()
        assert len(hub) == 1
    await asyncio.wait_for(left.wait(), SOON)
    assert len(hub) == 0


async def test_logging_out_ends_the_stream(server: Running) -> None:
    async with server.console() as console:
        await console.opening()
        assert (await console.client.post("/api/logout")).status_code == 204
        while await console.block():
            pass
    assert "viewer" not in server.world.accounts.sessions


async def test_a_database_that_is_away_does_not_blind_open_consoles(server: Running) -> None:
    async with server.console() as console:
        await console.opening()
        server.world.accounts.away = True
        assert await console.block() == {"": "ping"}
        server.world.hub.publish("alert", alert_view(make_alert(), saved=False))
        assert await next_alert(console) == str(FIRST_ID)


async def test_stopping_does_not_wait_for_consoles(server: Running) -> None:
    loop = asyncio.get_running_loop()
    async with server.console() as console:
        await console.opening()
        begun = loop.time()
        await server.stop()
        assert loop.time() - begun < 2
        while await console.block():
            pass


async def test_while_stopping_new_streams_are_told_to_come_back(server: Running) -> None:
    server.world.hub.close()
    async with server.console() as console:
        await console.response.aread()
    assert console.response.status_code == 503
    assert "stopping" in console.response.json()["detail"]
