"""No dialect lets a person out of a message: names, numbers, cards, faces and texts stay behind, plates unless kept.

Each message carries canaries in every member that may name somebody; none may turn up in anything that is reported.
"""

import json
from base64 import b64encode
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.decode import Decoder
from devices.dialects.dialect import Context
from devices.model import Envelope, Report
from devices.registry import Registry
from tests.unit.dialects.feed import NOON

NAME, PERSON, CARD, PHONE, IDENTITY = "Zhuge Wanderer", "P-70017001", "C4RD5500AA", "13900001234", "11010119900307888X"
PICTURE = "data:image/jpeg;base64,/9j/CANARYPICTURE"
PLATE = "沪AQ8765"
SECRETS = (
    NAME,
    "Zhuge",
    PERSON,
    CARD,
    PHONE,
    IDENTITY,
    "CANARYPICTURE",
    PLATE,
    "AQ8765",
    b64encode(PLATE.encode()).decode(),
)

FACE = {
    "VerifyStatus": "1",
    "personName": NAME,
    "persionName": NAME,
    "personId": PERSON,
    "PersonUUID": PERSON,
    "customId": PERSON,
    "idCard": IDENTITY,
    "telnum": PHONE,
    "cardNum": CARD,
    "RFIDCard": CARD,
    "address": NAME,
    "pic": PICTURE,
    "PersonInfo": {"name": NAME},
}
HIK = {
    "majorEventType": 5,
    "subEventType": 75,
    "name": NAME,
    "employeeNo": PERSON,
    "employeeNoString": PERSON,
    "cardNo": CARD,
    "pictureURL": PICTURE,
    "FaceRect": {"name": NAME},
    "helmet": PICTURE,
    "userType": NAME,
}
HIK_XML = (
    "<EventNotificationAlert><eventType>{}</eventType><eventState>active</eventState>"
    f"<dateTime>2026-09-21T22:13:19+08:00</dateTime><name>{NAME}</name><personName>{NAME}</personName>"
    f"<certificateNo>{IDENTITY}</certificateNo><phone>{PHONE}</phone><channelName>{NAME}</channelName>"
    f"<ANPR><licensePlate>{PLATE}</licensePlate><ownerName>{NAME}</ownerName></ANPR>"
    f"<Face><name>{NAME}</name><FaceURL>{PICTURE}</FaceURL></Face></EventNotificationAlert>"
)
DAHUA = {
    "CardNo": CARD,
    "UserID": PERSON,
    "CardName": NAME,
    "Password": PHONE,
    "SnapURL": PICTURE,
    "UTC": NOON,
    "Status": 1,
}
FRIGATE = {
    "id": "1.2-a",
    "camera": "c",
    "label": "person",
    "sub_label": [NAME, 0.9],
    "recognized_license_plate": [PLATE, 0.8],
    "thumbnail": PICTURE,
    "current_attributes": [{"label": "face", "box": [NAME]}],
}
ZHENSHI = {
    "license": b64encode(PLATE.encode()).decode(),
    "imageFile": PICTURE,
    "imageFragmentFile": PICTURE,
    "plateid": 5,
    "carOwner": NAME,
}
UNKNOWN = {
    "ownerName": NAME,
    "phone": PHONE,
    "idCard": IDENTITY,
    "photo": PICTURE,
    "note": {"name": NAME},
    "list": [NAME],
}
CHIRP = {"deviceInfo": {"devEui": "aa", "deviceName": "x", "tags": {"owner": NAME}, "tenantName": NAME}}

