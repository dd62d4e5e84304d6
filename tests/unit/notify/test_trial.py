"""``gateway notify test`` and ``gateway watch`` as an operator types them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from tests.servers import free_port
from tests.unit.notify.hooks import hook, status
from tests.unit.notify.receivers import mail_server, webhook
from tests.unit.watch.gateway import gateway_like

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
KEY = "k" * 32


def try_out(folder: Path, url: str, name: str = "guards", **channel: object) -> Result:
    lines = [f"    {key}: {value}" for key, value in channel.items()]
    text = "\n".join(
        ["site: {id: home, name: Home}", "channels:", "  - name: guards", "    url: {env: GUARDS_URL}", *lines]
    )
    (folder / "site.yaml").write_text(text + "\n")
    command = ["notify", "test", name, "--site", str(folder / "site.yaml")]
    return CliRunner().invoke(app, command, env={"GUARDS_URL": url, "HOOK_KEY": KEY})


def test_a_marked_message_goes_out_and_the_answer_is_printed(tmp_path: Path) -> None:
    with webhook() as service:
        said = try_out(tmp_path, f"json://127.0.0.1:{service.port}/")
    assert (said.exit_code, said.output) == (0, "guards: the service confirmed\n")
    assert service.accepted[0]["title"].startswith("[通道测试，无需处理] [测试] [提示] 设备测试")


def test_a_mail_is_marked_too(tmp_path: Path) -> None:
    with mail_server() as box:
        url = f"mailto://127.0.0.1:{box.port}?mode=insecure&format=text&from=gate@example.org&to=desk@example.org"
        assert try_out(tmp_path, url, language="en").exit_code == 0
    assert box.accepted[0][0].startswith("[CHANNEL TEST, NOTHING TO DO] [TEST]")


def test_a_program_is_sent_an_event_of_its_own_type(tmp_path: Path) -> None:
    more = {"kind": "webhook", "signing_key": "{env: HOOK_KEY}", "allow_private": "true"}
    with hook() as service:
        said = try_out(tmp_path, f"http://127.0.0.1:{service.port}/", **more)
    assert (said.exit_code, said.output) == (0, "guards: answered 204\n")
    assert service.calls[0].event["type"] == "community-gateway.alert.trial"
    assert service.calls[0].event["data"]["alert"]["test"] is True


def test_a_refusal_says_why_and_what_to_do_without_the_secret(tmp_path: Path) -> None:
    with hook(status(403)) as service:
        said = try_out(tmp_path, f"json://127.0.0.1:{service.port}/canary-token-77")
    assert said.exit_code == 1
    assert "error: channel guards" in said.stderr
    assert "403" in said.stderr
    assert "remedy: check the address" in said.stderr
    assert "canary" not in said.output + said.stderr


def test_an_address_nobody_understands_has_its_own_remedy(tmp_path: Path) -> None:
    said = try_out(tmp_path, "nosuch://canary-token-77")
    assert said.exit_code == 1
    assert "remedy: put the service's apprise URL" in said.stderr


def test_a_channel_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    said = try_out(tmp_path, "json://127.0.0.1/", name="police")
    assert said.exit_code == 2
    assert "remedy: name one of its channels: guards" in said.stderr


def watch(folder: Path, url: str, *more: str, channel: str = "json://127.0.0.1/") -> Result:
    command = ["watch", url, "--once", "--state", str(folder / "state.json"), "--channel-env", "TELL", *more]
    return CliRunner().invoke(app, command, env={"TELL": channel})


def test_one_look_at_a_well_gateway(tmp_path: Path) -> None:
    with gateway_like() as gateway:
        gateway.idle()
        assert watch(tmp_path, gateway.url).exit_code == 0
    assert (tmp_path / "state.json").exists()


def test_one_look_at_a_dead_gateway(tmp_path: Path) -> None:
    assert watch(tmp_path, f"http://127.0.0.1:{free_port()}").exit_code == 1


@pytest.mark.parametrize(
    ("more", "remedy"),
    [
        (["--every", "40"], "look twice as often"),
        (["--channel-file", "x"], "give one of"),
        (["--language", "fr"], "use zh or en"),
    ],
)
def test_what_cannot_work_is_said_at_once(tmp_path: Path, more: list[str], remedy: str) -> None:
    said = watch(tmp_path, "http://127.0.0.1:1", *more)
    assert said.exit_code == 2
    assert remedy in said.stderr


def test_an_empty_address_of_whom_to_tell_is_said_at_once(tmp_path: Path) -> None:
    assert watch(tmp_path, "http://127.0.0.1:1", channel="").exit_code == 2
