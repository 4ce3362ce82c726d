"""Spark finds what a single process finds: on one core here, and on a cluster of processes.

Needs the extra ``spark`` and Java; skipped without them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import gate_of
from hypothesis import given
from hypothesis import strategies as st
from spark_cluster import Cluster, running
from test_cli import ROOT

from ner.entities import utf16_offsets
from ner.errors import InputError, PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared
from ner.models.open import Sides

pyspark = pytest.importorskip("pyspark", reason='pip install -e ".[spark]"')
if shutil.which("java") is None:
    pytest.skip("Spark needs Java", allow_module_level=True)

from pyspark.errors import PySparkException  # noqa: E402
from pyspark.ml import Pipeline, PipelineModel  # noqa: E402
from pyspark.sql import SparkSession, functions  # noqa: E402

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
        spark.tag(frame.drop("problem"), recipe="int3")
    # Not in a worker, as an exception of Spark's.
    with pytest.raises(InputError, match="expected a number from 0 to 1"):
        spark.tag(frame.drop("problem"), threshold=float("nan"))


def test_int8_below_its_gate_is_refused(
    session: SparkSession, tiny_prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As everywhere."""
    manifest = replace(tiny_prepared.manifest, gate=gate_of(0.5, 500))
    monkeypatch.setattr(
        spark, "ensure_prepared", lambda *_, **__: replace(tiny_prepared, manifest=manifest)
    )
    frame = session.createDataFrame([("in Berlin",)], "text string")

    with pytest.raises(PrepareFailed, match="500 entities"):
        spark.tag(frame)


def test_each_worker_checks_int8_on_its_machine(
    session: SparkSession,
    tiny_original: Prepared,
    tiny_prepared: Prepared,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that finds other entities than where the model was made serves none."""
    golden = tuple(replace(one, entities=()) for one in tiny_prepared.manifest.golden)
    manifest = replace(tiny_prepared.manifest, golden=golden)
    departed = replace(tiny_prepared, manifest=manifest)
    frame = session.createDataFrame([("in Berlin",)], "text string")

    monkeypatch.setattr(spark, "ensure_prepared", lambda _: departed)
    with pytest.raises(PySparkException, match="its self-check failed"):
        spark.tag(frame).collect()
    monkeypatch.setattr(spark, "ensure_prepared", lambda _: tiny_original)
    assert ["in Berlin"] == [row.text for row in spark.tag(frame).collect()]


def test_a_stage_of_a_pipeline_is_saved_and_loaded(
    session: SparkSession, tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """With its settings and column names; it finds what `tag` finds."""
    frame = session.createDataFrame([("Wolfgang in Berlin", 1)], "body string, entities int")
    settings = {"model": str(tiny_spec.folder), "threshold": 0.01, "reading": 94}
    stage = spark.NerTagger(inputCol="body", outputCol="names", **settings)
    Pipeline(stages=[stage]).fit(frame).write().overwrite().save(str(tmp_path / "pipeline"))

    loaded = PipelineModel.load(str(tmp_path / "pipeline"))
    tagged = loaded.transform(frame)

    assert ["body", "entities", "names", "problem"] == tagged.columns
    expected = spark.tag(frame.select("body"), "body", **settings).first()
    assert expected is not None
    assert expected.entities == tagged.first().names
    assert (0.01, "94", "int8") == tuple(
        loaded.stages[0].getOrDefault(name) for name in ("threshold", "reading", "recipe")
    )
    with pytest.raises(InputError, match="no reading 'all'"):
        spark.tag(frame.select("body"), "body", reading="all")


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


# What a driver does: tags 20,000 rows on the cluster and prints the labels and texts found.
DRIVER = """
import json, sys
from pyspark.sql import SparkSession
import ner.spark
session = SparkSession.builder.master(sys.argv[1]).config("spark.ui.enabled", "false").getOrCreate()
texts = json.load(open(sys.argv[3]))
frame = session.createDataFrame(list(enumerate(texts)), "id int, text string").repartition(40)
print("started", file=sys.stderr, flush=True)
for row in ner.spark.tag(frame, model=sys.argv[2]).orderBy("id").toLocalIterator():
    print(json.dumps([[e.start, e.end, e.label] for e in row.entities]))
session.stop()
"""


@pytest.mark.full
@pytest.mark.parametrize("killed", [False, True], ids=["undisturbed", "a worker killed"])
def test_a_cluster_gives_what_one_process_gives(
    cluster: Cluster, tiny_sides: Sides, tiny_spec: ModelSpec, tmp_path: Path, killed: bool
) -> None:
    """The same rows with the same entities, also when a worker dies in mid-job."""
    names = ("Wolfgang", "Berlin", "I", "the name")
    texts = [f"My {names[n % 4]} is at {n} in Berlin" for n in range(20_000)]
    (tmp_path / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    command = [sys.executable, "-c", DRIVER, cluster.master, str(tiny_spec.folder)]
    with (tmp_path / "found").open("w+") as found:
        driver = subprocess.Popen(
            [*command, str(tmp_path / "texts.json")],
            cwd=ROOT,
            stdout=found,
            stderr=subprocess.PIPE,
            env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable},
        )
        assert driver.stderr is not None
        for line in driver.stderr:
            if killed and line == b"started\n":
                time.sleep(5)
                cluster.kill_worker()
        assert 0 == driver.wait()
        found.seek(0)
        spread = [json.loads(line) for line in found]

    alone = tiny_sides.both[1].tagger.tag_many(texts)
    assert [[[e.start, e.end, e.label] for e in one.entities] for one in alone] == spread
