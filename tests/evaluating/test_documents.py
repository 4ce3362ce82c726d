"""Gold sets as documents."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.comparing.agreement import align
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.documents import as_documents, by_sentence
from ner.evaluating.verdicts import without_gold
from ner.verdict import Answer

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


def test_one_long_text_tells_as_much_as_its_sentences_alone() -> None:
    """A verdict on tab Tag must not differ from that of tab Decide on the same sentences."""
    sentence = "Ada left Oslo. "
    entities = [
        Entity(start + at, start + at + length, label)
        for start in range(0, 60 * len(sentence), len(sentence))
        for at, length, label in ((0, 3, "PER"), (9, 4, "LOC"))
    ]
    tagged = Tagged(sentence * 60, tuple(entities))
    sentences = by_sentence(align(tagged, tagged))

    assert [2] * 60 == [len(one.pairs) for one in sentences if one.pairs]
    assert Answer.YES is without_gold(sentences, max_loss=5.0).answer
    assert Answer.UNDECIDED is without_gold([align(tagged, tagged)], max_loss=5.0).answer
