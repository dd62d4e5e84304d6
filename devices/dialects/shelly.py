"""Shelly Gen2 and later: ``ID/events/rpc`` notifications, ``ID/status/COMPONENT``, ``ID/online``.

Notifications are deltas: what is missing is unchanged, ``null`` was removed and is unknown from now on.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from msgspec import Struct, field

from devices.dialects.body import loads, mapping
from devices.dialects.dialect import YEAR_2020, Context, Lane, Route
from devices.dialects.kinds import CONTACT, Kinds
from devices.dialects.reading import Reading
from devices.dialects.values import number, text, truth
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report
from devices.names import STATES

Found = Report | list[Report] | Reject | Ignored
NO_KIND = "nothing of a kind we watch; name the device in the inventory if it matters"
NOTIFICATIONS = ("NotifyStatus", "NotifyFullStatus", "NotifyEvent")

# Component: {member: canonical state, true when the member is}.
STATES_OF: dict[str, dict[str, str]] = {
    "smoke": {"alarm": "smoke", "mute": "muted"},
    "flood": {"alarm": "water_leak"},
    "gas": {"alarm": "gas"},
    "switch": {"output": "relay_state"},
}

# Component: {path to the member: canonical quantity}.
QUANTITIES_OF: dict[str, dict[tuple[str, ...], str]] = {
    "devicepower": {("battery", "percent"): "battery_percent", ("battery", "V"): "battery_voltage"},
    "temperature": {("tC",): "temperature"},
    "humidity": {("rh",): "humidity"},
    "wifi": {("rssi",): "rssi"},
}

# (component, event): states it means. A test is announced as one and is over by itself.
EVENTS_OF: dict[tuple[str, str], dict[str, bool]] = {
    ("smoke", "alarm"): {"smoke": True},
    ("smoke", "alarm_off"): {"smoke": False},
    ("smoke", "alarm_test"): {"test_active": True},
    ("flood", "alarm"): {"water_leak": True},
    ("flood", "alarm_off"): {"water_leak": False},
    ("flood", "cable_unplugged"): {"fault": True},
    ("flood", "cable_plugged"): {"fault": False},
    ("gas", "alarm"): {"gas": True},
    ("gas", "alarm_off"): {"gas": False},
}
KIND_OF = {
    "smoke": DeviceKind.SMOKE_DETECTOR,
    "gas": DeviceKind.SMOKE_DETECTOR,
    "flood": DeviceKind.WATER_LEAK,
}

# What an id begins with where the makers' first part of it tells the kind; these wake up, speak, and go offline.
SLEEPERS = {
    "shellyplussmoke": DeviceKind.SMOKE_DETECTOR,
    "shellysmoke": DeviceKind.SMOKE_DETECTOR,
    "shellyflood": DeviceKind.WATER_LEAK,
}


class Options(Struct, forbid_unknown_fields=True):
    """``inputs``: what ``ID/input:N`` is wired to, a true/false state or ``door``."""

    inputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, state in self.inputs.items():
            if state != "door" and (state not in STATES or STATES[state].type != "bool"):
                raise ValueError(f"inputs: {place!r} is {state!r}; say door or a true/false state of docs/names.md")


class Shelly:
    """Decoder of Shelly Gen2+. A device's address is its topic prefix, its id unless somebody changed it."""

    name: ClassVar[str] = "shelly"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._inputs = msgspec.convert(context.options, Options).inputs
        self._kinds = Kinds(self.name, context)

    def filters(self) -> dict[str, Lane]:
        return {"+/events/rpc": Lane.ALARM, "+/status/+": Lane.ALARM, "+/online": Lane.ALARM}

    def owns(self, topic: str) -> bool:
        return _split(topic) is not None

    def route(self, topic: str) -> Route | Reject:
        found = _split(topic)
        if found is None:
            return Reject(
                RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not ID/(events/rpc|status/COMPONENT|online)"
            )
        device, channel = found
        kind = self._kinds.of(device, _kind_by_id(device)) or DeviceKind.SMOKE_DETECTOR
        return Route(self.name, device, kind, self._reader(device, channel))

    def _reader(self, device: str, channel: str) -> Callable[[Route, Envelope], Found]:
        if channel == "events/rpc":
            return lambda route, envelope: self._notified(device, envelope)
        if channel == "online":
            return lambda route, envelope: self._online(device, envelope)
        component = channel.removeprefix("status/")
        return lambda route, envelope: self._status(device, component, envelope)

    def _online(self, device: str, envelope: Envelope) -> Found:
        if not envelope.payload:
            return Ignored("a retained will was deleted")
        online = truth(text(envelope.payload))
        if online is None:
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} says neither true nor false")
        if not online and _kind_by_id(device):
            return Ignored("a battery device sleeps; its silence is judged by expect_every_s")
        kind = self._kinds.of(device)
        if kind is None:
            return Ignored(NO_KIND)
        reading = Reading(self.name, device, kind)
        reading.availability = online
        return reading.report(self._context, envelope)

    def _status(self, device: str, component: str, envelope: Envelope) -> Found:
        body = loads(envelope)
        if isinstance(body, Reject):
            return Ignored("a retained status was deleted") if not envelope.payload else body
        if body is not None and not isinstance(body, dict):
            return Reject(RejectReason.WRONG_SHAPE, f"{envelope.topic[:120]!r} carries no JSON object")
        return self._report(device, {component: body}, envelope, None)

    def _notified(self, device: str, envelope: Envelope) -> Found:
        body = mapping(envelope)
        if isinstance(body, Reject):
            return body
        params, method = body.get("params"), body.get("method")
        if method not in NOTIFICATIONS:
            return Ignored("an answer to somebody's request")
        if not isinstance(params, dict):
            return Reject(RejectReason.WRONG_SHAPE, f"{method} on {envelope.topic[:120]!r} has no object params")
        if method == "NotifyEvent":
            return self._events(device, params, envelope)
        return self._report(device, params, envelope, number(params.get("ts")))

    def _report(self, device: str, components: dict[str, Any], envelope: Envelope, at: float | None) -> Found:
        reading = Reading(self.name, device, DeviceKind.SMOKE_DETECTOR)
        shown: DeviceKind | None = None
        for component in components:
            shown = shown or KIND_OF.get(component.partition(":")[0]) or self._wired(device, component)
        kind = self._kinds.of(device, shown)
        if kind is None:
            return Ignored(NO_KIND)
        reading.kind = kind
        for component, status in components.items():
            self._component(reading, component, status)
        if reading.empty:
            return Ignored("a part of the status that says nothing for us")
        return reading.report(self._context, envelope, at)

    def _wired(self, device: str, component: str) -> DeviceKind | None:
        wired = self._inputs.get(f"{device}/{component}") if self._inputs else None
        return _kind_of_state(wired) if wired else None

    def _component(self, reading: Reading, component: str, status: Any) -> None:
        family = component.partition(":")[0]
        states, quantities = STATES_OF.get(family), QUANTITIES_OF.get(family)
        if states:
            for key, name in states.items():
                if status is None:
                    reading.state(name, None)
                elif type(status) is dict and key in status:
                    reading.state(name, truth(status[key]), status[key])
            if type(status) is dict and type(errors := status.get("errors")) is list and family in KIND_OF:
                reading.state("fault", bool(errors))
        elif quantities:
            for path, name in quantities.items():
                value = status
                for step in path:
                    value = value.get(step) if type(value) is dict else None
                if value is not None:
                    reading.measure(name, number(value), value)
        elif family == "input":
            self._input(reading, component, status)

    def _input(self, reading: Reading, component: str, status: Any) -> None:
        if isinstance(status, dict) and "state" not in status:
            return
        said = status.get("state") if isinstance(status, dict) else None
        name = self._inputs.get(f"{reading.address}/{component}") or CONTACT.get(reading.kind)
        active = truth(said)
        if name == "door":
            reading.state("door_state", None if active is None else "open" if active else "closed", said)
        elif name is not None:
            reading.state(name, active, said)

    def _events(self, device: str, params: dict[str, Any], envelope: Envelope) -> Found:
        given = params.get("events")
        if not isinstance(given, list):
            return Reject(RejectReason.WRONG_SHAPE, f"NotifyEvent on {envelope.topic[:120]!r} has no list events")
        at = number(params.get("ts"))
        reports: list[Report] = []
        for item in given:
            if isinstance(item, dict):
                reports += self._event(device, item, envelope, at)
        return reports or Ignored("an event that says nothing for us")

    def _event(self, device: str, item: dict[str, Any], envelope: Envelope, at: float | None) -> list[Report]:
        family, what = _family(str(item.get("component"))), item.get("event")
        states = EVENTS_OF.get((family, what)) if isinstance(what, str) else None
        kind = self._kinds.of(device, KIND_OF.get(family))
        if states is None or kind is None:
            return []
        reading = Reading(self.name, device, kind)
        for name, value in states.items():
            reading.state(name, value)
        reading.test = "test_active" in states
        own = number(item.get("ts"))
        when = at if own is None else own
        if when is not None and when >= YEAR_2020:  # several events of one message share its bytes
            reading.dedup_key = f"{item.get('component')}/{what}/{when:.2f}"
        return [reading.report(self._context, envelope, when)]


def _split(topic: str) -> tuple[str, str] | None:
    """Return device and channel. Other makers have ``online`` topics too: there the id must look like a Shelly's."""
    words = topic.split("/")
    if len(words) > 2 and words[-2:] == ["events", "rpc"]:
        return "/".join(words[:-2]), "events/rpc"
    if len(words) > 2 and words[-2] == "status" and (":" in words[-1] or words[-3].startswith("shelly")):
        return "/".join(words[:-2]), "/".join(words[-2:])
    if len(words) > 1 and words[-1] == "online" and words[-2].startswith("shelly"):
        return "/".join(words[:-1]), "online"
    return None


def _family(component: str) -> str:
    return component.partition(":")[0]


def _kind_by_id(device: str) -> DeviceKind | None:
    last = device.rpartition("/")[2].lower()
    return next((kind for prefix, kind in SLEEPERS.items() if last.startswith(prefix)), None)


def _kind_of_state(name: str) -> DeviceKind | None:
    if name == "door":
        return DeviceKind.ACCESS_GATE
    kinds = STATES[name].kinds
    return next(iter(kinds)) if len(kinds) == 1 else None
