"""Makes the archive of a case: what happened, who did what, and the evidence, so that it can be checked elsewhere."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from alert_rules.alert import Alert, Entry
from gateway.alerts import appending
from gateway.alerts.database import writing
from gateway.alerts.store import AlertStore
from gateway.cases.archive import as_json, digest, pack
from gateway.cases.collect import Collector
from gateway.cases.files import Kept
from gateway.cases.verify import TIMELINE, verify

Blur = Callable[[Kept], bytes]
"""The file with nobody recognisable in it; raises ``Unblurred``."""
Lists = Callable[[str], list[dict[str, Any]]]


class Unblurred(Exception):
    """Nobody could be made unrecognisable here; the message says why."""


class Case(Struct, frozen=True):
    """An archive. ``digest`` is its manifest's; ``told`` says what of the evidence is in it."""

    data: bytes
    digest: str
    told: dict[str, Any]


class Exporter:
    """Makes archives. ``checklists`` gives those of an alert's emergency plans. Every method may block."""

    def __init__(self, store: AlertStore, collector: Collector, blur: Blur, checklists: Lists) -> None:
        self._store = store
        self._collector = collector
        self._blur = blur
        self._checklists = checklists

    def make(self, alert: Alert, actor: str, now: float, with_faces: bool = False) -> Case:
        """Make the archive of ``alert``. Nothing is to be handed out before it was noted; see :meth:`note`."""
        facts = self._collector.facts(alert)
        members = {
            "alert.json": as_json(msgspec.to_builtins(alert)),
            TIMELINE: as_json([msgspec.to_builtins(row) for row in self._collector.timeline(alert)]),
            "plans.json": as_json(self._checklists(alert.id)),
            "related.json": as_json(msgspec.to_builtins(facts.pop("related"))),
            "readings.json": as_json(facts),
        }
        evidence, told = self._evidence(alert, with_faces)
        seq, hashed = self._store.audit_head()
        manifest = {
            "alert": alert.id,
            "made_at": now,
            "made_by": actor,
            "faces": "shown" if with_faces else "blurred",
            "audit_head": {"seq": seq, "hash": hashed},
            "evidence": told,
        }
        data = pack(manifest, members | evidence)
        return Case(data, verify(data).digest, {"faces": manifest["faces"], "files": len(evidence)})

    def note(self, case: Case, alert: Alert, actor: str, now: float) -> None:
        """Note in the audit chain who was handed ``case``, by its digest. Raises ``StoreUnavailable``."""
        detail = {"digest": case.digest, **case.told}
        with writing(self._store.engine) as connection:
            appending.append(connection, [Entry(now, actor, "export", alert.id, detail)])

    def _evidence(self, alert: Alert, with_faces: bool) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
        """The files to put in, and what the manifest says of every one there is."""
        members: dict[str, bytes] = {}
        told: list[dict[str, Any]] = []
        for kept in self._collector.files(alert):
            entry: dict[str, Any] = {"name": f"evidence/{kept.name}", "kind": kept.kind, "noted_sha256": kept.sha256}
            try:
                original = kept.path.read_bytes()
                entry["sha256"] = digest(original)
                entry["sound"] = entry["sha256"] == kept.sha256
                members[entry["name"]] = original if with_faces else self._blur(kept)
                entry["included"] = "as it is" if with_faces else "blurred"
            except (OSError, Unblurred) as error:
                entry["included"], entry["why"] = "no", str(error)
            told.append(entry)
        return members, told
