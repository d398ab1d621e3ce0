"""Which addresses we go to: public ones over https, resolved once and connected to as resolved. Fetching is `fetch`.

An End Contact's message decides the address, so a name may point into our own network, or do so the next time.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

from ingestion.attachments.refusals import Refused, Unreachable

Resolve = Callable[[str, int], Sequence[str]]
Origin = tuple[str, str, int]
_DEFAULT_PORTS = {"https": 443, "http": 80}
# Not public although Python's tables call them global: protocol assignments (a cloud's metadata lies there), the old
# 6to4 relays, site-local; and those that carry an IPv4 address inside, which may be private: translation, 6to4, Teredo.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "fec0::/10",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
    )
)


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, in the order of the system's preference. Raises Unreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("unresolved") from None
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was checked: what to connect to, and whom to ask for there."""

    url: httpx.URL
    host: str
    header: str


@dataclass(frozen=True)
class Addresses:
    """The rule. `loopback` are origins of the channel simulator: they alone may be http and on this machine."""

    loopback: frozenset[Origin] = frozenset()
    resolve: Resolve = field(default=resolve)

    def check(self, address: str) -> Target:
        """What to connect to. Raises Refused or Unreachable."""
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, ValueError, TypeError):
            raise Refused("bad_address") from None
        origin = origin_of(url)
        if origin is None or url.userinfo:
            raise Refused("bad_address")
        is_ours = origin in self.loopback
        if not is_ours and (origin[0], origin[2]) != ("https", _DEFAULT_PORTS["https"]):
            raise Refused("not_https")
        found = self.resolve(origin[1], origin[2])
        if not found:
            raise Unreachable("unresolved")
        # One private address among several is enough: it could be the one that is used.
        if not all((is_loopback if is_ours else is_public)(one) for one in found):
            raise Refused("private_address")
        return Target(url.copy_with(host=found[0]), origin[1], url.netloc.decode("ascii"))


def origin_of(url: httpx.URL) -> Origin | None:
    """Scheme, host and port; None for what is no web address."""
    port = url.port or _DEFAULT_PORTS.get(url.scheme)
    host = url.raw_host.decode("ascii").lower().strip("[]").rstrip(".")
    return (url.scheme, host, port) if port and host else None


def is_loopback(address: str) -> bool:
    return _ip(address).is_loopback


def is_public(address: str) -> bool:
    """Whether an address is anybody's on the internet and nobody's here."""
    ip = _ip(address)
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip
