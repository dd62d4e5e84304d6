"""What kind of device an address is: the inventory says, or what it was seen to measure."""

from devices.dialects.dialect import Context
from devices.model import DeviceKind

MAX_REMEMBERED = 100_000

# What a dry contact means where the inventory tells what hangs on it.
CONTACT = {
    DeviceKind.SMOKE_DETECTOR: "smoke",
    DeviceKind.WATER_LEAK: "water_leak",
    DeviceKind.ACCESS_GATE: "input_state",
    DeviceKind.CAMERA: "input_state",
}

# A device that shows several traits is the first of these: missing a fire is worst.
_ORDER = (
    DeviceKind.SMOKE_DETECTOR,
    DeviceKind.LIFT,
    DeviceKind.WATER_LEAK,
    DeviceKind.ACCESS_GATE,
    DeviceKind.CAMERA,
)
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}

# Words in a model's name that tell its kind, in the order they are tried.
MODEL_WORDS = {
    "smoke": DeviceKind.SMOKE_DETECTOR,
    "gas": DeviceKind.SMOKE_DETECTOR,
    "leak": DeviceKind.WATER_LEAK,
    "flood": DeviceKind.WATER_LEAK,
    "water": DeviceKind.WATER_LEAK,
    "magnet": DeviceKind.ACCESS_GATE,
    "contact": DeviceKind.ACCESS_GATE,
    "door": DeviceKind.ACCESS_GATE,
    "lock": DeviceKind.ACCESS_GATE,
    "motion": DeviceKind.CAMERA,
}


def of_model(model: object) -> DeviceKind | None:
    """Guess from a model's name."""
    name = model.lower() if isinstance(model, str) else ""
    return next((kind for word, kind in MODEL_WORDS.items() if word in name), None)


def stronger(one: DeviceKind | None, other: DeviceKind | None) -> DeviceKind | None:
    """Return the kind that wins where a device shows traits of both."""
    if one is None or other is None:
        return one or other
    return one if _RANK[one] <= _RANK[other] else other


class Kinds:
    """Kinds of a dialect's addresses. Remembers what strangers showed; bounded against made-up addresses."""

    def __init__(self, dialect: str, context: Context) -> None:
        self._dialect = dialect
        self._registry = context.registry
        self._shown: dict[str, DeviceKind] = {}

    def registered(self, address: str) -> bool:
        return self._registry.resolve(self._dialect, address) is not None

    def of(self, address: str, shown: DeviceKind | None = None) -> DeviceKind | None:
        """Return the kind of ``address``, which just showed itself as ``shown``; ``None``: nobody can tell."""
        device = self._registry.resolve(self._dialect, address)
        if device is not None:
            return device.kind
        known = self._shown.get(address)
        if shown is None or shown is known:
            return known
        best = stronger(known, shown)
        if best is not None and best is not known:
            if len(self._shown) >= MAX_REMEMBERED:
                self._shown.clear()
            self._shown[address] = best
        return best

    def forget(self, address: str) -> None:
        self._shown.pop(address, None)
