"""The site file's models: one field, one description. ``gateway schema`` turns them into JSON Schema for editors.

Relative paths count from the folder of the site file.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic.dataclasses import dataclass

from alert_rules.custom import CustomRule
from alert_rules.escalation import Policy
from alert_rules.schedule import Schedule
from alert_rules.suppression import Limits
from devices.model import DeviceKind

Topic = Annotated[str, StringConstraints(pattern=r"^([^#+\s/]+(/[^#+\s/]+)*)?$", max_length=200)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]


def _anchor(path: Path, info: ValidationInfo) -> Path:
    """Take a relative path from the site file's folder: its meaning must not depend on where we are started."""
    base = (info.context or {}).get("base")
    return path if base is None else Path(base) / path


def _label(value: Any) -> Any:
    """Let ``floors: [B1, 1, 2]`` mean what it says."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


SitePath = Annotated[Path, AfterValidator(_anchor)]
Label = Annotated[str, BeforeValidator(_label, json_schema_input_type=str | int)]


class Model(BaseModel):
    """Unknown fields are refused: a misspelt setting must not silently keep its default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Secret(Model):
    """A secret by reference, never by value."""

    env: str | None = Field(default=None, description="name of the environment variable that holds the secret")
    file: SitePath | None = Field(default=None, description="file that holds the secret; trailing newline ignored")

    @model_validator(mode="after")
    def _one_source(self) -> "Secret":
        if (self.env is None) == (self.file is None):
            raise ValueError("give exactly one of env and file")
        return self


class SiteInfo(Model):
    """Which community this is."""

    id: Identifier = Field(description="short id; the second word of every native topic")
    name: str = Field(description="name people read")
    timezone: str = Field(default="Asia/Shanghai", description="IANA time zone of the site")


class WorkingDays(Model):
    """Which days differ from their weekday, as the yearly notice on public holidays sets them."""

    holidays: list[date] = Field(default_factory=list, description="days off, as YYYY-MM-DD")
    workdays: list[date] = Field(default_factory=list, description="weekend days worked in exchange, as YYYY-MM-DD")


class Building(Model):
    """One building."""

    id: Identifier = Field(description="id that devices refer to")
    name: str = Field(default="", description="name people read")
    floors: list[Label] = Field(default_factory=list, description="floor labels, lowest first")


# Slots, not a model: a site may have 100,000 of them, and this halves the memory they take.
@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class DeviceEntry:
    """One device of the inventory."""

    id: Identifier = Field(description="id of the device; for native devices also the fourth word of its topics")
    kind: DeviceKind = Field(description="what it is")
    name: str = Field(default="", description="name people read")
    dialect: str = Field(default="native", description="how it speaks")
    address: str = Field(default="", description="how its dialect names it; default: the id")
    building: str = Field(default="", description="id of its building")
    floor: Label = Field(default="", description="floor label")
    zone: str = Field(default="", description="fire zone, facade column, lane or parking area")
    asset: str = Field(default="", description="id in the owner's asset register")
    expect_every_s: float = Field(default=0, ge=0, description="longest normal silence in seconds; 0: not supervised")
    upstream: Label = Field(
        default="", description="what carries its messages: id of a device, or any name all devices behind it share"
    )


class Tls(Model):
    """TLS towards the broker."""

    ca: SitePath | None = Field(default=None, description="CA certificate (PEM); default: the system's")
    cert: SitePath | None = Field(default=None, description="client certificate (PEM)")
    key: SitePath | None = Field(default=None, description="client key (PEM)")


class Mqtt(Model):
    """The broker and the session with it."""

    host: str = Field(default="127.0.0.1", description="broker's host")
    port: int = Field(default=1883, ge=1, le=65535, description="broker's port; 8883 is usual with TLS")
    tls: Tls | None = Field(default=None, description="present: speak TLS")
    username: str | None = Field(default=None, description="user name at the broker")
    password: Secret | None = Field(default=None, description="password at the broker")
    client_id: Identifier = Field(default="community-gateway", description="fixed id; each lane appends its name")
    session_expiry_s: int = Field(default=86_400, ge=0, description="seconds the broker keeps our session without us")
    keep_alive_s: int = Field(default=10, ge=5, description="silence after which either side doubts the connection")
    receive_maximum: int = Field(default=2000, ge=1, le=65535, description="messages in flight; bounds a commit")


