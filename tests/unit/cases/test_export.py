"""A case is one file that can be checked elsewhere, shows no faces unless told to, and leaves a trace."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from alert_rules.alert import Alert
from gateway.alerts.database import StoreUnavailable
from gateway.cases.archive import MANIFEST, digest
from gateway.cases.export import Case, Exporter, Unblurred
from gateway.cases.files import Kept
from gateway.cases.verify import verify
from tests.unit.alerts.making import NOON
from tests.unit.cases.making import STILL, Cabinet, fall, keep

BLURRED = b"blocks"
NAME = "evidence/cam-1_obj-1_still.jpg"


class Desk(Exporter):
    """Makes and notes in one."""

    def export(self, alert: Alert, actor: str, now: float, with_faces: bool = False) -> Case:
        case = self.make(alert, actor, now, with_faces)
        self.note(case, alert, actor, now)
        return case


def exporter(cases: Cabinet, blur: Any = lambda _: BLURRED) -> Desk:
    return Desk(cases.store, cases.collector, blur, lambda alert: [{"alert": alert, "plan": "falling_object"}])


def told(case: Case, name: str) -> Any:
    return json.loads(member(case, name))


def member(case: Case, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(case.data)) as archive:
        return archive.read(name)


def names(case: Case) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(case.data)) as archive:
        return archive.namelist()


@pytest.fixture
def alert(cases: Cabinet) -> Alert:
    keep(cases.root, still_jpg=STILL)
    return cases.add(fall())


def test_everything_is_in_it_and_it_is_sound(cases: Cabinet, alert: Alert) -> None:
    case = exporter(cases).export(alert, "wang", NOON + 60)
    assert verify(case.data).faults == []
    assert told(case, "alert.json")["id"] == alert.id
    assert [row["action"] for row in told(case, "timeline.json")] == ["raise"]
    assert told(case, "plans.json") == [{"alert": alert.id, "plan": "falling_object"}]
    assert told(case, "readings.json")["readings"]["online"]
    assert told(case, "related.json")["incident"] == []
    assert member(case, NAME) == BLURRED


def test_the_manifest_says_who_when_and_how_the_chain_stood(cases: Cabinet, alert: Alert) -> None:
    head = cases.store.audit_head()
    manifest = told(exporter(cases).export(alert, "wang", NOON + 60), MANIFEST)
    assert (manifest["made_by"], manifest["made_at"], manifest["faces"]) == ("wang", NOON + 60, "blurred")
    assert (manifest["audit_head"]["seq"], manifest["audit_head"]["hash"]) == head


def test_the_original_digest_is_told_though_the_picture_is_blurred(cases: Cabinet, alert: Alert) -> None:
    (entry,) = told(exporter(cases).export(alert, "wang", NOON), MANIFEST)["evidence"]
    assert (entry["included"], entry["sound"], entry["sha256"]) == ("blurred", True, digest(STILL))


def test_faces_are_shown_only_when_told_to_and_that_is_audited(cases: Cabinet, alert: Alert) -> None:
    case = exporter(cases).export(alert, "wang", NOON, with_faces=True)
    assert member(case, NAME) == STILL
    assert told(case, MANIFEST)["faces"] == "shown"
    row = cases.store.timeline(alert.id)[-1]
    assert (row.actor, row.action, row.detail) == (
        "wang",
        "export",
        {"digest": case.digest, "faces": "shown", "files": 1},
    )
    assert cases.store.verify_audit() is None


def test_what_cannot_be_blurred_stays_out_and_the_manifest_says_so(cases: Cabinet, alert: Alert) -> None:
    def unable(_: Kept) -> bytes:
        raise Unblurred("cv2 is not installed")

    case = exporter(cases, unable).export(alert, "wang", NOON)
    (entry,) = told(case, MANIFEST)["evidence"]
    assert (entry["included"], entry["why"]) == ("no", "cv2 is not installed")
    assert NAME not in names(case)
    assert STILL not in case.data
    assert verify(case.data).faults == []


def test_evidence_changed_since_it_was_made_is_told(cases: Cabinet, alert: Alert) -> None:
    (cases.root / "cam-1/obj-1/still.jpg").write_bytes(b"retouched")
    (entry,) = told(exporter(cases).export(alert, "wang", NOON), MANIFEST)["evidence"]
    assert not entry["sound"]
    assert entry["noted_sha256"] == digest(STILL)


def test_the_digest_handed_out_is_the_audited_one(cases: Cabinet, alert: Alert) -> None:
    case = exporter(cases).export(alert, "wang", NOON)
    assert case.digest == digest(member(case, MANIFEST)) == verify(case.data).digest


def test_what_cannot_be_noted_is_not_handed_out(cases: Cabinet, alert: Alert, tmp_path: Path) -> None:
    with cases.store.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE audit")
        connection.commit()
    with pytest.raises(StoreUnavailable, match="audit"):
        exporter(cases).export(alert, "wang", NOON)
