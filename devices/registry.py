"""The site's inventory: an address on the wire -> the device, its kind and its place."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from devices.model import DeviceKind


class Device(Struct, frozen=True, gc=False):
    """One known device. ``address`` is how its dialect names it, ``expect_every_s`` its longest normal silence.

    ``upstream`` names what carries its messages (a LoRaWAN or Zigbee gateway, a panel): a device's id, or any name.
    """

    id: str
    kind: DeviceKind
    name: str = ""
    dialect: str = "native"
    address: str = ""
    building: str = ""
    floor: str = ""
    zone: str = ""
    asset: str = ""
    expect_every_s: float = 0.0
    upstream: str = ""


class Registry:
    """Look-up by id and by (dialect, address). Unknown addresses resolve to ``None``: quarantine, not a guess."""

    def __init__(self, devices: Iterable[Device] = ()) -> None:
        self._by_id: dict[str, Device] = {}
        self._by_address: dict[tuple[str, str], Device] = {}
        self._behind: dict[str, list[Device]] = {}
        self._in_building: dict[tuple[str, DeviceKind], list[Device]] = {}
        for device in devices:
            self.add(device)

    def add(self, device: Device) -> None:
        """Register ``device``.

        Raises:
            ValueError: the id, or the address within its dialect, is taken.
        """
        address = (device.dialect, device.address or device.id)
        if device.id in self._by_id:
            raise ValueError(f"device id {device.id!r} is used twice; every device needs its own")
        if address in self._by_address:
            raise ValueError(f"address {address[1]!r} of dialect {address[0]!r} is used by two devices")
        self._by_id[device.id] = device
        self._by_address[address] = device
        if device.upstream:
            self._behind.setdefault(device.upstream, []).append(device)
        if device.building:
            self._in_building.setdefault((device.building, device.kind), []).append(device)

    def get(self, device_id: str) -> Device | None:
        return self._by_id.get(device_id)

    def resolve(self, dialect: str, address: str) -> Device | None:
        return self._by_address.get((dialect, address))

    def behind(self, upstream: str) -> Sequence[Device]:
        """The devices whose messages ``upstream`` carries."""
        return self._behind.get(upstream, ())

    def in_building(self, building: str, kind: DeviceKind) -> Sequence[Device]:
        """The devices of one kind in a building."""
        return self._in_building.get((building, kind), ())

    def __iter__(self) -> Iterator[Device]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)
