"""Peers: that they run the same model, on the tiny checkpoint. ONNX Runtime needs an extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForTokenClassification, PreTrainedModel

from ner.choosing import onnx_runtime
from ner.choosing.contenders import Contender
from ner.choosing.memory import MemoryPlan, measure_footprint
from ner.choosing.onnx_runtime import Session, export_onnx
from ner.choosing.peers import _log as peers_log
from ner.choosing.peers import open_peers
from ner.errors import InputError, MissingExtra, ModelRefused
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared
from ner.models.names import find_model
from ner.models.open import Sides

IR = "pipeline on Original"


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What the log has of peers."""
    return []


@pytest.fixture(scope="module")
def peers(
    tiny_spec: ModelSpec, tiny_original: Prepared, texts: list[str], told: list[str]
) -> Iterator[dict[str, Contender]]:
    """Those that need no extra, which is looked for in vain."""
    folders = {IR: tiny_original.folder}
    with ExitStack() as opened:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(onnx_runtime, "find_spec", lambda name: None)
            patch.setattr(peers_log, "warning", lambda form, *parts: told.append(form % parts))
            found = opened.enter_context(open_peers(tiny_spec, texts[:4], folders))
        yield {peer.title: peer for peer in found}


def test_without_the_extra_the_others_take_part(
    peers: dict[str, Contender], told: list[str], tiny_checkpoint: Path, tiny_original: Prepared
) -> None:
    """What is missing is told once, with what to install. Sizes are those of the networks alone."""
    [sentence] = told
    sizes = {name: peer.bytes_on_disk for name, peer in peers.items()}

    assert {"PyTorch", "PyTorch dynamic INT8", IR} == set(peers)
    assert "ONNX Runtime" in sentence
    assert "[peers]" in sentence
    assert sizes["PyTorch"] == (tiny_checkpoint / "model.safetensors").stat().st_size
    assert sizes[IR] == tiny_original.size
    assert 0 < sizes["PyTorch dynamic INT8"]


@pytest.mark.parametrize("name", ["PyTorch", IR])
def test_a_peer_of_the_same_network_finds_the_same(
    peers: dict[str, Contender], tiny_sides: Sides, texts: list[str], name: str
) -> None:
    """In FP32 only the reading of long texts can differ, and these are short; nor do batches."""
    short = [" ".join(text.split()[:8]) for text in texts]
    tagger = peers[name].tagger
    wanted, found, alone = (
        [[(e.start, e.end, e.label) for e in tagged.entities] for tagged in many]
        for many in (
            tiny_sides.left.tagger.tag_many(short),
            tagger.tag_many(short),
            [tagger.tag_many([text])[0] for text in short],
        )
    )

    assert sum(map(len, wanted)) > 20
    assert wanted == found == alone


def test_a_model_that_others_can_not_load_is_refused(tiny_spec: ModelSpec, tmp_path: Path) -> None:
    """In words that say what to do: one of the Hub, and a kind that transformers does not know."""
    (tmp_path / "config.json").write_text('{"model_type": "of our own"}', encoding="utf-8")

    with (
        pytest.raises(InputError, match="give --model its folder"),
        open_peers(find_model("hub:owner/name"), ["A text."], {}),
    ):
        pass
    with (
        pytest.raises(ModelRefused, match=f"{tmp_path.name}.*Leave out --peers"),
        open_peers(replace(tiny_spec, folder=tmp_path), ["A text."], {}),
    ):
        pass


@pytest.fixture(scope="module")
def original(tiny_checkpoint: Path) -> PreTrainedModel:
    network = AutoModelForTokenClassification.from_pretrained(tiny_checkpoint, dtype=torch.float32)
    return network.eval()


@pytest.fixture(scope="module")
def files(original: PreTrainedModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    for package in ("onnxruntime", "onnx", "onnxscript"):
        pytest.importorskip(package, reason='pip install -e ".[peers]"')
    names = ["input_ids", "attention_mask"]
    return export_onnx(original, names, tmp_path_factory.mktemp("onnx"))


@pytest.mark.parametrize("shape", [(1, 3), (2, 8), (3, 31)])
def test_logits_are_those_of_the_original(
    files: dict[str, Path], original: PreTrainedModel, shape: tuple[int, int]
) -> None:
    """At any batch size and length, padding included."""
    mask = torch.ones(shape, dtype=torch.int64)
    mask[-1, shape[1] // 2 + 1 :] = 0
    inputs = {"input_ids": torch.arange(mask.numel()).reshape(shape) % 20, "attention_mask": mask}
    with torch.no_grad():
        expected = original(**inputs).logits
    [found] = Session(files["ONNX Runtime"])(**inputs)

    torch.testing.assert_close(found[mask == 1], expected[mask == 1], atol=1e-4, rtol=0)


def test_dynamic_int8_is_smaller_and_its_runtime_alone_holds_less(
    files: dict[str, Path], tiny_checkpoint: Path
) -> None:
    """Weights and the embedding table take a byte each; torch is not imported."""
    small = files["ONNX Runtime dynamic INT8"]
    opening = onnx_runtime.__name__, "open_alone", str(small), str(tiny_checkpoint)

    assert small.stat().st_size < files["ONNX Runtime"].stat().st_size
    assert measure_footprint(opening, MemoryPlan(3, 1, 20)).after_files < 200e6


def test_without_the_extra_it_says_what_to_install(
    original: PreTrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of its packages is missing."""
    monkeypatch.setattr(
        onnx_runtime, "find_spec", lambda name: None if name == "onnxscript" else object()
    )

    with pytest.raises(MissingExtra, match=r"\[peers\]"):
        export_onnx(original, [], tmp_path)