class Ingest(Model):
    """What is let in."""

    max_payload_bytes: int = Field(default=262_144, ge=64, description="larger payloads are refused")
    rate_per_s: float = Field(default=50, gt=0, description="messages per second and device, long-term")
    burst: int = Field(default=500, ge=1, description="messages of one device that may arrive at once")


class Journal(Model):
    """The durable inbound log."""

    max_bytes: int = Field(default=2_000_000_000, ge=1_000_000, description="size bound of each lane's log")
    keep_days: float = Field(default=30, ge=0, description="kept for replay and back-tests beyond what consumers need")
    dead_letters: int = Field(default=10_000, ge=1, description="dead letters kept; the oldest go first")


class History(Model):
    """The time-series store."""

    store: Literal["embedded", "influxdb"] = Field(default="embedded", description="embedded needs no server")
    url: str = Field(default="http://127.0.0.1:8086", description="InfluxDB's address")
    token: Secret | None = Field(default=None, description="API token (2.x, 3.x) or user:password (1.8)")
    org: str = Field(default="", description="organization (2.x)")
    bucket: str = Field(default="community", description="bucket (2.x), database (1.8, 3.x)")
    batch: int = Field(default=5_000, ge=1, description="points per write")
    timeout_s: float = Field(default=10, gt=0, description="longest wait for one write")
    keep_days: float = Field(default=400, gt=0, description="embedded store only: older points are deleted")


class ServerTls(Model):
    """TLS towards browsers, where no proxy in front does it."""

    cert: SitePath = Field(description="certificate with its chain (PEM)")
    key: SitePath = Field(description="its key (PEM), readable for the gateway alone")


class Api(Model):
    """The console's server."""

    host: str = Field(default="127.0.0.1", description="address to listen on; loopback unless you say otherwise")
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0: a free one")
    session_hours: float = Field(default=12, gt=0, description="a login lasts this long")
    secure_cookie: bool = Field(default=False, description="set when a proxy serves the console over HTTPS")
    tls: ServerTls | None = Field(default=None, description="present: the gateway itself serves HTTPS")

    @property
    def https(self) -> bool:
        """Whether browsers come over HTTPS."""
        return self.secure_cookie or self.tls is not None


class Push(Model):
    """Endpoints for devices that push by HTTP. Each is closed until it has a token; its dialect must be listed too."""

    hikvision: Secret | None = Field(default=None, description="token of POST /push/hikvision?device=SERIAL")
    zkteco: Secret | None = Field(default=None, description="token of POST /push/zkteco?SN=SERIAL")


class Visitors(Model):
    """Visitors and their passes; see docs/people.md."""

    token: Secret | None = Field(
        default=None, description="token of POST /api/passes/verify, for gates that ask; absent: closed"
    )
    keep_days: float = Field(default=30, ge=1, description="days a visit and its trail are kept after its end")
    again_s: float = Field(default=15, ge=0, le=300, description="seconds within which a gate reading twice is one use")


