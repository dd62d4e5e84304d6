"""What kind of device an address is, and JSON as devices write it."""

import itertools
from typing import Any

import pytest

from devices.dialects import kinds as module
from devices.dialects.body import loads, mapping
from devices.dialects.dialect import Context
from devices.dialects.kinds import CONTACT, Kinds, of_model, stronger
from devices.model import DeviceKind, Envelope, Reject, RejectReason
from devices.names import STATES
from devices.registry import Device, Registry

K = DeviceKind


def kinds(*devices: Device) -> Kinds:
    return Kinds("test", Context(registry=Registry(devices)))


def test_nobody_can_tell_of_an_address_that_showed_nothing() -> None:
    assert kinds().of("a") is None


def test_what_was_shown_is_remembered_and_only_a_stronger_trait_changes_it() -> None:
    known = kinds()
    assert known.of("a", K.CAMERA) is K.CAMERA
    assert known.of("a") is K.CAMERA
    assert known.of("a", K.SMOKE_DETECTOR) is K.SMOKE_DETECTOR, "missing a fire is worst"
    assert known.of("a", K.CAMERA) is K.SMOKE_DETECTOR
    assert known.of("b") is None
    known.forget("a")
    known.forget("a")
    assert known.of("a") is None


def test_the_inventory_is_asked_first_and_within_its_dialect() -> None:
    known = kinds(Device("d", K.LIFT, dialect="test", address="a"), Device("e", K.LIFT, dialect="other", address="b"))
    assert known.of("a", K.SMOKE_DETECTOR) is K.LIFT
    assert known.of("b", K.SMOKE_DETECTOR) is K.SMOKE_DETECTOR
    assert (known.registered("a"), known.registered("b")) == (True, False)


def test_made_up_addresses_cost_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED", 3)
    known = kinds()
    for n in range(7):
        assert known.of(str(n), K.CAMERA) is K.CAMERA
    assert known.of("0") is None
    assert known.of("6") is K.CAMERA


@pytest.mark.parametrize(("one", "other"), list(itertools.product([None, *K], repeat=2)))
def test_the_stronger_kind_is_the_same_from_either_side(one: K | None, other: K | None) -> None:
    assert stronger(one, other) is stronger(other, one)
    assert stronger(one, other) in (one, other)
    assert stronger(one, one) is one
    assert (stronger(one, other) is None) == (one is None and other is None)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("Acme SMOKE-4", K.SMOKE_DETECTOR),
        ("natgas.2", K.SMOKE_DETECTOR),
        ("sensor_wleak", K.WATER_LEAK),
        ("sensor_magnet.aq2", K.ACCESS_GATE),
        ("motion v3", K.CAMERA),
        ("bulb", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_a_models_name_may_tell(model: Any, kind: K | None) -> None:
    assert of_model(model) is kind


def test_a_dry_contact_means_a_state_of_its_device() -> None:
    for kind, name in CONTACT.items():
        assert STATES[name].type == "bool"
        assert kind in STATES[name].kinds


@pytest.mark.parametrize(
    "payload", [b'{"a":1}', b'\xef\xbb\xbf{"a":1}', b'{"a":1}\x00\x00', b' {"a" : 1}\n', b'{"\x00a":1}']
)
def test_what_is_forgiven(payload: bytes) -> None:
    assert loads(Envelope("t", payload, 0)) == {"a": 1}
    assert mapping(Envelope("t", payload, 0)) == {"a": 1}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", RejectReason.EMPTY),
        (b" \n", RejectReason.EMPTY),
        (b"{", RejectReason.MALFORMED),
        (b'{"a":1}}', RejectReason.MALFORMED),
        (b'{"a":\xff}', RejectReason.MALFORMED),
        (b"[" * 100_000, RejectReason.MALFORMED),
        (b"[1]", RejectReason.WRONG_SHAPE),
        (b"null", RejectReason.WRONG_SHAPE),
    ],
)
def test_what_is_refused_names_its_place(payload: bytes, reason: RejectReason) -> None:
    found = mapping(Envelope("some/topic", payload, 0))
    assert isinstance(found, Reject)
    assert found.reason is reason
    assert "'some/topic'" in found.detail
    assert len(found.detail) < 400
