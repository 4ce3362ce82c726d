"""The training loop: Hugging Face's Trainer with our batches, loss, averaging and dev F1."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging

from ner.io import atomically
from ner.train import bilstm, checkpoint
from ner.train.batches import collate, plan_batches
from ner.train.data import IGNORED, Corpus, Encoder, Example
from ner.train.pools import Pool
from ner.train.scores import evaluate, has_bf16
from ner.train.settings import Arch, TrainSettings

BEST = "best"  # in the folder of a run: its best model so far
_AVERAGE_FILE = "average.safetensors"
_AVERAGE_EVERY = 8  # steps; averaging after each one would take more time
_CHECKPOINTS = 20  # a run that is killed loses at most this part of its steps
_LOGS = 100
_WEIGHT_DECAY = 0.01


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
    """Trainer with planned batches, the masked loss, and dev F1 of the averaged weights.

    Checkpoints and the best model so far lie in ``work``.
    """

    def __init__(
        self,
        settings: TrainSettings,
        encode: Encoder,
        pools: Sequence[Pool],
        dev: Corpus,
        work: Path,
        report: Callable[[str], None],
    ) -> None:
        examples = [encode(pool.texts, pool.labels) for pool in pools]
        self.plan = plan_batches(
            [
                (pool.weight, [len(example.piece_ids) for example in its_own])
                for pool, its_own in zip(pools, examples, strict=True)
            ],
            epochs=settings.epochs,
            budget=settings.token_budget,
            seed=settings.seed,
        )
        build = (bilstm if settings.arch is Arch.BILSTM else checkpoint).build_model
        model = build(checkpoint.find_base(settings.base), encode.tags)
        super().__init__(
            model=model,
            args=training_arguments(settings, len(self.plan), work),
            train_dataset=cast(Any, list(chain(*examples))),
            eval_dataset=cast(Any, encode.dev(dev)),
            data_collator=partial(collate, pad_id=encode.pad_id, soft=encode.soft),
            optimizers=(optimizer(model, settings), None),
            callbacks=[EarlyStoppingCallback(settings.patience)],
        )
        self.remove_callback(PrinterCallback)  # `log` reports
        self.average = AveragedModel(
            model, multi_avg_fn=partial(move_average, decay=settings.average_decay)
        )
        self.add_callback(Averaging(model, self.average))
        self._settings = settings
        self._encode = encode
        self._work = work
        self._report = report
        self._logged = time.perf_counter()

    def get_train_dataloader(self) -> DataLoader[Example]:
        """The whole run as one pass over the planned batches."""
        return DataLoader(
            cast(Any, self.train_dataset), batch_sampler=self.plan, collate_fn=self.data_collator
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
        earlier = before[-1]["seconds"] if before else 0.0
        # Told as it is kept, so that it never goes back.
        seconds = round(earlier + now - self._logged, 3)
        entry["seconds"], self._logged = seconds, now
        names = {"loss": "loss", "eval_f1": "dev F1"}
        figures = [f"{name} {logs[key]:.4f}" for key, name in names.items() if key in logs]
        if figures:
            step = f"step {self.state.global_step} of {self.state.max_steps}"
            self._report(" · ".join([step, f"{seconds:.0f} s", *figures]))

    def evaluate(self, *_: object, **__: object) -> dict[str, float]:
        """F1 on dev with the averaged weights, which are kept if they are the best so far."""
        model, encode = self.average.module, self._encode
        f1 = evaluate(model, encode, cast(Any, self.eval_dataset)).f1
        if self.state.best_metric is None or f1 > self.state.best_metric:
            with atomically(self._work / BEST) as folder:
                folder.mkdir()
                checkpoint.save(cast(Any, model), encode.tokenizer, folder)
        metrics = {"eval_f1": f1}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def fit(self) -> TrainerState:
        """Train, going on from the last complete checkpoint, whose last file is the average.

        In the state's ``log_history`` are ``step``, ``seconds`` and ``loss`` or ``eval_f1``.
        """
        complete = self._work.glob(f"checkpoint-*/{_AVERAGE_FILE}")
        last = max(complete, key=lambda file: int(file.parent.name.partition("-")[2]), default=None)
        if last is not None:
            self.average.load_state_dict(load_file(last))
        # Numbers too small for full precision count as zero, which saves time.
        torch.set_flush_denormal(True)
        try:
            self.train(resume_from_checkpoint=str(last.parent) if last else None)
        finally:
            torch.set_flush_denormal(False)
        return self.state


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
        metric_for_best_model="f1",
        save_steps=max(1, steps // _CHECKPOINTS),
        # The best, and two more: the last one may be incomplete.
        save_total_limit=3,
        restore_callback_states_from_checkpoint=True,
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
