"""The outbox's consumer, with the product's own store on SQLite, and endpoints that fail on command."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from gateway.alerts.records import Changes, Message, OutboxRow
from gateway.alerts.store import AlertStore
from gateway.clock import SystemClock
from gateway.notify.channels import open_channels
from gateway.notify.notifier import BACKOFF_S, CRITICAL_BACKOFF_S, LIMIT, Notifier, backoff, urgency
from gateway.notify.ports import Endpoint, Undelivered
from gateway.notify.templates import DIGEST
from gateway.site import Channel
from tests.unit.notify.making import BROKER, SITE, view
from tests.unit.notify.receivers import mail_server, webhook

FAST = (0.02, 0.05)
SLOW = (60.0,)


class StoreOutbox:
    """The store behind the port: all calls in one thread. ``refuses`` makes writes fail, as a full disk does."""

    def __init__(self, store: AlertStore) -> None:
        self.store = store
        self.refuses = False
        self.thread = ThreadPoolExecutor(1)

    async def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.thread, function, *arguments)

    async def put(self, *messages: Message) -> None:
        await self._call(self.store.commit, Changes(messages=list(messages)))

    async def due_messages(self, now: float, limit: int) -> list[OutboxRow]:
        rows: list[OutboxRow] = await self._call(self.store.due_messages, now, limit)
        return rows

    async def messages_sent(self, ids: Sequence[str], now: float) -> None:
        self._refuse()
        await self._call(self.store.messages_sent, ids, now)

    async def message_failed(self, message_id: str, error: str, next_at: float) -> None:
        self._refuse()
        await self._call(self.store.message_failed, message_id, error, next_at)

    async def waiting(self) -> list[OutboxRow]:
        return await self.due_messages(1e12, 10_000)

    def _refuse(self) -> None:
        if self.refuses:
            raise OSError(28, "No space left on device")


class Scripted:
    """An endpoint that does what it is told: ``plan`` decides by the alert's id whether the service confirms."""

    def __init__(self, plan: Callable[[str], bool] = lambda _: True, per_minute: int = 0) -> None:
        self.plan = plan
        self.per_minute = per_minute
        self.tried: list[str] = []
        self.confirmed: list[str] = []
        self.digests: list[list[str]] = []

    def deliver(self, stage: str, alert: Mapping[str, Any], key: str) -> str:
        if stage == DIGEST:
            self.digests.append([each["id"] for each in alert["messages"]])
            return "yes"
        self.tried.append(alert["id"])
        if not self.plan(alert["id"]):
            raise Undelivered("channel x: no")
        self.confirmed.append(alert["id"])
        return "yes"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[StoreOutbox]:
    store = AlertStore(f"sqlite:///{tmp_path}/alerts.db")
    store.migrate()
    made = StoreOutbox(store)
    yield made
    made.thread.shutdown()
    store.close()


def message(alert: str, channel: str = "guards", created_at: float = 1.0, **changes: Any) -> Message:
    payload = view(id=alert, **changes)
    return Message(
        id=f"{alert}:{channel}:raised",
        alert=alert,
        channel=channel,
        stage="raised",
        created_at=created_at,
        payload=payload,
    )


def row(alert: str, **changes: Any) -> OutboxRow:
    made = message(alert, **changes)
    fields = {name: getattr(made, name) for name in made.__struct_fields__}
    return OutboxRow(**fields)


@asynccontextmanager
async def running(
    outbox: StoreOutbox, channels: Mapping[str, Endpoint], steps: tuple[float, ...] = FAST
) -> AsyncIterator[Notifier]:
    notifier = Notifier(outbox, channels, SystemClock(), steps)
    task = asyncio.create_task(notifier.run())
    try:
        yield notifier
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in threads
            await asyncio.sleep(0.01)


async def emptied(outbox: StoreOutbox) -> None:
    async with asyncio.timeout(20):
        while await outbox.waiting():  # noqa: ASYNC110 - the database is asked
            await asyncio.sleep(0.01)


class StaleOutbox(StoreOutbox):
    """Its second answer is as old as the question: it comes after what was sent meanwhile has been noted."""

    def __init__(self, store: AlertStore) -> None:
        super().__init__(store)
        self.asked = 0
        self.noted = asyncio.Event()

    async def due_messages(self, now: float, limit: int) -> list[OutboxRow]:
        self.asked += 1
        second, rows = self.asked == 2, await super().due_messages(now, limit)
        if second:
            await self.noted.wait()
        return rows

    async def messages_sent(self, ids: Sequence[str], now: float) -> None:
        await super().messages_sent(ids, now)
        self.noted.set()


