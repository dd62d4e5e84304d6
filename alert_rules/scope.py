"""Which devices something is about: by id, kind and place. Shared by parameters, rules of the site and suppression."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from devices.model import DeviceKind
from devices.registry import Device


def listed(value: Any) -> Any:
    """Let ``zone: garage`` mean ``zone: [garage]``."""
    return [value] if isinstance(value, str) else value


def _labels(value: Any) -> Any:
    """Let ``floor: -1`` and ``floor: [B1, 1]`` mean what they say."""
    if isinstance(value, list | tuple):
        return [str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in value]
    return [str(value)] if isinstance(value, int) and not isinstance(value, bool) else listed(value)


Names = Annotated[tuple[str, ...], BeforeValidator(listed, json_schema_input_type=str | list[str])]
Labels = Annotated[tuple[str, ...], BeforeValidator(_labels, json_schema_input_type=str | int | list[str | int])]
Kinds = Annotated[tuple[DeviceKind, ...], BeforeValidator(listed, json_schema_input_type=DeviceKind | list[DeviceKind])]


class Scope(BaseModel):
    """Devices by id, kind and place. Each field holds one name or a list of them; an absent field restricts nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: Names = Field(default=(), description="ids of devices")
    kind: Kinds = Field(default=(), description="kinds of devices")
    building: Names = Field(default=(), description="ids of buildings")
    floor: Labels = Field(default=(), description="floor labels")
    zone: Names = Field(default=(), description="fire zones, facade columns, lanes or parking areas")

    def holds(self, device: Device) -> bool:
        """Tell whether ``device`` is meant."""
        return self.covers(device.id, device.kind, device.building, device.floor, device.zone)

    def covers(self, device: str, kind: DeviceKind, building: str, floor: str, zone: str) -> bool:
        """Tell whether a device with these properties is meant."""
        return (
            (not self.zone or zone in self.zone)
            and (not self.building or building in self.building)
            and (not self.floor or floor in self.floor)
            and (not self.kind or kind in self.kind)
            and (not self.device or device in self.device)
        )

    @property
    def everything(self) -> bool:
        """Tell whether nothing is restricted."""
        return not any(getattr(self, name) for name in type(self).model_fields)
