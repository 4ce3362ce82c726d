"""Training for real, on a tiny language of our own with a tiny random base."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_language import write_base, write_split
from transformers import AutoModelForTokenClassification, AutoTokenizer

from ner.errors import Failure, FileFormatError, InputError, ModelRefused
from ner.train import transformer
from ner.train.run import train
from ner.train.settings import Arch, DataSource, TrainProgress, TrainResult, TrainSettings


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Tiny products gain nothing from a second thread, and lose much on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train.txt and dev.txt."""
    folder = tmp_path_factory.mktemp("data")
    write_split(folder / "train.txt", 80, seed=1)
    write_split(folder / "dev.txt", 30, seed=2)
    return folder


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uncased BERT with random weights over letters and a few words."""
    return write_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def settings(data: Path, base: Path, tmp_path: Path) -> TrainSettings:
    """A run that overfits the tiny language within seconds."""
    return TrainSettings(
        data=(DataSource(data),),
        out=tmp_path / "model",
        base=str(base),
        vocabulary_size=200,
        epochs=12,
        learning_rate=2e-3,
        embedding_learning_rate=5e-3,
        fresh_learning_rate=5e-3,
        token_budget=256,
        average_decay=0.9,
        patience=12,
    )


def silent(_: TrainProgress) -> None:
    """A reader of progress who doesn't care."""


@pytest.mark.parametrize("arch", list(Arch), ids=str)
def test_both_architectures_overfit_a_tiny_language(arch: Arch, settings: TrainSettings) -> None:
    """Training from data to checkpoint learns what there is to learn, and publishes it whole."""
    seen: list[TrainProgress] = []

    result = train(replace(settings, arch=arch), report=seen.append)

    assert result.dev[settings.data[0].folder.name]["f1"] > 0.97
    assert result.labels == ("LOC", "PER")
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= {
        path.name for path in settings.out.iterdir()
    }
    assert any(progress.f1 is not None for progress in seen)
    assert any(progress.loss is not None for progress in seen)
    assert [path.name for path in settings.out.parent.iterdir()] == ["model"]


def test_published_folder_is_in_half_precision_and_names_no_path(
    trained: TrainResult, data: Path, base: Path
) -> None:
    """A checkpoint can be shipped as it is: small, loadable, and silent about this machine."""
    weights = load_file(trained.folder / "model.safetensors")

    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    for path in trained.folder.glob("*.json"):
        text = path.read_text("utf-8")
        assert str(data.parent) not in text
        assert str(base.parent) not in text


def test_published_folder_loads_with_transformers_and_is_cased(trained: TrainResult) -> None:
    """Anyone can load it with the Auto classes; upper and lower case stay apart."""
    model = AutoModelForTokenClassification.from_pretrained(trained.folder)
    tokenizer = AutoTokenizer.from_pretrained(trained.folder)

    assert model.config.id2label == {0: "O", 1: "B-LOC", 2: "I-LOC", 3: "B-PER", 4: "I-PER"}
    assert tokenizer.model_max_length == 64
    assert tokenizer("OSLO")["input_ids"] != tokenizer("oslo")["input_ids"]


