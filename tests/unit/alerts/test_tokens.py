"""Tokens in the store: kept as hashes, expiring, revoked, on the audit chain."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.alerts.people import By, Role
from gateway.alerts.store import AlertStore
from gateway.alerts.tokens import PREFIX, Scope, TokenStore

NOW = 1_790_000_000.0
BY = By("chen", NOW)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore(f"sqlite:///{tmp_path}/alerts.db")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def tokens(store: AlertStore) -> TokenStore:
    return TokenStore(store.engine)


def test_the_secret_is_found_again_and_kept_nowhere(tokens: TokenStore, store: AlertStore, tmp_path: Path) -> None:
    made, secret = tokens.create("dashboard", [Scope.READ, Scope.READ], ["b1"], 60, BY)
    assert secret.startswith(PREFIX)
    assert len(secret) >= len(PREFIX) + 43  # 256 bits
    assert tokens.find(secret, NOW) == made
    assert made.scopes == (Scope.READ,)
    store.close()
    with sqlite3.connect(tmp_path / "alerts.db") as connection:
        dump = "\n".join(connection.iterdump())
    assert secret not in dump
    assert secret.removeprefix(PREFIX) not in dump


@pytest.mark.parametrize("secret", ["", "cgt_", "cgt_unknown", "\ud800", "'; DROP TABLE api_token; --"])
def test_another_secret_finds_nothing(tokens: TokenStore, secret: str) -> None:
    tokens.create("dashboard", [Scope.READ], [], 60, BY)
    assert tokens.find(secret, NOW) is None


def test_a_token_ends_at_its_hour(tokens: TokenStore) -> None:
    _, secret = tokens.create("dashboard", [Scope.READ], [], 60, BY)
    assert tokens.find(secret, NOW + 59.9) is not None
    assert tokens.find(secret, NOW + 60) is None


def test_a_revoked_token_ends_at_once_and_stays_listed(tokens: TokenStore) -> None:
    made, secret = tokens.create("dashboard", [Scope.READ], [], 60, BY)
    revoked = tokens.revoke(made.id, By("li", NOW + 1))
    assert revoked.revoked_at == NOW + 1
    assert tokens.find(secret, NOW + 2) is None
    assert tokens.everything() == [revoked]
    assert tokens.revoke(made.id, By("li", NOW + 9)) == revoked


def test_an_unknown_token_cannot_be_revoked(tokens: TokenStore) -> None:
    with pytest.raises(KeyError):
        tokens.revoke("nobody", BY)


def test_a_token_without_scope_is_refused(tokens: TokenStore) -> None:
    with pytest.raises(ValueError, match="at least one of read, act, manage"):
        tokens.create("useless", [], [], 60, BY)
    assert tokens.everything() == []


def test_its_use_is_noted(tokens: TokenStore) -> None:
    made, secret = tokens.create("dashboard", [Scope.READ], [], 60, BY)
    tokens.used(made.id, NOW + 5)
    found = tokens.find(secret, NOW + 6)
    assert found is not None
    assert found.last_used_at == NOW + 5


def test_the_audit_chain_says_who_made_and_ended_it_but_never_the_secret(tokens: TokenStore, store: AlertStore) -> None:
    made, secret = tokens.create("dashboard", [Scope.ACT], ["b1"], 60, BY)
    tokens.revoke(made.id, By("li", NOW + 1))
    rows = list(store.audit_rows())
    assert [(row.actor, row.action, row.detail["token"]) for row in rows] == [
        ("chen", "add_token", made.id),
        ("li", "revoke_token", made.id),
    ]
    assert secret not in str(rows)
    assert store.verify_audit() is None


@pytest.mark.parametrize(
    ("scopes", "role"),
    [([Scope.READ], Role.VIEWER), ([Scope.MANAGE, Scope.READ], Role.MANAGER), ([Scope.READ, Scope.ACT], Role.GUARD)],
)
def test_it_acts_under_its_own_name_within_its_buildings(tokens: TokenStore, scopes: list[Scope], role: Role) -> None:
    made, _ = tokens.create("dashboard", scopes, ["b1"], 60, BY)
    assert (made.person.username, made.person.role, made.person.buildings) == (f"token:{made.id}", role, ("b1",))
