"""Where a request came from, when proxies stand between: whose word is believed.

Hub and exchange stand behind the hub's own proxy, which appends the address of whoever connected to it
to ``X-Forwarded-For``. So the last entry is true, and every entry before it is what that peer said: it is
believed where the peer is a proxy that the operator named (``--trusted-proxy``), and so on leftwards.
A stranger may write what they like into these headers; they are never believed beyond that.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import UsageError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Headers in which a proxy says where a request came from; none of them is read anywhere else.
HEADERS = (
    *("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"),
    *("x-real-ip", "x-scheme", "forwarded"),
)
OWN_PROXY = "127.0.0.1"  # stands for a peer that has no address, since it came through a Unix socket


@dataclass(frozen=True)
class Origin:
    """Where a request came from."""

    address: str
    scheme: str  # "http" or "https", as the browser wrote it


@dataclass(frozen=True)
class Proxies:
    """The proxies that the operator named."""

    networks: tuple[Network, ...] = ()

    def origin(self, peer: str, scheme: str, said_for: str, said_proto: str) -> Origin:
        """Where a request came from.

        Args:
            peer: the address that connected; "" for a Unix socket.
            scheme: how it connected.
            said_for: the header X-Forwarded-For, "" where there is none.
            said_proto: the header X-Forwarded-Proto, "" where there is none.
        """
        nearest = _address(peer or OWN_PROXY)
        entries = [_address(entry) for entry in said_for.split(",") if entry.strip()]
        if nearest is None or not (nearest.is_loopback or self._named(nearest)):
            return Origin(str(nearest or peer), scheme)
        protocols = [word.strip().lower() for word in said_proto.split(",") if word.strip()]
        found = entries.pop() if entries else None  # what our own proxy saw
        believed = protocols[-1:]
        while found is not None and self._named(found):
            nearest, believed = found, protocols[:1]
            found = entries.pop() if entries else None
        protocol = believed[0] if believed and believed[0] in ("http", "https") else scheme
        return Origin(str(found or nearest), protocol)

    def _named(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def named_proxies(texts: Iterable[str]) -> Proxies:
    """The proxies at these addresses or in these networks.

    Raises:
        UsageError: a text is neither, or names everybody.
    """
    return Proxies(tuple(_network(text.strip()) for text in texts if text.strip()))


def neighbourhood(address: str) -> str:
    """What one customer of a provider has: an IPv4 address, or the /64 of an IPv6 address."""
    found = _address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or address[:64])


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise UsageError(
            f"--trusted-proxy {text} is no address; expected one such as 192.0.2.7, or a network such as "
            "10.0.0.0/8"
        ) from error
    if network.prefixlen == 0:
        raise UsageError(
            f"--trusted-proxy {text} names everybody, so that everybody could write their own address; "
            "expected the address of the reverse proxy"
        )
    return network


def _address(text: str) -> Address | None:
    """The address in a text, without a port; an IPv4 address that was wrapped in IPv6 is unwrapped."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
