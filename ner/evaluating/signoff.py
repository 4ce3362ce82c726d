"""The report to sign: all that a decision rests on, as one HTML file that prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from ner.comparing.agreement import Kind, Pair
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.gate import Gated
from ner.evaluating.report import Report
from ner.evaluating.scores import widen
from ner.evaluating.tables import gate_tables
from ner.machine import describe
from ner.markup import percent, render, visible
from ner.models.child import ensure_prepared
from ner.models.open import Side, Sides
from ner.schema import provenance_rows
from ner.tables import Cell, Table, count
from ner.verdict import Answer, gravest

# More are counted, not shown: nobody reads them on paper.
_MOST_ROWS = 200
# Characters of the text on either side of a difference.
_AROUND = 40


def signoff_html(
    sets: Sequence[Gated],
    gold: Mapping[str, str],
    sides: Sides,
    cost: Table,
    settings: Mapping[str, str],
) -> str:
    """The file, whole: no script, nothing from elsewhere, and everything escaped.

    ``gold`` has the SHA-256 of the file of each set by name, ``cost`` what both sides take, and
    ``settings`` are as a reader calls them.
    """
    left, right = (side.origin for side in sides.both)
    answers = [answer for gated in sets for answer in gated.answers]
    provenance = sets[0].report.provenance
    machine = describe()
    told = {
        **settings,
        "Memory": f"{machine.memory_bytes / 1e9:.0f} GB",
        "System": f"{machine.system}, Python {machine.python}",
        "Versions": _versions(machine.versions),
    }
    rows = [*provenance_rows({**provenance, "set": None}), *told.items()]
    setting = Table.of("Settings and machine", ("", ""), rows)
    return render(
        "ner.evaluating",
        "signoff.html",
        left=left,
        right=right,
        answer=gravest(answers) if answers else None,
        undecided=f"{answers.count(Answer.UNDECIDED)} of {len(answers)}",
        sets=[
            (
                gated,
                [*gate_tables(gated), difference_table(gated.report)],
                _notes(gated),
                gold[gated.name],
            )
            for gated in sets
        ],
        tables=[cost, _side_table(sides), setting],
        date=f"{provenance['date'][:16].replace('T', ' ')} UTC",
    )


def _notes(gated: Gated) -> tuple[str, ...]:
    documents = gated.documents
    f1 = " and ".join(percent(side.micro.f1) for side in documents.sides)
    joined = f"As {len(documents.gold):,} documents: F1 {f1}."
    return joined, gated.report.changes_sentence, *gated.report.notes


def difference_table(report: Report) -> Table:
    """Each place where the two sides differ, in order, with what gold has there."""
    rows = [
        (count(number), *_difference(gold, pair))
        for number, (gold, agreement) in enumerate(
            zip(report.gold, report.agreements, strict=True), start=1
        )
        for pair in agreement.differences
    ]
    note = "✓ as in gold, ✕ not as in gold."
    if len(rows) > _MOST_ROWS:
        note = f"{note} The first {_MOST_ROWS} are shown."
    title = f"Entities that differ: {len(rows):,}"
    return Table.of(
        title, ("Sentence", "Text", *report.titles, "Gold"), rows[:_MOST_ROWS], note=note
    )


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
    right = any(Pair(one, widened).kind is Kind.SAME for one in gold.tagged.entities)
    mark, answer = ("✓", "yes") if right else ("✕", "no")
    return Cell(f"{entity.label} {gold.tagged.spelled(entity)}", mark, answer=answer)


def _side_table(sides: Sides) -> Table:
    """How each side was made, a fact to a row."""
    left, right = map(_facts, sides.both)
    rows = [(name, left[name], right[name]) for name in left]
    return Table.of("How each side was made", ("", *(one.origin.title for one in sides.both)), rows)


def _facts(side: Side) -> dict[str, str]:
    manifest = ensure_prepared(side.variant).manifest
    build, recipe = manifest.build, side.variant.recipe
    return {
        "Written as": side.origin.name,
        "Recipe": f"{recipe.title}. {recipe.advice}",
        "Steps": " ".join(step.in_words for step in build.steps) or "none: as exported",
        "Calibration and check texts, SHA-256": build.texts_sha256 or "none needed",
        "Check when made": manifest.gate.summary if manifest.gate else "none: it is the measure",
        "Served": side.withheld or "yes",
        "Threads": str(side.threads),
        "Checkpoint": " at ".join(filter(None, [build.source, manifest.revision])),
        "Made with": _versions(build.versions),
        **{
            f"{name}, SHA-256": value
            for name, value in sorted(manifest.files.items())
            if name.endswith((".bin", ".xml"))
        },
    }


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())
