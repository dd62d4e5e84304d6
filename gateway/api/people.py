"""The accounts, as administrators manage them; and one's own password."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from starlette.exceptions import HTTPException

from gateway.alerts.people import LastAdministrator, Person
from gateway.api import people_schema as schema
from gateway.api.context import Actor, InPorts, Ports
from gateway.api.ports import Conflict
from gateway.api.problems import missing
from gateway.api.schema import PersonView
from gateway.api.scope import within
from gateway.api.security import GuardedRoute
from gateway.api.views import Json

router = APIRouter(route_class=GuardedRoute, tags=["people"])

Username = Annotated[str, Path(max_length=64)]
_CHANGES: dict[int | str, dict[str, Any]] = {404: {}, 409: {}}


@contextmanager
def usable(what: str, name: str) -> Iterator[None]:
    """Turn what a desk refuses into 404, 409 or 422."""
    try:
        yield
    except KeyError:
        missing(what, name)
    except LastAdministrator as error:
        raise Conflict(str(error)) from None
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


@router.get("/api/people", response_model=schema.PersonList)
async def list_people(ports: InPorts, person: Actor) -> Response:
    """List the accounts: of those bound to buildings the ones that share one with you."""
    everybody = await ports.people.accounts.everybody()
    await ports.people.accounts.note("view_people", {}, person.username)
    return Json({"items": [each for each in everybody if _colleague(person, each)]})


@router.post("/api/people", response_model=PersonView, responses={409: {}})
async def add_person(body: schema.NewPerson, ports: InPorts, person: Actor) -> Response:
    """Add an account."""
    _check_buildings(ports, body.buildings)
    someone = Person(**body.model_dump(exclude={"password"}))
    with usable("person", body.username):
        return Json(await ports.people.accounts.add(someone, body.password, person.username))


@router.post("/api/people/{username}/change", response_model=PersonView, responses=_CHANGES)
async def change_person(username: Username, body: schema.ChangedPerson, ports: InPorts, person: Actor) -> Response:
    """Change an account. Made inactive it is logged out at once; the last administrator stays."""
    _check_buildings(ports, body.buildings or ())
    changes = body.model_dump(exclude_unset=True, exclude_none=True)
    with usable("person", username):
        return Json(await ports.people.accounts.change(username, changes, person.username))


@router.post("/api/people/{username}/reset", response_model=schema.OnceView, responses=_CHANGES)
async def reset_person(username: Username, ports: InPorts, person: Actor) -> Response:
    """End password and sessions; answer with what logs in once, where a new password may be chosen."""
    with usable("person", username):
        token = await ports.people.accounts.reset(username, person.username)
    return Json({"path": f"/login#once={token}"})


@router.post("/api/people/{username}/remove", status_code=204, response_class=Response, responses=_CHANGES)
async def remove_person(username: Username, ports: InPorts, person: Actor) -> Response:
    """Delete an account; what it did stays in the audit chain. The last administrator stays."""
    with usable("person", username):
        await ports.people.accounts.remove(username, person.username)
    return Response(status_code=204)


@router.post("/api/me/password", status_code=204, response_class=Response, responses={429: {}})
async def change_password(body: schema.OwnPassword, request: Request, ports: InPorts, person: Actor) -> Response:
    """Choose another password; log in with it afterwards."""
    address = request.client.host if request.client else ""
    with usable("person", person.username):
        await ports.people.accounts.set_password(person, body.current, body.password, address)
    return Response(status_code=204)


def _colleague(person: Person, other: Person) -> bool:
    return not other.buildings or any(within(person, building) for building in other.buildings)


def _check_buildings(ports: Ports, buildings: tuple[str, ...]) -> None:
    unknown = set(buildings) - {building.id for building in ports.site.buildings}
    if unknown:
        raise HTTPException(422, f"body.buildings: the site file has no building {min(unknown)!r}")
