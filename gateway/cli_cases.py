"""The commands about cases: make an archive of an alert, and check one anywhere."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import OperatorError

SiteFile = Annotated[
    Path, typer.Option("--site", "-s", envvar="GATEWAY_SITE", help="The site file (YAML, or JSON by its suffix).")
]
case = typer.Typer(no_args_is_help=True, help="Archives of alerts with their evidence.")
COMMAND = "gateway case export"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(case, name="case")


@case.command(epilog="Example: gateway case export 4xk2... -o case.zip --site site.yaml")
def export(
    alert: Annotated[str, typer.Argument(help="The alert's id.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the archive.")],
    site: SiteFile,
    with_faces: Annotated[bool, typer.Option("--with-faces", help="Show faces; the audit chain notes it.")] = False,
) -> None:
    """Write an archive of an alert: what happened, who did what, evidence; pictures blurred. Prints its digest."""
    from gateway.cases.offline import exporting
    from gateway.config import load_site

    loaded = load_site(site)
    with exporting(loaded) as (exporter, store):
        found = store.get(alert)
        if found is None:
            raise OperatorError(f"alert {alert}", "there is no such alert", "copy the id from the console")
        now = time.time()
        made = exporter.make(found, COMMAND, now, with_faces)
        exporter.note(made, found, COMMAND, now)
    part = output.with_name(output.name + ".part")
    try:
        part.write_bytes(made.data)
        part.replace(output)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise OperatorError(str(output), f"cannot be written: {error.strerror}", "choose another place") from None
    typer.echo(made.digest)


@case.command(epilog="Example: gateway case verify case.zip --digest 5d1f...")
def verify(
    file: Annotated[Path, typer.Argument(help="The archive.")],
    digest: Annotated[str | None, typer.Option(help="Digest noted at the export, from the audit chain.")] = None,
) -> None:
    """Check an archive without gateway or network; name every altered, missing or added member (exit 1)."""
    from gateway.cases.verify import verify_file
    from gateway.show import plain

    checked = verify_file(file)
    for fault in checked.faults:
        typer.echo(f"{plain(fault.member) or 'the archive itself'}: {plain(fault.what)}")
    forged = digest is not None and checked.digest != digest.strip().lower()
    if forged:
        typer.echo("manifest.json: altered: its digest is not the one given; the archive was made anew")
    if checked.faults or forged:
        raise typer.Exit(1)
    note = "" if digest else "; compare the digest with the audit chain's"
    typer.echo(
        f"OK: alert {checked.manifest['alert']}, {len(checked.manifest['members'])} members, {checked.digest}{note}"
    )
