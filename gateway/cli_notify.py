"""The commands about telling people: try a channel, watch a gateway from outside."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.errors import OperatorError

SiteFile = Annotated[
    Path, typer.Option("--site", "-s", envvar="GATEWAY_SITE", help="The site file (YAML, or JSON by its suffix).")
]
notify = typer.Typer(no_args_is_help=True, help="The notification channels.")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    notify.command("test", epilog="Example: gateway notify test guards --site site.yaml")(try_one)
    app.add_typer(notify, name="notify")
    app.command(
        epilog="Example: gateway watch https://gateway.example --channel-file /etc/watch/channel --once",
    )(watch)


def try_one(channel: Annotated[str, typer.Argument(help="The channel's name.")], site: SiteFile) -> None:
    """Send a message marked as a test through a channel and print what it answered (exit 1 if it did not confirm)."""
    from gateway.config import load_site
    from gateway.notify.ports import Undelivered
    from gateway.notify.trial import remedy, try_channel

    try:
        answer = try_channel(load_site(site), channel, time.time())
    except Undelivered as error:
        for line in OperatorError(f"channel {channel}", str(error), remedy(channel, error)).lines():
            typer.echo(line, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{channel}: {answer}")


def watch(
    url: Annotated[str, typer.Argument(help="The gateway's address as this machine reaches it.")],
    channel_env: Annotated[
        str | None, typer.Option(help="Environment variable that holds the apprise URL of whom to tell.")
    ] = None,
    channel_file: Annotated[Path | None, typer.Option(help="Instead: the file that holds it.")] = None,
    state: Annotated[Path, typer.Option(help="File that remembers between looks.")] = Path("gateway-watch.json"),
    once: Annotated[bool, typer.Option("--once", help="Look once (exit 1 unless all is well), for a timer.")] = False,
    every: Annotated[float, typer.Option(min=1, help="Seconds between looks.")] = 15.0,
    silent: Annotated[float, typer.Option(min=10, help="Seconds of silence until people are told.")] = 60.0,
    ca: Annotated[Path | None, typer.Option(help="CA certificate (PEM); default: the system's.")] = None,
    language: Annotated[str, typer.Option(help="Language of the messages: zh or en.")] = "zh",
) -> None:
    """Watch a gateway from another machine: tell people once when it falls silent, and once when it is back."""
    from gateway.clock import SystemClock
    from gateway.watch.probe import probe
    from gateway.watch.watcher import Watcher

    if every * 2 > silent:
        raise OperatorError("--every", f"{every:g} s is too seldom for --silent {silent:g}", "look twice as often")
    if language not in ("zh", "en"):
        raise OperatorError("--language", f"there is no {language!r}", "use zh or en")
    tell = _channel(channel_env, channel_file, language)
    watcher = Watcher(url, lambda: probe(url, ca), tell.say, state, SystemClock(), language)  # type: ignore[arg-type]
    if once:
        raise typer.Exit(0 if watcher.turn(silent) else 1)
    watcher.run(every, silent)


def _channel(env: str | None, file: Path | None, language: str) -> Any:
    from zoneinfo import ZoneInfo

    from gateway.config import reveal
    from gateway.notify.channels import AppriseChannel
    from gateway.notify.scrub import Scrub
    from gateway.site import Channel, Secret

    if (env is None) == (file is None):
        raise OperatorError("whom to tell", "is not given once", "give one of --channel-env and --channel-file")
    scrub = Scrub()
    scrub.install()
    secret = Secret(env=env, file=file)
    reveal(secret)  # an address that is not there must be known before it is needed
    channel = Channel.model_validate({"name": "watch", "url": secret, "language": language})
    return AppriseChannel(channel, reveal, scrub, "", ZoneInfo("UTC"))
