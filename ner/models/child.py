"""Preparing a model in a child process, so that what converts never enters this one."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from ner.errors import ModelRefused, PrepareFailed
from ner.models.catalogue import ModelSpec, is_local
from ner.models.prepared import Prepared, find_sound
from ner.models.recipes import Variant, recipe_of


@dataclass(frozen=True)
class Stage:
    """How far preparing has come: what is done now, and its number (from 1) out of ``stages``."""

    name: str
    number: int
    stages: int


OnStage = Callable[[Stage], None]


_log = logging.getLogger(__name__)


def ensure_prepared(
    spec: ModelSpec, variants: Sequence[Variant], *, report: OnStage | None = None
) -> Prepared:
    """The prepared folder of ``spec``, its ``variants`` sound; a child process makes it."""
    wanted = recipe_of(spec)
    found = find_sound(wanted, spec.name, *variants)
    if found is None:
        _check_converters(spec)
        _prepare_in_child(spec, report)
        found = find_sound(wanted, spec.name, *variants)
    if found is None:
        raise PrepareFailed(f"Preparing {spec.name!r} left no folder that can be used.")
    found.mark_used()
    return found


def _check_converters(spec: ModelSpec) -> None:
    if importlib.util.find_spec("torch") is None:
        raise PrepareFailed(
            f"{spec.name!r} is not prepared, or its files are damaged, and this installation only "
            "serves. Where the whole of requirements.txt is installed it can be prepared."
        )


def _prepare_in_child(spec: ModelSpec, report: OnStage | None) -> None:
    """Run ``python -m ner prepare``, so that its libraries never enter this process."""
    beside_package = Path(__file__).parents[2]
    paths = [str(beside_package), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    name = str(spec.folder) if is_local(spec) else spec.name
    command = [sys.executable, "-m", "ner", "prepare", "--model", name, "--progress-lines"]
    error: dict[str, str] = {}
    with (
        TemporaryFile("w+", encoding="utf-8", errors="replace") as chatter,
        # The command is this package's own; the name has been checked by find.
        subprocess.Popen(  # noqa: S603
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=chatter,
            text=True,
            encoding="utf-8",
        ) as child,
    ):
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        for line in child.stdout:
            message = json.loads(line)
            if "stage" in message and report is not None:
                report(Stage(message["stage"], message["number"], message["stages"]))
            if "error" in message:
                error = message
        child.wait()
        chatter.seek(0)
        _log.log(
            logging.ERROR if child.returncode else logging.DEBUG,
            "python -m ner prepare wrote:\n%s",
            chatter.read(),
        )
    if error:
        raise (ModelRefused if error["kind"] == "refused" else PrepareFailed)(error["error"])
    if child.returncode:
        raise PrepareFailed(
            f"Preparing {spec.name!r} stopped (exit code {child.returncode}). "
            f"To see why, run: python -m ner prepare --model {name}"
        )
