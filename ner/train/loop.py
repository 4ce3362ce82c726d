"""The training loop: Hugging Face's Trainer with our batches, loss, averaging and dev F1."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset
from transformers import (
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging

from ner.io import atomically
from ner.train import checkpoint
from ner.train.batches import collate
from ner.train.data import IGNORED, Encoder, Example
from ner.train.scores import evaluate, has_bf16
from ner.train.settings import TrainProgress, TrainSettings
from ner.train.transformer import pad_id

_AVERAGE_FILE = "average.safetensors"
_AVERAGE_EVERY = 8  # steps; averaging after each one would take more time
_CHECKPOINTS = 20  # a run that is killed loses at most this part of its steps
_LOGS = 100
_WEIGHT_DECAY = 0.01


@dataclass(frozen=True, slots=True)
class Task:
    """What the loop works on, whichever architecture it is.

    ``encode`` made the examples; ``best`` is the folder for the best model so far.
    """

    model: PreTrainedModel
    encode: Encoder
    train: Sequence[Example]
    dev: Sequence[Example]
    plan: Sequence[list[int]]
    best: Path


def best_f1(history: Sequence[Mapping[str, float]]) -> tuple[float, int]:
    """The best dev F1 so far and its step; (-1, 0) before the first evaluation."""
    scored = [(entry["eval_f1"], -entry["step"]) for entry in history if "eval_f1" in entry]
    best, step = max(scored, default=(-1.0, 0))
    return best, int(-step)


def masked_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    allowed: torch.Tensor,
    soft: torch.Tensor | None = None,
    soft_weight: float = 0.0,
) -> torch.Tensor:
    """Mean loss per piece that has gold, a teacher's distribution, or both.

    ``logits`` (batch, seq, tags), ``labels`` (batch, seq). Gold: cross entropy over the classes
    that ``allowed`` (batch, tags) has; the others take no part in the softmax, so their logits get
    no gradient. Teacher: cross entropy with ``soft`` (batch, seq, tags) over all classes, where
    that isn't zero. With both, the teacher counts by ``soft_weight``, gold by the rest.
    """
    logits = logits.float()
    masked = logits.masked_fill(~allowed.unsqueeze(1), torch.finfo(torch.float32).min)
    loss = nn.functional.cross_entropy(
        masked.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    ).view_as(labels)
    counted = labels != IGNORED
    if soft is not None:
        taught = soft.sum(-1) > 0
        part = torch.where(counted, soft_weight, 1.0) * taught
        loss = (1.0 - part) * loss - part * (soft * logits.log_softmax(-1)).sum(-1)
        counted = counted | taught
    return loss.sum() / counted.sum().clamp(min=1)


def move_average(
    average: Sequence[torch.Tensor], current: Sequence[torch.Tensor], updates: int, *, decay: float
) -> None:
    """Move the average of the weights towards the current ones.

    The decay warms up as (1 + step) / (10 + step), so that the start counts little.
    """
    step = _AVERAGE_EVERY * (int(updates) + 1)
    kept = min(decay, (1 + step) / (10 + step)) ** _AVERAGE_EVERY
    torch._foreach_lerp_(list(average), list(current), 1.0 - kept)


class Averaging(TrainerCallback):
    """Averages the weights, and saves the average with each checkpoint."""

    def __init__(self, model: nn.Module, average: AveragedModel) -> None:
        self._model = model
        self._average = average

    def on_step_end(self, args: object, state: TrainerState, *_: object, **__: object) -> None:
        """Update the average."""
        if state.global_step % _AVERAGE_EVERY == 0 or state.global_step == state.max_steps:
            self._average.update_parameters(self._model)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, *_: object, **__: object
    ) -> None:
        """Complete the checkpoint: the average is its last file."""
        folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
        save_file(self._average.state_dict(), folder / _AVERAGE_FILE)


class NerTrainer(Trainer):
    """Trainer with planned batches, the masked loss, and dev F1 of the averaged weights."""

    def __init__(
        self,
        task: Task,
        settings: TrainSettings,
        work: Path,
        report: Callable[[TrainProgress], None],
    ) -> None:
        super().__init__(
            model=task.model,
            args=training_arguments(settings, len(task.plan), work),
            train_dataset=cast(Dataset[Example], task.train),
            eval_dataset=cast(Dataset[Example], task.dev),
            optimizers=(optimizer(task.model, settings), None),
        )
        self.remove_callback(PrinterCallback)  # `log` reports
        self.average = AveragedModel(
            task.model, multi_avg_fn=partial(move_average, decay=settings.average_decay)
        )
        self.add_callback(Averaging(task.model, self.average))
        self._task = task
        self._settings = settings
        self._report = report
        self._logged = time.perf_counter()

    def get_train_dataloader(self) -> DataLoader[Example]:
        """The whole run as one pass over the planned batches."""
        encode = self._task.encode
        return DataLoader(
            cast(Dataset[Example], self._task.train),
            batch_sampler=self._task.plan,
            collate_fn=partial(collate, pad_id=pad_id(encode.tokenizer), soft=encode.soft),
        )

    def compute_loss(
        self, model: nn.Module, inputs: Mapping[str, torch.Tensor], *_: object, **__: object
    ) -> torch.Tensor:
        """The loss of one batch, on gold and on soft labels."""
        output = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        weight = self._settings.distil_weight
        soft = inputs.get("soft")
        return masked_loss(output.logits, inputs["labels"], inputs["allowed"], soft, weight)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Report loss and F1, and note the time, which checkpoints hold, so that it goes on."""
        super().log(logs, start_time)
        now = time.perf_counter()
        *before, entry = self.state.log_history
        earlier = max((one["seconds"] for one in before), default=0.0)
        # Told as it is kept, so that it never goes back.
        seconds = round(earlier + now - self._logged, 3)
        entry["seconds"], self._logged = seconds, now
        if "loss" in logs or "eval_f1" in logs:
            step, steps = self.state.global_step, self.state.max_steps
            self._report(TrainProgress(step, steps, seconds, logs.get("loss"), logs.get("eval_f1")))

    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        """F1 on dev with the averaged weights; keeps them if they are the best so far.

        Ends the run if the last evaluations were no better.
        """
        task, model, history = self._task, self.average.module, self.state.log_history
        tokenizer, tags = task.encode.tokenizer, task.encode.tags
        metrics = {"eval_f1": evaluate(model, task.dev, tags, pad_id=pad_id(tokenizer)).f1}
        if metrics["eval_f1"] > best_f1(history)[0]:
            with atomically(task.best) as folder:
                folder.mkdir()
                checkpoint.save(cast(PreTrainedModel, model), tokenizer, folder)
        self.log(metrics)
        best_step = best_f1(history)[1]
        since = sum("eval_f1" in entry and entry["step"] > best_step for entry in history)
        self.control.should_training_stop |= since >= self._settings.patience
        return metrics


