"""Gold in files that are no text: spaCy's DocBin, and Parquet as Hugging Face has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ner.errors import Failure
from ner.files.json_records import read_records
from ner.files.marked import Marked, Opened, Span


def read_docbin(opened: Opened) -> Iterator[Marked]:
    """Each document; needs spaCy."""
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError as error:
        raise Failure(
            f"{Path(opened.source).name} is a DocBin, which needs spaCy: pip install spacy"
        ) from error
    try:
        documents = list(DocBin().from_disk(opened.source).get_docs(spacy.blank("xx").vocab))
    except (OSError, ValueError, KeyError) as error:
        raise opened.error(None, f"it is no DocBin of spaCy ({error}).") from error
    for number, document in enumerate(documents, start=1):
        spans = [Span(each.start_char, each.end_char, each.label_) for each in document.ents]
        yield Marked([number], document.text, spans=spans)


def read_parquet(opened: Opened) -> Iterator[Marked]:
    """Rows as records of JSON; numbers of tags by the names that Hugging Face keeps in the file."""
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(opened.source)
    except (OSError, ArrowException) as error:
        raise opened.error(None, f"it can't be read as Parquet ({error}).") from error
    kept = json.loads((table.schema.metadata or {}).get(b"huggingface", b"{}"))
    features = kept.get("info", {}).get("features", {}).values()
    named = [each.get("feature", {}).get("names") for each in features if isinstance(each, dict)]
    if names := next(filter(None, named), None):
        opened = replace(opened, reading=replace(opened.reading, tag_names=lambda: names))
    yield from read_records(enumerate(table.to_pylist(), start=1), opened)
