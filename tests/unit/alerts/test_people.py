"""Who may come in: the answer gives nothing away, and no secret lies about."""

import sqlite3
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import argon2
import pytest

from gateway.alerts.people import LoginRefused, People, Person, Role, TooManyAttempts
from gateway.alerts.store import AlertStore
from tests.unit.alerts.making import NOON

PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "10.0.0.9", "10.0.0.1"
HOUR = 3600.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


@pytest.fixture
def people(file: Path) -> Iterator[People]:
    store = AlertStore(f"sqlite:///{file}")
    store.migrate()
    yield People(store.engine)
    store.close()


@pytest.fixture
def li(people: People) -> Person:
    return people.add("li", "李雷", Role.GUARD, PASSWORD)


def everything_stored(file: Path) -> str:
    raw = sqlite3.connect(file)
    try:
        return "\n".join(raw.iterdump())
    finally:
        raw.close()


def test_there_is_no_default_account(people: People) -> None:
    assert people.everybody() == []


def test_a_person_logs_in(people: People, li: Person) -> None:
    assert li == Person("li", "李雷", Role.GUARD, "zh")
    assert people.login("li", PASSWORD, NOON, HERE) == li
    assert people.everybody() == [li]


def test_the_user_name_is_folded(people: People, li: Person) -> None:
    assert people.login("ＬI", PASSWORD, NOON, HERE) == li
    with pytest.raises(ValueError, match="called 'li' already"):
        people.add("Li", "Another", "viewer", PASSWORD)


def test_a_name_is_data_whatever_is_in_it(people: People) -> None:
    name = "小\u0000王\n🔥\u202e\\0"
    people.add("wang", name, "viewer", PASSWORD)
    found = people.get("wang")
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("username", ["", " ", "a b", "a\nb", "a\0", "x" * 65, "system", "SYSTEM", "\u202eli"])
def test_an_unusable_user_name_is_refused(people: People, username: str) -> None:
    with pytest.raises(ValueError, match="user name"):
        people.add(username, "", "viewer", PASSWORD)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025])
def test_a_password_of_a_bad_length_is_refused(people: People, password: str) -> None:
    with pytest.raises(ValueError, match="8 to 1024 characters"):
        people.add("li", "", "viewer", password)
    assert people.everybody() == []


def test_unknown_roles_and_languages_are_refused(people: People) -> None:
    with pytest.raises(ValueError, match="root"):
        people.add("li", "", "root", PASSWORD)
    with pytest.raises(ValueError, match="choose one of zh, en"):
        people.add("li", "", "viewer", PASSWORD, language="tlh")


def test_the_password_is_kept_as_argon2id_only(people: People, li: Person, file: Path) -> None:
    stored = everything_stored(file)
    assert "$argon2id$" in stored
    assert PASSWORD not in stored


@pytest.mark.usefixtures("li")
def test_unknown_user_and_wrong_password_get_the_same_answer(people: People) -> None:
    answers = []
    for username, password in (("li", "wrong password"), ("nobody", PASSWORD), ("", ""), ("\ud800", "\ud800")):
        with pytest.raises(LoginRefused) as caught:
            people.login(username, password, NOON, HERE)
        answers.append(str(caught.value))
    assert len(set(answers)) == 1


@pytest.mark.usefixtures("li")
def test_unknown_user_and_wrong_password_take_the_same_time(people: People) -> None:
    took: dict[str, list[float]] = {"li": [], "nobody": []}
    for attempt in range(6):
        for username, times in took.items():
            start = time.perf_counter()
            with pytest.raises(LoginRefused):
                people.login(username, "wrong password", NOON, f"address {attempt}")
            times.append(time.perf_counter() - start)
    known, unknown = (statistics.median(times) for times in took.values())
    assert 0.5 < known / unknown < 2


def fail(people: People, username: str, times: int = 5) -> None:
    for number in range(times):
        with pytest.raises(LoginRefused):
            people.login(username, "wrong password", NOON + number, HERE)


@pytest.mark.parametrize("username", ["li", "nobody"])
@pytest.mark.usefixtures("li")
def test_after_five_failures_one_has_to_wait_known_or_not(people: People, username: str) -> None:
    fail(people, username)
    with pytest.raises(TooManyAttempts, match="try again in 50 s") as caught:
        people.login(username, PASSWORD, NOON + 10, HERE)
    assert caught.value.retry_after == 50


def test_waiting_ends_after_a_minute(people: People, li: Person) -> None:
    fail(people, "li")
    assert people.login("li", PASSWORD, NOON + 60, HERE) == li


def test_nobody_locks_the_operator_out_from_another_address(people: People, li: Person) -> None:
    fail(people, "li")
    assert people.login("li", PASSWORD, NOON + 10, ELSEWHERE) == li


def test_a_success_starts_the_count_anew(people: People, li: Person) -> None:
    fail(people, "li", 4)
    people.login("li", PASSWORD, NOON + 5, HERE)
    fail(people, "li", 4)
    assert people.login("li", PASSWORD, NOON + 10, HERE) == li


def test_a_session_lasts_until_it_expires(people: People, li: Person) -> None:
    token = people.open_session("li", NOON, HOUR)
    assert people.session(token, NOON + HOUR - 1) == li
    assert people.session(token, NOON + HOUR) is None


