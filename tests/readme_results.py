"""Writes the results in README.md, and the model cards, from the records in assets/results.

python tests/readme_results.py          rewrites the tables and cards
python tests/readme_results.py --check  exits with 1 if the README is not what they say
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ner import models
from ner.train.card import write_card

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "assets" / "results"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"


def evaluation_table(record: dict[str, Any]) -> list[str]:
    """Sets by variants: F1 with its 95 % interval, in per cent, and the agreement."""
    lines = [
        "| set | original | INT8 | agreement |",
        "|---|--:|--:|--:|",
    ]
    for name, result in record["sets"].items():
        cells = [
            f"{100 * side['f1']:.1f} [{100 * side['f1_low']:.1f}–{100 * side['f1_high']:.1f}]"
            for side in (result["original"], result["int8"])
        ]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {100 * result['agreement']:.1f} |")
    return lines


def benchmark_table(record: dict[str, Any]) -> list[str]:
    """Latency at 32 and 128 tokens, throughput and size of each row of ours."""
    lines = [
        "| pipeline | one text, 32 tokens | 128 tokens | texts a second |",
        "|---|--:|--:|--:|",
    ]
    latency = {(row["row"], row["tokens"]): row["median_ms"] for row in record["latency"]}
    for row in record["throughput"]:
        name = row["row"]
        if (name, 32) in latency:
            times = " | ".join(f"{latency[(name, tokens)]:.1f} ms" for tokens in (32, 128))
            lines.append(f"| {name} | {times} | {row['texts_per_second']:.0f} |")
    return lines


def results() -> str:
    """The whole block between the markers."""
    parts: list[str] = []
    for file in sorted(RESULTS.glob("evaluation-*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        title = file.stem.removeprefix("evaluation-").replace("-", " ")
        parts += [f"F1 in per cent with 95 % intervals, {title} ([record]({link(file)})):", ""]
        parts += [*evaluation_table(record), ""]
    for file in sorted(RESULTS.glob("bench-*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        machine = record["machine"]
        parts += [
            f"Speed of {record['model']} on {machine['cores']} cores of {machine['cpu']} "
            f"({', '.join(machine['vector_extensions'])}), {record['date']} "
            f"([record]({link(file)})):",
            "",
            *benchmark_table(record),
            "",
        ]
    return "\n".join(parts)


def link(file: Path) -> str:
    """The path of a record as the README links it."""
    return file.relative_to(ROOT).as_posix()


def rewritten(readme: str) -> str:
    """The README with the block replaced."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{results()}{END}{after}"


def write_cards() -> None:
    """The cards of the bundled models, quoting their evaluations."""
    for spec in models.catalogue():
        if spec.folder is not None:
            write_card(spec.folder, model=spec.name, results=RESULTS.glob("evaluation-*.json"))


if __name__ == "__main__":
    file = ROOT / "README.md"
    text = file.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--check"]:
        sys.exit(rewritten(text) != text)
    file.write_text(rewritten(text), encoding="utf-8")
    write_cards()
