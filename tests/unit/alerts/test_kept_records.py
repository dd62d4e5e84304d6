"""What lies beside the alerts in the same database: escalations, checklists, kept records, tokens, accounts.

On SQLite and on a real PostgreSQL alike.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher

from alert_rules.alert import Entry, Severity, Verdict
from alert_rules.escalation import Escalation
from alert_rules.moves import close, judge, resolve
from alert_rules.plan import Checklist, Item
from gateway.alerts import people as people_module
from gateway.alerts.audit import Why
from gateway.alerts.people import By, LastAdministrator, LoginRefused, People, Role
from gateway.alerts.records import AlertFilter, Changes
from gateway.alerts.store import AlertStore
from gateway.alerts.tokens import Scope, TokenStore
from gateway.people.shelf import SLICE, StoredShelf
from gateway.plans.shelf import PlanShelf
from gateway.retention import sweep_once
from gateway.site import Retention
from tests.contract.test_alert_store import ODD, postgres, reopened, store, url
from tests.unit.alerts.making import NOON, alert, message, raised, raising

__all__ = ["postgres", "store", "url"]

BY = By("root", NOON)
DAY = 86_400.0
PASSWORD = "correct horse battery"


@pytest.fixture
def people(store: AlertStore, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setattr(people_module, "PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    return People(store.engine)


def escalation(of: str, **changed: Any) -> Escalation:
    return Escalation(alert=of, **{"severity": Severity.CRITICAL, "since": NOON + 0.125, **changed})


def checklist(of: str = "a1", plan: str = "fire", **changed: Any) -> Checklist:
    item = Item(id="go", text={"zh": ODD, "en": "go"}, role="guard", deadline_s=60, due=NOON + 60)
    fields: dict[str, Any] = {"title": {"en": ODD}, "started_by": "li", "started_at": NOON, "items": [item]}
    return Checklist(alert=of, plan=plan, **{**fields, **changed})


def said(action: str = "plan_start", of: str = "a1") -> Entry:
    return Entry(NOON, "li", action, of, {"text": ODD})


def at_once(*works: Callable[[], object]) -> list[object]:
    """Let threads begin together; each one's answer, or what it raised."""
    gate, answers = threading.Barrier(len(works)), [None] * len(works)

    def work(number: int) -> None:
        gate.wait(30)
        try:
            answers[number] = works[number]()  # type: ignore[call-overload]
        except Exception as error:
            answers[number] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return list(answers)


def actions(store: AlertStore) -> list[str]:
    return [row.action for row in store.audit_rows()]


class TestEscalations:
    def test_rows_are_kept_replaced_and_forgotten(self, store: AlertStore) -> None:
        first, other = escalation("a1", done=[1, 2], last=NOON + 60, claimed=NOON + 1.5, calls=7), escalation(ODD)
        store.commit(Changes(escalations={"a1": first, ODD: other}))
        again = reopened(store)
        assert sorted(again.load().escalations, key=lambda e: e.calls) == [other, first]
        later = escalation("a1", severity=Severity.MAJOR, since=NOON + 9)
        again.commit(Changes(escalations={"a1": later, ODD: None, "never": None}))
        assert again.load().escalations == [later]
        again.close()

    def test_a_refused_commit_moves_none(self, store: AlertStore) -> None:
        store.commit(Changes(escalations={"a1": escalation("a1")}))
        bad = Entry(NOON, "li", "comment", "a1", {"oops": object()})
        with pytest.raises(TypeError):
            store.commit(Changes(escalations={"a1": None, "a2": escalation("a2")}, entries=[bad]))
        assert store.load().escalations == [escalation("a1")]


class TestChecklists:
    def test_one_per_alert_and_plan_as_it_stands_now(self, store: AlertStore) -> None:
        shelf = PlanShelf(store.engine)
        one, other = checklist(), checklist(plan="flood")
        shelf.keep(one, said())
        shelf.keep(other, said())
        one.items[0].done_by, one.items[0].note, one.ended_at = "wang", ODD, NOON + 30
        shelf.keep(one, said("plan_done"))
        assert PlanShelf(store.engine).of("a1") == [one, other]
        assert shelf.running() == [other]
        assert shelf.of("a2") == []
        assert actions(store) == ["plan_start", "plan_start", "plan_done"]

    def test_a_move_whose_entry_cannot_be_written_did_not_happen(self, store: AlertStore) -> None:
        shelf = PlanShelf(store.engine)
        bad = Entry(NOON, "li", "plan_start", "a1", {"oops": object()})
        with pytest.raises(TypeError):
            shelf.keep(checklist(), bad, [message()])
        assert (shelf.of("a1"), store.due_messages(NOON, 5), actions(store)) == ([], [], [])

    def test_its_calls_are_queued_with_it_and_once(self, store: AlertStore) -> None:
        shelf = PlanShelf(store.engine)
        for _ in range(2):
            shelf.keep(checklist(), said("plan_overdue"), [message(1), message(2)])
        assert len(store.due_messages(NOON, 5)) == 2