@pytest.mark.usefixtures("li")
def test_tokens_are_long_all_different_and_not_kept(people: People, file: Path) -> None:
    tokens = [people.open_session("li", NOON, HOUR) for _ in range(5)] + [people.issue_once("li", NOON, HOUR)]
    assert len(set(tokens)) == 6
    assert min(map(len, tokens)) >= 43
    stored = everything_stored(file)
    assert [token for token in tokens if token in stored] == []


@pytest.mark.parametrize("token", ["", "nonsense", "\ud800", "x" * 100_000])
@pytest.mark.usefixtures("li")
def test_a_token_nobody_issued_opens_nothing(people: People, token: str) -> None:
    people.open_session("li", NOON, HOUR)
    assert people.session(token, NOON) is None
    assert people.rotate_session(token, NOON, HOUR) is None
    with pytest.raises(LoginRefused):
        people.login_once(token, NOON)


@pytest.mark.usefixtures("li")
def test_logging_out_ends_this_session_only_and_may_be_repeated(people: People) -> None:
    one, two = people.open_session("li", NOON, HOUR), people.open_session("li", NOON, HOUR)
    people.logout(one)
    people.logout(one)
    assert people.session(one, NOON) is None
    assert people.session(two, NOON) is not None


def test_rotating_gives_a_new_token_and_ends_the_old_one(people: People, li: Person) -> None:
    old = people.open_session("li", NOON, HOUR)
    new = people.rotate_session(old, NOON + 60, HOUR)
    assert new is not None
    assert people.session(old, NOON + 60) is None
    assert people.session(new, NOON + 60 + HOUR - 1) == li
    assert people.rotate_session(old, NOON + 60, HOUR) is None


@pytest.mark.usefixtures("li")
def test_an_expired_session_cannot_be_rotated(people: People) -> None:
    token = people.open_session("li", NOON, HOUR)
    assert people.rotate_session(token, NOON + HOUR, HOUR) is None


@pytest.mark.usefixtures("li")
def test_expired_sessions_do_not_pile_up(people: People, file: Path) -> None:
    for hour in range(10):
        people.open_session("li", NOON + hour * HOUR, HOUR)
    inserts = [line for line in everything_stored(file).splitlines() if line.startswith("INSERT INTO")]
    assert sum("session" in line.split("VALUES")[0] for line in inserts) == 1


def test_a_one_time_token_works_once(people: People, li: Person) -> None:
    token = people.issue_once("li", NOON, HOUR)
    assert people.login_once(token, NOON + 1) == li
    with pytest.raises(LoginRefused):
        people.login_once(token, NOON + 2)


def test_a_one_time_token_expires(people: People, li: Person) -> None:
    token = people.issue_once(li.username, NOON, HOUR)
    with pytest.raises(LoginRefused):
        people.login_once(token, NOON + HOUR)


@pytest.mark.usefixtures("li")
def test_of_many_racing_with_one_token_exactly_one_gets_in(people: People) -> None:
    token = people.issue_once("li", NOON, HOUR)

    def attempt(_: int) -> bool:
        try:
            people.login_once(token, NOON)
        except LoginRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


@pytest.mark.usefixtures("li")
def test_session_and_one_time_tokens_are_not_interchangeable(people: People) -> None:
    session, once = people.open_session("li", NOON, HOUR), people.issue_once("li", NOON, HOUR)
    assert people.session(once, NOON) is None
    with pytest.raises(LoginRefused):
        people.login_once(session, NOON)


@pytest.mark.usefixtures("li")
def test_a_new_password_ends_what_the_old_one_opened(people: People) -> None:
    session, once = people.open_session("li", NOON, HOUR), people.issue_once("li", NOON, HOUR)
    people.set_password("li", "another password")
    assert people.session(session, NOON) is None
    with pytest.raises(LoginRefused):
        people.login_once(once, NOON)
    with pytest.raises(LoginRefused):
        people.login("li", PASSWORD, NOON, HERE)
    assert people.login("li", "another password", NOON, HERE).username == "li"


@pytest.mark.usefixtures("li")
def test_a_removed_person_is_out_at_once(people: People) -> None:
    session, once = people.open_session("li", NOON, HOUR), people.issue_once("li", NOON, HOUR)
    people.remove("li")
    assert people.session(session, NOON) is None
    with pytest.raises(LoginRefused):
        people.login_once(once, NOON)
    with pytest.raises(LoginRefused):
        people.login("li", PASSWORD, NOON, HERE)


def test_nothing_is_done_for_somebody_who_is_not_there(people: People) -> None:
    for call in (
        lambda: people.open_session("nobody", NOON, HOUR),
        lambda: people.issue_once("nobody", NOON, HOUR),
        lambda: people.set_password("nobody", PASSWORD),
        lambda: people.remove("nobody"),
    ):
        with pytest.raises(KeyError):
            call()
    assert people.get("nobody") is None


@pytest.mark.usefixtures("li")
def test_a_password_hashed_with_weaker_parameters_is_hashed_anew(people: People, file: Path) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    raw = sqlite3.connect(file)
    raw.execute("UPDATE person SET password_hash = ?", (weak,))
    raw.commit()
    raw.close()
    people.login("li", PASSWORD, NOON, HERE)
    assert weak not in everything_stored(file)
    people.login("li", PASSWORD, NOON, HERE)


@pytest.mark.usefixtures("li")
def test_a_damaged_hash_lets_nobody_in(people: People, file: Path) -> None:
    raw = sqlite3.connect(file)
    raw.execute("UPDATE person SET password_hash = 'none'")
    raw.commit()
    raw.close()
    with pytest.raises(LoginRefused):
        people.login("li", PASSWORD, NOON, HERE)
