"""Tagging a whole file: in chunks, streamed, resumable, published at once when it is complete.

While it works, everything lies in a folder ``OUT.partial`` beside the output: the rows written so
far (``good``), the rows that failed (``bad``), and how far the run has come (``state``). After each
chunk both files are on disk before the state that counts them is, so a run that was killed goes on
at the border of a chunk and comes to the same bytes. A run with other settings, or on a changed
file, starts anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from gzip import GzipFile
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from ner import schema
from ner.entities import Tagger
from ner.errors import Failure, InputError, NerError
from ner.files.conll import check_conll_labels
from ner.files.csv_records import BadRow
from ner.files.read import Format, Row, Source, ending_of
from ner.files.write import Layout, Output, TaggedRow, output_for
from ner.io import atomically
from ner.models.folder import sha256
from ner.tagging.hints import find_hints
from ner.tagging.tagger import clean

# As many texts as the tagger sorts into batches at a time: fewer cost throughput.
CHUNK_ROWS = 2048
# Long texts make a chunk smaller, so that memory stays bounded.
_CHUNK_CHARACTERS = 2_000_000
# What is looked at for hints on the texts.
_SAMPLE_ROWS, _SAMPLE_CHARACTERS = 200, 10_000


def run(
    source: Source,
    taggers: Sequence[Tagger],
    out: Path,
    *,
    provenance: schema.Json,
    redact: bool = False,
    own: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> Iterator[Step]:
    """Tag the texts of ``source`` into ``out``; yields a step at first and after each chunk.

    When it is exhausted, ``out`` and, if rows failed, `errors_file` are complete. Of two
    ``taggers`` the first is A, and the second B; with ``redact`` labels stand in the
    places of names; with ``own`` each row is given back as it was, with columns of ours behind.
    ``provenance`` tells what decides what is found, see `ner.schema`; it is shown in a report, and
    an unfinished run is resumed only if it is the same, but for machine and date.

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
    job = _digest(source, out, layout, provenance, chunk_rows)
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
                with atomically(folder / "state") as fresh:
                    fresh.write_text(json.dumps({name: getattr(step, name) for name in _SAVED}))
                yield step
        publish(folder, out, output, _facts(source, provenance, step))


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
    source: Source, out: Path, layout: Layout, provenance: schema.Json, chunk_rows: int
) -> str:
    """One value for all that decides the bytes of the output."""
    named = replace(source, path=Path(source.path.name))
    settings = provenance | {"machine": "", "date": ""}
    decisive = (named, sha256(source.path), layout, out.suffix.lower(), chunk_rows, settings)
    return hashlib.sha256(repr(decisive).encode()).hexdigest()


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


def _facts(source: Source, provenance: schema.Json, step: Step) -> dict[str, str]:
    versions = provenance["versions"].items()
    facts = {
        "File": source.path.name,
        "Column": source.column,
        "Rows": f"{step.rows:,}, of which {step.tagged:,} tagged and {step.failed:,} failed",
        "Note": " ".join(step.warnings),
        **dict(schema.provenance_rows(provenance)),
        "Versions": ", ".join(f"{name} {number}" for name, number in versions),
    }
    return {name: fact for name, fact in facts.items() if fact}


@dataclass(frozen=True)
class Step:
    """How far a run has come; what `save` keeps of it is safely on disk.

    ``rows`` have been read, of which ``tagged`` are in the output and ``failed`` beside it;
    ``resumed`` of the rows were done by an earlier run. ``entities`` were found, of two sides by
    the one that found more in a row. ``seconds`` are those of this run, ``fraction`` in [0, 1] is
    how much of the file is behind it. ``results`` are the new rows and what was found in them.
    ``sample`` is the beginning of the texts of this run. The bytes are the lengths of both files.
    """

    rows: int = 0
    tagged: int = 0
    failed: int = 0
    resumed: int = 0
    seconds: float = 0.0
    fraction: float = 0.0
    entities: int = 0
    results: Sequence[TaggedRow] = ()
    sample: str = ""
    job: str = ""
    good_bytes: int = 0
    bad_bytes: int = 0

    @property
    def rate(self) -> float:
        """Rows per second in this run."""
        return (self.rows - self.resumed) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the rows so far; None before there are any."""
        if not self.rate or not self.fraction:
            return None
        return self.rows * (1 / self.fraction - 1) / self.rate

    @property
    def progress(self) -> str:
        """How far it is and how fast, and how long it still takes."""
        told = f"{self.rows:,} rows, {self.fraction:.0%}, {self.rate:,.0f} rows a second"
        if self.seconds_left is None:
            return told
        minutes, seconds = divmod(round(self.seconds_left), 60)
        return f"{told}, {f'{minutes} min ' if minutes else ''}{seconds} s left"

    @property
    def outcome(self) -> str:
        """What was done, without a full stop."""
        again = f", {self.resumed:,} of them in an earlier run" if self.resumed else ""
        return f"Tagged {self.tagged:,} of {self.rows:,} rows{again}, in {self.seconds:.1f} s"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know before trusting what was found; mostly nothing."""
        hints = find_hints(self.sample, found=self.entities)
        if self.entities or not self.tagged:
            return tuple(hints)
        nothing = (
            f"No entities were found in {self.tagged:,} rows. Check that the column is the one "
            "with the texts, and that the model, the labels and the threshold fit them."
        )
        return (nothing, *hints)


