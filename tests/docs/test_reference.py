"""The generated pages are fresh, and the schema agrees with what the gateway accepts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from alert_rules.catalogue import RULES
from devices.names import EVENTS, QUANTITIES, STATES
from gateway import reference
from gateway.config import load_site
from gateway.site import Site

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_the_page_is_fresh(name: str) -> None:
    path = ROOT / "docs" / name
    assert path.read_text(encoding="utf-8") == reference.pages()[name], f"{name} is stale; run: gateway docs"


def test_every_rule_and_parameter_is_described() -> None:
    page = reference.rules_page()
    for name, rule in RULES.items():
        section = page.split(f"## `{name}`")[1].split("\n## ")[0]
        for field in rule.Params.model_fields:
            assert f"`{field}`" in section


def test_every_name_is_listed() -> None:
    page = reference.names_page()
    for name in (*QUANTITIES, *STATES, *EVENTS):
        assert f"| `{name}` |" in page


def test_every_field_has_a_meaning() -> None:
    for line in reference.site_page().splitlines():
        if line.startswith("| `"):
            assert re.fullmatch(r"\| `\w+` \| .+ \| .* \| .{6,} \|", line), line


def test_the_native_schema_knows_every_name() -> None:
    body = json.loads(reference.native_schema())["$defs"]["body"]["properties"]
    assert body["measurements"]["properties"].keys() == QUANTITIES.keys()
    assert body["states"]["properties"].keys() == STATES.keys()
    assert [event["properties"]["code"]["const"] for event in body["events"]["items"]["oneOf"]] == list(EVENTS)
    assert body["states"]["properties"]["smoke"]["type"] == ["boolean", "null"]
    assert "open" in body["states"]["properties"]["door_state"]["enum"]


def test_the_site_schema_offers_the_parameters_of_each_rule() -> None:
    schema = json.loads(reference.site_schema())
    rules = schema["properties"]["rules"]
    assert rules["properties"].keys() == RULES.keys()
    assert not rules["additionalProperties"]
    assert "dwell_s" in rules["properties"]["lift_entrapment"]["properties"]
    assert schema["$defs"]["Building"]["properties"]["floors"]["items"]["anyOf"] == [
        {"type": "string"},
        {"type": "integer"},
    ]


def test_every_local_link_in_the_docs_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")]
    assert pages
    missing = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                missing.append(f"{page.relative_to(ROOT)}: {target}")
    assert not missing


def test_the_example_uses_only_what_the_schema_names() -> None:
    site = load_site(ROOT / "deploy/site.example.yaml")
    schema = json.loads(reference.site_schema())
    given: dict[str, Any] = site.model_dump(exclude_unset=True)
    assert given.keys() <= schema["properties"].keys() == Site.model_fields.keys()
