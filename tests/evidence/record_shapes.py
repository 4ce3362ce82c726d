"""Measures ways to run texts of different lengths; writes assets/results/shapes.json.

PYTHONPATH=.:tests python tests/evidence/record_shapes.py [ROUNDS]

All ways run bare requests in turns: single texts with the lengths of the project's own, shuffled,
and a file of them in batches. Memory is what a way adds, each in a process of its own. Of graphs
for one length each it also tells in how many texts tags differ from those of the graph for all.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import openvino as ov
import psutil
from tokenizers import Tokenizer

from ner.machine import describe, usable_cores
from ner.measuring.limits import run_all
from ner.measuring.peak import seconds_of
from ner.measuring.rounds import Rounds, Run
from ner.models.calibration import calibration_file, read_texts
from ner.models.child import ensure_prepared
from ner.models.names import find_model, resolve
from ner.schema import machine_json
from ner.stats import ratio_estimate
from ner.tagging import inference
from ner.tagging.graphs import FIXED_LENGTHS
from ner.tagging.inference import BATCH_TOKENS, STREAM_TOKENS, alone, bucket
from ner.tagging.model import Model

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "assets" / "results" / "shapes.json"
RECIPES = ("int8", "original")
ONE_GRAPH = "one graph for all lengths"
FIXED = "a graph for each of 16/24/32, one for the rest"
PLAIN = f"{FIXED}, element-wise parts apart"
APART = {"SNIPPETS_MODE": "DISABLE"}
BUDGETS = (256, 512, 1024, 2048, 4096)
LONGEST = 64
COARSE = (16, 32, 48, 64)
# Tokens a batch and streams of a graph that runs files alone, for what it takes.
FILES_ALONE = {
    "all cores": (BATCH_TOKENS, 1),
    "a stream for each core": (STREAM_TOKENS, usable_cores()),
}
Shape = tuple[int, int]


def compiled(xml: Path, shape: Sequence[int] | None = None, **settings: Any) -> ov.CompiledModel:
    """The model as the tagger compiles it, or for ``shape`` alone (-1: any)."""
    core = ov.Core()
    model = core.read_model(xml)
    if shape is not None:
        model.reshape({port.any_name: list(shape) for port in model.inputs})
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    threads = {"INFERENCE_NUM_THREADS": usable_cores(), "ENABLE_CPU_PINNING": False}
    return core.compile_model(model, "CPU", {**hints, **threads, **settings})


def up_to(lengths: Sequence[int]) -> Callable[[int], int]:
    """Pads to the next of ``lengths``; beyond them as the tagger does."""
    return lambda length: next((most for most in lengths if most >= length), bucket(length))


@dataclass
class Way:
    """Single texts on one graph for all lengths, and on a graph of its own for some ``alone``."""

    xml: Path
    pad: Callable[[int], int] = bucket
    alone: tuple[int, ...] = ()
    shape: tuple[int, int] | None = None
    request_for_each: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    fixed_settings: Mapping[str, Any] = field(default_factory=dict)
    _requests: dict[int, ov.InferRequest] = field(default_factory=dict, repr=False)
    _shared: list[ov.InferRequest] = field(default_factory=list, repr=False)
    _inputs: dict[int, dict[str, ov.Tensor]] = field(default_factory=dict, repr=False)

    def run(self, length: int) -> None:
        """One text of ``length`` tokens."""
        padded = self.pad(length)
        request = self._requests.get(padded)
        if request is None:
            request = self._requests[padded] = self._request(padded)
            names = [port.any_name for port in request.model_inputs]
            self._inputs[padded] = inputs(names, (1, padded))
        if padded not in self.alone:
            for name, tensor in self._inputs[padded].items():
                request.set_tensor(name, tensor)
        request.infer()

    def _request(self, padded: int) -> ov.InferRequest:
        if padded in self.alone:
            request = compiled(self.xml, (1, padded), **self.fixed_settings).create_infer_request()
            names = [port.any_name for port in request.model_inputs]
            for name, tensor in inputs(names, (1, padded)).items():
                request.set_tensor(name, tensor)
            return request
        if not self._shared:
            self._model = compiled(self.xml, self.shape, **self.settings)
            self._shared.append(self._model.create_infer_request())
        return self._model.create_infer_request() if self.request_for_each else self._shared[0]


def inputs(names: Sequence[str], shape: Shape) -> dict[str, ov.Tensor]:
    """Input tensors of ones; token types are zero."""
    ones = np.ones(shape, dtype=np.int64)
    return {name: ov.Tensor(ones * ("type" not in name)) for name in names}


def ways(xml: Path) -> dict[str, Way]:
    """What was tried for single texts; the last is how they are run."""
    return {
        ONE_GRAPH: Way(xml),
        "the same, a request for each length": Way(xml, request_for_each=True),
        "the same for one row alone": Way(xml, shape=(1, -1)),
        "the same, fewer lengths (16/32/48/64)": Way(xml, up_to(COARSE)),
        "the same, ten times the runtime's cache": Way(
            xml, settings={"CPU_RUNTIME_CACHE_CAPACITY": 50_000}
        ),
        FIXED: Way(xml, alone, FIXED_LENGTHS),
        PLAIN: Way(xml, alone, FIXED_LENGTHS, fixed_settings=APART),
    }


def singles(xml: Path, lengths: Sequence[int], rounds: int) -> dict[str, Any]:
    """Milliseconds a text of each way, and how many times as fast as with one graph it is."""
    rng = random.Random(0)  # noqa: S311 - not a secret
    tried = ways(xml)
    for way in tried.values():
        for length in sorted(set(lengths)):
            way.run(length)
    samples: dict[str, list[float]] = {name: [] for name in [*tried, "the same length again"]}
    for _ in range(rounds):
        order = list(tried)
        rng.shuffle(order)
        stream = rng.sample(lengths, 20)
        for name in order:
            samples[name].append(seconds_each(tried[name].run, stream))
        again = stream[0]
        tried[ONE_GRAPH].run(again)
        samples["the same length again"].append(seconds_each(tried[ONE_GRAPH].run, [again] * 20))
    return {name: figures(samples[ONE_GRAPH], taken) for name, taken in samples.items()}


def figures(before: Sequence[float], taken: Sequence[float]) -> dict[str, Any]:
    """Median milliseconds, and the time ``before`` over it with its interval."""
    between = ratio_estimate(before, taken)
    return {
        "ms": round(1000 * median(taken), 3),
        "times_as_fast": round(median(before) / median(taken), 3),
        "low": round(between.low, 3),
        "high": round(between.high, 3),
    }


def seconds_each(run: Callable[[int], None], stream: Sequence[int]) -> float:
    """The mean time of a run."""
    begin = time.perf_counter()
    for length in stream:
        run(length)
    return (time.perf_counter() - begin) / len(stream)


def batches(lengths: Sequence[int], budget: int) -> list[Shape]:
    """A file's shapes, as the tagger makes them."""
    return [(len(members), length) for length, members in inference.batches(lengths, budget)]


