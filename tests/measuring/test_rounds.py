"""Rounds: fair order."""

from __future__ import annotations

import random

from ner.measuring.rounds import Rounds


def test_rounds_are_shuffled_and_interleaved() -> None:
    """Within a round each row runs once; the order changes between rounds."""
    ran: list[str] = []
    rounds = Rounds(
        random.Random(0),  # noqa: S311 - not a secret
        lambda step: None,
        lambda: False,
        total=20,
    )
    rounds.interleave({name: lambda name=name: ran.append(name) for name in "abc"}, 20, "letters")
    orders = [tuple(ran[index : index + 3]) for index in range(0, 60, 3)]

    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    assert len(set(orders)) > 3
