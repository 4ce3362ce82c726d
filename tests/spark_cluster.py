"""A standalone Spark cluster on this machine: a master and workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
_DEPLOY = "org.apache.spark.deploy"


@dataclass
class Cluster:
    """A master and its workers, each a process group of its own."""

    master: str
    processes: list[subprocess.Popen[str]]

    def kill_worker(self) -> None:
        """End the last worker and its executors, at once."""
        os.killpg(self.processes[-1].pid, signal.SIGKILL)


@contextmanager
def running(folder: Path, workers: int) -> Iterator[Cluster]:
    """A cluster with so many workers of one core each; their files lie under ``folder``."""
    arguments = [f"{_DEPLOY}.master.Master", "--host", "127.0.0.1", "--port", "0"]
    master, line = _started([*arguments, "--webui-port", "0"], "Starting Spark master at")
    url = line.split()[-1]
    processes = [master]
    for number in range(workers):
        worker, _ = _started(
            [
                *(f"{_DEPLOY}.worker.Worker", "--cores", "1", "--memory", "1g"),
                *("--webui-port", "0", "--work-dir", str(folder / f"worker{number}"), url),
            ],
            "Successfully registered with master",
        )
        processes.append(worker)
    try:
        yield Cluster(url, processes)
    finally:
        for process in processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _started(arguments: Sequence[str], until: str) -> tuple[subprocess.Popen[str], str]:
    """A process of Spark's, and the first line of its log that has ``until`` in it."""
    spec = find_spec("pyspark")
    assert spec is not None and spec.origin is not None
    process = subprocess.Popen(
        [str(Path(spec.origin).parent / "bin" / "spark-class"), *arguments],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    line = next(line for line in process.stderr if until in line)
    # Nobody reads the rest, so that it must not fill a pipe.
    subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
    return process, line
