"""What tab 'Choose' shows of an answer of ``choose``: a picture, a chart and the rows of a table.

It reads the answer as JSON, so that a recorded run looks like one made here and now.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from ner.markup import megabytes, render
from ner.stats import Estimate
from ner.ui.progress import Value
from ner.ui.views.charts import dot_chart
from ner.ui.views.scatter import Spot, scatter
from ner.verdict import Answer, Verdict

_FITS = {"yes": "fits", "no": "does not fit", "undecided": "undecided"}


@dataclass(frozen=True, slots=True)
class Row:
    """A recipe in the table: ``cells`` are its figures, ``sides`` the letters of those it is on.

    ``value`` is what putting it on a side, or making it, is asked with.
    """

    value: str
    title: str
    cells: tuple[str, ...]
    fits: str = ""
    why: str = ""
    sides: str = ""
    chosen: bool = False
    seconds: int | None = None


def choice_value(
    answer: Mapping[str, Any], sides: tuple[str, str], *, making: bool = True
) -> Value:
    """A run made here and now; ``sides`` are the variants on A and B, as they are written.

    With ``making`` the recipes that are not made have a button that makes them.
    """
    html = render("ner.ui", "choose.html", **_parts(answer, sides), making=making, recorded="")
    files = {"choose.json": json.dumps(answer, ensure_ascii=False, indent=1)}
    return {"html": html, "data": json.dumps({"files": files})}


def recorded_choice(name: str, answer: Mapping[str, Any]) -> Markup:
    """A run made earlier, with its date and machine; ``name`` is its file's."""
    recorded = f"{name}: {answer['date']}, {answer['provenance']['machine']}. {answer['command']}"
    parts = _parts(answer, ("", ""))
    return render("ner.ui", "choose.html", **parts, making=False, recorded=recorded)


