"""Writes the tables of both READMEs, and the model cards, from the records in assets/results.

python tests/evidence/readme_results.py
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ner.machine import Machine
from ner.models.catalogue import catalogue
from ner.schema import recorded_sides, set_name
from ner.train.card import write_record

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "assets" / "results"
BARE = "bare request"
HEADER = (
    "| set | original, by sentence | INT8 | original, by document | INT8 | agreement |",
    "|---|--:|--:|--:|--:|--:|",
)
# Where something is timed, as the tables call it.
COLUMNS = {
    "stream": "different texts one by one",
    "32 tokens": "one text, 32 tokens",
    "128 tokens": "128 tokens",
    "file": "a file",
    "file of short texts": "short texts",
    "file of long texts": "long texts",
}
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"


def evaluation_rows(record: dict[str, Any]) -> list[str]:
    """Sets by variants: F1 by sentence and by document with 95 % intervals, and the agreement."""
    settings = record["settings"]
    lines = []
    for name, result in record["sets"].items():
        cells = [*map(f1_cell, recorded_sides(result)), f"{100 * result['agreement']:.1f}"]
        lines.append(f"| {set_name(name, settings)} | {' | '.join(cells)} |")
    return lines


def f1_cell(side: Mapping[str, Any] | None) -> str:
    """F1 with its interval, in per cent; empty where it was not measured."""
    if side is None:
        return ""
    low, high = side["f1_low"], side["f1_high"]
    # Of too few texts for an interval.
    between = "" if (low, high) == (0, 1) else f" [{100 * low:.1f}–{100 * high:.1f}]"
    return f"{100 * side['f1']:.1f}{between}"


def evaluations() -> list[str]:
    """A table for each model, the models of the catalogue first."""
    by_model: dict[str, list[Path]] = {spec.name: [] for spec in catalogue()}
    for file in sorted(RESULTS.glob("evaluation-*.json")):
        by_model.setdefault(read(file)["settings"]["model"], []).append(file)
    parts = []
    for model, files in by_model.items():
        if files:
            records = ", ".join(f"[{number}]({link(file)})" for number, file in enumerate(files, 1))
            rows = [row for file in files for row in evaluation_rows(read(file))]
            parts += [f"F1 of `{model}` in per cent with 95 % intervals (records {records}):", ""]
            parts += [*HEADER, *rows, ""]
    return parts


def benchmark_table(record: dict[str, Any]) -> list[str]:
    """Times of single texts, and throughput by file with its share of the peak, of each row."""
    times = {(row["row"], f"{row['tokens']} tokens"): row["median_ms"] for row in record["latency"]}
    times |= {(row["row"], "stream"): row["median_ms"] for row in record.get("stream", ())}
    rates = {(row["row"], row.get("file", "file")): row for row in record["throughput"]}
    shares = {(it["row"], it["file"]): it["share"] for it in record.get("shares_of_peak", ())}
    singles = columns_of(("stream", "32 tokens", "128 tokens"), times)
    files = columns_of(("file", "file of short texts", "file of long texts"), rates)
    heads = [*(COLUMNS[it] for it in singles), *(f"{COLUMNS[it]}, texts a second" for it in files)]
    lines = [f"| pipeline | {' | '.join(heads)} |", f"|---|{'--:|' * len(heads)}"]
    for name in [row for row, where in rates if where == "file" and (row, "32 tokens") in times]:
        cells = [f"{times[(name, it)]:.1f} ms" for it in singles]
        for it in files:
            share = shares.get((name, it))
            of_peak = "" if share is None else f" ({100 * share:.0f} % of the peak)"
            cells.append(f"{rates[(name, it)]['texts_per_second']:.0f}{of_peak}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def columns_of(wanted: Sequence[str], measured: Collection[tuple[str, str]]) -> list[str]:
    """Those of ``wanted`` that a record has; older ones have fewer."""
    there = {where for _, where in measured}
    return [where for where in wanted if where in there]


def ratio_table(record: dict[str, Any]) -> list[str]:
    """How many times longer others take than INT8 here, and INT8 than the bare request."""
    by_pair: dict[str, dict[str, str]] = {}
    for name, ratio in record["ratios"].items():
        pair, _, where = name.rpartition(", ")
        # A text has a bare request, a file several.
        cells = by_pair.setdefault(pair.replace(f"{BARE}s", BARE), {})
        cells[where] = f"{ratio['value']:.2f} [{ratio['low']:.2f}–{ratio['high']:.2f}]"
    wanted = [where for where in COLUMNS if where != "128 tokens"]
    shown = columns_of(wanted, [(pair, it) for pair, cells in by_pair.items() for it in cells])
    lines = [f"| | {' | '.join(COLUMNS[it] for it in shown)} |", f"|---|{'--:|' * len(shown)}"]
    for pair, cells in by_pair.items():
        lines.append(f"| {pair} | {' | '.join(cells.get(it, '') for it in shown)} |")
    return lines


def benchmarks() -> list[str]:
    """What each recorded benchmark found."""
    parts = []
    for file in sorted(RESULTS.glob("bench-*.json")):
        record = read(file)
        machine = record["machine"]
        parts += [
            f"Speed of `{Path(record['model']).name}` on {machine['cores']} cores of "
            f"{machine['cpu']} ({', '.join(machine['vector_extensions'])}), {record['date']} "
            f"([record]({link(file)})):",
            "",
            *benchmark_table(record),
            "",
            "Ratios of times in the same rounds, with 95 % intervals:",
            "",
            *ratio_table(record),
            "",
        ]
    return parts


def of_files() -> list[str]:
    """Whole files: memory, throughput, Spark."""
    record = read(RESULTS / "files.json")
    memory, batch, spark = record["memory"], record["batch"], record["spark"]
    return [
        f"1,000,000 lines take {memory['growth_mb']:.0f} MB more than 10,000",
        f"`batch` has {100 * batch['ratio']:.0f} % of `tag_many`'s throughput",
        f"two workers of a Spark cluster are {spark['speed_up']:.2f} times as fast as one, and "
        f"{spark['lines_that_differ_from_one_process']} of {spark['lines']:,} lines differ from "
        "a single process",
    ]


def of_load() -> list[str]:
    """A visitor among others: at capacity, at multiples of it, for long, beside a file."""
    load, beside = read(RESULTS / "load-bundled.json"), read(RESULTS / "beside-a-file.json")
    parts = [f"capacity {load['capacity_per_second']} texts a second over HTTP"]
    for name, run in load.items():
        if not name.startswith("at_"):
            continue
        answered, refused = run["answered"], run["refused"]
        surplus = (
            f", {refused['n']:,} refused, p95 {refused['p95_ms']:.0f} ms" if refused["n"] else ""
        )
        parts.append(
            f"at {name[3:-1]}× for {run['seconds']:.0f} s: {answered['n']:,} answered, p95 "
            f"{answered['p95_ms']:.0f} ms{surplus}, {run['wrong']} wrong, {run['errors']} errors"
        )
    memory = load["memory"]
    parts.append(
        f"{memory['requests']:,} requests: {memory['slope_mb_per_1000']:+.2f} MB a thousand, peak "
        f"{memory['peak_mb']:,.0f} MB"
    )
    ratio = beside["p95_ratio"]
    return [*parts, f"beside a file of {beside['rows']:,} rows p95 is {ratio:.2f} times that alone"]


def of_shapes() -> list[str]:
    """Single texts of different lengths, and files by tokens a batch, as INT8 runs them."""
    whole = read(RESULTS / "shapes.json")
    record = whole["int8"]
    singles, file = record["singles"], record["file"]
    shipped = singles["a graph for each of 16/24/32, one for the rest, element-wise parts apart"]
    return [
        f"INT8 ({', '.join(whole['machine']['vector_extensions'])}): single texts on graphs of "
        f"their length take {shipped['ms']:.1f} ms, on one graph for all "
        f"{singles['one graph for all lengths']['ms']:.1f}, and {shipped['added_mb']} MB in place "
        f"of {singles['one graph for all lengths']['added_mb']}",
        "with batches of 256 tokens on a stream for each core a file is "
        f"{file['256 tokens, a stream for each core']['times_as_fast']:.2f} times as fast as with "
        f"512 on all cores (1,024: {file['1024 tokens a batch']['times_as_fast']:.2f}), and takes "
        f"{record['file_added_mb']['a stream for each core']} MB (1,024 on all cores: "
        f"{record['file_added_mb']['all cores']})",
        f"an article of 600 words takes {record['article']['ms']:.0f} ms of inference",
    ]


def others() -> list[str]:
    """The other records, a line each."""
    self_check = read(RESULTS / "self-check-bundled.json")["ratios"]
    again = [one for name, one in self_check.items() if name.startswith("INT8 again")]
    shown = sum(not one["low"] <= 1 <= one["high"] for one in again)
    kills, properties = read(RESULTS / "kills.json"), read(RESULTS / "properties.json")
    padding = read(RESULTS / "padding.json")
    memory = [padding[way]["peak_memory_mb"] for way in ("within a budget", "fixed length")]
    lines = {
        "files": of_files(),
        "load-bundled": of_load(),
        "self-check-bundled": [
            f"INT8 measured against itself: a difference shown in {shown} of {len(again)} ratios"
        ],
        "shapes": of_shapes(),
        "padding": [
            f"training within a token budget takes {memory[0]:,} MB, padded to the longest text "
            f"{memory[1]:,} MB"
        ],
        "kills": [
            f"preparing killed {kills['kills']} times: {kills['clean']} clean starts; "
            f"{kills['found']} of {kills['flips']} flipped bytes found"
        ],
        "properties": [
            f"{properties['cases']:,} cases of properties, {properties['problems']} problems"
        ],
    }
    return [
        f"- {'; '.join(said)} ([record]({link(RESULTS / name)}.json))."
        for name, said in lines.items()
    ]


def results() -> str:
    """All tables, as they stand beside the records."""
    return "\n".join([*evaluations(), *benchmarks(), "Also recorded:", "", *others(), ""])


def read(file: Path) -> dict[str, Any]:
    """A record."""
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return record


def link(file: Path) -> str:
    """The path of a record as the README beside it links it."""
    return file.relative_to(RESULTS).as_posix()


def summary() -> str:
    """The one table of the top README: the bundled model, its F1, size and speed."""
    files = sorted(RESULTS.glob("evaluation-general*.json"))
    rows = [row for file in files for row in evaluation_rows(read(file))]
    sizes = read(RESULTS / "bench-bundled.json")["bytes_on_disk"]
    size = (
        f"INT8 takes {sizes['int8'] / 1e6:.0f} MB on disk and the original "
        f"{sizes['original'] / 1e6:.0f}."
    )
    speeds = [speed(read(RESULTS / f"bench-{name}.json")) for name in ("bundled", "without-vnni")]
    title = "F1 of the bundled model in per cent, with 95 % intervals:"
    advice = "`python -m ner choose` measures all recipes on yours."
    return "\n".join([title, "", *HEADER, *rows, "", size, *speeds, advice]) + "\n"


def speed(bench: dict[str, Any]) -> str:
    """INT8 against the original and the usual pipelines, on the machine of the record."""
    rates = {
        row["row"]: row["texts_per_second"]
        for row in bench["throughput"]
        if row.get("file", "file") == "file"
    }
    # Records made before streams were timed have a single text, again and again.
    stream = "stream" in bench
    where, on = ("stream", "different texts") if stream else ("32 tokens", "one text of 32 tokens")
    ratios = bench["ratios"]
    original = ratios[f"original FP32 / INT8, {where}"]
    torch = ratios[f"pipeline on PyTorch / INT8, {where}"]
    machine = bench["machine"]
    vnni = "without VNNI" if Machine(**machine).lacks_int8 else "with VNNI"
    return (
        f"On {machine['cores']} cores of {machine['cpu']} ({vnni}) it is "
        f"{original['value']:.2f} [{original['low']:.2f}–{original['high']:.2f}] times as fast as "
        f"the original and {torch['value']:.1f} times as fast as PyTorch on {on}, and tags "
        f"{rates['INT8']:.0f} texts a second in a file (original: {rates['original FP32']:.0f}, "
        f"PyTorch: {rates['pipeline on PyTorch']:.0f}; {bench['date']})."
    )


READMES = {ROOT / "README.md": summary, RESULTS / "README.md": results}


def rewrite(file: Path) -> str:
    """A README with its block replaced."""
    before, rest = file.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{READMES[file]()}{END}{after}"


def write_cards() -> None:
    """The cards of the bundled models, quoting their evaluations."""
    for spec in catalogue():
        if spec.folder is not None:
            write_record(spec.folder, spec.folder.name, read(spec.folder / "metrics.json"), spec)


if __name__ == "__main__":
    for readme in READMES:
        readme.write_text(rewrite(readme), encoding="utf-8")
    write_cards()
