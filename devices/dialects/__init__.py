"""One file per vendor dialect; a dialect is registered by its line here."""

from devices.dialects.dialect import Dialect
from devices.dialects.homeassistant import HomeAssistant
from devices.dialects.native import Native
from devices.dialects.shelly import Shelly
from devices.dialects.sparkplug_b import SparkplugB
from devices.dialects.tasmota import Tasmota
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt

DIALECTS: dict[str, type[Dialect]] = {
    dialect.name: dialect
    for dialect in (
        HomeAssistant,
        Native,
        Shelly,
        SparkplugB,
        Tasmota,
        Zigbee2Mqtt,
    )
}
