"""The command line. Heavy imports wait inside the commands, so that ``--help`` answers at once."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gateway import cli_notify
from gateway.cli_cases import register as register_cases
from gateway.cli_lookback import register
from gateway.cli_people import register as register_people
from gateway.errors import OperatorError


class Commands(TyperGroup):
    """Prints what only a person can put right as a few lines, without a traceback, and exits with 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            for line in error.lines():
                typer.echo(line, err=True)
            raise typer.Exit(2) from None


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Start with [bold]gateway demo[/], then [bold]gateway check site.yaml[/] and [bold]gateway doctor[/].",
    help="Takes in smoke detectors, lifts, gates and cameras over MQTT and makes sure a person decides in seconds.",
)
audit = typer.Typer(no_args_is_help=True, help="The chain of audit rows.")
person = typer.Typer(no_args_is_help=True, help="The people who use the console.")
app.add_typer(audit, name="audit")
app.add_typer(person, name="person")
SiteFile = Annotated[
    Path, typer.Option("--site", "-s", envvar="GATEWAY_SITE", help="The site file (YAML, or JSON by its suffix).")
]
SomeSiteFile = Annotated[
    Path | None, typer.Option("--site", "-s", envvar="GATEWAY_SITE", help="The site file, to know its devices.")
]
LogLevel = Annotated[str, typer.Option(help="Mildest level logged: debug, info, warning or error.")]


@app.command(epilog="Example: gateway run --site /etc/community-gateway/site.yaml")
def run(site: SiteFile, log_level: LogLevel = "info") -> None:
    """Run the gateway until it is stopped (SIGTERM or Ctrl-C)."""
    _configure_log(log_level)
    from gateway.config import load_site

    loaded = load_site(site)
    import sqlite3

    from gateway.alerts.database import StoreUnavailable
    from gateway.history.store import Unavailable
    from gateway.service import run as run_gateway

    try:
        run_gateway(loaded, site)
    except (StoreUnavailable, Unavailable, OSError, sqlite3.Error) as error:
        raise OperatorError("start", str(error), f"see gateway doctor --site {site}") from None


@app.command(epilog="Example: gateway reload --site /etc/community-gateway/site.yaml")
def reload(site: SiteFile) -> None:
    """Let the running gateway take changed rules over. Refused (exit 2), it keeps its old rules and says why."""
    from gateway.reload import reload_rules

    for line in reload_rules(site):
        typer.echo(line)


@app.command(epilog="Example: gateway demo, then open the printed link; Ctrl-C stops everything")
def demo(
    seconds: Annotated[
        float | None,
        typer.Option(min=1, envvar="DEMO_SECONDS", help="Stop after this long and compare expected and raised alerts."),
    ] = None,
    devices: Annotated[int, typer.Option(min=1, help="How many devices the simulated community has.")] = 300,
) -> None:
    """Show it all on this machine: a broker, the gateway, and a simulated community in trouble."""
    from gateway.demo import run_demo

    raise typer.Exit(run_demo(seconds, devices))


@app.command(epilog="Example: gateway check site.yaml && echo good")
def check(site: Annotated[Path, typer.Argument(metavar="SITE", help="The site file.")]) -> None:
    """Check a site file: print every mistake with file, line, field and remedy (exit 2), or what it says."""
    from gateway import show
    from gateway.config import load_site
    from gateway.plans.reader import known_plans

    loaded = load_site(site)
    known_plans(loaded)
    show.summary(_console(), site, loaded)


