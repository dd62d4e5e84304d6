"""Logins off the event loop: Argon2 takes a tenth of a second by design."""

import asyncio

from gateway.alerts.people import By, People, Person
from gateway.api.ports import Grant
from gateway.clock import Clock
from gateway.evaluate import Evaluator


class AccountDesk:
    """Implements the API's port on ``People``, in the thread that owns writing to the store."""

    def __init__(self, people: People, clock: Clock, session_s: float, evaluator: Evaluator) -> None:
        self._people = people
        self._clock = clock
        self._session_s = session_s
        self._in_thread = evaluator.in_thread

    async def login(self, username: str, password: str, address: str) -> Grant:
        # Checking the password only reads; it must not hold up the thread that saves alerts.
        person = await asyncio.to_thread(self._people.login, username, password, self._clock.now(), address)
        return await self._grant(person, {"by": "password", "address": address})

    async def login_once(self, token: str, password: str | None = None) -> Grant:
        now = self._clock.now()
        person = await self._in_thread(self._people.login_once, token, now)
        if password is not None:
            await self._in_thread(self._people.set_password, person.username, password, By(person.username, now))
        return await self._grant(person, {"by": "once"})

    async def session(self, token: str) -> Person | None:
        return await asyncio.to_thread(self._people.session, token, self._clock.now())

    async def logout(self, token: str) -> None:
        await self._in_thread(self._people.logout, token)

    async def _grant(self, person: Person, login: dict[str, str]) -> Grant:
        now = self._clock.now()
        token = await self._in_thread(self._people.open_session, person.username, now, self._session_s, login)
        return Grant(token, person)
