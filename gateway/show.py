"""What the command line prints for people. Text from devices is stripped of anything a terminal would obey."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from devices.model import Reject, Report
from gateway.lookback import replay
from gateway.site import Site

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def plain(value: object) -> str:
    """Return the text of ``value`` on one line, with what a terminal would obey made visible."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", str(value))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Build a table from values; none of them is read as markup."""
    built = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        built.add_row(*(Text(plain(value)) for value in row))
    return built


def reports(console: Console, found: list[Report]) -> None:
    """Print decoded reports."""
    for report in found:
        console.print(table(("field", "value"), _report_rows(report)))


def reject(console: Console, refused: Reject) -> None:
    """Print why a message was refused."""
    console.print(Text(f"refused: {refused.reason.value}", style="bold red"))
    console.print(Text(plain(refused.detail)))


def replayed(console: Console, items: Iterable[replay.Item]) -> None:
    """Print what a replay says, line by line, and the sums at its end."""
    rules: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for item in items:
        match item:
            case replay.Said(transition=said):
                rules[f"{said.rule}: {said.action}"] += 1
                line = (said.severity, said.action, said.rule, said.device, said.subject, f"({said.reason.code})")
                text = f"{_moment(said.at)}  {'  '.join(filter(None, line))}"
            case replay.Refused(reject=reject):
                refused[reject.reason] += 1
                text = f"refused: {reject.reason}: {item.topic}: {reject.detail}"
            case replay.Mended():
                refused["dead letters understood today"] += 1
                text = f"understood today: {item.topic}"
            case replay.Damaged():
                text = f"damaged: {item.count} messages cannot be read"
            case replay.Finished():
                rows = [("messages", item.messages), *rules.items(), *refused.items()]
                console.print(table(("what", "count"), rows))
                continue
        console.print(Text(plain(f"{item.lane} {item.seq}  {text}")))


def summary(console: Console, path: object, site: Site) -> None:
    """Print what a valid site file says."""
    kinds = Counter(device.kind.value for device in site.devices)
    silent = sum(not device.expect_every_s for device in site.devices)
    rows: list[tuple[str, object]] = [
        ("site", f"{site.site.id} ({site.site.name}), {site.site.timezone}"),
        ("devices", f"{len(site.devices)}" + "".join(f", {kind}: {count}" for kind, count in sorted(kinds.items()))),
        ("buildings", len(site.buildings)),
        (
            "unsupervised",
            f"{silent} (no expect_every_s: silence goes unnoticed)",
        ),
        ("broker", f"{site.mqtt.host}:{site.mqtt.port}{' with TLS' if site.mqtt.tls else ''}"),
        ("history", site.history.url if site.history.store == "influxdb" else "embedded"),
        ("console", f"{site.api.host}:{site.api.port}"),
        ("data", site.data_dir),
        ("channels", ", ".join(channel.name for channel in site.channels) or "none"),
    ]
    console.print(Text(f"{plain(path)}: OK", style="bold green"))
    console.print(table(("part", "value"), rows))


def _report_rows(report: Report) -> Iterable[tuple[str, object]]:
    yield "device", f"{report.device} ({report.kind.value}{'' if report.registered else ', not in the inventory'})"
    yield "time", f"{_moment(report.at)} ({report.time_quality.value})"
    yield from _named("measurement", report.measurements)
    yield from _named("state", report.states)
    for event in report.events:
        yield f"event {event.code}", ", ".join(f"{key}={value}" for key, value in event.attributes.items())
    if report.availability is not None:
        yield "availability", "online" if report.availability else "offline"
    flags = [name for name in ("snapshot", "historical", "test") if getattr(report, name)]
    yield from [("flags", ", ".join(flags))] if flags else []
    yield from _named("not understood", report.raw_codes or {})


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _named(label: str, values: dict[str, Any]) -> Iterable[tuple[str, object]]:
    return ((f"{label} {name}", "unknown" if value is None else value) for name, value in values.items())
