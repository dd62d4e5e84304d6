"""What a handler may ask for besides its parameters: the ports, and who is asking."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from gateway.alerts.people import Person
from gateway.api.case_ports import Cases, Plans
from gateway.api.hub import Hub
from gateway.api.ports import (
    Accounts,
    Desk,
    Devices,
    Health,
    HistoryReader,
    Likelihoods,
    Lookback,
    Muting,
    Pushes,
    Tokens,
)
from gateway.people.room import PeopleRoom
from gateway.site import Site


@dataclass(frozen=True)
class Ports:
    """Everything the routes work with."""

    site: Site
    desk: Desk
    devices: Devices
    history: HistoryReader
    health: Health
    accounts: Accounts
    tokens: Tokens
    pushes: Pushes
    suppressions: Muting
    likelihood: Likelihoods
    people: PeopleRoom
    lookback: Lookback
    plans: Plans
    cases: Cases
    hub: Hub
    registry: CollectorRegistry
    console_dir: Path | None


def ports_of(request: Request) -> Ports:
    return cast(Ports, request.app.state.ports)


async def _ports(request: Request) -> Ports:
    return ports_of(request)


async def _person(request: Request) -> Person:
    return cast(Person, request.state.person)


InPorts = Annotated[Ports, Depends(_ports)]
Actor = Annotated[Person, Depends(_person)]
