"""Tokens for programs that use the API: what each may do is its scopes. Only the SHA-256 of a token is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Engine, Row, insert, select, update

from alert_rules.alert import Entry
from gateway.alerts.appending import append
from gateway.alerts.database import reading, writing
from gateway.alerts.people import By, Person, Role
from gateway.alerts.schema import api_token

PREFIX = "cgt_"
TOKEN_BYTES = 32
ID_BYTES = 8
USED_EVERY_S = 60.0
"""``last_used_at`` is written at most this often: a program that asks every second must not wear out the disk."""


class Scope(StrEnum):
    """What a token may do. None includes another, and none reaches what takes an administrator."""

    READ = "read"
    ACT = "act"
    MANAGE = "manage"


ROLE_OF = {Scope.READ: Role.VIEWER, Scope.ACT: Role.GUARD, Scope.MANAGE: Role.MANAGER}


class Token(Struct, frozen=True, kw_only=True):
    """A token as others may see it; times are epoch seconds. ``buildings``: none means all."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    buildings: tuple[str, ...]
    created_by: str
    created_at: float
    expires_at: float
    revoked_at: float | None = None
    last_used_at: float | None = None

    def is_live(self, now: float) -> bool:
        return self.revoked_at is None and now < self.expires_at

    @property
    def person(self) -> Person:
        """Whom the audit chain and the alerts name when the token acts."""
        roles = list(Role)
        role = max((ROLE_OF[scope] for scope in self.scopes), key=roles.index)
        return Person(f"token:{self.id}", self.name, role, buildings=self.buildings)


class TokenStore:
    """Tokens in the database of ``engine``; every method raises ``StoreUnavailable`` when that refuses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self, name: str, scopes: Sequence[Scope], buildings: Sequence[str], valid_s: float, by: By
    ) -> tuple[Token, str]:
        """Make a token; return it with its secret, which is kept nowhere.

        Raises:
            ValueError: it has no scope.
        """
        if not scopes:
            raise ValueError("a token without scopes may do nothing; give at least one of read, act, manage")
        secret = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        made = Token(
            id=secrets.token_hex(ID_BYTES),
            name=name,
            scopes=tuple(dict.fromkeys(scopes)),
            buildings=tuple(buildings),
            created_by=by.actor,
            created_at=by.now,
            expires_at=by.now + valid_s,
        )
        detail = {"token": made.id, "scopes": made.scopes, "buildings": made.buildings, "expires_at": made.expires_at}
        with writing(self._engine) as connection:
            connection.execute(insert(api_token).values(_values(made) | {"token_hash": _hash(secret)}))
            append(connection, [Entry(by.now, by.actor, "add_token", "", detail)])
        return made, secret

    def everything(self) -> list[Token]:
        """Every token there ever was, the newest first."""
        with reading(self._engine) as connection:
            wanted = select(api_token).order_by(api_token.c.created_at.desc(), api_token.c.id)
            return [_token(row) for row in connection.execute(wanted)]

    def find(self, secret: str, now: float) -> Token | None:
        """The live token whose secret this is. Never writes."""
        with reading(self._engine) as connection:
            row = connection.execute(select(api_token).where(api_token.c.token_hash == _hash(secret))).first()
        found = None if row is None else _token(row)
        return found if found and found.is_live(now) else None

    def used(self, token_id: str, now: float) -> None:
        """Note when the token was last used."""
        with writing(self._engine) as connection:
            connection.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=now))

    def revoke(self, token_id: str, by: By) -> Token:
        """End a token at once; ending it twice changes nothing.

        Raises:
            KeyError: there is no such token.
        """
        with writing(self._engine) as connection:
            row = connection.execute(select(api_token).where(api_token.c.id == token_id)).first()
            if row is None:
                raise KeyError(token_id)
            found = _token(row)
            if found.revoked_at is not None:
                return found
            connection.execute(update(api_token).where(api_token.c.id == token_id).values(revoked_at=by.now))
            append(connection, [Entry(by.now, by.actor, "revoke_token", "", {"token": token_id})])
        return msgspec.structs.replace(found, revoked_at=by.now)


def _values(token: Token) -> dict[str, Any]:
    return msgspec.structs.asdict(token) | {
        "scopes": msgspec.json.encode(token.scopes).decode(),
        "buildings": msgspec.json.encode(token.buildings).decode(),
    }


def _token(row: Row[Any]) -> Token:
    values = {name: getattr(row, name) for name in Token.__struct_fields__}
    values["scopes"] = msgspec.json.decode(row.scopes, type=tuple[Scope, ...])
    values["buildings"] = msgspec.json.decode(row.buildings, type=tuple[str, ...])
    return Token(**values)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
