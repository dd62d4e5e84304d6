"""The cameras' part of the site file, read by the camera workers themselves. Places are shares of the picture.

The gateway checks the same file with its own models and better messages (``gateway check``); what both read alike is
held by a test.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import yaml
from msgspec import Meta, Struct, field

from devices.cameras.errors import CameraError

Share = Annotated[float, Meta(ge=0, le=1)]
Spot = tuple[Share, Share]
Outline = Annotated[list[Spot], Meta(min_length=3)]
Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
Hours = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
SECRET_BYTES = 65_536
REMEDY = "mend it; docs/cameras.md and docs/site-file.md say what a camera may have"


class Secret(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret by reference, never by value."""

    env: str = ""
    file: str = ""


class LaneZone(Struct, frozen=True, forbid_unknown_fields=True):
    """A watched zone; see `devices.cameras.lane_zone.Zone`. ``schedule``: hours of the site's day; empty: always."""

    id: Identifier
    polygon: Outline = field(default_factory=lambda: [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
    dwell_s: Annotated[float, Meta(ge=5)] = 10.0
    min_width: Annotated[float, Meta(gt=0, le=1)] = 0.25
    schedule: list[Hours] = field(default_factory=list)


class FloorMark(Struct, frozen=True, forbid_unknown_fields=True):
    """A place whose floor is known."""

    x: Share
    y: Share
    floor: float


class Camera(Struct, frozen=True, forbid_unknown_fields=True):
    """One plain camera. With ``facade`` it is watched for what falls, with ``zones`` for what stands."""

    id: Identifier
    url: Secret
    zones: list[LaneZone] = field(default_factory=list)
    facade: Outline | None = None
    calibration: list[FloorMark] = field(default_factory=list)
    floor_height_m: Annotated[float, Meta(gt=0)] = 3.0
    min_score: Share = 0.5
    masks: list[Outline] = field(default_factory=list)
    reference: list[str] = field(default_factory=list)


class EvidenceLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of detections, and for how long."""

    max_bytes: Annotated[int, Meta(ge=10_000_000)] = 20_000_000_000
    before_s: Annotated[float, Meta(ge=0, le=60)] = 10.0
    after_s: Annotated[float, Meta(ge=0, le=60)] = 10.0
    falling_object_days: Annotated[float, Meta(gt=0)] = 180.0
    stationary_object_days: Annotated[float, Meta(gt=0)] = 90.0


class Broker(Struct, frozen=True):
    """The broker, as in the site file; what concerns the gateway alone is passed over."""

    host: str = "127.0.0.1"
    port: int = 1883
    tls: dict[str, str] | None = None
    username: str | None = None
    password: Secret | None = None
    keep_alive_s: int = 10


class SiteInfo(Struct, frozen=True):
    """Which community."""

    id: Identifier
    timezone: str = "Asia/Shanghai"


class CameraSite(Struct, frozen=True):
    """The parts of the site file that concern cameras."""

    site: SiteInfo
    data_dir: str = "var"
    mqtt: Broker = field(default_factory=Broker)
    cameras: list[Camera] = field(default_factory=list)
    camera_evidence: EvidenceLimits = field(default_factory=EvidenceLimits)


Read = TypeVar("Read")


def load_site(path: Path) -> CameraSite:
    """Read the site file; relative paths in it become absolute.

    Raises:
        CameraError: it cannot be read, or a camera's part of it is wrong.
    """
    site = _convert(path, _values(path), CameraSite)
    twice = {camera.id for camera in site.cameras if [c.id for c in site.cameras].count(camera.id) > 1}
    if twice:
        raise CameraError(str(path), f"cameras with the same id: {', '.join(sorted(twice))}", "give each its own")
    base = path.resolve().parent
    cameras = [_anchored(base, camera) for camera in site.cameras]
    return msgspec.structs.replace(site, data_dir=str(base / site.data_dir), cameras=cameras)


def load_camera(path: Path) -> Camera:
    """Read one camera's part alone, as ``gateway-cameras try --config`` takes it. ``id`` and ``url`` may be absent.

    Raises:
        CameraError: as `load_site`.
    """
    values = _values(path)
    camera = _convert(path, {"id": "camera", "url": {}} | values if isinstance(values, dict) else values, Camera)
    return _anchored(path.resolve().parent, camera)


def reveal(secret: Secret, base: Path | None = None) -> str:
    """Fetch a secret. The result must not be logged, nor put on a command line.

    Raises:
        CameraError: it is not there.
    """
    if bool(secret.env) == bool(secret.file):
        raise CameraError("secret", "is not said where it is", "give exactly one of env and file")
    if secret.env:
        place, value = f"environment variable {secret.env}", os.environ.get(secret.env, "")
    else:
        place, path = f"secret file {secret.file}", (base or Path()) / secret.file
        try:
            value = path.read_text(encoding="utf-8")[:SECRET_BYTES].rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            value = ""
    if not value:
        raise CameraError(place, "is absent or empty", "put the secret there, readable for the camera workers")
    return value


def _anchored(base: Path, camera: Camera) -> Camera:
    secret = camera.url
    url = Secret(file=str(base / secret.file)) if secret.file else secret
    return msgspec.structs.replace(camera, url=url, reference=[str(base / name) for name in camera.reference])


def _values(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return yaml.load(text, yaml.CSafeLoader) or {}
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise CameraError(str(path), f"cannot be read: {cause}", "check the path") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise CameraError(place, str(getattr(error, "problem", None) or "is no YAML"), REMEDY) from None


def _convert(path: Path, values: Any, kind: type[Read]) -> Read:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        cause, _, place = str(error).partition(" - at ")
        where = re.sub(r"[`$]", "", place).strip(".")
        raise CameraError(f"{path}: {where}" if where else str(path), cause, REMEDY) from None


def active(schedule: Sequence[str], minute: int) -> bool:
    """Whether ``minute`` of the site's day lies in one of the hours, which may run past midnight; none: always."""
    return not schedule or any(_covers(hours, minute) for hours in schedule)


def _covers(hours: str, minute: int) -> bool:
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))
    return begin <= minute < end if begin <= end else minute >= begin or minute < end
