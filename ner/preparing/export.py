"""A vetted checkpoint as OpenVINO IR in FP32, with its configuration and fast tokenizer.

Optimum Intel exports a model as its type where it knows that, else, a BiLSTM of ours too, as it
exports DistilBERT, whose inputs they share. Either way the IR must give PyTorch's logits.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from ner.errors import ModelRefused
from ner.io import read_json
from ner.models.checkpoint import CONFIG, is_weights, vet
from ner.tagging.inference import input_ports
from ner.tagging.model import max_length
from ner.tags import read_tags
from ner.telemetry import without_telemetry

# Imported, it makes transformers know its type.
from ner.train import bilstm as _registered  # noqa: F401

with without_telemetry():
    import openvino
    from optimum.exporters.openvino.convert import export as export_as
    from optimum.exporters.openvino.convert import export_from_model
    from optimum.exporters.openvino.model_configs import DistilBertOpenVINOConfig
    from optimum.exporters.tasks import TasksManager
    from optimum.intel import OVConfig

IR = "openvino_model.xml"
_log = logging.getLogger(__name__)
_TASK = "token-classification"
# What every network reads.
_INPUTS = ("input_ids", "attention_mask")
# Optimum left to itself stores large models with INT8 weights.
_FP32 = OVConfig(dtype="fp32")
# Weights that no token classifier reads: of pooling, of pretraining, and fixed numbers.
_NEVER_READ = re.compile(r"(^|\.)(pooler|cls|lm_head|position_ids|inv_freq)(\.|$)")
# How far a logit may be from PyTorch's, in parts of the largest one where that is over 1.
_TOLERANCE = 1e-3
# Rows and tokens that logits are compared on, beside the longest text; rows are padded unequally.
_SHAPES = ((1, 2), (1, 17), (2, 8), (4, 33))
# Characters that hardly any vocabulary has.
_RARE = "\u2603 \u0e2a\u0e27\u0e31\u0e2a \U00012000"


def export(checkpoint: Path, target: Path, labels: Mapping[str, str]) -> None:
    """Write the FP32 IR, the configuration and the fast tokenizer to ``target``.

    ``labels`` gives tags of the model other names. Raises ``ModelRefused`` for a checkpoint that
    can't be read, is not complete, or comes out otherwise than in PyTorch.
    """
    config = read_json(checkpoint / CONFIG, ModelRefused)
    kind = str(config.get("model_type"))
    with _refused("transformers makes no fast tokenizer of this checkpoint; see tokenizer.json."):
        tokenizer = load_tokenizer(checkpoint)
    with _refused("The checkpoint can't be read: {}"):
        network = _load_network(checkpoint, kind)
    target.mkdir(parents=True, exist_ok=True)
    with _refused(f"Models of the type {kind!r} can't be converted to OpenVINO."):
        _write_network(network, target)
        longest = _check_logits(network, config, tokenizer, target / IR)
    tokenizer.model_max_length = longest
    tokenizer.save_pretrained(target)
    tags = config["id2label"]
    if labels:
        read = read_tags(tags.values(), labels)
        tags = {key: "-".join(filter(None, read[tag])) for key, tag in tags.items()}
    written = read_json(target / CONFIG)
    written |= {"id2label": tags, "label2id": {tag: int(key) for key, tag in tags.items()}}
    (target / CONFIG).write_text(json.dumps(written, indent=2), encoding="utf-8")


@contextmanager
def _refused(sentence: str) -> Iterator[None]:
    """Turn what transformers and Optimum raise into ``sentence``, the first line in its braces."""
    try:
        yield
    except ModelRefused:
        raise
    # On a checkpoint that is none they raise anything.
    except Exception as error:
        _log.debug("Exporting failed", exc_info=True)
        said = str(error).strip().partition("\n")[0][:200]
        raise ModelRefused(sentence.format(said)) from error


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer of a checkpoint; its ``model_max_length`` is true once it is exported."""
    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelRefused(
            "The checkpoint has a slow tokenizer only, which gives no offsets. "
            "Expected a fast one (tokenizer.json)."
        )
    try:
        tokenizer.backend_tokenizer.encode(_RARE)
    # The Rust binding raises nothing narrower.
    except Exception as error:
        raise ModelRefused(
            "The checkpoint's tokenizer has no unknown token, so it fails at a character outside "
            f"its vocabulary ({str(error)[:80]}). Add the token to tokenizer.json (unk_token)."
        ) from error
    return tokenizer


def _known(kind: str) -> bool:
    """Whether Optimum Intel exports token classifiers of this type by itself."""
    try:
        tasks = TasksManager.get_supported_tasks_for_model_type(
            kind, exporter="openvino", library_name="transformers"
        )
    except KeyError:
        return False
    return _TASK in tasks


