"""The texts of a run: sentences of every source, and chunks and other cases made of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ner.entities import Annotated, Tagged
from ner.evaluating.documents import join
from ner.train.data import Corpus, Text, read_texts
from ner.train.settings import TrainSettings

_SHORTEST_CHUNK = 30  # words: about two sentences
_CASES = ((" lower", str.lower, 1.0), (" upper", str.upper, 0.5))


@dataclass(frozen=True, slots=True)
class Pool:
    """Texts of which each epoch draws the share ``weight``; the types ``labels`` are learnt."""

    name: str
    weight: float
    labels: frozenset[str]
    texts: tuple[Text, ...]


def text_pools(corpora: Sequence[Corpus], settings: TrainSettings) -> list[Pool]:
    """All texts of a run: sentences, chunks of documents, and both in other cases.

    The teacher, if there is one, labels the first folder and the unlabelled files.
    """
    pools: list[Pool] = []
    for corpus in corpora:
        source, taught = corpus.source, settings.taught and corpus is corpora[0]
        documents = [_texts(document, taught) for document in corpus.documents]
        pool = Pool(source.name, source.weight, corpus.labels, _texts(corpus.train, taught))
        pools += _versions(pool, documents, settings)
    for source in settings.unlabelled:
        texts = _texts(read_texts(source), True)
        pools += _versions(Pool(source.name, source.weight, frozenset(), texts), (), settings)
    return [pool for pool in pools if pool.texts]


def _texts(sentences: Sequence[Annotated], taught: bool) -> tuple[Text, ...]:
    return tuple(
        Text(sentence, (sentence.tagged.text,) if taught else ()) for sentence in sentences
    )


def _versions(
    pool: Pool, documents: Sequence[Sequence[Text]], settings: TrainSettings
) -> Iterator[Pool]:
    """The pool, its documents in chunks, and both in other cases."""
    rng = random.Random(settings.seed)  # noqa: S311 - shuffling, not security
    forms = [pool]
    if settings.document_words:
        documents = documents or [rng.sample(pool.texts, len(pool.texts))]
        chunks = tuple(chunk_documents(documents, settings.document_words, rng))
        weight = pool.weight * settings.document_weight
        forms.append(replace(pool, name=f"{pool.name} documents", weight=weight, texts=chunks))
    for form in forms:
        yield form
        for name, change, part in _CASES:
            weight = form.weight * settings.case_share * part
            # No more texts than the run can draw: each takes memory.
            kept = min(1.0, weight * math.ceil(settings.epochs))
            if kept:
                drawn = rng.sample(form.texts, math.ceil(kept * len(form.texts)))
                texts = tuple(filter(None, (change_case(text, change) for text in drawn)))
                yield replace(form, name=form.name + name, weight=weight / kept, texts=texts)


def chunk_documents(
    documents: Iterable[Sequence[Text]], words: int, rng: random.Random
) -> Iterator[Text]:
    """Join consecutive sentences to chunks whose lengths vary, up to ``words`` tokens.

    A sentence that is longer stands alone; chunks of one sentence are left out, since sentences
    are trained on by themselves anyway.
    """
    shortest = min(_SHORTEST_CHUNK, words // 3)
    for document in documents:
        chunks: list[list[Text]] = [[]]
        length, limit = 0, rng.randint(shortest, words)
        for text in document:
            own = len(text.sentence.tagged.text.split())
            if length + own > limit:
                chunks.append([])
                length, limit = 0, rng.randint(shortest, words)
            chunks[-1].append(text)
            length += own
        for chunk in chunks:
            if len(chunk) > 1:
                originals = tuple(original for text in chunk for original in text.originals)
                yield Text(join([text.sentence for text in chunk]), originals)


def change_case(text: Text, change: Callable[[str], str]) -> Text | None:
    """The text in another case; None if that changes its length (ß, İ)."""
    sentence = text.sentence
    changed = change(sentence.tagged.text)
    if len(changed) != len(sentence.tagged.text):
        return None
    tagged = Tagged(changed, sentence.tagged.entities)
    return replace(text, sentence=Annotated(tagged, sentence.token_offsets))
