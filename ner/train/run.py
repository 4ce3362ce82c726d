"""One training run, from CoNLL folders to a published checkpoint folder."""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from torch import nn
from transformers import PreTrainedTokenizerBase

from ner.errors import InputError
from ner.train import bilstm, transformer
from ner.train.batches import padding_share, plan_batches
from ner.train.data import (
    Corpus,
    Encoder,
    Pool,
    entity_types,
    read_corpora,
    tag_names,
)
from ner.train.distil import SoftLabels, check_teacher, label, read_labels
from ner.train.loop import (
    EVALUATION_BUDGET,
    Task,
    best_f1,
    fit,
    quiet_transformers,
    set_seed,
)
from ner.train.metrics import evaluate, has_bf16
from ner.train.pools import TextPool, encode_pools, text_pools
from ner.train.publish import (
    check_replaceable,
    disk_errors,
    save_tokenizer,
    write_record,
    write_whole,
)
from ner.train.settings import Arch, TrainProgress, TrainResult, TrainSettings

Scores = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Architecture:
    """How one kind of model is made, written and read; all else is shared."""

    tokenizer: Callable[[TrainSettings, Sequence[Corpus]], PreTrainedTokenizerBase]
    build: Callable[[TrainSettings, PreTrainedTokenizerBase, Sequence[str]], nn.Module]
    save: Callable[[nn.Module, Path], None]
    load: Callable[[Path], nn.Module]


ARCHITECTURES = {
    Arch.TRANSFORMER: Architecture(
        transformer.load_tokenizer, transformer.build_model, transformer.save, transformer.load
    ),
    Arch.BILSTM: Architecture(
        transformer.load_tokenizer, bilstm.build_model, bilstm.save, bilstm.load
    ),
}


@dataclass(frozen=True, slots=True)
class _Run:
    """What is fixed once the data is read."""

    settings: TrainSettings
    architecture: Architecture
    corpora: tuple[Corpus, ...]
    tags: tuple[str, ...]
    tokenizer: PreTrainedTokenizerBase
    encode: Encoder
    teachers: SoftLabels | None
    pools: tuple[Pool, ...]
    plan: list[list[int]]

    @property
    def lengths(self) -> list[int]:
        """The number of pieces of each training example."""
        return [len(example.piece_ids) for pool in self.pools for example in pool.examples]


def train(settings: TrainSettings, *, report: Callable[[TrainProgress], None]) -> TrainResult:
    """Train a checkpoint and publish it at ``settings.out``, whole or not at all.

    Until then everything lies in a hidden folder beside it. A run that was killed goes on from
    there when it is started again with the same settings. Raises ``InputError`` for data that
    can't be trained on, ``Failure`` where the disk is full.
    """
    with quiet_transformers():
        return _train(settings, report)


def _train(settings: TrainSettings, report: Callable[[TrainProgress], None]) -> TrainResult:
    check_replaceable(settings.out)
    set_seed(settings.seed)
    work = settings.out.absolute().with_name(f".{settings.out.name}.training")
    run = _prepare(settings, work, report)
    task = _task(run, work / "best")
    with disk_errors(work):
        history = fit(task, settings, work, report)
    splits = ("dev", "test") if settings.score_test else ("dev",)
    scores = {split: _scores(run, work / "best", split) for split in splits}
    metrics = _metrics(run, history, scores)
    _publish(settings.out, work, metrics, history)
    return TrainResult(
        folder=settings.out,
        labels=entity_types(run.corpora),
        best_step=best_f1(history)[1],
        dev=scores["dev"],
        test=scores.get("test", {}),
    )


def _prepare(settings: TrainSettings, work: Path, report: Callable[[TrainProgress], None]) -> _Run:
    """Read the data, claim the work folder, ask the teachers, and tokenize, each once."""
    corpora = read_corpora(settings)
    tags = tag_names(entity_types(corpora))
    for teacher in settings.teachers:
        check_teacher(teacher, tags)
    texts = text_pools(corpora, settings)
    architecture = ARCHITECTURES[settings.arch]
    tokenizer = architecture.tokenizer(settings, corpora)
    encode = Encoder(tokenizer, tags)
    with disk_errors(work):
        _claim(work, settings)
    teachers = _soft_labels(texts, tags, settings, work, report)
    pools = encode_pools(texts, encode, teachers)
    plan = plan_batches(
        pools,
        epochs=settings.epochs,
        budget=settings.token_budget,
        seed=settings.seed,
        by_length=not settings.fixed_length,
    )
    return _Run(settings, architecture, corpora, tags, tokenizer, encode, teachers, pools, plan)


