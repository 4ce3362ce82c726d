"""What tab 'Decide' shows: one verdict, the recipes, and what stands behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ner.choosing.contenders import seconds_to_make, unmade
from ner.choosing.recommend import Limits, Recommendation, recommend
from ner.choosing.report import choice_json, choice_table
from ner.entities import Entity, Explained
from ner.evaluating.cards import deal
from ner.evaluating.report import Report
from ner.evaluating.tables import (
    agreement_table,
    error_table,
    judgement_table,
    report_markdown,
    report_tables,
    threshold_table,
)
from ner.markup import colour_classes, marked_text, render
from ner.tables import Table, csv
from ner.tables import html as table_html
from ner.ui.charts import scatter
from ner.ui.jobs import Value
from ner.verdict import Answer, Verdict

if TYPE_CHECKING:
    from ner.ui.decide import Decided

# Tables that stand by themselves, unfolded or in the provenance of a file.
_SHOWN = ("Verdict by type", "Provenance")
# Sentences with errors on the page; the file has all.
_SENTENCES = 100
_ONE_SIDE = Verdict(Answer.UNDECIDED, "Undecided: only one side was scored.", "")


def value(found: Decided, limits: Limits, left: str, right: str) -> Value:
    """The result component's value; ``left`` and ``right`` are the variants on A and B now."""
    sides = {"A": left, "B": right}
    own = [one for one in found.measured if one.origin.model == found.spec.name]
    choice = recommend(own, limits)
    others = [one for one in unmade(found.spec) if one not in found.refused]
    answer = choice_json(choice, found.measured, found.texts.name, others, found.refused)
    report, recipes = found.report, choice_table(answer)
    by_type, figures = _tables(report)
    files = _files(report)
    files["choose.json"] = json.dumps(answer, ensure_ascii=False, indent=1)
    html = render(
        "ner.ui",
        "decide.html",
        # With labels the loss of F1 decides, without them the agreement.
        verdict=(report.verdict or _ONE_SIDE) if report.labelled else choice.verdict,
        beside=choice.verdict.sentence if report.labelled else _on_b(choice, right),
        notes=filter(None, [*found.texts.notes, *report.notes, answer["cpu_note"]]),
        note=recipes.note,
        columns=recipes.columns,
        recipes=list(zip(answer["contenders"], recipes.rows, strict=True)),
        chosen=answer["chosen"],
        sides=sides,
        picture=scatter(answer, sides),
        refused=answer["refused"],
        unmade=[(one, seconds_to_make(one)) for one in others],
        by_type=list(map(table_html, by_type)),
        wrong=list(islice(_wrong(report), _SENTENCES)) if report.labelled else [],
        agreements=() if report.labelled else report.agreements,
        titles=report.titles,
        details=list(map(table_html, figures)),
        commands=_commands(found, limits),
        files=list(files),
    )
    data = {"files": files, **({} if report.labelled else _cards(report))}
    return {"html": html, "data": json.dumps(data, allow_nan=False)}


def _on_b(choice: Recommendation, name: str) -> str:
    """What was found of the recipe on B, which people ask about; empty if the verdict names it."""
    for one in choice.judged:
        if one.measured.name == name != choice.named.measured.name:
            found = "; ".join(filter(None, [one.answer.value, one.reasons(one.answer)]))
            more = f" {one.outlook}" if one.answer is Answer.UNDECIDED else ""
            return f"{one.measured.title}, on B: {found}.{more}"
    return ""


def _tables(report: Report) -> tuple[list[Table], list[Table]]:
    """How the two compare, type by type; and what is folded: all figures, also by threshold."""
    if not report.labelled:
        return [agreement_table(report)], []
    by_type = [judgement_table(report)] if report.judgements else []
    figures = [one for one in report_tables(report) if one.title not in _SHOWN]
    return by_type, [*figures, threshold_table(report)]


def _wrong(report: Report) -> Iterator[tuple[int, list[str], dict[Markup, list[str]]]]:
    """Texts that a side gets wrong: number, which sides, and who reads it so, by reading."""
    classes = colour_classes(report.labels)
    for index, text in enumerate(report.gold):
        wrong = [it.origin.title for it in report.sides if it.alignments[index].differences]
        if wrong:
            found = [(it.origin.title, it.found[index]) for it in report.sides]
            readings: dict[Markup, list[str]] = {}
            for name, tagged in [("Labels", text.tagged), *found]:
                marked = marked_text(Explained(tagged, (), ()), classes)
                readings.setdefault(marked, []).append(name)
            yield index + 1, wrong, readings


def _commands(found: Decided, limits: Limits) -> list[str]:
    """The command lines that repeat it."""
    report = found.report
    asked = {
        "--max-ms": limits.max_ms,
        "--max-mb": limits.max_mb,
        "--min-agreement": limits.min_agreement,
    }
    options = [f"{name} {limit:g}" for name, limit in asked.items() if limit is not None]
    given = "--gold texts.conll" if report.labelled else "--texts texts.txt"
    choose = ["python -m ner choose", given, f"--model {found.spec.name}", *options, "--peers"]
    if not report.labelled or not report.paired:
        return [" ".join(choose)]
    left, right = (side.origin.name for side in report.sides)
    return [
        f"python -m ner evaluate texts.conll --left {left} --right {right} "
        f"--max-loss {report.max_loss:g} --report report.html",
        " ".join(choose),
    ]


def _files(report: Report) -> dict[str, str]:
    told = json.dumps(report.json(), ensure_ascii=False, allow_nan=False)
    if not report.labelled:
        return {"agreement.json": told}
    return {
        "evaluation.json": told,
        "evaluation.csv": csv(*report_tables(report)),
        "errors.csv": csv(error_table(report)),
        "evaluation.md": report_markdown(report),
    }


# ---- Cards ----


def _cards(report: Report) -> dict[str, Any]:
    """What differs, as cards for the script to fill in."""
    return {
        "texts": [agreement.text for agreement in report.agreements],
        "cards": [
            {
                "text": card.text,
                "shown": card.shown,
                "swapped": card.swapped,
                "left": _span(card.pair.left),
                "right": _span(card.pair.right),
            }
            for card in deal(report.agreements)
        ],
        "classes": colour_classes(report.labels),
        "titles": report.titles,
        "provenance": report.provenance,
    }


def _span(entity: Entity | None) -> list[Any] | None:
    if entity is None:
        return None
    return [entity.start, entity.end, entity.label, round(entity.score, 6)]
