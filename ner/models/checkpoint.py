"""What makes a checkpoint: its files and its configuration; anything else is refused with advice.

Nothing here runs code of a checkpoint: weights come from safetensors only, and a configuration
that asks for code of its own is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from ner.errors import ModelRefused
from ner.io import read_json

CONFIG = "config.json"
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")
_ADAPTER = "adapter_config.json"
_SENTENCEPIECE = {"spm.model", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model"}
# The only files that are ever read; a repository's own OpenVINO IR is not among them.
_SETTINGS = (
    CONFIG,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "model.safetensors.index.json",
    "merges.txt",
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
)
# What transformers calls the labels of a model whose maker gave them no names.
_UNNAMED = re.compile(r"LABEL_\d+")
_MAX_LABELS = 1000
_MAX_LABEL_LENGTH = 100
# Layers of any kind; the largest token classifiers have about 50.
_MAX_LAYERS = 200
_LEAST_POSITIONS = 16


def is_weights(name: str) -> bool:
    """Whether a file holds weights, all of them or a part (a shard)."""
    return _WEIGHTS.fullmatch(name) is not None


def parts(names: Collection[str]) -> list[str]:
    """The files of a checkpoint among ``names``, weights last."""
    return [name for name in _SETTINGS if name in names] + sorted(filter(is_weights, names))


def refuse_files(names: Collection[str], where: str, below: Iterable[str] = ()) -> None:
    """Raise ``ModelRefused`` if files of these names are no checkpoint, and say what to do.

    ``where`` is what people call the place; ``below`` are folders in it that have a config.json.
    """
    has = {*names}
    found = {
        CONFIG: CONFIG in has,
        "model.safetensors": any(map(is_weights, names)),
        "tokenizer.json": bool({"tokenizer.json", "vocab.txt"} & has)
        or {"vocab.json", "merges.txt"} <= has,
    }
    missing = [name for name, there in found.items() if not there]
    advice = (
        (
            _ADAPTER in has,
            "It holds a LoRA adapter. Merge it into its model, and prepare the folder that comes "
            "of it: AutoPeftModelForTokenClassification.from_pretrained(FOLDER)"
            ".merge_and_unload().save_pretrained(MERGED); the tokenizer goes beside it. Where the "
            f"model is wanted without the adapter, remove {_ADAPTER}.",
        ),
        (
            CONFIG in missing and bool(below),
            f"Its folder {' or '.join(sorted(below)[:3])} has a config.json: give that one.",
        ),
        (
            "model.safetensors" in missing and "pytorch_model.bin" in has,
            "pytorch_model.bin can run code when it is read, so it is not. Where you trust it, "
            "convert it: model = AutoModelForTokenClassification.from_pretrained(FOLDER); "
            "model.save_pretrained(FOLDER)",
        ),
        (
            "tokenizer.json" in missing and bool(_SENTENCEPIECE & has),
            "A SentencePiece model alone gives no offsets. Where the packages sentencepiece and "
            "protobuf are installed, write the tokenizer.json: "
            "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)",
        ),
        (
            bool(missing),
            "Expected what save_pretrained writes for a token classifier with a fast tokenizer.",
        ),
    )
    for applies, sentence in advice:
        if applies:
            lacks = f" It has no {' and no '.join(missing)}." if missing else ""
            raise ModelRefused(f"{where} can't be read as a checkpoint.{lacks} {sentence}")


def vet(folder: Path) -> dict[str, Any]:
    """The configuration of a checkpoint that is safe to load and tags tokens.

    Weights need not be there yet. Raises ``ModelRefused`` with what is missing or wrong.
    """
    config = read_json(folder / CONFIG, ModelRefused)
    for file in (CONFIG, "tokenizer_config.json"):
        if (folder / file).is_file() and (
            # At all depths: a part of a model may have a configuration of its own.
            own_code := sorted(_own_code(read_json(folder / file, ModelRefused)))
        ):
            raise ModelRefused(
                f"The checkpoint's {file} asks for code of its own ({', '.join(own_code)[:80]}). "
                "Only models that transformers knows by itself are loaded."
            )
    architectures = config.get("architectures")
    named = architectures if isinstance(architectures, list) else []
    if config.get("model_type") != "bilstm" and not any(
        str(name).endswith("ForTokenClassification") for name in named
    ):
        raise ModelRefused(
            "The checkpoint is not a token classifier (architecture: "
            f"{', '.join(map(str, named))[:80] or 'none named'}). "
            "Expected one that ends in ForTokenClassification."
        )
    labels = config.get("id2label")
    if not isinstance(labels, dict) or not labels:
        raise ModelRefused("The checkpoint's config.json names no labels (id2label).")
    if len(labels) > _MAX_LABELS or any(
        not isinstance(label, str) or len(label) > _MAX_LABEL_LENGTH for label in labels.values()
    ):
        raise ModelRefused(
            f"The checkpoint's labels (id2label) are not at most {_MAX_LABELS:,} names of at most "
            f"{_MAX_LABEL_LENGTH} characters."
        )
    _refuse_sizes(config)
    return config


def unnamed(labels: Iterable[str]) -> str | None:
    """A sentence where labels have no names, as ``LABEL_1``; None where they have."""
    nameless = [label for label in labels if _UNNAMED.fullmatch(label)]
    if not nameless:
        return None
    return (
        f"The model's labels have no names ({', '.join(nameless[:3])}, …). Give them with "
        f"prepare --map, such as --map LABEL_0=O,{nameless[-1]}=PER"
    )


def _refuse_sizes(config: Mapping[str, Any]) -> None:
    """Layers are made one by one before anything else can be checked."""
    for key, value in config.items():
        if "layers" in key and isinstance(value, int) and value > _MAX_LAYERS:
            raise ModelRefused(
                f"The checkpoint's config.json has {value:,} for {key}; at most {_MAX_LAYERS} are "
                "taken."
            )
    positions = config.get("max_position_embeddings")
    if positions is not None and not (isinstance(positions, int) and positions >= _LEAST_POSITIONS):
        raise ModelRefused(
            "The checkpoint's config.json has no usable max_position_embeddings: expected a number "
            f"of tokens, at least {_LEAST_POSITIONS}."
        )


def _own_code(settings: object) -> set[str]:
    if isinstance(settings, list):
        return {key for part in settings for key in _own_code(part)}
    if not isinstance(settings, dict):
        return set()
    here = {key for key in settings if key == "auto_map" or key.endswith("_internal")}
    return here.union(*(_own_code(part) for part in settings.values()))
