"""The page on what alerts say about each other, from the tables that decide it."""

from collections.abc import Iterable, Sequence

from alert_rules.causes import BONDS, CROWDS, GROUPINGS, PROPOSALS, STORM_ALERTS, STORM_S, Bond, Crowd, Selector

INTRO = """Rules judge one device or one group; what follows when several alerts are open is decided here. It follows
from the open alerts alone, so it outlives a crash, and the same journal gives the same links.

* **Cause and consequence** are linked (`cause`) and one incident. An inhibited consequence calls nobody while its cause
  lasts (`suppressed_by: inhibit:ID`); it is raised, shown, counted (`gateway_alerts_inhibited`) and audited like any
  other. When the cause ends and the consequence has not, it finds another cause or calls people again.
* **An incident** is what people work as one: one card on the live page, named by its first alert. `GET /api/incidents`
  lists them, the gravest first; `GET /api/incidents/ID` gives the members page by page."""

SCOPES = {
    "building": "building",
    "upstream": "`upstream`",
    "itself": "device",
    "zone": "building and zone",
}


def incidents_page(note: str) -> str:
    """Describe every bond, crowd, proposal and grouping."""
    storm = (
        f"From {STORM_ALERTS} alerts of one building in {STORM_S:g} s on, the next ones are one incident per kind of "
        "device, so that ten thousand alarms are no more than fifty cards. None is lost: each belongs to one of them. "
        "What fire detectors say is judged, saved and shown before whatever else waits."
    )
    parts = [
        "# Incidents",
        note,
        INTRO,
        "## Causes and consequences",
        _table(("name", "cause", "consequence", "share", "what follows"), (_bond(bond) for bond in BONDS)),
        "## Many that are one",
        _table(("alert", "of", "behind one", "severity", "raised", "ends"), (_crowd(crowd) for crowd in CROWDS)),
        "`upstream` is a field of the device in the [site file](site-file.md): what carries its messages.",
        "## Proposals",
        _table(
            ("alert", "while", "for", "severity"),
            ((f"`{p.rule}`", _selector(p.cause), f"`{p.kind}` in use there", str(p.severity)) for p in PROPOSALS),
        ),
        "It ends once the lift is in fire service (`fire_return`, `fireman`) or the cause has ended.",
        "## One incident",
        _table(
            ("name", "alerts of", "share", "each within"),
            (
                (f"`{g.name}`", _names(g.rules) or "any rule", SCOPES[g.key.__name__], f"{g.window_s:g} s")
                for g in GROUPINGS
            ),
        ),
        storm,
    ]
    return "\n\n".join(parts) + "\n"


def _bond(bond: Bond) -> Sequence[str]:
    follows = [
        "linked" if bond.explains else "one incident",
        "inhibited" if bond.inhibits else "",
        f"at least {bond.raises_to}" if bond.raises_to else "",
        f"also if {bond.back_s:g} s older" if bond.back_s != float("inf") else "in either order",
    ]
    ours, theirs = SCOPES[bond.cause_key.__name__], SCOPES[bond.consequence_key.__name__]
    share = ours if ours == theirs else f"{ours} of the cause is {theirs} of the consequence"
    effect = ", ".join(filter(None, follows))
    return f"`{bond.name}`", _selector(bond.cause), _selector(bond.consequence), share, effect


def _crowd(crowd: Crowd) -> Sequence[str]:
    raised = f"{crowd.at_least} or more, and {crowd.share:.0%} of the devices, within {crowd.window_s:g} s"
    ends = f"no more than {crowd.ends_share:.0%} are left"
    return f"`{crowd.rule}`", _selector(crowd.member), SCOPES[crowd.key.__name__], str(crowd.severity), raised, ends


def _selector(selector: Selector) -> str:
    signs = f"any with {_names(selector.signs)} true" if selector.signs else ""
    return ", ".join(filter(None, (_names(selector.rules), signs)))


def _names(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in sorted(names))


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
