"""The people who may use the console: accounts, passwords, sessions and one-time login tokens.

There is no default account. Secrets are never stored: passwords as Argon2id, tokens as SHA-256 (they are 256 random
bits, so a slow hash would add nothing).
"""

import hashlib
import secrets
import unicodedata
from enum import StrEnum
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from sqlalchemy import Engine, Row, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from alert_rules.alert import MACHINE
from gateway.alerts.database import reading, writing
from gateway.alerts.schema import once_token, person, session
from gateway.alerts.throttle import Throttle

TOKEN_BYTES = 32
PASSWORD_LENGTH = range(8, 1025)
USERNAME_LENGTH = 64
LANGUAGES = ("zh", "en")


class Role(StrEnum):
    """What a person may do, each role including the ones before."""

    VIEWER = "viewer"
    GUARD = "guard"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Person(Struct, frozen=True):
    """An account as others may see it."""

    username: str
    name: str
    role: Role
    language: str = "zh"


class LoginRefused(Exception):
    """Unknown user, wrong password or spent token; which of them is nobody's business."""

    def __init__(self) -> None:
        super().__init__("the user name or the password is wrong")


class TooManyAttempts(Exception):
    """Too many failures for this account from this address; ``retry_after`` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"too many failed logins; try again in {retry_after:.0f} s")
        self.retry_after = retry_after


class People:
    """Accounts and sessions in the database of ``engine``, whose tables exist (see ``AlertStore.migrate``).

    Every method raises :class:`gateway.alerts.database.StoreUnavailable` when the database refuses. May be called from
    another thread than the alert store's, and should be: hashing a password takes tens of milliseconds.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex())
        self._throttle = Throttle()

    def add(self, username: str, name: str, role: Role | str, password: str, language: str = "zh") -> Person:
        """Create an account.

        Raises:
            ValueError: the user name is taken or unusable, the password too short or too long, or the role or the
                language unknown.
        """
        someone = Person(_fresh_username(username), name, Role(role), _known_language(language))
        hashed = self._hasher.hash(_usable_password(password))
        values = {
            "username": someone.username,
            "name": name,
            "role": someone.role.value,
            "language": language,
            "password_hash": hashed,
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(person).values(values))
        except IntegrityError as error:
            raise ValueError(f"there is a person called {someone.username!r} already; choose another name") from error
        return someone

    def everybody(self) -> list[Person]:
        """All accounts by user name; empty on a new site, where the first administrator is still to be added."""
        with reading(self._engine) as connection:
            return [_person(row) for row in connection.execute(select(person).order_by(person.c.username))]

    def get(self, username: str) -> Person | None:
        row = self._row(_folded(username))
        return None if row is None else _person(row)

    def set_password(self, username: str, password: str) -> None:
        """Replace the password and end all sessions of the account.

        Raises:
            KeyError: there is no such account.
            ValueError: the password is too short or too long.
        """
        username = _folded(username)
        hashed = self._hasher.hash(_usable_password(password))
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(person).where(person.c.username == username).values(password_hash=hashed)
            )
            if not changed.rowcount:
                raise KeyError(username)
            for table in (session, once_token):
                connection.execute(delete(table).where(table.c.username == username))

    def remove(self, username: str) -> None:
        """Delete the account and all its sessions; what it did stays in the audit chain.

        Raises:
            KeyError: there is no such account.
        """
        username = _folded(username)
        with writing(self._engine) as connection:
            if not connection.execute(delete(person).where(person.c.username == username)).rowcount:
                raise KeyError(username)

    def login(self, username: str, password: str, now: float, address: str) -> Person:
        """Check a password. Answer and effort are the same for an unknown user and for a wrong password.

        Raises:
            LoginRefused: the pair is not valid.
            TooManyAttempts: five failures within a minute for this account from this address.
        """
        username = _folded(username)
        if wait := self._throttle.wait(username, address, now):
            raise TooManyAttempts(wait)
        row = self._row(username)
        right = self._matches(self._nobody if row is None else row.password_hash, password)
        if row is None or not right:
            self._throttle.failed(username, address, now)
            raise LoginRefused
        self._throttle.succeeded(username, address)
        self._strengthen(row, password)
        return _person(row)

    def open_session(self, username: str, now: float, valid_s: float) -> str:
        """Start a session; return its token, which is not kept.

        Raises:
            KeyError: there is no such account.
        """
        return self._issue(session, username, now, valid_s)

    def session(self, token: str, now: float) -> Person | None:
        """Whose session this is; ``None`` when it is unknown, closed or expired. Never writes."""
        wanted = select(person).join(session).where(session.c.token_hash == _hash(token), session.c.expires_at > now)
        with reading(self._engine) as connection:
            row = connection.execute(wanted).first()
        return None if row is None else _person(row)

    def rotate_session(self, token: str, now: float, valid_s: float) -> str | None:
        """Exchange a live session's token for a new one; ``None`` when it is not live. The old one ends."""
        username = self._spend(session, token, now)
        return None if username is None else self.open_session(username, now, valid_s)

    def logout(self, token: str) -> None:
        """End a session; ending it twice is no error."""
        with writing(self._engine) as connection:
            connection.execute(delete(session).where(session.c.token_hash == _hash(token)))

    def issue_once(self, username: str, now: float, valid_s: float) -> str:
        """Return a token that logs ``username`` in once, within ``valid_s`` seconds.

        Raises:
            KeyError: there is no such account.
        """
        return self._issue(once_token, username, now, valid_s)

    def login_once(self, token: str, now: float) -> Person:
        """Log in with a one-time token, and spend it.

        Raises:
            LoginRefused: it is unknown, spent or expired.
        """
        username = self._spend(once_token, token, now)
        found = None if username is None else self.get(username)
        if found is None:
            raise LoginRefused
        return found

    def _row(self, username: str) -> Row[Any] | None:
        with reading(self._engine) as connection:
            return connection.execute(select(person).where(person.c.username == username)).first()

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, _bounded(password))
        except (VerificationError, InvalidHashError):
            return False

    def _strengthen(self, row: Row[Any], password: str) -> None:
        """Hash anew where the library's parameters have grown since."""
        if self._hasher.check_needs_rehash(row.password_hash):
            hashed = self._hasher.hash(_bounded(password))
            with writing(self._engine) as connection:
                same = (person.c.username == row.username, person.c.password_hash == row.password_hash)
                connection.execute(update(person).where(*same).values(password_hash=hashed))

    def _issue(self, table: Table, username: str, now: float, valid_s: float) -> str:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        values = {"token_hash": _hash(token), "username": _folded(username), "expires_at": now + valid_s}
        try:
            with writing(self._engine) as connection:
                connection.execute(delete(table).where(table.c.expires_at <= now))
                connection.execute(insert(table).values(values))
        except IntegrityError as error:
            raise KeyError(username) from error
        return token

    def _spend(self, table: Table, token: str, now: float) -> str | None:
        """Delete a token; of several callers with the same one exactly one gets the name."""
        live = (table.c.token_hash == _hash(token), table.c.expires_at > now)
        with writing(self._engine) as connection:
            name: str | None = connection.scalar(delete(table).where(*live).returning(table.c.username))
        return name


def _person(row: Row[Any]) -> Person:
    return Person(row.username, row.name, Role(row.role), row.language)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _folded(username: str) -> str:
    return unicodedata.normalize("NFKC", username).casefold().encode("utf-8", "replace").decode()


def _bounded(password: str) -> bytes:
    return password.encode("utf-8", "replace")[: PASSWORD_LENGTH.stop * 4]


def _fresh_username(username: str) -> str:
    folded = _folded(username)
    usable = 0 < len(folded) <= USERNAME_LENGTH and folded.isprintable() and not any(map(str.isspace, folded))
    if not usable or folded == MACHINE:
        raise ValueError(
            f"user name {username!r}: give 1 to {USERNAME_LENGTH} visible characters without spaces, "
            f"other than {MACHINE!r}"
        )
    return folded


def _usable_password(password: str) -> bytes:
    if len(password) not in PASSWORD_LENGTH:
        shortest, longest = PASSWORD_LENGTH.start, PASSWORD_LENGTH.stop - 1
        raise ValueError(f"the password must have {shortest} to {longest} characters; several words are a good one")
    return _bounded(password)


def _known_language(language: str) -> str:
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is unknown; choose one of {', '.join(LANGUAGES)}")
    return language
