"""The community: its size, its variety, its names; the same seed, the same community."""

import re
from collections import Counter

import pytest

from devices.model import DeviceKind
from simulators.camera import Camera
from simulators.community import SMALLEST, Community, behaviour, build
from simulators.gate import Gate
from simulators.lift import Lift
from simulators.smoke import SmokeDetector
from simulators.water import WaterSensor

IDENTIFIER = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")


@pytest.mark.parametrize("devices", [SMALLEST, 11, 49, 50, 51, 300, 2_000])
def test_has_exactly_the_number_asked_for(devices: int) -> None:
    assert len(build(devices, 1).members) == devices


@pytest.mark.parametrize("devices", [SMALLEST, 57, 300])
@pytest.mark.parametrize("seed", [0, 1, 99])
def test_has_every_kind_a_watched_lane_and_a_watched_facade(devices: int, seed: int) -> None:
    members = build(devices, seed).members
    assert {member.kind for member in members} == set(DeviceKind)
    assert {"lane", "facade"} <= {member.view for member in members}


def test_is_mostly_smoke_detectors(community: Community) -> None:
    kinds = Counter(member.kind for member in community.members)
    assert kinds.most_common(1)[0][0] is DeviceKind.SMOKE_DETECTOR
    assert min(kinds.values()) >= 20


@pytest.mark.parametrize("devices", [SMALLEST, 300, 5_000])
def test_ids_are_unique_and_fit_a_topic(devices: int) -> None:
    community = build(devices, 3)
    ids = [community.id, *(house.id for house in community.houses), *(member.id for member in community.members)]
    assert len(set(ids)) == len(ids)
    assert all(IDENTIFIER.match(each) for each in ids)


def test_everything_stands_on_a_floor_of_its_building(community: Community) -> None:
    for member in community.members:
        assert member.house in community.houses
        assert member.floor in member.house.floors


def test_floors_run_from_the_basement_upwards(community: Community) -> None:
    for house in community.houses:
        assert house.floors[:2] == ("B1", "1F")
        assert [int(floor[:-1]) for floor in house.floors[1:]] == list(range(1, len(house.floors)))


def test_watched_zones_have_names_of_their_own(community: Community) -> None:
    zones = [member.zone for member in community.members if member.kind is DeviceKind.CAMERA]
    assert len(set(zones)) == len(zones)
    assert all(zones)


def test_the_same_seed_gives_the_same_community() -> None:
    assert build(120, 7) == build(120, 7)


def test_another_seed_gives_another_community() -> None:
    assert build(120, 7).houses != build(120, 8).houses


def test_too_small_a_community_is_refused_with_the_number() -> None:
    with pytest.raises(ValueError, match=f"at least {SMALLEST} devices.*got {SMALLEST - 1}"):
        build(SMALLEST - 1, 1)


def test_every_kind_behaves_like_itself(community: Community) -> None:
    classes = {
        DeviceKind.SMOKE_DETECTOR: SmokeDetector,
        DeviceKind.LIFT: Lift,
        DeviceKind.ACCESS_GATE: Gate,
        DeviceKind.CAMERA: Camera,
        DeviceKind.WATER_LEAK: WaterSensor,
    }
    for member in community.members:
        assert type(behaviour(member, 1)) is classes[member.kind]


def test_devices_of_one_kind_differ(community: Community) -> None:
    detectors = [member for member in community.members if member.kind is DeviceKind.SMOKE_DETECTOR]
    reports = [next(behaviour(member, 1).ordinary())[0].measurements["temperature"] for member in detectors]
    assert len(set(reports)) > 20
