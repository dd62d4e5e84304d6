"""The chain shows every change inside it, says where and of what kind, and owns up to what it cannot see."""

import hashlib
import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_rules.alert import Entry, Severity
from gateway.alerts.audit import GENESIS, Broken, Why, canonical, chain, plain, row_hash, verify
from gateway.alerts.records import AuditRow
from tests.unit.alerts.making import NOON, entry

replace = msgspec.structs.replace


def rows(count: int = 6) -> list[AuditRow]:
    return list(chain((0, GENESIS), [entry(number) for number in range(1, count + 1)]))


def rehashed(row: AuditRow, **changed: Any) -> AuditRow:
    row = replace(row, **changed)
    digest = row_hash(row.prev_hash, row.seq, row.at, row.actor, row.action, row.alert, row.detail)
    return replace(row, hash=digest)


def relinked(chained: list[AuditRow]) -> list[AuditRow]:
    """What somebody who knows the code does after tampering: number and hash everything anew."""
    entries = [Entry(row.at, row.actor, row.action, row.alert, row.detail) for row in chained]
    return list(chain((0, GENESIS), entries))


def finding(broken: Broken | None) -> tuple[int, Why] | None:
    return (broken.seq, broken.why) if broken else None


def test_a_hash_can_be_checked_without_this_program() -> None:
    text = f'["{GENESIS}",1,1750000000.5,"王","comment","a1",{{"a":null,"b":[1,2.0]}}]'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert row_hash(GENESIS, 1, NOON + 0.5, "王", "comment", "a1", {"b": [1, 2.0], "a": None}) == expected


def test_rows_are_numbered_without_gaps_and_linked() -> None:
    chained = rows(4)
    assert [row.seq for row in chained] == [1, 2, 3, 4]
    assert [row.prev_hash for row in chained] == [GENESIS, *(row.hash for row in chained[:-1])]
    assert len({row.hash for row in chained}) == 4


def test_a_chain_goes_on_where_it_ended() -> None:
    whole = rows(5)
    head = whole[2]
    assert list(chain((head.seq, head.hash), [entry(4), entry(5)])) == whole[3:]


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_an_untouched_chain_is_sound(count: int) -> None:
    chained = rows(count)
    assert verify(chained) is None
    assert verify(chained, (count, chained[-1].hash) if chained else (0, GENESIS)) is None


EDITS: dict[str, Any] = {
    "at": NOON - 3600,
    "actor": "someone else",
    "action": "acknowledge",
    "alert": "a2",
    "detail": {"text": "nothing happened"},
    "prev_hash": "f" * 64,
    "hash": "e" * 64,
}


@pytest.mark.parametrize("column", EDITS)
@pytest.mark.parametrize("position", [0, 2, 5])
def test_an_edited_column_is_found(column: str, position: int) -> None:
    chained = rows()
    chained[position] = replace(chained[position], **{column: EDITS[column]})
    assert finding(verify(chained)) == (position + 1, Why.EDITED)


@pytest.mark.parametrize("column", [column for column in EDITS if column not in ("hash", "prev_hash")])
def test_an_edit_with_a_fresh_hash_is_found_by_the_next_row(column: str) -> None:
    chained = rows()
    chained[2] = rehashed(chained[2], **{column: EDITS[column]})
    assert finding(verify(chained)) == (3, Why.EDITED)


def test_a_first_row_of_another_chain_is_found() -> None:
    chained = rows()
    chained[0] = rehashed(chained[0], prev_hash="1" * 64)
    assert finding(verify(chained)) == (1, Why.EDITED)


def test_every_column_is_covered() -> None:
    assert set(EDITS) | {"seq"} == set(AuditRow.__struct_fields__)


@pytest.mark.parametrize(("position", "missing"), [(0, 1), (3, 4)])
def test_a_deleted_row_is_found(position: int, missing: int) -> None:
    chained = rows()
    del chained[position]
    assert finding(verify(chained)) == (missing, Why.DELETED)


