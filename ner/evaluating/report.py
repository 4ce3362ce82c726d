"""An evaluation with where its sides come from, as JSON and CSV: all from the same figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ner.comparing.agreement import agreement_f1
from ner.comparing.gold_origin import Bias, GoldOrigin, find_bias
from ner.comparing.origin import Origin
from ner.counts import Counts
from ner.entities import Annotated, Entity
from ner.evaluating import verdict
from ner.evaluating.breakdown import Decision, bucket_counts, decisions
from ner.evaluating.evaluation import Evaluation, evaluate, label_notes
from ner.evaluating.scores import ErrorKind, Scores, conlleval, total
from ner.evaluating.verdict import TOLERANCE, Judgement
from ner.io import write_csv
from ner.models.open import Sides
from ner.schema import origin_json, provenance_cells, provenance_json, to_json
from ner.stats import Estimate, f1_estimate, mcnemar_p
from ner.tagging.choice import Choice
from ner.verdict import Verdict

Json = dict[str, Any]
KEYS = ("left", "right")


@dataclass(frozen=True)
class Report:
    """An evaluation with where its sides come from, and the loss of F1 that is accepted.

    ``origins`` has one for each side of the evaluation, the left one first, and so has ``known``:
    the types that a side can find, where that is more than it found. ``bias`` says why gold is no
    fair judge of them, where it is none; ``choice`` is what they were tagged with, and ``gold`` is
    what the set is called.
    """

    evaluation: Evaluation
    origins: tuple[Origin, ...]
    tolerance: float = TOLERANCE
    known: tuple[tuple[str, ...], ...] = ()
    bias: Bias | None = None
    choice: Choice = field(default_factory=Choice)
    gold: str | None = None

    def __post_init__(self) -> None:
        if len(self.origins) != len(self.evaluation.sides):
            raise ValueError("a report needs one origin for each side of its evaluation")

    @cached_property
    def sides(self) -> tuple[ScoredSide, ...]:
        """Each side with its figures, the left one first."""
        return tuple(
            ScoredSide(self.evaluation, index, origin) for index, origin in enumerate(self.origins)
        )

    @property
    def verdict(self) -> Verdict | None:
        """Whether the right side may stand in for the left one; None without a right side."""
        return self.judgements[0].verdict if self.judgements else None

    @cached_property
    def provenance(self) -> Json:
        """What it is a result of; the date is that of the first time that this is asked."""
        told = provenance_json(self.origins, self.choice, gold=self.gold)
        return {**told, "accepted_loss": self.tolerance}

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """That of all types, then of each; none without a right side, or where gold is its own."""
        if len(self.origins) < 2 or (self.bias is not None and self.bias.settles_nothing):
            return ()
        return tuple(map(self.judge, (None, *self.labels)))

    def judge(self, label: str | None, tolerance: float | None = None) -> Judgement:
        """One type, or all (None), with a right side; ``tolerance`` in place of the report's."""
        left, right = (origin.title for origin in self.origins)
        return verdict.against_gold(
            self.evaluation,
            label=label,
            tolerance=self.tolerance if tolerance is None else tolerance,
            names=(left, right),
        )

    @property
    def changes(self) -> tuple[int, int]:
        """How many errors the right side added to the left one's, and how many it removed."""
        changes = self.evaluation.changes
        return sum(len(text.added) for text in changes), sum(len(text.removed) for text in changes)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What must be said of types that the sides or gold don't share; often nothing."""
        titles = [origin.title for origin in self.origins]
        return tuple(label_notes(self.evaluation, titles, self.known))

    @property
    def labels(self) -> tuple[str, ...]:
        """The types in gold or in any of the sides."""
        return tuple(sorted(set().union(*(side.total.strict for side in self.sides))))


