"""One bit flipped in any column of the audit table, on the disk as SQLite keeps it, is named."""

import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_rules.alert import Entry
from gateway.alerts.records import Changes
from gateway.alerts.store import AlertStore
from tests.unit.alerts.making import NOON

COUNT = 5
COLUMNS = ("seq", "at", "actor", "action", "alert", "detail", "prev_hash", "hash")
DETAIL = {"text": "第一\u0001 \\ \u0000", "share": 1e16, "n": -0.0, "deep": {"a": [1.5, None, True]}}


class Table:
    """The audit table of a store, and a way around the store to its rows."""

    def __init__(self, path: Path) -> None:
        self.store = AlertStore(f"sqlite:///{path}")
        self.store.migrate()
        entries = [Entry(NOON + n, "王\\0", "comment", "a1", DETAIL | {"n": n}) for n in range(COUNT)]
        self.store.commit(Changes(entries=entries))
        self.head = self.store.audit_head()
        self.raw = sqlite3.connect(path, isolation_level=None)
        self.rows = self.raw.execute(f"SELECT {', '.join(COLUMNS)} FROM audit").fetchall()

    def restore(self) -> None:
        self.raw.execute("BEGIN")
        self.raw.execute("DELETE FROM audit")
        self.raw.executemany(f"INSERT INTO audit VALUES ({', '.join('?' * len(COLUMNS))})", self.rows)
        self.raw.execute("COMMIT")

    def tamper(self, seq: int, column: str, bit: int) -> int:
        """Flip the bit; returns the row's number since."""
        was = self.rows[seq - 1][COLUMNS.index(column)]
        now = flipped(was, bit)
        cast = "CAST(? AS TEXT)" if isinstance(was, str) else "?"
        self.raw.execute(f"UPDATE OR REPLACE audit SET {column} = {cast} WHERE seq = ?", (now, seq))
        return now if column == "seq" and isinstance(now, int) else seq


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    made = Table(tmp_path_factory.mktemp("bits") / "alerts.db")
    assert made.store.verify_audit(made.head) is None
    yield made
    made.raw.close()
    made.store.close()


def flipped(value: int | float | str, bit: int) -> object:
    """The value with one bit of what is on the disk changed; text as its bytes."""
    if isinstance(value, str):
        raw = bytearray(value.encode())
        raw[bit // 8 % len(raw)] ^= 1 << bit % 8
        return bytes(raw)
    form = ">q" if isinstance(value, int) else ">d"
    packed = int.from_bytes(struct.pack(form, value), "big") ^ (1 << bit % 64)
    return struct.unpack(form, packed.to_bytes(8, "big"))[0]


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("column", COLUMNS)
@given(seq=st.integers(1, COUNT), bit=st.integers(0, 5_000))
def test_a_flipped_bit_is_named(table: Table, column: str, seq: int, bit: int) -> None:
    table.restore()
    try:
        lands_on = table.tamper(seq, column, bit)
    except sqlite3.IntegrityError:  # the table itself refuses, as for a time that is no number
        return
    broken = table.store.verify_audit(table.head)
    assert broken is not None
    assert broken.seq in {seq, lands_on}


def test_a_row_moved_before_all_others_is_named(table: Table) -> None:
    table.restore()
    table.raw.execute("UPDATE audit SET seq = -3 WHERE seq = ?", (COUNT,))
    broken = table.store.verify_audit()
    assert broken is not None
    assert "bears a number that no row has" in broken.detail


def test_put_back_it_is_sound_again(table: Table) -> None:
    table.restore()
    assert table.store.verify_audit(table.head) is None
