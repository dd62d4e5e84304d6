"""A site with a past: what its devices said, which alerts came of it, and what people found."""

import json
from pathlib import Path
from typing import Any

from alert_rules.alert import Action as Said
from alert_rules.alert import Alert, Entry, Place, Reason, Severity, Transition, Verdict, open_alert
from alert_rules.moves import judge, resolve
from devices.dialects.dialect import Lane
from devices.model import DeviceKind, Envelope
from gateway.alerts.records import Changes
from gateway.alerts.store import AlertStore
from gateway.config import database_url, load_site
from gateway.journal.journal import Journal
from gateway.site import Site

T0 = 1_790_000_000.0
SITE = """\
site: {id: home, name: Home}
buildings: [{id: b1}]
devices:
  - {id: g1, kind: access_gate, building: b1, zone: north}
  - {id: g2, kind: access_gate, building: b1, zone: north}
  - {id: s1, kind: smoke_detector, building: b1}
"""


class Days:
    """Writes journal and alert store of a gateway that is not running. Seconds count from ``T0``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "site.yaml"
        self.path.write_text(SITE)
        self.site: Site = load_site(self.path)
        self._journals: dict[Lane, list[Envelope]] = {lane: [] for lane in Lane}
        self._alerts: list[Alert] = []
        self._entries: list[Entry] = []

    def door(self, device: str, opened: float, closed: float) -> None:
        """A door stands open for a while."""
        for at, state in ((opened, "open"), (closed, "closed")):
            self.says(Lane.TELEMETRY, f"access_gate/{device}/telemetry", at, states={"door_state": state})

    def says(self, lane: Lane, topic: str, at: float, **body: Any) -> None:
        payload = json.dumps({"ts": (T0 + at) * 1000, **body}).encode()
        self._journals[lane].append(Envelope(f"community/home/{topic}", payload, T0 + at))

    def garbage(self, topic: str, at: float) -> None:
        self._journals[Lane.TELEMETRY].append(Envelope(f"community/home/{topic}", b"{", T0 + at))

    def found(self, rule: str, device: str, at: float, verdict: Verdict | None, after: float = 30.0) -> Alert:
        """An alert raised at ``at``, judged and resolved ``after`` seconds later; ``None``: nobody did."""
        raised = Transition(
            action=Said.RAISE,
            rule=rule,
            device=device,
            kind=DeviceKind.ACCESS_GATE,
            severity=Severity.MINOR,
            at=T0 + at,
            received_at=T0 + at,
            reason=Reason("open_too_long", {"open_s": 60}, {"open_s": 60}),
        )
        alert, entry = open_alert(raised, Place(building="b1", zone="north"))
        self._entries.append(entry)
        if verdict is not None:
            self._entries.append(judge(alert, "wang", verdict, "delivery", T0 + at + after))
            self._entries.append(resolve(alert, "wang", "", T0 + at + after + 1))
        self._alerts.append(alert)
        return alert

    def write(self) -> "Days":
        """Put all of it on the disk."""
        for lane, envelopes in self._journals.items():
            path = self.site.data_dir / "journal" / f"{lane}.db"
            journal = Journal(path, max_bytes=10**8, dead_letters=100)
            journal.append(sorted(envelopes, key=lambda envelope: envelope.received_at))
            journal.close()
        store = AlertStore(database_url(self.site))
        store.migrate()
        store.commit(Changes(alerts=self._alerts, entries=self._entries))
        store.close()
        return self