def requests_in(xml: Path, streams: int) -> list[Callable[[Shape], None]]:
    """Requests on a graph of so many streams, one for each; they run batches of ones."""
    graph = compiled(xml, NUM_STREAMS=streams)
    names = [port.any_name for port in graph.inputs]

    def infer(request: ov.InferRequest, shape: Shape) -> None:
        request.infer(inputs(names, shape), share_inputs=True)

    return [partial(infer, graph.create_infer_request()) for _ in range(streams)]


def file_ways(xml: Path, lengths: Sequence[int]) -> dict[str, Run]:
    """A file on one stream of all cores by tokens a batch; on a stream for each core; unordered."""
    all_cores, each_core = requests_in(xml, 1), requests_in(xml, usable_cores())

    def run(shapes: Sequence[Shape], requests: Sequence[Callable[[Shape], None]]) -> Run:
        return partial(inference.share_out, shapes, requests)

    found = {
        f"{budget} tokens a batch": run(batches(lengths, budget), all_cores) for budget in BUDGETS
    }
    shuffled = batches(lengths, BATCH_TOKENS)
    random.Random(0).shuffle(shuffled)  # noqa: S311 - not a secret
    found[f"{BATCH_TOKENS} tokens, batches in any order"] = run(shuffled, all_cores)
    for budget in BUDGETS[:-1]:
        shapes = batches(lengths, budget)
        found[f"{budget} tokens, a stream for each core"] = run(shapes, each_core)
    return found


