"""A BiLSTM, prepared like any model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ner.models.catalogue import find
from ner.models.opened import TaggerPair, open_pair


@pytest.fixture(scope="module")
def bilstm_pair(
    ner_home: Path, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> TaggerPair:
    """A small BiLSTM with random weights over the tiny tokenizer, prepared like any model."""
    import torch

    from ner.train import bilstm

    folder = tmp_path_factory.mktemp("bilstm") / "bilstm"
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_checkpoint / name, folder)
    torch.manual_seed(3)
    shape = bilstm.BiLstmConfig(
        ("O", "B-PER", "I-PER"), n_pieces=300, embedding_width=16, hidden_width=16
    )
    bilstm.save(bilstm.BiLstm(shape).eval(), folder)
    return open_pair(find(str(folder)))
