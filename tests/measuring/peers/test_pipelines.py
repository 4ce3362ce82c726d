"""Peers: that they run the same model, on the tiny checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from ner.errors import ModelRefused
from ner.measuring.peers import onnx_runtime
from ner.measuring.peers.accuracy import judge
from ner.measuring.peers.pipelines import Peer, load_peers
from ner.models.folder import Prepared
from ner.models.open import Sides

NAMES = {
    "pipeline on PyTorch",
    "pipeline on PyTorch dynamic INT8",
    "pipeline on FP32 IR",
}


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def peers(
    tiny_checkpoint: Path, tiny_original: Prepared, texts: list[str], told: list[str]
) -> dict[str, Peer]:
    """Those that need no extra, which is looked for in vain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_runtime, "find_spec", lambda name: None)
        irs = {"FP32": tiny_original.folder}
        return load_peers(tiny_checkpoint, irs, texts[:4], report=told.append)


def test_without_the_extra_the_others_take_part(peers: dict[str, Peer], told: list[str]) -> None:
    """What is missing is told once, with what to install."""
    [sentence] = told

    assert set(peers) == NAMES
    assert "ONNX Runtime" in sentence
    assert "[peers]" in sentence


@pytest.mark.parametrize("name", ["pipeline on PyTorch", "pipeline on FP32 IR"])
def test_a_peer_of_the_same_network_finds_the_same(
    peers: dict[str, Peer], tiny_sides: Sides, texts: list[str], name: str
) -> None:
    """In FP32 nothing but the reading of long texts can differ, and these are short."""
    short = [" ".join(text.split()[:8]) for text in texts]
    wanted = tiny_sides.left.tagger.tag_many(short)

    assert sum(len(tagged.entities) for tagged in wanted) > 20
    assert judge(peers[name], 1, wanted).agreement.f1.value == 1.0


def test_batches_change_no_entities(peers: dict[str, Peer], texts: list[str]) -> None:
    """In order, and as one by one."""
    peer = peers["pipeline on PyTorch"]
    spans = [
        [
            [(entity.start, entity.end, entity.label) for entity in tagged.entities]
            for tagged in found
        ]
        for found in (peer.tag_many(texts), [peer.tag_many([text])[0] for text in texts])
    ]

    assert spans[0] == spans[1]


def test_sizes_are_those_of_the_files(
    peers: dict[str, Peer], tiny_checkpoint: Path, tiny_original: Prepared
) -> None:
    """Of the network alone; with its weights in INT8 it takes less."""
    sizes = {name: peer.bytes_on_disk for name, peer in peers.items()}

    assert sizes["pipeline on PyTorch"] == (tiny_checkpoint / "model.safetensors").stat().st_size
    assert sizes["pipeline on FP32 IR"] == tiny_original.size
    assert 0 < sizes["pipeline on PyTorch dynamic INT8"]


def test_a_checkpoint_that_transformers_does_not_know_is_refused(tmp_path: Path) -> None:
    """In words that name it and what to do."""
    (tmp_path / "config.json").write_text('{"model_type": "of our own"}', encoding="utf-8")

    with pytest.raises(ModelRefused, match=f"{tmp_path.name}.*Leave out --peers"):
        load_peers(tmp_path, {}, ["A text."])
