"""What must hold between a sample and the same message changed: written otherwise, kept by the broker, with holes."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from devices.decode import Decoder
from devices.model import Envelope, Ignored, Reject, Report, TimeQuality
from devices.registry import Registry
from tests.catalog.sample import Found, Sample, samples
from tests.catalog.test_dialects import paths, replaced, sound

SAMPLES = samples()
DECODED = [s for s in SAMPLES if isinstance(s.expect, list) and s.expect]
GONE = object()
CANARY = "Canary Zhang 13912345678"
DAY_S = 86_400.0
ODD = ("??", {"x": "y"}, [], 1e300)
CLOSING = ("faultEndTime",)  # whatever figures stand there, the fault is over


def spoken(sample: Sample) -> Any:
    """The sample's JSON, or ``GONE`` where it carries none."""
    try:
        return json.loads(sample.envelope.payload)
    except ValueError:
        return GONE


JSON_SAMPLES = [(s, body) for s in DECODED if isinstance(body := spoken(s), dict)]
JSON_IDS = [f"{s.dialect}-{s.name}" for s, _ in JSON_SAMPLES]
json_samples = pytest.mark.parametrize(("sample", "body"), JSON_SAMPLES, ids=JSON_IDS)
decoded = pytest.mark.parametrize("sample", DECODED, ids=[f"{s.dialect}-{s.name}" for s in DECODED])


def again(sample: Sample, **changes: Any) -> Found:
    """Decode the sample's message with some members of its envelope changed."""
    return sample.decoder().decode(msgspec.structs.replace(sample.envelope, **changes))


def said(found: Found, *without: str) -> list[dict[str, Any]]:
    """What the reports say, apart from some members and from keys made of the payload's bytes."""
    assert isinstance(found, list), found
    told = [msgspec.to_builtins(report) for report in found]
    return [{k: v for k, v in one.items() if k not in (*without, "dedup_key")} for one in told]


def told_by_device(found: Found) -> list[Any]:
    """What is so and measured, whatever the order of the reports."""
    return sorted((r.device, r.at, sorted(r.states.items()), sorted(r.measurements.items())) for r in reports(found))


def reports(found: Found) -> list[Report]:
    return found if isinstance(found, list) else []


def backwards(value: Any) -> Any:
    """The same JSON with the members of each object in reverse order."""
    if isinstance(value, dict):
        return {key: backwards(inner) for key, inner in reversed(value.items())}
    return [backwards(inner) for inner in value] if isinstance(value, list) else value


def leaves(body: Any) -> list[tuple[Any, ...]]:
    """Where the numbers, texts and truth values stand."""

    def at(path: tuple[Any, ...]) -> Any:
        value = body
        for step in path:
            value = value[step]
        return value

    return [path for path in paths(body) if path and not isinstance(at(path), dict | list)]


def with_strangers(value: Any) -> Any:
    """The same JSON with members nobody knows, which name a person, in each object."""
    if isinstance(value, dict):
        inner = {key: with_strangers(part) for key, part in value.items()}
        strangers = {"ownerFullName": CANARY, "remarkByGuard": {"text": CANARY}, "faceImage": [CANARY]}
        keyed_by_name = all(isinstance(v, dict | int | float) for v in inner.values())  # cameras, metrics, classes
        return inner if keyed_by_name else {**inner, **strangers}
    return [with_strangers(part) for part in value] if isinstance(value, list) else value


def alarms(found: Found) -> Iterator[tuple[str, str, Any]]:
    for report in reports(found):
        for name, value in report.states.items():
            yield report.device, name, value


@decoded
def test_what_the_broker_kept_is_a_snapshot(sample: Sample) -> None:
    """Defect 1. A heartbeat that was kept may also be ignored: it proves no life."""
    found = again(sample, retained=True)
    sound(found)
    assert not isinstance(found, Reject)
    assert all(report.snapshot for report in reports(found))
    if isinstance(found, Ignored):
        assert all(r.availability and not (r.states or r.events) for r in reports(sample.decode()))


@decoded
def test_a_redelivery_has_the_key_of_the_first(sample: Sample) -> None:
    """Defect 3: what the broker sends twice must be known for the same, by its sequence or its key."""
    one, other = reports(again(sample)), reports(again(sample, received_at=sample.envelope.received_at + 5))
    for first, second in zip(one, other, strict=True):
        assert first.device == second.device
        assert first.sequence == second.sequence
        assert first.dedup_key == second.dedup_key
        assert (
            (first.at == second.at)
            or TimeQuality.RECEIVED_ONLY in (first.time_quality, second.time_quality)
            or (first.time_quality in (TimeQuality.DEVICE_UNSYNCED, TimeQuality.FUTURE_REJECTED))
        )


@decoded
def test_reports_of_one_message_do_not_look_like_repeats(sample: Sample) -> None:
    keys = [(r.device, r.dedup_key) for r in reports(sample.decode()) if r.dedup_key]
    assert len(keys) == len(set(keys))


