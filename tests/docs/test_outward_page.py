"""docs/outward.md says what the code does; its example of a receiver is run."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.notify.cloudevents import PREFIX, TYPES, cloud_event
from gateway.notify.signing import signed_headers, signing_key
from gateway.outward.changes import CHANGES
from gateway.outward.topics import Topics
from gateway.site import Site
from gateway.yaml_reader import read_yaml
from tests.unit.notify.making import changed

PAGE = (Path(__file__).parents[2] / "docs/outward.md").read_text()
KEY = "a key that is long enough to be one"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def genuine() -> Callable[[bytes, dict[str, str], bytes], bool]:
    space: dict[str, Any] = {}
    (example,) = blocks("python")
    exec(example, space)
    found: Callable[[bytes, dict[str, str], bytes], bool] = space["genuine"]
    return found


def test_the_receiver_believes_us(genuine: Callable[[bytes, dict[str, str], bytes], bool]) -> None:
    key = signing_key(KEY)
    assert genuine(key, signed_headers(key, "id", time.time(), b"{}"), b"{}")


def test_the_receiver_believes_nobody_else(genuine: Callable[[bytes, dict[str, str], bytes], bool]) -> None:
    key, now = signing_key(KEY), time.time()
    headers = signed_headers(key, "id", now, b"{}")
    assert not genuine(key, headers, b"{ }")
    assert not genuine(key, headers | {"webhook-id": "other"}, b"{}")
    assert not genuine(key, headers | {"webhook-timestamp": str(int(now) + 1)}, b"{}")
    assert not genuine(signing_key(KEY[::-1]), headers, b"{}")
    assert not genuine(key, signed_headers(key, "id", now - 301, b"{}"), b"{}")


def test_every_type_and_change_is_named() -> None:
    for word in TYPES.values():
        assert f"`{word}`" in PAGE
    assert ", ".join(f"`{word}`" for word in CHANGES) in PAGE
    assert f"`{PREFIX}.`" in PAGE


def test_the_example_event_has_the_members_of_a_real_one() -> None:
    (example,) = [each for each in map(json.loads, blocks("json")) if "specversion" in each]
    real = cloud_event(changed("verdict"), "/community-gateway/home")
    assert example.keys() == real.keys()
    assert example["data"].keys() == real["data"].keys()
    assert example["data"]["change"].keys() == real["data"]["change"].keys()


def test_the_topics_are_those_published() -> None:
    topics = Topics("{base}", "{discovery}", "home")
    for topic in (topics.status, topics.summary, topics.alert("{alert}"), topics.state("{device}")):
        assert f"| `{topic}` |" in PAGE
    assert topics.home_assistant in PAGE


def test_the_site_file_examples_are_accepted() -> None:
    for example in blocks("yaml"):
        given = read_yaml(example)
        if "triggers" not in given:
            Site.model_validate({"site": {"id": "riverside", "name": "Riverside"}, **given})
