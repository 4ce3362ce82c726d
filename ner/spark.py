"""Named entities in Spark data frames: Arrow batches in, Arrow batches out.

Needs the extra ``spark``, Java 17 or newer, and this package on all executors. Each Python worker
keeps one tagger, with as many threads as a task has cores.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from ner.entities import Entity, Tagged, utf16_offsets
from ner.errors import Failure, InputError, MissingExtra, PrepareFailed
from ner.models.child import OnStage, ensure_prepared
from ner.models.folder import Manifest, Prepared, home, read_prepared
from ner.models.names import resolve
from ner.models.open import withheld_reason
from ner.models.recipes import Variant, find_recipe
from ner.tagging.choice import Choice
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger, clean

try:
    import pyarrow as pa
    from py4j.protocol import Py4JError
    from pyspark import SparkFiles
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StringType, StructType
except ImportError as error:
    raise MissingExtra("ner.spark", "spark") from error

_ADDED = (
    "entities array<struct<start: int, end: int, text: string, label: string, score: double>>, "
    "problem string"
)
_ARROW_ENTITIES = pa.list_(
    pa.struct(
        [
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("text", pa.string()),
            ("label", pa.string()),
            ("score", pa.float64()),
        ]
    )
)


@dataclass(frozen=True)
class _Work:
    """What each worker is told.

    ``folder`` is the name of an archive that was shipped, else a path. The ``manifest`` says what
    a variant has to find in each worker.
    """

    text: str
    utf16: bool
    folder: str
    shipped: bool
    manifest: str
    choice: Choice


def tag(
    df: DataFrame,
    text: str = "text",
    *,
    utf16: bool = False,
    model: str = "bundled",
    variant: str = "int8",
    aggregation: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    folder: str | None = None,
) -> DataFrame:
    """``df`` with the named entities of the column ``text``.

    Two columns are added: ``entities``, an array of structs (``start``, ``end``, ``text``,
    ``label``, ``score``), ready for ``explode``; and ``problem``, null unless a text could not be
    tagged, being too long. Offsets are half-open code points, with ``utf16`` the UTF-16 code units
    by which the JVM counts. A null text has null entities.

    The prepared model is shipped to the executors, or read from ``folder``, the path of a variant's
    prepared folder that the driver and all of them see; ``model`` and ``variant`` are then not
    asked. A variant that failed its gate is refused here, and a job fails where it does not find
    what it found where it was made. Raises ``ner.NerError``.
    """
    choice = Choice.parse(aggregation, threshold, labels)
    _check_columns(df, text)
    source = _given(folder) if folder else _served(resolve(model, default=f"bundled#{variant}"))
    return _tag(df, text, choice, source, utf16=utf16, ship=folder is None)


def _tag(
    df: DataFrame,
    text: str,
    choice: Choice,
    source: Prepared,
    *,
    utf16: bool = False,
    ship: bool = True,
) -> DataFrame:
    _use_this_python(df.sparkSession)
    choice.check_labels(source.manifest.labels)
    where, shipped = _shipped(df.sparkSession, source) if ship else (str(source.folder), False)
    work = _Work(
        text=text,
        utf16=utf16,
        folder=where,
        shipped=shipped,
        manifest=source.manifest.dump(),
        choice=choice,
    )
    return df.mapInArrow(partial(_tagged, work), _with_added(df.schema))


def _served(variant: Variant, *, report: OnStage | None = None) -> Prepared:
    """What is to be served, prepared if need be; refused where its gate did."""
    if variant.recipe.needs_bf16:
        raise InputError(
            f"On Spark {variant.recipe.title} is not to be had, since executors may lack it. "
            "Choose the recipe original."
        )
    return _passed(ensure_prepared(variant, report=report))


def _given(folder: str) -> Prepared:
    prepared = read_prepared(Path(folder))
    if prepared is None:
        raise InputError(
            f"{folder} is not a prepared folder. Expected one with a manifest.json, as "
            "python -m ner prepare makes them."
        )
    if damaged := prepared.damaged:
        raise InputError(f"{folder} is damaged: {damaged[0]} is not what the manifest says.")
    return _passed(prepared)


def _passed(prepared: Prepared) -> Prepared:
    gate = prepared.manifest.gate
    refusal = gate and gate.refusal(find_recipe(prepared.manifest.recipe).title)
    if refusal:
        raise PrepareFailed(refusal)
    return prepared


def _use_this_python(session: SparkSession) -> None:
    """On this machine workers run the interpreter that runs here, not the first on the path."""
    context = session.sparkContext
    if str(context.master).startswith("local") and "PYSPARK_PYTHON" not in os.environ:
        context.pythonExec = sys.executable


def _with_added(schema: StructType) -> StructType:
    added = cast(StructType, StructType.fromDDL(_ADDED))
    return StructType([*schema.fields, *added.fields])


def _check_columns(df: DataFrame, text: str) -> None:
    if df.columns.count(text) != 1:
        names = ", ".join(map(repr, df.columns))[:500]
        raise InputError(f"The data frame has not one column {text!r}. Its columns are {names}.")
    if not isinstance(df.schema[text].dataType, StringType):
        kind = df.schema[text].dataType.simpleString()
        raise InputError(f"Column {text!r} is of type {kind}; expected string.")
    taken = {"entities", "problem"} & set(df.columns)
    if taken:
        raise InputError(f"The data frame has a column {taken.pop()!r} already. Rename it.")


def _shipped(session: SparkSession, source: Prepared) -> tuple[str, bool]:
    """Where executors find the prepared folder, and whether that is an archive shipped to them."""
    context = session.sparkContext
    if str(context.master).startswith("local"):
        return str(source.folder), False
    archive = _archive(source)
    context.addArchive(f"{archive}#{archive.stem}")
    return archive.stem, True


def _archive(source: Prepared) -> Path:
    """The folder as a ZIP file, made once; those of what the model was before are removed."""
    folder, name = home() / "archives", source.folder.name
    archive = folder / f"{name}-{source.fingerprint}.zip"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{name}*.zip"):
            old.unlink(missing_ok=True)
        with TemporaryDirectory(dir=folder) as scratch:
            made = shutil.make_archive(str(Path(scratch) / archive.stem), "zip", source.folder)
            Path(made).replace(archive)
    return archive


def _tagged(work: _Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What a worker does with the batches of a partition."""
    tagger = _opened(work)
    for batch in batches:
        texts, problems = _cleaned(batch.column(work.text).to_pylist())
        found = iter(tagger.tag_many([text for text in texts if text is not None]))
        rows = [None if text is None else _structs(next(found), work.utf16) for text in texts]
        columns = [
            *batch.columns,
            pa.array(rows, type=_ARROW_ENTITIES),
            pa.array(problems, type=pa.string()),
        ]
        yield pa.RecordBatch.from_arrays(columns, [*batch.schema.names, "entities", "problem"])


