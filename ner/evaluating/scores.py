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

OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One scheme of SemEval-2013 task 9.1: each prediction and each gold entity has one outcome.

    Precision is (correct + partial / 2) over what was predicted (``actual``), recall the same over
    gold (``possible``); only the scheme 'partial' has partial ones. (Segura-Bedmar, Martínez &
    Herrero-Zazo, SemEval-2013 task 9; categories after Chinchor & Sundheim, MUC-5, 1993.)
    """

    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missed: int = 0
    spurious: int = 0

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(
            self.correct + other.correct,
            self.incorrect + other.incorrect,
            self.partial + other.partial,
            self.missed + other.missed,
            self.spurious + other.spurious,
        )

    @property
    def actual(self) -> int:
        """How many were predicted."""
        return self.correct + self.incorrect + self.partial + self.spurious

    @property
    def possible(self) -> int:
        """How many there are in gold."""
        return self.correct + self.incorrect + self.partial + self.missed

    @property
    def precision(self) -> float:
        """Credit over what was predicted."""
        return share(self._credit, self.actual)

    @property
    def recall(self) -> float:
        """Credit over gold."""
        return share(self._credit, self.possible)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return share(2 * self._credit, self.actual + self.possible)

    @property
    def row(self) -> tuple[float, float, float]:
        """Credit and what lacks it on either side, as the intervals of ``ner.stats`` take them."""
        return self._credit, self.actual - self._credit, self.possible - self._credit

    @property
    def _credit(self) -> float:
        return self.correct + self.partial / 2


@dataclass(frozen=True, slots=True)
class SemEval:
    """The four schemes of SemEval-2013: what must be right for 'correct'.

    ``strict``: boundaries and type; ``exact``: boundaries; ``partial``: boundaries, with half the
    credit for an overlap; ``type``: the type, with any overlap.
    """

    strict: Outcomes = Outcomes()
    exact: Outcomes = Outcomes()
    partial: Outcomes = Outcomes()
    type: Outcomes = Outcomes()

    def __add__(self, other: SemEval) -> SemEval:
        return SemEval(
            self.strict + other.strict,
            self.exact + other.exact,
            self.partial + other.partial,
            self.type + other.type,
        )


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
    semeval: SemEval = SemEval()
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
    in_tokens = _in_tokens(right, gold), _in_tokens(found, gold)
    return Scores(
        strict=strict_counts(right, found),
        exact=strict_counts(right, as_found),
        semeval=_semeval(*in_tokens),
        semeval_per_type={
            label: _semeval(*([e for e in side if e.label == label] for side in in_tokens))
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


def _in_tokens(tagged: Tagged, gold: Annotated) -> list[Entity]:
    """The entities with gold token numbers for offsets: distances are counted in tokens."""
    starts = [start for start, _ in gold.token_offsets]
    return [
        replace(
            entity, start=bisect_left(starts, entity.start), end=bisect_left(starts, entity.end)
        )
        for entity in tagged.entities
    ]


def _semeval(gold: Sequence[Entity], predicted: Sequence[Entity]) -> SemEval:
    by_span = list(_matched(gold, predicted, prefer_type=False))
    by_type = list(_matched(gold, predicted, prefer_type=True))
    same_span = [(one.start, one.end) == (other.start, other.end) for one, other in by_span]
    same = [_span(one) == _span(other) for one, other in by_span]
    same_type = [one.label == other.label for one, other in by_type]
    sizes = len(gold), len(predicted)
    exact = _outcomes(same_span, *sizes)
    return SemEval(
        strict=_outcomes(same, *sizes),
        exact=exact,
        partial=replace(exact, incorrect=0, partial=exact.incorrect),
        type=_outcomes(same_type, *sizes),
    )


def _outcomes(right: Sequence[bool], gold: int, predicted: int) -> Outcomes:
    """The outcomes when ``right`` tells of each matched pair whether it is correct."""
    matched = len(right)
    return Outcomes(
        correct=sum(right),
        incorrect=matched - sum(right),
        missed=gold - matched,
        spurious=predicted - matched,
    )


def _matched(
    gold: Sequence[Entity], predicted: Sequence[Entity], *, prefer_type: bool
) -> Iterator[tuple[Entity, Entity]]:
    """Each prediction in turn with the first free gold entity that it overlaps.

    With ``prefer_type`` rather with one of its own type, and of those with the closest boundaries,
    in tokens. This is the matching of the package nervaluate.
    """
    ends = [entity.end for entity in gold]
    taken: set[int] = set()
    for entity in predicted:
        candidates = []
        index = bisect_right(ends, entity.start)
        while index < len(gold) and gold[index].start < entity.end:
            if index not in taken:
                rank = _type_rank(gold[index], entity) if prefer_type else (False, 0)
                candidates.append((rank, index))
            index += 1
        if candidates:
            _, index = min(candidates)
            taken.add(index)
            yield gold[index], entity


def _type_rank(gold: Entity, predicted: Entity) -> tuple[bool, int]:
    if gold.label != predicted.label:
        return True, 0
    return False, abs(gold.start - predicted.start) + abs(gold.end - predicted.end)


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
