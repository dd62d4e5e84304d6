"""Fan-out, replay, slow readers, pings and the end."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from gateway.api.hub import KEPT, QUEUE_LIMIT, Closed, Hub, Subscription
from gateway.api.views import alert_view
from tests.unit.api.world import make_alert

FIRST = 500
BEFORE_FIRST = b"retry: 2000\n\nid: 499\n\n"


async def always() -> bool:
    return True


async def everything(subscription: Subscription) -> bytes:
    """All that a closed subscription still holds."""
    return b"".join([chunk async for chunk in subscription.frames(always)])


def frames(subscription: Subscription) -> AsyncIterator[bytes]:
    return subscription.frames(always)


def ids(text: bytes) -> list[int]:
    return [int(line[4:]) for line in text.split(b"\n") if line.startswith(b"id: ")]


async def test_a_first_connection_learns_where_it_stands_before_anything_happens() -> None:
    hub = Hub(FIRST)
    assert await anext(frames(hub.subscribe())) == BEFORE_FIRST
    hub.publish("alert", {})
    assert await anext(frames(hub.subscribe())) == b"retry: 2000\n\nid: 500\n\n"


async def test_an_alert_has_an_id_and_other_events_have_none() -> None:
    hub = Hub(FIRST)
    subscription = hub.subscribe()
    view = alert_view(make_alert(), saved=True)
    hub.publish("alert", view)
    hub.publish("health", b'{"ready":true}')
    hub.close()
    expected = b"id: 500\nevent: alert\ndata: " + msgspec.json.encode(view) + b"\n\n"
    assert await everything(subscription) == BEFORE_FIRST + expected + b'event: health\ndata: {"ready":true}\n\n'


async def test_data_of_several_lines_stays_one_event() -> None:
    hub = Hub(FIRST)
    subscription = hub.subscribe()
    hub.publish("health", b'{\n"ready": true}')
    hub.close()
    assert (await everything(subscription)).endswith(b'event: health\ndata: {\ndata: "ready": true}\n\n')


async def test_an_event_is_encoded_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def counting(data: object) -> bytes:
        calls.append(data)
        return b"{}"

    monkeypatch.setattr(msgspec.json, "encode", counting)
    hub = Hub(FIRST)
    subscriptions = [hub.subscribe() for _ in range(30)]
    hub.publish("alert", {})
    hub.close()
    assert len(calls) == 1
    assert {await everything(subscription) for subscription in subscriptions} == {
        BEFORE_FIRST + b"id: 500\nevent: alert\ndata: {}\n\n"
    }


@pytest.mark.parametrize(("last_id", "missed"), [(499, [500, 501, 502]), (500, [501, 502]), (501, [502]), (502, [])])
async def test_a_reconnecting_console_gets_the_alerts_it_missed(last_id: int, missed: list[int]) -> None:
    hub = Hub(FIRST)
    for number in range(3):
        hub.publish("alert", number)
    hub.publish("devices", {"items": []})
    subscription = hub.subscribe(last_id)
    hub.close()
    text = await everything(subscription)
    assert ids(text) == missed
    assert b"reload" not in text
    assert b"devices" not in text


@pytest.mark.parametrize("last_id", [-1, 0, 498, 503, 10**19])
async def test_a_console_we_cannot_bring_up_to_date_reloads(last_id: int) -> None:
    hub = Hub(FIRST)
    for number in range(3):
        hub.publish("alert", number)
    subscription = hub.subscribe(last_id)
    hub.close()
    assert await everything(subscription) == b"retry: 2000\n\nid: 502\nevent: reload\ndata: {}\n\n"


async def test_as_many_alerts_are_replayed_as_are_kept_and_no_fewer() -> None:
    hub = Hub(FIRST)
    for number in range(KEPT + 1):
        hub.publish("alert", number)
    exactly, too_old = hub.subscribe(FIRST), hub.subscribe(FIRST - 1)
    hub.close()
    assert ids(await everything(exactly)) == list(range(FIRST + 1, FIRST + 1 + KEPT))
    assert b"event: reload" in await everything(too_old)


async def test_a_full_replay_leaves_room_for_news() -> None:
    hub = Hub(FIRST)
    for number in range(KEPT):
        hub.publish("alert", number)
    subscription = hub.subscribe(FIRST - 1)
    for number in range(QUEUE_LIMIT):
        hub.publish("alert", number)
    assert len(hub) == 1
    hub.publish("alert", "one too many")
    assert len(hub) == 0
    assert await everything(subscription) == b""


async def test_a_reader_hopelessly_behind_is_dropped_and_the_others_are_not() -> None:
    hub = Hub(FIRST)
    slow, quick = hub.subscribe(), hub.subscribe()
    reading = frames(quick)
    received = b""
    for number in range(QUEUE_LIMIT + 5):
        hub.publish("alert", number)
        received += await anext(reading)
    assert (len(hub), hub.dropped) == (1, 1)
    assert ids(received)[1:] == list(range(FIRST, FIRST + QUEUE_LIMIT + 5))
    assert await everything(slow) == b""


async def test_what_piled_up_goes_out_in_one_piece() -> None:
    hub = Hub(FIRST)
    reading = frames(hub.subscribe())
    await anext(reading)
    for number in range(50):
        hub.publish("alert", number)
    assert len(ids(await anext(reading))) == 50


async def test_pings_come_at_their_time_even_while_events_do() -> None:
    hub = Hub(FIRST, ping_s=0.05)
    reading = frames(hub.subscribe())
    await anext(reading)
    assert await anext(reading) == b": ping\n\n"
    loop = asyncio.get_running_loop()
    begun, busy = loop.time(), b""
    while b": ping" not in busy:
        hub.publish("health", {})
        busy += await anext(reading)
        await asyncio.sleep(0)
    assert 0.02 < loop.time() - begun < 2


async def test_who_is_no_longer_welcome_hears_nothing_more() -> None:
    async def never() -> bool:
        return False

    hub = Hub(FIRST, ping_s=0.01)
    subscription = hub.subscribe()
    async with asyncio.timeout(5):
        chunks = [chunk async for chunk in subscription.frames(never)]
    assert chunks == [BEFORE_FIRST]


async def test_closing_ends_waiting_streams_and_refuses_new_ones() -> None:
    hub = Hub(FIRST)
    reading = frames(hub.subscribe())
    await anext(reading)
    waiting = asyncio.ensure_future(anext(reading, b"the end"))
    await asyncio.sleep(0)
    hub.close()
    assert await asyncio.wait_for(waiting, 1) == b"the end"
    with pytest.raises(Closed):
        hub.subscribe()
    hub.publish("alert", {})
    assert len(hub) == 0
