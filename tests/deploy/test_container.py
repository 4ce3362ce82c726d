"""The recipe of the container image; built and run where a Docker daemon is at hand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "assets" / "deploy" / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, continued lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", RECIPE.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


def last(name: str) -> str:
    """The argument of the last instruction of that name: the one that counts."""
    return [argument for one, argument in instructions() if one == name][-1]


def test_the_base_is_exact_slim_and_the_python_that_spaces_runs() -> None:
    """To the patch release; the minor one is that of the header in README.md."""
    found = re.fullmatch(r"python:(3\.\d+)\.\d+-slim-\w+", last("FROM"))

    assert found is not None
    assert f'python_version: "{found[1]}"' in (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_runs_as_nobody_and_owns_nothing() -> None:
    """A numeric user, so that orchestrators can tell it is not root; set after the last COPY."""
    names = [name for name, _ in instructions()]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))
    assert names.index("USER") > max(i for i, name in enumerate(names) if name in ("COPY", "RUN"))
    assert "--chown" not in RECIPE.read_text()


def test_signals_and_health_reach_the_app() -> None:
    """Commands without a shell in between; the health check is Python that parses."""
    name, code = json.loads(last("HEALTHCHECK").partition("CMD ")[2])[1:]

    assert json.loads(last("CMD")) == ["python", "app.py"]
    assert last("STOPSIGNAL") == "SIGTERM"
    assert name == "-c"
    assert "127.0.0.1:7860/healthz" in code
    compile(code, "HEALTHCHECK", "exec")


@pytest.fixture
def docker() -> str:
    """Docker's command, where its daemon runs."""
    found = shutil.which("docker")
    if found is None or subprocess.run([found, "info"], capture_output=True).returncode:
        pytest.skip("needs a Docker daemon")
    return found


@pytest.fixture
def container(docker: str, bundled_sides: Any, tmp_path: Path) -> Iterator[str]:
    """The image, built and started as the head of the Dockerfile says; its name."""
    from ner.deploy.space import build
    from ner.models.catalogue import catalogue

    build([catalogue()[0]], tmp_path / "space")
    subprocess.run(
        [docker, "build", "-f", str(RECIPE), "-t", "ner-test", str(tmp_path / "space")], check=True
    )
    isolation = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"]  # noqa: S108 - inside it
    limits = ["--security-opt", "no-new-privileges", "--cpus", "2", "--memory", "2g"]
    port = ["-p", "127.0.0.1:7861:7860"]
    started = [docker, "run", "-d", "--name", "ner-test", *isolation, *limits, *port, "ner-test"]
    subprocess.run(started, check=True)
    yield "ner-test"
    subprocess.run([docker, "rm", "-f", "ner-test"], check=True)


@pytest.mark.full
def test_the_container_is_healthy_and_ends_with_0(container: str) -> None:
    """With a read-only root and no rights; then SIGTERM, drained."""
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen("http://127.0.0.1:7861/readyz", timeout=5) as answer:
                assert answer.status == 200
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    subprocess.run(["docker", "stop", "-t", "30", container], check=True)
    state = subprocess.check_output(["docker", "inspect", container], text=True)

    assert json.loads(state)[0]["State"]["ExitCode"] == 0
