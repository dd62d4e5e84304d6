"""The site file that fits a community, so that a gateway knows every device of it."""

from pathlib import Path
from typing import Any

import yaml

from simulators.community import LONGEST_SILENCE_S, Community, House, Member


def site(community: Community, host: str, port: int) -> dict[str, Any]:
    """Return the site file of ``community``, whose broker listens on ``host``:``port``."""
    return {
        "site": {"id": community.id, "name": community.name, "timezone": "Asia/Shanghai"},
        "mqtt": {"host": host, "port": port},
        "buildings": [_building(house) for house in community.houses],
        "devices": [_device(member) for member in community.members],
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write ``content`` as YAML.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _building(house: House) -> dict[str, Any]:
    return {"id": house.id, "name": house.name, "floors": list(house.floors)}


def _device(member: Member) -> dict[str, Any]:
    entry = {
        "id": member.id,
        "kind": member.kind.value,
        "name": member.name,
        "building": member.house.id,
        "floor": member.floor,
        "zone": member.zone,
        "asset": member.asset,
        "expect_every_s": LONGEST_SILENCE_S[member.kind],
    }
    return {name: value for name, value in entry.items() if value != ""}