class TestKept:
    def test_records_are_put_replaced_and_removed_by_kind(self, store: AlertStore) -> None:
        shelf = StoredShelf(store.engine)
        shelf.write([("turn", "1", '"a"'), ("turn", ODD, f'"{ODD}"'), ("visit", "1", '"v"')], [], [said("turn_add")])
        shelf.write([("turn", "1", '"b"')], [("turn", "gone"), ("visit", "1")], [said("turn_change")])
        again = StoredShelf(store.engine)
        assert sorted(again.load(["turn"])) == sorted([("turn", "1", '"b"'), ("turn", ODD, f'"{ODD}"')])
        assert again.load(["visit"]) == again.load([]) == []
        assert actions(store) == ["turn_add", "turn_change"]
        assert store.verify_audit() is None

    def test_a_put_counts_over_a_removal_of_the_same_key(self, store: AlertStore) -> None:
        shelf = StoredShelf(store.engine)
        shelf.write([("turn", "1", "1")], [("turn", "1")], [])
        assert shelf.load(["turn"]) == [("turn", "1", "1")]

    def test_more_than_one_slice_is_one_transaction(self, store: AlertStore) -> None:
        shelf = StoredShelf(store.engine)
        many = [("visit", f"{number:04}", str(number)) for number in range(2 * SLICE + 1)]
        shelf.write(many, [], [])
        bad = Entry(NOON, "li", "forget", "", {"oops": object()})
        with pytest.raises(TypeError):
            shelf.write([], [(kind, id_) for kind, id_, _ in many], [bad])
        assert shelf.load(["visit"]) == many
        shelf.write(many[:1], [(kind, id_) for kind, id_, _ in many[1:]], [])
        assert shelf.load(["visit"]) == many[:1]


class TestTokens:
    def test_a_token_reads_back_as_it_was_made(self, store: AlertStore) -> None:
        tokens = TokenStore(store.engine)
        made, secret = tokens.create(ODD, [Scope.ACT, Scope.READ, Scope.ACT], ["b1", ODD], 60, BY)
        other = reopened(store)
        again = TokenStore(other.engine)
        assert again.find(secret, NOON + 59) == made
        assert made.scopes == (Scope.ACT, Scope.READ)
        assert again.find(secret, NOON + 60) is None
        assert again.find(f"{secret}\x00", NOON) is None
        other.close()

    def test_revoked_twice_it_ended_once(self, store: AlertStore) -> None:
        tokens = TokenStore(store.engine)
        made, secret = tokens.create("gate", [Scope.READ], [], 60, BY)
        for moment in (1, 2):
            assert tokens.revoke(made.id, By("root", NOON + moment)).revoked_at == NOON + 1
        assert tokens.find(secret, NOON + 3) is None
        assert actions(store) == ["add_token", "revoke_token"]

    def test_the_newest_are_listed_first_with_their_last_use(self, store: AlertStore) -> None:
        tokens = TokenStore(store.engine)
        made = [tokens.create(str(n), [Scope.READ], [], 60, By("root", NOON + n))[0] for n in range(3)]
        tokens.used(made[1].id, NOON + 9)
        assert [(t.name, t.last_used_at) for t in tokens.everything()] == [("2", None), ("1", NOON + 9), ("0", None)]


