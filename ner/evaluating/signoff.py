"""The report to sign: all that a decision rests on, as one HTML file that prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ner.comparing.agreement import Pair
from ner.comparing.timing import Latency, Timing
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.acceptance import Acceptance
from ner.evaluating.evaluation import Evaluation
from ner.evaluating.markdown import changes_sentence
from ner.evaluating.report import Report
from ner.evaluating.scores import widen
from ner.machine import Machine, describe
from ner.markup import megabytes, milliseconds, percent, render
from ner.models.child import ensure_prepared
from ner.models.folder import Manifest, sha256
from ner.models.open import Side, Sides
from ner.models.recipes import Variant
from ner.stats import ratio_verdict
from ner.tagging.choice import Choice
from ner.verdict import Answer, gravest

# How long both sides are timed in turns on one text, in milliseconds.
_TIMING_MS = 3000.0
# More are counted, not shown: nobody reads them on paper.
_MOST_ROWS = 200
# Characters of the text on either side of a difference.
_AROUND = 40


@dataclass(frozen=True)
class Made:
    """A side, how it was made, and the memory of a process that tags with it, in bytes."""

    side: Side
    manifest: Manifest
    memory: int


@dataclass(frozen=True)
class SignOff:
    """What is signed.

    ``gold`` has the SHA-256 of the file of each of ``acceptances`` by name; ``timings`` are by what
    was timed, ``settings`` as a reader calls them.
    """

    acceptances: tuple[Acceptance, ...]
    gold: Mapping[str, str]
    made: tuple[Made, Made]
    timings: Mapping[str, Timing]
    settings: Mapping[str, str]
    machine: Machine
    date: datetime


def sign_off(
    sides: Sides,
    acceptances: Sequence[Acceptance],
    gold: Mapping[str, Path],
    *,
    choice: Choice,
    settings: Mapping[str, str],
    memory_of: Callable[[Variant, Sequence[str]], int],
) -> SignOff:
    """Time both sides in turns on a usual sentence and document of gold, and gather the rest.

    ``gold`` has the file of each set; ``memory_of`` measures what a process holds that tags texts
    with a variant, in bytes.
    """
    sentences = _texts(acceptance.report for acceptance in acceptances)
    documents = _texts(acceptance.documents for acceptance in acceptances)
    usual = {
        f"{what} of {len(text):,} characters": text
        for what, texts in (("A sentence", sentences), ("A document", documents))
        for text in texts[len(texts) // 2 :][:1]
    }
    timed = {
        what: sides.compare(text, choice, budget_ms=_TIMING_MS).timing
        for what, text in usual.items()
    }
    left, right = (
        Made(side, ensure_prepared(side.variant).manifest, memory_of(side.variant, sentences))
        for side in sides.both
    )
    return SignOff(
        acceptances=tuple(acceptances),
        gold={name: sha256(file) for name, file in gold.items()},
        made=(left, right),
        timings={what: timing for what, timing in timed.items() if timing is not None},
        settings=_choice_rows(choice) | dict(settings),
        machine=describe(),
        date=datetime.now(UTC),
    )


def _texts(reports: Iterable[Report]) -> list[str]:
    """The texts of gold, the shortest first."""
    found = [text.tagged.text for report in reports for text in report.evaluation.gold]
    return sorted(found, key=len)


def _choice_rows(choice: Choice) -> dict[str, str]:
    return {
        "Types counted": ", ".join(choice.labels or ()) or "all",
        "Pieces to words": choice.aggregation.value,
        "Least score of an entity": f"{choice.threshold:g}",
    }


@dataclass(frozen=True, slots=True)
class Found:
    """What one side, or gold, has at a place; ``right`` is None for gold and for nothing."""

    label: str
    text: str
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sides that differ, in sentence ``number`` (from 1), within what stands around it."""

    number: int
    before: str
    text: str
    after: str
    left: Found | None
    right: Found | None
    gold: tuple[Found, ...]


def signoff_html(signed: SignOff) -> str:
    """The file, whole: no script, nothing from elsewhere, and everything escaped."""
    left, right = (made.side.origin for made in signed.made)
    answers = [
        check.verdict.answer for acceptance in signed.acceptances for check in acceptance.checks
    ]
    return render(
        "ner.evaluating",
        "signoff.html",
        left=left,
        right=right,
        answer=gravest(answers) if answers else None,
        undecided=f"{answers.count(Answer.UNDECIDED)} of {len(answers)}",
        accepted=f"{100 * signed.acceptances[0].report.tolerance:.1f} points",
        sets=[
            _set_values(acceptance, signed.gold[acceptance.name])
            for acceptance in signed.acceptances
        ],
        made=_side_rows(signed),
        costs=_cost_rows(signed),
        settings=signed.settings.items(),
        machine=_machine_rows(signed.machine).items(),
        date=f"{signed.date:%Y-%m-%d %H:%M} UTC",
    )