def _parts(answer: Mapping[str, Any], sides: tuple[str, str]) -> dict[str, object]:
    candidates = answer["candidates"]
    scored = candidates[0]["gold"] is not None
    return {
        "verdict": Verdict(Answer(answer["answer"]), "", answer["sentence"]),
        "limits": _limits(answer["limits"]),
        "picture": _picture(answer, sides),
        "agreement": _agreement(candidates, answer["limits"]["min_agreement"], scored=scored),
        "numbers": _numbers(scored=scored),
        "rows": [_row(item, answer, sides, scored=scored) for item in candidates],
        "peers": [_peer_row(item, scored=scored) for item in _peers(answer)],
        "unmade": [_unmade_row(item) for item in answer["not_made"]],
        "notes": [note for note in (answer["cpu_note"], *_withheld(candidates)) if note],
        "texts": f"{answer['texts']['n']:,} texts, {answer['texts']['set']}",
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


def _withheld(candidates: Sequence[Mapping[str, Any]]) -> list[str | None]:
    return [item["withheld"] for item in candidates]


def _picture(answer: Mapping[str, Any], sides: tuple[str, str]) -> Markup:
    candidates, limits, peers = answer["candidates"], answer["limits"], _peers(answer)
    lowest = min(item["agreement"]["value"] for item in (*candidates, *peers))
    line = sorted(
        (item["bytes_on_disk"] / 1e6, item["latency"]["median_ms"])
        for item in candidates
        if item["on_frontier"]
    )
    return scatter(
        "Size and time of each recipe, with its agreement",
        ("MB on disk", "ms a text, median"),
        [
            *(_recipe_spot(item, answer, sides, lowest) for item in candidates),
            *(_peer_spot(item, lowest) for item in peers),
        ],
        line,
        (limits["max_mb"], limits["max_ms"]),
    )


def _recipe_spot(
    item: Mapping[str, Any], answer: Mapping[str, Any], sides: tuple[str, str], lowest: float
) -> Spot:
    letters = _letters(item["name"], sides)
    written = (
        "the original" if _is_original(item, answer) else f"{_estimate(item['agreement']).text()} %"
    )
    on = f", on side {' and '.join(letters)}" if letters else ""
    told = f"{_figures(item)}, {written}, {_FITS[item['fits']]}{on}"
    return replace(
        _spot(item, f"{item['title']}: {told}. Press to put it on side B.", lowest),
        value=item["name"],
        answer=item["fits"],
        chosen=item["name"] == answer["chosen"],
        sides=letters,
    )


def _peer_spot(item: Mapping[str, Any], lowest: float) -> Spot:
    told = f"{_figures(item)}, {_estimate(item['agreement']).text()} %"
    return _spot(item, f"{item['title']}, run by transformers: {told}.", lowest)


def _spot(item: Mapping[str, Any], what: str, lowest: float) -> Spot:
    """Where it stands, as a point that can't be pressed."""
    return Spot(
        value="",
        name=item["title"],
        what=what,
        x=item["bytes_on_disk"] / 1e6,
        y=_estimate(item["latency"]),
        answer="peer",
        shade=_shade(item["agreement"]["value"], lowest),
    )


def _figures(item: Mapping[str, Any]) -> str:
    return f"{megabytes(item['bytes_on_disk'])}, {item['latency']['median_ms']:.2f} ms"


def _peers(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What others run, measured beside the recipes; not in every record."""
    found: Sequence[Mapping[str, Any]] = answer.get("peers", ())
    return found


def _shade(f1: float, lowest: float) -> float:
    """From a fifth for the lowest agreement to 1 for the original's."""
    return 1.0 if lowest >= 1 else round(0.2 + 0.8 * (f1 - lowest) / (1 - lowest), 2)


def _agreement(
    candidates: Sequence[Mapping[str, Any]], limit: float | None, *, scored: bool
) -> Markup:
    """A row for each recipe: its agreement, and its F1 where there is gold."""
    series = ["Agreement with the original", *(["F1 against gold"] if scored else [])]
    rows = [
        (item["title"], [_estimate(item[key]) for key in ("agreement", "gold") if item[key]])
        for item in candidates
    ]
    return dot_chart("Agreement", "per cent, with intervals", series, rows, limit=limit)


def _estimate(data: Mapping[str, Any]) -> Estimate:
    high = math.inf if data["high"] is None else data["high"]
    return Estimate(data["value"], data["low"], high)


def _numbers(*, scored: bool) -> list[str]:
    """Heads of the columns that hold numbers."""
    return ["Disk", "RAM", "ms a text", "p95", "Agreement, %", *(["F1, %"] if scored else [])]


def _peer_row(item: Mapping[str, Any], *, scored: bool) -> Row:
    own = _estimate(item["agreement"]).text()
    return Row(item["name"], item["title"], _cells(item, own, scored=scored))


def _row(
    item: Mapping[str, Any], answer: Mapping[str, Any], sides: tuple[str, str], *, scored: bool
) -> Row:
    own = "–" if _is_original(item, answer) else _estimate(item["agreement"]).text()
    return Row(
        value=item["name"],
        title=item["title"],
        cells=_cells(item, own, scored=scored),
        fits=item["fits"],
        why="; ".join(item["reasons"]),
        sides=_letters(item["name"], sides),
        chosen=item["name"] == answer["chosen"],
    )


def _cells(item: Mapping[str, Any], agreement: str, *, scored: bool) -> tuple[str, ...]:
    latency, memory = item["latency"], item["memory_bytes"]
    return (
        megabytes(item["bytes_on_disk"]),
        "" if memory is None else megabytes(memory),
        _estimate(latency).text(1, 2),
        f"{latency['p95_ms']:.2f}",
        agreement,
        *([_estimate(item["gold"]).text()] if scored else []),
    )


def _unmade_row(item: Mapping[str, Any]) -> Row:
    return Row(
        value=item["name"],
        title=item["title"],
        cells=(),
        why=item["advice"],
        seconds=item["seconds"],
    )


def _is_original(item: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """The first one is what the others are measured against."""
    return item is answer["candidates"][0]


def _letters(name: str, sides: tuple[str, str]) -> str:
    return "".join(letter for letter, side in zip("AB", sides, strict=True) if side == name)
