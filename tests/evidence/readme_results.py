"""Writes the tables of both READMEs, and the model cards, from the records in assets/results.

python tests/evidence/readme_results.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ner.choosing.report import bench_tables
from ner.choosing.workloads import FILE, SINGLES
from ner.deploy.card import score_table
from ner.deploy.records import recorded_sets
from ner.models.catalogue import catalogue
from ner.models.recipes import RECOMMENDED
from ner.schema import estimate_of
from ner.tables import markdown
from ner.train.card import write_record

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "assets" / "results"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"


def evaluations() -> list[str]:
    """A table for each model, the models of the catalogue first."""
    by_model: dict[str, list[Path]] = {spec.name: [] for spec in catalogue()}
    for file in sorted(RESULTS.glob("evaluation-*.json")):
        by_model.setdefault(read(file)["settings"]["model"], []).append(file)
    parts = []
    for model, files in by_model.items():
        if files:
            records = ", ".join(f"[{number}]({link(file)})" for number, file in enumerate(files, 1))
            parts += [f"`{model}` (records {records}):", ""]
            parts += [score_table(recorded_sets(model, RECOMMENDED), "INT8"), ""]
    return parts


def benchmarks() -> list[str]:
    """What each recorded benchmark found."""
    parts = []
    for file in sorted(RESULTS.glob("bench-*.json")):
        record = read(file)
        machine = record["machine"]
        parts += [
            f"`{record['model']}` on {machine['cores']} cores of {machine['cpu']} "
            f"({', '.join(machine['vector_extensions'])}), {record['date']} "
            f"([record]({link(file)})):",
            "",
            *(f"{markdown(table)}\n" for table in bench_tables(record)),
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


def held(shapes: dict[str, Any], recipe: str) -> str:
    """The memory of one recipe at each stage."""
    stages = ("loaded", "600 single texts", "three files of 2,000")
    return ", ".join(f"{shapes[recipe][stage]} MB after {stage}" for stage in stages).replace(
        "after loaded", "when loaded", 1
    )


def others() -> list[str]:
    """The other records, a line each."""
    ratios = read(RESULTS / "self-check.json")["as_fast_as_itself"].values()
    shown = sum(not one["low"] <= 1 <= one["high"] for one in ratios)
    shapes = read(RESULTS / "shapes.json")["resident_mb"]
    grown = shapes["int8"]["18,000 more single texts"] - shapes["int8"]["2,000 more single texts"]
    kills, properties = read(RESULTS / "kills.json"), read(RESULTS / "properties.json")
    lines = {
        "files": of_files(),
        "load-bundled": of_load(),
        "self-check": [
            f"INT8 measured against itself: a difference shown in {shown} of {len(ratios)} ratios"
        ],
        "shapes": [
            f"a process with INT8 holds {held(shapes, 'int8')}, one with the original "
            f"{held(shapes, 'original')}; 18,000 more texts add {grown} MB",
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
    scores = score_table(recorded_sets(catalogue()[0].name, RECOMMENDED), "INT8")
    speeds = [
        speed(read(RESULTS / f"bench-{name}.json")) for name in ("amx", "vnni", "without-vnni")
    ]
    title = "The bundled model:"
    advice = "`python -m ner choose` measures all recipes on yours."
    return "\n".join([title, "", scores, "", *speeds, advice]) + "\n"


def speed(record: dict[str, Any]) -> str:
    """INT8's size, memory and speed against the original and PyTorch, on the record's machine."""
    by_title = {item["title"]: item for item in record["contenders"]}
    int8, original, torch = (by_title[title] for title in ("INT8", "Original", "PyTorch"))
    disk = [f"{item['bytes_on_disk'] / 1e6:.0f}" for item in (int8, original)]
    said = [f"takes {disk[0]} MB on disk (original {disk[1]})"]
    if int8["memory"]:
        held = [f"{item['memory']['after_files'] / 1e6:.0f}" for item in (int8, original)]
        said.append(f"{held[0]} MB in memory after files (original {held[1]})")
    faster = estimate_of(original["times"][SINGLES]["int8_as_fast"]).text(1, 2)
    times = torch["times"][SINGLES]["int8_as_fast"]["value"]
    rates = [
        f"{item['times'][FILE]['texts_per_second']['value']:,.0f}"
        for item in (int8, original, torch)
    ]
    machine = record["machine"]
    best, *_ = machine["vector_extensions"]
    return (
        f"On {machine['cores']} cores of {machine['cpu']} ({best}) INT8 {', '.join(said)}, is "
        f"{faster} times as fast as the original and {times:.1f} times as fast as PyTorch on "
        f"different texts one by one, and tags {rates[0]} texts a second in a file (original "
        f"{rates[1]}, PyTorch {rates[2]}; {record['date']})."
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
