"""Shared fixtures: a tiny real model for speed, the bundled one for truth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tiny_checkpoint import make_tiny_checkpoint

from ner.models.catalogue import ModelSpec
from ner.models.child import ensure_prepared
from ner.models.folder import Prepared
from ner.models.names import find_model
from ner.models.open import Sides, open_sides
from ner.models.recipes import default_sides

pytest_plugins = ["browser.fixtures"]

# Other processes may have the cores: how long an example takes says nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a model: making one takes many seconds, even a tiny one."""
    for item in items:
        if {"ner_home", "tiny_checkpoint"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def ner_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of its own for prepared models; kept between runs if NER_TEST_HOME names one.

    Processes that share the tests share it: a model is prepared once.
    """
    run = tmp_path_factory.getbasetemp()
    shared = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    home = Path(os.environ.get("NER_TEST_HOME") or shared / "home")
    before = os.environ.get("NER_HOME")
    os.environ["NER_HOME"] = str(home)
    yield home
    if before is None:
        del os.environ["NER_HOME"]
    else:
        os.environ["NER_HOME"] = before


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for prepared models, of one test."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint's folder."""
    return make_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="session")
def tiny_spec(tiny_checkpoint: Path) -> ModelSpec:
    """The tiny checkpoint as a model."""
    return find_model(str(tiny_checkpoint))


@pytest.fixture(scope="session")
def tiny_sides(ner_home: Path, tiny_spec: ModelSpec) -> Sides:
    """Both variants of the tiny model, prepared as a user's would be, in a process of its own."""
    return open_sides(*default_sides(tiny_spec))


@pytest.fixture(scope="session")
def tiny_prepared(ner_home: Path, tiny_spec: ModelSpec) -> Prepared:
    """The tiny model's INT8."""
    return ensure_prepared(default_sides(tiny_spec)[1])


@pytest.fixture(scope="session")
def tiny_original(tiny_prepared: Prepared, tiny_spec: ModelSpec) -> Prepared:
    """The tiny model's original."""
    return ensure_prepared(default_sides(tiny_spec)[0])


@pytest.fixture(scope="session")
def bundled_sides(ner_home: Path) -> Sides:
    """Both variants of the bundled model."""
    return open_sides(*default_sides(find_model("bundled")))


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of 6,000 rows, some of them bad."""
    lines = [
        f"{n}" if n % 97 == 0 else f'{n},"Wolfgang and I met in Berlin {"at the " * (n % 5)}{n}"'
        for n in range(6_000)
    ]
    file = tmp_path_factory.mktemp("many") / "many.csv"
    file.write_text("\n".join(["id,text", *lines, ""]), encoding="utf-8")
    return file
