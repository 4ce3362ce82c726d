"""Measure how the app holds: at its capacity, at multiples of it, and over many requests.

    pip install -r tests/evidence/load/requirements.txt
    python tests/evidence/load/run.py --out assets/results/load-bundled.json

Starts the app on a free port and drives it with locust on the same machine, so both share its
cores. Capacity is a share of what visitors get who call again as soon as they are answered.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from ner import machine  # noqa: E402 - found from here only by then

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


@dataclass(frozen=True)
class App:
    """The running app."""

    process: subprocess.Popen[bytes]
    url: str

    def metric(self, name: str) -> float:
        """One number of /metrics."""
        text = httpx.get(f"{self.url}/metrics").text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    @property
    def memory(self) -> float:
        """Resident memory in MB."""
        return self.metric("process_resident_memory_bytes") / 1e6

    def call(self, text: str) -> Any:
        """The answer for one text, waited for."""
        arguments = [text, "bundled", "int8", "first", 0.0, None, "segments"]
        called = httpx.post(f"{self.url}/gradio_api/call/tag", json={"data": arguments})
        event = called.raise_for_status().json()["event_id"]
        stream = httpx.get(f"{self.url}/gradio_api/call/tag/{event}", timeout=60).text
        return json.loads(stream.split("data: ", 1)[1].split("\n")[0])[0]


@contextmanager
def started(log: Path) -> Iterator[App]:
    """``python app.py`` on a free port, ready; ended by SIGTERM."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    with (
        log.open("wb") as written,
        subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=written, stderr=written
        ) as process,
    ):
        app = App(process, f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + 600
        while not _ready(app):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"The app did not start:\n{log.read_text()}")
            time.sleep(0.5)
        yield app
        process.terminate()
        process.wait(60)


def _ready(app: App) -> bool:
    try:
        return httpx.get(f"{app.url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


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
    app: App, answers: Path, *, users: int, seconds: float, rate: float = 0.0
) -> dict[str, Any]:
    """Let ``users`` call for ``seconds``; what locust counted of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py")]
        command += ["--headless", "--only-summary", "--host", app.url, "--reset-stats"]
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


def recovered(app: App, known: dict[str, Any]) -> float:
    """Seconds until five calls in a row are answered right in less than half a second each."""
    begun, good = time.monotonic(), 0
    for text in texts_again(known):
        before = time.monotonic()
        try:
            right = app.call(text) == known[text]
        except httpx.HTTPError:
            right = False
        good = good + 1 if right and time.monotonic() - before < 0.5 else 0
        if good == 5:
            return before - begun
    raise AssertionError


def texts_again(known: dict[str, Any]) -> Iterator[str]:
    """The texts over and over."""
    while True:
        yield from known


def memory_slope(app: App, answers: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Memory over many requests of random length, in MB for each thousand, after warming up."""
    samples: list[tuple[int, float]] = []
    done = 0
    while done < options.requests:
        found = drive(app, answers, users=4, seconds=options.slice)
        done += found["answered"]["n"]
        samples.append((done, round(app.memory, 1)))
        _say(f"  {done:,} requests, {samples[-1][1]:.0f} MB")
    warm = samples[len(samples) // 4 :]
    return {
        "requests": done,
        "mb": samples,
        "slope_mb_per_1000": round(_slope(warm) * 1000, 3) if len(warm) > 1 else None,
        "peak_mb": max(mb for _, mb in samples),
    }


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _slope(points: list[tuple[int, float]]) -> float:
    """Of the line of least squares."""
    n = len(points)
    mean_x, mean_y = (sum(point[axis] for point in points) / n for axis in (0, 1))
    across = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / across


def measured(app: App, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All runs, one after another."""
    short = {text: app.call(text) for text in texts(options.texts, longest=8)}
    answers = folder / "answers.json"
    answers.write_text(json.dumps(short))
    drive(app, answers, users=4, seconds=5)
    saturated = drive(app, answers, users=8, seconds=options.probe)
    capacity = round(SHARE * saturated["answered"]["per_second"], 1)
    _say(f"Back to back {saturated['answered']['per_second']}, capacity {capacity}/s")
    result: dict[str, Any] = {"saturated": saturated, "capacity_per_second": capacity}
    for times in options.times:
        users = min(MOST_USERS, max(1, round(times * capacity / EACH)))
        rate = times * capacity / users
        run = drive(app, answers, users=users, seconds=options.seconds, rate=rate)
        run["recovered_after_s"] = round(recovered(app, short), 2)
        result[f"at_{times}x"] = run
        _say(f"{times}x: {json.dumps(run)}")
    if not options.requests:
        return result
    long = {text: app.call(text) for text in texts(options.texts, longest=60, seed=8)}
    answers.write_text(json.dumps(long))
    result["memory"] = memory_slope(app, answers, options)
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
    with tempfile.TemporaryDirectory() as folder, started(Path(folder) / "log") as app:
        result = measured(app, Path(folder), options)
    command = ["python", "tests/evidence/load/run.py", *sys.argv[1:]]
    record = {
        "command": " ".join(command),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": asdict(machine.describe()),
        "versions": machine.package_versions(("gradio", "openvino", "locust")),
        **result,
    }
    if options.out:
        options.out.write_text(json.dumps(record, indent=2) + "\n")
    _say(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
