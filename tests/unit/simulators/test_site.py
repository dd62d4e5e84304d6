"""The site file fits the community and is one the gateway accepts."""

from pathlib import Path

import pytest
import yaml

from devices.registry import Device, Registry
from gateway.site import Site
from simulators.community import Community, build
from simulators.site import site, write


@pytest.mark.parametrize("devices", [10, 300, 1_000])
def test_the_gateway_accepts_it(devices: int) -> None:
    read = Site.model_validate(site(build(devices, 1), "127.0.0.1", 18_830))
    assert (read.mqtt.host, read.mqtt.port) == ("127.0.0.1", 18_830)
    assert len(read.devices) == devices


def test_it_lists_every_device_where_it_stands(community: Community) -> None:
    read = Site.model_validate(site(community, "127.0.0.1", 1883))
    floors = {building.id: building.floors for building in read.buildings}
    assert [(each.id, each.kind) for each in read.devices] == [(each.id, each.kind) for each in community.members]
    assert all(device.floor in floors[device.building] for device in read.devices)
    assert read.site.id == community.id


def test_every_device_is_supervised(community: Community) -> None:
    assert all(device.expect_every_s >= 60 for device in Site.model_validate(site(community, "h", 1)).devices)


def test_a_registry_takes_every_device(community: Community) -> None:
    read = Site.model_validate(site(community, "127.0.0.1", 1883))
    registry = Registry(Device(id=each.id, kind=each.kind) for each in read.devices)
    assert len(registry) == 300


def test_the_file_survives_the_way_through_yaml(community: Community, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    write(path, site(community, "127.0.0.1", 1883))
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text) == site(community, "127.0.0.1", 1883)
    assert "桂苑" in text


def test_no_secret_and_no_empty_field_is_written(community: Community) -> None:
    content = site(community, "127.0.0.1", 1883)
    assert content["mqtt"].keys() == {"host", "port"}
    assert all("" not in device.values() for device in content["devices"])
