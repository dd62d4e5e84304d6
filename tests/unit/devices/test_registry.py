"""The inventory: by id, by address, nothing twice, nothing guessed."""

import pytest

from devices.model import DeviceKind
from devices.registry import Device, Registry


def device(id_: str, address: str = "", dialect: str = "native") -> Device:
    return Device(id_, DeviceKind.LIFT, address=address, dialect=dialect)


def test_an_address_leads_to_its_device() -> None:
    registry = Registry([device("a"), device("b", "hw-7"), device("c", "hw-7", "other")])
    assert registry.resolve("native", "a") == registry.get("a")
    assert registry.resolve("native", "hw-7") == registry.get("b")
    assert registry.resolve("other", "hw-7") == registry.get("c")
    assert [one.id for one in registry] == ["a", "b", "c"]
    assert len(registry) == 3


@pytest.mark.parametrize(("dialect", "address"), [("native", "b"), ("other", "a"), ("native", "A"), ("native", "")])
def test_what_is_unknown_is_not_guessed(dialect: str, address: str) -> None:
    assert Registry([device("a"), device("b", "hw-7")]).resolve(dialect, address) is None


@pytest.mark.parametrize(
    ("second", "told"),
    [(device("a", "elsewhere"), "'a' is used twice"), (device("b", "a"), "address 'a' of dialect 'native'")],
)
def test_nothing_is_taken_twice(second: Device, told: str) -> None:
    registry = Registry([device("a")])
    with pytest.raises(ValueError, match=told):
        registry.add(second)
    assert len(registry) == 1
    assert registry.get("b") is None
