"""Accounts by the command line: listed, changed, reset, removed, and never the last one in charge."""

from pathlib import Path

import pytest

from tests.unit.test_cli import run, store_of

SITE = "site: {id: home, name: Home}\nbuildings: [{id: b1}]\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    for name, role in (("root", "administrator"), ("wang", "guard")):
        assert run("person", "add", name, "--role", role, "--no-password", "-s", path).exit_code == 0
    return path


def test_accounts_are_changed_listed_and_removed_and_the_chain_says_who(site: Path) -> None:
    assert (
        "wang is manager, closed"
        in run("person", "change", "wang", "--role", "manager", "--building", "b1", "--close", "-s", site).stdout
    )
    assert "wang  manager  b1  closed  wang" in run("person", "list", "-s", site).stdout
    assert run("person", "change", "wang", "--all-buildings", "--open", "-s", site).exit_code == 0
    assert "wang  manager  all buildings  open" in run("person", "list", "-s", site).stdout
    assert "/login#once=" in run("person", "reset", "wang", "-s", site).stdout
    assert run("person", "remove", "wang", "-s", site).exit_code == 0
    store = store_of(site)
    told = [(row.actor, row.action) for row in store.audit_rows()]
    store.close()
    moves = ["add_person"] * 2 + ["change_person"] * 2 + ["reset_person", "remove_person"]
    assert told == [("command-line", move) for move in moves]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["remove", "root"], "last active administrator"),
        (["change", "root", "--close"], "last active administrator"),
        (["change", "root", "--building", "b1"], "cannot be bound"),
        (["change", "wang", "--building", "b9"], "known: b1"),
        (["change", "wang", "--contact", "pager"], "known: none"),
        (["change", "wang", "--role", "king"], "king"),
        (["reset", "nobody"], "no such person"),
    ],
)
def test_what_cannot_be_is_refused(site: Path, arguments: list[str], said: str) -> None:
    result = run("person", *arguments, "-s", site)
    assert result.exit_code == 2
    assert said in result.stderr
