"""What tab 'Choose' shows of an answer of ``choose``: a picture, a chart and the rows of a table.

It reads the answer as JSON, so that a recorded run looks like one made here and now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ner.choosing.report import choice_table, estimate_of
from ner.choosing.workloads import SINGLES
from ner.markup import megabytes, render
from ner.ui.progress import Value
from ner.ui.views.charts import dot_chart
from ner.ui.views.scatter import Spot, scatter
from ner.verdict import Answer, Verdict

Json = Mapping[str, Any]

_FITS = {"yes": "fits", "no": "does not fit", "undecided": "undecided"}


def choice_value(answer: Json, sides: tuple[str, str], *, making: bool = True) -> Value:
    """A run made here and now; ``sides`` are the variants on A and B, as they are written.

    With ``making`` the recipes that are not made have a button that makes them.
    """
    html = render("ner.ui", "choose.html", **_parts(answer, sides), making=making, recorded="")
    files = {"choose.json": json.dumps(answer, ensure_ascii=False, indent=1)}
    return {"html": html, "data": json.dumps({"files": files})}


def recorded_choice(name: str, answer: Json) -> Markup:
    """A run made earlier, with its date and machine; ``name`` is its file's."""
    recorded = f"{name}: {answer['date']}, {answer['provenance']['machine']}. {answer['command']}"
    parts = _parts(answer, ("", ""))
    return render("ner.ui", "choose.html", **parts, making=False, recorded=recorded)


def _parts(answer: Json, sides: tuple[str, str]) -> dict[str, object]:
    contenders = answer["contenders"]
    withheld = [item["withheld"] for item in contenders]
    table = choice_table(answer)
    return {
        "verdict": Verdict(Answer(answer["answer"]), "", answer["sentence"]),
        "limits": _limits(answer["limits"]),
        "picture": _picture(answer, sides),
        "agreement": _agreement(contenders, answer["limits"]["min_agreement"]),
        "numbers": table.columns[1:-1],
        "rows": [
            {
                "fits": None,
                **item,
                "cells": [
                    f"{cell.text} ({cell.small})" if cell.small else cell.text
                    for cell in cells[1:-1]
                ],
                "why": "; ".join(item.get("reasons", ())),
                "sides": _letters(item["name"], sides),
                "chosen": item["name"] == answer["chosen"],
            }
            for item, cells in zip(contenders, table.rows, strict=True)
        ],
        "peers": any("fits" not in item for item in contenders),
        "unmade": answer["not_made"],
        "notes": [note for note in (answer["cpu_note"], *withheld) if note],
        "texts": table.note,
    }


def _limits(limits: Mapping[str, float | None]) -> str:
    """What was asked for, in words."""
    time, size, agreement = limits["max_ms"], limits["max_mb"], limits["min_agreement"]
    asked = [
        *([] if time is None else [f"at most {time:g} ms a text"]),
        *([] if size is None else [f"at most {size:g} MB"]),
        *([] if agreement is None else [f"agreement of at least {100 * agreement:g} %"]),
    ]
    return f"Asked for: {', '.join(asked)}." if asked else "No limits: the fastest is taken."


def _picture(answer: Json, sides: tuple[str, str]) -> Markup:
    contenders, limits = answer["contenders"], answer["limits"]
    agreements = [item["agreement"]["value"] for item in contenders if item["agreement"]]
    lowest = min(agreements, default=1.0)
    return scatter(
        "Size and time of each recipe, with its agreement",
        ("MB on disk", "ms a text, median"),
        [_spot(item, answer["chosen"], sides, lowest) for item in contenders],
        _frontier([_place(item) for item in contenders if "fits" in item]),
        (limits["max_mb"], limits["max_ms"]),
    )


def _place(item: Json) -> tuple[float, float]:
    """Megabytes and milliseconds."""
    return item["bytes_on_disk"] / 1e6, item["times"][SINGLES]["ms"]["value"]


def _frontier(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The places that no other beats in both size and time, the smallest first.

    >>> _frontier([(20, 2.0), (77, 3.0), (20, 1.0), (90, 0.5)])
    [(20, 1.0), (90, 0.5)]
    """
    line: list[tuple[float, float]] = []
    for size, ms in sorted(places):
        if not line or ms < line[-1][1]:
            line.append((size, ms))
    return line


def _spot(item: Json, chosen: str | None, sides: tuple[str, str], lowest: float) -> Spot:
    """A recipe, whose point can be pressed, or what others run, whose point can't."""
    megabytes_on_disk, ms = _place(item)
    agreement, fits = item["agreement"], item.get("fits")
    figures = f"{megabytes(item['bytes_on_disk'])}, {ms:.2f} ms"
    figures += f", {estimate_of(agreement).text()} %" if agreement else ", the original"
    letters = _letters(item["name"], sides)
    on = f", on side {' and '.join(letters)}" if letters else ""
    what = f"{item['title']}, run by transformers: {figures}."
    if fits is not None:
        what = f"{item['title']}: {figures}, {_FITS[fits]}{on}. Press to put it on side B."
    f1 = agreement["value"] if agreement else 1.0
    return Spot(
        value="" if fits is None else item["name"],
        name=item["title"],
        what=what,
        x=megabytes_on_disk,
        y=estimate_of(item["times"][SINGLES]["ms"]),
        answer=fits or "peer",
        # From a fifth for the lowest agreement to 1 for the original's.
        shade=1.0 if lowest >= 1 else round(0.2 + 0.8 * (f1 - lowest) / (1 - lowest), 2),
        chosen=item["name"] == chosen,
        sides=letters,
    )


def _agreement(contenders: Sequence[Json], limit: float | None) -> Markup:
    """A row for each recipe but the original: its agreement, and its F1 where there is gold."""
    recipes = [item for item in contenders if "fits" in item]
    scored = any(item["gold"] for item in recipes)
    series = ["Agreement with the original", *(["F1 against gold"] if scored else [])]
    rows = [
        (
            item["title"],
            [
                estimate_of(item["agreement"] or {"value": 1.0, "low": 1.0, "high": 1.0}),
                *([estimate_of(item["gold"])] if scored else []),
            ],
        )
        for item in recipes
    ]
    return dot_chart("Agreement", "per cent, with intervals", series, rows, limit=limit)


def _letters(name: str, sides: tuple[str, str]) -> str:
    return "".join(letter for letter, side in zip("AB", sides, strict=True) if side == name)
