"""Gold sets as documents."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.documents import as_documents

ADA = Annotated(Tagged("Ada left .", (Entity(0, 3, "PER"),)), ((0, 3), (4, 8), (9, 10)))
BERLIN = Annotated(Tagged("to Berlin", (Entity(3, 9, "LOC"),)), ((0, 2), (3, 9)))
gold = st.lists(st.lists(st.sampled_from([ADA, BERLIN]), max_size=9), max_size=5)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([45], [20, 20, 5]),
        ([20], [20]),
        ([3, 41], [3, 41]),
        ([0, 45, 0], [20, 20, 5]),
        ([], []),
    ],
)
def test_a_set_has_its_own_documents_or_twenty_sentences_each(
    counts: list[int], expected: list[int]
) -> None:
    """Where there is more than one, they are the file's; empty ones are left out."""
    found = as_documents([[BERLIN] * count for count in counts])

    assert [len(BERLIN.tokens) * count for count in expected] == [
        len(text.tokens) for text in found
    ]


@given(gold=gold, size=st.integers(1, 10))
def test_documents_hold_the_same_tokens_and_tags(gold: list[list[Annotated]], size: int) -> None:
    """Scored as documents, a set has as many entities as by sentence."""
    found = as_documents(gold, size)
    sentences = list(chain.from_iterable(gold))

    assert list(chain.from_iterable(one.tags for one in sentences)) == list(
        chain.from_iterable(one.tags for one in found)
    )
    assert list(chain.from_iterable(one.tokens for one in sentences)) == list(
        chain.from_iterable(one.tokens for one in found)
    )
