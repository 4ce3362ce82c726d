"""An evaluation with where its sides come from: its verdicts, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ner.comparing.agreement import Agreement, Pair, agreement_estimate, align
from ner.comparing.gold_origin import origin_warning
from ner.comparing.origin import Origin
from ner.counts import Counts, counts_of
from ner.entities import Annotated, Explained
from ner.evaluating import verdicts
from ner.evaluating.breakdown import bucket_counts
from ner.evaluating.evaluation import Evaluation, evaluate, label_notes
from ner.evaluating.scores import ErrorKind, Figures, Scores, conlleval
from ner.evaluating.verdicts import Judgement
from ner.models.open import Sides
from ner.schema import Json, agreement_json, origin_json, provenance_json, to_json
from ner.stats import Estimate, mcnemar_p
from ner.tagging.choice import Choice
from ner.verdict import MAX_LOSS, Verdict

KEYS = ("left", "right")


@dataclass(frozen=True)
class ScoredSide:
    """One side of an evaluation (0 left, 1 right), and what is told of it."""

    evaluation: Evaluation
    index: int
    origin: Origin

    @property
    def scores(self) -> Scores:
        """What is counted of it."""
        return self.evaluation.sides[self.index]

    @cached_property
    def changes(self) -> list[list[Pair]]:
        """For each sentence its errors that the other side does not make."""
        # What the right side added to the left one's errors is first.
        if not self.evaluation.paired:
            return [[]] * len(self.evaluation.gold)
        return [change[1 - self.index] for change in self.evaluation.changes]

    @cached_property
    def buckets(self) -> dict[str, dict[str, Counts]]:
        """The counts of each bucket by dimension."""
        return bucket_counts(self.scores)

    @property
    def key(self) -> str:
        """What it is called in JSON and in the page's data."""
        return KEYS[self.index]

    def counts(self, label: str | None) -> Counts:
        """Its strict counts; of one type, or of all (None)."""
        return counts_of(self.scores.strict, label)

    @cached_property
    def f1(self) -> dict[str | None, Estimate]:
        """Its F1 by type; under None of all types."""
        labels = (None, *self.evaluation.labels)
        return {label: self.evaluation.f1(self.index, label) for label in labels}


