"""The report to sign: all that a decision rests on, as one HTML file that prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from markupsafe import Markup

from ner.comparing.agreement import Pair
from ner.comparing.timing import Latency, Timing
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.evaluation import Evaluation
from ner.evaluating.gate import Gated
from ner.evaluating.report import Report
from ner.evaluating.scores import widen
from ner.evaluating.tables import gate_table, judgement_table
from ner.machine import Machine, describe
from ner.markup import megabytes, milliseconds, percent, render, visible
from ner.models.child import ensure_prepared
from ner.models.folder import Manifest, sha256
from ner.models.open import Side, Sides
from ner.models.recipes import Variant
from ner.stats import ratio_verdict
from ner.tables import Cell, Table, count
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

    ``gold`` has the SHA-256 of the file of each of ``sets`` by name; ``timings`` are by what was
    timed, ``settings`` as a reader calls them.
    """

    sets: tuple[Gated, ...]
    gold: Mapping[str, str]
    made: tuple[Made, Made]
    timings: Mapping[str, Timing]
    settings: Mapping[str, str]
    machine: Machine
    date: datetime


def sign_off(
    sides: Sides,
    sets: Sequence[Gated],
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
    sentences = _texts(gated.report for gated in sets)
    documents = _texts(gated.documents for gated in sets)
    timings = {}
    for what, texts in (("A sentence", sentences), ("A document", documents)):
        # None where gold is empty.
        for text in texts[len(texts) // 2 :][:1]:
            timing = sides.compare(text, choice, budget_ms=_TIMING_MS).timing
            if timing is not None:
                timings[f"{what} of {len(text):,} characters"] = timing
    left, right = (
        Made(side, ensure_prepared(side.variant).manifest, memory_of(side.variant, sentences))
        for side in sides.both
    )
    counted = {
        "Types counted": ", ".join(choice.labels or ()) or "all",
        "Aggregation": choice.aggregation.value,
        "Least score of an entity": f"{choice.threshold:g}",
    }
    return SignOff(
        sets=tuple(sets),
        gold={name: sha256(file) for name, file in gold.items()},
        made=(left, right),
        timings=timings,
        settings=counted | dict(settings),
        machine=describe(),
        date=datetime.now(UTC),
    )


def signoff_html(signed: SignOff) -> str:
    """The file, whole: no script, nothing from elsewhere, and everything escaped."""
    left, right = (made.side.origin for made in signed.made)
    answers = [check.verdict.answer for gated in signed.sets for check in gated.checks]
    return render(
        "ner.evaluating",
        "signoff.html",
        left=left,
        right=right,
        answer=gravest(answers) if answers else None,
        undecided=f"{answers.count(Answer.UNDECIDED)} of {len(answers)}",
        sets=[_set_values(gated, signed.gold[gated.name]) for gated in signed.sets],
        tables=[_cost_table(signed), _side_table(signed), _setting_table(signed)],
        date=f"{signed.date:%Y-%m-%d %H:%M} UTC",
    )


def difference_table(evaluation: Evaluation, titles: Sequence[str]) -> Table:
    """Each place where the two sides differ, in order, with what gold has there."""
    rows = [
        (count(number), *_difference(gold, pair))
        for number, (gold, agreement) in enumerate(
            zip(evaluation.gold, evaluation.agreements, strict=True), start=1
        )
        for pair in agreement.differences
    ]
    note = "✓ as in gold, ✕ not as in gold."
    if len(rows) > _MOST_ROWS:
        note = f"{note} The first {_MOST_ROWS} are shown."
    title = f"Entities that differ: {len(rows):,}"
    return Table.of(title, ("Sentence", "Text", *titles, "Gold"), rows[:_MOST_ROWS], note=note)


def _texts(reports: Iterable[Report]) -> list[str]:
    """The texts of gold, the shortest first."""
    found = [text.tagged.text for report in reports for text in report.evaluation.gold]
    return sorted(found, key=len)


def _difference(gold: Annotated, pair: Pair) -> tuple[Cell | str, ...]:
    text, start, end = gold.tagged.text, pair.start, pair.end
    there = [entity for entity in gold.tagged.entities if entity.start < end and start < entity.end]
    shown = Markup("{}<mark>{}</mark>{}").format(
        visible(text[max(0, start - _AROUND) : start]),
        visible(text[start:end]),
        visible(text[end : end + _AROUND]),
    )
    wanted = "; ".join(f"{entity.label} {gold.tagged.spelled(entity)}" for entity in there)
    return Cell(shown), _found(pair.left, gold), _found(pair.right, gold), wanted or "nothing"


def _found(entity: Entity | None, gold: Annotated) -> Cell:
    """An entity, and whether gold has it once it is widened to whole tokens, as in scoring."""
    if entity is None:
        return Cell("nothing")
    [widened] = widen(Tagged(gold.tagged.text, (entity,)), gold).entities
    wanted = {(one.start, one.end, one.label) for one in gold.tagged.entities}
    right = (widened.start, widened.end, widened.label) in wanted
    mark, answer = ("✓", "yes") if right else ("✕", "no")
    return Cell(f"{entity.label} {gold.tagged.spelled(entity)}", mark, answer=answer)


def _set_values(gated: Gated, digest: str) -> dict[str, object]:
    report = gated.report
    left, right = (percent(side.scores.micro.f1) for side in gated.documents.sides)
    documents = f"As {len(gated.documents.evaluation.gold):,} documents: F1 {left} and {right}."
    return {
        "name": gated.name,
        "sha256": digest,
        "verdict": None if gated.checks else report.verdict,
        "tables": [
            *([gate_table(gated)] if gated.checks else []),
            *([judgement_table(report)] if report.judgements else []),
            difference_table(report.evaluation, report.titles),
        ],
        "notes": (documents, report.changes_sentence, *report.notes),
    }


def _cost_table(signed: SignOff) -> Table:
    a, b = signed.made
    rows = [
        (name, megabytes(left), megabytes(right), f"{100 * right / left:.0f} %")
        for name, left, right in (
            ("On disk", a.side.size, b.side.size),
            ("Memory while tagging", a.memory, b.memory),
        )
    ]
    rows += [
        (
            f"{name}, {timing.left.n} times",
            _latency(timing.left),
            _latency(timing.right),
            ratio_verdict(timing.ratio),
        )
        for name, timing in signed.timings.items()
    ]
    return Table.of(
        "Speed and memory",
        ("", *_titles(signed), "B"),
        rows,
        note="Measured for this report on the machine below, one text at a time, both sides in "
        "turns; memory of a process that tags all texts.",
    )


def _latency(latency: Latency) -> str:
    late = milliseconds(latency.p95_ms)
    return f"{milliseconds(latency.median_ms)} (95th percentile {late})"


def _titles(signed: SignOff) -> list[str]:
    left, right = (made.side.origin.title for made in signed.made)
    return [f"A, {left}", f"B, {right}"]


def _side_table(signed: SignOff) -> Table:
    """How each side was made, a fact to a row."""
    left, right = (_facts(made) for made in signed.made)
    rows = [(name, left[name], right[name]) for name in left]
    return Table.of("How each side was made", ("", *_titles(signed)), rows)


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
        "Made with": _versions(build.versions),
        "Weights, in short": side.origin.weights or "",
        **{
            f"{name}, SHA-256": value
            for name, value in sorted(manifest.files.items())
            if name.endswith((".bin", ".xml"))
        },
    }


def _setting_table(signed: SignOff) -> Table:
    machine = signed.machine
    rows = {
        **signed.settings,
        "Processor": machine.summary,
        "Memory": f"{machine.memory_bytes / 1e9:.0f} GB",
        "System": f"{machine.system}, Python {machine.python}",
        "Versions": _versions(machine.versions),
    }
    return Table.of("Settings and machine", ("", ""), rows.items())


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())
