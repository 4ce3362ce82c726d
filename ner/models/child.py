"""Preparing a model in a child process, so that what converts never enters this one."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

from ner.errors import ModelRefused, PrepareFailed
from ner.models.folder import Prepared, find_sound
from ner.models.recipes import Variant

# Hears how far preparing has come: 'step 2 of 4: Exporting to OpenVINO (FP32)'.
OnStage = Callable[[str], None]

_PACKAGE = Path(__file__).parents[2]

_log = logging.getLogger(__name__)


def unheard(_what: str) -> None:
    """For whoever need not hear how far a process has come."""


def ensure_prepared(variant: Variant, *, report: OnStage = unheard) -> Prepared:
    """The prepared folder of ``variant``, every byte sound; a child process makes it if need be.

    With a variant its original is made, from which it comes. Raises ``ModelRefused`` or
    ``PrepareFailed``.
    """
    found = find_sound(variant)
    if found is None:
        if variant.folder is not None:
            raise ModelRefused(
                f"The prepared folder {variant.folder.name} is damaged: a file is not what its "
                "manifest says."
            )
        if importlib.util.find_spec("torch") is None:
            raise PrepareFailed(
                f"{variant.name} is not prepared, or its files are damaged, and this installation "
                'only serves. To convert models too: pip install "ner-compare[prepare]", or in a '
                "checkout pip install -r requirements.txt"
            )
        _prepare_in_child(variant, report)
        found = find_sound(variant)
    if found is None:
        raise PrepareFailed(f"Preparing {variant.name} left no folder that can be used.")
    found.mark_used()
    return found


def _prepare_in_child(variant: Variant, report: OnStage) -> None:
    """Run ``ner.preparing.prepare``, so that its libraries never enter this process."""
    command = "ner.preparing.prepare", variant.spec.reference, variant.recipe.name

    def hear(line: str) -> None:
        message = json.loads(line)
        if "stage" in message:
            report(message["stage"])
        if "error" in message:
            kind = ModelRefused if message["kind"] == "refused" else PrepareFailed
            raise kind(message["error"])

    try:
        run_module(*command, hear=hear)
    except subprocess.CalledProcessError as error:
        _log.error("ner.preparing.prepare wrote:\n%s", error.stderr)
        raise PrepareFailed(
            f"Preparing {variant.name} stopped (exit code {error.returncode}). To see why, run: "
            f"python -m {' '.join(command)}"
        ) from error


def run_module(*command: str, given: object = None, hear: Callable[[str], None] = unheard) -> str:
    """Run ``python -m`` with ``command`` in a process of its own; gives the last line it wrote.

    It reads ``given`` as JSON from standard input; ``hear`` is told each line as it comes. Raises
    ``subprocess.CalledProcessError``, with its standard error, unless it ends with 0.
    """
    # The child finds this package wherever it is started.
    paths = [str(_PACKAGE), os.environ.get("PYTHONPATH", "")]
    line = ""
    with (
        TemporaryFile("w+", encoding="utf-8") as task,
        TemporaryFile("w+", encoding="utf-8", errors="replace") as chatter,
    ):
        json.dump(given, task)
        task.seek(0)
        # The module is this package's own; names of models have been checked by find_model.
        with subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *command],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdin=task,
            stdout=subprocess.PIPE,
            stderr=chatter,
            text=True,
            encoding="utf-8",
        ) as child:
            assert child.stdout is not None  # noqa: S101 - it is a pipe
            for line in child.stdout:
                hear(line)
        if child.returncode:
            chatter.seek(0)
            raise subprocess.CalledProcessError(child.returncode, command, stderr=chatter.read())
    return line
