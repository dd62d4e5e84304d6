"""Pages that people write agree with the code: links, examples, reasons, metrics, commands."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import typer.main
from prometheus_client import generate_latest

from devices.decode import Decoder
from devices.model import Envelope, RejectReason, Report
from devices.registry import Registry
from gateway.cli import app
from gateway.config import load_site, registry_of
from gateway.metrics import Metrics

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EXAMPLE = re.compile(r"on `(community/[^`]+)`[^`]*```json\n(.+?)\n```", re.DOTALL)
READMES = ("README.md", "README.zh-CN.md")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """The fragment that a heading gets where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_links_to_headings_lead_to_one() -> None:
    missing = []
    for page in PAGES:
        for target, fragment in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                text = ((page.parent / target) if target else page).read_text(encoding="utf-8")
                if fragment not in {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}:
                    missing.append(f"{page.name}: {target}#{fragment}")
    assert missing == []


def test_every_page_that_the_code_names_exists() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    missing = []
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".yaml", ".yml", ".conf", ".sh", ".service", ".tsx", ".ts") and path.is_file():
            for page in re.findall(r"\bdocs/[\w./-]+\.(?:md|json)\b", path.read_text(encoding="utf-8")):
                if not (ROOT / page).is_file():
                    missing.append(f"{name}: {page}")
    assert missing == []


def test_every_metric_is_documented() -> None:
    page = read("docs/metrics.md")
    exported = re.findall(r"^# TYPE (\w+) (\w+)$", generate_latest(Metrics().registry).decode(), re.MULTILINE)
    assert len(exported) > 10
    own = [(name, kind) for name, kind in exported if not name.endswith("_created")]  # added by the client library
    assert [name for name, kind in own if f"| `{name}` | {kind} |" not in page] == []


def test_every_reason_for_refusal_is_documented_and_no_other() -> None:
    assert re.findall(r"^\| `(\w+)` \|", read("docs/dead-letters.md"), re.MULTILINE) == [str(r) for r in RejectReason]


def examples() -> list[tuple[str, str]]:
    return EXAMPLE.findall(read("docs/native.md"))


def test_the_examples_cover_every_kind() -> None:
    site = load_site(ROOT / "deploy/site.example.yaml")
    assert {topic.split("/")[2] for topic, _ in examples()} == {str(device.kind) for device in site.devices}


@pytest.mark.parametrize(("topic", "payload"), examples(), ids=lambda value: value if "/" in value else "")
def test_every_example_is_understood_in_full(topic: str, payload: str) -> None:
    site = load_site(ROOT / "deploy/site.example.yaml")
    decoder = Decoder(registry_of(site), site.site.id)
    reports, rejects = decoder.decode_all([Envelope(topic, payload.encode(), 1_800_000_000.0)])
    assert rejects == []
    said, (report,) = json.loads(payload), reports
    assert (report.measurements, report.states) == (said.get("measurements", {}), said.get("states", {}))
    assert [event.code for event in report.events] == [event["code"] for event in said.get("events", [])]
    assert report.registered
    assert report.raw_codes is None


@pytest.mark.parametrize("readme", READMES)
def test_the_payload_of_the_first_device_is_understood(readme: str) -> None:
    found = re.search(r"`(\{[^`]+\})`[^`]*`(community/[^`]+)`", read(readme))
    assert found
    (report,), rejects = Decoder(Registry(), "riverside").decode_all([Envelope(found[2], found[1].encode(), 1.8e9)])
    assert rejects == []
    assert isinstance(report, Report)
    assert report.test
    assert report.states == {"smoke": True}


def commands() -> set[str]:
    group = typer.main.get_command(app)
    return set(group.commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"[`/]gateway ([a-z][a-z-]+)", page.read_text(encoding="utf-8"))
    assert set(named) <= commands()


@pytest.mark.parametrize("readme", READMES)
def test_every_target_that_a_readme_names_exists(readme: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^|\d )make ([a-z]+)", read(readme), re.MULTILINE))
    assert {"demo", "test", "check", "bench", "faults"} <= named <= targets


def test_both_readmes_have_the_same_parts() -> None:
    def shape(text: str) -> list[tuple[int, int, int]]:
        parts = re.split(r"^(#+) .+$", text, flags=re.MULTILINE)
        bodies = zip(parts[1::2], parts[2::2], strict=True)
        return [(len(marks), body.count("```"), len(re.findall(r"^\|", body, re.MULTILINE))) for marks, body in bodies]

    assert shape(read("README.md")) == shape(read("README.zh-CN.md"))


def test_every_decision_is_listed_and_gives_reasons() -> None:
    folder = ROOT / "docs/decisions"
    pages = sorted(folder.glob("0*.md"))
    assert re.findall(r"\]\((0[^)]+)\)", read("docs/decisions/README.md")) == [page.name for page in pages]
    for number, page in enumerate(pages, 1):
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {number:04} ")
        parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
        assert parts == ["Context", "Choice", "Alternatives", "Drawbacks"], page.name


def test_the_changelog_names_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', read("pyproject.toml"), re.MULTILINE)
    assert version
    assert f"\n## [{version[1]}] - " in read("CHANGELOG.md")