def differences(evaluation: Evaluation) -> Iterator[Difference]:
    """Each place where the two sides differ, in order, with what gold has there."""
    for index, agreement in enumerate(evaluation.agreements):
        gold = evaluation.gold[index]
        for pair in agreement.differences:
            yield _difference(index + 1, gold, pair)


def _difference(number: int, gold: Annotated, pair: Pair) -> Difference:
    text = gold.tagged.text
    both = [entity for entity in (pair.left, pair.right) if entity is not None]
    start, end = min(entity.start for entity in both), max(entity.end for entity in both)
    there = [entity for entity in gold.tagged.entities if entity.start < end and start < entity.end]
    return Difference(
        number,
        text[max(0, start - _AROUND) : start],
        text[start:end],
        text[end : end + _AROUND],
        _found(pair.left, gold),
        _found(pair.right, gold),
        tuple(Found(entity.label, gold.tagged.spelled(entity)) for entity in there),
    )


def _found(entity: Entity | None, gold: Annotated) -> Found | None:
    """An entity, and whether gold has it once it is widened to whole tokens, as in scoring."""
    if entity is None:
        return None
    text = gold.tagged.text
    [widened] = widen(Tagged(text, (entity,)), gold).entities
    wanted = {(one.start, one.end, one.label) for one in gold.tagged.entities}
    right = (widened.start, widened.end, widened.label) in wanted
    return Found(entity.label, text[entity.start : entity.end], right)


def _set_values(acceptance: Acceptance, digest: str) -> dict[str, object]:
    report, joined = acceptance.report, acceptance.documents
    found = list(differences(report.evaluation))
    return {
        "name": acceptance.name,
        "sha256": digest,
        "verdict": report.verdict,
        "checks": acceptance.checks,
        "types": [
            (
                judgement.label or "all types",
                f"{judgement.entities:,}",
                *((found.number(), found.range()) for found in (judgement.left, judgement.right)),
                (judgement.difference.number(sign=True), judgement.difference.range(sign=True)),
                judgement.verdict.answer.value,
            )
            for judgement in report.judgements
        ],
        "documents": _as_documents(joined),
        "notes": (changes_sentence(report), *report.notes),
        "differences": list(islice(found, _MOST_ROWS)),
        "count": len(found),
    }


def _as_documents(joined: Report) -> str:
    left, right = (side.total.micro.f1 for side in joined.sides)
    count = len(joined.evaluation.gold)
    return f"As {count:,} documents: F1 {percent(left)} and {percent(right)}."


def _cost_rows(signed: SignOff) -> Iterator[tuple[str, ...]]:
    """What is measured, of the left side, of the right one, and how they compare."""
    sizes, memory = (
        [made.side.size for made in signed.made],
        [made.memory for made in signed.made],
    )
    for name, (left, right) in (("On disk", sizes), ("Memory while tagging", memory)):
        yield name, megabytes(left), megabytes(right), f"{100 * right / left:.0f} %"
    for name, timing in signed.timings.items():
        yield (
            f"{name}, {timing.left.n} times",
            *map(_latency, (timing.left, timing.right)),
            ratio_verdict(timing.ratio),
        )


def _latency(latency: Latency) -> str:
    late = milliseconds(latency.p95_ms)
    return f"{milliseconds(latency.median_ms)} (95th percentile {late})"


def _side_rows(signed: SignOff) -> list[tuple[str, str, str]]:
    """How each side was made, a fact to a row."""
    left, right = (_facts(made) for made in signed.made)
    return [(name, left[name], right[name]) for name in left]


def _facts(made: Made) -> dict[str, str]:
    side, manifest = made.side, made.manifest
    build = manifest.build
    return {
        "Written as": side.origin.name,
        "Recipe": f"{side.variant.recipe.title}. {side.variant.recipe.advice}",
        "Steps": " ".join(step.in_words for step in build.steps) or "none: as exported",
        "Calibration and check texts, SHA-256": build.texts_sha256 or "none needed",
        "Check when made": manifest.gate.summary if manifest.gate else "none: it is the measure",
        "Served": side.withheld or "yes",
        "Device": f"{side.origin.device}, {side.origin.precision}, {side.threads} threads",
        "Checkpoint": " at ".join(filter(None, [build.source, manifest.revision])),
        "Made with": ", ".join(f"{name} {number}" for name, number in build.versions.items()),
        "Weights, in short": side.origin.weights or "",
        **{f"{name}, SHA-256": value for name, value in _model_files(manifest).items()},
    }


def _model_files(manifest: Manifest) -> dict[str, str]:
    ends = (".bin", ".xml")
    return {name: value for name, value in sorted(manifest.files.items()) if name.endswith(ends)}


def _machine_rows(machine: Machine) -> dict[str, str]:
    return {
        "Processor": machine.summary,
        "Memory": f"{machine.memory_bytes / 1e9:.0f} GB",
        "System": f"{machine.system}, Python {machine.python}",
        "Versions": ", ".join(f"{name} {number}" for name, number in machine.versions.items()),
    }
