"""Spark finds what a single process finds: on one core here, and on a cluster of processes.

Needs the extra ``spark`` and Java; skipped without them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spark_cluster import Cluster, running
from test_cli import ROOT, answers, run

from ner.entities import utf16_offsets
from ner.errors import Failure, InputError, PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.models.folder import Gate, Prepared
from ner.models.names import resolve
from ner.models.open import Sides
from ner.tagging.choice import Choice

pyspark = pytest.importorskip("pyspark", reason='pip install -e ".[spark]"')
if shutil.which("java") is None:
    pytest.skip("Spark needs Java", allow_module_level=True)

from pyspark.sql import DataFrame, SparkSession, functions  # noqa: E402

from ner import spark  # noqa: E402

# It says so of pandas 3, which nothing here goes through; and it leaves sockets to be collected.
pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf16_offsets_count_code_units(text: str) -> None:
    """Oracle: the length of the encoded beginning."""
    expected = [len(text[:end].encode("utf-16-le")) // 2 for end in range(len(text) + 1)]

    assert expected == list(utf16_offsets(text))


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    """Spark in this process, one core."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Workers import this package from here.
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), before]))
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()
    os.environ["PYTHONPATH"] = before


def test_one_core_finds_what_the_tagger_finds(
    session: SparkSession, tiny_sides: Sides, tiny_spec: ModelSpec
) -> None:
    """Same entities and scores, null for null, a problem for a text that is too long."""
    texts = ["Wolfgang met I in 🙂 Berlin", None, "x" * 1_000_001, "", "at the Berlin"]
    frame = session.createDataFrame(list(enumerate(texts)), "id int, text string")
    settings = {"model": str(tiny_spec.folder)}
    tagged = spark.tag(frame, **settings)
    rows = tagged.orderBy("id").collect()
    units = spark.tag(frame, utf16=True, **settings).orderBy("id").collect()
    exploded = tagged.select("id", functions.explode("entities").alias("e")).select("id", "e.*")

    for row, shifted in zip(rows, units, strict=True):
        if row.text is None or row.problem is not None:
            assert row.entities is None
            continue
        expected = tiny_sides.both[1].tagger(row.text).entities
        assert [(e.start, e.end, e.label) for e in expected] == [
            (e.start, e.end, e.label) for e in row.entities
        ]
        assert [e.score for e in expected] == pytest.approx([e.score for e in row.entities])
        encoded = row.text.encode("utf-16-le")
        for entity in shifted.entities:
            spelled = encoded[2 * entity.start : 2 * entity.end].decode("utf-16-le")
            assert entity.text == spelled
    assert [None, None, "at most 1,000,000"] == [
        row.problem and row.problem[row.problem.index("at most") :][:17] for row in rows[:3]
    ]
    assert ["id", "start", "end", "text", "label", "score"] == exploded.columns


def test_columns_are_checked_before_anything_runs(session: SparkSession) -> None:
    """With what is there and what is expected."""
    frame = session.createDataFrame([(1, "a", "b")], "n int, text string, problem string")
    for column, message in (
        ("body", "not one column 'body'. Its columns are 'n', 'text', 'problem'"),
        ("n", "is of type int; expected string"),
        ("text", "has a column 'problem' already"),
    ):
        with pytest.raises(InputError, match=message):
            spark.tag(frame, column)
    with pytest.raises(InputError, match="no recipe 'int3'"):
        spark.tag(frame.drop("problem"), variant="int3")


