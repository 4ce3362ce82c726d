"""The benchmark: what it measures, that it is fair, and what it says. No time is asserted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ner.measuring import benchmark
from ner.measuring.benchmark import BenchmarkPlan
from ner.measuring.contestants import Contestant
from ner.measuring.report import benchmark_json, summary
from ner.measuring.rounds import BenchmarkStep, Stopped
from ner.measuring.rows import BARE, INT8, ORIGINAL
from ner.measuring.workload import FILES
from ner.models.catalogue import ModelSpec
from ner.models.folder import Gate
from ner.models.open import Sides
from ner.stats import NO_DIFFERENCE

QUICK = BenchmarkPlan(lengths=(16, 32), rounds=6, passes=6, peak_runs=1)


def test_every_row_is_timed_as_often(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """Each length and the stream have every row with n runs; each file every row with n passes."""
    heard: list[BenchmarkStep] = []
    result = benchmark.run(tiny_spec, QUICK, texts, processes=False, report=heard.append)

    assert {16, 32} == {row.tokens for row in result.latency}
    assert {6} == {row.latency.n for row in result.latency}
    assert {6} == {row.latency.n for row in result.stream}
    assert {6} == {len(row.seconds) for row in result.throughput}
    assert set(FILES) == {row.file for row in result.throughput}
    assert {(row, file) for row in (ORIGINAL, INT8) for file in FILES} == {
        (share.row, share.file) for share in result.shares
    }
    assert {ORIGINAL, INT8, f"{INT8}, {BARE}"} <= {row.row for row in result.latency}
    assert (heard[-1].done, heard[-1].total) == (36, 36)
    assert result.ratios[f"{INT8} / {INT8}, {BARE}, 32 tokens"].value > 0
    assert result.ratios[f"{INT8} / {INT8}, {BARE}, stream"].value > 0
    assert {"original", "int8"} == set(result.bytes_on_disk)


def test_the_result_is_strict_json(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """Nothing in it is infinite or not a number, and machine and conditions are in it."""
    result = benchmark.run(tiny_spec, QUICK, texts, processes=False)
    answer = json.loads(json.dumps(benchmark_json(result), allow_nan=False))

    assert answer["machine"]["cores"] >= 1
    assert {"steal_seconds", "throttled_seconds", "load"} == set(answer["conditions"]["before"])
    for ratio in answer["ratios"].values():
        assert ratio["low"] <= ratio["value"] <= ratio["high"]


def test_a_run_can_be_stopped(tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]) -> None:
    """It ends within a round of being told to."""
    heard: list[BenchmarkStep] = []
    with pytest.raises(Stopped):
        benchmark.run(
            tiny_spec,
            QUICK,
            texts,
            processes=False,
            report=heard.append,
            stop=lambda: len(heard) >= 3,
        )

    assert len(heard) == 3


def test_a_peer_runs_along(tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]) -> None:
    """Whatever is given is timed on the same texts, and has a ratio over INT8."""
    seen: list[Any] = []
    result = benchmark.run(
        tiny_spec,
        QUICK,
        texts,
        peers={"peer": Contestant(seen.append, seen.append)},
        processes=False,
    )

    assert {f"peer / {INT8}, {where}" for where in ("stream", *FILES)} < set(result.ratios)
    assert texts in seen
    assert set(texts) < {text for text in seen if isinstance(text, str)}


def test_a_self_check_compares_int8_with_itself(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """The rows are INT8 and INT8 again, and no original."""
    result = benchmark.run(tiny_spec, QUICK, texts, self_check=True, processes=False)

    assert {"INT8", "INT8 again"} <= {row.row for row in result.throughput}
    assert ORIGINAL not in {row.row for row in result.throughput}


def test_int8_that_is_withheld_is_measured_all_the_same(
    tiny_spec: ModelSpec,
    tiny_sides: Sides,
    texts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is only not served; sentence and JSON say so."""
    monkeypatch.setattr(Gate, "passed", property(lambda gate: False))
    result = benchmark.run(tiny_spec, QUICK, texts, processes=False)

    assert INT8 in {row.row for row in result.throughput}
    assert "INT8 of this model is not served" in summary(result)
    assert result.withheld == benchmark_json(result)["withheld"]


def test_rows_are_warmed_before_they_are_timed(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """At each length more often than there are rounds: the first runs are not counted."""
    seen: list[str] = []
    plan = BenchmarkPlan(lengths=(16,), rounds=6, passes=6, peak_runs=1)
    result = benchmark.run(
        tiny_spec, plan, texts, peers={"peer": Contestant(seen.append, len)}, processes=False
    )
    [timed] = (row for row in result.latency if row.row == "peer")

    assert timed.latency.n == 6
    assert seen.count(seen[0]) > 6


def test_every_figure_says_how_it_was_measured(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """Median, 95th percentile and n of each time; both ends and a verdict of each ratio."""
    answer = benchmark_json(benchmark.run(tiny_spec, QUICK, texts, processes=False))

    for row in answer["latency"]:
        assert {"median_ms", "p95_ms", "n"} <= set(row)
    for row in answer["throughput"]:
        assert row["n"] == len(row["seconds"]) == QUICK.passes
    for ratio in answer["ratios"].values():
        assert {"value", "low", "high", "verdict"} <= set(ratio)
    assert "random order" in answer["order"]
    assert {"cpu", "cores", "vector_extensions", "versions"} <= set(answer["machine"])


def test_too_few_rounds_show_nothing(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """No interval, so no claim; still strict JSON."""
    plan = BenchmarkPlan(lengths=(16,), rounds=2, passes=2, peak_runs=1)
    answer = benchmark_json(benchmark.run(tiny_spec, plan, texts, processes=False))
    json.dumps(answer, allow_nan=False)

    assert {NO_DIFFERENCE} == {ratio["verdict"] for ratio in answer["ratios"].values()}
    assert {None} == {ratio["high"] for ratio in answer["ratios"].values()}
