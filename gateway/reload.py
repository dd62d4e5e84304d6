"""Takes changed rules over from the site file while the gateway runs; a refused file changes nothing."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from gateway.config import load_site, raw_site, registry_of
from gateway.control import ask
from gateway.errors import OperatorError, SiteFileError
from gateway.site import Site

log = structlog.get_logger(__name__)

RELOADED = ("rules", "custom_rules", "schedules", "calendar", "suppression")
"""Sections that take effect at once; the others need a restart."""


class Answer(Struct):
    """What became of a reload: ``problems`` refused it; ``restart`` names changed sections that wait for a restart."""

    accepted: bool
    changed: list[str] = []
    restart: list[str] = []
    problems: list[str] = []


class Reloader:
    """Reads the site file again. ``site`` is the one in force; its inventory is taken from ``known``."""

    def __init__(self, path: Path, site: Site, apply: Callable[[Site], None]) -> None:
        self._path = path
        self._site = site.model_copy(update={"devices": []})
        self._devices = _fingerprint(site)
        self._apply = apply
        self._turn = asyncio.Lock()
        self.problem = ""

    async def reload(self) -> Answer:
        """Read, check, and take over what can be taken over; refused, everything stays as it is."""
        async with self._turn:
            try:
                site, devices = await asyncio.to_thread(self._read)
            except OperatorError as error:
                self.problem = f"the site file was refused, the rules before it go on: {error.lines()[0]}"
                log.error("reload_refused", problems=error.lines())
                return Answer(False, problems=error.lines())
            self.problem = ""
            return self._take(site, devices)

    def _read(self) -> tuple[Site, int]:
        site = load_site(self._path)
        return site, _fingerprint(site)

    def _take(self, site: Site, devices: int) -> Answer:
        names = [name for name in type(site).model_fields if name != "devices"]
        differ = [name for name in names if getattr(site, name) != getattr(self._site, name)]
        changed = [name for name in differ if name in RELOADED]
        restart = [name for name in differ if name not in RELOADED] + ["devices"] * (devices != self._devices)
        if changed:
            self._site = self._site.model_copy(update={name: getattr(site, name) for name in changed})
            self._apply(self._site)
        log.info("reloaded", changed=changed, restart=restart)
        return Answer(True, changed, restart)


def reload_rules(path: Path) -> list[str]:
    """Ask the gateway of the site file ``path`` to read it again; return what there is to say.

    Raises:
        OperatorError: no gateway runs, or it refused the file and goes on with its old rules.
    """
    answer = msgspec.json.decode(ask(_data_dir(path), "reload"), type=Answer)
    if not answer.accepted:
        raise Refused(str(path), answer.problems)
    said = [f"{name}: taken over" for name in answer.changed] or ["no rule changed"]
    return said + [f"{name}: changed, takes effect at the next start" for name in answer.restart]


class Refused(SiteFileError):
    """The running gateway refused the site file; its own words are the problems."""

    def lines(self) -> list[str]:
        return [*self.problems, "refused; the running gateway keeps its old rules"]


def _data_dir(path: Path) -> Path:
    """Find the data folder even of a file that is wrong elsewhere: the gateway itself shall say what is."""
    try:
        return Path(load_site(path).data_dir)
    except SiteFileError:
        data = raw_site(path)
        named = data.get("data_dir", "var")
        return path.resolve().parent / (named if isinstance(named, str) else "var")


def _fingerprint(site: Site) -> int:
    """Tell inventories apart without keeping them: a site may have 100,000 devices."""
    return hash(tuple(hash(device) for device in registry_of(site)))