async def test_what_was_noted_while_the_outbox_was_read_is_not_sent_twice(outbox: StoreOutbox) -> None:
    stale, held = StaleOutbox(outbox.store), Event()
    endpoint = Scripted(lambda _: held.wait(20))
    await stale.put(message("a"))
    async with running(stale, {"guards": endpoint}) as notifier:
        await until(lambda: endpoint.tried == ["a"])
        notifier.wake()
        await until(lambda: stale.asked == 2)
        held.set()
        await until(lambda: stale.asked >= 3)
    assert endpoint.tried == ["a"]
    stale.thread.shutdown()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_a_webhook_and_a_mail_server_that_fail_first_get_each_message_once(outbox: StoreOutbox) -> None:
    with webhook(refusals=2) as hook, mail_server(refusals=1) as box:
        addresses = {
            "hook": f"json://127.0.0.1:{hook.port}/",
            "mail": f"mailto://127.0.0.1:{box.port}?mode=insecure&format=text&from=gate@example.org&to=desk@example.org",
        }
        site = [Channel.model_validate({"name": name, "url": {"env": name}}) for name in addresses]
        channels = open_channels(site, lambda secret: addresses[secret.env or ""], SITE, BROKER)
        await outbox.put(*(message(alert, channel) for alert in ("a", "b") for channel in addresses))
        async with running(outbox, channels) as notifier:
            await emptied(outbox)
    assert len(hook.accepted) == len(box.accepted) == 2
    assert hook.attempts == 4
    assert box.attempts == 3
    assert (notifier.sent, notifier.failed) == (4, 3)
    assert sorted(text.splitlines()[-1] for _, text in box.accepted) == ["编号：a", "编号：b"]


async def test_the_most_urgent_goes_first(outbox: StoreOutbox) -> None:
    await outbox.put(
        message("minor", severity="minor", created_at=1),
        message("test", test=True, created_at=2),
        message("fire 2", created_at=4),
        message("fire 1", created_at=3),
        message("major", severity="major", created_at=5),
    )
    endpoint = Scripted()
    async with running(outbox, {"guards": endpoint}):
        await emptied(outbox)
    assert endpoint.confirmed == ["fire 1", "fire 2", "major", "minor", "test"]


async def test_what_is_too_much_for_a_channel_is_joined_and_a_fire_is_not(outbox: StoreOutbox) -> None:
    await outbox.put(*(message(f"leak {n}", severity="major", created_at=n, incident="i1") for n in range(9)))
    endpoint = Scripted(per_minute=3)
    async with running(outbox, {"guards": endpoint}) as notifier:
        await until(lambda: bool(endpoint.digests))
        await outbox.put(*(message(f"fire {n}") for n in range(5)))
        notifier.wake()
        await emptied(outbox)
    assert sorted(endpoint.confirmed) == [f"fire {n}" for n in range(5)]
    assert endpoint.digests == [[f"leak {n}" for n in range(9)]]
    assert notifier.sent == 6


async def test_without_room_the_rest_waits_in_the_outbox_and_hides_no_other_channel(outbox: StoreOutbox) -> None:
    busy, well = Scripted(per_minute=1), Scripted()
    await outbox.put(message("first", severity="major"))
    async with running(outbox, {"guards": busy, "well": well}) as notifier:
        await until(lambda: busy.confirmed == ["first"])
        later = [message(f"m{n}", severity="major", created_at=2.0 + n) for n in range(LIMIT + 50)]
        await outbox.put(*later, message("late", "well", created_at=1e9, severity="minor"))
        notifier.wake()
        await until(lambda: well.confirmed == ["late"])
    assert busy.confirmed == ["first"]
    assert busy.digests == []
    assert len(await outbox.waiting()) == LIMIT + 50


async def test_news_are_sent_at_once(outbox: StoreOutbox) -> None:
    endpoint = Scripted()
    async with running(outbox, {"guards": endpoint}) as notifier:
        await asyncio.sleep(0.05)
        await outbox.put(message("fire"))
        notifier.wake()
        async with asyncio.timeout(5):
            await emptied(outbox)
    assert endpoint.confirmed == ["fire"]


async def test_a_message_the_service_never_takes_does_not_hold_up_the_others(outbox: StoreOutbox) -> None:
    await outbox.put(message("poison"), message("fire", created_at=2), message("leak", severity="major"))
    endpoint = Scripted(lambda alert: alert != "poison")
    async with running(outbox, {"guards": endpoint}):
        await until(lambda: len(endpoint.confirmed) == 2 and endpoint.tried.count("poison") > 2)
    assert sorted(endpoint.confirmed) == ["fire", "leak"]
    (left,) = await outbox.waiting()
    assert left.alert == "poison"
    assert left.attempts >= 2
    assert left.last_error == "channel x: no"


async def test_a_hanging_channel_does_not_delay_another(outbox: StoreOutbox) -> None:
    released = Event()
    hanging, well = Scripted(lambda _: released.wait(20)), Scripted()
    await outbox.put(message("a", "hanging"), message("b", "hanging"), message("a", "well"), message("b", "well"))
    async with running(outbox, {"hanging": hanging, "well": well}):
        await until(lambda: len(well.confirmed) == 2)
        assert hanging.confirmed == []
        released.set()
        await emptied(outbox)
    assert hanging.confirmed == ["a", "b"]


