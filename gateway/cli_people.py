"""The commands about accounts other than adding one."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.errors import OperatorError

Site = Annotated[
    Path, typer.Option("--site", "-s", envvar="GATEWAY_SITE", help="The site file (YAML, or JSON by its suffix).")
]
Name = Annotated[str, typer.Argument(help="The name to log in with.")]
SECONDS_PER_MINUTE = 60


def register(person: typer.Typer) -> None:
    """Add the commands to ``gateway person``."""
    person.command("list", epilog="Example: gateway person list --site site.yaml")(show)
    person.command("change", epilog="Example: gateway person change wang --role manager --site site.yaml")(change)
    person.command("reset", epilog="Example: gateway person reset wang --site site.yaml")(reset)
    person.command("remove", epilog="Example: gateway person remove wang --site site.yaml")(remove)


def show(site: Site) -> None:
    """List everybody: login name, role, buildings, and whether the account is open."""
    from gateway.ledger import accounts

    with accounts(site, "") as people:
        for each in people.everybody():
            where = ", ".join(each.buildings) or "all buildings"
            typer.echo(f"{each.username}  {each.role}  {where}  {'open' if each.active else 'closed'}  {each.name}")


def change(
    name: Name,
    site: Site,
    role: Annotated[str | None, typer.Option(help="viewer, guard, manager or administrator.")] = None,
    full_name: Annotated[str | None, typer.Option(help="The name shown.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the console: zh or en.")] = None,
    building: Annotated[list[str] | None, typer.Option(help="Bind to this building; may be repeated.")] = None,
    all_buildings: Annotated[bool, typer.Option("--all-buildings", help="Bind to none.")] = False,
    contact: Annotated[list[str] | None, typer.Option(help="Channel of this person alone; may be repeated.")] = None,
    active: Annotated[bool | None, typer.Option("--open/--close", help="Open or close the account.")] = None,
) -> None:
    """Change an account. A closed one is logged out at once; the last administrator stays."""
    from gateway.alerts.people import COMMAND_LINE, By
    from gateway.ledger import accounts

    _check(site, building, contact)
    given: dict[str, Any] = {"role": role, "name": full_name, "language": language, "active": active}
    given["buildings"] = () if all_buildings else tuple(building) if building else None
    given["contacts"] = tuple(contact) if contact else None
    changes = {field: value for field, value in given.items() if value is not None}
    with accounts(site, name) as people:
        changed = people.change(name, changes, By(COMMAND_LINE, time.time()))
    typer.echo(f"{changed.username} is {changed.role}, {'open' if changed.active else 'closed'}")


def reset(
    name: Name,
    site: Site,
    minutes: Annotated[float, typer.Option(min=1, max=1440, help="How long the link is good for.")] = 15,
    url: Annotated[str | None, typer.Option(help="The console's address as people reach it.")] = None,
) -> None:
    """End the password and all sessions, and print a link that logs in once."""
    from gateway.alerts.people import COMMAND_LINE, By
    from gateway.ledger import accounts, login_url

    with accounts(site, name) as people:
        people.reset(name, By(COMMAND_LINE, time.time()), minutes * SECONDS_PER_MINUTE)
    typer.echo(login_url(site, name, minutes * SECONDS_PER_MINUTE, url))


def remove(name: Name, site: Site) -> None:
    """Delete an account; what it did stays in the audit chain. The last administrator stays."""
    from gateway.alerts.people import COMMAND_LINE, By
    from gateway.ledger import accounts

    with accounts(site, name) as people:
        people.remove(name, By(COMMAND_LINE, time.time()))
    typer.echo(f"{name} is removed")


def _check(site: Path, buildings: list[str] | None, contacts: list[str] | None) -> None:
    from gateway.config import load_site

    loaded = load_site(site)
    for what, given, known in (
        ("building", buildings, [building.id for building in loaded.buildings]),
        ("contact", contacts, [channel.name for channel in loaded.channels]),
    ):
        for unknown in set(given or ()) - set(known):
            raise OperatorError(
                f"--{what} {unknown}", "is not in the site file", f"known: {', '.join(known) or 'none'}"
            )
