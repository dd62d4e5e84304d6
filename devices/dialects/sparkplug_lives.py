"""What a Sparkplug host remembers of edge nodes: their sessions and what births declared in them; all of it bounded."""

from bisect import bisect_right
from collections.abc import Mapping

from msgspec import Struct, field

from devices.dialects.fields import Field, common
from devices.dialects.sparkplug_payload import Metric
from devices.model import DeviceKind

MAX_NODES = 1_000
MAX_SESSIONS = 4
MAX_ALIASES_IN_ALL = 200_000

_CONTROLS = ("node control/", "device control/", "node info/")
_ABOUT = {
    "hardware make": "maker",
    "manufacturer": "maker",
    "make": "maker",
    "hardware model": "model",
    "model": "model",
}
# The speed of a door is not the speed of the car: below these, only the whole rest of the path counts.
_PARTS = frozenset({"door", "doors", "motor", "drive", "brake", "machine room", "ups", "pit", "landing"})


class Known(Struct, frozen=True):
    """What a birth says of one metric; ``about`` marks maker and model, ``control`` what is no measurement."""

    name: str
    datatype: int = 0
    unit: str = ""
    field: Field | None = None
    control: bool = False
    about: str = ""


Table = dict[int | str, Known]


class Birth(Struct):
    """What one device declared: its metrics by name and by alias, and what kind of device has such metrics."""

    metrics: Table = field(default_factory=dict)
    kind: DeviceKind | None = None


UNBORN = Birth()


class Session(Struct):
    """One life of a node, from its birth to its death."""

    started: float
    bd_seq: int | None = None
    births: dict[str, Birth] = field(default_factory=dict)
    died: float | None = None


class Node(Struct):
    """An edge node: its lives, oldest first, its counter, and when it was last asked for a rebirth."""

    sessions: list[Session] = field(default_factory=list)
    newest: float = 0.0
    seq: int | None = None
    asked: float | None = None

    def at(self, moment: float) -> Session | None:
        """Return the life the node lived at ``moment``."""
        index = bisect_right(self.sessions, moment, key=lambda session: session.started)
        session = self.sessions[index - 1] if index else None
        return None if session is None or (session.died is not None and session.died <= moment) else session


def understood(metric: Metric, fields: Mapping[str, Field]) -> Known:
    """Look a metric's meaning up: by the site's table, then by its whole path, then by ever shorter ends of it."""
    name = metric.name or ""
    lowered = name.lower()
    if lowered == "bdseq" or lowered.startswith(_CONTROLS):
        return Known(name, metric.datatype, control=True)
    chosen = fields.get(lowered)
    rest = lowered
    if chosen is None and rest.startswith("properties/"):
        return Known(name, metric.datatype, control=True, about=_ABOUT.get(rest.split("/")[-1], ""))
    while chosen is None and rest:
        chosen = common(rest) or fields.get(rest)
        part, _, rest = rest.partition("/")
        if part in _PARTS:
            break
    return Known(name, metric.datatype, (metric.unit or "").lower(), chosen)


class Lives:
    """The nodes heard of; the one silent longest makes room for a new one."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[str, str], Node] = {}
        self.aliases = 0
        self.changed: set[str] = set()

    def restore(self, group: str, name: str, node: Node) -> None:
        """Take back a node remembered from before a restart."""
        if len(self.nodes) >= MAX_NODES:
            return
        self.nodes[group, name] = node
        self.aliases += sum(len(birth.metrics) for session in node.sessions for birth in session.births.values())

    def start(self, node: Node, moment: float, bd_seq: int | None) -> Session:
        """Begin a session; the same birth read a second time finds the one it began before."""
        for session in node.sessions:
            if session.started == moment and session.bd_seq == bd_seq:
                return session
        session = Session(moment, bd_seq)
        node.sessions.append(session)
        node.sessions.sort(key=lambda each: each.started)
        while len(node.sessions) > MAX_SESSIONS:
            self._forget(node.sessions.pop(0))
        return session

    def keep(self, node: Node, session: Session, device: str, birth: Birth) -> None:
        """Remember a birth; a session too old to be kept keeps nothing."""
        if not any(session is each for each in node.sessions):
            return
        self.aliases += len(birth.metrics) - len(session.births.get(device, UNBORN).metrics)
        session.births[device] = birth
        while self.aliases > MAX_ALIASES_IN_ALL and len(self.nodes) > 1:
            self._drop_oldest()

    def _forget(self, session: Session) -> None:
        self.aliases -= sum(len(birth.metrics) for birth in session.births.values())
        session.births = {}

    def _drop_oldest(self) -> None:
        key = next(iter(self.nodes))
        oldest = self.nodes.pop(key)
        self.changed.add("/".join(key))
        for session in oldest.sessions:
            self._forget(session)

    def node(self, group: str, name: str) -> Node:
        """Return what is known of a node."""
        key = (group, name)
        node = self.nodes.pop(key, None)
        if node is None:
            node = Node()
            if len(self.nodes) >= MAX_NODES:
                self._drop_oldest()
        self.nodes[key] = node
        return node
