"""The benchmark: what it measures, that it is fair, and what it says. No time is asserted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ner.measuring import benchmark, peak
from ner.measuring.benchmark import BARE, INT8, ORIGINAL, Contestant, Progress, Settings, Stopped
from ner.models.catalogue import ModelSpec, find, gate_file, read_texts
from ner.models.opened import Sides
from ner.models.prepared import Prepared
from ner.models.recipes import Variant
from ner.stats import NO_DIFFERENCE

QUICK = Settings(lengths=(16, 32), rounds=6, passes=6, peak_runs=1)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return read_texts(gate_file(find("bundled")))[:24]


def test_every_row_is_timed_as_often(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """Each length has every row with n runs; the file has every row with n passes."""
    heard: list[Progress] = []
    result = benchmark.run(tiny_spec, QUICK, texts, processes=False, report=heard.append)

    assert {16, 32} == {row.tokens for row in result.latency}
    assert {6} == {row.latency.n for row in result.latency}
    assert {6} == {len(row.seconds) for row in result.throughput}
    assert {ORIGINAL, INT8, f"{INT8}, {BARE}"} <= {row.row for row in result.latency}
    assert (heard[-1].done, heard[-1].total) == (18, 18)
    assert result.ratios[f"{INT8} / {INT8}, {BARE}, 32 tokens"].value > 0
    assert {"original", "int8"} == set(result.bytes_on_disk)


def test_the_result_is_strict_json(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """Nothing in it is infinite or not a number, and machine and conditions are in it."""
    result = benchmark.run(tiny_spec, QUICK, texts, processes=False)
    answer = json.loads(json.dumps(benchmark.benchmark_json(result), allow_nan=False))

    assert answer["machine"]["cores"] >= 1
    assert {"steal_seconds", "throttled_seconds", "load"} == set(answer["conditions"]["before"])
    for ratio in answer["ratios"].values():
        assert ratio["low"] <= ratio["value"] <= ratio["high"]


def test_rounds_are_shuffled_and_interleaved() -> None:
    """Within a round each row runs once; the order changes between rounds."""
    ran: list[str] = []
    meter = benchmark._Meter(
        benchmark.random.Random(0), lambda progress: None, lambda: False, total=20
    )
    meter.interleave({name: lambda name=name: ran.append(name) for name in "abc"}, 20, "letters")
    rounds = [tuple(ran[index : index + 3]) for index in range(0, 60, 3)]

    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) > 3


def test_a_run_can_be_stopped(tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]) -> None:
    """It ends within a round of being told to."""
    heard: list[Progress] = []
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

    assert f"peer / {INT8}, file" in result.ratios
    assert texts in seen


def test_a_self_check_compares_int8_with_itself(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """The rows are INT8 and INT8 again, and no original."""
    result = benchmark.run(tiny_spec, QUICK, texts, self_check=True, processes=False)

    assert {"INT8", "INT8 again"} <= {row.row for row in result.throughput}
    assert ORIGINAL not in {row.row for row in result.throughput}


def test_equal_series_show_no_difference() -> None:
    """The verdict of a thing against itself."""
    same = tuple(1.0 + 0.01 * (index % 3) for index in range(30))
    rows = [
        benchmark.LatencyRow(name, 32, benchmark.Latency(same)) for name in (INT8, "INT8 again")
    ]
    [ratio] = benchmark._ratios(rows, []).values()

    assert ratio.verdict == NO_DIFFERENCE


@pytest.mark.parametrize("tokens", [4, 16, 33, 100])
def test_texts_have_the_length_asked_for(tiny_sides: Sides, texts: list[str], tokens: int) -> None:
    """Special tokens included."""
    text = benchmark.text_of(tiny_sides.left.tagger, texts, tokens)

    assert tiny_sides.left.tagger.model.count(text) == tokens


def test_operations_are_counted_by_hand(tiny_prepared: Prepared) -> None:
    """For the tiny BERT: 2 layers, width 32, inner width 64, 9 tags, 10 tokens."""
    xml = tiny_prepared.variant(Variant.ORIGINAL) / "openvino_model.xml"
    tokens, width, inner, tags = 10, 32, 64, 9
    weights = 2 * (4 * width * width + 2 * width * inner) + width * tags
    attention = 2 * 2 * tokens * width

    assert peak.operations(xml, tokens) == 2.0 * tokens * (weights + attention)


def test_the_matrix_peak_runs_in_int8() -> None:
    """Quantized products give nearly what the float ones give: the chain is the same."""
    _, operations = peak.peak_runner(int8=True)
    run, same = peak.peak_runner(int8=False)
    run()

    assert operations == same > 0


def test_endurance_runs_in_a_process_of_its_own(
    tiny_spec: ModelSpec, tiny_sides: Sides, texts: list[str]
) -> None:
    """Growth, tenfold time and whether a batch changes anything, of many texts."""
    endurance = benchmark._endurance(tiny_spec, texts, 200)

    assert endurance.texts == 200
    assert endurance.batch_equals_single == 1.0
    assert endurance.tenfold > 1
