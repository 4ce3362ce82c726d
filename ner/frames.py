"""Entities as data frames: ``ner.predict``."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from ner.api import accept_former_names, load
from ner.entities import Tagged, bio_tags
from ner.errors import InputError, one_of
from ner.files.tokens import annotate
from ner.schema import tagged_json
from ner.tagging.choice import Choice
from ner.tagging.tagger import OpenVinoTagger

if TYPE_CHECKING:
    import pandas as pd


class Level(StrEnum):
    """What a row of a data frame stands for."""

    ENTITY = "entity"
    TOKEN = "token"  # noqa: S105 - no password
    DOCUMENT = "document"


# With their types, which could not be told from a frame without rows.
_COLUMNS = {
    Level.ENTITY: {
        "start": "int64",
        "end": "int64",
        "entity": "str",
        "label": "str",
        "score": "float64",
    },
    Level.TOKEN: {"start": "int64", "end": "int64", "token": "str", "tag": "str"},
    Level.DOCUMENT: {"entities": "object", "count": "int64"},
}


@accept_former_names
def predict(
    texts: str | Iterable[str | None] | pd.Series[Any],
    level: str = "entity",
    *,
    model: str = "bundled",
    recipe: str = "int8",
    aggregation: str = "first",
    threshold: float = 0.0,
    labels: Iterable[str] | None = None,
    reading: str | int = "segments",
    device: str = "CPU",
) -> pd.DataFrame:
    """The named entities of one or many texts as a data frame; the settings are those of `load`.

    ``level`` says what a row is:

    - ``entity``: ``start``, ``end``, ``entity``, ``label``, ``score``
    - ``token``: ``start``, ``end``, ``token``, ``tag`` (BIO2); words, numbers and single signs
    - ``document``: ``entities`` (a list of dicts as in the JSON), ``count``

    Offsets are half-open code points of the text. The index is that of the series, else 0, 1, …,
    once for each row that comes of a text, so ``frame.join(ner.predict(frame["text"]))`` works. A
    missing value has no entities and no tokens; in ``document`` its entities are missing.

    The two models used last stay loaded. Raises ``ner.NerError``.
    """
    import pandas as pd

    chosen = one_of(Level, level, "level")
    choice = Choice.parse(aggregation, threshold, None if labels is None else list(labels), reading)
    tagger = _loaded(model, recipe, device).using(choice)
    index, given = _indexed(texts)
    found = iter(tagger.tag_many([text for text in given if text is not None]))
    rows = [_rows(None if text is None else next(found), chosen) for text in given]
    frame = pd.DataFrame(list(chain(*rows)), columns=pd.Index(_COLUMNS[chosen]))
    frame.index = index.repeat(list(map(len, rows)))
    return frame.astype(_COLUMNS[chosen])


def _indexed(texts: object) -> tuple[pd.Index[Any], list[Any]]:
    """The index of the texts, and the texts, None where one is missing."""
    import pandas as pd

    if isinstance(texts, pd.DataFrame):
        columns = ", ".join(map(repr, texts.columns))
        raise InputError(f"Expected texts, got a data frame. Give one of its columns: {columns}.")
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, Iterable):
        raise InputError(f"Expected texts, got {type(texts).__name__}.")
    series = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype=object)
    given = list(series.astype(object).where(series.notna(), None))
    for row, text in zip(series.index, given, strict=True):
        if text is not None and not isinstance(text, str):
            raise InputError(f"Row {row!r}: expected a text, got {type(text).__name__}.")
    return series.index, given


def _rows(tagged: Tagged | None, level: Level) -> list[tuple[object, ...]]:
    """What comes of one text, in the order of ``_COLUMNS``."""
    if level is Level.DOCUMENT:
        return [(tagged and tagged_json(tagged)["entities"], len(tagged.entities) if tagged else 0)]
    if tagged is None:
        return []
    if level is Level.ENTITY:
        return [
            (entity.start, entity.end, tagged.spelled(entity), entity.label, entity.score)
            for entity in tagged.entities
        ]
    # The tokens are those of the text, whatever is found in it.
    offsets = annotate(Tagged(tagged.text)).token_offsets
    tags = bio_tags(tagged.entities, offsets)
    return [
        (start, end, tagged.text[start:end], tag)
        for (start, end), tag in zip(offsets, tags, strict=True)
    ]


@lru_cache(maxsize=2)
def _loaded(model: str, recipe: str, device: str) -> OpenVinoTagger:
    """Kept between calls, since loading takes a second and a text milliseconds."""
    return load(model, recipe=recipe, device=device)