def check_network(folder: Path, sizes: Mapping[str, int]) -> None:
    """Refuse what can't be exported, by its config.json alone: weights need not be there yet.

    A network larger than its weights is refused too, since it is made in memory: ``sizes`` are
    bytes by file name.
    """
    kind = str(vet(folder).get("model_type"))
    with (
        _refused("transformers makes no token classifier of this config.json: {}"),
        torch.device("meta"),
    ):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        network = AutoModelForTokenClassification.from_config(  # type: ignore[no-untyped-call]
            config, trust_remote_code=False, **_attention(kind)
        )
    stated = network.num_parameters()
    held = sum(size for name, size in sizes.items() if is_weights(name))
    # No weight is stored in less than a byte.
    if stated > held:
        raise ModelRefused(
            f"The checkpoint's config.json describes {stated:,} weights, and its file of weights "
            f"has {held:,} bytes."
        )
    if not _known(kind) and not {*_INPUTS} <= {*signature(network.forward).parameters}:
        raise ModelRefused(
            f"Models of the type {kind!r} can't be converted to OpenVINO: Optimum Intel does not "
            f"know them, and they don't read {' and '.join(_INPUTS)} as others do."
        )


def _attention(kind: str) -> dict[str, str]:
    """What Optimum does not know is traced, for which only eager attention is plain enough."""
    return {} if _known(kind) else {"attn_implementation": "eager"}


def _load_network(folder: Path, kind: str) -> PreTrainedModel:
    """The network with every weight of the checkpoint, and no other."""
    model, info = AutoModelForTokenClassification.from_pretrained(
        folder,
        # A checkpoint stored in half precision would otherwise give an FP16 IR.
        dtype=torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
        # Told in `info`, where transformers would fill in random numbers or raise a table.
        ignore_mismatched_sizes=True,
        output_loading_info=True,
        **_attention(kind),
    )
    _refuse_keys(info, model.config.num_labels)
    network: PreTrainedModel = model.eval()
    return network


def _refuse_keys(info: Mapping[str, Any], n_labels: int) -> None:
    """Refuse weights that are missing, of another shape, or that nothing would read."""
    for key, held, expected in info["mismatched_keys"]:
        if held[0] != expected[0] == n_labels:
            raise ModelRefused(
                f"The checkpoint's config.json names {n_labels} labels (id2label), the classifier "
                f"has {held[0]} outputs ({key}). Give each output its label, in order."
            )
    faults = {
        "has no weights for": info["missing_keys"],
        "has weights of another shape than its config.json says:": [
            key for key, *_ in info["mismatched_keys"]
        ],
        "has weights that transformers' model of its type does not read:": [
            key for key in info["unexpected_keys"] if not _NEVER_READ.search(key)
        ],
    }
    said = [
        f"{fault} {', '.join(sorted(keys)[:3])}{', …' if len(keys) > 3 else ''}"
        for fault, keys in faults.items()
        if keys
    ]
    if said:
        raise ModelRefused(
            f"The checkpoint {'; it '.join(said)}. It would find other entities than where it was "
            "trained. Was it saved without its classifier, with other names for its weights, or "
            "with a part that transformers' class does not have, such as a CRF?"
        )


def _write_network(model: PreTrainedModel, target: Path) -> None:
    if _known(model.config.model_type):
        export_from_model(model, target, task=_TASK, stateful=False, ov_config=_FP32)
    else:
        model.config.use_cache = False
        inputs = DistilBertOpenVINOConfig(model.config, task=_TASK)
        export_as(model, inputs, target / IR, stateful=False, ov_config=_FP32)
    model.config.save_pretrained(target)


def _check_logits(
    network: PreTrainedModel,
    config: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerFast,
    file: Path,
) -> int:
    """Refuse an IR whose logits are not PyTorch's; gives how many tokens are read at once."""
    compiled = openvino.Core().compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    pad = config.get("pad_token_id") or 0
    n_pieces = min(len(tokenizer), config.get("vocab_size") or len(tokenizer))
    random = np.random.default_rng(0)

    def differs(rows: int, length: int) -> float:
        ids = random.integers(n_pieces - 1, size=(rows, length))
        mask = np.arange(length) < length - np.arange(rows)[:, None] * (length // (rows + 1))
        # Padding stands at the end alone.
        ids = np.where(mask, ids + (ids >= pad), pad)
        both = {"input_ids": ids, "attention_mask": mask.astype(np.int64)}
        with torch.no_grad():
            found = network(**{name: torch.tensor(value) for name, value in both.items()})
        expected = found.logits.numpy()[mask]
        ports = input_ports(compiled)
        given = {port: both.get(name, np.zeros_like(ids)) for name, port in ports.items()}
        apart = np.abs(compiled(given, share_inputs=False)[0][mask] - expected).max()
        return float(np.nan_to_num(apart, nan=np.inf) / max(1.0, np.abs(expected).max()))

    limit = max_length(config, {"model_max_length": tokenizer.model_max_length})
    worst = max(differs(*shape) for shape in _SHAPES)
    # Some networks number positions from the padding id on, and have so many fewer.
    for longest in filter(lambda length: length > 0, (limit, limit - pad - 1)):
        try:
            worst = max(worst, differs(2, longest))
        except (IndexError, RuntimeError):
            continue
        if worst > _TOLERANCE:
            raise ModelRefused(
                f"Models of the type {config.get('model_type')} come out of OpenVINO otherwise "
                f"than of PyTorch: logits differ by {worst:.2g} of their size, at most "
                f"{_TOLERANCE:g} is allowed."
            )
        return longest
    raise ModelRefused(
        "The checkpoint can't read as many tokens as its config.json says "
        f"(max_position_embeddings: {config.get('max_position_embeddings')})."
    )
