"""The exported original: float32, and what PyTorch gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import openvino as ov
import pytest
from tiny_architectures import ARCHITECTURES, make_tiny
from tiny_checkpoint import with_config

from ner.errors import ModelRefused
from ner.models.folder import Prepared
from ner.models.open import Sides
from ner.models.recipes import find_recipe
from ner.preparing import export as export_module
from ner.preparing.export import export
from ner.preparing.quantize import run_steps
from ner.tagging.encoding import Encoded
from ner.tagging.model import Model

# Tracing is deprecated in torch, and it is what Optimum Intel does.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_original_is_float32(tiny_original: Prepared) -> None:
    """Though the checkpoint is stored in half precision, every weight is f32."""
    xml = tiny_original.folder / "openvino_model.xml"
    weights = [
        node
        for node in ov.Core().read_model(xml).get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type().is_real()
    ]

    assert weights
    assert {node.get_element_type().get_type_name() for node in weights} == {"f32"}


def assert_pytorchs(model: Model, network: Any, texts: Sequence[str], nearness: float) -> Encoded:
    """The model reads ``texts``, padded in a batch, as the network does one by one."""
    import torch

    encoded = model.encode(texts)
    found, _ = model.probabilities(encoded)
    for begin, end in list(pairwise(encoded.pieces.borders.tolist()))[:3]:
        ids = torch.tensor([[2, *encoded.ids[begin:end].tolist(), 3]])
        with torch.no_grad():
            read = network(input_ids=ids, attention_mask=torch.ones_like(ids))
        expected = read.logits[0, 1:-1].softmax(-1).numpy()
        assert found[begin:end] == pytest.approx(expected, abs=nearness)
    return encoded


def test_a_bilstm_is_prepared_like_any_model(bilstm_sides: Sides) -> None:
    """Its original gives what PyTorch gives."""
    from ner.train import checkpoint

    assert bilstm_sides.spec.folder is not None
    network = checkpoint.load(bilstm_sides.spec.folder).eval()
    texts = ["Berlin", "My name is Wolfgang and I live in Berlin.", "the Berlin name"]
    assert_pytorchs(bilstm_sides.left.tagger.model, network, texts, 1e-4)


TEXTS = ("My name is Wolfgang and I live in Berlin.", "the name", "I met him at the Berlin name")
# What people fine-tune, whether or not Optimum Intel knows it.
TYPES = [kind for kind in ARCHITECTURES if kind not in ("convbert", "fnet")]


@pytest.mark.parametrize("kind", TYPES)
def test_an_architecture_gives_pytorchs_logits_and_an_int8(
    kind: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Read as it is served, in batches and padded; INT8 holds no table of embeddings in FP32."""
    from transformers import AutoModelForTokenClassification

    checkpoint = make_tiny(kind, tmp_path / kind, tiny_checkpoint)
    export(checkpoint, tmp_path / "original", {})
    network = AutoModelForTokenClassification.from_pretrained(checkpoint).eval()
    model = Model.load(tmp_path / "original")
    encoded = assert_pytorchs(model, network, [*TEXTS, " ".join(TEXTS * 9)], 1e-3)

    run_steps(find_recipe("int8").steps, tmp_path / "original", TEXTS * 9, tmp_path / "int8")
    whole, int8 = (
        (tmp_path / made / "openvino_model.bin").stat().st_size for made in ("original", "int8")
    )
    # DeBERTa's constants of relative positions stay, and what XLNet multiplies by Einsum.
    assert int8 < 0.56 * whole
    assert Model.load(tmp_path / "int8").probabilities(encoded)[0].shape == (len(encoded.ids), 5)


