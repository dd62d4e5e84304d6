"""An archive says of itself whether it is as it was made, and what is not."""

import io
import zipfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_rules.alert import Entry
from gateway.alerts.audit import chain
from gateway.cases.archive import MANIFEST, SEAL, as_json, container, digest, pack, seal
from gateway.cases.verify import TIMELINE, Fault, verify, verify_file
from gateway.errors import OperatorError

ENTRIES = [Entry(1_750_000_000.5 + n, "王", "comment", "a1", {"text": f"第{n}"}) for n in range(3)]
ROWS = [msgspec.to_builtins(row) for row in chain((4, "f" * 64), ENTRIES)]
MEMBERS = {
    "alert.json": as_json({"id": "a1", "rule": "smoke_alarm"}),
    TIMELINE: as_json(ROWS),
    "evidence/still.jpg": bytes(range(256)),
    "evidence/empty.jpg": b"",
}
FACTS = {"alert": "a1", "faces": "coarse"}
WHOLE = pack(FACTS, MEMBERS)


def faults(data: bytes) -> list[Fault]:
    return verify(data).faults


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def content(name: str) -> tuple[int, int]:
    """Where the bytes of a member stand."""
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        info = archive.getinfo(name)
    begin = info.header_offset + 30 + len(name)
    return begin, begin + info.file_size


def repacked(**changed: bytes | None) -> bytes:
    """Another archive with the same manifest."""
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, body in changed.items():
        if body is None:
            del members[name]
        else:
            members[name] = body
    return container(members.items())


def test_what_was_made_is_sound() -> None:
    checked = verify(WHOLE)
    assert checked.faults == []
    assert checked.manifest["alert"] == "a1"
    assert checked.manifest["members"]["alert.json"] == digest(MEMBERS["alert.json"])


def test_the_same_case_gives_the_same_bytes() -> None:
    assert pack(FACTS, MEMBERS) == WHOLE


def test_the_seal_is_what_sha256sum_reads() -> None:
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        assert archive.namelist() == [MANIFEST, SEAL, *MEMBERS]
        assert archive.read(SEAL) == seal(archive.read(MANIFEST))


@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_one_flipped_bit_anywhere_shows(bit: int) -> None:
    assert faults(flipped(WHOLE, bit))


def test_every_byte_is_covered_with_each_of_its_bits_in_turn() -> None:
    assert [at for at in range(len(WHOLE)) if not faults(flipped(WHOLE, at * 8 + at % 8))] == []


@pytest.mark.parametrize("name", [MANIFEST, SEAL, "alert.json", TIMELINE, "evidence/still.jpg"])
@given(data=st.data())
def test_a_flipped_bit_in_a_member_names_that_member(name: str, data: st.DataObject) -> None:
    begin, end = content(name)
    bit = data.draw(st.integers(begin * 8, end * 8 - 1))
    assert name in {fault.member for fault in faults(flipped(WHOLE, bit))}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_taken_out_is_named(name: str) -> None:
    assert Fault(name, "missing") in faults(repacked(**{name: None}))


def test_a_member_put_in_is_named() -> None:
    assert [fault.member for fault in faults(repacked(**{"evidence/planted.jpg": b"x"}))] == ["evidence/planted.jpg"]


def test_a_member_that_is_there_twice_is_named() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = container([*((n, b) for n, b in MEMBERS.items()), ("alert.json", b"other")])
    assert Fault("alert.json", "added: it is there twice") in faults(twice)


def test_a_member_exchanged_with_a_sound_container_is_named() -> None:
    assert [fault.member for fault in faults(repacked(**{"alert.json": b"{}"}))] == ["alert.json"]


def test_a_manifest_made_anew_must_still_hold_sound_audit_rows() -> None:
    forged = [ROWS[0] | {"actor": "li"}, *ROWS[1:]]
    found = faults(pack(FACTS, MEMBERS | {TIMELINE: as_json(forged)}))
    assert found == [Fault(TIMELINE, "altered: audit row 5 does not match its own hash")]


def test_a_case_forged_as_a_whole_has_another_digest() -> None:
    """The chain keeps the digest given at the export."""
    forged = pack(FACTS, MEMBERS | {"alert.json": b"{}"})
    assert verify(forged).faults == []
    assert verify(forged).digest != verify(WHOLE).digest


@pytest.mark.parametrize("rest", [b"", b"PK", WHOLE[: len(WHOLE) // 2], WHOLE + b"x"], ids=["", "2", "half", "more"])
def test_a_file_cut_off_or_grown_is_refused(rest: bytes) -> None:
    assert faults(rest)


@pytest.mark.parametrize("manifest", [b"[]", b"{}", b"\xff", b'{"format": "x", "members": []}', b'{"members": [1]}'])
def test_a_manifest_that_is_none_is_named(manifest: bytes) -> None:
    made = container([(MANIFEST, manifest), (SEAL, seal(manifest))])
    assert [fault.member for fault in faults(made)] == [MANIFEST]


def test_a_file_that_is_not_there_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="gateway case export"):
        verify_file(tmp_path / "none.zip")


def test_a_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "case.zip"
    path.write_bytes(WHOLE)
    assert verify_file(path).faults == []
