"""XML as devices push it, read into plain dicts: no document types, no entities, no namespaces, bounded size."""

from typing import Any
from xml.etree import ElementTree

from devices.dialects.values import text

MAX_BYTES = 262_144
MAX_DEPTH = 32

Tree = dict[str, Any]


class MarkupError(ValueError):
    """The text is no XML we read; the message says why."""


def tree(payload: bytes) -> tuple[str, Tree]:
    """Read a document into its root's name and content: leaves as text, repeated elements as lists, attributes as
    ``@name``; namespaces are dropped, since makers use several for the same words, or none.

    Raises:
        MarkupError: too large, nested too deep, not well-formed, or it declares a document type (the way to entity
            bombs and file inclusion).
    """
    if len(payload) > MAX_BYTES:
        raise MarkupError(f"XML of {len(payload)} bytes; at most {MAX_BYTES} are read")
    content = text(payload)
    if content is None:
        raise MarkupError("XML is not UTF-8")
    if "<!DOCTYPE" in content or "<!ENTITY" in content:
        raise MarkupError("XML declares a document type or entities; that is refused")
    try:
        root = ElementTree.fromstring(content.strip())  # noqa: S314 # document types and entities were refused above
    except (ElementTree.ParseError, ValueError) as error:
        raise MarkupError(f"not well-formed XML: {error}") from None
    found = _content(root, 0)
    return _local(root.tag), found if isinstance(found, dict) else {"#text": found}


def many(value: Any) -> list[Any]:
    """Return an element that may occur once, several times or not at all as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _content(element: "ElementTree.Element[str]", depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise MarkupError(f"XML is nested deeper than {MAX_DEPTH} levels")
    found: Tree = {f"@{_local(name)}": value for name, value in element.attrib.items()}
    for child in element:
        name, inner = _local(child.tag), _content(child, depth + 1)
        if name not in found:
            found[name] = inner
        elif isinstance(found[name], list):
            found[name].append(inner)
        else:
            found[name] = [found[name], inner]
    own = (element.text or "").strip()
    if not found:
        return own
    if own:
        found["#text"] = own
    return found


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]