def report_sides(
    sides: Sides,
    gold: Sequence[Annotated],
    choice: Choice,
    *,
    tolerance: float = TOLERANCE,
    began: Sequence[GoldOrigin] = (),
    name: str | None = None,
) -> Report:
    """Tag ``gold`` with the sides that there are, and score them.

    ``choice.labels`` are the types that count; None counts all, and gold may then have no other
    type (``InputError``). ``began`` is what the texts of gold began as, ``name`` what it is called.
    """
    everything = replace(choice, labels=None)
    taggers = [side.tagger.using(everything) for side in sides.all]
    scored = evaluate(gold, *taggers, labels=choice.labels)
    origins = tuple(side.origin for side in sides.all)
    known = tuple(choice.labels or tagger.labels for tagger in taggers)
    bias = find_bias(began, origins)
    return Report(scored, origins, tolerance, known, bias, choice, name)


@dataclass(frozen=True)
class ScoredSide:
    """One side of an evaluation (0 left, 1 right), and what is told of it."""

    evaluation: Evaluation
    index: int
    origin: Origin

    @property
    def scores(self) -> tuple[Scores, ...]:
        """Its scores, sentence by sentence."""
        return self.evaluation.sides[self.index]

    @cached_property
    def total(self) -> Scores:
        """Its summed scores."""
        return total(self.scores)

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions behind its figures."""
        return tuple(decisions(self.evaluation, self.index))

    @cached_property
    def buckets(self) -> dict[str, dict[str, Counts]]:
        """The counts of each bucket by dimension."""
        return bucket_counts(self.evaluation, self.index)

    @property
    def key(self) -> str:
        """What it is called in JSON and in the page's data."""
        return KEYS[self.index]

    def counts(self, label: str | None) -> Counts:
        """Its strict counts; of one type, or of all (None)."""
        return self.total.micro if label is None else self.total.strict.get(label, Counts())

    @cached_property
    def f1(self) -> dict[str | None, Estimate]:
        """Its F1 by type; under None of all types."""
        labels = {label for side in self.evaluation.sides for label in total(side).strict}
        return {label: self.evaluation.f1(self.index, label) for label in (None, *labels)}


def report_json(report: Report) -> Json:
    """What ``evaluate`` answers for one set: on the command line, over HTTP and as a download.

    ``left`` and ``right`` have each side's origin and figures; ``agreement`` is the F1 of the right
    side's entities against the left one's, ``difference`` the right F1 minus the left one with its
    paired 95 % bootstrap interval, ``labels`` the same and the verdict by type; ``changes`` are the
    errors that the right side added and removed, with the p of McNemar's exact test. Without a
    right side ``left`` stands alone. ``notes`` are sentences, often none; ``provenance`` is what it
    all is a result of.
    """
    evaluation = report.evaluation
    sides = {side.key: _side_json(side) for side in report.sides}
    notes = [*([report.bias.sentence] if report.bias else []), *report.notes]
    answer: Json = {"sentences": len(evaluation.gold), **sides, "notes": notes}
    answer["provenance"] = report.provenance
    if report.verdict is None:
        return answer
    added, removed = report.changes
    overall, *labels = report.judgements
    return {
        **answer,
        "agreement": _r(agreement_f1(evaluation.agreements)),
        "difference": to_json(overall.difference),
        "verdict": {**verdict_json(report.verdict), "tolerance": report.tolerance},
        "labels": {
            judgement.label: {
                **verdict_json(judgement.verdict),
                "entities": judgement.entities,
                "left": to_json(judgement.left),
                "right": to_json(judgement.right),
                "difference": to_json(judgement.difference),
            }
            for judgement in labels
        },
        "changes": {"added": added, "removed": removed, "p": _r(mcnemar_p(added, removed))},
    }


def verdict_json(given: Verdict) -> Json:
    """``answer`` is yes, no or open; ``more`` is about how many entities would settle it."""
    return {"answer": given.answer.value, "sentence": given.sentence, "more": given.more}


def _side_json(side: ScoredSide) -> Json:
    return {**origin_json(side.origin), **scores_json(side.scores), **_details(side)}


