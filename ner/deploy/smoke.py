"""Starts a Space's folder as its server would, and times it to the first answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import httpx
import psutil
from gradio_client import Client

from ner.errors import Failure
from ner.machine import peak_bytes

TEXT = "Ada Lovelace lived in London."
_ENTITIES = [("Ada Lovelace", "PER"), ("London", "LOC")]
_PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.02  # between connection attempts while the app starts
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory() as home, TemporaryFile("w+", errors="replace") as output:
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
        identity: dict[str, Any] = (
            {} if user is None else {"user": user, "group": user, "extra_groups": []}
        )
        began = time.perf_counter()
        # The command is this package's own.
        with subprocess.Popen(  # noqa: S603
            [str(python or sys.executable), "app.py"],
            cwd=folder,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **identity,
        ) as process:
            try:
                client = _connect(process, f"http://127.0.0.1:{port}")
                answer = client.predict(TEXT, api_name="/tag")
                seconds = time.perf_counter() - began
                client.close()
                used = psutil.Process(process.pid).cpu_times()
                peak = peak_bytes(process.pid)
            except Failure as error:
                output.seek(0)
                last = output.read().strip().rpartition("\n")[2]
                raise Failure(f"{error} Its last line was: {last}") from error
            finally:
                process.terminate()
    found = [(entity["text"], entity["label"]) for entity in answer["entities"]]
    if found != _ENTITIES:
        raise Failure(f"The app started but found {found} in {TEXT!r}; expected {_ENTITIES}.")
    return Start(seconds, used.user + used.system, peak)


def _connect(process: subprocess.Popen[bytes], url: str) -> Client:
    """A client of the app, as soon as it listens."""
    # The client would report its use to its maker.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    deadline = time.perf_counter() + _PATIENCE_SECONDS
    while True:
        try:
            return Client(
                url,
                token=False,
                verbose=False,
                download_files=False,
                analytics_enabled=False,
                httpx_kwargs={"trust_env": False, "timeout": _PATIENCE_SECONDS},
            )
        except (httpx.HTTPError, ValueError) as error:
            if process.poll() is not None:
                raise Failure(
                    f"The app ended with exit code {process.returncode} before it answered."
                ) from error
            if time.perf_counter() > deadline:
                raise Failure(
                    f"The app did not answer within {_PATIENCE_SECONDS:.0f} seconds."
                ) from error
        time.sleep(_PAUSE_SECONDS)
