"""Secrets in addresses stay out of logs and errors."""

import logging
import threading
from contextvars import copy_context

import pytest

from gateway.notify.scrub import HIDDEN, SENDER_LOG, Scrub, complaints, pieces

SERVICES = [
    ("wecombot://canary-key-1234", ["canary-key-1234"]),
    ("dingtalk://canarytoken/13800000000", ["canarytoken", "13800000000"]),
    ("feishu://canary-token", ["canary-token"]),
    ("mailto://guard:pa%40ss@mail.example.org?to=desk@example.org", ["pa%40ss", "pa@ss", "guard"]),
    ("jsons://user:xy@host.example.org/hook/canary?+X-Key=secretvalue", ["secretvalue", "canary", "xy"]),
]


@pytest.mark.parametrize(("url", "secrets"), SERVICES)
def test_every_part_of_an_address_is_hidden(url: str, secrets: list[str]) -> None:
    scrub = Scrub()
    scrub.learn(url)
    shown = scrub.text(f"could not send to {url} ({' / '.join(secrets)})")
    assert not [secret for secret in (url, *secrets) if secret in shown]
    assert shown.startswith("could not send to [hidden]")


def test_short_words_of_the_path_are_not_mistaken_for_secrets() -> None:
    assert "b" not in pieces("json://host/a/b?x=1")


def test_two_channels_keep_both_their_secrets() -> None:
    scrub = Scrub()
    scrub.learn("feishu://first-token")
    scrub.learn("feishu://second-token")
    assert scrub.text("first-token second-token") == f"{HIDDEN} {HIDDEN}"


def test_nothing_learnt_nothing_changed() -> None:
    assert Scrub().text("unchanged") == "unchanged"


def test_a_log_record_is_scrubbed_with_its_arguments_and_its_traceback() -> None:
    scrub = Scrub()
    scrub.learn("feishu://canary-token")
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "to %s", ("canary-token",), (None, None, None))
    assert scrub.filter(record)
    assert record.getMessage() == f"to {HIDDEN}"
    assert record.exc_info is None


def test_complaints_are_those_of_this_message() -> None:
    logger = logging.getLogger(SENDER_LOG)
    elsewhere = threading.Thread(target=logger.warning, args=("of another message",))
    handed_on = threading.Thread(target=lambda: context.run(logger.warning, "of a thread of this one"))
    with complaints() as mine:
        context = copy_context()
        for thread in (elsewhere, handed_on):
            thread.start()
            thread.join()
        logger.warning("of this one")
        logger.info("no complaint")
    logger.warning("later")
    assert mine == ["of a thread of this one", "of this one"]
