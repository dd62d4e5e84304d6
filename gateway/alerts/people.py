"""The people who may use the console: accounts, passwords, sessions and one-time login tokens.

There is no default account. Secrets are never stored: passwords as Argon2id, tokens as SHA-256 (they are 256 random
bits, so a slow hash would add nothing).
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from sqlalchemy import Connection, Engine, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from alert_rules.alert import MACHINE, Entry
from gateway.alerts.appending import append, lock
from gateway.alerts.database import reading, writing
from gateway.alerts.schema import once_token, person, session
from gateway.alerts.throttle import Throttle

TOKEN_BYTES = 32
PASSWORD_LENGTH = range(8, 1025)
USERNAME_LENGTH = 64
LANGUAGES = ("zh", "en")
COMMAND_LINE = "command-line"


class Role(StrEnum):
    """What a person may do, each role including the ones before."""

    VIEWER = "viewer"
    GUARD = "guard"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Person(Struct, frozen=True):
    """An account as others may see it.

    ``buildings`` are the ids of those the person works for, none: all. ``contacts`` name the notification channels that
    reach this person and nobody else. Whoever is not ``active`` cannot log in.
    """

    username: str
    name: str
    role: Role
    language: str = "zh"
    buildings: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    active: bool = True


class By(NamedTuple):
    """Who changes an account, and when (epoch seconds): what the audit chain must say."""

    actor: str
    now: float


class LastAdministrator(ValueError):
    """Without this administrator nobody could manage the accounts."""

    def __init__(self) -> None:
        super().__init__("this is the last active administrator; make somebody else administrator first")


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

    def add(
        self, username: str, name: str, role: Role | str, password: str, language: str = "zh", by: By | None = None
    ) -> Person:
        """Create an account.

        Raises:
            ValueError: the user name is taken or unusable, the password too short or too long, or the role or the
                language unknown.
        """
        return self.add_person(Person(username, name, Role(role), language), password, by)

    def add_person(self, someone: Person, password: str, by: By | None = None) -> Person:
        """Create an account as ``add`` does, with all that others may see of it."""
        someone = _checked(msgspec.structs.replace(someone, username=_fresh_username(someone.username)))
        hashed = self._hasher.hash(_usable_password(password))
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(person).values(_values(someone) | {"password_hash": hashed}))
                append(connection, _entries(by, "add_person", someone.username, {"role": someone.role}))
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

    def change(self, username: str, changes: Mapping[str, Any], by: By) -> Person:
        """Change fields of an account other than its name to log in. Whoever is made inactive is logged out.

        Raises:
            KeyError: there is no such account.
            LastAdministrator: it is the last active one.
            ValueError: the role or the language is unknown, or an administrator would be bound to buildings.
        """
        username = _folded(username)
        with writing(self._engine) as connection:
            lock(connection)  # two administrators who demote each other at once must see each other
            row = connection.execute(select(person).where(person.c.username == username)).first()
            if row is None:
                raise KeyError(username)
            before = _person(row)
            after = _checked(msgspec.structs.replace(before, **changes))
            connection.execute(update(person).where(person.c.username == username).values(_values(after)))
            _leaves_an_administrator(connection, before)
            if not after.active:
                _log_out(connection, username)
            append(connection, _entries(by, "change_person", username, _difference(before, after)))
        return after

    def reset(self, username: str, by: By, valid_s: float) -> str:
        """End the password and all sessions of the account; return a token that logs in once, see ``issue_once``.

        Raises:
            KeyError: there is no such account.
        """
        self.set_password(username, secrets.token_urlsafe(TOKEN_BYTES), by, "reset_person")
        return self.issue_once(username, by.now, valid_s)

    def set_password(self, username: str, password: str, by: By | None = None, action: str = "change_password") -> None:
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
            _log_out(connection, username)
            append(connection, _entries(by, action, username, {}))

    def remove(self, username: str, by: By | None = None) -> None:
        """Delete the account and all its sessions; what it did stays in the audit chain.

        Raises:
            KeyError: there is no such account.
            LastAdministrator: it is the last active one.
        """
        username = _folded(username)
        with writing(self._engine) as connection:
            lock(connection)
            gone = connection.execute(delete(person).where(person.c.username == username).returning(person)).first()
            if gone is None:
                raise KeyError(username)
            _leaves_an_administrator(connection, _person(gone))
            append(connection, _entries(by, "remove_person", username, {}))

    def note(self, by: By, action: str, detail: Mapping[str, Any]) -> None:
        """Write into the audit chain what somebody did, or looked at."""
        with writing(self._engine) as connection:
            append(connection, [Entry(by.now, by.actor, action, "", dict(detail))])

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
        if row is None or not right or not row.active:
            self._throttle.failed(username, address, now)
            raise LoginRefused
        self._throttle.succeeded(username, address)
        self._strengthen(row, password)
        return _person(row)

    def open_session(self, username: str, now: float, valid_s: float, login: Mapping[str, Any] | None = None) -> str:
        """Start a session; return its token, which is not kept. ``login`` is what the audit chain says of a login.

        Raises:
            KeyError: there is no such account.
        """
        entries = [] if login is None else [Entry(now, _folded(username), "login", "", dict(login))]
        return self._issue(session, username, now, valid_s, entries)

    def session(self, token: str, now: float) -> Person | None:
        """Whose session this is; ``None`` when it is unknown, closed or expired. Never writes."""
        live = (session.c.token_hash == _hash(token), session.c.expires_at > now, person.c.active == 1)
        wanted = select(person).join(session).where(*live)
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
        if found is None or not found.active:
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

    def _issue(self, table: Table, username: str, now: float, valid_s: float, entries: Sequence[Entry] = ()) -> str:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        values = {"token_hash": _hash(token), "username": _folded(username), "expires_at": now + valid_s}
        try:
            with writing(self._engine) as connection:
                connection.execute(delete(table).where(table.c.expires_at <= now))
                connection.execute(insert(table).values(values))
                append(connection, entries)
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
    buildings, contacts = (tuple(msgspec.json.decode(text, type=list[str])) for text in (row.buildings, row.contacts))
    return Person(row.username, row.name, Role(row.role), row.language, buildings, contacts, bool(row.active))


def _values(someone: Person) -> dict[str, Any]:
    return {
        "username": someone.username,
        "name": someone.name,
        "role": someone.role.value,
        "language": someone.language,
        "buildings": msgspec.json.encode(someone.buildings).decode(),
        "contacts": msgspec.json.encode(someone.contacts).decode(),
        "active": int(someone.active),
    }


def _checked(someone: Person) -> Person:
    _known_language(someone.language)
    if someone.role is Role.ADMINISTRATOR and someone.buildings:
        raise ValueError("an administrator manages everybody and cannot be bound to buildings; make them a manager")
    return msgspec.structs.replace(someone, role=Role(someone.role))


def _leaves_an_administrator(connection: Connection, before: Person) -> None:
    """See that somebody can still manage the accounts, where ``before`` could."""
    able = (person.c.role == Role.ADMINISTRATOR.value, person.c.active == 1)
    left = connection.scalar(select(func.count()).select_from(person).where(*able))
    if before.role is Role.ADMINISTRATOR and before.active and not left:
        raise LastAdministrator


def _log_out(connection: Connection, username: str) -> None:
    for table in (session, once_token):
        connection.execute(delete(table).where(table.c.username == username))


def _entries(by: By | None, action: str, username: str, detail: dict[str, Any]) -> list[Entry]:
    return [] if by is None else [Entry(by.now, by.actor, action, "", {"person": username, **detail})]


def _difference(before: Person, after: Person) -> dict[str, Any]:
    """What changed. The person's own name and addresses stay out of what is never deleted."""
    names = [name for name in Person.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    return {name: "changed" if name in ("name", "contacts") else getattr(after, name) for name in names}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _folded(username: str) -> str:
    return unicodedata.normalize("NFKC", username).casefold().encode("utf-8", "replace").decode()


def _bounded(password: str) -> bytes:
    return password.encode("utf-8", "replace")[: PASSWORD_LENGTH.stop * 4]


def _fresh_username(username: str) -> str:
    folded = _folded(username)
    usable = 0 < len(folded) <= USERNAME_LENGTH and folded.isprintable() and not any(map(str.isspace, folded))
    if not usable or folded in (MACHINE, COMMAND_LINE):
        raise ValueError(
            f"user name {username!r}: give 1 to {USERNAME_LENGTH} visible characters without spaces, "
            f"other than {MACHINE!r} and {COMMAND_LINE!r}"
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