MESSAGES: list[tuple[str, str, Any]] = [
    ("face_terminal", "mqtt/face/F/Rec", {"operator": "RecPush", "info": FACE}),
    (
        "face_terminal",
        "mqtt/face/F/Rec",
        {"operator": "RecPush", "info": {**FACE, "VerifyStatus": "2", "PersonType": "1"}},
    ),
    ("face_terminal", "mqtt/face/F/Snap", {"operator": "SnapPush", "info": {**FACE, "VerifyStatus": "3"}}),
    ("face_terminal", "mqtt/face/F/Rec", {"operator": "RecPush", "info": {**FACE, "VerifyStatus": "9"}}),
    ("hikvision", "hikvision/H/e", {"AccessControllerEvent": HIK}),
    ("hikvision", "hikvision/H/e", {"AccessControllerEvent": {**HIK, "subEventType": 9}}),
    ("hikvision", "hikvision/H/e", {"AccessControllerEvent": {**HIK, "subEventType": 31000}}),
    *(("hikvision", "hikvision/H/e", HIK_XML.format(k)) for k in ("ANPR", "VMD", "facesnap", "faceMatch", "IO")),
    ("hikvision", "hikvision/H/e", f"<Plates><Plate><plateNumber>{PLATE}</plateNumber></Plate></Plates>"),
    ("dahua_vto", "DahuaVTO/AccessControl/Event", {"Action": "Pulse", "Data": {**DAHUA, "Method": 1}}),
    ("dahua_vto", "DahuaVTO/AccessControl/Event", {"Action": "Pulse", "Data": {**DAHUA, "Method": 4}}),
    ("dahua_vto", "DahuaVTO/AccessControl/Event", {"Action": "Pulse", "Data": {**DAHUA, "Method": 15, "Status": 0}}),
    ("dahua_vto", "DahuaVTO/Strange/Event", {"Action": "Pulse", "Data": {**DAHUA}}),
    (
        "esp_rfid",
        "/rfid/send",
        {"type": "access", "isKnown": "true", "access": "Always", "uid": CARD, "username": NAME},
    ),
    (
        "esp_rfid",
        "/rfid/send",
        {"type": "access", "isKnown": "false", "access": "Denied", "uid": CARD, "username": NAME},
    ),
    ("esp_rfid", "/rfid/send", {"type": "access", "access": "Weird", "uid": CARD, "username": NAME, "pincode": PHONE}),
    ("esp_rfid", "/rfid/tag", {"uid": CARD, "username": NAME, "access": "Always"}),
    (
        "esp_rfid",
        "/rfid/send",
        {"type": "INFO", "src": "rfid", "desc": f"New card of {NAME}", "data": f"{CARD} {NAME}"},
    ),
    ("esp_rfid", "/rfid/send", {"type": "INFO", "src": "door", "desc": f"Door Open by {NAME}", "data": NAME}),
    ("esp_rfid", "/rfid/send", {"type": "INFO", "src": "door", "desc": f"Unlocked for {NAME} {CARD}", "data": NAME}),
    ("zkteco", "zkteco/Z/r", f"pin={PERSON}\tcardno={CARD}\tevent=0\tname={NAME}\tphone={PHONE}"),
    ("zkteco", "zkteco/Z/r", f"pin={PERSON}\tcardno={CARD}\tevent=777\tname={NAME}"),
    ("zkteco", "zkteco/Z/r", f"cardno={CARD},time=2026-01-31 12:00:00,name={NAME}"),
    ("tasmota", "tele/r/SENSOR", {"PN532": {"UID": CARD, "DATA": NAME}}),
    ("tasmota", "tele/r/SENSOR", {"RC522": {"UID": CARD, "Data": NAME, "Type": "MIFARE"}}),
    ("tasmota", "tele/r/SENSOR", {"Wiegand": {"UID": CARD, "Size": 26}}),
    ("tasmota", "tele/r/SENSOR", {"RDM6300": {"UID": CARD, "DATA": NAME}}),
    ("homeassistant", "AB12/tag_scanned", {"Time": "2026-09-21T22:13:19", "PN532": {"UID": CARD, "DATA": NAME}}),
    (
        "zhenshi",
        "device/S/message/up/ivs_result",
        {"payload": {"AlarmInfoPlate": {"result": {"PlateResult": ZHENSHI}}}},
    ),
    ("frigate", "frigate/events", {"type": "new", "after": FRIGATE, "before": FRIGATE}),
    ("frigate", "frigate/events", {"type": "end", "after": {**FRIGATE, "label": "car"}}),
    (
        "frigate",
        "frigate/reviews",
        {
            "type": "new",
            "after": {"id": "r", "camera": "c", "data": {"sub_labels": [NAME], "objects": ["person-verified"]}},
        },
    ),
    (
        "frigate",
        "frigate/tracked_object_update",
        {"type": "lpr", "camera": "c", "plate": PLATE, "name": NAME, "score": 0.9},
    ),
    ("frigate", "frigate/tracked_object_update", {"type": "face", "camera": "c", "name": NAME, "score": 0.9}),
    ("frigate", "frigate/tracked_object_update", {"type": "description", "id": "1", "description": NAME}),
    ("onvif", "P/onvif-ej/RuleEngine/Recognition/LicensePlate/&1", {"Data": {"PlateNumber": PLATE, "Owner": NAME}}),
    ("onvif", "P/onvif-ej/RuleEngine/Recognition/Face/&1", {"Data": {"Name": NAME, "Image": PICTURE, "State": "true"}}),
    ("onvif", "P/onvif-ej/OpenApp/X/Strange/&1", {"Data": {"State": "true", "Name": NAME, "Card": CARD}}),
    (
        "axis",
        "axis:B8/event/tns:onvif/Access/Strange",
        {"message": {"data": {"active": "1", "CardNumber": CARD, "n": NAME}}},
    ),
    ("chirpstack", "application/a/device/aa/event/up", {**CHIRP, "object": {"leakage_status": "leak", **UNKNOWN}}),
    (
        "ctwing",
        "v1/up/x",
        {"deviceId": "d", "IMSI": IDENTITY, "payload": {"serviceData": {"Alarm_Status": 1, "IMEI": PHONE, **UNKNOWN}}},
    ),
    (
        "huawei_iotda",
        "$oc/devices/d/sys/properties/report",
        {"services": [{"service_id": "S", "properties": {"smokeAlarm": 1, **UNKNOWN}}]},
    ),
    ("aliyun", "/sys/p/d/thing/event/property/post", {"params": {"SmokeState": {"value": 1}, **UNKNOWN}}),
    ("neuron", "/neuron/n/lift/g", {"node": "lift", "group": "g", "values": {"floor": 3, **UNKNOWN}}),
    ("zigbee2mqtt", "zigbee2mqtt/lock", {"lock_state": "locked", "action_user": NAME, "pin_code": PHONE, **UNKNOWN}),
    (
        "shelly",
        "shellyplussmoke-1/events/rpc",
        {"method": "NotifyStatus", "params": {"smoke:0": {"alarm": True}, "user": UNKNOWN}},
    ),
    (
        "es1000",
        "TerminalData/T/real_alarm",
        {"Alarm": {"Stuck": "1"}, "State": {"Floor": "3", "CallerName": NAME}, "Video": PICTURE},
    ),
    (
        "houqi",
        "/API/V1/Up/LiftFault",
        {"elevatorNo": "E", "ErrorListBean": [{"faultType": 1, "faultVideoUrl": PICTURE}], **UNKNOWN},
    ),
    (
        "native",
        "community/home/access_gate/g/event",
        {"states": {"owner": NAME}, "measurements": {"phone": None}, **UNKNOWN},
    ),
    (
        "native",
        "community/home/access_gate/g/event",
        {"events": [{"code": "access_granted", "name": NAME, "phone": PHONE}]},
    ),
    (
        "native",
        "community/home/camera/g/event",
        {"events": [{"code": "plate_recognised", "plate_text": PLATE, "lane": "1"}]},
    ),
]
IDS = [f"{dialect}-{number}" for number, (dialect, _, _) in enumerate(MESSAGES)]


