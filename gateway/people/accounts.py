"""The accounts as administrators manage them, off the event loop. Implements the API's port."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.alerts.people import TOKEN_BYTES, By, LoginRefused, People, Person
from gateway.clock import Clock

RESET_VALID_S = 24 * 3600.0

InThread = Callable[..., Awaitable[Any]]


class PeopleDesk:
    """Changes accounts in the thread that owns writing, and knows who there is without asking the database."""

    def __init__(self, people: People, clock: Clock, in_thread: InThread) -> None:
        self._people = people
        self._clock = clock
        self._in_thread = in_thread
        self.known = people.everybody()

    async def everybody(self) -> list[Person]:
        """All accounts, also those added by the command line meanwhile."""
        self.known = await self._in_thread(self._people.everybody)
        return self.known

    async def add(self, someone: Person, password: str | None, actor: str) -> Person:
        """Create an account; without a password only a one-time link opens it."""
        secret = password or secrets.token_urlsafe(TOKEN_BYTES)
        made: Person = await self._in_thread(self._people.add_person, someone, secret, self._by(actor))
        await self.everybody()
        return made

    async def change(self, username: str, changes: Mapping[str, Any], actor: str) -> Person:
        changed: Person = await self._in_thread(self._people.change, username, changes, self._by(actor))
        await self.everybody()
        return changed

    async def reset(self, username: str, actor: str) -> str:
        """End the password and all sessions; return a token that logs in once within a day."""
        token: str = await self._in_thread(self._people.reset, username, self._by(actor), RESET_VALID_S)
        return token

    async def remove(self, username: str, actor: str) -> None:
        await self._in_thread(self._people.remove, username, self._by(actor))
        await self.everybody()

    async def set_password(self, person: Person, current: str | None, new: str, address: str) -> None:
        """Let a person choose a password, which ends their sessions.

        Raises:
            LoginRefused: ``current`` is wrong.
        """
        if current is None:
            raise LoginRefused
        await self._in_thread(self._people.login, person.username, current, self._clock.now(), address)
        await self._in_thread(self._people.set_password, person.username, new, self._by(person.username))

    async def note(self, action: str, detail: Mapping[str, Any], actor: str) -> None:
        """Write into the audit chain what somebody looked at."""
        await self._in_thread(self._people.note, self._by(actor), action, detail)

    def _by(self, actor: str) -> By:
        return By(actor, self._clock.now())
