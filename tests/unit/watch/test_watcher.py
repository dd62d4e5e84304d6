"""The watcher against a real web server that answers as a gateway does, stops answering, hangs, or answers 500."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import OperatorError
from gateway.notify import webhook as bounds
from gateway.notify.ports import Undelivered
from gateway.notify.templates import Text
from gateway.watch.probe import probe
from gateway.watch.silence import Probe
from gateway.watch.watcher import Watcher
from tests.servers import free_port
from tests.unit.core.escalation_life import NOON
from tests.unit.watch.gateway import gateway_like

WELL = Probe("", {"alarm": 7}, {"alarm": 7})
DEAD = Probe("connection refused")


class Clock:
    """Stands still until told; ``off`` is what somebody set the time of day wrong by."""

    def __init__(self) -> None:
        self.up = 1_000.0
        self.off = 0.0

    def now(self) -> float:
        return NOON + self.up + self.off

    def monotonic(self) -> float:
        return self.up

    def epoch(self) -> str:
        return "one"


class Post:
    """A watcher with its clock and what it told."""

    def __init__(self, folder: Path, look: Callable[[], Probe], language: Any = "en") -> None:
        self.clock = Clock()
        self.said: list[Text] = []
        self.keys: list[str] = []
        self.refuses = False
        self._folder = folder
        self._look = look
        self._language = language
        self.watcher = self.opened()

    def opened(self) -> Watcher:
        """A new process of it on the same state file."""
        state = self._folder / "watch.json"
        return Watcher("http://gw:8080", lambda: self._look(), self.tell, state, self.clock, self._language)

    def tell(self, text: Text, _look: str, key: str) -> str:
        self.keys.append(key)
        if self.refuses:
            raise Undelivered("channel watch: no")
        self.said.append(text)
        return "yes"

    def after(self, *seconds: float, restart: bool = False) -> list[str]:
        """Look after each wait; return what was told meanwhile."""
        before = len(self.said)
        for wait in seconds:
            self.clock.up += wait
            if restart:
                self.watcher = self.opened()
            self.watcher.turn()
        return [text.title for text in self.said[before:]]


SILENT = ["[CRITICAL] The gateway is silent; alarms may reach nobody"]
BACK = ["The gateway answers again"]


class Told:
    """A look that answers what it is told to."""

    def __init__(self) -> None:
        self.answer = WELL

    def __call__(self) -> Probe:
        return self.answer


@pytest.mark.parametrize("restart", [False, True], ids=["loop", "one-shot"])
def test_a_minute_of_silence_is_told_once_and_its_end_once(tmp_path: Path, restart: bool) -> None:
    look = Told()
    post = Post(tmp_path, look)
    assert post.after(0, 15, 15, restart=restart) == []
    look.answer = DEAD
    assert post.after(15, 15, 15, 14.9, restart=restart) == []
    assert post.after(0.1, restart=restart) == SILENT
    assert "connection refused" in post.said[0].body
    assert "http:/ /gw:8080" in post.said[0].body
    assert post.after(*[15] * 40, restart=restart) == []
    look.answer = WELL
    assert post.after(15, 15, restart=restart) == BACK
    look.answer = DEAD
    assert post.after(15, 15, 15, 15, restart=restart) == SILENT


def test_a_short_silence_is_not_told(tmp_path: Path) -> None:
    look = Told()
    post = Post(tmp_path, look)
    post.after(0)
    for _ in range(10):
        look.answer = DEAD
        assert post.after(15, 15, 15) == []
        look.answer = WELL
        assert post.after(10) == []


def test_setting_the_clock_is_no_silence_and_hides_none(tmp_path: Path) -> None:
    look = Told()
    post = Post(tmp_path, look)
    post.after(0, 15)
    post.clock.off = 3_600.0
    look.answer = DEAD
    assert post.after(15, 15, restart=True) == []
    post.clock.off = -3_600.0
    assert post.after(15, 15, restart=True) == SILENT


def test_a_watcher_that_did_not_look_for_long_looks_for_a_minute_first(tmp_path: Path) -> None:
    look = Told()
    post = Post(tmp_path, look)
    post.after(0)
    look.answer = DEAD
    assert post.after(3_600, 15, 15, 15) == []
    assert post.after(15) == SILENT


def test_a_gateway_that_never_answered_is_told_of_too(tmp_path: Path) -> None:
    look = Told()
    look.answer = DEAD
    assert Post(tmp_path, look, "zh").after(0, 20, 20, 20) == ["[紧急] 社区网关无响应，报警可能无人看到"]


def test_what_could_not_be_told_is_told_at_the_next_look_under_the_same_key(tmp_path: Path) -> None:
    look = Told()
    look.answer = DEAD
    post = Post(tmp_path, look)
    post.refuses = True
    assert post.after(0, 30, 30, 15, restart=True) == []
    post.refuses = False
    assert post.after(15, 15, restart=True) == SILENT
    assert len(post.keys) == 3
    assert len(set(post.keys)) == 1


def test_a_silence_that_nobody_could_be_told_of_needs_no_all_clear(tmp_path: Path) -> None:
    look = Told()
    look.answer = DEAD
    post = Post(tmp_path, look)
    post.refuses = True
    post.after(0, 30, 30)
    post.refuses, look.answer = False, WELL
    assert post.after(15) == []


def test_evaluation_that_stands_still_is_silence_an_idle_gateway_is_not(tmp_path: Path) -> None:
    look = Told()
    post = Post(tmp_path, look)
    assert post.after(0, *[15] * 10) == []
    look.answer = Probe("", {"alarm": 9}, {"alarm": 7})
    assert post.after(15, 15, 15) == []
    assert post.after(15) == SILENT
    assert "alarm" in post.said[0].body
    look.answer = Probe("", {"alarm": 12}, {"alarm": 8})
    assert post.after(15) == BACK


def test_evaluation_that_lags_but_moves_is_no_silence(tmp_path: Path) -> None:
    look = Told()
    post = Post(tmp_path, look)
    for done in range(20):
        look.answer = Probe("", {"alarm": 500}, {"alarm": done})
        assert post.after(15) == []


def test_a_torn_state_file_does_not_stop_the_watch(tmp_path: Path) -> None:
    look = Told()
    (tmp_path / "watch.json").write_text('{"watch": {"well_at')
    look.answer = DEAD
    assert Post(tmp_path, look).after(0, 30, 30) == SILENT


def test_a_state_file_that_cannot_be_written_says_so_while_all_is_well(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="--state"):
        Post(tmp_path / "absent", Told()).after(0)


def test_a_gateway_that_works_is_well() -> None:
    with gateway_like() as gateway:
        assert probe(gateway.url) == Probe("", {"alarm": 7}, {"alarm": 5})


@pytest.mark.parametrize(
    ("path", "status", "body", "why"),
    [
        ("/healthz", 500, b"Internal Server Error", "/healthz answers 500: Internal Server Error"),
        ("/healthz", 302, b"", "/healthz answers 302: nothing"),
        ("/readyz", 404, b"<html>", "/readyz answers 404 and not as a gateway does: <html>"),
        ("/readyz", 200, b'{"lanes": [1]}', '/readyz answers 200 and not as a gateway does: {"lanes": [1]}'),
    ],
)
def test_a_wrong_answer_is_silence(path: str, status: int, body: bytes, why: str) -> None:
    with gateway_like() as gateway:
        gateway.answers[path] = (status, body)
        assert probe(gateway.url).why == why


def test_a_gateway_that_is_not_ready_is_as_good_as_silent() -> None:
    with gateway_like() as gateway:
        lanes = {"alarm": {"head": 9, "evaluate_lag": 9, "history_lag": 0}}
        gateway.answers["/readyz"] = (503, json.dumps({"ready": False, "lanes": lanes}).encode())
        assert "takes in or saves nothing" in probe(gateway.url).why


def test_nobody_listening_is_silence() -> None:
    assert "refused" in probe(f"http://127.0.0.1:{free_port()}").why


@pytest.mark.parametrize("url", ["gw", "ftp://gw", "http://no-such-host.invalid"])
def test_an_address_that_leads_nowhere_is_silence_that_says_so(url: str) -> None:
    assert probe(url).why


def test_a_gateway_that_hangs_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "CONNECT_S", 0.2)
    monkeypatch.setattr(bounds, "ANSWER_S", 0.2)
    with gateway_like() as gateway:
        gateway.hangs = True
        assert probe(gateway.url).why


def test_from_answering_through_hanging_to_answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gateway_like() as gateway:
        gateway.idle()
        post = Post(tmp_path, lambda: probe(gateway.url))
        assert post.after(0, 15) == []
        gateway.answers["/healthz"] = (500, b"")
        assert post.after(15, 15) == []
        gateway.hangs = True
        with monkeypatch.context() as hurried:
            hurried.setattr(bounds, "CONNECT_S", 0.2)
            hurried.setattr(bounds, "ANSWER_S", 0.2)
            assert post.after(15, 15) == SILENT
        gateway.hangs, gateway.answers["/healthz"] = False, (200, b"ok")
        assert post.after(15) == BACK
