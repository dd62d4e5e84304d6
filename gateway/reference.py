"""The reference pages that follow from the code. ``gateway docs`` writes them; a test fails where they are stale."""

import inspect
import json
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, get_origin

from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from alert_rules.catalogue import OVERRIDES, RULES
from alert_rules.rule import Rule
from alert_rules.scope import Scope
from devices.model import DeviceKind
from devices.names import EVENTS, QUANTITIES, STATES
from gateway.metrics import Metrics
from gateway.reference_incidents import incidents_page
from gateway.site import Site
from gateway.site_fields import fields_of, inner_models

NOTE = "Written by `gateway docs` from the code; change the code, not this page."
SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def pages() -> dict[str, str]:
    """Every generated page: its name below ``docs/`` and its text."""
    return {
        "site-file.md": site_page(),
        "rules.md": rules_page(),
        "incidents.md": incidents_page(NOTE),
        "names.md": names_page(),
        "metrics.md": metrics_page(),
        "native.schema.json": native_schema(),
    }


def site_schema() -> str:
    """Return the JSON Schema of the site file, each rule's parameters included."""
    schema = Site.model_json_schema()
    schema["$schema"] = SCHEMA
    rules = {name: {"description": _meaning(rule), **_tunable(rule)} for name, rule in RULES.items()}
    schema["properties"]["rules"] |= {"properties": rules, "additionalProperties": False}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _tunable(rule: type[Rule[Any, Any]]) -> dict[str, Any]:
    """The schema of a rule's parameters, and of those that differ by place."""
    schema: dict[str, Any] = rule.Params.model_json_schema()
    own = dict(schema.get("properties", {}))
    places = Scope.model_json_schema(ref_template="#/$defs/{model}")["properties"]
    row = {"type": "object", "properties": own | places, "additionalProperties": False}
    meaning = "parameters that differ for some devices; later rows go over earlier ones"
    overrides = {"type": "array", "items": row, "description": meaning}
    return schema | {"properties": own | {OVERRIDES: overrides}}


def site_page() -> str:
    """Describe every field of the site file."""
    parts = [
        "# The site file",
        NOTE,
        "YAML (or JSON, where the name ends in `.json`). Unknown fields, doubled keys and references to nothing are "
        "refused, all at once, with line and remedy: `gateway check site.yaml`. Relative paths count from the "
        "file's folder. Secrets are given by reference, `{env: NAME}` or `{file: PATH}`, never by value. Start from "
        "`deploy/site.example.yaml`; `gateway schema -o site.schema.json` gives an editor what it needs to help.",
    ]
    parts += [_section(name, model) for name, model in _models("", Site)]
    return "\n\n".join(parts) + "\n"


def rules_page() -> str:
    """Describe every rule: whom it judges, on what, with which parameters."""
    intro = (
        "Parameters go into the site file under `rules`, by the name of the rule; with `overrides` they differ by "
        "place. [Rules of your own](own-rules.md) stand beside these."
    )
    parts = ["# Rules", NOTE, intro]
    rows = (
        (f"[`{name}`](#{name})", str(getattr(rule, "severity", "by reason")), _kinds(rule.kinds), _headline(rule))
        for name, rule in RULES.items()
    )
    parts.append(_table(("rule", "severity", "judges", "meaning"), rows))
    return "\n\n".join(parts + [_rule(name, rule) for name, rule in RULES.items()]) + "\n"


def names_page() -> str:
    """List the canonical names every dialect decodes into."""
    quantities = ((f"`{n}`", q.unit, _range(q.low, q.high), _kinds(q.kinds), q.meaning) for n, q in QUANTITIES.items())
    states = ((f"`{n}`", " ".join(s.values) or s.type, _kinds(s.kinds), s.meaning) for n, s in STATES.items())
    events = ((f"`{n}`", " ".join(e.attributes), _kinds(e.kinds), e.meaning) for n, e in EVENTS.items())
    parts = [
        "# Names",
        NOTE,
        "Every dialect decodes into these names and no others. `null` means unknown: never normal, never false.",
        "## Measurements",
        _table(("name", "unit", "range", "devices", "meaning"), quantities),
        "## States",
        _table(("name", "values", "devices", "meaning"), states),
        "## Events",
        _table(("code", "attributes", "devices", "meaning"), events),
    ]
    return "\n\n".join(parts) + "\n"