@lru_cache(maxsize=2)
def _opened(work: _Work) -> OpenVinoTagger:
    """The tagger of this worker; Spark says in OMP_NUM_THREADS how many cores a task has."""
    os.environ.setdefault("RAYON_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    folder = Path(SparkFiles.get(work.folder) if work.shipped else work.folder)
    manifest = Manifest.parse(work.manifest)
    model = Model.load(folder, precision=find_recipe(manifest.recipe).precision)
    if reason := withheld_reason(manifest, OpenVinoTagger(model)):
        raise PrepareFailed(reason)
    return OpenVinoTagger(model, work.choice)


def _cleaned(texts: Sequence[str | None]) -> tuple[list[str | None], list[str | None]]:
    """The texts that can be tagged, None for the others, and what is wrong with those."""
    kept: list[str | None] = []
    problems: list[str | None] = []
    for text in texts:
        problem = None
        if text is not None:
            try:
                text = clean(text)
            except InputError as error:
                text, problem = None, str(error)
        kept.append(text)
        problems.append(problem)
    return kept, problems


def _structs(tagged: Tagged, utf16: bool) -> list[dict[str, Any]]:
    at = utf16_offsets(tagged.text) if utf16 else range(len(tagged.text) + 1)
    return [
        {
            "start": at[entity.start],
            "end": at[entity.end],
            "text": tagged.spelled(entity),
            "label": entity.label,
            "score": entity.score,
        }
        for entity in tagged.entities
    ]


@dataclass(frozen=True)
class SparkTagger:
    """Tags lists of texts on a cluster; make one with :func:`connect`."""

    session: SparkSession
    labels: tuple[str, ...]
    choice: Choice
    source: Prepared

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        """Tag several texts; results in the order given. Raises ``Failure`` if the job fails."""
        table = pa.table({"id": pa.array(range(len(texts))), "text": pa.array(texts, pa.string())})
        # Two tasks for each core: a slow or lost one then costs less.
        tasks = 2 * self.session.sparkContext.defaultParallelism
        try:
            frame = self.session.createDataFrame(table).repartition(tasks, "id")
            # In a fixed order, since scores differ in their last digits with the batch.
            frame = frame.sortWithinPartitions("id")
            rows = _tag(frame, "text", self.choice, self.source).select("id", "entities").collect()
        except (PySparkException, Py4JError) as error:
            raise Failure(f"The Spark job failed: {_in_short(error)}") from error
        found = {row.id: row.entities for row in rows}
        return [
            Tagged(
                text,
                tuple(
                    Entity(struct.start, struct.end, struct.label, struct.score)
                    for struct in found[index]
                ),
            )
            for index, text in enumerate(texts)
        ]


@contextmanager
def connect(
    master: str,
    choice: Choice,
    variant: Variant,
    *,
    report: OnStage | None = None,
) -> Iterator[SparkTagger]:
    """A tagger on the cluster at ``master`` (``local[4]``, ``spark://host:7077``) while it is used.

    The model is prepared first if need be, and ``report`` hears its stages. A variant that failed
    its gate is refused before Spark is started. Raises ``Failure`` where there is no Spark to
    connect to.
    """
    source = _served(variant, report=report)
    try:
        session = (
            SparkSession.builder.master(master)
            .appName("ner batch")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
    except (PySparkException, Py4JError) as error:
        raise Failure(
            f"Spark did not start at {master!r} ({_in_short(error)}). "
            "It needs Java 17 or newer, and the address of a master that can be reached."
        ) from error
    try:
        yield SparkTagger(session, source.manifest.labels, choice, source)
    finally:
        session.stop()


def _in_short(error: Exception) -> str:
    """What a worker of ours said, else the first line of what Spark says."""
    ours = re.search(r"^ner\.errors\.\w+: (.+)$", str(error), re.MULTILINE)
    return ours[1] if ours else str(error).strip().split("\n", 1)[0][:300]
