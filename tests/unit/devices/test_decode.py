"""The one entry point: batches keep their order, routes follow the registry, nothing stalls the stream."""

import pytest

from devices import decode as module
from devices.decode import Decoder
from devices.dialects.dialect import Route
from devices.model import Envelope, Reject, RejectReason, Report
from devices.registry import Device, Registry
from tests.unit.devices.making import LIFT, NOON, SMOKE, decoder, topic


def message(seq: int, where: str = "", body: bytes | None = None) -> Envelope:
    return Envelope(where or topic(), b'{"seq":%d}' % seq if body is None else body, NOON + seq)


def test_a_batch_keeps_its_order_and_names_its_rejects() -> None:
    batch = [
        message(0),
        message(1, body=b"{"),
        message(2, topic(LIFT)),
        message(3, "nowhere"),
        message(4),
        message(5, body=b""),
    ]
    reports, rejects = decoder().decode_all(batch)
    assert [report.sequence for report in reports] == [0, 2, 4]
    assert [(index, reject.reason) for index, reject in rejects] == [
        (1, RejectReason.MALFORMED),
        (3, RejectReason.UNKNOWN_DIALECT),
        (5, RejectReason.EMPTY),
    ]


def test_one_by_one_is_the_same_as_all_at_once() -> None:
    batch = [message(n, body=body) for n, body in enumerate([b"{}", b"x", b'{"states":{"smoke":true}}', b""])]
    together = decoder().decode_all(batch)
    single = decoder()
    apart = [single.decode(envelope) for envelope in batch]
    assert [report for found in apart if isinstance(found, list) for report in found] == together[0]
    assert [found for found in apart if isinstance(found, Reject)] == [reject for _, reject in together[1]]


def test_nothing_decodes_to_nothing() -> None:
    assert decoder().decode_all([]) == ([], [])


def test_an_address_is_resolved_to_its_device() -> None:
    one = decoder(Device("hall", SMOKE, address="hw-7"))
    found = one.decode(message(1, topic(device="hw-7"), b'{"device":"hw-7"}'))
    assert isinstance(found, list)
    assert (found[0].device, found[0].registered) == ("hall", True)


def test_nobody_speaks_under_a_registered_id_that_is_not_its_address() -> None:
    found = decoder(Device("hall", SMOKE, address="hw-7")).decode(message(1, topic(device="hall")))
    assert isinstance(found, list)
    assert not found[0].registered


def test_an_adopted_device_is_known_once_routes_are_forgotten() -> None:
    one = decoder()
    assert _registered(one, "new-1") is False
    one.registry.add(Device("new-1", SMOKE))
    assert _registered(one, "new-1") is False
    one.forget_routes()
    assert _registered(one, "new-1") is True


def test_without_a_site_every_site_is_served() -> None:
    assert isinstance(Decoder(Registry()).decode(message(1, topic(site="anywhere"))), list)


def test_made_up_topics_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CACHED_TOPICS", 10)
    one = decoder()
    for number in range(100):
        one.route(topic(device=f"d{number}"))
        one.route(f"made/up/{number}")
    assert len(one._routes) <= 10
    assert isinstance(one.route(topic()), Route)


def test_a_message_nobody_foresaw_stalls_nothing() -> None:
    def break_down(route: Route, envelope: Envelope) -> list[Report]:
        raise ZeroDivisionError("oh")

    one = decoder()
    route = one.route(topic(LIFT))
    assert isinstance(route, Route)
    route.read = break_down
    reports, rejects = one.decode_all([message(0), message(1, topic(LIFT)), message(2)])
    assert [report.sequence for report in reports] == [0, 2]
    assert [(index, reject.reason) for index, reject in rejects] == [(1, RejectReason.MALFORMED)]
    assert "ZeroDivisionError" in rejects[0][1].detail


def _registered(one: Decoder, device: str) -> bool:
    found = one.decode(message(1, topic(device=device)))
    assert isinstance(found, list)
    return found[0].registered
