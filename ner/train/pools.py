"""What each epoch draws from: the sentences of every source, and the texts made of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ner.entities import Annotated
from ner.train.augment import Text, chunk_documents, names_by_type, swapped, with_case
from ner.train.data import Aligner, Corpus, Encoder, Pool, read_texts
from ner.train.settings import TrainSettings

_CASES = ((" lower", str.lower, 1.0), (" upper", str.upper, 0.5))


@dataclass(frozen=True, slots=True)
class TextPool:
    """Texts of which each epoch draws the share ``weight``; of the types ``labels`` are learnt."""

    name: str
    weight: float
    labels: frozenset[str]
    texts: tuple[Text, ...]


def text_pools(corpora: Sequence[Corpus], settings: TrainSettings) -> tuple[TextPool, ...]:
    """All texts of a run: sentences, chunks of documents, changed case, changed names.

    The teachers, if there are any, label the first folder and the unlabelled files.
    """
    pools: list[TextPool] = []
    for corpus in corpora:
        taught = bool(settings.teachers) and corpus is corpora[0]
        train = _texts(corpus.train, taught)
        documents = [_texts(document, taught) for document in corpus.documents]
        pool = TextPool(corpus.name, corpus.source.weight, corpus.labels, train)
        pools += _versions(pool, documents, settings)
    pools += _other_names(corpora, settings)
    for source in settings.unlabelled:
        texts = _texts(read_texts(source), True)
        pools += _versions(TextPool(source.name, source.weight, frozenset(), texts), (), settings)
    return tuple(pool for pool in pools if pool.texts)


def encode_pools(
    pools: Sequence[TextPool], encode: Encoder, teachers: Aligner | None
) -> tuple[Pool, ...]:
    """The pools as the model meets them."""
    return tuple(
        Pool(pool.name, pool.weight, encode.encode(pool.texts, pool.labels, teachers))
        for pool in pools
    )


def _texts(sentences: Sequence[Annotated], taught: bool) -> tuple[Text, ...]:
    return tuple(
        Text(sentence, (sentence.tagged.text,) if taught else ()) for sentence in sentences
    )


def _versions(
    pool: TextPool, documents: Sequence[Sequence[Text]], settings: TrainSettings
) -> Iterator[TextPool]:
    """The pool, its documents in chunks, and both in other cases."""
    forms = [pool]
    if settings.document_words:
        if not documents:
            rng = random.Random(settings.seed)  # noqa: S311 - shuffling, not security
            documents = [rng.sample(pool.texts, len(pool.texts))]
        chunks = tuple(chunk_documents(documents, settings.document_words, settings.seed))
        weight = pool.weight * settings.document_weight
        forms.append(replace(pool, name=f"{pool.name} documents", weight=weight, texts=chunks))
    for form in forms:
        yield form
        if settings.case_share:
            for name, change, part in _CASES:
                drawn = _sample(form, settings.case_share * part, settings)
                changed = (
                    replace(text, sentence=sentence)
                    for text in drawn.texts
                    if (sentence := with_case(text.sentence, change)) is not None
                )
                yield replace(drawn, name=form.name + name, texts=tuple(changed))


def _sample(pool: TextPool, share: float, settings: TrainSettings) -> TextPool:
    """As many of the texts as a run can draw of them, with the weight that makes it so."""
    weight = pool.weight * share
    kept = min(1.0, weight * math.ceil(settings.epochs))
    rng = random.Random(settings.seed)  # noqa: S311 - shuffling, not security
    texts = rng.sample(pool.texts, math.ceil(kept * len(pool.texts)))
    return replace(pool, weight=weight / kept, texts=tuple(texts))


def _other_names(corpora: Sequence[Corpus], settings: TrainSettings) -> Iterator[TextPool]:
    """The first folder's sentences with other names, on which no teacher was asked."""
    if not settings.swap_share:
        return
    first = corpora[0]
    names = names_by_type(sentence for corpus in corpora for sentence in corpus.train)
    copies = math.ceil(settings.epochs)  # so that each epoch meets others
    sentences = swapped(first.train, names, copies, settings.seed)
    weight = first.source.weight * settings.swap_share / copies
    yield TextPool(f"{first.name} other names", weight, first.labels, _texts(sentences, False))
