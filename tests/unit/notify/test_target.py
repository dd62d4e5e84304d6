"""Nobody may point the gateway at its own machine, its network, or a cloud's machinery."""

import socket
from typing import Any

import pytest

from gateway.notify.target import Refused, is_public, target_of

PUBLIC = "8.8.8.8"


def answering(*addresses: str) -> Any:
    def ask(_: str, port: int) -> list[Any]:
        families = (socket.AF_INET6 if ":" in a else socket.AF_INET for a in addresses)
        return [(f, socket.SOCK_STREAM, 6, "", (a, port)) for f, a in zip(families, addresses, strict=True)]

    return ask


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "192.0.2.1",
        "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:c0a8:101::1",
        "2001:0:4136:e378:8000:63bf:3f57:fefe",
    ],
)  # fmt: skip
def test_what_is_not(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Refused, match="allow_private"):
        target_of("https://hook.example/", False, answering(address))
    assert target_of("https://hook.example/", True, answering(address)).addresses == (address,)


def test_one_private_address_among_public_ones_is_enough() -> None:
    with pytest.raises(Refused):
        target_of("https://hook.example/", False, answering(PUBLIC, "10.0.0.1"))


@pytest.mark.parametrize(
    "url", ["https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://[::1]/"]
)
def test_odd_spellings_of_loopback_are_resolved_first(url: str) -> None:
    with pytest.raises(Refused):
        target_of(url, False)


def test_a_public_target() -> None:
    target = target_of("https://hook.example/a/b?c=d#e", False, answering(PUBLIC, PUBLIC))
    assert (target.host, target.port, target.path, target.secure) == ("hook.example", 443, "/a/b?c=d", True)
    assert target.addresses == (PUBLIC,)


@pytest.mark.parametrize(
    ("url", "private", "why"),
    [
        ("http://hook.example/", False, "http is for private networks"),
        ("ftp://hook.example/", True, "no https"),
        ("file:///etc/passwd", True, "no https"),
        ("hook.example", True, "no https"),
        ("https://", True, "no https"),
        ("https://hook.example:port/", True, "no URL"),
        ("https://[::1/", True, "no URL"),
        ("https://me:secret@hook.example/", True, "holds a password"),
        ("https://hook.example/a b", True, "characters"),
        ("https://hook.example/a\r\nX: y", True, "no address|characters"),
        ("https://hook.example/门", True, "characters"),
    ],
)
def test_what_is_no_target(url: str, private: bool, why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        target_of(url, private, answering(PUBLIC))
    assert "secret" not in str(caught.value)


def test_an_unknown_name() -> None:
    def ask(_host: str, _port: int) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Refused, match="no address"):
        target_of("https://hook.example/", False, ask)
    with pytest.raises(Refused, match="no address"):
        target_of("https://hook.example/", False, answering())