def test_texts_of_a_task_come_in_a_fixed_order(
    session: SparkSession, tiny_prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else batches, and with them the last digits of scores, would differ between two runs."""
    plans = []

    def planned(frame: DataFrame, *_: object, **__: object) -> DataFrame:
        plans.append(frame._jdf.queryExecution().optimizedPlan().toString())
        return frame.selectExpr("*", "array() AS entities")

    monkeypatch.setattr(spark, "_tag", planned)
    texts = [f"text {number}" for number in range(100)]
    tagged = spark.SparkTagger(session, (), Choice(), tiny_prepared).tag_many(texts)

    assert texts == [one.text for one in tagged]
    sort, shuffle = plans[0].splitlines()[:2]
    assert sort.startswith("Sort [id")
    assert "RepartitionByExpression [id" in shuffle


@pytest.mark.parametrize("threshold", [5, -0.1, float("nan")])
def test_the_threshold_is_checked_before_anything_runs(
    session: SparkSession, threshold: float
) -> None:
    """Not in a worker, as an exception of Spark's."""
    frame = session.createDataFrame([("a",)], "text string")
    with pytest.raises(InputError, match="expected a number from 0 to 1"):
        spark.tag(frame, threshold=threshold)


def test_int8_below_its_gate_is_refused(
    session: SparkSession, tiny_prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As everywhere."""
    manifest = replace(tiny_prepared.manifest, gate=Gate(f1=0.5, entities=500))
    monkeypatch.setattr(
        spark, "ensure_prepared", lambda *_, **__: replace(tiny_prepared, manifest=manifest)
    )
    frame = session.createDataFrame([("in Berlin",)], "text string")

    with pytest.raises(PrepareFailed, match="500 entities"):
        spark.tag(frame)
    with (
        pytest.raises(PrepareFailed, match="500 entities"),
        spark.connect("nonsense://x", Choice(), resolve("int8")),
    ):
        pass


def test_each_worker_checks_int8_on_its_machine(
    session: SparkSession, tiny_original: Prepared, tiny_prepared: Prepared
) -> None:
    """A worker that finds other entities than where the model was made serves none."""
    golden = tuple(replace(one, entities=()) for one in tiny_prepared.manifest.golden)
    manifest = replace(tiny_prepared.manifest, golden=golden)
    departed = replace(tiny_prepared, manifest=manifest)
    tagger = spark.SparkTagger(session, manifest.labels, Choice(), departed)

    with pytest.raises(Failure, match=r"^The Spark job failed: INT8 .* its self-check failed"):
        tagger.tag_many(["in Berlin"])
    original = replace(tagger, source=tiny_original)
    assert ["in Berlin"] == [one.text for one in original.tag_many(["in Berlin"])]


def test_a_folder_is_read_where_it_is(
    session: SparkSession,
    tiny_original: Prepared,
    tiny_prepared: Prepared,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Its labels are those that count, and no other model is prepared."""

    def unwanted(*_: object, **__: object) -> None:
        raise AssertionError("another model was asked for")

    monkeypatch.setattr(spark, "ensure_prepared", unwanted)
    frame = session.createDataFrame([("Wolfgang in Berlin",)], "text string")
    for folder in (str(tiny_original.folder), str(tiny_prepared.folder)):
        assert 1 == spark.tag(frame, folder=folder).count()
        with pytest.raises(InputError, match="no label Chemical"):
            spark.tag(frame, folder=folder, labels=["Chemical"])

    shutil.copytree(tiny_prepared.folder, tmp_path / "copy")
    (tmp_path / "copy" / "openvino_model.bin").unlink()
    for folder, message in (
        ("/no/such/int8", "/no/such/int8 is not a prepared folder"),
        (str(tmp_path), "is not a prepared folder"),
        (str(tmp_path / "copy"), "is damaged: openvino_model.bin"),
    ):
        with pytest.raises(InputError, match=message):
            spark.tag(frame, folder=folder)


def test_an_archive_is_of_one_model(
    tiny_original: Prepared,
    tiny_prepared: Prepared,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Made once; when the same recipe has made other files, they are shipped and it goes."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    files = {**tiny_prepared.manifest.files, "openvino_model.bin": "0" * 64}
    fetched_anew = replace(tiny_prepared, manifest=replace(tiny_prepared.manifest, files=files))

    original = spark._archive(tiny_original)
    first = spark._archive(tiny_prepared)
    made = first.stat().st_mtime_ns
    assert made == spark._archive(tiny_prepared).stat().st_mtime_ns
    second = spark._archive(fetched_anew)

    assert sorted([original, second]) == sorted((tmp_path / "archives").iterdir())
    assert first != second


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Two workers."""
    with running(tmp_path, workers=2) as cluster:
        yield cluster


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """A file of 60,000 lines, which are three chunks."""
    file = tmp_path / "lines.txt"
    names = ("Wolfgang", "Berlin", "I", "the name")
    file.write_text("".join(f"My {names[n % 4]} is at {n} in Berlin\n" for n in range(60_000)))
    return file


@pytest.mark.full
@pytest.mark.parametrize("killed", [False, True], ids=["undisturbed", "a worker killed"])
def test_a_cluster_gives_what_one_process_gives(
    cluster: Cluster,
    lines: Path,
    tiny_prepared: Prepared,
    tiny_spec: ModelSpec,
    tmp_path: Path,
    killed: bool,
) -> None:
    """The same rows with the same entities, also when a worker dies in mid-job."""
    model = ["--model", str(tiny_spec.folder), "--json"]
    alone, spread = tmp_path / "alone.jsonl", tmp_path / "spread.jsonl"
    answers(run("batch", str(lines), "--out", str(alone), *model))
    command = ["batch", str(lines), "--out", str(spread), *model, "--spark", cluster.master]
    with subprocess.Popen(
        [sys.executable, "-m", "ner", *command],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable},
    ) as driver:
        assert driver.stderr is not None
        for line in driver.stderr:
            if killed and b"rows/s" in line:
                cluster.kill_worker()
                killed = False
    # Else it was over before there was a worker to kill.
    assert not killed
    assert 0 == driver.returncode

    assert read(alone) == read(spread)


def read(file: Path) -> list[Any]:
    """Its rows, scores left out: they may differ in the last digits with the batch."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        for entity in row["entities"]:
            del entity["score"]
    return rows


@pytest.mark.full
def test_a_master_that_is_not_there_is_told() -> None:
    """A sentence and exit code 1, no trace of Java's."""
    with (
        pytest.raises(Failure, match="Spark did not start"),
        spark.connect("nonsense://x", Choice(), resolve("int8")),
    ):
        pass
