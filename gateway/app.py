"""Wires the rooms together; reads like the picture in the README: broker -> journal -> history and rules -> people."""

import asyncio
import gc
import socket
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import msgspec
import structlog
import uvicorn
from fastapi import FastAPI

from alert_rules.alert import Alert, Severity
from alert_rules.catalogue import FIRE_RULES
from alert_rules.correlation import Correlation
from alert_rules.engine import Engine
from alert_rules.escalation import Escalations
from alert_rules.place import place_of
from alert_rules.severity import RiskMatrix
from alert_rules.suppression import Suppressions
from devices.decode import Decoder
from devices.dialects.dialect import Lane
from devices.model import Envelope, RejectReason, Report
from devices.registry import Device, Registry
from gateway.access_tokens import TokenDesk
from gateway.accounts import AccountDesk
from gateway.alerts.book import REMEMBERED_IDS, AlertBook
from gateway.alerts.people import People
from gateway.alerts.records import Message, OutboxRow, Restored
from gateway.alerts.store import AlertStore
from gateway.alerts.tokens import TokenStore
from gateway.api.app import create_app
from gateway.api.context import Ports
from gateway.api.hub import Hub
from gateway.api.views import alert_view
from gateway.broker import broker_of
from gateway.casework import Casework
from gateway.clock import Clock, SteadyTime
from gateway.config import database_url, registry_of, reveal
from gateway.connect import session_options
from gateway.desk import HistoryDesk, Inventory, ReviewDesk
from gateway.dialects import decoder_of
from gateway.evaluate import Evaluator
from gateway.health import HealthDesk
from gateway.history.drain import Drain
from gateway.history.store import open_store
from gateway.history_feed import HistoryFeed
from gateway.ingest.mqtt import Session
from gateway.journal.journal import DeadLetter
from gateway.lanes import LanePipe
from gateway.likelihood import LikelihoodDesk
from gateway.listen import listen, server_tls
from gateway.lookback.desk import LookbackDesk
from gateway.metrics import Metrics
from gateway.notify.channels import open_channels
from gateway.notify.notifier import Notifier
from gateway.notify.routing import due_channels, event_channels
from gateway.outbox import StoredOutbox
from gateway.outward.opening import open_publisher
from gateway.people.room import open_people
from gateway.pushes import PushDesk, tokens_of
from gateway.quarantine import Quarantine
from gateway.reload import Reloader
from gateway.rules import calendar_of, rules_of
from gateway.showing import Showing
from gateway.site import Site
from gateway.suppressions import SuppressionDesk
from gateway.tasks import Tasks
from gateway.upkeep import Upkeep

log = structlog.get_logger(__name__)

CONSOLE = Path(__file__).parent / "console" / "dist"
DRAIN_S = 10.0


