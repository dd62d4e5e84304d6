"""Channels against a real web server and a real mail server."""

import logging
import subprocess
import sys
from collections.abc import Callable

import pytest

from gateway.errors import OperatorError
from gateway.notify.channels import open_channels
from gateway.notify.ports import Endpoint, Undelivered
from gateway.site import Channel, Secret
from tests.servers import free_port
from tests.unit.notify.making import BROKER, SITE, view
from tests.unit.notify.receivers import mail_server, webhook

# One of apprise's plugins imports it; nothing here uses that plugin.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def one(url: str, language: str = "zh", reveal: Callable[[Secret], str] | None = None) -> Endpoint:
    channel = Channel.model_validate({"name": "guards", "url": {"env": "GUARDS_URL"}, "language": language})
    return open_channels([channel], reveal or (lambda _: url), SITE, BROKER)["guards"]


def test_a_webhook_gets_the_message() -> None:
    with webhook() as hook:
        one(f"json://127.0.0.1:{hook.port}/hook").deliver("raised", view(), "k")
    assert hook.accepted[0]["title"] == "[紧急] 火灾报警 · 3号楼 B1 电梯厅"
    assert "smoke-b1-03" in hook.accepted[0]["message"]
    assert hook.accepted[0]["type"] == "failure"


def test_a_mail_server_gets_the_message() -> None:
    with mail_server() as box:
        url = f"mailto://127.0.0.1:{box.port}?mode=insecure&format=text&from=gate@example.org&to=desk@example.org"
        one(url, "en").deliver("raised", view(test=True), "k")
    subject, text = box.accepted[0]
    assert subject == "[TEST] [CRITICAL] Fire alarm · 3号楼 B1 电梯厅"
    assert "Time: 2025-06-16 00:06:40 (UTC+0800)" in text


def test_a_refusal_is_undelivered_and_says_why() -> None:
    with webhook(refusals=1) as hook, pytest.raises(Undelivered, match=r"^channel guards: .*503"):
        one(f"json://127.0.0.1:{hook.port}/hook").deliver("raised", view(), "k")


def test_a_mail_refusal_is_undelivered() -> None:
    with mail_server(refusals=1) as box:
        url = f"mailto://127.0.0.1:{box.port}?mode=insecure&from=gate@example.org&to=desk@example.org"
        endpoint = one(url)
        with pytest.raises(Undelivered, match="channel guards: "):
            endpoint.deliver("raised", view(), "k")
    assert box.attempts == 1


@pytest.mark.parametrize("url", ["not an address", "nosuchservice://canary-token-77"])
def test_an_address_nobody_understands_names_the_remedy_not_the_address(url: str) -> None:
    with pytest.raises(Undelivered, match=r"docs/deploy\.md") as caught:
        one(url).deliver("raised", view(), "k")
    assert url not in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [OperatorError("GUARDS_URL", "not set", "set it"), FileNotFoundError(2, "No such file", "/x"), KeyError("GUARDS")],
)
def test_an_unreadable_secret_is_undelivered(error: Exception) -> None:
    def reveal(_: Secret) -> str:
        raise error

    with pytest.raises(Undelivered, match="its address cannot be read"):
        one("", reveal=reveal).deliver("raised", view(), "k")


def test_a_changed_secret_needs_no_restart() -> None:
    with webhook() as first, webhook() as second:
        addresses = [f"json://127.0.0.1:{hook.port}/" for hook in (first, second)]
        endpoint = one("", reveal=lambda _: addresses.pop(0))
        endpoint.deliver("raised", view(), "k")
        endpoint.deliver("raised", view(), "k")
    assert (first.attempts, second.attempts) == (1, 1)


def test_no_secret_reaches_a_log_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "canary7c1f"
    with webhook(refusals=1) as hook:
        url = f"json://user:{canary}@127.0.0.1:{hook.port}/{canary}/path?+X-Key={canary}"
        with pytest.raises(Undelivered) as refused:
            one(url).deliver("raised", view(), "k")
        one(url).deliver("raised", view(), "k")
    with pytest.raises(Undelivered) as nobody_there:
        one(f"json://127.0.0.1:{free_port()}/{canary}").deliver("raised", view(), "k")
    assert caplog.records
    assert canary not in caplog.text + str(refused.value) + str(nobody_there.value)
    assert refused.value.__cause__ is None
    assert nobody_there.value.__cause__ is None


def test_a_site_without_messages_never_loads_the_sender() -> None:
    code = "import sys, gateway.notify.channels, gateway.notify.notifier; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
