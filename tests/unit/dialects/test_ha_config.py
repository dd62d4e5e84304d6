"""Home Assistant's configuration messages: abbreviations, addresses, templates, and what is left out."""

from typing import Any

import pytest

from devices.dialects.ha_config import ABBREVIATIONS, Unsupported, discovered, template
from devices.model import DeviceKind, Ignored
from tests.unit.dialects.feed import Feed

K = DeviceKind
CONFIG = "homeassistant/binary_sensor/b7/smoke/config"
STATE = "acme/b7/state"
DEVICE = {"identifiers": ["acme-b7"], "manufacturer": "Acme", "model": "S-7", "name": "Stairs B7"}
SMOKE = {"device_class": "smoke", "state_topic": STATE, "unique_id": "b7s", "device": DEVICE}


def announce(feed: Feed, config: dict[str, Any], component: str = "binary_sensor", object_id: str = "x") -> Any:
    return feed.give(f"homeassistant/{component}/{object_id}/config", config, retained=True)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("{{ value }}", None),
        ("{{value}}", None),
        ("", None),
        (None, None),
        ("{{ value_json.smoke }}", ("smoke",)),
        ("{{ value_json['smoke alarm'] }}", ("smoke alarm",)),
        ("{{ value_json[\"a\"].b['c'][0] }}", ("a", "b", "c", 0)),
        ("{{ value_json.a.b | float | round(1) }}", ("a", "b")),
        ("{{- value_json.a -}}", ("a",)),
    ],
)
def test_simple_templates(written: Any, path: Any) -> None:
    assert template(written) == path


@pytest.mark.parametrize(
    "written",
    [
        "{{ 'ON' if value_json.a else 'OFF' }}",
        "{% if value == 1 %}ON{% endif %}",
        "{{ value_json }}",
        "{{ states('x') }}",
        "ON",
    ],
)
def test_other_templates_leave_the_entity_out_and_say_so(written: str) -> None:
    with pytest.raises(Unsupported):
        template(written)
    found = Feed("homeassistant").give(CONFIG, {**SMOKE, "value_template": written})
    assert isinstance(found, Ignored)
    assert "beyond the simple forms" in found.why


def test_abbreviations_and_the_base_topic() -> None:
    config = {
        "~": "acme/b9",
        "dev_cla": "gas",
        "stat_t": "~/gas",
        "pl_on": "alarm",
        "pl_off": "quiet",
        "val_tpl": "{{ value_json.g }}",
        "avty": [{"t": "~/online", "pl_avail": "yes", "pl_not_avail": "no"}],
        "dev": {"ids": "b9", "mf": "Acme", "mdl": "G-1"},
        "o": {"name": "somebody"},
    }
    feed = Feed("homeassistant", state_filters=["acme/#"])
    introduced = announce(feed, config)
    assert introduced[0].raw_codes == {"vendor": "Acme", "model": "G-1"}
    assert feed.report("acme/b9/gas", {"g": "alarm"}).states == {"gas": True}
    assert feed.report("acme/b9/online", b"no").availability is False
    assert set(ABBREVIATIONS.values()).isdisjoint(ABBREVIATIONS)


def test_a_base_at_the_end() -> None:
    found = discovered("binary_sensor", "x", {"~": "b9", "dev_cla": "gas", "stat_t": "acme/~"})
    assert found.entities[0].topic == "acme/b9"


def test_a_device_with_several_components_in_one_message() -> None:
    config = {
        "dev": {"ids": ["multi"], "mf": "Acme"},
        "o": {"name": "acme2mqtt"},
        "stat_t": STATE,
        "cmps": {
            "a": {"p": "binary_sensor", "dev_cla": "moisture", "val_tpl": "{{ value_json.wet }}"},
            "b": {"p": "sensor", "dev_cla": "temperature", "val_tpl": "{{ value_json.t }}", "unit_of_meas": "°C"},
            "c": {"p": "light"},
            "d": "nonsense",
        },
    }
    feed = Feed("homeassistant", state_filters=["acme/#"])
    (introduced,) = announce(feed, config, "device")
    assert (introduced.device, introduced.kind) == ("multi", K.WATER_LEAK)
    report = feed.report(STATE, {"wet": "ON", "t": 8})
    assert (report.states, report.measurements) == ({"water_leak": True}, {"temperature": 8})


@pytest.mark.parametrize(
    ("device", "address"),
    [
        ({"identifiers": ["a", "b"]}, "a"),
        ({"identifiers": "a"}, "a"),
        ({"connections": [["mac", "02:00:00:00:00:07"]]}, "02:00:00:00:00:07"),
        ({"identifiers": []}, "b7s"),
        ({"connections": [[]]}, "b7s"),
    ],
)
def test_the_address_of_a_device(device: dict[str, Any], address: str) -> None:
    assert discovered("binary_sensor", "o", {**SMOKE, "device": device}).address == address


def test_without_any_id_the_topic_names_the_device() -> None:
    report = Feed("homeassistant").report(CONFIG, {"device_class": "smoke", "state_topic": STATE})
    assert report.device == "b7/smoke"


@pytest.mark.parametrize(
    ("component", "config"),
    [
        ("light", {"state_topic": "x"}),
        ("binary_sensor", {"device_class": "window_cleaner", "state_topic": "x"}),
        ("binary_sensor", {"device_class": "smoke"}),
        ("sensor", {"device_class": "monetary", "state_topic": "x"}),
        ("sensor", {"device_class": "temperature", "state_topic": "x"}),
        ("cover", {"device_class": "curtain", "state_topic": "x"}),
        ("event", {"state_topic": "x"}),
        ("device", {}),
    ],
)
def test_what_is_no_device_of_ours_is_ignored(component: str, config: dict[str, Any]) -> None:
    found = announce(Feed("homeassistant"), config, component)
    assert isinstance(found, Ignored)
    assert found.why
