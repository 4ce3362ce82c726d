"""Named entities in Spark data frames: `tag`, and `NerTagger` for a Pipeline.

Needs the extra ``spark``, Java 17 or newer, and this package on all executors. Each Python worker
keeps one tagger, with as many threads as a task has cores.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from ner.api import accept_former_names
from ner.entities import Tagged, utf16_offsets
from ner.errors import InputError, MissingExtra, PrepareFailed
from ner.models.child import ensure_prepared
from ner.models.folder import Manifest, Prepared, home, read_prepared
from ner.models.names import resolve
from ner.models.open import withheld_reason
from ner.models.recipes import Variant, find_recipe
from ner.tagging.choice import Choice
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger, clean

try:
    import pyarrow as pa
    from pyspark import SparkFiles, keyword_only
    from pyspark.ml import Transformer
    from pyspark.ml.param import Param, Params, TypeConverters
    from pyspark.ml.param.shared import HasInputCol, HasOutputCol
    from pyspark.ml.util import DefaultParamsReadable, DefaultParamsWritable
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StringType, StructType
except ImportError as error:
    raise MissingExtra("ner.spark", "spark") from error

_ENTITIES = "array<struct<start: int, end: int, text: string, label: string, score: double>>"
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


@accept_former_names
def tag(df: DataFrame, text: str = "text", **settings: Any) -> DataFrame:  # noqa: ANN401
    """``df`` with the named entities of the column ``text``.

    Two columns are added: ``entities``, an array of structs (``start``, ``end``, ``text``,
    ``label``, ``score``), ready for ``explode``; and ``problem``, null unless a text could not be
    tagged, being too long. A null text has null entities.

    The ``settings`` are those of `NerTagger`: ``model``, ``recipe``, ``aggregation``,
    ``threshold``, ``labels`` and ``reading`` as in `ner.load`; ``utf16``, with which offsets are
    not half-open code points, but the UTF-16 code units by which the JVM counts; ``folder``.

    The prepared model is shipped to the executors, or read from ``folder``, the path of a variant's
    folder that the driver and all of them see; ``model`` and ``recipe`` are then not asked. A
    variant that failed its gate is refused here, and a job fails where it does not find what it
    found where it was made. Raises ``ner.NerError``.
    """
    return NerTagger(inputCol=text, **settings).transform(df)


def _param(name: str, doc: str, convert: Any = TypeConverters.toString) -> Param[Any]:  # noqa: ANN401
    return Param(Params._dummy(), name, doc, convert)


class NerTagger(
    Transformer,
    HasInputCol,
    HasOutputCol,
    DefaultParamsReadable["NerTagger"],
    DefaultParamsWritable,
):
    """`tag` as a stage of a ``pyspark.ml.Pipeline``, which can be saved and loaded.

    The entities come in the column ``outputCol``, what could not be tagged in ``problemCol``; the
    other parameters are those of `tag`.
    """

    problemCol = _param("problemCol", "the column that says why a text was not tagged")
    model = _param("model", "a name of the catalogue, a Hub id or a checkpoint folder")
    recipe = _param("recipe", "how the model is stored and executed")
    aggregation = _param("aggregation", "how pieces become words")
    threshold = _param("threshold", "the least score of an entity", TypeConverters.toFloat)
    labels = _param("labels", "the labels to keep; none: all", TypeConverters.toListString)
    reading = _param("reading", "segments, whole, or the pieces read at once", str)
    utf16 = _param("utf16", "offsets in UTF-16 code units", TypeConverters.toBoolean)
    folder = _param("folder", "a variant's folder that all executors see; empty: ship the model")

    @keyword_only
    def __init__(
        self,
        *,
        inputCol: str = "text",
        outputCol: str = "entities",
        problemCol: str = "problem",
        model: str = "bundled",
        recipe: str = "int8",
        aggregation: str = "first",
        threshold: float = 0.0,
        labels: Sequence[str] | None = None,
        reading: str | int = "segments",
        utf16: bool = False,
        folder: str | None = None,
    ) -> None:
        super().__init__()
        defaults = signature(type(self)).parameters.values()
        self._setDefault(**{each.name: each.default for each in defaults})
        self._set(**self._input_kwargs)  # where keyword_only keeps them

    def _transform(self, dataset: DataFrame) -> DataFrame:
        chosen = {param.name: self.getOrDefault(param) for param in self.params}
        names = "aggregation", "threshold", "labels", "reading"
        choice = Choice.parse(*(chosen[name] for name in names))
        added = (chosen["outputCol"], chosen["problemCol"])
        _check_columns(dataset, chosen["inputCol"], added)
        folder = chosen["folder"]
        source = (
            _given(folder)
            if folder
            else _served(resolve(chosen["model"], default=f"bundled#{chosen['recipe']}"))
        )
        gate = source.manifest.gate
        if refusal := gate and gate.refusal(find_recipe(source.manifest.recipe).title):
            raise PrepareFailed(refusal)
        choice.check_labels(source.manifest.labels)
        _use_this_python(dataset.sparkSession)
        shipped = None if folder else _shipped(dataset.sparkSession, source)
        work = _Work(
            text=chosen["inputCol"],
            utf16=chosen["utf16"],
            folder=shipped or str(source.folder),
            shipped=shipped is not None,
            manifest=source.manifest.dump(),
            choice=choice,
        )
        entities = cast(StructType, StructType.fromDDL(f"entities {_ENTITIES}"))[0].dataType
        schema = StructType([*dataset.schema.fields])
        schema.add(added[0], entities).add(added[1], StringType())
        return dataset.mapInArrow(partial(_tagged, work, schema.names), schema)


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


def _served(variant: Variant) -> Prepared:
    """What is to be served, prepared if need be."""
    if variant.recipe.needs_bf16:
        raise InputError(
            f"{variant.recipe.title} can't be used on Spark, since executors may lack it. "
            "Choose the recipe original."
        )
    return ensure_prepared(variant)


def _given(folder: str) -> Prepared:
    prepared = read_prepared(Path(folder))
    if prepared is None:
        raise InputError(
            f"{folder} is not a prepared folder. Expected one with a manifest.json, as "
            "python -m ner prepare makes them."
        )
    if damaged := prepared.damaged:
        raise InputError(f"{folder} is damaged: {damaged[0]} is not what the manifest says.")
    return prepared


def _use_this_python(session: SparkSession) -> None:
    """On this machine workers run the interpreter that runs here, not the first on the path."""
    context = session.sparkContext
    if str(context.master).startswith("local") and "PYSPARK_PYTHON" not in os.environ:
        context.pythonExec = sys.executable


def _check_columns(df: DataFrame, text: str, added: Sequence[str]) -> None:
    if df.columns.count(text) != 1:
        names = ", ".join(map(repr, df.columns))[:500]
        raise InputError(f"The data frame has not one column {text!r}. Its columns are {names}.")
    if not isinstance(df.schema[text].dataType, StringType):
        kind = df.schema[text].dataType.simpleString()
        raise InputError(f"Column {text!r} is of type {kind}; expected string.")
    for name in added:
        if name in df.columns:
            raise InputError(f"The data frame has a column {name!r} already. Rename it.")


def _shipped(session: SparkSession, source: Prepared) -> str | None:
    """Under which name executors find the folder sent to them; None if they run here."""
    context = session.sparkContext
    if str(context.master).startswith("local"):
        return None
    archive = _archive(source)
    context.addArchive(f"{archive}#{archive.stem}")
    return archive.stem


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


def _tagged(
    work: _Work, names: list[str], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
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
        yield pa.RecordBatch.from_arrays(columns, names)


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