@json_samples
def test_spaces_and_order_do_not_matter(sample: Sample, body: dict[str, Any]) -> None:
    spaced = again(sample, payload=json.dumps(body, indent=2, ensure_ascii=True).encode())
    assert said(spaced) == said(sample.decode())
    if sample.dialect not in ("es1000", "hikvision"):  # where later members explain earlier ones
        turned = again(sample, payload=json.dumps(backwards(body), ensure_ascii=False).encode())
        assert told_by_device(turned) == told_by_device(sample.decode())


@json_samples
def test_dirt_before_the_json_does_not_matter(sample: Sample, body: dict[str, Any]) -> None:
    """Defect 9."""
    clean = said(sample.decode())
    for mark in (b"\xef\xbb\xbf", b"\x00", b"\r\n"):
        assert said(again(sample, payload=mark + sample.envelope.payload)) == clean, mark


@json_samples
def test_members_nobody_knows_never_reach_a_report(sample: Sample, body: dict[str, Any]) -> None:
    found = again(sample, payload=json.dumps(with_strangers(body), ensure_ascii=False).encode())
    if sample.name != "history":  # there the strangers make the object a reading of its own
        assert said(found, "raw_codes") == said(sample.decode(), "raw_codes")
    assert "Canary" not in msgspec.json.encode(found).decode()


@json_samples
def test_a_null_never_ends_an_alarm(sample: Sample, body: dict[str, Any]) -> None:
    """Defect 8: with any one value unknown, no state that was true is false, and nothing is raised."""
    true = {(device, name) for device, name, value in alarms(sample.decode()) if value is True}
    for path in leaves(body):
        found = again(sample, payload=json.dumps(replaced(json.loads(json.dumps(body)), path, None)).encode())
        sound(found)
        ended = {(device, name) for device, name, value in alarms(found) if value is False}
        assert not ended & true, path


@json_samples
def test_a_value_nobody_agreed_on_never_ends_an_alarm(sample: Sample, body: dict[str, Any]) -> None:
    """Defect 7: an unknown word is neither true nor false."""
    true = {(device, name) for device, name, value in alarms(sample.decode()) if value is True}
    for path, odd in ((path, odd) for path in leaves(body) for odd in ODD if path[-1] not in CLOSING):
        found = again(sample, payload=json.dumps(replaced(json.loads(json.dumps(body)), path, odd)).encode())
        sound(found)
        ended = {(device, name) for device, name, value in alarms(found) if value is False}
        assert not ended & true, (path, odd)


@decoded
def test_a_cut_message_is_refused_or_says_no_less_than_unknown(sample: Sample) -> None:
    """Defect 9: a message cut in the middle raises nothing and turns no alarm off."""
    true = {(device, name) for device, name, value in alarms(sample.decode()) if value is True}
    payload = sample.envelope.payload
    for end in range(1, len(payload), max(1, len(payload) // 12)):
        found = again(sample, payload=payload[:end])
        sound(found)
        assert not {(device, name) for device, name, value in alarms(found) if value is False} & true


@decoded
def test_a_clock_days_behind_is_not_believed_unless_the_record_says_it_is_old(sample: Sample) -> None:
    """Defect 5: both times are kept, and the quality tells which one is the event's."""
    later = sample.envelope.received_at + 30 * DAY_S
    for report in reports(again(sample, received_at=later)):
        assert report.received_at == later
        if report.historical:
            assert report.at <= later
        else:
            assert later - DAY_S <= report.at <= later + 60
            assert report.time_quality in (TimeQuality.DEVICE_UNSYNCED, TimeQuality.RECEIVED_ONLY)


@decoded
def test_a_clock_ahead_is_not_believed(sample: Sample) -> None:
    earlier = sample.envelope.received_at - 30 * DAY_S
    for report in reports(again(sample, received_at=earlier)):
        assert report.at <= earlier + 60
        assert report.time_quality is not TimeQuality.SOURCE_UTC or report.at <= earlier + 60


@decoded
def test_decoding_alone_and_in_a_batch_say_the_same(sample: Sample) -> None:
    one, other = sample.decoder(), sample.decoder()
    batched, rejects = other.decode_all([sample.envelope])
    assert rejects == []
    assert msgspec.to_builtins(batched) == msgspec.to_builtins(reports(one.decode(sample.envelope)))


@decoded
def test_a_dialect_asked_on_a_foreign_topic_refuses_and_never_raises(sample: Sample) -> None:
    for topic in ("", "/", "a", "a//b", "+/#", "x" * 2000, sample.envelope.topic + "/", "/" + sample.envelope.topic):
        found = sample.decoder().decode(Envelope(topic, sample.envelope.payload, sample.envelope.received_at))
        sound(found)


def test_a_decoder_without_dialects_refuses_everything() -> None:
    assert isinstance(Decoder(Registry(), "riverside", {}).decode(DECODED[0].envelope), Reject)