def _details(side: ScoredSide) -> Json:
    scores = side.total
    return {
        "errors": {kind.value: scores.errors.get(kind, 0) for kind in ErrorKind},
        "confusion": [
            {"gold": gold, "predicted": predicted, "entities": count}
            for (gold, predicted), count in sorted(scores.confusion.items())
        ],
        "buckets": {
            dimension: {name: _figures(counts) for name, counts in rows.items()}
            for dimension, rows in side.buckets.items()
        },
        "conlleval": conlleval(scores),
    }


def figures_csv(report: Report) -> str:
    """One row for each figure of each side: overall, per type, and per bucket. F1 are fractions.

    Each row also tells what it is a result of.
    """
    head = ("side", "group", "name", "precision", "recall", "f1", "support", "tp", "fp", "fn")
    cells = [provenance_cells(report.provenance, side.index) for side in report.sides]
    rows = [
        (side.origin.title, group, key, *_written(counts), *cells[side.index].values())
        for side in report.sides
        for group, key, counts in groups(side)
    ]
    return write_csv([(*head, *cells[0]), *rows])


def errors_csv(report: Report) -> str:
    """One row for each error of each side, with its sentence; sentences count from 1.

    ``changed`` tells whether the other side does not make the error; offsets are half-open code
    points of the sentence.
    """
    head = ("side", "error", "changed", "sentence", *_ENTITY_COLUMNS, "text")
    cells = [provenance_cells(report.provenance, side.index) for side in report.sides]
    rows = []
    for side in report.sides:
        for decision in side.decisions:
            if decision.error is not None:
                text = report.evaluation.gold[decision.sentence].tagged.text
                both = (*_cells(decision.gold, text), *_cells(decision.predicted, text))
                changed = "yes" if decision.changed else "no"
                about = (side.origin.title, decision.error.value, changed, decision.sentence + 1)
                rows.append((*about, *both, text, *cells[side.index].values()))
    return write_csv([(*head, *cells[0]), *rows])


_ENTITY_COLUMNS = tuple(
    f"{side}_{column}" for side in ("gold", "found") for column in ("start", "end", "label", "text")
)


def _cells(entity: Entity | None, text: str) -> tuple[object, ...]:
    if entity is None:
        return ("", "", "", "")
    return entity.start, entity.end, entity.label, text[entity.start : entity.end]


def groups(side: ScoredSide) -> Iterator[tuple[str, str, Counts]]:
    """The counts of all, of each type and of each bucket, with their group and name."""
    scores = side.total
    yield "overall", "all types", scores.micro
    for label in sorted(scores.strict):
        yield "type", label, scores.strict[label]
    for dimension, rows in side.buckets.items():
        for name, counts in rows.items():
            yield dimension, name, counts


def _written(counts: Counts) -> tuple[object, ...]:
    return (*(f"{value:.6f}" for value in _prf(counts)), counts.support, *counts.row)


def _prf(counts: Counts) -> tuple[float, float, float]:
    return counts.precision, counts.recall, counts.f1


def scores_json(per_sentence: Sequence[Scores]) -> Json:
    """Strict figures overall and per type, the F1's 95 % interval, exact and partial beside it."""
    scores = total(per_sentence)
    f1 = f1_estimate([scores.micro.row for scores in per_sentence])
    return {
        **_figures(scores.micro),
        "f1_low": _r(f1.low),
        "f1_high": _r(f1.high),
        "exact_f1": _r(scores.exact_micro.f1),
        "per_type": {label: _figures(scores.strict[label]) for label in sorted(scores.strict)},
        "partial": {
            scheme: {
                "precision": _r(outcomes.precision),
                "recall": _r(outcomes.recall),
                "f1": _r(outcomes.f1),
            }
            for scheme, outcomes in (
                ("strict", scores.semeval.strict),
                ("exact", scores.semeval.exact),
                ("partial", scores.semeval.partial),
                ("type", scores.semeval.type),
            )
        },
    }


def _figures(counts: Counts) -> Json:
    return {
        "precision": _r(counts.precision),
        "recall": _r(counts.recall),
        "f1": _r(counts.f1),
        "support": counts.support,
    }


def _r(value: float) -> float:
    return round(value, 6)