class Channel(Model):
    """One notification channel: messages for people, or every change of an alert for programs."""

    name: Identifier = Field(description="name of the channel")
    kind: Literal["message", "webhook", "mqtt"] = Field(
        default="message", description="message: for people; webhook, mqtt: CloudEvents, see docs/outward.md"
    )
    url: Secret | None = Field(
        default=None,
        description="message: apprise URL (WeCom, DingTalk, Feishu, mail and many more); webhook: https URL",
    )
    signing_key: Secret | None = Field(default=None, description="webhook: key of the signature, 24 bytes or more")
    ca: SitePath | None = Field(default=None, description="webhook: CA certificate (PEM); default: the system's")
    allow_private: bool = Field(
        default=False, description="webhook: may lead to private and loopback addresses, and speak http there"
    )
    topic: Topic = Field(default="", description="mqtt: topic; default: community-gateway/SITE/cloudevents")
    min_severity: Literal["critical", "major", "minor", "notice"] = Field(default="major", description="mildest sent")
    language: Literal["zh", "en"] = Field(default="zh", description="language of the messages")
    per_minute: int = Field(
        default=20, ge=0, description="message: more a minute are joined into digests, fires never; 0: never joined"
    )
    levels: tuple[Annotated[int, Field(ge=0, le=9)], ...] = Field(
        default=(0, 1, 2, 3), description="message: escalation levels it is called at; 0: when an alert is raised"
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Channel":
        for name, kinds, needed in _CHANNEL_FIELDS:
            given = getattr(self, name) != type(self).model_fields[name].default
            if given and self.kind not in kinds:
                raise ValueError(f"a channel of kind {self.kind} has no {name}")
            if needed and not given and self.kind in kinds:
                raise ValueError(f"a channel of kind {self.kind} needs {name}")
        return self


_CHANNEL_FIELDS = (
    ("url", ("message", "webhook"), True),
    ("signing_key", ("webhook",), True),
    ("ca", ("webhook",), False),
    ("allow_private", ("webhook",), False),
    ("topic", ("mqtt",), False),
    ("per_minute", ("message",), False),
)


class Outward(Model):
    """What the gateway publishes back to the broker, for Home Assistant and others; see docs/outward.md."""

    enabled: bool = Field(default=False, description="publish at all; the account of mqtt needs the right to")
    prefix: Topic = Field(default="community-gateway", min_length=1, description="first levels of every topic")
    devices: bool = Field(default=True, description="publish what each device last said, retained")
    alerts: bool = Field(default=True, description="publish open alerts, retained, and each change of one")
    home_assistant: bool = Field(default=True, description="announce devices to Home Assistant (MQTT discovery)")
    discovery_prefix: Topic = Field(
        default="homeassistant", min_length=1, description="Home Assistant's discovery prefix"
    )
    language: Literal["zh", "en"] = Field(default="zh", description="language of the entities' names")


Share = Annotated[float, Field(ge=0, le=1)]
Outline = Annotated[list[tuple[Share, Share]], Field(min_length=3)]
Hours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class LaneZone(Model):
    """A zone watched for what stands in it."""

    id: Identifier = Field(description="name of the zone in events and alerts")
    polygon: Outline = Field(
        default=[(0, 0), (1, 0), (1, 1), (0, 1)],
        description="corners, [x, y] as shares of the picture; four are near left, near right, far right, far left",
    )
    dwell_s: float = Field(default=10, ge=5, description="seconds something stands before the camera says so")
    min_width: float = Field(default=0.25, gt=0, le=1, description="smallest share of the lane's width worth telling")
    schedule: list[Hours] = Field(default_factory=list, description="hours such as 06:00-23:00; none: always")


class FloorMark(Model):
    """A place on the facade whose floor is known."""

    x: Share = Field(description="share of the picture's width")
    y: Share = Field(description="share of the picture's height")
    floor: float = Field(description="floor, counted upward")


class PlainCamera(Model):
    """A plain camera whose pictures `gateway-cameras` watches; see docs/cameras.md."""

    id: Identifier = Field(description="id of the device in the inventory that it reports as")
    url: Secret = Field(description="RTSP or HTTP address with user and password")
    zones: list[LaneZone] = Field(default_factory=list, description="zones watched for what stands in them")
    facade: Outline | None = Field(default=None, description="outline watched for what falls; absent: not watched")
    calibration: list[FloorMark] = Field(default_factory=list, description="places on the facade with known floors")
    floor_height_m: float = Field(default=3, gt=0, description="height of a floor in metres")
    min_score: Share = Field(default=0.5, description="falls scored lower are not told")
    masks: list[Outline] = Field(default_factory=list, description="parts blackened in everything that is stored")
    reference: list[SitePath] = Field(default_factory=list, description="pictures of the empty zones, in any light")


class CameraEvidence(Model):
    """Clips and stills of what plain cameras saw, below data_dir/evidence."""

    max_bytes: int = Field(default=20_000_000_000, ge=10_000_000, description="size bound; at it no new clips are made")
    before_s: float = Field(default=10, ge=0, le=60, description="seconds of a clip before the detection")
    after_s: float = Field(default=10, ge=0, le=60, description="seconds of a clip after the detection")
    falling_object_days: float = Field(default=180, gt=0, description="days falls are kept")
    stationary_object_days: float = Field(default=90, gt=0, description="days blocked lanes are kept")


class Anchor(Model):
    """A place outside the database where the audit chain's end is noted: exactly one of file, topic and channel."""

    file: SitePath | None = Field(default=None, description="file to append to, best on another machine's disk")
    topic: Topic = Field(default="", description="MQTT topic to publish to")
    channel: str = Field(default="", description="name of a notification channel")
    every_s: float = Field(default=3_600, ge=60, description="seconds from one note to the next")

    @model_validator(mode="after")
    def _one_place(self) -> "Anchor":
        if sum(map(bool, (self.file, self.topic, self.channel))) != 1:
            raise ValueError("give exactly one of file, topic and channel")
        return self

    @property
    def name(self) -> str:
        """For logs."""
        return str(self.file or self.topic or self.channel)


class Retention(Model):
    """How long kinds of data are kept that nothing else says it of; 0: for good. Each deletion is audited."""

    alerts_days: float = Field(default=0, ge=0, description="resolved alerts that owe no review, with what is theirs")
    messages_days: float = Field(default=400, ge=0, description="notifications after their channel confirmed them")


class Site(Model):
    """The whole site file."""

    site: SiteInfo = Field(description="which community this is")
    data_dir: SitePath = Field(
        default=Path("var"), validate_default=True, description="where the journal, the history and the alerts live"
    )
    database: str = Field(
        default="", description="SQLAlchemy URL of the alerts' database, without password; default: SQLite in data_dir"
    )
    buildings: list[Building] = Field(default_factory=list, description="the buildings")
    devices: list[DeviceEntry] = Field(default_factory=list, description="the inventory")
    mqtt: Mqtt = Field(default_factory=Mqtt, description="the broker")
    ingest: Ingest = Field(default_factory=Ingest, description="what is let in")
    journal: Journal = Field(default_factory=Journal, description="the durable inbound log")
    history: History = Field(default_factory=History, description="the time-series store")
    api: Api = Field(default_factory=Api, description="the console's server")
    push: Push = Field(default_factory=Push, description="endpoints for devices that push by HTTP")
    visitors: Visitors = Field(default_factory=Visitors, description="visitors and their passes")
    outward: Outward = Field(default_factory=Outward, description="what is published back to the broker")
    dialects: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="vendor dialects spoken here and their options; native always is"
    )
    keep_plates: bool = Field(
        default=False, description="keep number plates readable; otherwise they become pseudonyms like cards"
    )
    pseudonym_key: Secret | None = Field(
        default=None, description="key that turns card numbers into pseudonyms; default: one made in data_dir"
    )
    rules: dict[str, dict[str, Any]] = Field(default_factory=dict, description="parameters per rule; see docs/rules.md")
    custom_rules: list[CustomRule] = Field(default_factory=list, description="rules of the site's own")
    schedules: list[Schedule] = Field(default_factory=list, description="hours by name, for rules and suppressions")
    suppression: Limits = Field(default_factory=Limits, description="how long alerts may be muted")
    calendar: WorkingDays = Field(default_factory=WorkingDays, description="holidays and exchanged working days")
    escalation: Policy = Field(default_factory=Policy, description="who is called when nobody acts, per severity")
    channels: list[Channel] = Field(default_factory=list, description="notification channels")
    plans: SitePath | None = Field(
        default=None, description="folder of emergency plans that add to the shipped ones or replace them by id"
    )
    anchors: list[Anchor] = Field(default_factory=list, description="where the audit chain's end is noted")
    retention: Retention = Field(default_factory=Retention, description="how long data is kept")
    cameras: list[PlainCamera] = Field(default_factory=list, description="plain cameras watched by gateway-cameras")
    camera_evidence: CameraEvidence = Field(
        default_factory=CameraEvidence, description="what is kept of their pictures"
    )
