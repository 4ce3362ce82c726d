"""Gold written otherwise: its sentences joined to documents, or in lower case."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from ner.comparing.agreement import Agreement, align
from ner.entities import Annotated, Entity, Tagged
from ner.tagging.boundaries import paragraph_starts, sentence_starts

# How many sentences make a document where the file names none.
SENTENCES = 20


def find_sentences(text: str) -> list[int]:
    r"""Where the sentences of a text begin, the first one left out; a paragraph ends one too.

    >>> find_sentences("Mr. Bo left. Ada stayed.\n\nWhy?")
    [13, 26]
    """
    starts = [0, *paragraph_starts(text), len(text)]
    inner = {
        start
        for begin, end in pairwise(starts)
        for start in (begin, *sentence_starts(text, begin, end))
    }
    return sorted(inner - {0})


def by_sentence(agreement: Agreement) -> list[Agreement]:
    """What the two sides say of each sentence, by where an entity begins; the text stays whole."""
    text, starts = agreement.text, find_sentences(agreement.text)

    def parts(side: Tagged) -> dict[int, tuple[Entity, ...]]:
        # In one pass: the page asks at each key that is pressed.
        grouped = groupby(side.entities, key=lambda one: bisect_right(starts, one.start))
        return {number: tuple(found) for number, found in grouped}

    left, right = parts(agreement.left), parts(agreement.right)
    return [
        align(Tagged(text, left.get(number, ())), Tagged(text, right.get(number, ())))
        for number in range(len(starts) + 1)
    ]


def join(sentences: Sequence[Annotated]) -> Annotated:
    """One text of several, with a space between them; tokens and entities keep their order.

    >>> ada = Annotated(Tagged("Ada", (Entity(0, 3, "PER"),)), ((0, 3),))
    >>> bob = Annotated(Tagged("Bob", (Entity(0, 3, "PER"),)), ((0, 3),))
    >>> joined = join([ada, bob]).tagged
    >>> joined.text, [(entity.start, entity.end) for entity in joined.entities]
    ('Ada Bob', [(0, 3), (4, 7)])
    """
    entities: list[Entity] = []
    offsets: list[tuple[int, int]] = []
    shift = 0
    for sentence in sentences:
        entities += [
            replace(entity, start=entity.start + shift, end=entity.end + shift)
            for entity in sentence.tagged.entities
        ]
        offsets += [(start + shift, end + shift) for start, end in sentence.token_offsets]
        shift += len(sentence.tagged.text) + 1
    text = " ".join(sentence.tagged.text for sentence in sentences)
    return Annotated(Tagged(text, tuple(entities)), tuple(offsets))


def as_documents(
    documents: Sequence[Sequence[Annotated]], size: int = SENTENCES
) -> list[Annotated]:
    """A gold set as documents: its own, or ``size`` sentences joined where there is only one.

    ``documents`` are as `ner.files.gold.load_gold` gives them: a list of sentences for each
    ``-DOCSTART-`` of a file of columns and for each file of brat, and one list in all for other
    gold. Sentences, tokens and entities are the same, in the same order.
    """
    parts = [document for document in documents if document]
    if len(parts) == 1:
        [one] = parts
        parts = [one[begin : begin + size] for begin in range(0, len(one), size)]
    return [join(part) for part in parts]


def lowercase(gold: Sequence[Annotated]) -> list[Annotated]:
    """The same annotation on the text in lower case.

    A character whose lower case is longer (İ) stays as it is, so that offsets hold.
    """
    return [
        replace(sentence, tagged=Tagged(_lower(sentence.tagged.text), sentence.tagged.entities))
        for sentence in gold
    ]


def _lower(text: str) -> str:
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
