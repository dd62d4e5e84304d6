"""Where a webhook leads, decided after its name was resolved: nobody may point us at our own machine or network."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

Resolve = Callable[[str, int], list[Any]]
"""Answers as :func:`socket.getaddrinfo` does."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PLATFORMS = tuple(map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24")))
"""Public by number, but what answers is a cloud's own machinery (Azure's virtual address, Oracle's metadata)."""


class Refused(Exception):
    """The address is not one to send to; the message says why, without the path or the query."""


class Target(Struct, frozen=True):
    """A resolved address. ``addresses`` are connected to as they are: the name is not asked again."""

    host: str
    port: int
    path: str
    secure: bool
    addresses: tuple[str, ...]


def resolve(host: str, port: int) -> list[Any]:
    """Ask the system's resolver."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def target_of(url: str, allow_private: bool, ask: Resolve = resolve) -> Target:
    """Resolve and check ``url``. Every address of the name must be allowed, not only the first.

    Raises:
        Refused: no https URL, an unknown name, or an address that is not for us.
    """
    host, port, path, secure = _parts(url, allow_private)
    try:
        answers = ask(host, port)
    except (OSError, UnicodeError) as error:
        raise Refused(f"its host name has no address: {error}") from None
    addresses = tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
    if not addresses:
        raise Refused("its host name has no address")
    if not allow_private and not all(map(is_public, addresses)):
        raise Refused(
            "it leads to a private, loopback or link-local address; if that is meant, give allow_private: true"
        )
    return Target(host, port, path, secure, addresses)


def is_public(address: str) -> bool:
    """Tell whether ``address`` is one of the open internet, also where it hides in an IPv6 form of an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(ip.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _PLATFORMS)


def _parts(url: str, allow_private: bool) -> tuple[str, int, str, bool]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("it is no URL") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Refused("it is no https:// URL")
    if parts.scheme == "http" and not allow_private:
        raise Refused("it is not https; http is for private networks only (allow_private: true)")
    if parts.username is not None:
        raise Refused("it holds a password; receivers know us by the signature")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(ord(c) <= 0x20 or ord(c) > 0x7E for c in path):
        raise Refused("its path holds characters that must be written as %XX")
    secure = parts.scheme == "https"
    return parts.hostname, port or (443 if secure else 80), path, secure
