"""Preparing: what the two variants are, and what happens when something goes wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import openvino as ov
import pytest

from ner.errors import ModelRefused, PrepareFailed
from ner.models.catalogue import ModelSpec, find
from ner.models.child import ensure_prepared
from ner.models.opened import Sides, open_sides
from ner.models.prepared import Manifest, Prepared, find_prepared, prepared_root
from ner.models.recipes import Recipe, Variant, recipe_of
from ner.preparing.checkpoint import vet

ROOT = Path(__file__).parent.parent


def operations(prepared: Prepared, variant: Variant) -> list[Any]:
    return ov.Core().read_model(prepared.variant(variant) / "openvino_model.xml").get_ops()


def fake_quantizers(prepared: Prepared, variant: Variant) -> int:
    return sum(one.get_type_name() == "FakeQuantize" for one in operations(prepared, variant))


def test_only_int8_is_quantized(tiny_prepared: Prepared) -> None:
    """The original has no FakeQuantize: quantizing must not have replaced it."""
    assert fake_quantizers(tiny_prepared, Variant.ORIGINAL) == 0
    assert fake_quantizers(tiny_prepared, Variant.INT8) > 10


def test_only_int8_of_the_bundled_model_is_quantized(bundled_prepared: Prepared) -> None:
    """The same for the model that ships, which has six layers."""
    assert fake_quantizers(bundled_prepared, Variant.ORIGINAL) == 0
    assert fake_quantizers(bundled_prepared, Variant.INT8) > 30


def test_the_original_is_float32(tiny_prepared: Prepared) -> None:
    """Though the checkpoint is stored in half precision, every weight is f32."""
    weights = [
        one
        for one in operations(tiny_prepared, Variant.ORIGINAL)
        if one.get_type_name() == "Constant" and one.get_element_type().is_real()
    ]

    assert weights
    assert {one.get_element_type().get_type_name() for one in weights} == {"f32"}


def test_int8_is_smaller(bundled_prepared: Prepared) -> None:
    """By more than three times, weights and graph together."""
    assert bundled_prepared.size(Variant.INT8) * 3 < bundled_prepared.size(Variant.ORIGINAL)


@pytest.mark.parametrize("variant", list(Variant), ids=str)
def test_a_prepared_folder_loads_elsewhere(tiny_prepared: Prepared, variant: Variant) -> None:
    """Anyone can take it to Optimum Intel and transformers as it stands."""
    from optimum.intel import OVModelForTokenClassification
    from transformers import AutoTokenizer

    folder = tiny_prepared.variant(variant)
    model = OVModelForTokenClassification.from_pretrained(folder)
    encoded = AutoTokenizer.from_pretrained(folder)("My name is Wolfgang", return_tensors="np")

    assert model(**encoded).logits.shape == (1, 6, 9)


def test_the_manifest_tells_what_was_made(tiny_prepared: Prepared) -> None:
    """It survives a round trip, and its checksums hold."""
    manifest = tiny_prepared.manifest

    assert Manifest.parse(manifest.dump()) == manifest
    assert manifest.labels == ("PER", "ORG", "LOC", "MISC")
    assert set(manifest.recipe.versions) >= {"torch", "openvino", "nncf", "optimum-intel"}
    assert tiny_prepared.damaged(*Variant) == ()


def test_another_checkpoint_is_never_served_from_an_old_folder(
    tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """One changed byte of the weights changes the recipe."""
    folder = tmp_path / "tiny"
    shutil.copytree(str(tiny_spec.folder), folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)

    assert recipe_of(tiny_spec).key != recipe_of(find(str(folder))).key


def test_a_machine_without_converters_takes_what_was_made_for_it(tiny_prepared: Prepared) -> None:
    """Packages that are absent here are not compared; those that are must have the version."""
    made_by = tiny_prepared.manifest.recipe

    def here(**versions: str) -> Recipe:
        return Recipe(
            made_by.format, made_by.source, made_by.quantization, made_by.texts_sha256, versions
        )

    assert here(openvino=made_by.versions["openvino"]).fits(made_by)
    assert not here(openvino="2020.1").fits(made_by)


def test_a_flipped_byte_is_found_and_mended(
    tiny_spec: ModelSpec, tiny_prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checksum catches it, and the folder is made anew once."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    copy = prepared_root() / tiny_prepared.folder.name
    shutil.copytree(tiny_prepared.folder, copy)
    weights = copy / "int8" / "openvino_model.bin"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0xFF
    weights.write_bytes(content)
    stages: list[str] = []

    mended = ensure_prepared(
        tiny_spec, tuple(Variant), report=lambda progress: stages.append(progress.name)
    )

    assert "Quantizing to INT8" in stages
    assert mended.damaged(*Variant) == ()
    assert [copy.name] == [one.name for one in prepared_root().glob("tiny-*")]


def test_nothing_half_made_is_left_or_served(
    tiny_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it quantizes; the next start is clean and finishes."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "ner", "prepare"),
            *("--model", str(tiny_spec.folder), "--progress-lines"),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["stage"] == "Quantizing to INT8":
            break
    child.kill()
    child.communicate()

    assert find_prepared(recipe_of(tiny_spec), "tiny") is None
    open_sides(tiny_spec)
    assert ensure_prepared(tiny_spec, tuple(Variant)).damaged(*Variant) == ()


def broken(tiny_spec: ModelSpec, folder: Path, **changes: Any) -> Path:
    """A copy of the tiny checkpoint with changes to its config.json."""
    shutil.copytree(str(tiny_spec.folder), folder)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto_map": {"AutoModel": "evil.Model"}}, "code of its own"),
        ({"_attn_implementation_internal": "evil/kernel"}, "code of its own"),
        ({"architectures": ["BertForMaskedLM"]}, "not a token classifier"),
        ({"architectures": None}, "not a token classifier"),
        ({"id2label": None}, "names no labels"),
    ],
    ids=["auto_map", "internal", "other task", "no task", "no labels"],
)
def test_an_unsuitable_checkpoint_is_refused(
    tiny_spec: ModelSpec, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """Before anything of it is loaded, with the reason."""
    with pytest.raises(ModelRefused, match=message):
        vet(broken(tiny_spec, tmp_path / "broken", **changes))


def test_pickled_weights_are_refused(tiny_spec: ModelSpec, tmp_path: Path) -> None:
    """They can run code when they are read, so they are not read."""
    folder = broken(tiny_spec, tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(ModelRefused, match=r"has no model\.safetensors"):
        vet(folder)


def test_a_refusal_in_the_child_is_a_refusal_here(
    tiny_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message crosses the process border whole."""
    monkeypatch.setenv("NER_HOME", str(tmp_path / "home"))
    folder = broken(tiny_spec, tmp_path / "broken", auto_map={"AutoModel": "evil.Model"})

    with pytest.raises(ModelRefused, match="code of its own"):
        open_sides(find(str(folder)))