_SAVED = ("job", "rows", "tagged", "failed", "entities", "fraction", "good_bytes", "bad_bytes")


def errors_file(out: Path) -> Path:
    """Where the rows that failed are put, as JSON lines: line, problem, content."""
    return out.with_name(f"{out.name}.errors.jsonl")


@contextmanager
def writing(out: Path, error: type[NerError]) -> Iterator[None]:
    """Turns what the system refuses into an ``error`` that names the output alone."""
    try:
        yield
    except OSError as reason:
        raise error(f"{out.name} can't be written: {reason.strerror}.") from reason


@contextmanager
def claim(out: Path) -> Iterator[Path]:
    """The folder to work in, for this process alone; it goes when all that is in it is gone."""
    folder = out.with_name(f"{out.name}.partial")
    lock = FileLock(folder / "lock", timeout=0)
    with writing(out, InputError):
        folder.mkdir(exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            raise InputError(f"Another process is writing {out.name}.") from error
    try:
        yield folder
    finally:
        lock.release()
        with suppress(OSError):
            if not any(file.name != "lock" for file in folder.iterdir()):
                (folder / "lock").unlink(missing_ok=True)
                folder.rmdir()


def resume(folder: Path, job: str, output: Output) -> Step:
    """The step to go on from, both files cut to it; a new one if there is none that fits."""
    try:
        saved = json.loads((folder / "state").read_text(encoding="utf-8"))
        step = Step(**{name: saved[name] for name in _SAVED}, resumed=saved["rows"])
        lengths = {folder / "good": step.good_bytes, folder / "bad": step.bad_bytes}
        if step.job == job and all(file.stat().st_size >= lengths[file] for file in lengths):
            for file, length in lengths.items():
                os.truncate(file, length)
            return step
    except (OSError, ValueError, TypeError, LookupError):
        # None yet, or one that was not written by this version: nothing to go on from.
        pass
    header = output.header.encode()
    (folder / "state").unlink(missing_ok=True)
    (folder / "good").write_bytes(header)
    (folder / "bad").write_bytes(b"")
    return Step(job=job, good_bytes=len(header))


def sync(file: BinaryIO) -> int:
    """Wait until everything written is on disk; gives the length."""
    file.flush()
    os.fsync(file.fileno())
    return file.tell()


def publish(folder: Path, out: Path, output: Output, facts: Mapping[str, str]) -> None:
    """Put the files in their places, the output last: once it is there, all is done.

    Until then all that a run resumes from stays: an output that is open elsewhere can't be replaced
    on some systems, and the next run then has this step to do and no other.
    """
    good, bad = folder / "good", folder / "bad"
    made = good
    if output.finish is not None:
        made = folder / "made"
        with good.open(encoding="utf-8", newline="\n") as rows:
            output.finish(rows, made, facts)
    if out.suffix == ".gz":
        packed = folder / "packed"
        # Without a time, so that the same rows are the same bytes.
        with made.open("rb") as file, GzipFile(packed, "wb", mtime=0) as archive:
            shutil.copyfileobj(file, archive)
        made = packed
    if bad.stat().st_size:
        with atomically(errors_file(out)) as copy:
            shutil.copyfile(bad, copy)
    else:
        errors_file(out).unlink(missing_ok=True)
    made.replace(out)
    for name in ("state", "good", "bad", "made"):
        (folder / name).unlink(missing_ok=True)
