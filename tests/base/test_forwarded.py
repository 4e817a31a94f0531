"""Whose word on where a request came from is believed."""

import pytest

from autograder.base.errors import UsageError
from autograder.base.forwarded import Origin, named_proxies, neighbourhood

NGINX = "127.0.0.2"
OWN = "127.0.0.1"  # the hub's own proxy, which appends what it saw


@pytest.mark.parametrize(
    ("peer", "said_for", "said_proto", "origin"),
    [
        # a stranger at the hub's own proxy, and what they made up
        (OWN, "203.0.113.5", "http", Origin("203.0.113.5", "http")),
        (OWN, "198.51.100.1,203.0.113.5", "https,http", Origin("203.0.113.5", "http")),
        (OWN, f"{NGINX}, 203.0.113.5", "https,http", Origin("203.0.113.5", "http")),
        (OWN, "198.51.100.1,", "https", Origin("198.51.100.1", "https")),  # the proxy itself ends TLS
        # through the named proxy, which saw 203.0.113.5
        (OWN, f"203.0.113.5,{NGINX}", "https,http", Origin("203.0.113.5", "https")),
        (OWN, f"198.51.100.1, 203.0.113.5, {NGINX}", "https,http", Origin("203.0.113.5", "https")),
        ("", f"203.0.113.5,{NGINX}", "https,http", Origin("203.0.113.5", "https")),  # a Unix socket
        # two named proxies, one of them a network; an address in IPv6 clothes; a port
        (OWN, f"203.0.113.5,10.1.2.3,::ffff:{NGINX}", "https", Origin("203.0.113.5", "https")),
        (OWN, f"[2001:db8::7]:4711,{NGINX}", "https", Origin("2001:db8::7", "https")),
        (OWN, f"203.0.113.5:4711,{NGINX}", "https", Origin("203.0.113.5", "https")),
        # the named proxy itself asks, or says nothing that is an address
        (OWN, NGINX, "http", Origin(NGINX, "http")),
        (OWN, f"unknown,{NGINX}", "https,http", Origin(NGINX, "https")),
        # not through the hub's proxy at all: a server on another machine
        ("192.0.2.9", "203.0.113.5", "https", Origin("192.0.2.9", "http")),
        (OWN, "", "https", Origin(OWN, "https")),
        (OWN, "203.0.113.5", "gopher", Origin("203.0.113.5", "http")),
    ],
)
def test_only_named_proxies_are_believed(peer, said_for, said_proto, origin):
    """The last entry is the own proxy's; what stands before it counts where a named proxy said it."""
    assert named_proxies([NGINX, "10.0.0.0/8"]).origin(peer, "http", said_for, said_proto) == origin


@pytest.mark.parametrize("text", ["nginx", "10.0.0.0/40", "0.0.0.0/0", "::/0"])
def test_a_proxy_is_an_address_or_a_network(text):
    """A name could be anybody's, and a network of everybody names nobody."""
    with pytest.raises(UsageError, match=f"--trusted-proxy {text}"):
        named_proxies([text])


def test_an_ipv6_customer_is_one_neighbour():
    """Who has 2^64 addresses has them counted as one."""
    assert neighbourhood("2001:db8:0:1::5") == neighbourhood("2001:db8:0:1:ffff::6") == "2001:db8:0:1::/64"
    assert neighbourhood("::ffff:192.0.2.7") == neighbourhood("192.0.2.7") == "192.0.2.7"
