"""More training sentences of those there are: in another case, or with other names in them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from ner.entities import Annotated, Tagged, spans_of_bio
from ner.files.conll import annotate_tokens

Name = tuple[str, ...]  # the tokens of an entity
_SWAPPED = 0.5  # of a sentence's entities: those that stay tie the new ones to their context


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
