"""One training run, from CoNLL folders to a published checkpoint folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import nn
from transformers import set_seed

from ner.errors import InputError
from ner.io import atomically, check_out
from ner.machine import peak_bytes
from ner.tags import parse_map
from ner.train import checkpoint
from ner.train.card import write_record
from ner.train.data import Corpus, Encoder, entity_types, read_corpora, tag_names
from ner.train.distil import soft_labels
from ner.train.loop import BEST, NerTrainer, quiet_transformers
from ner.train.pools import text_pools
from ner.train.scores import evaluate, has_bf16
from ner.train.settings import TrainSettings

_CLAIM = "settings.json"


def train(settings: TrainSettings, *, report: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Train a checkpoint and publish it at ``settings.out``, whole or not at all.

    Returns precision, recall and F1 as fractions on each dev set, by the folder's name. Until then
    everything lies in a hidden folder beside it. A run that was killed goes on from there when it
    is started again with the same settings. ``report`` hears how far it is. Raises ``InputError``
    for data that can't be trained on, ``Failure`` where the disk is full.
    """
    quiet_transformers()
    check_out(settings.out, "config.json")
    set_seed(settings.seed)
    work = settings.out.absolute().with_name(f".{settings.out.name}.training")
    corpora = read_corpora(settings.data, parse_map(settings.label_map))
    types = entity_types(corpora)
    tags = tag_names(types)
    pools = text_pools(corpora, settings)
    base = checkpoint.find_base(settings.base)
    tokenizer = checkpoint.load_tokenizer(base)
    claim = _claim(work, settings)
    with checkpoint.disk_errors(work):
        soft = None
        if settings.taught:
            originals = [o for pool in pools for text in pool.texts for o in text.originals]
            folder = settings.teacher_labels or work / "labels"
            soft = soft_labels(originals, tags, folder, settings.teacher, report)
        work.mkdir(parents=True, exist_ok=True)
        (work / _CLAIM).write_text(claim, "utf-8")
        encode = Encoder(tokenizer, tags, soft)
        state = NerTrainer(settings, encode, pools, corpora[0], work, report).fit()
    dev = score(checkpoint.load(work / BEST), encode, corpora)
    metrics = {
        "settings": settings.to_json(),
        "labels": list(types),
        "pools": {
            pool.name: {"examples": len(pool.texts), "weight": round(pool.weight, 4)}
            for pool in pools
        },
        "steps": state.max_steps,
        "best_step": state.best_global_step,
        "bf16": has_bf16(),
        "seconds": round(state.log_history[-1]["seconds"]),
        "peak_memory_bytes": peak_bytes(),
        "versions": {name: version(name) for name in ("torch", "transformers", "tokenizers")},
        "dev": dev,
        "history": state.log_history,
        # The records of the runs that this one goes back to, for the card.
        "before": checkpoint.read_record(Path(base)),
        "teacher": settings.teacher and checkpoint.read_record(settings.teacher),
    }
    with checkpoint.disk_errors(settings.out), atomically(settings.out) as fresh:
        shutil.copytree(work / BEST, fresh)
        write_record(fresh, settings.out.name, metrics)
    shutil.rmtree(work, ignore_errors=True)
    return dev


def _claim(work: Path, settings: TrainSettings) -> str:
    """What the run is of, as JSON; ``InputError`` if the work folder is of another one."""
    files = [
        *(path for source in settings.data for path in sorted(source.path.glob("*.txt"))),
        *(source.path for source in settings.unlabelled),
    ]
    sizes = {str(path): path.stat().st_size for path in files}
    # Another folder of labels would do as well.
    plain = {**settings.to_json(), "teacher_labels": None}
    claim = json.dumps({"settings": plain, "data": sizes}, indent=2)
    if (work / _CLAIM).is_file() and (work / _CLAIM).read_text("utf-8") != claim:
        raise InputError(
            f"{work} holds an unfinished run with other settings or data. Repeat its command to "
            "finish it, or delete that folder, or name another --out."
        )
    return claim


def score(
    model: nn.Module, encode: Encoder, corpora: Sequence[Corpus]
) -> dict[str, dict[str, Any]]:
    """Precision, recall and F1 on the dev set of each folder that has one, by its name.

    As fractions, with the number of gold entities.
    """
    scores = {}
    for corpus in (corpus for corpus in corpora if corpus.dev):
        counts = evaluate(model, encode, encode.dev(corpus))
        names = ("precision", "recall", "f1", "support")
        scores[corpus.source.name] = {name: getattr(counts, name) for name in names}
    return scores