def test_without_the_hub_a_hub_model_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within seconds, and the bundled model is pointed at."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(PrepareFailed, match="not available from the Hub"):
        open_sides(find("elastic-distilbert"))


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


def test_a_bilstm_is_prepared_like_any_model(bilstm_sides: Sides) -> None:
    """Its original gives what PyTorch gives, padded in a batch or alone."""
    import torch

    from ner.train import bilstm

    texts = ["Berlin", "My name is Wolfgang and I live in Berlin.", "the Berlin name"]
    assert bilstm_sides.spec.folder is not None
    network = bilstm.load(bilstm_sides.spec.folder)
    model = bilstm_sides.left.tagger.model
    encoded = model.encode(texts)
    probabilities, _ = model.probabilities(encoded)
    borders = encoded.pieces.borders
    for begin, end in pairwise(borders.tolist()):
        found = probabilities[begin:end]
        ids = torch.tensor([[2, *encoded.ids[begin:end].tolist(), 3]])
        with torch.no_grad():
            logits = network(ids, torch.ones_like(ids))[0, 1:-1]
        expected = torch.softmax(logits, dim=-1).numpy()
        assert found == pytest.approx(expected, abs=1e-4)


def test_only_the_bilstms_int8_is_quantized(bilstm_sides: Sides) -> None:
    """As for a transformer."""
    prepared = ensure_prepared(bilstm_sides.spec, tuple(Variant))
    assert fake_quantizers(prepared, Variant.ORIGINAL) == 0
    assert fake_quantizers(prepared, Variant.INT8) > 0
