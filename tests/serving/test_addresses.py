"""Who is asking."""

from __future__ import annotations

import pytest
from starlette.types import Scope

from ner.serving.addresses import Addresses


@pytest.mark.parametrize(
    ("address", "forwarded", "trust", "expected"),
    [
        ("203.0.113.7", [], False, "203.0.113.7"),
        ("127.0.0.1", [], False, None),
        ("::1", [], False, None),
        ("::ffff:203.0.113.7", [], False, "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", [], False, "2001:db8:1:2::/64"),
        ("203.0.113.7", ["198.51.100.1"], False, "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1"], True, "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], True, "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1"], True, "198.51.100.1"),
        ("127.0.0.1", ["127.0.0.1"], True, "127.0.0.1"),
        ("127.0.0.1", ["nonsense"], True, "unknown"),
    ],
)
def test_the_visitor_is_the_last_hop_of_a_trusted_proxy(
    address: str, forwarded: list[str], trust: bool, expected: str | None
) -> None:
    """What stands before the last address was sent by anybody; without a proxy all of it was."""
    headers = [(b"x-forwarded-for", hop.encode()) for hop in forwarded]
    scope: Scope = {"type": "http", "client": (address, 1), "headers": headers}

    assert expected == Addresses(trust_proxy=trust).client(scope)


def test_how_clients_are_told_apart_comes_from_the_environment() -> None:
    """On Spaces there is a proxy unless that is denied."""
    assert Addresses() == Addresses.read({})
    assert Addresses(logged=True) == Addresses.read({"NER_LOG_ADDRESSES": "1"})
    assert Addresses.read({"NER_TRUST_PROXY": "1"}).trust_proxy
    assert Addresses.read({"SPACE_ID": "a/b"}).trust_proxy
    assert not Addresses.read({"SPACE_ID": "a/b", "NER_TRUST_PROXY": "0"}).trust_proxy
