"""Field tables: words, scales, guesses, and what may be kept of fields nobody knows."""

from typing import Any

import pytest

from devices.dialects.fields import COMMON, Field, common, guess, hinted, kinds_of, meaning, put, take
from devices.dialects.reading import Reading
from devices.model import DeviceKind, StateValue
from devices.names import STATES

K = DeviceKind


def reading(kind: DeviceKind = K.LIFT) -> Reading:
    return Reading("test", "a", kind)


def test_every_common_field_and_word_is_canonical() -> None:
    for key, field in COMMON.items():
        assert key.isalnum()
        assert kinds_of(field.name)
        state = STATES.get(field.name)
        for word in field.words.values():
            assert word is None or isinstance(word, bool) or (state and word in state.values), (key, word)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Lift_Speed", None),
        ("SPEED", "speed"),
        ("run-count", "run_count"),
        ("RelativeHumidity", "humidity"),
        ("CurrentTemperature", "temperature"),
        ("SmokeSensorState", "smoke"),
        ("Battery Level", "battery_percent"),
        ("doorClosed", "door_closed"),
    ],
)
def test_names_are_compared_without_case_and_punctuation(name: str, canonical: str | None) -> None:
    found = common(name)
    assert (found.name if found else None) == canonical


def test_an_alarm_is_what_the_device_is_there_for() -> None:
    assert common("alarm", K.SMOKE_DETECTOR) == Field("smoke")
    assert common("Alarm_Status", K.WATER_LEAK) == Field("water_leak")
    assert common("alarm", K.CAMERA) is common("alarm") is None


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("smoke", "alarm", True),
        ("smoke", "Normal", False),
        ("smoke", 1, True),
        ("smoke", "0", False),
        ("smoke", "false", False),
        ("smoke", 2, None),
        ("smoke", None, None),
        ("smoke", "", None),
        ("dooropen", True, False),
        ("dooropen", "closed", True),
        ("direction", 1.0, "up"),
        ("servicemode", "2", "inspection"),
        ("servicemode", "fireman", "fireman"),
        ("servicemode", "holiday", None),
        ("floor", " B1 ", "B1"),
        ("doorstate", "Closing", "closing"),
    ],
)
def test_words(name: str, value: Any, meant: StateValue) -> None:
    """Defect 7: numbers and truth come as text; a word nobody agreed on is unknown."""
    field = COMMON[name]
    assert meaning(field, field.name, value) == meant


def test_a_floor_number_is_an_index_and_a_floor_text_a_label() -> None:
    found = reading()
    put(found, COMMON["floor"], 7)
    put(found, COMMON["floor"], "7F")
    put(found, Field("floor", words={"3": "B1"}), 3)
    assert (found.measurements, found.states) == ({"floor_index": 7}, {"floor": "B1"})


def test_scales_and_limits() -> None:
    found = reading()
    put(found, Field("speed", scale=0.001), "1750")
    put(found, Field("battery_percent"), 150)
    put(found, Field("battery_voltage"), "low")
    assert found.measurements == {"speed": 1.75}
    assert found.raw == {"battery_percent": 150, "battery_voltage": "low"}


@pytest.mark.parametrize(
    ("names", "texts", "kind"),
    [
        (["smoke"], [], K.SMOKE_DETECTOR),
        (["batterypercent", "speed"], ["Smoke"], K.LIFT),
        (["batterypercent"], ["hall smoke 3"], K.SMOKE_DETECTOR),
        (["batterypercent"], ["gateway 3"], None),
        (["batterypercent"], ["gate 3"], K.ACCESS_GATE),
        (["temperature", "humidity"], [], K.SMOKE_DETECTOR),
        (["temperature"], [], None),
        ([], ["电梯-2"], K.LIFT),
        ([], [], None),
    ],
)
def test_guesses(names: list[str], texts: list[str], kind: DeviceKind | None) -> None:
    assert guess([COMMON[name] for name in names], *texts) == kind


def test_hints_are_tried_name_by_name() -> None:
    assert hinted("x-1", "Leak sensor") is K.WATER_LEAK


def test_fields_nobody_knows_carry_no_persons() -> None:
    found = reading()
    take(found, {}, {"owner": "Li", "phone": 13800138000, "n": 5, "ok": True, "x": None, "list": [1]})
    assert found.raw == {"owner": "(str)", "phone": "(int)", "n": 5, "ok": True, "x": None, "list": "(list)"}


def test_unknown_fields_are_bounded() -> None:
    found = reading()
    take(found, {}, {f"field {n}": n for n in range(1000)})
    assert len(found.raw) == 32


def test_a_table_comes_before_common_names() -> None:
    found = reading()
    take(found, {"speed": Field("load_percent")}, {"speed": 40})
    assert found.measurements == {"load_percent": 40}


def test_events_of_truth() -> None:
    found = reading()
    put(found, COMMON["alarmbutton"], "1")
    put(found, COMMON["alarmbutton"], 0)
    put(found, COMMON["alarmbutton"], None)
    put(found, COMMON["alarmbutton"], True, news=False)
    assert [event.code for event in found.events] == ["alarm_button"]
