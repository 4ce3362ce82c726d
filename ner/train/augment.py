"""More training texts of those there are: joined, in another case, with other names in them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ner.entities import Annotated, Tagged, spans_of_bio
from ner.evaluating.documents import join
from ner.files.formats import annotate_tokens

Name = tuple[str, ...]  # the tokens of an entity
_SHORTEST_CHUNK = 30  # words: about two sentences
_SWAPPED = 0.5  # of a sentence's entities: those that stay tie the new ones to their context


@dataclass(frozen=True, slots=True)
class Text:
    """A text to train on.

    ``originals`` are the texts, as they were written, of which it was made: joined by a space and
    perhaps put into another case. Teachers label those. Empty where they aren't asked.
    """

    sentence: Annotated
    originals: tuple[str, ...] = ()

    @property
    def words(self) -> int:
        """How many words it has; gold tokens are parted by spaces too."""
        return len(self.sentence.tagged.text.split())


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


def with_case(sentence: Annotated, change: Callable[[str], str]) -> Annotated | None:
    """The sentence in another case; None where that changes its length (ß, İ)."""
    text = change(sentence.tagged.text)
    if len(text) != len(sentence.tagged.text):
        return None
    return Annotated(Tagged(text, sentence.tagged.entities), sentence.token_offsets)


def swapped(
    sentences: Sequence[Annotated], names: Mapping[str, Sequence[Name]], copies: int, seed: int
) -> tuple[Annotated, ...]:
    """``copies`` versions of each sentence that holds an entity, see `with_other_names`."""
    rng = random.Random(seed)  # noqa: S311 - variety, not security
    versions = (with_other_names(one, names, rng) for _ in range(copies) for one in sentences)
    return tuple(version for version in versions if version is not None)


def names_by_type(sentences: Iterable[Annotated]) -> dict[str, tuple[Name, ...]]:
    """The distinct names of each entity type, in the order in which they were met.

    Left out are names without an upper-case letter, which come from lower-cased texts, and those
    that begin with a sign, such as @mentions.
    """
    names: dict[str, dict[Name, None]] = {}
    for sentence in sentences:
        for begin, end, label in spans_of_bio(sentence.tags):
            name = sentence.tokens[begin:end]
            if name[0][0].isalnum() and any(char.isupper() for char in "".join(name)):
                names.setdefault(label, {})[name] = None
    return {label: tuple(distinct) for label, distinct in names.items()}


def with_other_names(
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
    for begin, end, label in spans_of_bio(tags):
        if label not in names or rng.random() >= _SWAPPED:
            continue
        name = rng.choice(names[label])
        new_tokens += [*tokens[done:begin], *(part.upper() if shouting else part for part in name)]
        new_tags += [*tags[done:begin], f"B-{label}", *[f"I-{label}"] * (len(name) - 1)]
        done = end
    if not done:
        return None
    return annotate_tokens([*new_tokens, *tokens[done:]], [*new_tags, *tags[done:]])