@dataclass(frozen=True)
class Report:
    """An evaluation with where its sides come from, and the points of F1 that B may lose.

    ``origins`` has one for each side, the left one first, and so has ``known``: the types that a
    side can find, where that is more than it found. ``warning`` says why gold favours a side;
    ``choice`` is what they were tagged with, and ``gold`` is what the set is called.
    """

    evaluation: Evaluation
    origins: tuple[Origin, ...]
    max_loss: float = MAX_LOSS
    known: tuple[tuple[str, ...], ...] = ()
    warning: str | None = None
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
    def titles(self) -> tuple[str, ...]:
        """What a reader calls the sides."""
        return tuple(origin.title for origin in self.origins)

    @property
    def verdict(self) -> Verdict | None:
        """Whether the right side may stand in for the left one; None where there is none.

        That is without a right side, or where gold and model do not fit (``misfit``).
        """
        return self.judgements[0].verdict if self.judgements else None

    @cached_property
    def misfit(self) -> str | None:
        """Why gold can't judge the sides, in a sentence; None where it can."""
        if self.warning and any(not side.errors for side in self.evaluation.sides):
            return f"No verdict, because a side finds exactly this gold. {self.warning}"
        return verdicts.misfit(self.evaluation, self.known, self.titles)

    @cached_property
    def provenance(self) -> Json:
        """What it is a result of; the date is that of the first time that this is asked."""
        return _provenance(self, self.gold)

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """That of all types, then of each; none where there is no verdict."""
        if not self.evaluation.paired or self.misfit:
            return ()
        return tuple(map(self.judge, (None, *self.evaluation.labels)))

    def judge(self, label: str | None, max_loss: float | None = None) -> Judgement:
        """One type, or all (None), with a right side; ``max_loss`` in place of the report's."""
        left, right = self.titles
        asked = self.max_loss if max_loss is None else max_loss
        return verdicts.against_gold(
            self.evaluation, label=label, max_loss=asked, names=(left, right)
        )

    @property
    def changes(self) -> tuple[int, int]:
        """How many errors the right side added to the left one's, and how many it removed."""
        changes = self.evaluation.changes
        return sum(len(added) for added, _ in changes), sum(len(removed) for _, removed in changes)

    @property
    def changes_sentence(self) -> str:
        """The errors that the right side added and removed, with the paired test."""
        added, removed = self.changes
        return (
            f"{self.titles[1]} added {verdicts.count_of(added, 'error')} and removed {removed:,} "
            f"(McNemar's exact test: p = {mcnemar_p(added, removed):.3f})."
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What must be said of the gold, and of types that the sides or gold don't share."""
        found = label_notes(self.evaluation, self.titles, self.known)
        first = self.misfit or self.warning
        return (*([first] if first else []), *found)

    def json(self) -> Json:
        """What ``evaluate`` answers for one set: on the command line, over HTTP, as a download.

        ``left`` and ``right`` have each side's origin and figures; ``agreement`` is the F1 of the
        right side's entities against the left one's, ``difference`` the right F1 minus the left
        one, ``labels`` the same and the verdict by type; ``changes`` are the errors that the right
        side added and removed, with the p of McNemar's exact test. Without a right side ``left``
        stands alone, and ``verdict`` is null where gold and model do not fit. ``notes`` are
        sentences; ``provenance`` is what it all is a result of.
        """
        answer: Json = {
            "sentences": len(self.evaluation.gold),
            **{side.key: _side_json(side) for side in self.sides},
            "notes": list(self.notes),
            "provenance": self.provenance,
        }
        if not self.evaluation.paired:
            return answer
        added, removed = self.changes
        compared: Json = to_json(
            {
                "agreement": self.evaluation.agreement(),
                "difference": self.evaluation.difference(),
                "verdict": verdict_json(self.verdict, self.max_loss),
                "labels": {
                    one.label: to_json(one) | {"verdict": verdict_json(one.verdict, self.max_loss)}
                    for one in self.judgements[1:]
                },
                "changes": {"added": added, "removed": removed, "p": mcnemar_p(added, removed)},
            }
        )
        return answer | compared


def report_sides(
    sides: Sides,
    gold: Sequence[Annotated],
    choice: Choice,
    *,
    max_loss: float = MAX_LOSS,
    began: Iterable[str] = (),
    name: str | None = None,
) -> Report:
    """Tag ``gold`` with the sides that there are, and score them.

    ``choice.labels`` are the types that count; None counts all, and gold may then have no other
    type (``InputError``). ``began`` are the sides from whose output any of gold began, ``name`` is
    what it is called.
    """
    everything = replace(choice, labels=None)
    taggers = [side.tagger.using(everything) for side in sides.all]
    scored = evaluate(gold, *taggers, labels=choice.labels)
    origins = tuple(side.origin for side in sides.all)
    known = tuple(choice.labels or tagger.labels for tagger in taggers)
    warning = origin_warning(began, origins)
    return Report(scored, origins, max_loss, known, warning, choice, name)


def verdict_json(given: Verdict | None, max_loss: float) -> Json | None:
    """``answer`` is yes, no or undecided; ``more`` about how many entities would settle it."""
    return None if given is None else {**to_json(given), "max_loss": max_loss}


def _side_json(side: ScoredSide) -> Json:
    scores = side.scores
    found: Json = to_json(
        {
            **_figures(scores.micro),
            "f1": side.f1[None],
            "exact_f1": scores.exact.f1,
            "per_type": {label: _figures(one) for label, one in sorted(scores.strict.items())},
            "partial": {scheme: _named(figures) for scheme, figures in scores.partial.items()},
            "errors": {kind.value: scores.errors[kind] for kind in ErrorKind},
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
    )
    return {**origin_json(side.origin), **found}


def _figures(counts: Counts) -> Json:
    return {**_named(counts.figures), "support": counts.support}


def _named(figures: Figures) -> Json:
    return dict(zip(("precision", "recall", "f1"), figures, strict=True))


@dataclass(frozen=True)
class AgreementReport:
    """What both sides found in each text without gold, in order; the left one stands for gold.

    ``choice`` is what the texts were tagged with, and ``texts`` is what they are called.
    """

    origins: tuple[Origin, Origin]
    left: tuple[Explained, ...]
    right: tuple[Explained, ...]
    max_loss: float = MAX_LOSS
    choice: Choice = field(default_factory=Choice)
    texts: str | None = None

    @cached_property
    def provenance(self) -> Json:
        """What it is a result of; the date is that of the first time that this is asked."""
        return _provenance(self, self.texts)

    @cached_property
    def agreements(self) -> tuple[Agreement, ...]:
        """Both results of each text, aligned."""
        return tuple(
            align(left.tagged, right.tagged)
            for left, right in zip(self.left, self.right, strict=True)
        )

    @property
    def verdict(self) -> Verdict:
        """Whether the right side may stand in for the left one."""
        left, right = (origin.title for origin in self.origins)
        return verdicts.without_gold(self.agreements, max_loss=self.max_loss, names=(left, right))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that either side found."""
        both = (*self.left, *self.right)
        return tuple(sorted({entity.label for one in both for entity in one.tagged.entities}))

    def json(self) -> Json:
        """The agreement, the verdict, and for each text what ``compare`` answers."""
        return {
            "agreement": to_json(agreement_estimate(self.agreements)),
            "verdict": verdict_json(self.verdict, self.max_loss),
            "provenance": self.provenance,
            "lines": [agreement_json(one, self.origins, None) for one in self.agreements],
        }


def _provenance(report: Report | AgreementReport, texts: str | None) -> Json:
    told = provenance_json(report.origins, report.choice, gold=texts)
    return {**told, "max_loss": report.max_loss}
