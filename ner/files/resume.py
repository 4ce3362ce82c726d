"""The folder ``OUT.partial``, from which a run that was stopped goes on, and publishing from it.

It holds the rows written so far (``good``), the rows that failed (``bad``), and how far the run has
come (``state``). Both files are on disk before the state that counts them is.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from gzip import GzipFile
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from ner.errors import InputError, NerError
from ner.files.write import Output, TaggedRow
from ner.io import atomically
from ner.tagging.hints import find_hints


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


def save(step: Step, folder: Path) -> None:
    """Put a step on disk, whole or not at all."""
    with atomically(folder / "state") as fresh:
        fresh.write_text(json.dumps({name: getattr(step, name) for name in _SAVED}))


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
