"""What is a checkpoint, and what people are told of what is not one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_checkpoint import with_config

from ner.errors import ModelRefused
from ner.models.checkpoint import parts, refuse_files, unnamed, vet
from ner.models.names import find_model

WHOLE = ("config.json", "model.safetensors", "tokenizer.json")


def test_an_unsuitable_checkpoint_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """As soon as it is named, before anything of it is loaded, with the reason."""
    evil = {"auto_map": {"AutoModel": "evil.Model"}}
    folder = with_config(tiny_checkpoint, tmp_path / "broken", **evil)

    for look in (vet, lambda folder: find_model(str(folder))):
        with pytest.raises(ModelRefused, match="code of its own"):
            look(folder)


@pytest.mark.parametrize(
    "files",
    [
        WHOLE,
        ("config.json", "model.safetensors", "vocab.txt"),
        ("config.json", "model.safetensors", "vocab.json", "merges.txt"),
        (
            *("config.json", "model.safetensors.index.json", "tokenizer.json"),
            *("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
        ),
    ],
    ids=["whole", "WordPiece vocabulary", "BPE vocabulary", "shards"],
)
def test_a_checkpoint_comes_in_several_forms(files: tuple[str, ...]) -> None:
    """Everything that transformers reads without code of its own; weights come last."""
    refuse_files(files, "It")

    assert {*files} == {*parts([*files, "openvino_model.xml", "evil.py", "other.safetensors"])}
    assert "safetensors" in parts(files)[-1]


@pytest.mark.parametrize(
    ("files", "below", "message"),
    [
        ({"config.json"}, (), "no model.safetensors and no tokenizer.json"),
        ({"config.json", "tokenizer.json", "pytorch_model.bin"}, (), "model.save_pretrained"),
        ({"config.json", "model.safetensors", "spm.model"}, (), "SentencePiece model alone"),
        ({"config.json", "model.safetensors", "vocab.json"}, (), "no tokenizer.json"),
        ({"adapter_config.json", "adapter_model.safetensors"}, (), "merge_and_unload"),
        ({*WHOLE, "adapter_config.json"}, (), "holds a LoRA adapter. Merge it"),
        ({"notes.txt"}, ("checkpoint-500",), "Its folder checkpoint-500 has a config.json"),
        (set(), (), "no config.json and no model.safetensors and no tokenizer.json"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_what_is_no_checkpoint_is_refused_with_advice(
    files: set[str], below: tuple[str, ...], message: str
) -> None:
    """What is missing, and what to do; a folder and a repository are told the same."""
    with pytest.raises(ModelRefused, match=message):
        refuse_files(files, "The folder 'mine'", below)


def test_labels_without_names_are_pointed_out() -> None:
    """With the option that gives them names."""
    assert unnamed(["PER", "LOC"]) is None
    assert "--map LABEL_0=O,LABEL_2=PER" in str(unnamed(["LABEL_0", "LABEL_1", "LABEL_2"]))