async def test_a_backlog_of_a_dead_channel_does_not_hide_the_others(outbox: StoreOutbox) -> None:
    dead, well = Scripted(lambda _: False), Scripted()
    await outbox.put(*(message(f"m{n}", "dead", created_at=n) for n in range(LIMIT + 50)))
    async with running(outbox, {"dead": dead, "well": well}, SLOW) as notifier:
        await until(lambda: len(dead.tried) > 3)
        await outbox.put(message("late", "well", created_at=1e9, severity="major"))
        notifier.wake()
        await until(lambda: well.confirmed == ["late"])


async def test_a_dead_channel_rests_but_a_new_fire_is_tried_at_once(outbox: StoreOutbox) -> None:
    dead = Scripted(lambda _: False)
    await outbox.put(*(message(f"leak {n}", severity="major") for n in range(5)))
    async with running(outbox, {"guards": dead}, SLOW) as notifier:
        await until(lambda: notifier.failed == 2)
        await outbox.put(message("fire"))
        notifier.wake()
        await until(lambda: "fire" in dead.tried)
    assert len(dead.tried) == 3


async def test_what_failed_before_a_restart_is_sent_after_it(outbox: StoreOutbox) -> None:
    await outbox.put(message("fire"))
    async with running(outbox, {"guards": Scripted(lambda _: False)}) as notifier:
        await until(lambda: notifier.failed > 0)
    endpoint = Scripted()
    async with running(outbox, {"guards": endpoint}):
        await emptied(outbox)
    assert endpoint.confirmed == ["fire"]


async def test_stopping_finishes_and_records_what_is_on_its_way(outbox: StoreOutbox) -> None:
    entered, released = Event(), Event()

    def plan(_: str) -> bool:
        entered.set()
        return released.wait(20)

    await outbox.put(message("fire"))
    async with running(outbox, {"guards": Scripted(plan)}):
        await until(entered.is_set)
        asyncio.get_running_loop().call_later(0.1, released.set)
    assert await outbox.waiting() == []


async def test_a_full_disk_neither_repeats_nor_stops_the_messages(outbox: StoreOutbox) -> None:
    endpoint = Scripted()
    await outbox.put(message("fire 1"), message("fire 2", created_at=2))
    outbox.refuses = True
    async with running(outbox, {"guards": endpoint}):
        await until(lambda: len(endpoint.confirmed) == 2)
        await asyncio.sleep(5 * FAST[-1])
        assert len(await outbox.waiting()) == 2
        outbox.refuses = False
        await emptied(outbox)
    assert endpoint.tried == ["fire 1", "fire 2"]


async def test_a_fire_the_outbox_could_not_store_is_sent_from_memory_and_not_again(outbox: StoreOutbox) -> None:
    endpoint = Scripted()
    async with running(outbox, {"guards": endpoint}) as notifier:
        notifier.offer(row("fire"))
        await until(lambda: endpoint.confirmed == ["fire"])
        notifier.offer(row("fire"))
        await outbox.put(message("fire"))
        notifier.wake()
        await emptied(outbox)
    assert endpoint.tried == ["fire"]


async def test_a_fire_is_sent_although_the_outbox_cannot_even_be_read(outbox: StoreOutbox) -> None:
    outbox.store.close()
    outbox.store = AlertStore("sqlite:////nowhere/alerts.db")
    endpoint = Scripted(lambda _: len(endpoint.tried) > 1)
    async with running(outbox, {"guards": endpoint}) as notifier:
        notifier.offer(row("fire"))
        await until(lambda: endpoint.confirmed == ["fire"])


async def test_an_unforeseen_error_is_a_failure_without_its_text(outbox: StoreOutbox) -> None:
    def plan(_: str) -> bool:
        raise RuntimeError("canary-token")

    await outbox.put(message("fire"))
    async with running(outbox, {"guards": Scripted(plan)}) as notifier:
        await until(lambda: notifier.failed > 0)
    (left,) = await outbox.waiting()
    assert left.last_error == "channel guards: RuntimeError"


async def test_a_channel_gone_from_the_site_file_keeps_its_messages(outbox: StoreOutbox) -> None:
    await outbox.put(message("fire", "gone"), message("fire", "guards"))
    endpoint = Scripted()
    async with running(outbox, {"guards": endpoint}):
        await until(lambda: endpoint.confirmed == ["fire"])
    (left,) = await outbox.waiting()
    assert left.last_error is not None
    assert "has no channel gone" in left.last_error


@pytest.mark.parametrize(("attempts", "delay"), [(1, 5), (2, 15), (3, 60), (4, 300), (5, 600), (6, 600), (10_000, 600)])
def test_the_wait_grows_to_ten_minutes_and_never_ends(attempts: int, delay: float) -> None:
    assert backoff(attempts, critical=False) == delay
    assert backoff(attempts, critical=True) == min(delay, CRITICAL_BACKOFF_S)
    assert BACKOFF_S[-1] == 600


def test_among_equals_the_least_tried_then_the_oldest_goes_first() -> None:
    tired, young, old = row("tired"), row("young", created_at=9.0), row("old", created_at=2.0)
    tired.attempts = 3
    assert [r.alert for r in sorted([tired, young, old], key=urgency)] == ["old", "young", "tired"]
