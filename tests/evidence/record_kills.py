"""Kills prepare at random moments, flips bytes of what it made, and records what comes of it.

    PYTHONPATH=.:tests python tests/evidence/record_kills.py --out assets/results/kills.json

Each run begins in a folder of its own and is killed (SIGKILL) after a time drawn from zero to what
an undisturbed run takes. What is left must not be served, and the next start must end with a sound
folder and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from tiny_checkpoint import make_tiny_checkpoint

from evidence.record import ROOT, made_by, write
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared, find_prepared, find_sound, prepared_root, read_prepared
from ner.models.names import find_model
from ner.models.recipes import default_sides


@dataclass(frozen=True)
class Kill:
    """A run that was killed: when, in which stage, and whether all was well after it.

    ``finished`` says that the run was over before it could be killed; such a run is not counted.
    """

    seconds: float
    stage: str
    finished: bool
    nothing_half_made_served: bool
    next_start_clean: bool


@contextmanager
def home(folder: Path) -> Iterator[Path]:
    """``folder`` as the place of prepared models."""
    with patch.dict(os.environ, NER_HOME=str(folder)):
        yield prepared_root()


def prepare(spec: ModelSpec, kill_after: float | None = None) -> tuple[int, str]:
    """Exit code and last stage of ``ner.preparing.prepare``, killed after so many seconds."""
    command = [sys.executable, "-m", "ner.preparing.prepare", str(spec.folder), "int8"]
    stage = "Starting"
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        killing = threading.Timer(kill_after or 0.0, child.kill)
        if kill_after is not None:
            killing.start()
        assert child.stdout is not None
        for line in child.stdout:
            stage = json.loads(line).get("stage", stage)
        child.wait()
        killing.cancel()
    return child.returncode, stage


def sound(spec: ModelSpec) -> Prepared | None:
    """The folder that would be served, if every byte of it is right."""
    return find_sound(default_sides(spec)[1])


def killed(spec: ModelSpec, folder: Path, seconds: float) -> Kill:
    """One run, killed, and the start after it."""
    with home(folder) as root:
        code, stage = prepare(spec, seconds)
        served = find_prepared(default_sides(spec)[1])
        half_made = served is not None and sound(spec) is None
        again, _ = prepare(spec)
        left = {one.name for one in root.iterdir() if not one.name.endswith(".lock")}
        made = sound(spec)
        clean = again == 0 and made is not None and left == {made.folder.name}
    return Kill(round(seconds, 3), stage, code == 0, not half_made, clean)


def kills(spec: ModelSpec, count: int, seed: int, folder: Path) -> list[Kill]:
    """So many runs, each killed at a moment of its own."""
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    with home(folder / "undisturbed"):
        begun = time.monotonic()
        prepare(spec)
        whole = time.monotonic() - begun
    found: list[Kill] = []
    while len(found) < count:
        one = killed(spec, folder / str(len(found)), chance.uniform(0.0, whole))
        if one.finished:
            # The machine has become faster meanwhile: that moment does not count.
            whole = one.seconds
            shutil.rmtree(folder / str(len(found)))
        else:
            found.append(one)
    return found


def flips(prepared: Prepared, times: int, seed: int, folder: Path) -> list[tuple[str, bool]]:
    """Change one byte of each file, so many times, each in a copy that was sound before.

    Gives the file's name and whether the change was found.
    """
    chance = random.Random(seed)  # noqa: S311 - as above
    copy = folder / "flipped"
    shutil.copytree(prepared.folder, copy)
    found = []
    for file in sorted(one for one in copy.rglob("*") if one.is_file()):
        content = file.read_bytes()
        for _ in range(times):
            position = chance.randrange(len(content))
            changed = bytearray(content)
            changed[position] ^= chance.randrange(1, 256)
            file.write_bytes(changed)
            read = read_prepared(copy)
            caught = read is None or bool(read.damaged)
            found.append((file.relative_to(copy).as_posix(), caught))
        file.write_bytes(content)
    shutil.rmtree(copy)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--flips", type=int, default=20, help="bytes changed in each file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        spec = find_model(str(make_tiny_checkpoint(folder / "tiny")))
        all_kills = kills(spec, asked.count, asked.seed, folder)
        with home(folder / "undisturbed"):
            prepared = sound(spec)
        assert prepared is not None
        all_flips = flips(prepared, asked.flips, asked.seed, folder)
    record = {
        **made_by(f"record_kills.py --count {asked.count} --seed {asked.seed}"),
        "kills": len(all_kills),
        "clean": sum(one.nothing_half_made_served and one.next_start_clean for one in all_kills),
        "flips": len(all_flips),
        "found": sum(caught for _, caught in all_flips),
        "files": len({file for file, _ in all_flips}),
        "each_kill": [asdict(one) for one in all_kills],
    }
    write(asked.out, record)


if __name__ == "__main__":
    main()
