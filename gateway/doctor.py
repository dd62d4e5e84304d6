"""Looks at everything the gateway depends on and says what to do about what is wrong; it changes nothing."""

import logging
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import build_opener

from gateway.clock import Clock, SystemClock
from gateway.config import database_url, load_site, registry_of, reveal
from gateway.doctor_broker import TIMEOUT_S, broker
from gateway.errors import OperatorError, SiteFileError
from gateway.finding import Finding, Verdict, fail, ok, warn
from gateway.site import Channel, Site

__all__ = ["Finding", "Verdict", "examine"]

LEAST_FREE = 1_000_000_000
SLOW_FSYNC_S = 0.05
AHEAD_S = 5.0
BUILT = 1_735_689_600.0
"""2025-01-01: a clock before it was never set."""


def examine(path: Path, clock: Clock | None = None) -> Iterator[Finding]:
    """Look at everything in turn; each finding is given as soon as it is known."""
    try:
        site = load_site(path)
    except SiteFileError as error:
        yield fail("site file", "; ".join(error.problems[:3]), error.remedy)
        return
    except OperatorError as error:
        yield fail("site file", f"{error.place} {error.cause}", error.remedy)
        return
    yield ok("site file", f"{path}, {len(site.devices)} devices")
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("data folder", lambda: data_folder(site.data_dir)),
        ("stored data", lambda: stored_data(site.data_dir)),
        ("clock", lambda: machine_clock(site.data_dir, clock or SystemClock())),
        ("broker", lambda: broker(site.mqtt)),
        ("history", lambda: history(site)),
        ("database", lambda: database(site)),
        ("console", lambda: console_port(site.api.host, site.api.port)),
        ("channels", lambda: channels(site)),
    ]
    for what, check in checks:
        yield from _guarded(what, check)


def _guarded(what: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """One broken thing must not hide the others."""
    try:
        yield from check()
    except OperatorError as error:
        yield fail(what, f"{error.place} {error.cause}", error.remedy)
    except Exception as error:
        yield fail(what, f"{type(error).__name__}: {error}", "look at the part of the site file that describes it")


def data_folder(folder: Path) -> Iterator[Finding]:
    """Writable, room left, and how long the disk takes to keep a promise."""
    parent = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(parent, os.W_OK | os.X_OK) or not parent.is_dir():
        yield fail(
            "data folder", f"{parent} is not writable for this user", f"chown it to the gateway's user: {folder}"
        )
        return
    yield ok("data folder", f"{folder}{'' if parent == folder else ' (will be made)'}")
    free = shutil.disk_usage(parent).free
    room = f"{free / 1e9:.1f} GB free"
    remedy = "free some, or lower journal.max_bytes and history.keep_days"
    yield ok("disk space", room) if free >= LEAST_FREE else fail("disk space", room, remedy)
    took = _fsync_s(parent)
    slow = "alerts still go out, but each waits this long; use an SSD or industrial flash"
    text = f"a synchronous write takes {took * 1000:.1f} ms"
    yield ok("disk speed", text) if took <= SLOW_FSYNC_S else warn("disk speed", text, slow)


def _fsync_s(folder: Path) -> float:
    """Return the median time of a small synchronous write, in seconds."""
    probe, times = folder / f".doctor-{os.getpid()}", []
    try:
        with probe.open("wb") as file:
            for _ in range(5):
                start = time.perf_counter()
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())
                times.append(time.perf_counter() - start)
    finally:
        probe.unlink(missing_ok=True)
    return sorted(times)[2]


def stored_data(folder: Path) -> Iterator[Finding]:
    """SQLite's own check of every file; reading only, also while the gateway runs."""
    for path in sorted(folder.glob("**/*.db")) if folder.is_dir() else ():
        name = str(path.relative_to(folder))
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=TIMEOUT_S)
            try:
                verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            finally:
                connection.close()
        except sqlite3.Error as error:
            verdict = str(error)
        remedy = "restore a backup; a damaged journal or history the gateway sets aside by itself at the next start"
        yield ok(f"file {name}", "sound") if verdict == "ok" else fail(f"file {name}", verdict, remedy)
    for path in sorted(folder.glob("**/*.damaged-*")) if folder.is_dir() else ():
        yield warn("damage", f"{path} was set aside", "check the disk (smartctl -a), then keep or delete the file")


def machine_clock(folder: Path, clock: Clock) -> Iterator[Finding]:
    """A wrong clock stamps evidence wrongly; the newest file shows whether it ever went back."""
    now, remedy = clock.now(), "set up time synchronisation: timedatectl set-ntp true"
    if now < BUILT:
        yield fail("clock", time.strftime("it is %Y-%m-%d, before this program was made", time.gmtime(now)), remedy)
        return
    newest = max((path.stat().st_mtime for path in folder.glob("*")), default=0.0) if folder.is_dir() else 0.0
    if newest > now + AHEAD_S:
        found = f"files in {folder} are {newest - now:.0f} s in the future: the clock went back"
        yield fail("clock", found, remedy)
        return
    synchronised = _ntp()
    text = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if synchronised is None:
        yield ok("clock", f"{text}, plausible (this machine cannot say whether it is synchronised)")
    else:
        yield ok("clock", f"{text}, synchronised") if synchronised else warn("clock", f"{text}, free-running", remedy)


