"""Starting a Space's folder as its server would, and timing it to the first answer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from ner.errors import Failure
from ner.machine import peak_bytes

TEXT = "Ada Lovelace lived in London."
# The endpoint's arguments in order; this way of calling it fills in no defaults.
_ARGUMENTS = [TEXT, "bundled", "int8", "first", 0.0, None]
_ENTITIES = [("Ada Lovelace", "PER"), ("London", "LOC")]
_PATIENCE_SECONDS = 120.0
# Between two knocks at a door that is still closed.
_KNOCK_SECONDS = 0.02
# What would lead the started app to this installation's files or to the network.
_HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "NER_HOME", "HF_TOKEN")


@dataclass(frozen=True)
class Start:
    """``seconds`` from starting the process to its first answer, and what that took.

    ``cpu_seconds`` are of all cores together: unlike ``seconds`` they hardly depend on what else
    the machine does. ``peak_bytes`` is None where the system does not tell it.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int | None


def start(
    folder: Path,
    *,
    python: Path | None = None,
    environment: Mapping[str, str] | None = None,
    user: int | None = None,
) -> Start:
    """Start ``folder``'s app.py, tag one text over HTTP, and stop it.

    ``python`` is the interpreter (default: this one), ``user`` a numeric user and group id to run
    as, which takes the right to change it. Raises ``Failure`` if the app ends, does not answer
    within two minutes, or finds other entities than it should.
    """
    with socket.socket() as free, tempfile.TemporaryDirectory() as home:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        Path(home).chmod(0o777)
        given = {
            **{name: value for name, value in os.environ.items() if name not in _HIDDEN},
            # An empty home: nothing that was prepared or cached before can help.
            "HOME": home,
            "TMPDIR": home,
            "XDG_CACHE_HOME": home,
            "HF_HUB_OFFLINE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GRADIO_SERVER_NAME": "127.0.0.1",
            "GRADIO_SERVER_PORT": str(port),
            **(environment or {}),
        }
        began = time.perf_counter()
        with _running([str(python or sys.executable), "app.py"], folder, given, user) as process:
            found = _first_answer(process, f"http://127.0.0.1:{port}")
            seconds = time.perf_counter() - began
            used = psutil.Process(process.pid).cpu_times()
            peak = peak_bytes(process.pid)
    if found != _ENTITIES:
        raise Failure(f"The app started but found {found} in {TEXT!r}; expected {_ENTITIES}.")
    return Start(seconds, used.user + used.system, peak)


@contextmanager
def _running(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], user: int | None
) -> Iterator[subprocess.Popen[str]]:
    """A process in ``folder``; stopped in the end, and if it failed, told with its last words."""
    identity: dict[str, Any] = (
        {} if user is None else {"user": user, "group": user, "extra_groups": []}
    )
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
        # The command is this package's own.
        subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
            **identity,
        ) as process,
    ):
        try:
            yield process
        except Failure as error:
            said.seek(0)
            last = said.read().strip().rpartition("\n")[2]
            raise Failure(f"{error} Its last line was: {last}") from error
        finally:
            process.terminate()
            process.wait()


def _first_answer(process: subprocess.Popen[str], url: str) -> list[tuple[str, str]]:
    """The entities of ``TEXT``: their spelling and label."""
    deadline = time.perf_counter() + _PATIENCE_SECONDS
    with httpx.Client(base_url=url, timeout=_PATIENCE_SECONDS, trust_env=False) as client:
        while True:
            try:
                return _ask(client)
            except httpx.HTTPError as error:
                if process.poll() is not None:
                    raise Failure(
                        f"The app ended with exit code {process.returncode} before it answered."
                    ) from error
                if time.perf_counter() > deadline:
                    raise Failure(
                        f"The app did not answer within {_PATIENCE_SECONDS:.0f} seconds."
                    ) from error
            time.sleep(_KNOCK_SECONDS)


def _ask(client: httpx.Client) -> list[tuple[str, str]]:
    """Gradio's two steps: post the call, then read its event stream to the end."""
    call = "/gradio_api/call/tag"
    event = client.post(call, json={"data": _ARGUMENTS}).raise_for_status().json()["event_id"]
    stream = client.get(f"{call}/{event}").raise_for_status().text
    data = stream.rpartition("event: complete\ndata: ")[2].partition("\n")[0]
    try:
        [answer] = json.loads(data)
        return [(entity["text"], entity["label"]) for entity in answer["entities"]]
    except (ValueError, TypeError, KeyError) as error:
        raise Failure("The app answered, but not with entities.") from error