def test_a_deleted_row_is_found_after_the_rest_moved_up() -> None:
    chained = rows()
    del chained[2]
    chained = [replace(row, seq=number) for number, row in enumerate(chained, 1)]
    assert finding(verify(chained)) == (3, Why.DELETED)


def test_rows_out_of_order_are_found() -> None:
    chained = rows()
    chained[2], chained[3] = chained[3], chained[2]
    assert finding(verify(chained)) == (3, Why.REORDERED)


def test_rows_that_swapped_their_numbers_are_found() -> None:
    chained = rows()
    chained[2], chained[3] = replace(chained[3], seq=3), replace(chained[2], seq=4)
    assert finding(verify(chained)) == (3, Why.REORDERED)


def test_a_row_put_in_twice_is_found() -> None:
    chained = rows()
    chained.insert(3, chained[2])
    assert finding(verify(chained)) == (3, Why.INSERTED)


def test_a_well_made_row_put_in_between_is_found() -> None:
    chained = rows()
    forged = rehashed(chained[3], prev_hash=chained[2].hash, detail={"text": "forged"})
    later = [replace(row, seq=row.seq + 1) for row in chained[3:]]
    assert finding(verify([*chained[:3], forged, *later])) == (4, Why.INSERTED)


def test_a_cut_end_is_seen_only_from_outside() -> None:
    chained = rows()
    anchor = (chained[-1].seq, chained[-1].hash)
    assert verify(chained[:4]) is None
    assert finding(verify(chained[:4], anchor)) == (5, Why.TRUNCATED)
    assert finding(verify([], anchor)) == (1, Why.TRUNCATED)


def test_a_chain_computed_anew_is_seen_only_from_outside() -> None:
    chained = rows()
    forged = relinked([replace(row, actor="nobody") for row in chained])
    assert verify(forged) is None
    assert finding(verify(forged, (4, chained[3].hash))) == (4, Why.REWRITTEN)


def test_an_older_anchor_allows_growth() -> None:
    chained = rows()
    assert verify(chained, (3, chained[2].hash)) is None


def test_the_finding_is_a_sentence() -> None:
    broken = verify(rows()[1:])
    assert broken is not None
    assert broken.detail == "row 1 is missing"


JSONABLE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSONABLE, max_size=5))
def test_a_detail_reads_back_as_it_was_hashed(detail: dict[str, Any]) -> None:
    (row,) = chain((0, GENESIS), [Entry(NOON, "li", "comment", "a1", detail)])
    read = replace(row, detail=msgspec.json.decode(canonical(row.detail)))
    assert verify([read]) is None


@settings(deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=4), st.data())
def test_no_text_can_imitate_another_row(texts: list[str], data: st.DataObject) -> None:
    original = list(chain((0, GENESIS), [Entry(NOON, text, "comment", text, {text: text}) for text in texts]))
    position = data.draw(st.integers(0, len(texts) - 1))
    other = data.draw(st.text().filter(lambda text: text != texts[position]))
    column = data.draw(st.sampled_from(["actor", "action", "alert"]))
    if getattr(original[position], column) == other:
        return
    original[position] = replace(original[position], **{column: other})
    assert finding(verify(original)) == (position + 1, Why.EDITED)


def test_what_json_cannot_say_becomes_null_instead_of_stopping_the_evaluation() -> None:
    odd: dict[Any, Any] = {"value": math.nan, "peak": math.inf, "severity": Severity.MAJOR, 3: (1, 2)}
    assert plain(odd) == {
        "value": None,
        "peak": None,
        "severity": "major",
        "3": [1, 2],
    }


def test_canonical_text_is_plain_json_with_sorted_keys() -> None:
    value = {"b": "🔥\u0000", "a": {"d": 1, "c": [True, None]}}
    assert canonical(value) == '{"a":{"c":[true,null],"d":1},"b":"🔥\\u0000"}'
    assert json.loads(canonical(value)) == value
