"""Accounts change, close and go; somebody always stays in charge, and the chain knows who did it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.alerts.people import COMMAND_LINE, By, LastAdministrator, LoginRefused, People, Person, Role
from gateway.alerts.store import AlertStore
from tests.unit.alerts.making import NOON

PASSWORD = "correct horse battery"
BY = By("root", NOON)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore(f"sqlite:///{tmp_path}/alerts.db")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def people(store: AlertStore) -> People:
    made = People(store.engine)
    made.add("root", "Root", Role.ADMINISTRATOR, PASSWORD, by=BY)
    made.add("li", "李雷", Role.GUARD, PASSWORD, by=BY)
    return made


def told(store: AlertStore) -> list[tuple[str, str, dict[str, Any]]]:
    return [(row.actor, row.action, row.detail) for row in store.audit_rows()]


def test_an_account_changes_and_the_chain_says_how(store: AlertStore, people: People) -> None:
    changes = {"role": Role.MANAGER, "name": "Li", "buildings": ("b1",), "contacts": ("li-sms",)}
    changed = people.change("LI", changes, BY)
    assert changed == Person("li", "Li", Role.MANAGER, "zh", ("b1",), ("li-sms",))
    assert people.get("li") == changed
    detail = {"person": "li", "name": "changed", "role": "manager", "buildings": ["b1"], "contacts": "changed"}
    assert told(store)[-1] == ("root", "change_person", detail)
    assert [action for _, action, _ in told(store)] == ["add_person", "add_person", "change_person"]
    assert store.verify_audit() is None


def test_a_closed_account_is_logged_out_and_stays_out(people: People) -> None:
    session, once = people.open_session("li", NOON, 60), people.issue_once("li", NOON, 60)
    people.change("li", {"active": False}, BY)
    assert people.session(session, NOON) is None
    with pytest.raises(LoginRefused):
        people.login("li", PASSWORD, NOON, "10.0.0.1")
    for token in (once, people.issue_once("li", NOON, 60)):
        with pytest.raises(LoginRefused):
            people.login_once(token, NOON)
    people.change("li", {"active": True}, BY)
    assert people.login("li", PASSWORD, NOON, "10.0.0.1").active


def test_another_role_counts_in_a_running_session(people: People) -> None:
    session = people.open_session("li", NOON, 60)
    people.change("li", {"role": Role.VIEWER}, BY)
    found = people.session(session, NOON)
    assert found is not None
    assert found.role is Role.VIEWER


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.MANAGER}])
def test_the_last_administrator_stays(store: AlertStore, people: People, change: dict[str, Any]) -> None:
    with pytest.raises(LastAdministrator, match="make somebody else administrator first"):
        people.change("root", change, BY)
    with pytest.raises(LastAdministrator):
        people.remove("root", BY)
    assert people.get("root") == Person("root", "Root", Role.ADMINISTRATOR)
    assert len(told(store)) == 2
    people.change("li", {"role": Role.ADMINISTRATOR}, BY)
    people.change("root", change, BY)
    with pytest.raises(LastAdministrator):
        people.remove("li", BY)


def test_a_closed_administrator_is_in_charge_of_nothing(people: People) -> None:
    people.change("li", {"role": Role.ADMINISTRATOR, "active": False}, BY)
    with pytest.raises(LastAdministrator):
        people.remove("root", BY)
    people.remove("li", BY)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"role": "king"}, "king"),
        ({"language": "tlh"}, "language"),
        ({"role": Role.ADMINISTRATOR, "buildings": ("b1",)}, "cannot be bound"),
    ],
)
def test_what_makes_no_sense_changes_nothing(people: People, wrong: dict[str, Any], said: str) -> None:
    before = people.get("li")
    with pytest.raises(ValueError, match=said):
        people.change("li", wrong, BY)
    assert people.get("li") == before


def test_a_reset_ends_the_password_and_gives_one_way_in(store: AlertStore, people: People) -> None:
    session = people.open_session("li", NOON, 60)
    token = people.reset("li", BY, 60)
    assert people.session(session, NOON) is None
    with pytest.raises(LoginRefused):
        people.login("li", PASSWORD, NOON, "10.0.0.1")
    assert people.login_once(token, NOON).username == "li"
    with pytest.raises(LoginRefused):
        people.login_once(token, NOON)
    assert told(store)[-1] == ("root", "reset_person", {"person": "li"})


def test_logins_and_looks_are_written_down(store: AlertStore, people: People) -> None:
    people.open_session("li", NOON, 60, {"by": "password", "address": "10.0.0.9"})
    people.note(By("li", NOON), "view_visitors", {"count": 2})
    assert told(store)[-2:] == [
        ("li", "login", {"by": "password", "address": "10.0.0.9"}),
        ("li", "view_visitors", {"count": 2}),
    ]


def test_nobody_may_be_called_like_the_command_line(people: People) -> None:
    with pytest.raises(ValueError, match="other than"):
        people.add(COMMAND_LINE, "x", Role.GUARD, PASSWORD)


@pytest.mark.parametrize("move", ["change", "reset", "remove"])
def test_there_must_be_somebody(people: People, move: str) -> None:
    rest = {"change": ({}, BY), "reset": (BY, 60.0), "remove": (BY,)}[move]
    with pytest.raises(KeyError):
        getattr(people, move)("nobody", *rest)


def test_accounts_of_an_earlier_version_are_open_and_bound_to_nothing(tmp_path: Path, people: People) -> None:
    raw = sqlite3.connect(tmp_path / "alerts.db")
    raw.execute(
        "INSERT INTO person (username, name, role, language, password_hash) VALUES ('old','O','guard','zh','x')"
    )
    raw.commit()
    raw.close()
    assert people.get("old") == Person("old", "O", Role.GUARD)
