"""Predicted entities against gold: what is right, what is wrong and in what way.

Precision, recall and F1 are fractions, 0.0 where nothing was to be found and nothing was, as in
conlleval. Predicted spans are first widened to whole gold tokens (`widen`), because a tagger that
reads raw text may leave the last dot of 'U.S.' outside; ``exact`` counts them as they are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from ner.comparing.agreement import Agreement, Kind, Pair, align
from ner.comparing.origin import Origin
from ner.counts import Counts, counts_of, share, strict_counts
from ner.entities import Annotated, Entity, Tagged, bio_tags
from ner.stats import Estimate, f1_estimate

OUTSIDE = "O"
# What sides are called that have no name.
LETTERS = (Origin("A", "A"), Origin("B", "B"))
# Precision, recall and F1.
Figures = tuple[float, float, float]

# What is wrong with an aligned pair, gold on the left. 'type' is any wrong type, also when the
# boundaries are wrong too.
ERRORS = {
    Kind.ONLY_LEFT: "missed",
    Kind.ONLY_RIGHT: "spurious",
    Kind.BOUNDARY: "boundary",
    Kind.LABEL: "type",
}


@dataclass(frozen=True)
class Scores:
    """What one side found in each gold text, and all that is counted of it when it is asked."""

    gold: tuple[Annotated, ...]
    found: tuple[Tagged, ...]
    origin: Origin = LETTERS[0]

    @cached_property
    def alignments(self) -> tuple[Agreement, ...]:
        """For each text gold, on the left, aligned with what was found, in whole gold tokens."""
        pairs = zip(self.gold, self.found, strict=True)
        return tuple(align(gold.tagged, widen(found, gold)) for gold, found in pairs)

    @cached_property
    def texts(self) -> tuple[dict[str, Counts], ...]:
        """The strict counts of each text by type: what intervals and paired tests need."""
        return tuple(strict_counts(one.left, one.right) for one in self.alignments)

    def rows(self, label: str | None = None) -> list[tuple[int, int, int]]:
        """The strict counts of each text as `ner.stats` takes them, of one type or all (None)."""
        return [counts_of(counts, label).row for counts in self.texts]

    def f1(self, label: str | None = None) -> Estimate:
        """The strict F1 of one type or of all (None); sentences are resampled."""
        return f1_estimate(self.rows(label))

    @cached_property
    def strict(self) -> dict[str, Counts]:
        """The strict counts by type."""
        total: defaultdict[str, Counts] = defaultdict(Counts)
        for counts in self.texts:
            for label, one in counts.items():
                total[label] += one
        return dict(total)

    @property
    def micro(self) -> Counts:
        """The strict counts of all types: the overall figures of conlleval and seqeval."""
        return counts_of(self.strict, None)

    @cached_property
    def labels(self) -> Counter[str]:
        """How many entities of each type were found."""
        return Counter(entity.label for tagged in self.found for entity in tagged.entities)

    @cached_property
    def exact(self) -> Counts:
        """The same without widening; its ``f1`` is the 'exact F1'."""
        pairs = zip(self.gold, self.found, strict=True)
        counts = (counts_of(strict_counts(gold.tagged, found), None) for gold, found in pairs)
        return sum(counts, Counts())

    @property
    def _pairs(self) -> Iterator[Pair]:
        return (pair for alignment in self.alignments for pair in alignment.pairs)

    @cached_property
    def confusion(self) -> Counter[tuple[str, str]]:
        """Aligned entities by (gold type, type found), O where one side has none."""
        return Counter((_type(pair.left), _type(pair.right)) for pair in self._pairs)

    @cached_property
    def errors(self) -> Counter[Kind]:
        """The aligned entities that are not right, by kind."""
        return Counter(pair.kind for pair in self._pairs if pair.kind in ERRORS)

    @cached_property
    def partial(self) -> dict[str, Figures]:
        """Partial credit by the four schemes of SemEval-2013 task 9.1, over the same alignment.

        Correct is: ``strict``, boundaries and type; ``exact``, boundaries; ``partial``, boundaries,
        and an overlap for half; ``type``, the type with any overlap. (Segura-Bedmar, Martínez &
        Herrero-Zazo 2013.) The package nervaluate matches from left to right, and so differs
        where one entity overlaps several.
        """
        micro, kinds = self.micro, self.errors
        exact = sum(pair.same_span for pair in self._pairs)
        overlapping = micro.tp + kinds[Kind.BOUNDARY] + kinds[Kind.LABEL]
        credit = {
            "strict": micro.tp,
            "exact": exact,
            "partial": (exact + overlapping) / 2,
            "type": micro.tp + kinds[Kind.BOUNDARY],
        }
        return {
            scheme: (
                share(right, micro.found),
                share(right, micro.support),
                share(2 * right, micro.found + micro.support),
            )
            for scheme, right in credit.items()
        }

    @cached_property
    def token_tags(self) -> list[tuple[str, str]]:
        """For each token its BIO2 tag in gold and the one found."""
        return [
            tags
            for gold, one in zip(self.gold, self.alignments, strict=True)
            for tags in zip(
                gold.tags, bio_tags(one.right.entities, gold.token_offsets), strict=True
            )
        ]

    @property
    def tags(self) -> dict[str, Counts]:
        """The counts of tokens by BIO2 tag; not of O, which nearly every token has."""
        right = Counter(tag for tag, other in self.token_tags if tag == other)
        gold = Counter(tag for tag, _ in self.token_tags)
        found = Counter(tag for _, tag in self.token_tags)
        return {
            tag: Counts(right[tag], found[tag] - right[tag], gold[tag] - right[tag])
            for tag in sorted({*gold, *found} - {OUTSIDE})
        }


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


def find_changes(left: Agreement, right: Agreement) -> tuple[list[Pair], list[Pair]]:
    """The errors that the right side added to one text, and those that it removed.

    Both are aligned with gold. One decision is one gold entity, right or wrong whatever the kind
    of error, or one spurious span of one type; so a gold entity that both get wrong is in neither
    list. Their numbers are the two counts of McNemar's test (``ner.stats.mcnemar_p``).
    """
    before, after = (
        {_decision(error): error for error in alignment.differences} for alignment in (left, right)
    )
    return (
        [error for key, error in after.items() if key not in before],
        [error for key, error in before.items() if key not in after],
    )


def averages(counts: Sequence[Counts]) -> dict[str, Figures]:
    """Of the rows of a classification report, as scikit-learn names them; ``counts`` has some.

    'micro avg' is over all decisions, 'macro avg' the plain mean of the rows, 'weighted avg' their
    mean by support.
    """
    supports = [one.support for one in counts]
    weights = {"macro avg": None, "weighted avg": supports if any(supports) else None}
    precision, recall, f1 = zip(*(one.figures for one in counts), strict=True)
    return {
        "micro avg": sum(counts, Counts()).figures,
        **{
            name: (fmean(precision, by), fmean(recall, by), fmean(f1, by))
            for name, by in weights.items()
        },
    }


def conlleval(scores: Scores) -> str:
    """The report of the CoNLL shared tasks' conlleval script, in per cent, line for line."""

    def written(counts: Counts) -> str:
        return (
            f"precision: {100 * counts.precision:6.2f}%; recall: {100 * counts.recall:6.2f}%; "
            f"FB1: {100 * counts.f1:6.2f}"
        )

    micro = scores.micro
    tokens = scores.token_tags
    lines = [
        f"processed {len(tokens)} tokens with {micro.support} phrases; "
        f"found: {micro.found} phrases; correct: {micro.tp}."
    ]
    right = [gold == found for gold, found in tokens]
    # Of the tokens that are part of an entity in gold.
    inside = [gold == found for gold, found in tokens if gold != OUTSIDE]
    if inside:
        lines.append(f"accuracy: {100 * sum(inside) / len(inside):6.2f}%; (non-O)")
    if right:
        accuracy = sum(right) / len(right)
        lines.append(f"accuracy: {100 * accuracy:6.2f}%; {written(micro)}")
    lines += [
        f"{label:>17}: {written(counts)}  {counts.found}"
        for label, counts in sorted(scores.strict.items())
    ]
    return "\n".join(lines) + "\n"


def _decision(error: Pair) -> tuple[object, ...]:
    """What an error is an error about: the same for two predictions of one text."""
    entity = error.entities[0]
    return error.left is None, entity.start, entity.end, entity.label


def _type(entity: Entity | None) -> str:
    return OUTSIDE if entity is None else entity.label