def decode(dialect: str, topic: str, body: Any, keep_plates: bool = False) -> Any:
    payload = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
    context = Context(zone=ZoneInfo("Asia/Shanghai"), key=b"canary", keep_plates=keep_plates)
    return Decoder(Registry(), "home", {dialect: {}}, context).decode(Envelope(topic, payload, NOON))


def written(reports: list[Report]) -> str:
    return msgspec.json.encode(reports).decode()


@pytest.mark.parametrize(("dialect", "topic", "body"), MESSAGES, ids=IDS)
def test_nobody_is_named(dialect: str, topic: str, body: Any) -> None:
    found = decode(dialect, topic, body)
    text = written(found)
    assert [secret for secret in SECRETS if secret.lower() in text.lower()] == []


@pytest.mark.parametrize(("dialect", "topic", "body"), MESSAGES, ids=IDS)
def test_where_plates_are_kept_only_plates_are(dialect: str, topic: str, body: Any) -> None:
    text = written(decode(dialect, topic, body, keep_plates=True))
    assert [secret for secret in SECRETS if secret.lower() in text.lower() and secret not in (PLATE, "AQ8765")] == []


@pytest.mark.parametrize(
    ("dialect", "topic", "body"),
    [m for m, i in zip(MESSAGES, IDS, strict=True) if "plate" in json.dumps(m).lower() and m[0] != "frigate"],
)
def test_a_plate_is_kept_where_the_site_file_says_so(dialect: str, topic: str, body: Any) -> None:
    text = written(decode(dialect, topic, body, keep_plates=True))
    assert (PLATE in text) is ("plate_recognised" in text)


def test_a_credential_is_the_same_pseudonym_at_every_maker() -> None:
    """What joins refusals at doors of two makers is the card: its hash must not depend on the dialect."""
    seen = set()
    for dialect, topic, body in MESSAGES:
        found = decode(dialect, topic, body)
        for report in found if isinstance(found, list) else ():
            seen |= {
                e.attributes["credential_ref"] for e in report.events if e.attributes.get("credential_type") == "card"
            }
    assert len(seen) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x9FA5), min_size=6, max_size=20), st.sampled_from(MESSAGES)
)
def test_no_name_whatsoever_gets_out(name: str, message: tuple[str, str, Any]) -> None:
    dialect, topic, body = message
    if isinstance(body, str):
        return
    changed = json.loads(json.dumps(body).replace(json.dumps(NAME)[1:-1], json.dumps(f"<{name}>")[1:-1]))
    found = decode(dialect, topic, changed)
    assert json.dumps(f"<{name}>")[1:-1] not in json.dumps(
        msgspec.to_builtins(found) if isinstance(found, list) else []
    )