def metrics_page() -> str:
    """List every metric of ``/metrics`` with its labels."""
    metrics = [value for value in vars(Metrics()).values() if isinstance(value, MetricWrapperBase)]
    rows = [
        (_code([_exported(m)]), str(m._type), _code(m._labelnames, ordered=True), m._documentation) for m in metrics
    ]
    parts = [
        "# Metrics",
        NOTE,
        "Prometheus reads them at `/metrics` of the console's address. A histogram `x` is exported as `x_bucket`, "
        "`x_sum` and `x_count`. Lanes are `alarm` and `telemetry`, consumers `evaluate` and `history`; reasons are "
        "those of [dead letters](dead-letters.md). `deploy/grafana/community-gateway.json` is a dashboard of them.",
        _table(("name", "type", "labels", "meaning"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def native_schema() -> str:
    """Return the JSON Schema of native payloads: ``telemetry`` and ``event`` share one, ``status`` has its own."""
    schema = {
        "$schema": SCHEMA,
        "title": "Payloads of the native dialect",
        "anyOf": [{"$ref": "#/$defs/body"}, {"$ref": "#/$defs/status"}],
        "$defs": {"body": _body_schema(), "status": _status_schema()},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


_DEVICE = {"type": ["string", "null"], "description": "must equal the topic's device"}
_STAMP = {"type": ["number", "string", "null"], "description": "ms since the epoch UTC, or ISO 8601 with offset"}


def _body_schema() -> dict[str, Any]:
    numbers = {
        name: {"type": ["number", "null"], "description": f"{q.meaning}, {q.unit}"} | _bounds(q.low, q.high)
        for name, q in QUANTITIES.items()
    }
    states = {name: _state(s.type, s.values) | {"description": s.meaning} for name, s in STATES.items()}
    events = [_event(code, e.attributes, e.meaning) for code, e in EVENTS.items()]
    properties = {
        "device": _DEVICE,
        "ts": _STAMP,
        "seq": {"type": ["integer", "null"], "description": "grows by one per message of the device"},
        "measurements": _object(numbers),
        "states": _object(states),
        "events": {"type": "array", "items": {"oneOf": events}},
        "test": {"type": "boolean", "description": "the device is being tested: shown as such, never dispatched"},
        "historical": {"type": "boolean", "description": "stored on the device and sent late"},
    }
    meaning = "payload of community/SITE/KIND/DEVICE/telemetry and .../event; all members optional"
    return {"description": meaning, **_object(properties)}


def _status_schema() -> dict[str, Any]:
    properties = {"device": _DEVICE, "ts": _STAMP, "status": {"enum": ["online", "offline"]}}
    meaning = "payload of community/SITE/KIND/DEVICE/status, unless it is the bare word online or offline"
    return {"description": meaning, **_object(properties), "required": ["status"]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _bounds(low: float, high: float) -> dict[str, float]:
    limits = {"minimum": low, "maximum": high}
    return {name: value for name, value in limits.items() if abs(value) != float("inf")}


def _state(kind: str, values: Sequence[str]) -> dict[str, Any]:
    if kind == "bool":
        return {"type": ["boolean", "null"]}
    return {"enum": [*values, None]} if values else {"type": ["string", "null"]}


def _event(code: str, attributes: Sequence[str], meaning: str) -> dict[str, Any]:
    properties = {"code": {"const": code}} | {name: {} for name in attributes}
    return {"type": "object", "description": meaning, "properties": properties, "required": ["code"]}


def _rule(name: str, rule: type[Rule[Any, Any]]) -> str:
    heard = "; ".join(
        f"{what} {_code(names)}"
        for what in ("states", "measurements", "events", "signs")
        if (names := {name.lstrip("+") for name in getattr(rule, what)})
    )
    facts = f"Judges: {_kinds(rule.kinds)}. Listens to: {heard}."
    if severity := getattr(rule, "severity", None):
        facts = f"Severity: {severity}. {facts}"
    if rule.judges_strangers:
        facts += " Judges unknown devices too."
    if rule.judges_tests:
        facts += " Judges test signals too."
    body = _fields(rule.Params) if rule.Params.model_fields else "No parameters."
    return f"## `{name}`\n\n{_meaning(rule)}\n\n{facts}\n\n{body}"


def _section(name: str, model: type) -> str:
    heading = f"## {name}" if name else "## Top level"
    return f"{heading}\n\n{_meaning(model)}\n\n{_fields(model)}"


def _fields(model: type) -> str:
    schema = TypeAdapter(model).json_schema()
    defs = schema.get("$defs", {})
    if "$ref" in schema:  # a model that holds itself stands among the definitions
        schema = defs[schema["$ref"].rpartition("/")[2]]
    schema = _with_words(schema["properties"], defs)
    rows = (
        (f"`{name}`", _type(field.annotation, schema[name]), _default(field), field.description or "")
        for name, field in fields_of(model).items()
    )
    return _table(("field", "type", "default", "meaning"), rows)


def _with_words(schema: Any, defs: dict[str, Any]) -> Any:
    """Put the words of each closed list where the schema only refers to it."""
    if isinstance(schema, list):
        return [_with_words(part, defs) for part in schema]
    if not isinstance(schema, dict):
        return schema
    meant = defs.get(str(schema.get("$ref", "")).rpartition("/")[2], {})
    return meant if "enum" in meant else {key: _with_words(part, defs) for key, part in schema.items()}


def _type(annotation: Any, schema: dict[str, Any]) -> str:
    inner = _inner(annotation)
    if inner is not None:
        return f"list of {inner.__name__}" if get_origin(annotation) in (list, tuple) else inner.__name__
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{each.value}`" for each in annotation)
    limits = [f"{sign} {schema[key]:g}" for key, sign in _LIMITS.items() if key in schema]
    return ", ".join([_plain_type(schema), *limits])


_LIMITS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def _plain_type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_plain_type(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "prefixItems" in schema:
        return f"[{', '.join(_plain_type(part) for part in schema['prefixItems'])}]"
    if schema["type"] == "array":
        return f"list of {_plain_type(schema['items'])}"
    kind = str(schema["type"])
    return {"string": "text", "object": "mapping", "boolean": "true or false"}.get(kind, kind)


def _inner(annotation: Any) -> type | None:
    return next(iter(inner_models(annotation)), None)


def _models(name: str, model: type) -> Iterable[tuple[str, type]]:
    """Walk the models, each once, in the order of the file."""
    found: dict[type, str] = {model: name}
    queue = [model]
    while queue:
        current = queue.pop(0)
        for field_name, field in fields_of(current).items():
            inner = _inner(field.annotation)
            if inner is not None and inner not in found:
                found[inner] = ".".join(filter(None, (found[current], field_name)))
                queue.append(inner)
    return [(f"`{name}` ({model.__name__})" if name else "", model) for model, name in found.items()]


def _exported(metric: MetricWrapperBase) -> str:
    return f"{metric._name}_total" if isinstance(metric, Counter) else metric._name


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = None if field.default is PydanticUndefined else field.default
    if isinstance(value, tuple):
        value = ", ".join(map(str, value))
    if value in (None, "") or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _meaning(thing: type) -> str:
    return (inspect.getdoc(thing) or "").replace("``", "`")


def _headline(thing: type) -> str:
    return _meaning(thing).split("\n\n")[0].replace("\n", " ")


def _kinds(kinds: Iterable[DeviceKind]) -> str:
    named = [kind for kind in DeviceKind if kind in set(kinds)]
    return "all" if len(named) == len(DeviceKind) else _code(named, ordered=True)


def _code(names: Iterable[str], ordered: bool = False) -> str:
    return " ".join(f"`{name}`" for name in (names if ordered else sorted(names)))


def _range(low: float, high: float) -> str:
    return "" if abs(low) == float("inf") and abs(high) == float("inf") else f"{low:g} to {high:g}"
