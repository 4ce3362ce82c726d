"""A report as tables: what the terminal, Markdown, CSV, the page and the report to sign show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ner import tables
from ner.comparing.agreement import agreement_estimate
from ner.counts import Counts, counts_of
from ner.entities import Entity
from ner.evaluating.breakdown import BUCKETS, THRESHOLDS, bucket_counts, threshold_counts
from ner.evaluating.gate import Gated
from ner.evaluating.report import Report
from ner.evaluating.scores import ERRORS, OUTSIDE, Scores, averages
from ner.schema import Json, provenance_rows
from ner.tables import Cell, Table, count, estimate, percent
from ner.verdict import Answer, gravest

ALL_TYPES = "all types"
_FIGURES = ("precision", "recall", "F1")
_ERROR_NOTE = (
    "Missed: in gold, and nothing found there. Spurious: found, and nothing there in gold. "
    "Boundary: right type, begins or ends elsewhere. Type: found there as another type."
)
_MARKS = {Answer.YES: "✓ yes", Answer.NO: "✕ no", Answer.UNDECIDED: "? undecided"}

_Row = tuple[Cell | str, ...]


def report_tables(report: Report) -> list[Table]:
    """All of one set: the verdict by type, scores, agreement, errors, and what lies behind them."""
    return [
        *([judgement_table(report)] if report.judgements else []),
        score_table(report),
        *([agreement_table(report)] if report.paired else []),
        _error_table(report),
        *map(_confusion_table, report.sides),
        _bucket_table(report),
        _partial_table(report),
        provenance_table(report.provenance),
    ]


def gate_tables(gated: Gated) -> list[Table]:
    """Each limit with its answer and the reason, and the verdict or else the scores by type."""
    report = gated.report
    rows = [
        (name, answer_cell(verdict.answer), verdict.sentence)
        for name, verdict in gated.checks.items()
    ]
    checks = Table.of("Limits", ("Asked", "Answer", "Reason"), rows)
    by_type = judgement_table(report) if report.judgements else score_table(report)
    return [checks, by_type] if rows else [by_type]


def judgement_table(report: Report) -> Table:
    """Whether the right side may stand in for the left one, on all types and on each."""
    left, right = report.titles
    rows: list[_Row] = []
    for one in report.judgements:
        more = one.verdict.more
        about = "" if more is None else f"about {more:,} more entities"
        figures = estimate(one.left), estimate(one.right), estimate(one.difference, sign=True)
        verdict = answer_cell(one.verdict.answer, about)
        rows.append((one.label or ALL_TYPES, *figures, count(one.entities), verdict))
    return Table.of(
        "Verdict by type",
        ("Type", left, right, "Difference", "Gold entities", "Can replace"),
        rows,
        note=f"Can {right} replace {left}, losing at most {report.max_loss:g} points? F1 in "
        "per cent, with 95 % intervals; the difference in points, on the same sentences.",
    )


def score_table(report: Report) -> Table:
    """Precision, recall and F1 of each side, on all types and on each."""
    rows: list[_Row] = []
    for label in (None, *report.labels):
        cells: list[Cell] = []
        for side in report.sides:
            precision, recall, _ = counts_of(side.strict, label).figures
            cells += [percent(precision), percent(recall), estimate(side.f1(label))]
        rows.append((label or ALL_TYPES, *cells, count(report.support(label))))
    return Table.of(
        "Scores",
        ("Type", *_heads(report), "Gold entities"),
        rows,
        note="In per cent, F1 with its 95 % interval. An entity is right when span and type are.",
    )


def agreement_table(report: Report) -> Table:
    """How far both sides agree, on all labels and on each, and how much each of them finds."""
    left, right = report.titles
    rows: list[_Row] = []
    for label in (None, *report.labels):
        found = (
            side.labels.total() if label is None else side.labels[label] for side in report.sides
        )
        agreed = estimate(agreement_estimate(report.agreements, label))
        rows.append((label or ALL_TYPES, agreed, *map(count, found)))
    return Table.of(
        "Agreement",
        ("Type", "Agreement", f"Found by {left}", f"Found by {right}"),
        rows,
        note=f"F1 of what {right} finds, what {left} finds taken as gold; in per cent, with 95 % "
        "intervals.",
    )


def error_table(report: Report) -> Table:
    """Each error of each side, with its sentence; sentences count from 1."""
    rows = [
        (
            side.origin.title,
            ERRORS[error.kind],
            # What the right side added to the left one's errors is first.
            "yes" if error in changed[not index] else "no",
            count(number),
            *_span(error.left, alignment.text),
            *_span(error.right, alignment.text),
            alignment.text,
        )
        for index, side in enumerate(report.sides)
        for number, (alignment, changed) in enumerate(
            zip(side.alignments, report.changed, strict=True), start=1
        )
        for error in alignment.differences
    ]
    spans = (
        f"{side} {column}"
        for side in ("gold", "found")
        for column in ("start", "end", "label", "text")
    )
    columns = ("side", "error", "only this side", "sentence", *spans, "sentence text")
    return Table.of("Errors in sentences", columns, rows)


def tag_table(side: Scores) -> Table:
    """The scores of tokens by BIO2 tag, with averages."""
    tags = side.tags
    rows = [(tag, one.figures, one.support) for tag, one in tags.items()]
    if tags:
        support = sum(one.support for one in tags.values())
        rows += [(name, them, support) for name, them in averages(list(tags.values())).items()]
    return Table.of(
        f"Tags of {side.origin.title}",
        ("Tag", *_FIGURES, "support"),
        [(name, *map(percent, figures), count(support)) for name, figures, support in rows],
    )


def threshold_table(report: Report) -> Table:
    """Precision, recall and F1 of all types, if only entities of at least some score counted."""
    counts = list(map(threshold_counts, report.sides))
    rows: list[_Row] = [
        (f"{threshold:g}", *(percent(figure) for side in counts for figure in side[at].figures))
        for at, threshold in enumerate(THRESHOLDS)
    ]
    return Table.of("Where to set the threshold", ("Threshold", *_heads(report)), rows)


def provenance_table(provenance: Json) -> Table:
    """What a result is a result of."""
    return Table.of("Provenance", ("What", "Is"), provenance_rows(provenance))


def report_markdown(report: Report) -> str:
    """All of one set, to paste into a model card or a ticket."""
    said = [*([report.verdict.sentence] if report.verdict else []), *report.notes]
    if report.paired:
        said.append(report.changes_sentence)
    shown = map(tables.markdown, report_tables(report))
    return "\n\n".join(["# Evaluation", *map(tables.escape, said), *shown]) + "\n"


def gate_markdown(sets: Sequence[Gated]) -> str:
    """How one or more sets of gold were passed, for the summary of a build."""
    left, right = (side.origin for side in sets[0].report.sides)
    answer = gravest(gated.answer for gated in sets)
    head = f"{right.title} in place of {left.title}: {_MARKS[answer]}"
    sides = f"{right.name} (weights {right.weights}) against {left.name} (weights {left.weights})"
    parts = [f"## {tables.escape(head)}", tables.escape(sides)]
    for gated in sets:
        parts += [
            f"### {tables.escape(gated.name)}",
            *map(tables.markdown, gate_tables(gated)),
            *map(tables.escape, (gated.report.changes_sentence, *gated.report.notes)),
        ]
    return "\n\n".join(parts) + "\n"


def answer_cell(answer: Answer, small: str = "") -> Cell:
    """An answer with its mark."""
    return Cell(_MARKS[answer], small, answer=answer.value)


def _heads(report: Report) -> Iterator[str]:
    return (f"{title} {figure}" for title in report.titles for figure in _FIGURES)


def _error_table(report: Report) -> Table:
    rows: list[_Row] = [
        (name.capitalize(), *(count(side.errors[kind]) for side in report.sides))
        for kind, name in ERRORS.items()
    ]
    note = _ERROR_NOTE
    if report.paired:
        # What the right side added is its own, and what it removed the left one's.
        own = map(count, reversed(report.changes))
        rows.append(("Only here: the other one gets it right", *own))
        note = f"{_ERROR_NOTE} {report.changes_sentence}"
    return Table.of("Errors", ("Kind", *report.titles), rows, note=note)


def _confusion_table(side: Scores) -> Table:
    confusion = side.confusion
    types = (*sorted({label for pair in confusion for label in pair} - {OUTSIDE}), OUTSIDE)
    return Table.of(
        f"Confusion of types, {side.origin.title}",
        ("gold ↓ found →", *types),
        [(gold, *(count(confusion[gold, found]) for found in types)) for gold in types],
        note="Entities: rows are the type in gold, columns the type found there; O: none.",
    )


def _bucket_table(report: Report) -> Table:
    rows: list[_Row] = []
    sides = list(map(bucket_counts, report.sides))
    for dimension, names in BUCKETS.items():
        for name in names:
            counts = [side[dimension].get(name, Counts()) for side in sides]
            if any(any(one.row) for one in counts):
                figures = (percent(figure) for one in counts for figure in one.figures)
                rows.append((f"{dimension}: {name}", *figures, count(counts[-1].support)))
    return Table.of(
        "Buckets",
        ("Bucket", *_heads(report), "Gold entities"),
        rows,
        note="By length, position and casing, in gold tokens; in per cent.",
    )


def _partial_table(report: Report) -> Table:
    rows = [
        (scheme, *(percent(one) for side in report.sides for one in side.partial[scheme]))
        for scheme in ("strict", "exact", "partial", "type")
    ]
    return Table.of(
        "Partial credit",
        ("Scheme", *_heads(report)),
        rows,
        note="In per cent, by the four schemes of SemEval-2013 task 9. Strict: span and type. "
        "Exact: span. Partial: span, half for an overlap. Type: type, with any overlap.",
    )


def _span(entity: Entity | None, text: str) -> tuple[Cell | str, ...]:
    if entity is None:
        return "", "", "", ""
    return count(entity.start), count(entity.end), entity.label, text[entity.start : entity.end]
