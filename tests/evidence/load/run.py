"""Measure how the app holds: at its capacity, at multiples of it, and over many requests.

    pip install -r tests/evidence/load/requirements.txt
    PYTHONPATH=.:tests python tests/evidence/load/run.py --out assets/results/load-bundled.json

Starts the app on a free port and drives it with locust on the same machine, so both share its
cores. Capacity is a share of what visitors get who call again as soon as they are answered.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from evidence.record import made_by, write
from serving.running import App, app

from ner.machine import package_versions

HERE = Path(__file__).parent
# Of the rate of back-to-back calls: above it a queue would only grow.
SHARE = 0.7
# Calls a second that each visitor starts in the runs at a given rate; more, once there are so many
# visitors, each of whom keeps a connection open.
EACH = 0.5
MOST_USERS = 600
NAMES = ("Ada Lovelace", "Wolfgang Amadeus Mozart", "Marie Curie", "Ngozi Okafor")
PLACES = ("Berlin", "London", "Nairobi", "Buenos Aires", "Kyoto")
FIRMS = ("Siemens", "FC Porto", "University of Groningen", "Acme Corp")


def texts(count: int, *, longest: int, seed: int = 7) -> list[str]:
    """Different texts of one to ``longest`` sentences, most of them short."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    made = []
    for number in range(count):
        sentences = [
            f"{chance.choice(NAMES)} met {chance.choice(FIRMS)} in {chance.choice(PLACES)}."
            for _ in range(min(longest, int(chance.paretovariate(1.2))))
        ]
        made.append(f"Note {number}. {' '.join(sentences)}")
    return made


def drive(
    running: App, answers: Path, *, users: int, seconds: float, rate: float = 0.0
) -> dict[str, Any]:
    """Let ``users`` call for ``seconds``; what locust counted of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py")]
        command += ["--headless", "--only-summary", "--host", running.url, "--reset-stats"]
        command += ["-u", str(users), "-r", str(users), "-t", f"{seconds:g}s", "--stop-timeout"]
        command += ["10", "--csv", f"{folder}/load", "--exit-code-on-error", "0"]
        environment = {**os.environ, "NER_LOAD_ANSWERS": str(answers), "NER_LOAD_RATE": f"{rate}"}
        log = Path(folder) / "log"
        with log.open("wb") as written:
            ended = subprocess.run(command, env=environment, stdout=written, stderr=written)
        if ended.returncode:
            sys.exit(f"locust failed:\n{log.read_text()}")
        counted = _counted(Path(folder), seconds)
    return {
        "users": users,
        "seconds": seconds,
        "offered_per_second": round(users * rate, 1),
        **counted,
    }


def _counted(folder: Path, seconds: float) -> dict[str, Any]:
    with (folder / "load_stats.csv").open(newline="") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    with (folder / "load_failures.csv").open(newline="") as file:
        problems = {row["Error"]: int(row["Occurrences"]) for row in csv.DictReader(file)}
    counted: dict[str, Any] = {"problems": problems}
    for name in ("answered", "refused"):
        row = rows.get(name)
        count = int(row["Request Count"]) if row else 0
        counted[name] = {"n": count, "per_second": round(count / seconds, 1)}
        if row and count:
            counted[name] |= {f"p{p}_ms": float(row[f"{p}%"]) for p in (50, 95, 99)}
    counted["wrong"] = sum(
        n for what, n in problems.items() if "crossed" in what or "wrong" in what
    )
    counted["errors"] = sum(problems.values()) - counted["wrong"]
    return counted


def recovered(running: App, known: dict[str, Any]) -> float:
    """Seconds until five calls in a row are answered right in less than half a second each."""
    begun, good = time.monotonic(), 0
    for text in cycle(known):
        before = time.monotonic()
        try:
            right = running.tag(text) == known[text]
        except httpx.HTTPError:
            right = False
        good = good + 1 if right and time.monotonic() - before < 0.5 else 0
        if good == 5:
            return before - begun
    raise AssertionError


def memory_slope(running: App, answers: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Memory over many requests of random length, in MB for each thousand, after warming up."""
    samples: list[tuple[int, float]] = []
    done = 0
    while done < options.requests:
        found = drive(running, answers, users=4, seconds=options.slice)
        done += found["answered"]["n"]
        samples.append((done, round(running.memory, 1)))
        _say(f"  {done:,} requests, {samples[-1][1]:.0f} MB")
    warm = samples[len(samples) // 4 :]
    # Of the line of least squares.
    slope = np.polyfit(*zip(*warm, strict=True), 1)[0] if len(warm) > 1 else None
    return {
        "requests": done,
        "mb": samples,
        "slope_mb_per_1000": None if slope is None else round(float(slope) * 1000, 3),
        "peak_mb": max(mb for _, mb in samples),
    }


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def measured(running: App, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All runs, one after another."""
    short = {text: running.tag(text) for text in texts(options.texts, longest=8)}
    answers = folder / "answers.json"
    answers.write_text(json.dumps(short))
    drive(running, answers, users=4, seconds=5)
    saturated = drive(running, answers, users=8, seconds=options.probe)
    capacity = round(SHARE * saturated["answered"]["per_second"], 1)
    _say(f"Back to back {saturated['answered']['per_second']}, capacity {capacity}/s")
    result: dict[str, Any] = {"saturated": saturated, "capacity_per_second": capacity}
    for times in options.times:
        users = min(MOST_USERS, max(1, round(times * capacity / EACH)))
        rate = times * capacity / users
        run = drive(running, answers, users=users, seconds=options.seconds, rate=rate)
        run["recovered_after_s"] = round(recovered(running, short), 2)
        result[f"at_{times}x"] = run
        _say(f"{times}x: {json.dumps(run)}")
    if not options.requests:
        return result
    long = {text: running.tag(text) for text in texts(options.texts, longest=60, seed=8)}
    answers.write_text(json.dumps(long))
    result["memory"] = memory_slope(running, answers, options)
    return result


def main() -> None:
    """Measure, print, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--times", type=int, nargs="+", default=(1, 3, 10), help="the given rates, in capacities"
    )
    parser.add_argument("--seconds", type=float, default=300, help="of each run at a given rate")
    parser.add_argument("--probe", type=float, default=20, help="seconds of measuring capacity")
    parser.add_argument("--requests", type=int, default=20_000, help="of the memory run; 0: none")
    parser.add_argument("--slice", type=float, default=20, help="seconds between looks at memory")
    parser.add_argument("--texts", type=int, default=200, help="different texts")
    parser.add_argument("--out", type=Path, help="where the record goes, as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, app(Path(folder) / "log") as running:
        result = measured(running, Path(folder), options)
    record = {
        **made_by(f"load/run.py {' '.join(sys.argv[1:])}"),
        "versions": package_versions(("gradio", "openvino", "locust")),
        **result,
    }
    if options.out:
        write(options.out, record)
    _say(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
