"""A notifier in a process of its own, to be killed: the product's store, channels and notifier, and nothing else."""

import asyncio
import multiprocessing
from multiprocessing.process import BaseProcess

import apprise  # noqa: F401 - loaded once, before the processes part
import structlog

from gateway.alerts.store import AlertStore
from gateway.clock import SystemClock
from gateway.notify.channels import open_channels
from gateway.notify.notifier import Notifier
from gateway.site import Channel, Secret
from tests.unit.notify.making import BROKER, SITE

STEPS = (0.02, 0.05)
KEY = "k" * 32


class DirectOutbox:
    """The store behind the notifier's port, in the event loop's own thread."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store

    async def due_messages(self, now, limit):  # type: ignore[no-untyped-def]
        return self._store.due_messages(now, limit)

    async def messages_sent(self, ids, now):  # type: ignore[no-untyped-def]
        self._store.messages_sent(ids, now)

    async def message_failed(self, id_, error, next_at):  # type: ignore[no-untyped-def]
        self._store.message_failed(id_, error, next_at)


def channels_of(addresses: dict[str, str]) -> list[Channel]:
    """One channel per address: ``hook`` for programs, the others for people."""
    made = []
    for name in addresses:
        fields = {"name": name, "url": {"env": name}}
        more = {"kind": "webhook", "signing_key": {"env": "key"}, "allow_private": True} if name == "hook" else {}
        made.append(Channel.model_validate(fields | more))
    return made


def notify(url: str, addresses: dict[str, str]) -> None:
    """Send what waits, until killed."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    secrets = addresses | {"key": KEY}

    def reveal(secret: Secret) -> str:
        return secrets[secret.env or ""]

    endpoints = open_channels(channels_of(addresses), reveal, SITE, BROKER)
    asyncio.run(Notifier(DirectOutbox(AlertStore(url)), endpoints, SystemClock(), STEPS).run())


def started(url: str, addresses: dict[str, str]) -> BaseProcess:
    """Start such a process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    child = context.Process(target=notify, args=(url, addresses), daemon=True)
    child.start()
    return child