def files(xml: Path, lengths: Sequence[int], rounds: int) -> dict[str, Any]:
    """The same for a file, held against batches of 512 tokens."""
    rows = file_ways(xml, lengths)
    for run in rows.values():
        run()
    rng = random.Random(0)  # noqa: S311 - not a secret
    turns = Rounds(rng, lambda step: None, lambda: False, rounds)
    timed = turns.interleave(rows, rounds, "file")
    before = timed["512 tokens a batch"].samples_ms
    return {
        name: figures([ms / 1000 for ms in before], [ms / 1000 for ms in row.samples_ms])
        for name, row in timed.items()
    }


def added_megabytes(recipe: str, way: str) -> int:
    """What ``way`` adds to a process of its own, all lengths seen."""
    done = subprocess.run(
        [sys.executable, __file__, "--memory", recipe, way], capture_output=True, check=True
    )
    return int(done.stdout)


def print_memory(recipe: str, name: str) -> None:
    """The program of that process."""
    folder = ensure_prepared(resolve(recipe)).folder
    lengths = list(range(4, LONGEST + 1))
    before = psutil.Process().memory_info().rss
    run: Run
    if name in FILES_ALONE:
        budget, streams = FILES_ALONE[name]
        requests = requests_in(folder / "openvino_model.xml", streams)
        run = partial(inference.share_out, batches(lengths * 20, budget), requests)
    else:
        way = ways(folder / "openvino_model.xml")[name]
        run = partial(run_all, [partial(way.run, length) for length in lengths])
    # A second time, for what all streams have met by then.
    run()
    run()
    sys.stdout.write(str(round((psutil.Process().memory_info().rss - before) / 1e6)))


def texts_that_differ(folder: Path, texts: Sequence[str], settings: Mapping[str, Any]) -> int:
    """How many texts get another tag somewhere on graphs of their length than on that for all."""
    xml = folder / "openvino_model.xml"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for_all = compiled(xml).create_infer_request()
    fixed = {length: compiled(xml, (1, length), **settings) for length in FIXED_LENGTHS}
    requests = {length: graph.create_infer_request() for length, graph in fixed.items()}
    differing = 0
    for text in texts:
        ids = tokenizer.encode(text).ids
        length = alone(len(ids))
        if length in requests:
            given = padded_inputs([port.any_name for port in for_all.model_inputs], ids, length)
            tags = [
                request.infer(given)[0][0, : len(ids)].argmax(axis=1)
                for request in (for_all, requests[length])
            ]
            differing += bool((tags[0] != tags[1]).any())
    return differing


def padded_inputs(names: Sequence[str], ids: Sequence[int], length: int) -> dict[str, np.ndarray]:
    """One text's ids, special ones included, and padding."""
    given = {name: np.zeros((1, length), dtype=np.int64) for name in names}
    given["input_ids"][0, : len(ids)] = ids
    given["attention_mask"][0, : len(ids)] = 1
    return given


def article(folder: Path, texts: Sequence[str], rounds: int) -> dict[str, Any]:
    """Milliseconds of inference for an article of 600 words, in the batches that it is read in."""
    model = Model.load(folder)
    text = " ".join(" ".join(texts).split()[:600])
    shapes = model.shapes([text])
    run = model.bare([text])
    run()
    taken = [seconds_of(run) for _ in range(rounds)]
    return {"batches": shapes, "ms": round(1000 * median(taken), 2)}


def main(rounds: int) -> None:
    """Measure all and write it."""
    texts = read_texts(calibration_file(find_model("bundled")))
    record: dict[str, Any] = {}
    for recipe in RECIPES:
        folder = ensure_prepared(resolve(recipe)).folder
        xml = folder / "openvino_model.xml"
        model = Model.load(folder)
        lengths = [count for count in map(model.count, texts) if count <= LONGEST]
        found = singles(xml, lengths, rounds)
        for name in ways(xml):
            found[name]["added_mb"] = added_megabytes(recipe, name)
        record[recipe] = {
            "file_added_mb": {name: added_megabytes(recipe, name) for name in FILES_ALONE},
            "singles": found,
            "file": files(xml, lengths * 4, max(6, rounds // 4)),
            "article": article(folder, texts, rounds),
            "tokens": round(mean(lengths), 1),
            "texts": len(texts),
            "texts_with_another_tag": {
                name: texts_that_differ(folder, texts, settings)
                for name, settings in ((FIXED, {}), (PLAIN, APART))
            },
        }
    record |= {
        "rounds": rounds,
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"PYTHONPATH=.:tests python tests/evidence/record_shapes.py {rounds}",
        "machine": machine_json(describe()),
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        print_memory(*sys.argv[2:])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 40)
