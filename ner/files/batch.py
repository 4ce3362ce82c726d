"""Tagging a whole file: in chunks, streamed, resumable, published at once when it is complete.

While it works, everything lies in a folder ``OUT.partial`` beside the output, see
`ner.files.resume`. After each chunk that folder is brought up to date, so a run that was killed
goes on at the border of a chunk and comes to the same bytes. A run with other settings, or on a
changed file, starts anew.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from ner import schema
from ner.comparing.origin import Origin
from ner.entities import Tagger
from ner.errors import Failure, InputError
from ner.files.conll import check_conll_labels
from ner.files.csv_records import BadRow
from ner.files.read import Format, Row, Source, ending_of
from ner.files.resume import (
    Step,
    claim,
    errors_file,
    publish,
    resume,
    save,
    sync,
    writing,
)
from ner.files.write import Layout, Output, TaggedRow, output_for
from ner.machine import describe
from ner.models.folder import sha256
from ner.tagging.choice import Choice
from ner.tagging.tagger import clean

# As many texts as the tagger sorts into batches at a time: fewer cost throughput.
CHUNK_ROWS = 2048
# Long texts make a chunk smaller, so that memory stays bounded.
_CHUNK_CHARACTERS = 2_000_000
# What is looked at for hints on the texts.
_SAMPLE_ROWS, _SAMPLE_CHARACTERS = 200, 10_000


def run_settings(origins: Sequence[Origin], choice: Choice) -> dict[str, str]:
    """In words, all that decides what is found: the ``settings`` of a run."""
    provenance = schema.provenance_json(origins, choice) | {"machine": "", "date": ""}
    return dict(schema.provenance_rows(provenance))


def run(
    source: Source,
    taggers: Sequence[Tagger],
    out: Path,
    *,
    settings: Mapping[str, str],
    redact: bool = False,
    own: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> Iterator[Step]:
    """Tag the texts of ``source`` into ``out``; yields a step at first and after each chunk.

    When it is exhausted, ``out`` and, if rows failed, `errors_file` are complete. Of two
    ``taggers`` the first is A, and the second B; with ``redact`` labels stand in the
    places of names; with ``own`` each row is given back as it was, with columns of ours behind.
    ``settings`` say in words all that decides what is found, see `run_settings`; they are shown in
    a report, and an unfinished run is resumed only if they are the same.

    Raises ``InputError`` for an output that can't be written, can't hold the labels or what is
    asked for, or is being written by another process, ``Failure`` if writing fails, which keeps
    what was done, and what `Source.rows` raises.
    """
    layout = Layout(source.keep, both=len(taggers) > 1, redact=redact)
    if own:
        # Refuses a file in which two columns have one name.
        columns = source.choose(None, source.columns).columns or (layout.column,)
        delimiter = source.delimiter if source.format is Format.CSV else layout.delimiter
        column = source.column or layout.column
        layout = replace(layout, own=columns, column=column, delimiter=delimiter)
    output = output_for(out, layout)
    check_place(source, out)
    if ending_of(out) == ".conll":
        check_conll_labels(chain(*(each.labels for each in taggers)))
    rows = source.rows()
    job = _digest(source, out, layout, settings, chunk_rows)
    with writing(out, Failure), claim(out) as folder:
        begin = time.perf_counter()
        step = resume(folder, job, output)
        yield step
        with (folder / "good").open("ab") as good, (folder / "bad").open("ab") as bad:
            for chunk in plan_chunks(islice(rows, step.rows, None), chunk_rows):
                results, failures = _tag_chunk(taggers, chunk, output, good)
                for failure in failures:
                    line = json.dumps(asdict(failure), ensure_ascii=False)
                    bad.write(f"{line}\n".encode(errors="replace"))
                step = replace(
                    step,
                    rows=step.rows + len(chunk),
                    tagged=step.tagged + len(results),
                    failed=step.failed + len(failures),
                    entities=step.entities + sum(result.found for result in results),
                    fraction=min(1.0, chunk[-1].line / source.lines),
                    seconds=time.perf_counter() - begin,
                    results=results,
                    sample=step.sample or _sample(results),
                    good_bytes=sync(good),
                    bad_bytes=sync(bad),
                )
                save(step, folder)
                yield step
        publish(folder, out, output, _facts(source, settings, step))


def _sample(results: Sequence[TaggedRow]) -> str:
    texts = (result.tagged.text[:_SAMPLE_CHARACTERS] for result in results[:_SAMPLE_ROWS])
    return "\n".join(texts)[:_SAMPLE_CHARACTERS]


def check_place(source: Source, out: Path) -> None:
    """Raise ``InputError`` where ``out`` can't be, or would take the place of ``source``."""
    with writing(out, InputError):
        for path in (out, errors_file(out)):
            if path.is_symlink():
                # Raises for a link that leads nowhere or back to itself.
                path.stat()
        if source.path.resolve() in (out.resolve(), errors_file(out).resolve()):
            raise InputError(
                f"{out.name} and the rows that fail, in {errors_file(out).name}, would replace the "
                "file that is read. Choose another name."
            )
        if out.is_dir():
            raise InputError(f"{out} is a folder; expected the name of a file.")
        if not out.absolute().parent.is_dir():
            raise InputError(f"There is no folder {out.parent}. Make it first.")


