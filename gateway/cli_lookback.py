"""The commands that look back: why an alert was raised, what other rules would have done, what verdicts teach."""

import json
import re
import sys
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from gateway.errors import OperatorError

SiteFile = Annotated[
    Path, typer.Option("--site", "-s", envvar="GATEWAY_SITE", help="The site file (YAML, or JSON by its suffix).")
]
Since = Annotated[str, typer.Option(help="How far back: 12h, 30d, or a local date such as 2026-10-01.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
UNITS = {"h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command(epilog="Example: gateway explain 4xk2... --site site.yaml")(explain)
    app.command(epilog="Example: gateway backtest --rules new.yaml --since 30d --site site.yaml")(backtest)
    app.command(epilog="Example: gateway feedback --since 90d --advise --site site.yaml")(feedback)


def explain(
    site: SiteFile,
    alert: Annotated[str | None, typer.Argument(help="The alert's id.")] = None,
    device: Annotated[str | None, typer.Option(help="Instead: a device that raised nothing ...")] = None,
    at: Annotated[str | None, typer.Option(help="... at this local time, as 2026-11-03T14:05.")] = None,
    as_json: Json = False,
) -> None:
    """Say why an alert was raised and what would have prevented it, or why a device raised nothing."""
    from gateway.config import load_site
    from gateway.lookback import shown
    from gateway.lookback.explain import explain_alert
    from gateway.lookback.silence import explain_silence
    from gateway.rules import rules_of

    loaded = load_site(site)
    if (alert is None) == (device is None) or (device is None) != (at is None):
        raise OperatorError("explain", "what to explain is not clear", "give an alert's id, or both --device and --at")
    if alert is not None:
        found: Any = explain_alert(loaded, rules_of(loaded), *_stored(loaded, alert))
        _print(found, as_json, shown.explanation)
        return
    try:
        quiet = explain_silence(loaded, rules_of(loaded), device or "", _moment(at or "", loaded.site.timezone))
    except KeyError:
        remedy = "see the inventory in the site file, or the console's list of strangers"
        raise OperatorError(f"--device {device}", "nobody knows this device", remedy) from None
    _print(quiet, as_json, shown.silence)


def backtest(
    site: SiteFile,
    rules: Annotated[Path, typer.Option(help="YAML with changed rules, custom_rules, schedules, calendar.")],
    since: Since = "30d",
    as_json: Json = False,
) -> None:
    """Run the journal through changed rules: alerts gained, lost and moved, against the verdicts people gave.

    Exit 1 where an alert that people found true would be lost.
    """
    from gateway.config import load_site, load_with_rules
    from gateway.lookback import shown
    from gateway.lookback.backtest import backtest as run
    from gateway.rules import rules_of

    loaded, changed = load_site(site), load_with_rules(site, rules)
    start = _since(since, loaded.site.timezone)
    past = _past(loaded, start)
    with _progress(loaded, start, as_json) as progress:
        outcome = run(loaded, rules_of(loaded), rules_of(changed), start, past, progress)
    _print(outcome, as_json, shown.outcome)
    raise typer.Exit(1 if any(change.lost_true for change in outcome.changes) else 0)


def feedback(
    site: SiteFile,
    since: Since = "90d",
    advise: Annotated[bool, typer.Option("--advise", help="Also try other settings over the journal.")] = False,
    as_json: Json = False,
) -> None:
    """Count false alarms and time to verdict per rule, device, zone and hour; propose settings that would help."""
    from gateway.config import load_site
    from gateway.lookback import shown
    from gateway.lookback.feedback import advise as run
    from gateway.lookback.feedback import shares
    from gateway.rules import calendar_of, rules_of

    loaded = load_site(site)
    start = _since(since, loaded.site.timezone)
    past = _past(loaded, start)
    advice = None
    if advise:
        with _progress(loaded, start, as_json) as progress:
            advice = run(loaded, rules_of(loaded), start, past, progress)
    _print({"shares": shares(past, calendar_of(loaded)), "advice": advice}, as_json, shown.feedback)


def _since(text: str, timezone: str) -> float:
    if match := re.fullmatch(r"(\d+)([hdw])", text):
        return time.time() - int(match[1]) * UNITS[match[2]]
    return _moment(text, timezone, "--since", "give it as 12h, 30d, 8w or 2026-10-01")


def _moment(text: str, timezone: str, place: str = "--at", remedy: str = "give it as 2026-11-03T14:05") -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{place} {text!r}", "is no time", remedy) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).timestamp()


def _stored(site: Any, alert_id: str) -> tuple[Any, Any]:
    from gateway.ledger import existing_store

    with existing_store(site) as store:
        alert, timeline = store.get(alert_id), store.timeline(alert_id)
    if alert is None:
        raise OperatorError(f"alert {alert_id}", "there is no such alert", "copy the id from the alert's page")
    return alert, timeline


def _past(site: Any, since: float) -> Any:
    from gateway.ledger import existing_store
    from gateway.lookback.past import Past, alerts_since

    with existing_store(site) as store:
        return Past(alerts_since(store, since))


@contextmanager
def _progress(site: Any, since: float, quiet: bool) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from gateway.lookback.messages import count

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("messages", total=count(site, since))
        yield lambda done: bar.update(task, completed=done)


def _print(found: Any, as_json: bool, show: Any) -> None:
    if as_json:
        import msgspec

        json.dump(msgspec.to_builtins(found), sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    for part in show(found):
        console.print(part)