class Gateway:
    """All rooms of one gateway. Build it inside a running event loop."""

    def __init__(self, site: Site, clock: Clock) -> None:
        self._clock = clock
        self._steady = SteadyTime(clock)
        Path(site.data_dir).mkdir(parents=True, exist_ok=True, mode=0o700)
        self.metrics = Metrics()
        self.hub = Hub(int(clock.now() * 1000))

        self._store = AlertStore(database_url(site))
        self._store.migrate()
        restored = self._store.load()
        registry = _registry(site, restored.adopted)
        site = site.model_copy(update={"devices": []})  # the registry has them now, at a fraction of the memory
        self._site = site
        self._site_path: Path | None = None
        decoder = decoder_of(site, registry)
        self._commands = decoder.commands
        self.lanes = {lane: LanePipe(lane, site, decoder, clock, self.metrics) for lane in Lane}

        self._judging(registry, restored, decoder)
        self._history = open_store(site.history, Path(site.data_dir), registry, site.site.id)
        self._feed = HistoryFeed(self.lanes, clock)
        self._drain = Drain(self._feed, self._history, self._bad_point, batch=site.history.batch)

        self._intakes = {lane: pipe.intake(self._unsaved(pipe)) for lane, pipe in self.lanes.items()}
        self._sessions = {lane: self._session(lane, decoder) for lane in self.lanes}

        channels = open_channels(site.channels, reveal, site.site, broker_of(site.mqtt))
        self._notifier = Notifier(StoredOutbox(self._store, self._evaluator), channels, clock)
        view = partial(alert_view, saved=True)
        self._outward = open_publisher(site, decoder.filters(), self._inventory, restored.alerts, view)
        self._desks(registry)
        self._loops()
        self.api = self._open_api()

    def _judging(self, registry: Registry, restored: Restored, decoder: Decoder) -> None:
        """From decoded messages to alerts: rules, what mutes and weighs them, and the open alerts."""
        site, clock = self._site, self._clock
        self._engine = Engine(rules_of(site), registry, clock.now())
        self._mutes = Suppressions(FIRE_RULES, site.suppression, site.schedules, calendar_of(site))
        self._matrix = RiskMatrix(FIRE_RULES)
        self._book = self._open_book(registry)
        quarantine = Quarantine()
        self._evaluator = Evaluator(
            self._engine,
            self._book,
            quarantine,
            self._store,
            self.lanes,
            clock,
            self._steady,
            self.metrics,
            self._show,
            self._offer,
        )
        self._evaluator.restore(restored, self._store.lately_resolved(REMEMBERED_IDS))
        self._inventory = Inventory(decoder, self._engine, quarantine, self._store, self._evaluator, clock)

    def _desks(self, registry: Registry) -> None:
        """What people ask and tell, each through its own desk."""
        site, clock = self._site, self._clock
        self._health = HealthDesk(
            self.lanes, self._intakes, self._feed, self._drain, self._engine, self._evaluator, self._book, self.metrics
        )
        self._suppressions = SuppressionDesk(
            self._mutes, self._book, self._evaluator, self._store, clock, self.hub.publish
        )
        self._likelihood = LikelihoodDesk(self._matrix, self._store, self._evaluator, calendar_of(site), FIRE_RULES)
        self._people = open_people(site, self._store, self._evaluator, registry, clock)
        self._casework = Casework(
            site,
            self._book,
            self._evaluator,
            self._store,
            self._history,
            registry,
            clock,
            self._steady,
            self.metrics,
            self._channels_for,
            self._notifier.wake,
            lambda topic, payload: self._sessions[Lane.TELEMETRY].publish(topic, payload),
        )

    def _loops(self) -> None:
        """What goes on whether or not a message comes."""
        self._showing = Showing(
            self.hub, self._inventory, self._evaluator, self._health, self._outward, self._clock, self._note_hearing
        )
        self._upkeep = Upkeep(
            self.lanes,
            self._feed,
            self._evaluator,
            self._store,
            self._likelihood,
            self._health,
            self.metrics,
            self._clock,
            self._site.journal.keep_days,
            self._people.upkeep,
        )

    def _open_book(self, registry: Registry) -> AlertBook:
        return AlertBook(
            partial(place_of, registry),
            self._channels_for,
            lambda a: alert_view(a, saved=True),
            Correlation(registry, self._engine.twin_of),
            self._watchers_for,
            self._mutes,
            self._matrix,
            Escalations(self._site.escalation),
            self._steady.now,
        )

    def _session(self, lane: Lane, decoder: Decoder) -> Session:
        options = session_options(self._site.mqtt, lane, decoder.filters())
        return Session(options, self._intakes[lane].take, self._connected(self.lanes[lane]))

    def _open_api(self) -> FastAPI:
        site, clock = self._site, self._clock
        ports = Ports(
            site=site,
            desk=ReviewDesk(self._book, self._evaluator, self._store, clock),
            devices=self._inventory,
            history=HistoryDesk(self._history),
            health=self._health,
            accounts=AccountDesk(People(self._store.engine), clock, site.api.session_hours * 3600, self._evaluator),
            tokens=TokenDesk(TokenStore(self._store.engine), clock, self._evaluator),
            suppressions=self._suppressions,
            likelihood=self._likelihood,
            people=self._people,
            lookback=LookbackDesk(lambda: self._site_path),
            pushes=PushDesk(self._intakes[Lane.ALARM], tokens_of(site)),
            plans=self._casework.plans,
            cases=self._casework.cases,
            hub=self.hub,
            registry=self.metrics.registry,
            console_dir=CONSOLE if CONSOLE.is_dir() else None,
        )
        return create_app(ports)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop``; then stop the source, drain, and close."""
        listener = listen(self._site.api.host, self._site.api.port)
        server = uvicorn.Server(
            uvicorn.Config(
                self.api,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=2,
                **server_tls(self._site.api),
            )
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        tasks = Tasks(stop)
        tasks.start("api", _serve_api(server, listener))
        for lane, intake in self._intakes.items():
            tasks.start(f"intake-{lane}", intake.run())
        for lane, session in self._sessions.items():
            tasks.start(f"mqtt-{lane}", session.run())
        tasks.start("evaluate", self._evaluator.run())
        tasks.start("history", self._drain.run())
        tasks.start("notify", self._notifier.run())
        if self._outward:
            tasks.start("outward", self._outward.run())
        tasks.start("show-devices", self._showing.devices())
        tasks.start("ask-devices", self._ask_devices())
        tasks.start("show-health", self._showing.health())
        tasks.start("plans", self._casework.plans.run())
        tasks.start("casework", self._casework.run())
        tasks.start("maintenance", self._upkeep.maintain())
        tasks.start("audit-escalations", self._upkeep.audit_escalations())
        gc.collect()
        gc.freeze()
        log.info("listening", host=self._site.api.host, port=listener.getsockname()[1])
        await stop.wait()
        await self._stop(tasks)
        self.hub.close()
        server.should_exit = True
        await tasks.finish("api", within_s=DRAIN_S)
        self._close()
        log.info("stopped")
        if tasks.failure is not None:
            raise SystemExit(1) from tasks.failure

    def follow(self, site: Site, path: Path) -> Reloader:
        """Make what takes changed rules over from the file at ``path``, which said ``site`` at the start."""
        self._site_path = path
        self._health.reloader = Reloader(path, site, self._take_rules)
        return self._health.reloader

    def _take_rules(self, site: Site) -> None:
        """Go on with the rules, schedules and limits of ``site``; what unchanged rules remember survives."""
        self._engine.exchange(rules_of(site))
        self._mutes.configure(site.suppression, site.schedules, calendar_of(site))
        self._evaluator.reviewing()

    async def _stop(self, tasks: Tasks) -> None:
        """The source first, then what it fed."""
        log.info("stopping")
        for session in self._sessions.values():
            session.pause()
        for intake in self._intakes.values():
            intake.close()
        await tasks.finish("intake", within_s=DRAIN_S)
        for session in self._sessions.values():
            session.stop()
        await tasks.finish("mqtt", within_s=DRAIN_S)
        self._evaluator.stop()
        await tasks.finish("evaluate", within_s=DRAIN_S)
        await self._drain_history()
        await tasks.cancel(
            "history", "notify", "outward", "ask", "show", "maintenance", "plans", "casework", within_s=DRAIN_S
        )

    async def _drain_history(self) -> None:
        """Give the history store a moment; what it does not take now waits in the journal."""
        until = self._clock.monotonic() + DRAIN_S
        while self._feed.lag and not self._drain.problem and self._clock.monotonic() < until:  # noqa: ASYNC110 - runs once
            await asyncio.sleep(0.05)
        await self._feed.save()

    def _close(self) -> None:
        for pipe in self.lanes.values():
            pipe.close()
        self._history.close()
        self._store.close()

    def _channels_for(self, alert: Alert, level: int) -> list[str]:
        found = due_channels(alert_view(alert, saved=True), self._site.channels, level)
        return self._people.duty.narrow(found, level, alert.place.building)

    def _watchers_for(self, alert: Alert) -> list[str]:
        return event_channels(alert_view(alert, saved=True), self._site.channels)

    def _show(self, alert: Alert, saved: bool) -> None:
        self.hub.publish("alert", alert_view(alert, saved=saved), alert.place.building)
        if self._outward:
            self._outward.alert(alert)
        if saved:
            self._notifier.wake()

    def _offer(self, message: Message) -> None:
        """The disk refuses this message; a fire must go out all the same."""
        if message.payload.get("severity") == Severity.CRITICAL:
            self._notifier.offer(OutboxRow(**{name: getattr(message, name) for name in message.__struct_fields__}))

    def _unsaved(self, pipe: LanePipe) -> Callable[[list[Envelope], str], None]:
        return lambda envelopes, _: self._evaluator.unsaved(pipe, envelopes)

    def _connected(self, pipe: LanePipe) -> Callable[[bool], None]:
        def changed(connected: bool) -> None:
            pipe.connected = connected
            self._note_hearing()
            log.info("mqtt_session", lane=pipe.lane, connected=connected)

        return changed

    def _note_hearing(self) -> None:
        """Silence while we are deaf, or cannot keep what we hear, is no device's."""
        self._evaluator.hearing(all(pipe.hears for pipe in self.lanes.values()))

    async def _bad_point(self, report: Report, detail: str) -> None:
        """The store will never take this point: keep it as a dead letter."""
        log.warning("history_bad_point", device=report.device, at=report.at, detail=detail)
        body = msgspec.json.encode(report)
        letter = DeadLetter(report.at, f"history/{report.device}", body, RejectReason.HISTORY_REFUSED, detail)
        pipe = self.lanes[Lane.TELEMETRY]
        try:
            await pipe.write(pipe.journal.bury, [letter])
        except sqlite3.OperationalError as error:
            log.warning("dead_letter_lost", device=report.device, error=str(error))

    async def _ask_devices(self) -> None:
        """Publish what dialects must ask of devices."""
        while True:
            await asyncio.sleep(1)
            while self._commands:
                command = self._commands.pop(0)
                self._sessions[Lane.TELEMETRY].publish(command.topic, command.payload)


def _registry(site: Site, adopted: Iterable[Device]) -> Registry:
    """The site file's devices and those adopted since; where both name one, the file counts."""
    registry = registry_of(site)
    for device in adopted:
        if registry.get(device.id) is None:
            registry.add(device)
    return registry


async def _serve_api(server: uvicorn.Server, listener: socket.socket) -> None:
    await server.serve(sockets=[listener])
