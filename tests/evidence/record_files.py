"""Measures how whole files are tagged, and writes assets/results/files.json.

PYTHONPATH=.:tests python tests/evidence/record_files.py              all of it, some 30 minutes
PYTHONPATH=.:tests python tests/evidence/record_files.py batch spark  only these; the others stay

memory  what is resident while 10,000 and 1,000,000 short lines are tagged, peak
batch   the throughput of batch, file to file, against tag_many on the same texts
spark   a cluster of one and of two workers on 20,000 lines: the same entities? how much faster?
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from spark_cluster import running

import ner
from evidence.record import RESULTS, ROOT, made_by, write
from ner import schema
from ner.entities import Tagged
from ner.files import batch
from ner.files.read import inspect
from ner.models.catalogue import catalogue
from ner.stats import ratio_estimate
from ner.tagging.choice import Choice

RECORD = RESULTS / "files.json"
PASSES = 7
SPARK_LINES = 20_000


def lines(count: int) -> list[str]:
    """Short lines of a few kinds, with numbers so that no two are alike."""
    kinds = (
        "Ada Lovelace met Charles Babbage in London, note {n}.",
        "Order {n} went out on Monday",
        "Siemens opens a plant in Porto with {n} places, says Marta Kowalska.",
        "Nobody wrote down what became of number {n}.",
        "{n} fans saw Ghana beat Norway in Bergen",
    )
    return [kinds[n % len(kinds)].format(n=n) for n in range(count)]


def written(folder: Path, count: int) -> Path:
    """A file with so many of them."""
    file = folder / f"{count}.txt"
    file.write_text("".join(f"{line}\n" for line in lines(count)), encoding="utf-8")
    return file


def record_memory(folder: Path) -> dict[str, Any]:
    """Peak resident memory of ``batch`` in MB, by the number of lines."""
    ner.load("bundled", recipe="int8")  # prepares it, which takes more memory than serving
    peaks: dict[str, float] = {}
    for count in (10_000, 1_000_000):
        command = ["batch", str(written(folder, count)), "--out", str(folder / f"{count}.jsonl")]
        child = subprocess.Popen([sys.executable, "-m", "ner", *command], cwd=ROOT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, "batch failed"
        # Kilobytes on Linux, bytes on macOS.
        peaks[str(count)] = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    growth = peaks["1000000"] - peaks["10000"]
    return {"peak_mb": peaks, "growth_mb": round(growth, 1)}


def record_batch(folder: Path) -> dict[str, Any]:
    """Lines a second of both, in turns, and their ratio."""
    file = written(folder, 10_000)
    texts = lines(10_000)
    tagger = ner.load("bundled", recipe="int8")
    tagger.tag_many(texts[:500])
    provenance = schema.provenance_json([], Choice())
    seconds: dict[str, list[float]] = {"tag_many": [], "batch": []}
    for number in range(PASSES):
        begin = time.perf_counter()
        tagger.tag_many(texts)
        middle = time.perf_counter()
        out = folder / f"{number}.jsonl"
        for _ in batch.run(inspect(file), [tagger], out, provenance=provenance):
            pass
        seconds["tag_many"].append(middle - begin)
        seconds["batch"].append(time.perf_counter() - middle)
    interval = ratio_estimate(tuple(seconds["tag_many"]), tuple(seconds["batch"]))
    return {
        "lines": len(texts),
        "passes": PASSES,
        "lines_per_second": {name: len(texts) / median(one) for name, one in seconds.items()},
        "ratio": median(seconds["tag_many"]) / median(seconds["batch"]),
        "interval": [interval.low, interval.high],
    }


def record_spark(folder: Path) -> dict[str, Any]:
    """Lines a second of clusters of one and two workers, started anew in turns."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    texts = lines(SPARK_LINES)
    expected = _plain(ner.load("bundled", recipe="int8").tag_many(texts))
    rates: dict[str, list[float]] = {"1": [], "2": []}
    differing = 0
    for turn in range(2):
        for workers in (1, 2):
            with running(folder / f"cluster-{turn}-{workers}", workers) as cluster:
                builder = SparkSession.builder.master(cluster.master)
                # The executors run elsewhere.
                session = builder.config("spark.executorEnv.PYTHONPATH", str(ROOT)).getOrCreate()
                _tagged_there(session, texts[:2000], workers)  # opens the model in each worker
                begin = time.perf_counter()
                found = _tagged_there(session, texts, workers)
                rates[str(workers)].append(len(texts) / (time.perf_counter() - begin))
                differing += sum(a != b for a, b in zip(expected, found, strict=True))
                session.stop()
    return {
        "lines": len(texts),
        "lines_per_second": {workers: [round(r) for r in one] for workers, one in rates.items()},
        "speed_up": median(rates["2"]) / median(rates["1"]),
        "lines_that_differ_from_one_process": differing,
    }


def _tagged_there(session: Any, texts: Sequence[str], workers: int) -> list[list[tuple[Any, ...]]]:
    from ner.spark import tag

    frame = session.createDataFrame(list(enumerate(texts)), "number long, text string")
    rows = sorted(tag(frame.repartition(4 * workers)).collect(), key=lambda row: row.number)
    return [[(e.start, e.end, e.label) for e in row.entities] for row in rows]


def _plain(many: Sequence[Tagged]) -> list[list[tuple[Any, ...]]]:
    """Entities without scores, whose last digits may differ with the batch."""
    return [[(e.start, e.end, e.label) for e in one.entities] for one in many]


def main(wanted: Sequence[str]) -> None:
    """Measure what is wanted and put it into the record."""
    measures = {"memory": record_memory, "batch": record_batch, "spark": record_spark}
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    for name in wanted or measures:
        with TemporaryDirectory() as folder:
            measured = measures[name](Path(folder))
        made = made_by(f"record_files.py {name}")
        record[name] = {**measured, "model": catalogue()[0].name, **made}
        write(RECORD, record)


if __name__ == "__main__":
    main(sys.argv[1:])
