"""Reads the site file and reports everything wrong with it at once, each with file, line, field and remedy."""

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from devices.registry import Device, Registry
from gateway.errors import OperatorError, SiteFileError
from gateway.site import Secret, Site
from gateway.site_checks import cross_problems
from gateway.site_fields import Problem, field_problems
from gateway.yaml_reader import Loc, Unreadable, read_json, read_yaml

MAX_SITE_BYTES = 64_000_000
MAX_SECRET_BYTES = 65_536
SITE_REMEDY = "name the site file with --site FILE; deploy/site.example.yaml is one to start from"
RULES_REMEDY = "name a file with the changed sections, as docs/looking-back.md shows"
RULE_SECTIONS = ("rules", "custom_rules", "schedules", "calendar")


def load_site(path: Path) -> Site:
    """Read and check a site file, ``.json`` as JSON and anything else as YAML.

    Relative paths in it become absolute, counted from its own folder.

    Raises:
        OperatorError: the file cannot be read.
        SiteFileError: its content is wrong; carries every problem.
    """
    with _no_collection():
        return _load(path, _text(path))


def load_with_rules(path: Path, rules: Path) -> Site:
    """Read a site file with the sections of another file about rules (:data:`RULE_SECTIONS`) in place of its own.

    Raises:
        OperatorError: a file cannot be read.
        SiteFileError: the content of one is wrong; carries every problem of that file.
    """
    text, own = _text(path), _text(rules, RULES_REMEDY)
    data, changed = _parsed(path, text), _parsed(rules, own)
    if strange := changed.keys() - set(RULE_SECTIONS):
        what = f"holds {', '.join(sorted(strange))}; only {', '.join(RULE_SECTIONS)} belong there"
        raise SiteFileError(str(rules), [f"{rules}:1: {what}"])
    with _no_collection():
        site, problems = _judge(data | changed, path.resolve().parent)
    theirs = [problem for problem in problems if problem.loc[:1] and problem.loc[0] in changed]
    if theirs:
        raise SiteFileError(str(rules), located(rules, own, theirs))
    if site is None or problems:
        raise SiteFileError(str(path), located(path, text, problems))
    return site


def _load(path: Path, text: str) -> Site:
    site, problems = _judge(_parsed(path, text), path.resolve().parent)
    if site is None or problems:
        raise SiteFileError(str(path), located(path, text, problems))
    return site


def raw_site(path: Path) -> dict[str, Any]:
    """Read a site file without judging what it says.

    Raises:
        OperatorError: the file cannot be read.
        SiteFileError: it is no YAML or JSON, or no mapping.
    """
    return _parsed(path, _text(path))


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        data = read_json(text) if path.suffix == ".json" else read_yaml(text)
    except Unreadable as error:
        raise SiteFileError(str(path), [f"{_place(path, error.line)}: {error.message}"]) from None
    if not isinstance(data, dict):
        raise SiteFileError(str(path), [f"{path}:1: should be a mapping of fields; see docs/site-file.md"])
    return data


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking a growing inventory: 100,000 devices load 6 times faster."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def registry_of(site: Site) -> Registry:
    """Build the inventory; repeated words are shared, since a big site repeats them in each of its devices."""
    share = sys.intern
    return Registry(
        Device(
            id=share(entry.id),
            kind=entry.kind,
            name=entry.name,
            dialect=share(entry.dialect),
            address=entry.address,
            building=share(entry.building),
            floor=share(entry.floor),
            zone=share(entry.zone),
            asset=entry.asset,
            expect_every_s=entry.expect_every_s,
            upstream=share(entry.upstream),
        )
        for entry in site.devices
    )


def database_url(site: Site) -> str:
    """Return the SQLAlchemy URL of the alerts' database."""
    return site.database or f"sqlite:///{site.data_dir / 'alerts.db'}"


def reveal(secret: Secret) -> str:
    """Fetch a secret from where the site file says it is. The result must not be printed or logged.

    Raises:
        OperatorError: it is not there, or empty.
    """
    if secret.env is not None:
        value, place = os.environ.get(secret.env), f"environment variable {secret.env}"
        if value is None:
            raise OperatorError(
                place, "is not set", "set it for the gateway, for instance in the service's EnvironmentFile"
            )
    else:
        assert secret.file is not None  # noqa: S101 - the model's validator saw to it
        value, place = _secret_file(secret.file), f"secret file {secret.file}"
    if not value:
        raise OperatorError(place, "is empty", "put the secret there, or take the field out of the site file")
    return value


def _secret_file(path: Path) -> str:
    place = f"secret file {path}"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise OperatorError(place, f"cannot be read: {error.strerror}", "check the path and who may read it") from None
    if len(content) > MAX_SECRET_BYTES:
        raise OperatorError(place, "is no secret, it is too large", "check the path in the site file")
    try:
        return content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise OperatorError(place, "is not UTF-8 text", "check the path in the site file") from None


def _text(path: Path, remedy: str = SITE_REMEDY) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SITE_BYTES + 1)
    except OSError as error:
        raise OperatorError(str(path), f"cannot be read: {error.strerror}", remedy) from None
    if len(content) > MAX_SITE_BYTES:
        cause = f"is larger than {MAX_SITE_BYTES // 1_000_000} MB"
        raise OperatorError(str(path), cause, "is it a site file? 100,000 devices take about 25 MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise OperatorError(f"{path}:{line}", "is not UTF-8 text", "save the file with the encoding UTF-8") from None


def _judge(data: dict[str, Any], base: Path) -> tuple[Site | None, list[Problem]]:
    from alert_rules.catalogue import RULES  # both load every rule and dialect: not for `gateway --help`
    from devices.dialects import DIALECTS

    site, problems = None, []
    try:
        site = Site.model_validate(data, context={"base": base})
    except ValidationError as error:
        problems = field_problems(error, Site)
    params = {name: rule.Params for name, rule in RULES.items()}
    return site, [*problems, *cross_problems(data, base, DIALECTS, params)]


def located(path: Path, text: str, problems: Iterable[Problem]) -> list[str]:
    """One line per problem: file, line, field, what is wrong and the remedy, in the file's order.

    The lines are found with a second pass, so that a good file never pays for it.
    """
    problems = list(problems)
    lines: dict[Loc, int] = {}
    wanted = {problem.loc[:depth] for problem in problems for depth in range(1, len(problem.loc) + 1)}
    try:
        read_yaml(text, wanted, lines)  # JSON is YAML, so one finder serves both
    except Unreadable:
        lines = {}
    found = sorted((_line(problem.loc, lines), problem) for problem in problems)
    return [f"{_place(path, line)}: {_field(p.loc)}: {p.what}; {p.remedy}" for line, p in found]


def _line(loc: Loc, lines: dict[Loc, int]) -> int:
    return next((lines[loc[:depth]] for depth in range(len(loc), 0, -1) if loc[:depth] in lines), 1)


def _place(path: Path, line: int) -> str:
    return f"{path}:{line}" if line else str(path)


def _field(loc: Loc) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")
