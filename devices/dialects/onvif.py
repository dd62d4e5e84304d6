"""ONVIF Profile M events over MQTT: ``PREFIX/onvif-ej/TOPIC/&SOURCE[/RULE]``, as Hanwha, Bosch and others send them."""

from typing import Any, ClassVar

from msgspec import Struct

from devices.dialects import values
from devices.dialects.body import mapping
from devices.dialects.dialect import Context, Lane, Read, Route
from devices.dialects.reading import Reading
from devices.dialects.scene import Meaning, active_of, meaning, object_class, tell, unnamed
from devices.model import DeviceKind, Envelope, Ignored, Reject, RejectReason, Report

MARK = "/onvif-ej/"
BLANK = b"\x00\r\n\t "
MAX_OBJECTS = 32
MAX_DEPTH = 16
PLATE_KEYS = ("PlateNumber", "LicensePlate", "Plate", "LicensePlateNumber", "PlateNum")
COUNT_KEYS = ("Count", "Value", "ObjectCount", "Number")
OBJECT_IDS = frozenset({"ObjectId", "ObjectID", "objectId"})
CLASS_NAMES = frozenset({"ClassTypes", "classTypes", "ObjectType", "Class", "Type"})
LEFT = ("exit", "exiting", "leave", "disappear")


class Options(Struct, forbid_unknown_fields=True):
    """``prefix``: an MQTT filter for what stands before ``/onvif-ej/``."""

    prefix: str = "+"


class Onvif:
    """Decoder of ONVIF events. Addresses: ``PREFIX``, or ``PREFIX/SOURCE`` for one lens of several where the inventory
    lists it so.
    """

    name: ClassVar[str] = "onvif"
    Options: ClassVar[Any] = Options

    def __init__(self, context: Context) -> None:
        self._context = context
        self._prefix = Options(**context.options).prefix

    def filters(self) -> dict[str, Lane]:
        return {f"{self._prefix}{MARK}#": Lane.ALARM, f"{self._prefix}/heartbeat": Lane.TELEMETRY}

    def owns(self, topic: str) -> bool:
        return MARK in topic or (topic.endswith("/heartbeat") and topic.count("/") == 1)

    def route(self, topic: str) -> Route | Reject:
        prefix, found, rest = topic.partition(MARK)
        if not found:
            return Route(self.name, topic.removesuffix("/heartbeat"), DeviceKind.CAMERA, self._heartbeat)
        event, _, source = rest.partition("/&")
        token, _, rule = source.partition("/")
        if not prefix or not event:
            return Reject(RejectReason.BAD_TOPIC, f"topic {topic[:120]!r} is not PREFIX/onvif-ej/TOPIC/&SOURCE[/RULE]")
        own = f"{prefix}/{token}"
        sender = own if self._context.registry.resolve(self.name, own) else prefix
        return Route(self.name, sender, DeviceKind.CAMERA, self._reader(event, rule))

    def _heartbeat(self, route: Route, envelope: Envelope) -> Report | Ignored:
        if envelope.retained:
            return Ignored("a kept heartbeat is no sign of life")
        reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
        reading.availability = True
        return reading.report(self._context, envelope)

    def _reader(self, event: str, rule: str) -> Read:
        meant = meaning(event)

        def read(route: Route, envelope: Envelope) -> Report | Reject | Ignored:
            reading = Reading(self.name, route.sender, DeviceKind.CAMERA)
            if meant is None:
                return self._unnamed(reading, event, envelope)
            if not envelope.payload.strip(BLANK):
                if meant.count:
                    return Reject(RejectReason.EMPTY, f"empty payload on {envelope.topic[:120]!r}; a count needs one")
                if meant.event != "plate_recognised":
                    tell(reading, meant, None, rule_name=rule or None)
                    return reading.report(self._context, envelope)
            said = mapping(envelope)
            if isinstance(said, Reject):
                return said
            if "Data" not in said:
                said = plain(said)
                said = said["Message"] if isinstance(said.get("Message"), dict) else said
            return self._said(reading, meant, said, rule, envelope)

        return read

    def _unnamed(self, reading: Reading, event: str, envelope: Envelope) -> Report | Reject | Ignored:
        """Keep what the table lacks where it says something: an empty payload is an alarm of some kind, too."""
        if not envelope.payload.strip(BLANK):
            reading.unknown("topic", event)
            return reading.report(self._context, envelope)
        said = mapping(envelope)
        if isinstance(said, Reject):
            return said
        active = active_of(flat(said.get("Data")))
        if active is None:
            return Ignored(f"ONVIF topic {event[:100]!r} has no canonical meaning")
        unnamed(reading, event, active)
        return reading.report(self._context, envelope, values.iso(said.get("UtcTime")))

    def _said(self, reading: Reading, meant: Meaning, said: dict[str, Any], rule: str, envelope: Envelope) -> Report:
        data = flat(said.get("Data"))
        operation = said.get("PropertyOperation", said.get("@PropertyOperation"))
        reading.snapshot = isinstance(operation, str) and operation.lower() == "initialized"
        rule = rule or _rule(said.get("Source"))
        if meant.count:
            reading.measure(
                "object_count", next((n for key in COUNT_KEYS if (n := _count(data, key)) is not None), None)
            )
        elif meant.event == "plate_recognised":
            self._plate(reading, data)
        else:
            _seen(reading, meant, data, rule)
        return reading.report(self._context, envelope, values.iso(said.get("UtcTime", said.get("@UtcTime"))))

    def _plate(self, reading: Reading, data: dict[str, Any]) -> None:
        number = next((found for key in PLATE_KEYS if (found := _find(data, key)) is not None), None)
        likelihood = _find(data, "Likelihood") if number is not None else None
        ref = values.pseudonym(self._context.key, number)
        if ref is None:
            reading.event("no_plate_read")
            return
        plate = str(number) if self._context.keep_plates else None
        reading.event("plate_recognised", credential_ref=ref, plate_text=plate, confidence=values.share(likelihood))


