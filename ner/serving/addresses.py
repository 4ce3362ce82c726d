"""Who is asking, as far as fairness needs to know: an address, kept in memory only."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

# Of an IPv6 address a household or a server has the whole /64.
_IPV6_PREFIX = 64


def visitor(scope: Scope, *, trust_proxy: bool) -> str | None:
    """The visitor's address, IPv6 ones cut to their /64; None for this machine itself.

    With ``trust_proxy`` it is the last one in X-Forwarded-For: the proxy before the app has written
    that one, whatever stands before it can be made up.
    """
    client = scope.get("client")
    address = client[0] if client else ""
    if trust_proxy:
        hops = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        address = hops[-1].decode("latin-1").rpartition(",")[2].strip() if hops else address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            if parsed.is_loopback and not trust_proxy:
                return None
            return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
        parsed = parsed.ipv4_mapped
    return None if parsed.is_loopback and not trust_proxy else str(parsed)
