"""What no single field can know: references within a site file, names that live in the code, files on disk.

The checks read the raw values, so that they report beside a misspelt field and not only after it was mended.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from pydantic import BaseModel

from devices.decode import options_of
from gateway.rule_checks import rule_problems
from gateway.site import Push
from gateway.site_fields import Problem, closest
from gateway.yaml_reader import Loc

RuleParams = Mapping[str, type[BaseModel]]


def cross_problems(
    data: Mapping[str, Any], base: Path, dialects: Mapping[str, Any], rules: RuleParams
) -> list[Problem]:
    """Find every problem between the fields of ``data``.

    Args:
        base: folder that relative paths count from.
        dialects: the dialects that exist.
        rules: the rules that exist, each with its parameters' model.
    """
    return [
        *_timezone(data),
        *_buildings(data),
        *_devices(data, dialects),
        *_dialects(data, dialects),
        *_push(data),
        *rule_problems(data, rules),
        *_mqtt(data, base),
        *_urls(data),
        *_twice(_rows(data, "channels"), "channels", "name"),
        *_twice(_rows(data, "cameras"), "cameras", "id"),
        *_cameras(data),
    ]


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _rows(data: Mapping[str, Any], name: str) -> list[tuple[int, Mapping[str, Any]]]:
    found = data.get(name)
    rows = enumerate(found) if isinstance(found, list) else ()
    return [(index, row) for index, row in rows if isinstance(row, Mapping)]


def _timezone(data: Mapping[str, Any]) -> Iterator[Problem]:
    name = _section(data, "site").get("timezone", "UTC")
    if not isinstance(name, str):
        return
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such zone, a folder of zones, a path
        remedy = "use an IANA name such as Asia/Shanghai"
        yield Problem(("site", "timezone"), "is no time zone this machine knows", remedy)


def _cameras(data: Mapping[str, Any]) -> Iterator[Problem]:
    known = {row.get("id") for _, row in _rows(data, "devices") if row.get("kind") == "camera"}
    for index, row in _rows(data, "cameras"):
        if isinstance(row.get("id"), str) and row["id"] not in known:
            remedy = "add it to devices with kind: camera and the dialect native"
            yield Problem(("cameras", index, "id"), f"there is no camera {row['id']!r} in the inventory", remedy)


def _twice(rows: list[tuple[int, Mapping[str, Any]]], name: str, field: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, row in rows:
        value = row.get(field)
        if not isinstance(value, str):
            continue
        if value in seen:
            what = f"{value!r} is taken by {name}[{seen[value]}]"
            yield Problem((name, index, field), what, "give each its own")
        seen.setdefault(value, index)


def _buildings(data: Mapping[str, Any]) -> Iterator[Problem]:
    rows = _rows(data, "buildings")
    yield from _twice(rows, "buildings", "id")
    for index, row in rows:
        floors = [str(floor) for floor in row.get("floors") or []] if isinstance(row.get("floors"), list) else []
        for position, floor in enumerate(floors):
            if floor in floors[:position]:
                yield Problem(
                    ("buildings", index, "floors", position), f"floor {floor!r} is listed twice", "remove one"
                )


def _devices(data: Mapping[str, Any], dialects: Mapping[str, Any]) -> Iterator[Problem]:
    rows = _rows(data, "devices")
    yield from _twice(rows, "devices", "id")
    floors = {str(b.get("id")): _floors(b) for _, b in _rows(data, "buildings")}
    for index, row in rows:
        loc: Loc = ("devices", index)
        yield from _place(row, loc, floors)
        dialect = row.get("dialect", "native")
        if isinstance(dialect, str) and dialect not in dialects:
            yield Problem((*loc, "dialect"), f"unknown dialect {dialect!r}", closest(dialect, dialects))
    yield from _addresses(rows)


def _dialects(data: Mapping[str, Any], dialects: Mapping[str, Any]) -> Iterator[Problem]:
    for name, options in _section(data, "dialects").items():
        if name not in dialects:
            yield Problem(("dialects", name), f"unknown dialect {name!r}", closest(str(name), dialects))
            continue
        try:
            options_of(name, options)
        except msgspec.ValidationError as error:
            what, place = _placed(str(error))
            yield Problem(("dialects", name, *place), what, f"see docs/dialects.md for the options of {name}")


def _push(data: Mapping[str, Any]) -> Iterator[Problem]:
    spoken = _section(data, "dialects")
    for maker in _section(data, "push"):
        if maker in Push.model_fields and maker not in spoken:
            what = f"nobody would understand what it takes in: dialect {maker} is not spoken"
            yield Problem(("push", maker), what, f"add `{maker}: {{}}` under dialects")


def _placed(message: str) -> tuple[str, Loc]:
    """Part a message of msgspec, ``... - at `$.topics[0].kind` ``, into what is wrong and where.

    It does not say which key of a mapping it means; the place then ends before that key.
    """
    what, _, path = message.partition(" - at `$")
    parts = re.findall(r"\.(\w+)|\[(\d+)\]", path.partition("[...]")[0])
    return what, tuple(name or int(index) for name, index in parts)


def _addresses(rows: list[tuple[int, Mapping[str, Any]]]) -> Iterator[Problem]:
    """A device without address is addressed by its id; two such devices are reported as sharing the id."""
    taken: dict[tuple[str, str], tuple[int, bool]] = {}
    for index, row in rows:
        given = bool(row.get("address"))
        key = (str(row.get("dialect", "native")), str(row.get("address") or row.get("id")))
        other, other_given = taken.setdefault(key, (index, given))
        if other != index and (given or other_given):
            what = f"{key[1]!r} is taken by devices[{other}]"
            loc = ("devices", index, "address" if given else "id")
            yield Problem(loc, what, "each address of a dialect belongs to one device")


def _floors(building: Mapping[str, Any]) -> frozenset[str]:
    floors = building.get("floors")
    return frozenset(map(str, floors)) if isinstance(floors, list) else frozenset()


def _place(row: Mapping[str, Any], loc: Loc, floors: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    building, floor = row.get("building", ""), row.get("floor", "")
    if not building:
        return
    if building not in floors:
        yield Problem((*loc, "building"), f"unknown building {building!r}", closest(str(building), floors))
    elif floor != "" and floors[building] and str(floor) not in floors[building]:
        what = f"building {building!r} has no floor {str(floor)!r}"
        yield Problem((*loc, "floor"), what, closest(str(floor), floors[building]))


def _mqtt(data: Mapping[str, Any], base: Path) -> Iterator[Problem]:
    mqtt = _section(data, "mqtt")
    tls = _section(mqtt, "tls")
    for name in ("ca", "cert", "key"):
        if isinstance(path := tls.get(name), str) and not (base / path).is_file():
            yield Problem(("mqtt", "tls", name), f"there is no file {base / path}", "mend the path or make the file")
    if ("cert" in tls) != ("key" in tls):
        yield Problem(("mqtt", "tls"), "a client certificate needs both cert and key", "give both or neither")
    if mqtt.get("password") and not mqtt.get("username"):
        yield Problem(("mqtt", "password"), "a password without username", "add username")


def _urls(data: Mapping[str, Any]) -> Iterator[Problem]:
    """A URL is the one place where a secret could slip into the file as plain text."""
    if _has_password(data.get("database")):
        remedy = "leave it out; PostgreSQL clients read it from the file named in PGPASSFILE"
        yield Problem(("database",), "holds a password", remedy)
    if _has_password(_section(data, "history").get("url")):
        yield Problem(("history", "url"), "holds a password", "leave it out and give token: {file: PATH}")


def _has_password(url: Any) -> bool:
    try:
        return isinstance(url, str) and urlsplit(url).password is not None
    except ValueError:  # no URL at all; whoever uses it will say so
        return False