def plain(value: Any, depth: int = 0) -> Any:
    """Drop namespace prefixes from member names (``tt:Source``); ``@UtcTime`` and ``#text`` keep their marks."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {key.rpartition(":")[2]: plain(inner, depth + 1) for key, inner in value.items()}
    return [plain(inner, depth + 1) for inner in value] if isinstance(value, list) else value


def flat(section: Any) -> dict[str, Any]:
    """Read ``Source`` or ``Data``: plain members, or ``SimpleItem`` with name and value, one or a list of them, with
    XML's attribute and text marks or without.
    """
    if isinstance(section, list):
        return {name: value for part in section for name, value in flat({"SimpleItem": part}).items()}
    if not isinstance(section, dict):
        return {}
    found: dict[str, Any] = {}
    for name, value in section.items():
        if ":" in name:
            name = name.rpartition(":")[2]  # the local name is the name
        if name not in ("SimpleItem", "ElementItem"):
            found[name.lstrip("@")] = value["#text"] if type(value) is dict and "#text" in value else value
            continue
        for item in value if isinstance(value, list) else [value]:
            named = item.get("Name", item.get("@Name")) if isinstance(item, dict) else None
            if isinstance(named, str):
                said = item.get("Value", item.get("@Value", item.get("#text")))
                found[named] = item if said is None else said
    return found


def _rule(source: Any) -> str:
    found = flat(source)
    return str(found.get("RuleName") or found.get("Rule") or "")


def _seen(reading: Reading, meant: Meaning, data: dict[str, Any], rule: str) -> None:
    """Note an event for each object named, or one for all. An action such as ``Exit`` ends what it is about."""
    action = data.get("Action")
    word = action.strip().lower() if isinstance(action, str) else ""
    active: Any = "false" if word in LEFT else active_of(data)
    if meant.event == "intrusion" and "loiter" in word:
        meant = Meaning("loitering", meant.state)
    if not meant.event:
        tell(reading, meant, active)
        return
    for number, seen in enumerate(_objects(data) or [{}]):
        known = Meaning(meant.event, object_class=meant.object_class) if number else meant
        tell(reading, known, active, rule_name=rule or None, direction=word or None, **seen)


def _objects(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Find the objects: an id and class among the members, or ``Object`` elements, one or a list, nested or not."""
    given = data.get("Object")
    while isinstance(given, dict) and "Object" in given:
        given = given["Object"]
    seen = [_object(item) for item in (given if isinstance(given, list) else [given])[:MAX_OBJECTS] if item]
    if seen:
        return [item for item in seen if item]
    found = {"object_id": _id(data.get("ObjectId", data.get("ObjectID", data.get("objectId"))))}
    label = next(
        (data[key] for key in ("ClassTypes", "classTypes", "ObjectType", "Class", "Type") if key in data), None
    )
    if isinstance(label, str):
        found["object_class"] = object_class(label.replace(",", " ").split(" ")[0])
    known = {name: value for name, value in found.items() if value is not None}
    return [known] if known else []


def _object(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {}
    found: dict[str, Any] = {"object_id": _id(item.get("@ObjectId", item.get("ObjectId")))}
    kinds = values.member(item, "Appearance", "Class", "Type")
    likely: tuple[float, str] | None = None
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        label = kind.get("#text", kind.get("Value")) if isinstance(kind, dict) else kind
        score = values.share(kind.get("@Likelihood", kind.get("Likelihood"))) if isinstance(kind, dict) else None
        if isinstance(label, str) and (likely is None or (score or 0.0) > likely[0]):
            likely = (score or 0.0, label)
            found["object_class"], found["score"] = object_class(label), score
    return {name: value for name, value in found.items() if value is not None}


def _id(value: Any) -> str | None:
    return str(value)[:64] or None if isinstance(value, str | int) and not isinstance(value, bool) else None


def _count(data: dict[str, Any], key: str) -> float | None:
    return values.number(data.get(key))


def _find(value: Any, key: str, depth: int = 0) -> Any:
    """Look for a member at any depth (bounded); an element's text, or the text itself."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.lstrip("@") == key and not isinstance(inner, list):
                text = inner.get("#text", inner.get("Value")) if isinstance(inner, dict) else inner
                if isinstance(text, str | int | float):
                    return text
            if (found := _find(inner, key, depth + 1)) is not None:
                return found
    elif isinstance(value, list):
        return next(
            (found for inner in value[:MAX_OBJECTS] if (found := _find(inner, key, depth + 1)) is not None), None
        )
    return None
