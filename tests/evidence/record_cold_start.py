"""Measures the cold start of the folder that deploy makes, and writes assets/results/deploy.json.

PYTHONPATH=.:tests python tests/evidence/record_cold_start.py
    --python python3.12   the interpreter to start it with
    --work DIR            reuse what an earlier run made there

The folder is made by ``python -m ner deploy --dry-run`` and started in a virtual environment with
nothing but its requirements.txt. Run as root on Linux, the app has no network but loopback, and is
another user that may write nothing there, if that user can reach ``--python`` (not in a home that
is closed to others). The record says what was so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import stat
import struct
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from evidence.record import RESULTS, ROOT, made_by, write
from ner.deploy.smoke import start

RECORD = RESULTS / "deploy.json"
# nobody, on every Linux.
UNPRIVILEGED = 65534


def can_isolate() -> bool:
    """Whether this process may take the network and its rights from another."""
    is_root = platform.system() == "Linux" and os.geteuid() == 0
    return is_root and shutil.which("unshare") is not None


def other_user(interpreter: Path) -> int | None:
    """Whom to run the app as: nobody, where this may be changed and nobody can reach Python."""
    reachable = all(
        folder.stat().st_mode & stat.S_IXOTH
        for file in (interpreter.absolute(), interpreter.resolve())
        for folder in file.parents
    )
    return UNPRIVILEGED if can_isolate() and reachable else None


def make(work: Path, python: str) -> tuple[Path, Path]:
    """The deployed folder and its environment's interpreter, below ``work``, unless there."""
    work.mkdir(parents=True, exist_ok=True)
    # Others must be able to come in; nobody can write.
    work.chmod(0o755)
    folder, environment = work / "space", work / "environment"
    if not folder.exists():
        command = ["deploy", "--space", "someone/ner", "--dry-run", "--out", str(folder)]
        subprocess.run([sys.executable, "-m", "ner", *command], cwd=ROOT, check=True)
    interpreter = environment / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "-r", str(folder / "requirements.txt")], check=True)
    return folder, interpreter


def measure(work: Path, python: str, *, starts: int) -> dict[str, Any]:
    """Start the folder ``starts`` times, one after the other; what is recorded of it."""
    folder, interpreter = make(work, python)
    before, user = tree(folder), other_user(interpreter)
    isolated = can_isolate()
    inside = [sys.executable, __file__, "--inside", str(folder), str(interpreter), str(starts)]
    command = ["unshare", "--net", *inside] if isolated else inside
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    runs = json.loads(done.stdout)
    assert tree(folder) == before, "the app wrote into its folder"
    installed = [one["name"].lower() for one in packages(interpreter)]
    return {
        **made_by("record_cold_start.py"),
        # How busy the machine was with other things, and how much precedence this had.
        "load_average": round(os.getloadavg()[0], 1),
        "nice": os.nice(0),
        "python": version(interpreter),
        "isolation": {
            "network": "loopback only" if isolated else "as it is",
            "user": os.getuid() if user is None else user,
            "folder": "writable" if user is None else "read-only",
        },
        "folder_mb": round(sum(before.values()) / 1e6, 1),
        "environment_mb": round(sum(tree(interpreter.parent.parent).values()) / 1e6),
        "packages": len(installed),
        "torch": "torch" in installed,
        "starts": runs,
        "first_answer_seconds": round(median(one["seconds"] for one in runs), 2),
        "cpu_seconds": round(median(one["cpu_seconds"] for one in runs), 2),
        "peak_mb": round(max(one["peak_bytes"] or 0 for one in runs) / 1e6),
    }


def tree(folder: Path) -> dict[str, int]:
    """The files below a folder and their sizes."""
    files = (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}


def packages(interpreter: Path) -> list[dict[str, str]]:
    """What is installed beside it."""
    command = [str(interpreter), "-m", "pip", "list", "--format", "json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def version(interpreter: Path) -> str:
    """Its Python's."""
    code = "import platform; print(platform.python_version())"
    return subprocess.check_output([str(interpreter), "-c", code], text=True).strip()


def raise_loopback() -> None:
    """In a network namespace of its own even loopback is down: SIOCSIFFLAGS of netdevice(7)."""
    import fcntl

    up_and_running = 0x1 | 0x40
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", up_and_running))


def inside(folder: Path, interpreter: Path, starts: int) -> None:
    """The part that has no network: prints the starts as JSON."""
    if can_isolate():
        raise_loopback()
    user = other_user(interpreter)
    runs = [asdict(start(folder, python=interpreter, user=user)) for _ in range(starts)]
    sys.stdout.write(json.dumps(runs))


def main() -> None:
    """Measure and write the record."""
    if "--inside" in sys.argv:
        folder, interpreter, starts = sys.argv[2:]
        inside(Path(folder), Path(interpreter), int(starts))
        return
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--starts", type=int, default=5)
    given = parser.parse_args()
    with TemporaryDirectory() as temporary:
        record = measure(given.work or Path(temporary), given.python, starts=given.starts)
    write(RECORD, record)


if __name__ == "__main__":
    main()