@app.command(
    epilog='Example: echo \'{"states": {"smoke": true}}\' | '
    "gateway decode --topic community/home/smoke_detector/s1/event --json -"
)
def decode(
    topic: Annotated[str, typer.Option(help="The topic the message came on.")],
    stdin: Annotated[str | None, typer.Argument(metavar="[-]", help="'-' reads standard input.")] = None,
    dialect: Annotated[str, typer.Option(help="How the device speaks.")] = "native",
    file: Annotated[Path | None, typer.Option(help="File that holds the payload.")] = None,
    base64: Annotated[str | None, typer.Option(help="The payload in base64.")] = None,
    site: SomeSiteFile = None,
    retained: Annotated[bool, typer.Option("--retained", help="The broker had kept the message.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help='Print a list of reports, or {"reject": reason}.')] = False,
) -> None:
    """Show what the gateway makes of one message. A refused message is an answer too: exit 0."""
    from devices.model import Ignored, Reject
    from gateway import inspect_message, show
    from gateway.config import load_site

    if stdin not in (None, "-"):
        raise OperatorError(f"argument {stdin!r}", "is not -", "give a payload file with --file")
    loaded = load_site(site) if site else None
    limit = inspect_message.payload_limit(loaded)
    payload = inspect_message.read_payload(file, base64, stdin == "-", limit)
    found = inspect_message.decode(loaded, dialect, topic, payload, retained)
    if as_json:
        typer.echo(inspect_message.as_json(found))
    elif isinstance(found, Reject):
        show.reject(_console(), found)
    elif isinstance(found, Ignored):
        _console().print(f"ignored on purpose: {found.why}", markup=False)
    else:
        show.reports(_console(), found)


@app.command(epilog="Example: gateway replay --site site.yaml --lane alarm --from 120000")
def replay(
    site: SiteFile,
    lane: Annotated[str | None, typer.Option(help="alarm or telemetry; default: both, in order of receipt.")] = None,
    start: Annotated[int, typer.Option("--from", min=0, help="First sequence of each lane.")] = 0,
) -> None:
    """Show what today's dialects and rules make of the journal. Reads only, also while the gateway runs."""
    from devices.dialects.dialect import Lane
    from gateway import show
    from gateway.config import load_site
    from gateway.lookback.replay import replay as run_replay

    if lane is not None and lane not in tuple(Lane):
        raise OperatorError("--lane", f"there is no lane {lane!r}", f"use one of {', '.join(Lane)}")
    show.replayed(_console(), run_replay(load_site(site), Lane(lane) if lane else None, start))


@app.command(epilog="Example: gateway doctor --site site.yaml || echo 'see the failing lines above'")
def doctor(site: SiteFile) -> None:
    """Test broker, history, database, disk, clock and ports; say what to do about each failing line (exit 1)."""
    from gateway.doctor import Verdict, examine

    console, failed = _console(), False
    for finding in examine(site):
        failed = failed or finding.verdict is Verdict.FAIL
        finding.show(console)
    raise typer.Exit(1 if failed else 0)


@app.command(epilog="Example: gateway schema -o site.schema.json")
def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write here instead of printing.")] = None,
) -> None:
    """Print the JSON Schema of the site file, for editors that complete and check while typing."""
    from gateway.reference import site_schema

    if output is None:
        typer.echo(site_schema(), nl=False)
    else:
        _write(output, site_schema())


@app.command(hidden=True)
def docs(folder: Annotated[Path, typer.Argument(help="Where to.")] = Path("docs")) -> None:
    """Write the reference pages that follow from the code."""
    from gateway.reference import pages

    for name, text in pages().items():
        _write(folder / name, text)


@audit.command("verify", epilog="Example: gateway audit verify --site site.yaml --head 1041:9f2c...")
def audit_verify(
    site: SiteFile,
    head: Annotated[str | None, typer.Option(help="SEQ:HASH noted earlier outside the database.")] = None,
    anchor: Annotated[
        Path | None, typer.Option(help="File with heads noted outside; default: the newest that the site file names.")
    ] = None,
) -> None:
    """Check the chain of audit rows from its start; name the first bad row (exit 1)."""
    from gateway.ledger import verify_audit

    raise typer.Exit(0 if verify_audit(site, head, anchor, _console()) else 1)


@person.command("add", epilog="Example: gateway person add wang --role guard --site site.yaml < password.txt")
def person_add(
    name: Annotated[str, typer.Argument(help="The name to log in with.")],
    role: Annotated[str, typer.Option(help="viewer, guard, manager or administrator.")],
    site: SiteFile,
    full_name: Annotated[str, typer.Option(help="The name shown; default: the login name.")] = "",
    language: Annotated[str, typer.Option(help="Language of the console: zh or en.")] = "zh",
    no_password: Annotated[bool, typer.Option("--no-password", help="Log in by `gateway login-link` only.")] = False,
) -> None:
    """Add a person. The password is asked for, or read from standard input; it is never an argument."""
    from gateway.ledger import add_person

    password = None if no_password else _password()
    add_person(site, name, full_name or name, role, password, language)
    typer.echo(f"{name} may use the console as {role}")


@app.command("login-link", epilog="Example: gateway login-link wang --site site.yaml")
def login_link(
    name: Annotated[str, typer.Argument(help="The name to log in with.")],
    site: SiteFile,
    minutes: Annotated[float, typer.Option(min=1, max=1440, help="How long the link is good for.")] = 15,
    url: Annotated[str | None, typer.Option(help="The console's address as people reach it.")] = None,
) -> None:
    """Print a link that logs a person in once."""
    from gateway.ledger import login_url

    typer.echo(login_url(site, name, minutes * 60, url))


def _password() -> str:
    import sys

    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _configure_log(level: str) -> None:
    from gateway import log

    if level not in log.LEVELS:
        raise OperatorError("--log-level", f"there is no level {level!r}", f"use one of {', '.join(log.LEVELS)}")
    log.configure(log.LEVELS[level])


def _console() -> Any:
    from rich.console import Console

    piped = not os.isatty(1)
    return Console(highlight=False, width=160 if piped and "COLUMNS" not in os.environ else None, soft_wrap=piped)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperatorError(str(path), f"cannot be written: {error.strerror}", "choose another place") from None


# The groups last: `--help` lists what everybody needs before what some look for.
register(app)
register_cases(app)
register_people(person)
cli_notify.register(app)

if __name__ == "__main__":
    app()
