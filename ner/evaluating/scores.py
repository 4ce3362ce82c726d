"""Predicted entities against gold, as counts that add up.

Everything is an integer count of one sentence; sentences are added, and precision, recall and F1
are properties of the sum: fractions, 0.0 where nothing was to be found and nothing was, as in
conlleval. Predicted spans are first widened to whole gold tokens (`widen`), because a tagger that
reads raw text may leave the last dot of 'U.S.' outside; ``exact`` counts them as they are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from ner.comparing.agreement import Agreement, Kind, align
from ner.counts import Counts, Figures, share, strict_counts
from ner.entities import Annotated, Entity, Tagged, bio_tags
from ner.evaluating.semeval import SemEval, count_in_tokens, score_semeval

OUTSIDE = "O"


class ErrorKind(StrEnum):
    """What is wrong with an aligned pair of gold and prediction.

    ``TYPE`` is any wrong type, also when the boundaries are wrong too.
    """

    MISSED = "missed"
    SPURIOUS = "spurious"
    BOUNDARY = "boundary"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Error:
    """One wrong decision; ``gold`` is None for a spurious one, ``predicted`` for a missed one."""

    kind: ErrorKind
    gold: Entity | None
    predicted: Entity | None


@dataclass(frozen=True, slots=True)
class Changes:
    """The errors that only the second of two predictions makes, and those that only the first does.

    Their numbers are the two counts of McNemar's test (``ner.stats.mcnemar_p``).
    """

    added: tuple[Error, ...]
    removed: tuple[Error, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """All counts of one sentence, or of many: they add.

    ``strict`` and ``exact``: per type, with and without widening. ``semeval``: over all types, so
    a wrong type is one incorrect entity; ``semeval_per_type``: among the entities of that type
    alone, so it is a missed one there and a spurious one elsewhere. ``tags``: tokens, per BIO2 tag
    but O. ``confusion``: aligned entities by ``(gold type, predicted type)``, ``O`` where one side
    has none; their boundaries may differ. ``errors``: aligned entities that are not right, by kind.
    """

    strict: Mapping[str, Counts] = field(default_factory=dict)
    exact: Mapping[str, Counts] = field(default_factory=dict)
    semeval: SemEval = field(default_factory=SemEval)
    semeval_per_type: Mapping[str, SemEval] = field(default_factory=dict)
    tags: Mapping[str, Counts] = field(default_factory=dict)
    confusion: Mapping[tuple[str, str], int] = field(default_factory=dict)
    errors: Mapping[ErrorKind, int] = field(default_factory=dict)
    sentences: int = 0
    tokens: int = 0
    correct_tokens: int = 0

    def __add__(self, other: Scores) -> Scores:
        return Scores(
            _merged(self.strict, other.strict),
            _merged(self.exact, other.exact),
            self.semeval + other.semeval,
            _merged(self.semeval_per_type, other.semeval_per_type),
            _merged(self.tags, other.tags),
            _merged(self.confusion, other.confusion),
            _merged(self.errors, other.errors),
            self.sentences + other.sentences,
            self.tokens + other.tokens,
            self.correct_tokens + other.correct_tokens,
        )

    @property
    def micro(self) -> Counts:
        """The strict counts of all types: the overall figures of conlleval and seqeval."""
        return sum(self.strict.values(), Counts())

    @property
    def exact_micro(self) -> Counts:
        """The counts of all types without widening; its ``f1`` is the 'exact F1'."""
        return sum(self.exact.values(), Counts())

    @property
    def accuracy(self) -> float:
        """The share of tokens with the right BIO2 tag, O included."""
        return share(self.correct_tokens, self.tokens)


def score(gold: Annotated, predicted: Tagged, *, labels: Sequence[str] | None = None) -> Scores:
    """The counts of one sentence; ``labels`` keeps only these types on both sides.

    Raises ``ValueError`` if the two are not of the same text.
    """
    right = gold.tagged.keep(labels=labels)
    as_found = predicted.keep(labels=labels)
    found = widen(as_found, gold)
    gold_tags = bio_tags(right.entities, gold.token_offsets)
    found_tags = bio_tags(found.entities, gold.token_offsets)
    types = {entity.label for entity in (*right.entities, *found.entities)}
    alignment = align(right, found)
    in_tokens = count_in_tokens(right, gold), count_in_tokens(found, gold)
    return Scores(
        strict=strict_counts(right, found),
        exact=strict_counts(right, as_found),
        semeval=score_semeval(*in_tokens),
        semeval_per_type={
            label: score_semeval(*([e for e in side if e.label == label] for side in in_tokens))
            for label in types
        },
        tags=_tag_counts(gold_tags, found_tags),
        confusion=Counter((_type(pair.left), _type(pair.right)) for pair in alignment.pairs),
        errors=Counter(error.kind for error in _errors(alignment)),
        sentences=1,
        tokens=len(gold_tags),
        correct_tokens=sum(map(str.__eq__, gold_tags, found_tags)),
    )


def total(scores: Iterable[Scores]) -> Scores:
    """The sum over sentences; keep the list as well where an interval is wanted."""
    return sum(scores, Scores())


def widen(predicted: Tagged, gold: Annotated) -> Tagged:
    """``predicted`` with each entity widened to the gold tokens that it touches.

    Where two then share a token, those of one type become one entity (with the first's score), and
    of two types the first keeps the token: the second starts after it, or is dropped if nothing is
    left. An entity that touches no token stays as it is. Raises ``ValueError`` if the two are not
    of the same text.
    """
    if predicted.text != gold.tagged.text:
        raise ValueError("a prediction can be scored only against gold of the same text")
    starts = [start for start, _ in gold.token_offsets]
    ends = [end for _, end in gold.token_offsets]
    widened: list[Entity] = []
    free = 0  # the first token that no entity has taken
    for entity in predicted.entities:
        first, last = bisect_right(ends, entity.start), bisect_left(starts, entity.end)
        if first >= last:
            widened.append(entity)
        elif first < free and widened[-1].label == entity.label:
            widened[-1] = replace(widened[-1], end=ends[last - 1])
        elif max(first, free) < last:
            first = max(first, free)
            widened.append(replace(entity, start=starts[first], end=ends[last - 1]))
        free = max(free, last)
    return Tagged(predicted.text, tuple(widened))


def find_errors(
    gold: Annotated, predicted: Tagged, *, labels: Sequence[str] | None = None
) -> tuple[Error, ...]:
    """What is wrong in one sentence, in reading order, after widening as in `score`."""
    widened = widen(predicted.keep(labels=labels), gold)
    return tuple(_errors(align(gold.tagged.keep(labels=labels), widened)))


def find_changes(
    gold: Annotated, left: Tagged, right: Tagged, *, labels: Sequence[str] | None = None
) -> Changes:
    """The errors that the right side added to one sentence, and those that it removed.

    One decision is one gold entity, right or wrong whatever the kind of error, or one spurious
    span of one type. So a gold entity that both get wrong is in neither list.
    """
    before = {_decision(error): error for error in find_errors(gold, left, labels=labels)}
    after = {_decision(error): error for error in find_errors(gold, right, labels=labels)}
    return Changes(
        added=tuple(error for key, error in after.items() if key not in before),
        removed=tuple(error for key, error in before.items() if key not in after),
    )


def report(counts: Mapping[str, Counts]) -> dict[str, Figures]:
    """The rows of a classification report: each type or tag in order, then three averages.

    'micro avg' is over all decisions, 'macro avg' the plain mean of the rows, 'weighted avg' their
    mean by support, as scikit-learn and seqeval name them. Of tags, O is neither a row nor part of
    an average: nearly every token is O, and it would hide the rest; `Scores.accuracy` counts it.
    """
    rows = {name: counts[name].figures for name in sorted(counts)}
    support = [row.support for row in rows.values()]
    return rows | {
        "micro avg": sum(counts.values(), Counts()).figures,
        "macro avg": _average(list(rows.values()), [1] * len(rows), sum(support)),
        "weighted avg": _average(list(rows.values()), support, sum(support)),
    }


def conlleval(scores: Scores) -> str:
    """The report of the CoNLL shared tasks' conlleval script, in per cent, line for line."""
    micro = scores.micro
    lines = [
        f"processed {scores.tokens} tokens with {micro.support} phrases; "
        f"found: {micro.found} phrases; correct: {micro.tp}."
    ]
    inside = sum(scores.tags.values(), Counts())
    if inside.support:
        # Of the tokens that are part of an entity in gold.
        lines.append(f"accuracy: {100 * inside.recall:6.2f}%; (non-O)")
    if scores.tokens:
        lines.append(f"accuracy: {100 * scores.accuracy:6.2f}%; {_conlleval_figures(micro)}")
    lines += [
        f"{label:>17}: {_conlleval_figures(counts)}  {counts.found}"
        for label, counts in sorted(scores.strict.items())
    ]
    return "\n".join(lines) + "\n"


def _conlleval_figures(counts: Counts) -> str:
    return (
        f"precision: {100 * counts.precision:6.2f}%; recall: {100 * counts.recall:6.2f}%; "
        f"FB1: {100 * counts.f1:6.2f}"
    )


def _average(rows: Sequence[Figures], weights: Sequence[int], support: int) -> Figures:
    def mean(values: Iterable[float]) -> float:
        products = (weight * value for weight, value in zip(weights, values, strict=True))
        return share(sum(products), sum(weights))

    return Figures(
        mean(row.precision for row in rows),
        mean(row.recall for row in rows),
        mean(row.f1 for row in rows),
        support,
    )


_ERROR_KIND = {
    Kind.ONLY_LEFT: ErrorKind.MISSED,
    Kind.ONLY_RIGHT: ErrorKind.SPURIOUS,
    Kind.BOUNDARY: ErrorKind.BOUNDARY,
    Kind.LABEL: ErrorKind.TYPE,
}


def _errors(alignment: Agreement) -> Iterator[Error]:
    """The errors of an alignment of gold, on the left, with a prediction."""
    for pair in alignment.differences:
        yield Error(_ERROR_KIND[pair.kind], gold=pair.left, predicted=pair.right)


_Span = tuple[int, int, str]


def _decision(error: Error) -> tuple[_Span | None, _Span | None]:
    """What an error is an error about: the same for two predictions of one sentence."""
    return _span(error.gold), _span(error.predicted if error.gold is None else None)


def _span(entity: Entity | None) -> _Span | None:
    return None if entity is None else (entity.start, entity.end, entity.label)


def _type(entity: Entity | None) -> str:
    return OUTSIDE if entity is None else entity.label


def _tag_counts(gold: Sequence[str], found: Sequence[str]) -> dict[str, Counts]:
    counts: dict[str, Counts] = {}
    for wanted, tag in zip(gold, found, strict=True):
        if wanted == tag:
            outcomes = {tag: Counts(tp=1)}
        else:
            outcomes = {wanted: Counts(fn=1), tag: Counts(fp=1)}
        outcomes.pop(OUTSIDE, None)
        counts = _merged(counts, outcomes)
    return counts


_Key = TypeVar("_Key")
_Value = TypeVar("_Value", int, Counts, SemEval)


def _merged(first: Mapping[_Key, _Value], second: Mapping[_Key, _Value]) -> dict[_Key, _Value]:
    """Both together, values under the same key added."""
    result = dict(first)
    for key, value in second.items():
        result[key] = result[key] + value if key in result else value
    return result
