"""How far long work is, and running it to its end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` steps; ``what`` the next one is about."""

    done: int
    total: int
    what: str


class Stopped(Exception):
    """The work was ended from outside before it was complete."""


def finish(
    steps: Generator[Progress, None, _Result], tell: Callable[[Progress], None] = lambda step: None
) -> _Result:
    """What ``steps`` return in the end; ``tell`` hears of each, and ends them by raising."""
    with closing(steps):
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                result: _Result = end.value
                return result
            tell(step)
