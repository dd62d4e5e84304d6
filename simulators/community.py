"""Builds a community: buildings with floors, and the devices in them. The same size and seed, the same community."""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from devices.model import DeviceKind
from simulators.camera import Camera
from simulators.gate import Gate
from simulators.lift import Lift
from simulators.script import Behaviour
from simulators.smoke import SmokeDetector
from simulators.water import WaterSensor

SMALLEST = 10
DEVICES_PER_BUILDING = 50
LONGEST_SILENCE_S = {
    DeviceKind.SMOKE_DETECTOR: 180.0,
    DeviceKind.LIFT: 300.0,
    DeviceKind.ACCESS_GATE: 240.0,
    DeviceKind.CAMERA: 120.0,
    DeviceKind.WATER_LEAK: 180.0,
}


class House(NamedTuple):
    """One building; floors lowest first."""

    id: str
    name: str
    floors: tuple[str, ...]


class Member(NamedTuple):
    """One device and where it is. ``view`` is what a camera looks at."""

    id: str
    kind: DeviceKind
    name: str
    house: House
    floor: str
    zone: str = ""
    view: str = ""
    asset: str = ""


class Community(NamedTuple):
    """The whole community, without any state."""

    id: str
    name: str
    seed: int
    houses: tuple[House, ...]
    members: tuple[Member, ...]


def build(devices: int, seed: int) -> Community:
    """Build a community of exactly ``devices`` devices: mostly smoke detectors, and some of every other kind.

    Raises:
        ValueError: fewer devices than it takes to have one of each.
    """
    if devices < SMALLEST:
        raise ValueError(f"a community needs at least {SMALLEST} devices to have some of every kind; got {devices}")
    rng = Random(f"community/{seed}")  # noqa: S311 - a simulation must be repeatable, not secret
    count = -(-devices // DEVICES_PER_BUILDING)
    houses = tuple(_house(number, rng) for number in range(1, count + 1))
    members = tuple(_members(devices, houses, rng))
    return Community("osmanthus", "桂苑 Osmanthus Court", seed, houses, members)


def behaviour(member: Member, seed: int) -> Behaviour:
    """Bring ``member`` to life with random numbers of its own, so that devices do not influence each other's."""
    rng = Random(f"{seed}/{member.id}")  # noqa: S311
    makers: dict[DeviceKind, Callable[[], Behaviour]] = {
        DeviceKind.SMOKE_DETECTOR: lambda: SmokeDetector(rng),
        DeviceKind.LIFT: lambda: Lift(rng, member.house.floors),
        DeviceKind.ACCESS_GATE: lambda: Gate(rng),
        DeviceKind.CAMERA: lambda: Camera(rng, member.view, member.zone, len(member.house.floors)),
        DeviceKind.WATER_LEAK: lambda: WaterSensor(rng),
    }
    return makers[member.kind]()


def _house(number: int, rng: Random) -> House:
    floors = ("B1", *(f"{floor}F" for floor in range(1, rng.randrange(11, 27) + 1)))
    return House(f"b{number}", f"{number}号楼 Building {number}", floors)


def _members(devices: int, houses: tuple[House, ...], rng: Random) -> Iterator[Member]:
    shares = {
        DeviceKind.LIFT: max(1, devices * 8 // 100),
        DeviceKind.ACCESS_GATE: max(1, devices * 10 // 100),
        DeviceKind.CAMERA: max(2, devices * 12 // 100),
        DeviceKind.WATER_LEAK: max(1, devices * 10 // 100),
    }
    shares[DeviceKind.SMOKE_DETECTOR] = devices - sum(shares.values())
    for kind, share in shares.items():
        for index in range(share):
            yield _place(kind, index, houses, rng)


def _place(kind: DeviceKind, index: int, houses: tuple[House, ...], rng: Random) -> Member:
    house, number = houses[index % len(houses)], index // len(houses) + 1
    match kind:
        case DeviceKind.SMOKE_DETECTOR:
            floor = house.floors[number % len(house.floors)]
            return Member(f"smoke-{house.id}-{number:02}", kind, f"{floor} 烟感 smoke {number}", house, floor)
        case DeviceKind.LIFT:
            name = f"{number}号梯 lift {number}"
            return Member(f"lift-{house.id}-{number:02}", kind, name, house, "1F", asset=f"LIFT-{index + 1:04}")
        case DeviceKind.ACCESS_GATE:
            return Member(f"gate-{house.id}-{number:02}", kind, f"门禁 gate {number}", house, rng.choice(("B1", "1F")))
        case DeviceKind.WATER_LEAK:
            return Member(f"water-{house.id}-{number:02}", kind, f"水浸 water {number}", house, "B1", "pump-room")
        case DeviceKind.CAMERA:
            return _camera(index, houses)


def _camera(index: int, houses: tuple[House, ...]) -> Member:
    """Place cameras by threes, so that every building with cameras has its lane watched first."""
    house = houses[index // 3 % len(houses)]
    number = index // (3 * len(houses)) * 3 + index % 3 + 1
    view, label = (("lane", "消防通道 fire lane"), ("facade", "外墙 facade"), ("lobby", "大堂 lobby"))[index % 3]
    zone = f"{view}-{house.id}-{number}"
    return Member(f"cam-{house.id}-{number:02}", DeviceKind.CAMERA, f"{label} {number}", house, "1F", zone, view)