class TestAccounts:
    @pytest.mark.parametrize("leave", ["demote", "close", "remove"])
    def test_of_two_administrators_who_end_each_other_one_stays(
        self, store: AlertStore, people: People, leave: str
    ) -> None:
        for name in ("li", "wang"):
            people.add(name, name, Role.ADMINISTRATOR, PASSWORD)
        ways: dict[str, Callable[[str, str], object]] = {
            "demote": lambda by, of: people.change(of, {"role": Role.GUARD}, By(by, NOON)),
            "close": lambda by, of: people.change(of, {"active": False}, By(by, NOON)),
            "remove": lambda by, of: people.remove(of, By(by, NOON)),
        }
        way = ways[leave]
        answers = at_once(lambda: way("li", "wang"), lambda: way("wang", "li"))
        assert sum(isinstance(answer, LastAdministrator) for answer in answers) == 1, answers
        able = [each for each in people.everybody() if each.role is Role.ADMINISTRATOR and each.active]
        assert len(able) == 1
        assert len(actions(store)) == 1
        assert store.verify_audit() is None

    def test_of_two_with_one_name_one_is_added(self, store: AlertStore, people: People) -> None:
        answers = at_once(*[lambda: people.add("Li", "Li", Role.GUARD, PASSWORD, by=BY)] * 2)
        assert sum(isinstance(answer, ValueError) for answer in answers) == 1, answers
        assert [each.username for each in people.everybody()] == ["li"]
        assert actions(store) == ["add_person"]

    def test_a_one_time_token_lets_one_of_many_in(self, people: People) -> None:
        people.add("li", ODD.replace("\n", ""), Role.GUARD, PASSWORD)
        token = people.issue_once("li", NOON, 60)
        answers = at_once(*[lambda: people.login_once(token, NOON + 1)] * 4)
        assert sum(isinstance(answer, LoginRefused) for answer in answers) == 3, answers

    def test_removing_somebody_ends_every_way_in(self, people: People) -> None:
        people.add("root", "Root", Role.ADMINISTRATOR, PASSWORD)
        people.add("li", "Li", Role.GUARD, PASSWORD)
        session, once = people.open_session("li", NOON, 60), people.issue_once("li", NOON, 60)
        people.remove("li", BY)
        assert people.session(session, NOON) is None
        with pytest.raises(LoginRefused):
            people.login_once(once, NOON)

    def test_many_writers_keep_one_chain(self, store: AlertStore, people: People) -> None:
        people.add("root", "Root", Role.ADMINISTRATOR, PASSWORD)
        notes = [lambda n=n: people.note(By(f"p{n}", NOON), "look", {"n": n}) for n in range(6)]
        commits = [lambda n=n: store.commit(raising(raised(f"smoke-{n}"))) for n in range(2)]
        assert at_once(*notes, *commits) == [None] * 8
        assert sorted(actions(store)) == ["look"] * 6 + ["raise"] * 2
        assert store.verify_audit() is None


class TestRetention:
    def test_an_alert_goes_with_all_that_is_its_own(self, store: AlertStore) -> None:
        old, young = alert("smoke-1", NOON), alert("smoke-2", NOON + 5 * DAY)
        for one in (old, young):
            judge(one, "li", Verdict.TRUE_ALARM, "", one.raised_at)
            resolve(one, "li", "", one.raised_at)
            close(one, "wang", "a pan", one.raised_at)
        store.commit(Changes(alerts=[old, young]))
        shelf = PlanShelf(store.engine)
        for one in (old, young):
            shelf.keep(checklist(one.id, ended_at=NOON), said(of=one.id))
        assert sweep_once(store.engine, Retention(alerts_days=3), NOON + 6 * DAY) == 1
        assert (store.get(old.id), shelf.of(old.id)) == (None, [])
        assert (store.get(young.id), len(shelf.of(young.id))) == (young, 1)
        assert [row.action for row in store.timeline(old.id)] == ["plan_start"]
        assert list(store.audit_rows())[-1].detail["ids"] == [old.id]
        assert store.verify_audit() is None

    def test_an_anchor_taken_before_still_holds_after(self, store: AlertStore) -> None:
        one = alert(severity=Severity.MINOR)
        resolve(one, "li", "", NOON)
        store.commit(Changes(alerts=[one], entries=[said()]))
        head = store.audit_head()
        assert sweep_once(store.engine, Retention(alerts_days=1), NOON + 2 * DAY) == 1
        assert store.verify_audit(head) is None
        broken = store.verify_audit((head[0] + 5, head[1]))
        assert broken is not None
        assert broken.why is Why.TRUNCATED


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"buildings": ("b1",)}, "none one"),
        ({"buildings": ("b1", ODD)}, "none odd one"),
        ({"buildings": ("b9",)}, "none"),
        ({"buildings": ("b1",), "q": "smoke"}, "none one"),
        ({"buildings": (ODD,), "building": "b1"}, ""),
        ({"incident": "i1"}, "none"),
        ({"incident": ODD}, "odd"),
        ({"q": "odd", "severity": "major"}, ""),
    ],
)
def test_columns_beside_the_record_narrow_a_search(store: AlertStore, asked: dict[str, Any], found: str) -> None:
    made = {"none": "", "one": "b1", "odd": ODD, "two": "b2"}
    alerts = {name: alert(name) for name in made}
    for name, building in made.items():
        place = type(alerts[name].place)(name=f"smoke {name}", building=building)
        alerts[name] = alert(name, place=place)
    alerts["none"].incident, alerts["odd"].incident = "i1", ODD
    store.commit(Changes(alerts=list(alerts.values())))
    assert sorted(one.device for one in store.search(AlertFilter(**asked))) == sorted(found.split())