def fit(
    task: Task, settings: TrainSettings, work: Path, report: Callable[[TrainProgress], None]
) -> list[dict[str, float]]:
    """Train, going on from the last checkpoint under ``work`` if there is one.

    Returns the Trainer's log: entries with ``step``, ``seconds`` and ``loss`` or ``eval_f1``.
    """
    trainer = NerTrainer(task, settings, work, report)
    last = complete_checkpoint(work)
    if last is not None:
        trainer.average.load_state_dict(load_file(last / _AVERAGE_FILE))
    # Numbers too small for full precision count as zero, which saves time.
    torch.set_flush_denormal(True)
    try:
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    finally:
        torch.set_flush_denormal(False)
    history: list[dict[str, float]] = trainer.state.log_history
    return history


def complete_checkpoint(work: Path) -> Path | None:
    """The last checkpoint that was written to its end; the average is its last file."""
    complete = [path.parent for path in work.glob(f"checkpoint-*/{_AVERAGE_FILE}")]
    return max(complete, key=lambda path: int(path.name.partition("-")[2]), default=None)


def training_arguments(settings: TrainSettings, steps: int, work: Path) -> TrainingArguments:
    """What the Trainer must know; the run is one epoch of planned batches."""
    evaluations = max(1, round(settings.epochs * settings.evaluations_per_epoch))
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=1,
        bf16=has_bf16(),
        use_cpu=not torch.cuda.is_available(),
        lr_scheduler_type="linear",
        warmup_steps=int(settings.warmup * steps),
        logging_steps=max(1, steps // _LOGS),
        logging_nan_inf_filter=False,
        eval_strategy="steps",
        eval_steps=max(1, steps // evaluations),
        save_steps=max(1, steps // _CHECKPOINTS),
        save_total_limit=2,
        report_to=[],
        disable_tqdm=True,
        seed=settings.seed,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )


def optimizer(model: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """AdamW with rates of their own for word embeddings and new parts; no decay on vectors."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        rate = settings.learning_rate
        if "word_embeddings" in name:
            rate = settings.embedding_learning_rate
        elif name.startswith(("classifier", "lstm")):
            rate = settings.fresh_learning_rate
        decay = _WEIGHT_DECAY if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ],
        fused=True,
    )


def quiet_transformers() -> None:
    """Keep transformers' progress bars and load reports out of our own progress."""
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
