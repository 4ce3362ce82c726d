"""What each epoch draws from: the sentences of every source, and the texts made of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ner.entities import Annotated, Tagged
from ner.evaluating.documents import join
from ner.files.conll import annotate_tokens
from ner.tags import spans_of_tags
from ner.train.data import Aligner, Corpus, Encoder, Pool, Text, read_texts
from ner.train.settings import TrainSettings

Name = tuple[str, ...]  # the tokens of an entity
_SHORTEST_CHUNK = 30  # words: about two sentences
_SWAPPED = 0.5  # of a sentence's entities: those that stay tie the new ones to their context
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
        taught = settings.taught and corpus is corpora[0]
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
                    if (sentence := change_case(text.sentence, change)) is not None
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
    sentences = swap_copies(first.train, names, copies, settings.seed)
    weight = first.source.weight * settings.swap_share / copies
    yield TextPool(f"{first.name} other names", weight, first.labels, _texts(sentences, False))


def chunk_documents(documents: Iterable[Sequence[Text]], words: int, seed: int) -> list[Text]:
    """Join consecutive sentences to chunks whose lengths vary, up to ``words`` tokens.

    A sentence that is longer stands alone; chunks of one sentence are left out, since sentences
    are trained on by themselves anyway.
    """
    rng = random.Random(seed)  # noqa: S311 - shuffling, not security
    shortest = min(_SHORTEST_CHUNK, words // 3)
    chunks = []
    for document in documents:
        current: list[Text] = []
        length = 0
        limit = rng.randint(shortest, words)
        for text in document:
            if length + text.words > limit:
                chunks.append(current)
                current, length, limit = [], 0, rng.randint(shortest, words)
            current.append(text)
            length += text.words
        chunks.append(current)
    return [
        Text(
            join([text.sentence for text in chunk]),
            tuple(o for text in chunk for o in text.originals),
        )
        for chunk in chunks
        if len(chunk) > 1
    ]


def change_case(sentence: Annotated, change: Callable[[str], str]) -> Annotated | None:
    """The sentence in another case; None where that changes its length (ß, İ).

    >>> change_case(annotate_tokens(["In", "Bonn"], ["O", "B-LOC"]), str.lower).tagged.text
    'in bonn'
    >>> change_case(annotate_tokens(["Straße"], ["O"]), str.upper) is None
    True
    """
    text = change(sentence.tagged.text)
    if len(text) != len(sentence.tagged.text):
        return None
    return Annotated(Tagged(text, sentence.tagged.entities), sentence.token_offsets)


def swap_copies(
    sentences: Sequence[Annotated], names: Mapping[str, Sequence[Name]], copies: int, seed: int
) -> tuple[Annotated, ...]:
    """``copies`` versions of each sentence that holds an entity, see `swap_names`."""
    rng = random.Random(seed)  # noqa: S311 - variety, not security
    versions = (swap_names(sentence, names, rng) for _ in range(copies) for sentence in sentences)
    return tuple(version for version in versions if version is not None)


def names_by_type(sentences: Iterable[Annotated]) -> dict[str, tuple[Name, ...]]:
    """The distinct names of each entity type, in the order in which they were met.

    Left out are names without an upper-case letter, which come from lower-cased texts, and those
    that begin with a sign, such as @mentions.
    """
    names: dict[str, dict[Name, None]] = {}
    for sentence in sentences:
        for begin, end, label in spans_of_tags(sentence.tags):
            name = sentence.tokens[begin:end]
            if name[0][0].isalnum() and any(char.isupper() for char in "".join(name)):
                names.setdefault(label, {})[name] = None
    return {label: tuple(distinct) for label, distinct in names.items()}


def swap_names(
    sentence: Annotated, names: Mapping[str, Sequence[Name]], rng: random.Random
) -> Annotated | None:
    """The sentence with about half of its entities replaced by others of their type.

    So rare names stand in as many contexts as frequent ones, and a tagger learns to look at the
    context rather than to remember who was in the news ('mention replacement', Dai and Adel 2020,
    arXiv:2010.11683). In a sentence without lower-case letters the new names have none either.
    None where nothing was replaced.
    """
    tokens, tags = sentence.tokens, sentence.tags
    shouting = sentence.tagged.text.isupper()
    new_tokens: list[str] = []
    new_tags: list[str] = []
    done = 0
    for begin, end, label in spans_of_tags(tags):
        if label not in names or rng.random() >= _SWAPPED:
            continue
        name = rng.choice(names[label])
        new_tokens += [*tokens[done:begin], *(part.upper() if shouting else part for part in name)]
        new_tags += [*tags[done:begin], f"B-{label}", *[f"I-{label}"] * (len(name) - 1)]
        done = end
    if not done:
        return None
    return annotate_tokens([*new_tokens, *tokens[done:]], [*new_tags, *tags[done:]])
