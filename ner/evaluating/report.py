"""One or two sides against gold, or without it against each other: figures, verdict and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property

from ner.comparing.agreement import Agreement, Pair, agreement_estimate, align
from ner.comparing.gold_origin import origin_warning
from ner.comparing.origin import Origin
from ner.counts import Counts, counts_of
from ner.entities import Annotated, Tagged
from ner.errors import InputError
from ner.evaluating import verdicts
from ner.evaluating.breakdown import bucket_counts
from ner.evaluating.scores import ERRORS, LETTERS, Figures, Scores, conlleval, find_changes
from ner.models.open import Side
from ner.schema import Json, agreement_json, origin_json, provenance_json, to_json
from ner.stats import Estimate, count_of, f1_difference, mcnemar_p
from ner.tagging.choice import Choice
from ner.tagging.tagger import clean
from ner.tags import suggest_map
from ner.verdict import MAX_LOSS, Verdict, check_max_loss

# What the sides are called in JSON.
KEYS = ("left", "right")


@dataclass(frozen=True)
class Report:
    """One side, or a left and a right one, on the same texts, and the points of F1 that B may lose.

    Where texts are not ``labelled`` there is no gold: what the left side found stands for it.
    ``known`` has for each side the types that it can find, where that is more than it found;
    ``warning`` says why gold favours a side; ``choice`` is what they were tagged with, and ``name``
    is what the set of texts is called. Sentences are resampled for every interval.
    """

    sides: tuple[Scores, ...]
    max_loss: float = MAX_LOSS
    known: tuple[tuple[str, ...], ...] = ()
    warning: str | None = None
    choice: Choice = field(default_factory=Choice)
    name: str | None = None
    labelled: bool = True

    @property
    def gold(self) -> tuple[Annotated, ...]:
        """The texts with their gold, of labels that count."""
        return self.sides[0].gold

    @property
    def titles(self) -> tuple[str, ...]:
        """What a reader calls the sides."""
        return tuple(side.origin.title for side in self.sides)

    @property
    def paired(self) -> bool:
        """Whether there is a right side."""
        return len(self.sides) == 2

    @cached_property
    def agreements(self) -> tuple[Agreement, ...]:
        """For each text both results aligned; none without a right side."""
        return tuple(map(align, *(side.found for side in self.sides))) if self.paired else ()

    @cached_property
    def changed(self) -> tuple[tuple[list[Pair], list[Pair]], ...]:
        """For each text the errors that the right side added and removed: none by one alone."""
        return tuple(map(find_changes, self.sides[0].alignments, self.sides[-1].alignments))

    @property
    def changes(self) -> tuple[int, int]:
        """How many errors the right side added to the left one's, and how many it removed."""
        added, removed = (sum(len(one[at]) for one in self.changed) for at in (0, 1))
        return added, removed

    @property
    def changes_sentence(self) -> str:
        """The errors that the right side added and removed, with the paired test."""
        added, removed = self.changes
        return (
            f"{self.titles[1]} added {count_of(added, 'error')} and removed {removed:,} "
            f"(McNemar's exact test: p = {mcnemar_p(added, removed):.3f})."
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The types in gold or found by any side."""
        return tuple(sorted(set().union(*(side.strict for side in self.sides))))

    @property
    def gold_labels(self) -> set[str]:
        """The types in gold."""
        return {label for label, one in self.sides[0].strict.items() if one.support}

    def support(self, label: str | None = None) -> int:
        """How many entities of one type or of all (None) are in gold."""
        return counts_of(self.sides[0].strict, label).support

    def difference(self, label: str | None = None) -> Estimate:
        """The right F1 minus the left one, paired by sentence, of one type or of all (None)."""
        return f1_difference(*(side.rows(label) for side in self.sides))

    @property
    def verdict(self) -> Verdict | None:
        """Whether the right side may stand in for the left one; None where there is none.

        That is without a right side, or where gold and model do not fit (``misfit``).
        """
        if not self.labelled:
            return verdicts.without_gold(self.agreements, max_loss=self.max_loss, names=self.titles)
        return self.judgements[0].verdict if self.judgements else None

    @cached_property
    def misfit(self) -> str | None:
        """Why gold can't judge the sides, in a sentence; None where it can."""
        if self.warning and any(not side.errors for side in self.sides):
            return f"No verdict, because a side finds exactly this gold. {self.warning}"
        return verdicts.misfit(self)

    @cached_property
    def judgements(self) -> tuple[verdicts.Judgement, ...]:
        """That of all types, then of each; none where gold gives no verdict."""
        if not (self.labelled and self.paired) or self.misfit:
            return ()
        labels = (None, *self.labels)
        return tuple(verdicts.against_gold(self, label, self.max_loss) for label in labels)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What must be said of the gold, and of types that the sides or gold don't share."""
        told = filter(None, [self.misfit or self.warning])
        return (*told, *_label_notes(self)) if self.labelled else ()

    @cached_property
    def provenance(self) -> Json:
        """What it is a result of; the date is that of the first time that this is asked."""
        origins = [side.origin for side in self.sides]
        told = provenance_json(origins, self.choice, gold=self.name)
        return {**told, "max_loss": self.max_loss}

    def json(self) -> Json:
        """What ``evaluate`` answers for one set: on the command line, over HTTP, as a download.

        ``left`` and ``right`` have each side's origin and figures; ``agreement`` is the F1 of the
        right side's entities against the left one's, ``difference`` the right F1 minus the left
        one, ``labels`` the same and the verdict by type; ``changes`` are the errors that the right
        side added and removed, with the p of McNemar's exact test. Without a right side ``left``
        stands alone, and ``verdict`` is null where gold and model do not fit. ``notes`` are
        sentences; ``provenance`` is what it all is a result of. Without gold there are only the
        agreement, the verdict and for each text what ``compare`` answers.
        """
        answer: Json = {"provenance": self.provenance}
        if self.paired:
            answer["agreement"] = agreement_estimate(self.agreements)
            answer["verdict"] = self._verdict_json(self.verdict)
        if self.labelled:
            answer |= {key: _side_json(side) for key, side in zip(KEYS, self.sides, strict=False)}
            answer |= {"sentences": len(self.gold), "notes": self.notes}
        else:
            origins = [side.origin for side in self.sides]
            answer["lines"] = [agreement_json(one, origins, None) for one in self.agreements]
        if self.labelled and self.paired:
            added, removed = self.changes
            answer["difference"] = self.difference()
            answer["changes"] = {
                "added": added,
                "removed": removed,
                "p": mcnemar_p(added, removed),
            }
            answer["labels"] = {
                one.label: {**asdict(one), "verdict": self._verdict_json(one.verdict)}
                for one in self.judgements[1:]
            }
        written: Json = to_json(answer)
        return written

    def _verdict_json(self, given: Verdict | None) -> Json | None:
        """``answer`` is yes, no or undecided; ``more`` about how many entities would settle it."""
        return None if given is None else {**asdict(given), "max_loss": self.max_loss}


def score_predictions(
    gold: Sequence[Annotated],
    *found: Sequence[Tagged],
    labels: Sequence[str] | None = None,
    origins: Sequence[Origin] = LETTERS,
) -> Report:
    """What one or two sides found, scored against gold; ``labels`` None counts all types."""
    counted = tuple(replace(text, tagged=text.tagged.keep(labels=labels)) for text in gold)
    return Report(
        tuple(
            Scores(counted, tuple(one.keep(labels=labels) for one in side), origin)
            for side, origin in zip(found, origins[: len(found)], strict=True)
        )
    )


def report_sides(
    sides: Sequence[Side],
    gold: Sequence[Annotated],
    choice: Choice,
    *,
    max_loss: float = MAX_LOSS,
    began: Iterable[str] = (),
    name: str | None = None,
) -> Report:
    """Tag ``gold`` with one side or two, and score them.

    ``choice.labels`` are the types that count; None counts all, and gold may then have no other
    type (``InputError``), so that nothing is scored in silence. ``began`` are the sides from whose
    output any of gold began, ``name`` is what it is called. Raises ``InputError`` too for a loss
    that can't be accepted.
    """
    check_max_loss(max_loss)
    taggers = [side.tagger.using(replace(choice, labels=None)) for side in sides]
    for tagger in taggers:
        choice.check_labels(tagger.labels)
        if choice.labels is None:
            _check_gold(gold, tagger.labels)
    texts = [sentence.tagged.text for sentence in gold]
    found = [tagger.tag_many(texts) for tagger in taggers]
    origins = [side.origin for side in sides]
    return replace(
        score_predictions(gold, *found, labels=choice.labels, origins=origins),
        max_loss=max_loss,
        known=tuple(choice.labels or tagger.labels for tagger in taggers),
        warning=origin_warning(began, origins),
        choice=choice,
        name=name,
    )


def report_agreement(
    sides: Sequence[Side],
    texts: Sequence[str],
    *,
    max_loss: float = MAX_LOSS,
    name: str | None = None,
) -> Report:
    """Tag ``texts``, which have no labels, with both sides."""
    bare = [Annotated(Tagged(clean(text)), ()) for text in texts]
    report = report_sides(sides, bare, Choice(), max_loss=max_loss, name=name)
    return replace(report, labelled=False)


def _check_gold(gold: Sequence[Annotated], known: Sequence[str]) -> None:
    present = {entity.label for sentence in gold for entity in sentence.tagged.entities}
    strange = sorted(present - set(known))
    if strange:
        raise InputError(
            f"Gold has labels that the model does not know: {', '.join(strange)[:200]}. The model "
            f"has {', '.join(known)}. Name the labels to count; the others are then left out."
            f"{suggest_map(strange, known)}"
        )


def _label_notes(report: Report) -> Iterator[str]:
    """Sentences on types that only one side has, or that were found but are not in gold."""
    found = [side.labels for side in report.sides]
    has = [set(labels) for labels in report.known or found]
    only = [
        f"only {name} has {', '.join(sorted(labels - other))}"
        for name, labels, other in zip(report.titles, has, reversed(has), strict=True)
        if labels - other
    ]
    if only:
        yield f"Labels differ: {'; '.join(only)}. Name the labels to count: those that both have."
    for name, labels in zip(report.titles, found, strict=True):
        strange = sorted(set(labels) - report.gold_labels)
        if strange:
            times = sum(labels[label] for label in strange)
            yield (
                f"Gold has no {', '.join(strange)}: the {times:,} that {name} found count as "
                "errors. Name the labels to count, and the others are left out."
            )


def _side_json(side: Scores) -> Json:
    return {
        **origin_json(side.origin),
        **_figures(side.micro),
        "f1": side.f1(),
        "exact_f1": side.exact.f1,
        "per_type": {label: _figures(one) for label, one in sorted(side.strict.items())},
        "partial": {scheme: _named(figures) for scheme, figures in side.partial.items()},
        "errors": {name: side.errors[kind] for kind, name in ERRORS.items()},
        "confusion": [
            {"gold": gold, "predicted": predicted, "entities": count}
            for (gold, predicted), count in sorted(side.confusion.items())
        ],
        "buckets": {
            dimension: {name: _figures(counts) for name, counts in rows.items()}
            for dimension, rows in bucket_counts(side).items()
        },
        "conlleval": conlleval(side),
    }


def _figures(counts: Counts) -> Json:
    return {**_named(counts.figures), "support": counts.support}


def _named(figures: Figures) -> Json:
    return dict(zip(("precision", "recall", "f1"), figures, strict=True))
