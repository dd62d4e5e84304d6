"""One file per vendor dialect; a dialect is registered by its line here."""

from devices.dialects.aliyun import Aliyun
from devices.dialects.axis import Axis
from devices.dialects.chirpstack import ChirpStack
from devices.dialects.ctwing import CtWing
from devices.dialects.dahua_vto import DahuaVto
from devices.dialects.dialect import Dialect
from devices.dialects.es1000 import Es1000
from devices.dialects.esp_rfid import EspRfid
from devices.dialects.face_terminal import FaceTerminal
from devices.dialects.frigate import Frigate
from devices.dialects.gb26875 import Gb26875
from devices.dialects.hikvision import Hikvision
from devices.dialects.homeassistant import HomeAssistant
from devices.dialects.houqi import Houqi
from devices.dialects.huawei_iotda import HuaweiIotda
from devices.dialects.mapping import Mapping
from devices.dialects.native import Native
from devices.dialects.neuron import Neuron
from devices.dialects.onvif import Onvif
from devices.dialects.shelly import Shelly
from devices.dialects.sparkplug_b import SparkplugB
from devices.dialects.tasmota import Tasmota
from devices.dialects.zhenshi import Zhenshi
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt
from devices.dialects.zkteco import ZkTeco

DIALECTS: dict[str, type[Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Aliyun,
        Axis,
        ChirpStack,
        CtWing,
        DahuaVto,
        Es1000,
        EspRfid,
        FaceTerminal,
        Frigate,
        Gb26875,
        Hikvision,
        HomeAssistant,
        Houqi,
        HuaweiIotda,
        Mapping,
        Native,
        Neuron,
        Onvif,
        Shelly,
        SparkplugB,
        Tasmota,
        Zhenshi,
        Zigbee2Mqtt,
        ZkTeco,
    )
}
