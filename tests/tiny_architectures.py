"""Tiny random checkpoints of many architectures, over the tiny checkpoint's tokenizer."""

from __future__ import annotations

import shutil
from pathlib import Path

_COMMON = {"vocab_size": 300, "num_labels": 5, "pad_token_id": 0}
_BERT = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 130,
}
_T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
# What makes each type small.
ARCHITECTURES = {
    "bert": _BERT,
    "roberta": {**_BERT, "pad_token_id": 1},
    "xlm-roberta": {**_BERT, "pad_token_id": 1},
    "deberta-v2": {
        **_BERT,
        "relative_attention": True,
        "position_buckets": 32,
        "pos_att_type": ["p2c", "c2p"],
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
    },
    "albert": {**_BERT, "embedding_size": 16},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 130, "pad_token_id": 299},
    "modernbert": {**_BERT, "local_attention": 16},
    "t5": _T5,
    "xlnet": {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64},
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 2,
        "num_heads": 4,
        "attention_types": [[["global", "local"], 1]],
        "window_size": 16,
        "intermediate_size": 64,
        "max_position_embeddings": 130,
    },
    "gpt_neox": {**_BERT, "rotary_pct": 0.25},
    "layoutlm": {**_BERT, "max_2d_position_embeddings": 32},
    "convbert": {**_BERT, "embedding_size": 32},
    "fnet": _BERT,
}


def make_tiny(kind: str, folder: Path, tokenizer: Path) -> Path:
    """A checkpoint of the type ``kind`` with large random weights, so that logits differ."""
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    torch.manual_seed(3)
    config = AutoConfig.for_model(kind, **_COMMON | ARCHITECTURES[kind])
    config.id2label = dict(enumerate(("O", "B-PER", "I-PER", "B-LOC", "I-LOC")))
    model = AutoModelForTokenClassification.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.2)
    model.save_pretrained(folder)
    for file in tokenizer.glob("tokenizer*.json"):
        shutil.copy(file, folder)
    return folder