def test_a_graph_that_departs_from_pytorch_is_not_published(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it came about: the type is named, with how far logits are apart."""
    real = export_module._write_network

    def departs(model: Any, target: Path) -> None:
        real(model, target)
        model.classifier.bias.data += 0.1

    monkeypatch.setattr(export_module, "_write_network", departs)
    with pytest.raises(ModelRefused, match="type bert come out of OpenVINO otherwise"):
        export(make_tiny("bert", tmp_path / "bert", tiny_checkpoint), tmp_path / "made", {})


def test_numbers_of_positions_are_never_passed(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """RoBERTa numbers positions from the padding id on, and so has two fewer than its table."""
    make_tiny("roberta", tmp_path / "roberta", tiny_checkpoint)
    settings = tmp_path / "roberta" / "tokenizer_config.json"
    settings.write_text(settings.read_text().replace('"model_max_length": 128', '"x": 0'))

    export(tmp_path / "roberta", tmp_path / "made", {})
    assert 128 == Model.load(tmp_path / "made").runner.frame.longest


@pytest.mark.parametrize(
    ("kind", "named", "added", "message"),
    [
        (
            "bert",
            lambda key: "classifier" not in key and key,
            "",
            r"no weights for classifier\.bias",
        ),
        ("bert", lambda key: f"model.{key}", "", "no weights for .* does not read: model.bert"),
        ("bert", lambda key: key.replace("classifier", "head"), "", "does not read: head.bias"),
        ("bert", str, "crf.transitions", r"does not read: crf\.transitions"),
        ("fnet", str, "", "type 'fnet' can't be converted to OpenVINO"),
    ],
    ids=["no classifier", "other names", "another head", "a CRF", "no attention mask"],
)
def test_a_checkpoint_is_served_whole_or_not_at_all(
    kind: str,
    named: Callable[[str], str],
    added: str,
    message: str,
    tiny_checkpoint: Path,
    tmp_path: Path,
) -> None:
    """Random numbers would take the place of missing weights; unread ones would change it."""
    from safetensors.torch import load_file, save_file

    folder = make_tiny(kind, tmp_path / kind, tiny_checkpoint)
    file = folder / "model.safetensors"
    weights = {named(key): tensor for key, tensor in load_file(file).items() if named(key)}
    if added:
        weights[added] = weights["classifier.weight"].clone()
    save_file(weights, file, metadata={"format": "pt"})

    with pytest.raises(ModelRefused, match=message):
        export(folder, tmp_path / "made", {})


def test_outputs_without_labels_get_none(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """They are not guessed."""
    folder = with_config(tiny_checkpoint, tmp_path / "fewer", id2label={"0": "O", "1": "B-PER"})

    with pytest.raises(ModelRefused, match=r"names 2 labels .*, the classifier has 9 outputs"):
        export(folder, tmp_path / "made", {})


def test_a_tokenizer_without_unknown_token_is_refused(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """It would fail at the first character that it does not know."""
    folder = make_tiny("bert", tmp_path / "bert", tiny_checkpoint)
    for file in folder.glob("tokenizer*.json"):
        file.write_text(file.read_text().replace("[UNK]", "[MISSING]"))
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["unk_token"] = "[UNK]"
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))

    with pytest.raises(ModelRefused, match="has no unknown token"):
        export(folder, tmp_path / "made", {})


def test_labels_are_given_names(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """In the exported configuration, so that whoever reads it finds the same entities."""
    folder = make_tiny("bert", tmp_path / "bert", tiny_checkpoint)
    export(folder, tmp_path / "made", {"PER": "PERSON", "B-LOC": "", "I-LOC": ""})

    assert ("PERSON",) == Model.load(tmp_path / "made").scheme.types


def test_int8_that_cant_be_made_is_a_sentence(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """NNCF fails on ConvBERT's convolutions; compressing weights works."""
    folder = make_tiny("convbert", tmp_path / "convbert", tiny_checkpoint)
    original = tmp_path / "original"
    export(folder, original, {})

    with pytest.raises(ModelRefused, match="NNCF can't make this recipe"):
        run_steps(find_recipe("int8").steps, original, TEXTS * 9, tmp_path / "int8")
    run_steps(find_recipe("int8-weights").steps, original, TEXTS, tmp_path / "weights")
