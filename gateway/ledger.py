"""Command-line work on the alerts' database: the audit chain, people and their login links."""

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from gateway.alerts.people import COMMAND_LINE, By, People
from gateway.alerts.store import AlertStore, StoreUnavailable
from gateway.anchor_file import newest
from gateway.config import database_url, load_site
from gateway.errors import OperatorError
from gateway.show import plain
from gateway.site import Site


def verify_audit(path: Path, head: str | None, anchor_file: Path | None, console: Console) -> bool:
    """Check the audit chain and say what was found; ``False`` when a row is bad.

    It must hold what was noted outside: ``head``, or the last head in ``anchor_file``, or else in the newest of the
    files the site file names.

    Raises:
        OperatorError: the site file, the database or ``head`` is unusable.
    """
    site = load_site(path)
    anchor = _anchor(head) or _noted(site, anchor_file)
    with (
        existing_store(site) as store,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("audit rows")
        broken = store.verify_audit(anchor, lambda done, total: progress.update(task, completed=done, total=total))
        seq, digest = store.audit_head()
    against = f"; row {anchor[0]} is the one noted outside" if anchor else ""
    if broken is None:
        console.print(f"OK: {seq} audit rows{against}; note the head elsewhere: {seq}:{digest}", markup=False)
        return True
    console.print(f"row {broken.seq}: {broken.why.value}: {plain(broken.detail)}", markup=False)
    return False


def add_person(path: Path, username: str, name: str, role: str, password: str | None, language: str) -> None:
    """Create an account; without a password only a login link opens it.

    Raises:
        OperatorError: an argument or the database is unusable.
    """
    with _store(load_site(path)) as store:
        store.migrate()
        try:
            by = By(COMMAND_LINE, time.time())
            People(store.engine).add(username, name, role, password or secrets.token_urlsafe(), language, by)
        except ValueError as error:
            raise OperatorError(f"person {username!r}", str(error), "see gateway person add --help") from None


def login_url(path: Path, username: str, valid_s: float, base: str | None) -> str:
    """Return a link that logs ``username`` in once. The token is in the fragment: no server or proxy logs it.

    Raises:
        OperatorError: there is no such person, or the database or the address is unusable.
    """
    site = load_site(path)
    base = (base or _console_address(site)).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise OperatorError("--url", "is no web address", "give it as https://HOST")
    with _store(site) as store:
        store.migrate()
        try:
            token = People(store.engine).issue_once(username, time.time(), valid_s)
        except KeyError:
            remedy = f"add them: gateway person add {username} --role guard --site {path}"
            raise OperatorError(f"person {username!r}", "there is no such person", remedy) from None
    return f"{base}/login#once={token}"


@contextmanager
def accounts(path: Path, username: str) -> Iterator[People]:
    """Open the accounts to look at or change ``username``'s.

    Raises:
        OperatorError: the database is unusable, there is no such person, or what is asked for cannot be.
    """
    with _store(load_site(path)) as store:
        store.migrate()
        try:
            yield People(store.engine)
        except KeyError:
            remedy = "see gateway person list"
            raise OperatorError(f"person {username!r}", "there is no such person", remedy) from None
        except ValueError as error:
            raise OperatorError(f"person {username!r}", str(error), "see gateway person change --help") from None


def _console_address(site: Site) -> str:
    if site.api.port == 0:
        raise OperatorError("api.port", "is 0, so the port is not known here", "set a port, or give --url")
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(site.api.host, site.api.host)  # noqa: S104 - compared, not bound
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{host}:{site.api.port}"


@contextmanager
def existing_store(site: Site) -> Iterator[AlertStore]:
    """Open the database to look at it.

    Raises:
        OperatorError: there is none, or it refuses.
    """
    _must_exist(site)
    with _store(site) as store:
        yield store


@contextmanager
def _store(site: Site) -> Iterator[AlertStore]:
    """Open the database; its failures become errors the operator can act on."""
    place = "database"
    try:
        store = AlertStore(database_url(site))
        try:
            yield store
        finally:
            store.close()
    except StoreUnavailable as error:
        raise OperatorError(place, error.detail, "run gateway doctor") from None
    except (ArgumentError, ValueError) as error:
        raise OperatorError(place, str(error), "mend the field database in the site file") from None
    except (DBAPIError, sqlite3.Error) as error:
        raise OperatorError(place, str(getattr(error, "orig", error)), "run gateway doctor") from None


def _must_exist(site: Site) -> None:
    """Looking at a database must not create one."""
    url = make_url(database_url(site))
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
        raise OperatorError(url.database, "does not exist", "run the gateway first, or check data_dir in the site file")


def _noted(site: Site, given: Path | None) -> tuple[int, str] | None:
    kept = [place.file for place in site.anchors if place.file is not None and place.file.is_file()]
    file = given or max(kept, key=lambda path: path.stat().st_mtime, default=None)
    return newest(file) if file is not None else None


def _anchor(head: str | None) -> tuple[int, str] | None:
    if head is None:
        return None
    seq, _, digest = head.partition(":")
    if not seq.isdecimal() or len(digest) != 64:
        raise OperatorError("--head", "is not SEQ:HASH", "give it as printed by an earlier gateway audit verify")
    return int(seq), digest
