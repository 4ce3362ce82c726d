"""A BiLSTM, prepared like any model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ner.models.catalogue import find
from ner.models.child import ensure_prepared
from ner.models.opened import Sides, open_sides
from ner.models.prepared import Prepared
from ner.models.recipes import Variant


@pytest.fixture(scope="module")
def bilstm_sides(
    ner_home: Path, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Sides:
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
    return open_sides(find(str(folder)))


@pytest.fixture(scope="module")
def bilstm_prepared(bilstm_sides: Sides) -> Prepared:
    """The BiLSTM's prepared folder."""
    return ensure_prepared(bilstm_sides.spec, tuple(Variant))


@pytest.fixture(scope="session")
def bundled_prepared(ner_home: Path) -> Prepared:
    """The bundled model's prepared folder."""
    return ensure_prepared(find("bundled"), tuple(Variant))