def _ntp() -> bool | None:
    """Ask systemd whether the clock is synchronised; ``None``: it cannot say."""
    if (program := shutil.which("timedatectl")) is None:
        return None
    command = [program, "show", "--property", "NTPSynchronized", "--value"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())


def history(site: Site) -> Iterator[Finding]:
    """The time-series store answers, and lets us read."""
    if site.history.store == "embedded":
        yield ok("history", "embedded, no server needed")
        return
    from gateway.history.store import Unavailable, open_store

    store = open_store(site.history, site.data_dir, registry_of(site), site.site.id)
    try:
        store.ping()
        now = time.time()
        asked = next(iter(registry_of(site)), None)
        if asked is not None:
            store.query(asked, now - 60, now, 60)
    except Unavailable as error:
        remedy = (
            "start the store, or mend history in the site file; alerts do not wait for it, nothing is lost meanwhile"
        )
        yield fail("history", f"{site.history.url}: {error.detail}", remedy)
        return
    finally:
        store.close()
    yield ok("history", f"{site.history.url} answers and lets us read {site.history.bucket!r}")


def database(site: Site) -> Iterator[Finding]:
    """The alerts' database takes a connection; a file that is not there yet is not made."""
    from sqlalchemy import make_url, text

    from gateway.alerts.database import StoreUnavailable, open_engine, reading

    url = make_url(database_url(site))
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        yield ok("database", f"{shown} (will be made)")
        return
    try:
        engine = open_engine(database_url(site))
        try:
            with reading(engine) as connection:
                connection.execute(text("SELECT 1"))
        finally:
            engine.dispose()
    except StoreUnavailable as error:
        yield fail("database", error.detail, "start the database, or mend database in the site file")
        return
    yield ok("database", f"{shown} answers")


def console_port(host: str, port: int) -> Iterator[Finding]:
    """Free, or taken by this very gateway."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            yield _taken(host, port, error)
            return
    yield ok("console", f"{host}:{port} is free")


def _understood(url: str) -> bool:
    """Ask apprise, with its log off: there it would repeat the address, which holds a key."""
    from apprise import Apprise

    logger = logging.getLogger("apprise")
    before, logger.disabled = logger.disabled, True
    try:
        return bool(Apprise().add(url))
    finally:
        logger.disabled = before


def _watcher(what: str, channel: Channel) -> Finding:
    """A webhook's name resolves to an address that is allowed, and its key will do; nothing is sent."""
    if channel.url is None or channel.signing_key is None:
        return ok(what, "publishes at the broker")
    from gateway.notify.signing import signing_key
    from gateway.notify.target import Refused, target_of

    try:
        target = target_of(reveal(channel.url).strip(), channel.allow_private)
        signing_key(reveal(channel.signing_key).strip())
    except OperatorError as error:
        return fail(what, f"{error.place} {error.cause}", error.remedy)
    except Refused as error:
        return fail(what, f"the address cannot be used: {error}", "mend the address; see docs/outward.md")
    except ValueError as error:
        return fail(what, f"signing_key: {error}", "make one: openssl rand -base64 32")
    return ok(what, f"leads to {', '.join(target.addresses)}, {'https' if target.secure else 'http'}")


def _taken(host: str, port: int, error: OSError) -> Finding:
    shown = f"[{host}]" if ":" in host else host
    try:
        with build_opener().open(f"http://{shown}:{port}/healthz", timeout=TIMEOUT_S) as answer:
            if answer.read(16).strip() == b"ok":
                return ok("console", f"a gateway answers at http://{shown}:{port}")
    except (OSError, ValueError):
        pass
    return fail("console", f"{host}:{port}: {error.strerror}", "choose another api.port, or stop what listens there")


def channels(site: Site) -> Iterator[Finding]:
    """Every channel's address is one apprise understands; nothing is sent."""
    if not site.channels:
        yield warn("channels", "none: alerts show on the console only", "add channels to the site file")
        return
    for channel in site.channels:
        what = f"channel {channel.name}"
        if channel.url is None or channel.kind != "message":
            yield _watcher(what, channel)
            continue
        try:
            understood = _understood(reveal(channel.url))
        except OperatorError as error:
            yield fail(what, f"{error.place} {error.cause}", error.remedy)
            continue
        remedy = "check its form in apprise's list of services; quote special characters as %XX"
        yield ok(what, "understood") if understood else fail(what, "the address is none apprise understands", remedy)