def _soft_labels(
    pools: Sequence[TextPool],
    tags: Sequence[str],
    settings: TrainSettings,
    work: Path,
    report: Callable[[TrainProgress], None],
) -> SoftLabels | None:
    """What the teachers say of all texts they are asked about; None without teachers."""
    if not settings.taught:
        return None
    begun = time.perf_counter()

    def tell(done: int, texts: int) -> None:
        report(TrainProgress(done, texts, time.perf_counter() - begun, labelling=True))

    originals = [o for pool in pools for text in pool.texts for o in text.originals]
    if not settings.teachers and settings.teacher_labels:
        return read_labels(originals, tags, settings.teacher_labels)
    return label(originals, settings.teachers, tags, settings.teacher_labels or work, tell)


def _claim(work: Path, settings: TrainSettings) -> None:
    """Make the work folder, or make sure that the one there is of the same run."""
    record = work / "settings.json"
    sizes = {
        str(path): path.stat().st_size
        for path in (
            *(path for source in settings.data for path in sorted(source.folder.glob("*.txt"))),
            *(source.file for source in settings.unlabelled),
            *(teacher / "config.json" for teacher in settings.teachers),
        )
    }
    wanted = json.dumps({"settings": settings.to_json(), "data": sizes}, indent=2)
    if record.is_file() and record.read_text("utf-8") != wanted:
        raise InputError(
            f"{work} holds an unfinished run with other settings or data. Repeat its command to "
            "finish it, or delete that folder, or name another --out."
        )
    work.mkdir(parents=True, exist_ok=True)
    record.write_text(wanted, "utf-8")


def _task(run: _Run, best: Path) -> Task:
    """What the loop needs, with a freshly built model."""
    model = run.architecture.build(run.settings, run.tokenizer, run.tags)

    def publish() -> None:
        def write(folder: Path) -> None:
            run.architecture.save(model, folder)
            save_tokenizer(run.tokenizer, folder)

        write_whole(best, write)

    first = run.corpora[0]
    return Task(
        model=model,
        tags=run.tags,
        pad_id=transformer.pad_id(run.tokenizer),
        pad_to=max(run.lengths) if run.settings.fixed_length else 0,
        train=[example for pool in run.pools for example in pool.examples],
        dev=run.encode(first.dev, first.labels),
        plan=run.plan,
        teachers=run.teachers,
        publish=publish,
    )


def _scores(run: _Run, best: Path, split: str) -> Scores:
    """Precision, recall and F1 of the kept checkpoint on each folder's ``split``."""
    model = run.architecture.load(best)
    scores = {}
    for corpus in run.corpora:
        examples = run.encode(corpus.dev if split == "dev" else corpus.test, corpus.labels)
        if examples:
            counts = evaluate(
                model,
                examples,
                run.tags,
                pad_id=transformer.pad_id(run.tokenizer),
                budget=EVALUATION_BUDGET,
            )
            scores[corpus.name] = counts.to_json()
    return scores


def _metrics(
    run: _Run, history: Sequence[dict[str, float]], scores: dict[str, Scores]
) -> dict[str, object]:
    """What lies beside the checkpoint as metrics.json; it names no path of the machine."""
    lengths = run.lengths
    before = _record(Path(run.settings.base or ""))
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    return {
        "settings": run.settings.to_json(),
        "labels": list(entity_types(run.corpora)),
        "pools": {
            pool.name: {"examples": len(pool.examples), "weight": round(pool.weight, 4)}
            for pool in run.pools
        },
        "steps": len(run.plan),
        "best_step": best_f1(history)[1],
        "bf16": has_bf16(),
        "seconds": round(history[-1]["seconds"]),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "padding_share": round(padding_share(run.plan, lengths), 4),
        "padding_share_fixed_length": round(padding_share(run.plan, lengths, max(lengths)), 4),
        "versions": {name: version(name) for name in ("torch", "transformers", "tokenizers")},
        **scores,
        "history": list(history),
        # A run that goes on from another one carries its record, so that a card tells both.
        "before": before,
        "teachers": [_record(teacher) for teacher in run.settings.teachers],
    }


def _record(checkpoint: Path) -> object:
    """The metrics.json that training left in a checkpoint folder; None where it left none."""
    file = checkpoint / "metrics.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


def _publish(
    out: Path, work: Path, metrics: dict[str, object], history: Sequence[dict[str, float]]
) -> None:
    """Put the best checkpoint with its metrics and curve in place, and clear the work folder."""

    def write(folder: Path) -> None:
        shutil.copytree(work / "best", folder, dirs_exist_ok=True)
        write_record(folder, out.name, metrics, history)

    write_whole(out, write)
    shutil.rmtree(work, ignore_errors=True)
