"""What follows from what between alerts, as tables: who explains whom, what is graver together, what is one."""

from collections.abc import Callable

from msgspec import Struct

from alert_rules.alert import RANK, Alert, Severity
from alert_rules.catalogue import FIRE_RULES
from alert_rules.presence import RULE as OFFLINE
from devices.model import DeviceKind
from devices.registry import Device
from devices.twin import Twin

GATEWAY_LOST = "gateway_lost"
LIFT_RECALL = "lift_recall"
EXPLAINS_BACK_S = 300.0
"""How long before its cause a consequence may be noticed: a will arrives at once, a panel reports when it is asked."""

Key = Callable[[Alert, Device | None], str]


class Selector(Struct, frozen=True):
    """Alerts by rule, or by a value that decided; empty sets restrict nothing. Tests are never selected."""

    rules: frozenset[str] = frozenset()
    signs: frozenset[str] = frozenset()
    severity: Severity = Severity.NOTICE

    def holds(self, alert: Alert) -> bool:
        """Tell whether ``alert`` is meant; of ``signs``, one must be true among the values of its reason."""
        if alert.test or (self.rules and alert.rule not in self.rules):
            return False
        if self.signs and not any(alert.reason.values.get(sign) is True for sign in self.signs):
            return False
        return RANK[alert.severity] <= RANK[self.severity]


def building(alert: Alert, device: Device | None) -> str:
    return alert.place.building


def zone(alert: Alert, device: Device | None) -> str:
    return f"{alert.place.building}/{alert.place.zone}" if alert.place.zone else ""


def upstream(alert: Alert, device: Device | None) -> str:
    return device.upstream if device else ""


def itself(alert: Alert, device: Device | None) -> str:
    return alert.device


class Bond(Struct, frozen=True):
    """While a ``cause`` is active, consequences with the same key are one incident with it.

    ``explains``: the consequence is linked to its cause; ``inhibits``: and calls nobody while the cause lasts;
    ``raises_to``: it is at least that grave. A consequence may be older than its cause by ``back_s`` seconds.
    """

    name: str
    cause: Selector
    consequence: Selector
    cause_key: Key
    consequence_key: Key
    explains: bool = True
    inhibits: bool = False
    raises_to: Severity | None = None
    back_s: float = EXPLAINS_BACK_S


class Crowd(Struct, frozen=True):
    """Many ``member`` alerts under one key within ``window_s`` are one alert of ``rule`` on the key.

    It takes ``at_least`` members and ``share`` of the devices behind the key; it ends when no more than ``ends_share``
    of them remain: one that comes back proves little, and those that follow within the minute must not all ring.
    """

    rule: str
    member: Selector
    key: Key
    severity: Severity
    at_least: int
    share: float
    ends_share: float
    window_s: float


class Proposal(Struct, frozen=True):
    """While a ``cause`` is active in a building, each device of ``kind`` there that is ``concerned`` gets an alert.

    The alert, of ``rule``, stays until the device is ``settled`` or the cause ends; ``shown`` are the states it names.
    """

    rule: str
    cause: Selector
    kind: DeviceKind
    severity: Severity
    reason: str
    concerned: Callable[[Twin], bool]
    settled: Callable[[Twin], bool]
    shown: tuple[str, ...] = ()


class Grouping(Struct, frozen=True):
    """Alerts with one key, each within ``window_s`` of the one before, are one incident; "" groups nothing."""

    name: str
    key: Key
    window_s: float
    rules: frozenset[str] = frozenset()


RECALLED = frozenset({"fire_return", "fireman"})


def in_use(twin: Twin) -> bool:
    """Somebody may be in the car: it runs, or its sensor sees them. A lift recalled already is in no use."""
    if is_recalled(twin):
        return False
    return twin.states.get("car_state") == "running" or twin.states.get("passengers_present") is True


def is_recalled(twin: Twin) -> bool:
    return twin.states.get("service_mode") in RECALLED


FIRE = Selector(rules=FIRE_RULES, severity=Severity.MAJOR)
NO_POWER = Selector(signs=frozenset({"power_failure", "main_power_fault"}))
LOST = Selector(rules=frozenset({GATEWAY_LOST}))
SILENT = Selector(rules=frozenset({OFFLINE}))
ALWAYS = float("inf")

BONDS: tuple[Bond, ...] = (
    Bond("gateway_carries_device", LOST, SILENT, itself, upstream, inhibits=True),
    Bond("gateway_is_device", LOST, SILENT, itself, itself, inhibits=True),
    Bond(
        "power_feeds_device",
        NO_POWER,
        Selector(rules=SILENT.rules | LOST.rules),
        building,
        building,
        inhibits=True,
    ),
    Bond("fire_recalls_lift", FIRE, Selector(rules=frozenset({LIFT_RECALL})), building, building, back_s=ALWAYS),
    Bond(
        "fire_needs_lane",
        FIRE,
        Selector(rules=frozenset({"fire_lane_blocked"})),
        building,
        building,
        explains=False,
        raises_to=Severity.CRITICAL,
        back_s=ALWAYS,
    ),
)

CROWDS: tuple[Crowd, ...] = (
    Crowd(GATEWAY_LOST, SILENT, upstream, Severity.MAJOR, at_least=3, share=0.5, ends_share=0.2, window_s=300.0),
)

PROPOSALS: tuple[Proposal, ...] = (
    Proposal(
        LIFT_RECALL,
        FIRE,
        DeviceKind.LIFT,
        Severity.MAJOR,
        "fire_in_building",
        in_use,
        is_recalled,
        ("car_state", "passengers_present", "floor"),
    ),
)

GROUPINGS: tuple[Grouping, ...] = (
    Grouping("throws", itself, 600.0, frozenset({"falling_object"})),
    Grouping("zone", zone, 60.0),
)

STORM_ALERTS = 20
STORM_S = 60.0
"""From so many alerts of one building in so many seconds on, the next ones are grouped by kind of device."""

RULES = (OFFLINE, GATEWAY_LOST, LIFT_RECALL)
"""What is raised without a rule of the catalogue."""