@pytest.fixture(scope="module")
def trained(data: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A transformer after one epoch: enough to look at its files."""
    out = tmp_path_factory.mktemp("trained") / "model"
    settings = TrainSettings(
        data=(DataSource(data),), out=out, base=str(base), vocabulary_size=200, epochs=1
    )
    return train(settings, report=silent)


def test_training_goes_on_from_a_checkpoint_with_the_same_tags(
    trained: TrainResult, settings: TrainSettings
) -> None:
    """Such a base keeps tokenizer, embeddings and classifier, in float32, and gives its logits."""
    resumed = replace(settings, base=str(trained.folder), vocabulary_size=None)
    tags = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    ids = torch.tensor([[2, 7, 9, 3]])
    checkpoint = AutoModelForTokenClassification.from_pretrained(
        trained.folder, dtype=torch.float32
    )

    model = transformer.build_model(resumed, transformer.load_tokenizer(resumed, ()), tags)

    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    torch.testing.assert_close(model.eval()(ids).logits, checkpoint(ids).logits)


KILLED_RUN = """
import os, signal, sys
from pathlib import Path
import torch
from ner.train.run import train
from ner.train.settings import DataSource, TrainSettings

torch.set_num_threads(1)

def die_halfway(progress):
    if progress.step * 2 >= progress.steps:
        os.kill(os.getpid(), signal.SIGKILL)

data, base, out = map(Path, sys.argv[1:])
train(
    TrainSettings(data=(DataSource(data),), out=out, base=str(base), vocabulary_size=200, epochs=2),
    report=die_halfway,
)
"""


def test_killed_run_goes_on_and_ends_like_an_undisturbed_one(
    data: Path, base: Path, tmp_path: Path
) -> None:
    """SIGKILL halfway, the same command again: the same weights as without the kill."""
    settings = TrainSettings(
        data=(DataSource(data),),
        out=tmp_path / "undisturbed",
        base=str(base),
        vocabulary_size=200,
        epochs=2,
    )
    undisturbed = train(settings, report=silent)
    out = tmp_path / "killed"

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(data), str(base), str(out)], check=False
    )
    seen: list[TrainProgress] = []
    resumed = train(replace(settings, out=out), report=seen.append)

    assert killed.returncode == -signal.SIGKILL
    assert seen[0].step > 1
    assert seen[-1].seconds > seen[0].seconds > 0
    weights, expected = (load_file(r.folder / "model.safetensors") for r in (resumed, undisturbed))
    assert all(torch.equal(weights[name], tensor) for name, tensor in expected.items())
    assert resumed.dev == undisturbed.dev


def test_unfinished_run_with_other_settings_is_refused(settings: TrainSettings) -> None:
    """A leftover of another run is never mixed in; the message says what to do."""
    work = settings.out.with_name(".model.training")
    work.mkdir()
    (work / "settings.json").write_text("{}", "utf-8")

    with pytest.raises(InputError, match=r"delete that folder"):
        train(settings, report=silent)


def test_full_disk_is_a_failure_that_publishes_nothing(settings: TrainSettings) -> None:
    """Running out of space while writing is told in words, and no half checkpoint appears."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(Failure, match="make room"):
            train(settings, report=silent)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert not settings.out.exists()


def test_folder_that_holds_no_checkpoint_is_not_replaced(settings: TrainSettings) -> None:
    """--out never deletes something that training did not make."""
    settings.out.mkdir()
    (settings.out / "letter.txt").write_text("dear", "utf-8")

    with pytest.raises(InputError, match="would be replaced"):
        train(settings, report=silent)


def test_malformed_conll_is_reported_with_file_and_line(settings: TrainSettings) -> None:
    """A person can find the line that is wrong."""
    folder = settings.out.parent / "broken"
    folder.mkdir()
    write_split(folder / "dev.txt", 3, seed=3)
    (folder / "train.txt").write_text("Ada\tB-PER\nOslo\tPLACE\n\n", "utf-8")

    with pytest.raises(FileFormatError) as raised:
        train(replace(settings, data=(DataSource(folder),)), report=silent)

    assert raised.value.path.name == "train.txt"
    assert raised.value.line == 2


@pytest.mark.parametrize(
    ("train_text", "dev_text", "message"),
    [
        ("", "Ada\tB-PER\n", "no sentence"),
        ("Ada\tO\n", "Ada\tO\n", "nothing to learn"),
        ("Ada\tB-PER\n", "", "no sentence"),
        ("Ada\tB-PER\n", "Oslo\tB-LOC\n", "LOC, which no training file has"),
    ],
    ids=["empty train", "no entities", "empty dev", "unknown label in dev"],
)
def test_data_that_cannot_be_trained_on_is_refused(
    train_text: str, dev_text: str, message: str, settings: TrainSettings
) -> None:
    """Each way in which a folder can be unfit has its own message, before anything is written."""
    folder = settings.out.parent / "unfit"
    folder.mkdir()
    (folder / "train.txt").write_text(train_text, "utf-8")
    (folder / "dev.txt").write_text(dev_text, "utf-8")

    with pytest.raises(InputError, match=message):
        train(replace(settings, data=(DataSource(folder),)), report=silent)

    assert [path.name for path in settings.out.parent.iterdir()] == ["unfit"]


def test_folder_without_training_file_is_refused(settings: TrainSettings) -> None:
    """The message names the folder and what was expected in it."""
    with pytest.raises(InputError, match=r"nowhere has no train\.txt"):
        train(replace(settings, data=(DataSource(Path("nowhere")),)), report=silent)


def test_base_that_is_no_checkpoint_is_refused(settings: TrainSettings, tmp_path: Path) -> None:
    """A base is named back to the person who gave it."""
    with pytest.raises(ModelRefused, match="can't be loaded as a base"):
        train(replace(settings, base=str(tmp_path)), report=silent)
