"""Webhooks at a real web server: signed, confirmed by 2xx alone, never redirected, to the address that was checked."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import OperatorError
from gateway.notify import webhook
from gateway.notify.ports import Undelivered
from gateway.notify.scrub import Scrub
from gateway.notify.target import resolve
from gateway.notify.webhook import Webhook
from gateway.site import Channel, Secret
from tests.servers import free_port
from tests.unit.notify.hooks import certificate, drip, hang_up, hook, signature, silence, status
from tests.unit.notify.making import changed

KEY = "correct horse battery staple"


def channel(url: str, private: bool = True, ask: Any = resolve, key: str = KEY, **more: Any) -> Webhook:
    given = {"name": "desk", "kind": "webhook", "url": {"env": "URL"}, "signing_key": {"env": "KEY"}, **more}
    secrets = {"URL": url, "KEY": key}
    made = Channel.model_validate(given | {"allow_private": private})
    return Webhook(made, lambda secret: secrets[secret.env or ""], Scrub(), "/community-gateway/home", ask)


def refusal(endpoint: Webhook) -> str:
    with pytest.raises(Undelivered) as caught:
        endpoint.deliver("raise", changed(), "k")
    assert len(str(caught.value)) <= 200
    return str(caught.value)


def test_an_event_arrives_signed() -> None:
    began = int(time.time())
    with hook() as server:
        channel(f"http://127.0.0.1:{server.port}/in?token=t").deliver("raise", changed(), "k")
    (call,) = server.calls
    assert call.path == "/in?token=t"
    assert call.headers["host"] == f"127.0.0.1:{server.port}"
    assert call.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert call.headers["webhook-id"] == call.event["id"] == "k3x7-1-ab"
    assert began <= int(call.headers["webhook-timestamp"]) <= time.time()
    assert call.headers["webhook-signature"] == signature(KEY.encode(), call)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_any_success_confirms(code: int) -> None:
    with hook(status(code)) as server:
        channel(f"http://127.0.0.1:{server.port}/").deliver("raise", changed(), "k")


@pytest.mark.parametrize("code", [400, 401, 404, 410, 429, 500, 503])
def test_anything_else_does_not(code: int) -> None:
    with hook(status(code)) as server:
        assert refusal(channel(f"http://127.0.0.1:{server.port}/")) == f"channel desk: answered {code}"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code: int) -> None:
    with hook() as inner, hook(status(code, Location=f"http://127.0.0.1:{inner.port}/")) as server:
        assert "redirects are not followed" in refusal(channel(f"http://127.0.0.1:{server.port}/"))
    assert inner.calls == []


def test_a_server_that_takes_the_event_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ANSWER_S", 0.3)
    with hook() as server:
        server.answer = silence(server)
        assert "timed out" in refusal(channel(f"http://127.0.0.1:{server.port}/"))
        server.ended.set()


def test_a_server_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "CONNECT_S", 0.5)
    monkeypatch.setattr(webhook, "ANSWER_S", 0.5)
    with hook() as server:
        server.answer = drip(server)
        assert "no answer within 1 s" in refusal(channel(f"http://127.0.0.1:{server.port}/"))


def test_a_server_that_hangs_up() -> None:
    with hook(hang_up) as server:
        assert "channel desk: " in refusal(channel(f"http://127.0.0.1:{server.port}/"))


def test_nobody_there() -> None:
    assert "refused" in refusal(channel(f"http://127.0.0.1:{free_port()}/"))


def test_the_name_is_resolved_once_and_its_address_is_what_is_connected_to() -> None:
    asked: list[str] = []

    def ask(host: str, port: int) -> list[Any]:
        asked.append(host)
        return socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)

    with hook() as server:
        channel(f"http://hook.invalid:{server.port}/", ask=ask).deliver("raise", changed(), "k")
    assert asked == ["hook.invalid"]
    assert server.calls[0].headers["host"] == f"hook.invalid:{server.port}"


def test_a_private_address_is_refused_before_anybody_is_called() -> None:
    with hook() as server:
        ask = lambda _host, port: socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)  # noqa: E731
        why = refusal(channel(f"https://hook.invalid:{server.port}/", private=False, ask=ask))
    assert "allow_private: true" in why
    assert server.calls == []


def test_https_is_spoken_to_a_certificate_that_is_trusted_and_fits_the_name(tmp_path: Path) -> None:
    ca, tls = certificate(tmp_path, "localhost")
    with hook(tls=tls) as server:
        channel(f"https://localhost:{server.port}/", ca=ca).deliver("raise", changed(), "k")
        assert len(server.calls) == 1
        assert "certificate verify failed" in refusal(channel(f"https://localhost:{server.port}/"))
        assert "certificate verify failed" in refusal(channel(f"https://127.0.0.1:{server.port}/", ca=ca))
        assert len(server.calls) == 1


def test_a_second_address_is_tried() -> None:
    def ask(_: str, port: int) -> list[Any]:
        first = socket.getaddrinfo("127.0.0.2", dead, type=socket.SOCK_STREAM)
        return [*first, *socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)]

    dead = free_port()
    with hook() as server:
        channel(f"http://hook.invalid:{server.port}/", ask=ask).deliver("raise", changed(), "k")
    assert len(server.calls) == 1


def test_neither_address_nor_key_is_repeated() -> None:
    port = free_port()
    why = refusal(channel(f"http://127.0.0.1:{port}/canary-path?token=canary-token"))
    assert "canary" not in why
    assert "canary" not in refusal(channel("https://127.0.0.1:1/", key="canary"))


def test_a_secret_that_cannot_be_read_is_undelivered() -> None:
    def reveal(_: Secret) -> str:
        raise OperatorError("environment variable URL", "is not set", "set it")

    given = {"name": "desk", "kind": "webhook", "url": {"env": "URL"}, "signing_key": {"env": "KEY"}}
    endpoint = Webhook(Channel.model_validate(given), reveal, Scrub(), "/s")
    assert "environment variable URL" in refusal(endpoint)
