"""Training for real, on a tiny language of our own with a tiny random base."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tiny_language import settings_for, silent
from transformers import AutoModelForTokenClassification

from ner.errors import Failure, InputError, ModelRefused
from ner.train import checkpoint
from ner.train.run import train
from ner.train.settings import Arch, Source, TrainSettings

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("arch", list(Arch), ids=str)
def test_both_architectures_overfit_a_tiny_language(arch: Arch, settings: TrainSettings) -> None:
    """Training from data to checkpoint learns what there is to learn, and publishes it whole."""
    seen: list[str] = []

    dev = train(replace(settings, arch=arch), report=seen.append)

    assert dev["letters"]["f1"] > 0.97
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= {
        path.name for path in settings.out.iterdir()
    }
    for figure in ("loss", "dev F1"):
        assert any(
            re.fullmatch(rf"step \d+ of \d+ · \d+ s · {figure} \d.\d{{4}}", one) for one in seen
        )
    assert [path.name for path in settings.out.parent.iterdir()] == ["model"]


@pytest.fixture(scope="module")
def trained(data: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer after one epoch: enough to look at its files."""
    out = tmp_path_factory.mktemp("trained") / "model"
    train(replace(settings_for(data, base, out), epochs=1), report=silent)
    return out


def test_published_folder_is_in_half_precision_and_names_no_path(
    trained: Path, data: Path, base: Path
) -> None:
    """It loads with the Auto classes, is small, and tells nothing about this machine."""
    model = AutoModelForTokenClassification.from_pretrained(trained)
    weights = load_file(trained / "model.safetensors")

    assert model.config.id2label == {0: "O", 1: "B-LOC", 2: "I-LOC", 3: "B-PER", 4: "I-PER"}
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    for path in trained.iterdir():
        if path.suffix in (".json", ".md"):
            text = path.read_text("utf-8")
            assert str(data.parent) not in text
            assert str(base.parent) not in text


def test_training_goes_on_from_a_checkpoint_with_the_same_tags(trained: Path) -> None:
    """Such a base keeps embeddings and classifier, in float32, and gives its logits."""
    tags = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    ids = torch.tensor([[2, 7, 9, 3]])
    loaded = AutoModelForTokenClassification.from_pretrained(trained, dtype=torch.float32)

    model = checkpoint.build_model(str(trained), tags)

    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    torch.testing.assert_close(model.eval()(ids).logits, loaded(ids).logits)


def test_without_a_base_it_starts_from_the_bundled_model() -> None:
    """By its name in the catalogue; any other name is a folder's or the Hub's."""
    assert (Path(checkpoint.find_base("bundled")) / "model.safetensors").is_file()
    assert checkpoint.find_base("owner/name") == "owner/name"


KILLED_RUN = r"""
import os, re, signal, sys
from dataclasses import replace
from pathlib import Path
import torch
from tiny_language import settings_for
from ner.train.run import train

torch.set_num_threads(1)

def die_halfway(progress):
    step, steps = map(int, re.findall(r"(\d+) of (\d+)", progress)[0])
    if step * 2 >= steps:
        os.kill(os.getpid(), signal.SIGKILL)

train(replace(settings_for(*map(Path, sys.argv[1:])), epochs=2), report=die_halfway)
"""


def test_killed_run_goes_on_and_ends_like_an_undisturbed_one(
    data: Path, base: Path, tmp_path: Path
) -> None:
    """SIGKILL halfway, the same command again: the same weights as without the kill."""
    settings = replace(settings_for(data, base, tmp_path / "undisturbed"), epochs=2)
    undisturbed = train(settings, report=silent)
    out = tmp_path / "killed"

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(data), str(base), str(out)],
        check=False,
        env={"PYTHONPATH": "tests:.", "PATH": ""},
    )
    seen: list[str] = []
    resumed = train(replace(settings, out=out), report=seen.append)

    assert killed.returncode == -signal.SIGKILL
    assert not seen[0].startswith("step 1 of")
    history = json.loads((out / "metrics.json").read_text("utf-8"))["history"]
    seconds = [entry["seconds"] for entry in history]
    assert sorted(seconds) == seconds
    weights, expected = (load_file(it / "model.safetensors") for it in (out, settings.out))
    assert all(torch.equal(weights[name], tensor) for name, tensor in expected.items())
    assert resumed == undisturbed


@pytest.mark.parametrize(
    ("place", "message"),
    [(".model.training/settings.json", "delete that folder"), ("model/x", "would be replaced")],
    ids=["an unfinished run with other settings", "no checkpoint"],
)
def test_a_folder_of_something_else_is_left_alone(
    place: str, message: str, settings: TrainSettings
) -> None:
    """A leftover of another run is never mixed in, nor what training did not make deleted."""
    file = settings.out.parent / place
    file.parent.mkdir()
    file.write_text("{}", "utf-8")

    with pytest.raises(InputError, match=message):
        train(settings, report=silent)
    assert "{}" == file.read_text("utf-8")


def test_full_disk_is_a_failure_that_publishes_nothing(settings: TrainSettings) -> None:
    """Running out of space while writing is told in words, and no half checkpoint appears."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(Failure, match="make room"):
            train(settings, report=silent)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert not settings.out.exists()


def test_training_imports_nothing_that_windows_lacks() -> None:
    """The module `resource` would be missing there."""
    for file in Path(checkpoint.__file__).parent.glob("*.py"):
        assert "import resource" not in file.read_text("utf-8"), file.name


@pytest.mark.parametrize(
    ("train_text", "dev_text", "message"),
    [
        ("", "Ada\tB-PER\n", "no sentence"),
        ("Ada\tO\n", "Ada\tO\n", "nothing to learn"),
        ("Ada\tB-PER\n", "", "no sentence"),
        ("Ada\tB-PER\n", "Oslo\tB-LOC\n", "types LOC, which no training file has"),
        ("Ada\tB-PER\nOslo\tPLACE\n\n", "Ada\tB-PER\n", r"train\.txt, line 2"),
        # A misspelt label would otherwise train on nothing, silently.
        ("Ada\tB-PERSON\n", "Ada\tB-PERSON\n", "no entity of type PER"),
    ],
    ids=["empty train", "no entities", "empty dev", "unknown in dev", "malformed", "misspelt"],
)
def test_data_that_cannot_be_trained_on_is_refused(
    train_text: str, dev_text: str, message: str, settings: TrainSettings
) -> None:
    """Each way in which a folder can be unfit has its own message, before anything is written."""
    folder = settings.out.parent / "unfit"
    folder.mkdir()
    (folder / "train.txt").write_text(train_text, "utf-8")
    (folder / "dev.txt").write_text(dev_text, "utf-8")

    labels = ("PER",) if "PERSON" in train_text else None
    with pytest.raises(InputError, match=message):
        train(replace(settings, data=(Source(folder, labels=labels),)), report=silent)

    assert [path.name for path in settings.out.parent.iterdir()] == ["unfit"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"base": "tests"}, ModelRefused, "tests has no config.json; expected a checkpoint"),
        ({"data": (Source(Path("nowhere")),)}, InputError, r"nowhere has no train\.txt"),
        ({"data": ()}, InputError, "--data"),
        ({"epochs": 0}, InputError, "must be positive"),
        ({"distil_weight": 1.5}, InputError, "distil-weight must be over 0"),
        ({"unlabelled": (Source(Path("plain.txt")),)}, InputError, "needs a --teacher"),
    ],
)
def test_what_cannot_be_trained_with_is_refused(
    settings: TrainSettings, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    """What was given is named back, with what was expected."""
    with pytest.raises(error, match=message):
        train(replace(settings, **change), report=silent)
