"""What was measured and what to take: as JSON and as tables.

The tables are made of the JSON, so that a recorded run looks like one made here and now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ner.choosing.measure import Measured
from ner.choosing.recommend import Judged, Recommendation
from ner.choosing.workloads import FILE, SINGLES
from ner.machine import Machine, describe
from ner.models.recipes import RECOMMENDED, Variant
from ner.schema import Json, estimate_of, provenance_json, to_json
from ner.tables import Cell, Table, estimate
from ner.tagging.choice import Choice

# Where a column's values stand in a contender's JSON, and how they are shown.
_Column = tuple[str, Callable[[Any], Cell | str]]


def measurement_json(
    measured: Sequence[Measured], texts: str, judged: Sequence[Judged] = ()
) -> Json:
    """What ``bench`` answers: milliseconds, texts a second, bytes, F1 as fractions.

    ``texts`` names the set of texts. ``int8_as_fast`` is how many times as fast INT8 is. Those that
    were ``judged`` say whether they fit.
    """
    by_name = {one.measured.name: one for one in judged}
    origins = [one.origin for one in measured if one.origin.recipe is not None]
    int8 = next((one for one in measured if one.origin.recipe == RECOMMENDED), None)
    machine = describe()
    answer: Json = to_json(
        {
            "model": measured[0].origin.model,
            "texts": {"set": texts, "n": measured[0].singles.n},
            "contenders": [_contender(one, int8, by_name.get(one.name)) for one in measured],
            "machine": machine,
            "cpu_note": cpu_note(machine),
            "provenance": provenance_json(origins, Choice(), gold=texts),
        }
    )
    return answer


def choice_json(
    recommendation: Recommendation,
    measured: Sequence[Measured],
    texts: str,
    unmade: Sequence[Variant] = (),
    refused: Mapping[Variant, str] | None = None,
) -> Json:
    """What ``choose`` answers: the same, what to take, what else could be made and what can't.

    ``refused`` are variants that can't be made, each with the reason. ``measured`` holds peers too,
    which are not among what can be taken.
    """
    chosen, verdict = recommendation.chosen, recommendation.verdict
    return {
        "answer": verdict.answer.value,
        "chosen": None if chosen is None else chosen.name,
        "named": recommendation.named.measured.name,
        "short": verdict.short,
        "sentence": verdict.sentence,
        "more_texts": verdict.more,
        "limits": to_json(recommendation.limits),
        **measurement_json(measured, texts, recommendation.judged),
        "not_made": [
            {"name": it.name, "title": it.recipe.title, "advice": it.recipe.advice} for it in unmade
        ],
        "refused": [
            {"name": it.name, "title": it.recipe.title, "reason": why}
            for it, why in (refused or {}).items()
        ],
    }


def _contender(one: Measured, int8: Measured | None, judged: Judged | None) -> Json:
    agreement = judged.agreement if judged else one.agreement_at()
    fits = {}
    if judged is not None:
        fits = {"fits": judged.answer, "reasons": [check.reason for check in judged.checks]}
    return {
        "name": one.name,
        "title": one.title,
        "recipe": one.origin.recipe,
        "bytes_on_disk": one.bytes_on_disk,
        "memory": one.footprint,
        "times": {
            name: {
                "ms": timed.ms,
                "p95_ms": timed.p95_ms,
                "n": timed.n,
                "texts": timed.texts,
                "texts_per_second": timed.rate,
                "int8_as_fast": None if int8 in (None, one) else int8.times[name].as_fast_as(timed),
            }
            for name, timed in one.times.items()
        },
        "agreement": agreement and {**to_json(agreement), "entities": one.entities},
        "gold": one.gold,
        "withheld": one.withheld,
        **fits,
    }


def cpu_note(machine: Machine) -> str | None:
    """What a CPU that lacks the instructions for INT8 means; None where it has them."""
    if not machine.lacks_int8:
        return None
    return (
        "This CPU has no VNNI, the instructions for INT8: it computes INT8 in several steps, so "
        "INT8 may be no faster than the original here and may find other entities. INT8 weights "
        "compute in floating point and are not concerned."
    )


def choice_table(answer: Mapping[str, Any], *, price_per_hour: float | None = None) -> Table:
    """A row for each contender: whether it fits, agreement, time, size, memory, texts a second.

    With the price of a machine for an hour, what a million texts cost too.
    """
    rate = f"times/{FILE}/texts_per_second"
    # What decides stands first: a phone shows the first columns.
    columns: dict[str, _Column] = {
        "fits": ("fits", str),
        **_FOUND,
        "ms a text": (f"times/{SINGLES}/ms", partial(_interval, scale=1, decimals=2)),
        "MB": ("bytes_on_disk", _megabytes),
        "RAM MB": ("memory/after_files", _megabytes),
        "texts a second": (rate, partial(_interval, scale=1, decimals=0)),
    }
    if price_per_hour is not None:
        price = price_per_hour
        columns["a million texts cost"] = (
            rate,
            lambda found: price_of_a_million(price, found["value"]),
        )
    note = f"{answer['texts']['n']:,} texts: {answer['texts']['set']}."
    return _table("Recipes", note, answer, "recipe", columns)


def bench_tables(answer: Mapping[str, Any]) -> list[Table]:
    """Size, memory and what is found; milliseconds a text; texts a second; INT8 against each."""
    sizes: dict[str, _Column] = {
        "on disk": ("bytes_on_disk", _megabytes),
        "loaded": ("memory/loaded", _megabytes),
        "after single texts": ("memory/after_singles", _megabytes),
        "after files": ("memory/after_files", _megabytes),
        "start, s": ("memory/seconds", "{:.1f}".format),
        **_FOUND,
    }
    note = (
        "MB. Memory is what a process of its own holds; for ONNX Runtime that of the runtime and "
        "the tokenizer alone."
    )
    works = sorted(answer["contenders"][0]["times"], key=_place)
    files = [name for name in works if name.startswith(FILE)]
    singles = [name for name in works if name not in files]
    paired = "Paired in the same rounds, with 95 % intervals."

    def by(works: Sequence[str], key: str, decimals: int) -> dict[str, _Column]:
        shown = partial(_interval, scale=1, decimals=decimals)
        return {name: (f"times/{name}/{key}", shown) for name in works}

    tables = (
        ("Size, memory and what is found", note, sizes),
        ("Milliseconds for a text", "Medians.", by(singles, "ms", 2)),
        ("Texts a second", "Medians.", by(files, "texts_per_second", 0)),
        ("INT8 is so many times as fast", paired, by(works, "int8_as_fast", 2)),
    )
    return [_table(title, said, answer, "contender", columns) for title, said, columns in tables]


def _place(workload: str) -> tuple[bool, int, str]:
    """Texts one by one, then by length, then files: JSON keeps no order."""
    tokens = workload.partition(" ")[0]
    return workload.startswith(FILE), int(tokens) if tokens.isdecimal() else 0, workload


def _table(
    title: str, note: str, answer: Mapping[str, Any], first: str, columns: Mapping[str, _Column]
) -> Table:
    """A row for each contender; without columns and rows in which nothing stands."""
    items = answer["contenders"]
    cells = {head: [_cell(item, *column) for item in items] for head, column in columns.items()}
    kept = {head: column for head, column in cells.items() if any(column)}
    rows = zip([item["title"] for item in items], *kept.values(), strict=True)
    return Table.of(title, [first, *kept], [row for row in rows if any(row[1:])], note)


def _cell(item: Any, path: str, shown: Callable[[Any], Cell | str]) -> Cell | str:  # noqa: ANN401
    """What stands under ``path`` in a contender's JSON, as it is shown; empty for nothing."""
    for key in path.split("/"):
        item = item and item.get(key)
    return "" if item is None else shown(item)


def _interval(found: Mapping[str, Any], scale: float = 100, decimals: int = 1) -> Cell:
    return estimate(estimate_of(found), scale, decimals)


def _megabytes(size: int) -> Cell:
    return Cell(f"{size / 1e6:.{1 if size < 100e6 else 0}f}", value=size / 1e6)


_FOUND: dict[str, _Column] = {"agreement %": ("agreement", _interval), "F1 %": ("gold", _interval)}


def price_of_a_million(price_per_hour: float, texts_per_second: float) -> str:
    """What a million texts cost, in the currency of ``price_per_hour``, to three digits.

    >>> price_of_a_million(0.36, 100.0), price_of_a_million(0.1, 640.0)
    ('1.0', '0.0434')
    """
    price = price_per_hour / (texts_per_second * 3600) * 1_000_000
    return f"{float(f'{price:.3g}'):,}"
