"""The training loop: Hugging Face's Trainer with our batches, loss, averaging and dev F1."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import DataLoader
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging

from ner.train.batches import Examples, PlannedBatches, collate
from ner.train.data import Example
from ner.train.distil import SoftLabels
from ner.train.metrics import Counts, distilled_loss, evaluate, has_bf16, logits_of, masked_loss
from ner.train.settings import TrainProgress, TrainSettings

_AVERAGE_FILE = "average.safetensors"
_CHECKPOINTS = 20  # a killed run loses at most this part of its steps
_LOGS = 100
EVALUATION_BUDGET = 2048  # padded pieces; no gradients are kept, so larger than in training


class AveragedWeights:
    """An exponential moving average of a model's parameters.

    The decay warms up as (1 + step) / (10 + step), so that the start isn't dragged along. It is
    applied every ``every`` steps to the power of ``every``, which costs that much less time.
    """

    def __init__(self, model: nn.Module, decay: float, *, every: int = 8) -> None:
        self._parameters = dict(model.named_parameters())
        self._average = {name: p.detach().clone() for name, p in self._parameters.items()}
        self._decay = decay
        self._every = every

    def update(self, step: int) -> None:
        """Move the average towards the parameters as they are after ``step`` steps."""
        if step % self._every == 0:
            decay = min(self._decay, (1 + step) / (10 + step)) ** self._every
            current = [p.detach() for p in self._parameters.values()]
            torch._foreach_lerp_([*self._average.values()], current, 1.0 - decay)

    def swap(self) -> None:
        """Exchange the average and the parameters; a second call restores both."""
        for name, parameter in self._parameters.items():
            kept = parameter.data
            parameter.data = self._average[name]
            self._average[name] = kept

    def save(self, folder: Path) -> None:
        """Write the average beside a checkpoint of the parameters."""
        save_file(self._average, folder / _AVERAGE_FILE)

    def load(self, folder: Path) -> None:
        """Read what ``save`` wrote."""
        saved = load_file(folder / _AVERAGE_FILE)
        for name, tensor in self._average.items():
            tensor.copy_(saved[name])


@dataclass(frozen=True, slots=True)
class Task:
    """What the loop works on, whichever architecture it is.

    Training texts are padded to at least ``pad_to`` pieces. ``publish`` writes the model as it is,
    averaged weights in place, as the best so far. ``teachers`` are what the soft labels of the
    training examples refer to.
    """

    model: nn.Module
    tags: Sequence[str]
    pad_id: int
    pad_to: int
    train: Sequence[Example]
    dev: Sequence[Example]
    plan: Sequence[list[int]]
    teachers: SoftLabels | None
    publish: Callable[[], None]


def best_f1(history: Sequence[Mapping[str, float]]) -> tuple[float, int]:
    """The best dev F1 so far and its step; (-1, 0) before the first evaluation."""
    scored = [entry for entry in history if "eval_f1" in entry]
    best = max(scored, key=lambda entry: entry["eval_f1"], default={"eval_f1": -1.0, "step": 0})
    return best["eval_f1"], int(best["step"])


class Companion(TrainerCallback):
    """Averages, saves the average with each checkpoint, reports, and stops early."""

    def __init__(
        self, average: AveragedWeights, patience: int, report: Callable[[TrainProgress], None]
    ) -> None:
        self._average = average
        self._patience = patience
        self._report = report
        self._begun = 0.0

    def on_train_begin(self, args: object, state: TrainerState, *_: object, **__: object) -> None:
        """Start the clock where a run that was killed left it."""
        before = max((entry.get("seconds", 0.0) for entry in state.log_history), default=0.0)
        self._begun = time.perf_counter() - before

    def on_step_end(self, args: object, state: TrainerState, *_: object, **__: object) -> None:
        """Let the average follow."""
        self._average.update(state.global_step)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, *_: object, **__: object
    ) -> None:
        """Complete the checkpoint."""
        self._average.save(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}")

    def on_log(
        self,
        args: object,
        state: TrainerState,
        control: object,
        logs: Mapping[str, float] | None = None,
        **_: object,
    ) -> None:
        """Pass loss and F1 on, and note the time in the log that checkpoints carry."""
        logs = logs or {}
        seconds = time.perf_counter() - self._begun
        state.log_history[-1]["seconds"] = round(seconds, 1)
        if "loss" in logs or "eval_f1" in logs:
            progress = TrainProgress(
                state.global_step, state.max_steps, seconds, logs.get("loss"), logs.get("eval_f1")
            )
            self._report(progress)

    def on_evaluate(
        self, args: object, state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        """Stop when the last ``patience`` evaluations brought nothing better."""
        best_step = best_f1(state.log_history)[1]
        since = sum("eval_f1" in entry and entry["step"] > best_step for entry in state.log_history)
        if since >= self._patience:
            control.should_training_stop = True
        return control


class NerTrainer(Trainer):
    """Trainer with planned batches, the masked loss, and dev F1 of the averaged weights."""

    def __init__(
        self,
        task: Task,
        average: AveragedWeights,
        *,
        args: TrainingArguments,
        optimizer: torch.optim.Optimizer,
        companion: Companion,
        distil_weight: float,
    ) -> None:
        super().__init__(
            model=task.model,
            args=args,
            train_dataset=Examples(task.train),
            eval_dataset=Examples(task.dev),
            optimizers=(optimizer, None),
            callbacks=[companion],
        )
        self.remove_callback(PrinterCallback)  # progress goes through the companion
        self._task = task
        self._average = average
        self._distil_weight = distil_weight

    def get_train_dataloader(self) -> DataLoader[Example]:
        """The whole run as one pass over the planned batches."""
        return DataLoader(
            Examples(self._task.train),
            batch_sampler=PlannedBatches(self._task.plan),
            collate_fn=partial(
                collate,
                pad_id=self._task.pad_id,
                pad_to=self._task.pad_to,
                teachers=self._task.teachers,
            ),
        )

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Mapping[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """The loss of one batch, on gold and on soft labels."""
        logits = logits_of(model, inputs["input_ids"], inputs["attention_mask"])
        if "soft" in inputs:
            return distilled_loss(
                logits, inputs["labels"], inputs["allowed"], inputs["soft"], self._distil_weight
            )
        return masked_loss(logits, inputs["labels"], inputs["allowed"])

    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        """F1 on dev with the averaged weights; publishes them if they are the best so far."""
        self._average.swap()
        try:
            counts = self._score()
            if counts.f1 > best_f1(self.state.log_history)[0]:
                self._task.publish()
        finally:
            self._average.swap()
        metrics = {"eval_f1": counts.f1}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _score(self) -> Counts:
        task = self._task
        with torch.autocast(self.args.device.type, torch.bfloat16, enabled=self.args.bf16):
            return evaluate(
                task.model, task.dev, task.tags, pad_id=task.pad_id, budget=EVALUATION_BUDGET
            )


def fit(
    task: Task, settings: TrainSettings, work: Path, report: Callable[[TrainProgress], None]
) -> list[dict[str, float]]:
    """Train, going on from the last checkpoint under ``work`` if there is one.

    Returns the Trainer's log: entries with ``step``, ``seconds`` and ``loss`` or ``eval_f1``.
    """
    average = AveragedWeights(task.model, settings.average_decay)
    trainer = NerTrainer(
        task,
        average,
        args=training_arguments(settings, len(task.plan), work),
        optimizer=optimizer(task.model, settings),
        companion=Companion(average, settings.patience, report),
        distil_weight=settings.distil_weight,
    )
    last = complete_checkpoint(work)
    if last is not None:
        average.load(last)
    with flush_denormals():
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    history: list[dict[str, float]] = trainer.state.log_history
    return history


@contextmanager
def flush_denormals() -> Iterator[None]:
    """Numbers too small for full precision count as zero meanwhile, which saves time."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def complete_checkpoint(work: Path) -> Path | None:
    """The last checkpoint that was written to its end; a torn one is of no use.

    The average is the last file that a checkpoint gets.
    """
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
    """AdamW with rates of their own for word embeddings and fresh parts; no decay on vectors."""
    rates = {
        "embedding": settings.embedding_learning_rate,
        "fresh": settings.fresh_learning_rate,
        "encoder": settings.learning_rate,
    }
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decay = settings.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rates[_part(name)], decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ],
        fused=True,
    )


def _part(name: str) -> str:
    if "word_embeddings" in name:
        return "embedding"
    return "fresh" if name.startswith(("classifier", "lstm")) else "encoder"


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' progress bars and load reports out of our own progress."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def set_seed(seed: int) -> None:
    """Seed every generator that training draws from."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries below us use the old generator
    torch.manual_seed(seed)
