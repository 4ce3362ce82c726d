"""Who is asking, as far as fairness needs to know, and what proxies may say of that."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

# Of an IPv6 address a household or a server has the whole /64.
_IPV6_PREFIX = 64
_OFF = ("", "0")
# From these Gradio takes the address of its own page. X-Forwarded-For is for `Addresses.client`.
_FORWARDED = ("x-forwarded-host", "x-forwarded-proto", "x-gradio-server")


@dataclass(frozen=True, slots=True)
class Addresses:
    """How clients are told apart: by address, which is kept in memory and logged only if asked for.

    ``trust_proxy`` says that a proxy stands before the app, so that the last address in
    X-Forwarded-For, which that proxy wrote, is the client's.
    """

    trust_proxy: bool = False
    logged: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Addresses:
        """From NER_TRUST_PROXY and NER_LOG_ADDRESSES; on Spaces, which set SPACE_ID, one stands."""
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
        if isinstance(parsed, ipaddress.IPv6Address):
            if parsed.ipv4_mapped is None:
                if parsed.is_loopback and not self.trust_proxy:
                    return None
                return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
            parsed = parsed.ipv4_mapped
        return None if parsed.is_loopback and not self.trust_proxy else str(parsed)


@dataclass(frozen=True)
class ForwardedHeaders:
    """ASGI middleware: without a proxy, nobody may say under which address the page is reached."""

    app: ASGIApp
    addresses: Addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, without such headers unless a proxy is trusted."""
        if scope["type"] in ("http", "websocket") and not self.addresses.trust_proxy:
            # In the scope itself: the log finds in it what is added later, such as the route.
            headers = MutableHeaders(scope=scope)
            for name in _FORWARDED:
                del headers[name]
        await self.app(scope, receive, send)
