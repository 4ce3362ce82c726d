"""A BiLSTM, prepared like any model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ner.models.names import find_model
from ner.models.open import Sides, open_sides
from ner.models.recipes import default_sides


@pytest.fixture(scope="module")
def bilstm_sides(
    ner_home: Path, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Sides:
    """A small BiLSTM with random weights over the tiny tokenizer, prepared like any model."""
    import torch

    from ner.train import bilstm
    from ner.train.data import label_maps

    folder = tmp_path_factory.mktemp("bilstm") / "bilstm"
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_checkpoint / name, folder)
    torch.manual_seed(3)
    shape = {"n_pieces": 300, "embedding_width": 16, "hidden_width": 16}
    config = bilstm.BiLstmConfig(**shape, **label_maps(("O", "B-PER", "I-PER")))
    bilstm.BiLstm(config).save_pretrained(folder)
    return open_sides(*default_sides(find_model(str(folder))))
