"""The folder ``OUT.partial``, from which a run that was stopped goes on, and publishing from it.

It holds the rows written so far (``good``), the rows that failed (``bad``), and how far the run has
come (``state``). Both files are on disk before the state that counts them is.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from ner.errors import InputError
from ner.files.write import Output


@dataclass(frozen=True)
class State:
    """What is safely on disk: rows, entities in them, and the lengths in bytes of both files."""

    job: str
    rows: int = 0
    tagged: int = 0
    failed: int = 0
    entities: int = 0
    line: int = 0
    good_bytes: int = 0
    bad_bytes: int = 0


def errors_file(out: Path) -> Path:
    """Where the rows that failed are put, as JSON lines: line, problem, content."""
    return out.with_name(f"{out.name}.errors.jsonl")


@contextmanager
def refuse_unwritable(out: Path) -> Iterator[None]:
    """What fails here fails before anything is done: another place is needed."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{out.name} can't be written there: {error.strerror}. Choose another folder."
        ) from error


@contextmanager
def claim(out: Path) -> Iterator[Path]:
    """The folder to work in, for this process alone; it goes when all that is in it is gone."""
    folder = out.with_name(f"{out.name}.partial")
    lock = FileLock(folder / "lock", timeout=0)
    with refuse_unwritable(out):
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


def resume(folder: Path, job: str, output: Output) -> State:
    """The state to go on from, both files cut to it; a new one if there is none that fits."""
    try:
        state = State(**json.loads((folder / "state").read_text(encoding="utf-8")))
        sizes = [(folder / name).stat().st_size for name in ("good", "bad")]
        if state.job == job and sizes[0] >= state.good_bytes and sizes[1] >= state.bad_bytes:
            os.truncate(folder / "good", state.good_bytes)
            os.truncate(folder / "bad", state.bad_bytes)
            return state
    except (OSError, ValueError, TypeError):
        # None yet, or one that was not written by this version: nothing to go on from.
        pass
    header = output.header.encode()
    (folder / "state").unlink(missing_ok=True)
    (folder / "good").write_bytes(header)
    (folder / "bad").write_bytes(b"")
    return State(job, good_bytes=len(header))


def sync(file: BinaryIO) -> int:
    """Wait until everything written is on disk; gives the length."""
    file.flush()
    os.fsync(file.fileno())
    return file.tell()


def save(state: State, folder: Path) -> None:
    """Put the state on disk, whole or not at all."""
    with (folder / "state.new").open("wb") as file:
        file.write(json.dumps(asdict(state)).encode())
        sync(file)
    (folder / "state.new").replace(folder / "state")


def publish(folder: Path, out: Path, output: Output, facts: Mapping[str, str]) -> None:
    """Put the files in their places, the output last: once it is there, all is done.

    Until then all that a run resumes from stays: an output that is open elsewhere can't be replaced
    on some systems, and the next run then has this step to do and no other.
    """
    good, bad, copy = folder / "good", folder / "bad", folder / "copy"
    made = good
    if output.report is not None:
        made = folder / "report"
        with (
            good.open(encoding="utf-8", newline="\n") as rows,
            made.open("w", encoding="utf-8", errors="replace", newline="\n") as file,
        ):
            file.writelines(output.report(rows, facts))
    if bad.stat().st_size:
        with bad.open("rb") as failures, copy.open("wb") as copied:
            shutil.copyfileobj(failures, copied)
            sync(copied)
        copy.replace(errors_file(out))
    else:
        errors_file(out).unlink(missing_ok=True)
    made.replace(out)
    for name in ("state", "state.new", "good", "bad"):
        (folder / name).unlink(missing_ok=True)
