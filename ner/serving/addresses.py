"""Who is asking, as far as limits for each visitor need to know it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Scope

# Of an IPv6 address a household or a server has the whole /64.
_IPV6_PREFIX = 64
_OFF = ("", "0")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Clients are told apart by address, which is kept in memory only, and logged if asked for.

    With ``trust_proxy`` a proxy stands before the app: it wrote the last address in
    X-Forwarded-For, and that is the client's.
    """

    trust_proxy: bool = False
    logged: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Addresses:
        """From NER_TRUST_PROXY and NER_LOG_ADDRESSES; Spaces set SPACE_ID and have a proxy."""
        trusted = environment.get("NER_TRUST_PROXY", "1" if environment.get("SPACE_ID") else "")
        return cls(
            trust_proxy=trusted not in _OFF,
            logged=environment.get("NER_LOG_ADDRESSES", "") not in _OFF,
        )

    def client(self, scope: Scope) -> str | None:
        """The client's address, IPv6 ones cut to their /64; None for this machine itself."""
        client = scope.get("client")
        address = client[0] if client else ""
        if self.trust_proxy:
            hops = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
            address = hops[-1].decode("latin-1").rpartition(",")[2].strip() if hops else address
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return "unknown"
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        if parsed.is_loopback and not self.trust_proxy:
            return None
        if parsed.version == 4:
            return str(parsed)
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