def _digest(
    source: Source, out: Path, layout: Layout, settings: Mapping[str, str], chunk_rows: int
) -> str:
    """One value for all that decides the bytes of the output."""
    decisive = [
        asdict(layout),
        *(sha256(source.path), source.format, source.encoding, source.delimiter, source.column),
        *(source.path.name, out.suffix.lower(), chunk_rows, dict(settings)),
        # The libraries that find the entities.
        *map(version, ("openvino", "tokenizers", "numpy")),
    ]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def plan_chunks(rows: Iterable[Row | BadRow], most: int) -> Iterator[list[Row | BadRow]]:
    """``rows`` in chunks of ``most``; long texts, 2,000,000 characters in all, end one earlier.

    >>> rows = [Row(1, "Ada"), Row(2, "x" * 2_000_000), Row(3, "in"), Row(4, "Rome")]
    >>> [[row.line for row in chunk] for chunk in plan_chunks(rows, most=3)]
    [[1, 2], [3, 4]]
    """
    chunk: list[Row | BadRow] = []
    characters = 0
    for row in rows:
        chunk.append(row)
        characters += len(row.text if isinstance(row, Row) else row.content)
        if len(chunk) == most or characters >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _tag_chunk(
    taggers: Sequence[Tagger], chunk: Sequence[Row | BadRow], output: Output, file: BinaryIO
) -> tuple[list[TaggedRow], list[BadRow]]:
    """Tag and write what can be; gives that, and in order what can't."""
    rows: list[Row] = []
    texts: list[str] = []
    failures = [row for row in chunk if isinstance(row, BadRow)]
    for row in chunk:
        if isinstance(row, Row):
            try:
                texts.append(clean(row.text))
                rows.append(row)
            except InputError as error:
                failures.append(BadRow(row.line, str(error), row.text))
    written = []
    sides = [tagger.tag_many(texts) for tagger in taggers]
    for result in map(TaggedRow, rows, *sides):
        try:
            # A label may hold what UTF-8 can't; texts have been cleaned.
            file.write(output.row(result).encode(errors="replace"))
            written.append(result)
        except ValueError as error:
            failures.append(BadRow(result.row.line, f"{error}.", result.tagged.text))
    return written, sorted(failures, key=lambda failure: failure.line)


def _facts(source: Source, settings: Mapping[str, str], step: Step) -> dict[str, str]:
    machine = describe()
    facts = {
        "File": source.path.name,
        "Column": source.column,
        "Rows": f"{step.rows:,}, of which {step.tagged:,} tagged and {step.failed:,} failed",
        **settings,
        "Note": " ".join(step.warnings),
        "Machine": machine.summary,
        "Versions": ", ".join(f"{name} {number}" for name, number in machine.versions.items()),
        "Date": datetime.now(UTC).date().isoformat(),
    }
    return {name: fact for name, fact in facts.items() if fact}
