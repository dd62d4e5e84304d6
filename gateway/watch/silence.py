"""When the gateway itself counts as silent, and what was said about it. Pure; times are seconds that never jump."""

from typing import Literal

from msgspec import Struct

Say = Literal["", "silent", "back"]


class Probe(Struct, frozen=True):
    """One look at a gateway. ``why`` says what is wrong, empty if it answers and works.

    ``heads`` and ``done`` are, per lane, how many messages came and how many were evaluated.
    """

    why: str = ""
    heads: dict[str, int] = {}
    done: dict[str, int] = {}


class Watch(Struct, kw_only=True):
    """What the watcher knows, kept on disk between looks. ``told``: people were told that it is silent."""

    well_at: float | None = None
    looked_at: float | None = None
    done: dict[str, int] = {}
    told: bool = False
    why: str = ""


def look(watch: Watch, probe: Probe, now: float, patience_s: float) -> Say:
    """Note ``probe`` and return what people must be told now; :func:`told` notes that they were.

    A gateway that answers but evaluates nothing of what waits stands still; one without messages has nothing to do.
    The silence counts from the last look at which it was well, so looks must come more often than ``patience_s``.
    """
    why = probe.why or _still(watch, probe)
    if watch.well_at is None or watch.looked_at is None or not 0 <= now - watch.looked_at <= patience_s:
        watch.well_at = now  # nobody looked for so long that the silence is not known to have lasted
    watch.looked_at = now
    if not why:
        watch.well_at, watch.done, watch.why = now, dict(probe.done), ""
        return "back" if watch.told else ""
    watch.why = why
    return "silent" if not watch.told and now - watch.well_at >= patience_s else ""


def told(watch: Watch, say: Say) -> None:
    """People were told; until the next change nothing more is said."""
    watch.told = say == "silent"


def _still(watch: Watch, probe: Probe) -> str:
    stuck = [lane for lane, head in probe.heads.items() if head > probe.done[lane] == watch.done.get(lane)]
    return f"it evaluates nothing that waits on the lane {', '.join(stuck)}" if stuck else ""
