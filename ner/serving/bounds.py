"""What the environment may say about serving in public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ner.errors import InputError

_OFF = ("", "0")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the app is served; the defaults suit a page on two cores.

    ``rate_per_minute`` 0 sets no rate. ``trust_proxy`` says that a proxy stands before the app, so
    that the last address in X-Forwarded-For, which that proxy wrote, is the visitor's.
    """

    rate_per_minute: int = 600
    burst: int = 120
    trust_proxy: bool = False
    log_addresses: bool = False
    drain_seconds: int = 20

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """From the environment's variables whose names begin with NER_.

        On Spaces, which set SPACE_ID, there is a proxy. Raises ``InputError`` for what is no
        number where one is expected.
        """
        trusted = environment.get("NER_TRUST_PROXY", "1" if environment.get("SPACE_ID") else "")
        return cls(
            rate_per_minute=_number(environment, "NER_RATE_PER_MINUTE", cls().rate_per_minute),
            burst=max(1, _number(environment, "NER_RATE_BURST", cls().burst)),
            trust_proxy=trusted not in _OFF,
            log_addresses=environment.get("NER_LOG_ADDRESSES", "") not in _OFF,
            drain_seconds=_number(environment, "NER_DRAIN_SECONDS", cls().drain_seconds),
        )


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    given = environment.get(name, "").strip()
    if not given:
        return default
    # More digits than this are a mistake, and int() would take its time.
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise InputError(f"{name} is {given[:20]!r}; expected a whole number such as {default}.")
    return int(given)
