"""One file per vendor dialect; a dialect is registered by its line here."""

from devices.dialects.dialect import Dialect
from devices.dialects.native import Native
from devices.dialects.tasmota import Tasmota
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt

DIALECTS: dict[str, type[Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Native,
        Tasmota,
        Zigbee2Mqtt,
    )
}
