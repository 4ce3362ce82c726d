"""A checkpoint folder that appears whole or not at all, with its record, card and curve."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from transformers import PreTrainedTokenizerBase

from ner.errors import Failure, InputError
from ner.train.card import card

_WIDTH, _HEIGHT, _MARGIN = 640, 320, 48  # of the learning curve


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what a full or read-only disk raises while writing to ``folder`` into ``Failure``."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        # torch.save reports a failed write as a RuntimeError of its archive writer.
        if isinstance(error, RuntimeError) and "PytorchStreamWriter" not in str(error):
            raise
        raise Failure(
            f"Could not write to {folder}: {error}. Nothing half written was published; make room "
            "and run the same command again, which goes on from its last checkpoint."
        ) from error


def write_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a folder beside ``folder``, then put it in the place of ``folder``."""
    fresh = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    with disk_errors(folder):
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            write(fresh)
            if folder.exists():
                folder.rename(old)
            fresh.rename(folder)
        finally:
            for leftover in (fresh, old):
                shutil.rmtree(leftover, ignore_errors=True)


def write_record(
    folder: Path,
    name: str,
    metrics: Mapping[str, object],
    history: Sequence[Mapping[str, float]],
) -> None:
    """Put metrics.json, the card of a model called ``name``, and the learning curve beside it."""
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", "utf-8")
    (folder / "README.md").write_text(card(metrics, name), "utf-8")
    (folder / "learning_curve.svg").write_text(learning_curve(history), "utf-8")


def check_replaceable(folder: Path) -> None:
    """``InputError`` if ``folder`` holds something else than a checkpoint."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").is_file():
        raise InputError(
            f"{folder} exists and holds no checkpoint; it would be replaced. Name another --out."
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; --out names the checkpoint's folder.")


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Tokenizer files under a class name that older releases of transformers know as well."""
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text("utf-8"))
    if config.get("tokenizer_class") == "TokenizersBackend":
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
    for trace in ("name_or_path", "backend", "is_local", "local_files_only"):
        config.pop(trace, None)
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", "utf-8")


def learning_curve(history: Sequence[Mapping[str, float]]) -> str:
    """Loss (left axis, from 0) and dev F1 (right axis, per cent) as one accessible picture.

    ``history`` has entries with ``step`` and either ``loss`` or ``eval_f1`` (a fraction).
    """
    losses = [(entry["step"], entry["loss"]) for entry in history if "loss" in entry]
    scores = [(entry["step"], 100 * entry["eval_f1"]) for entry in history if "eval_f1" in entry]
    steps = max([step for step, _ in (*losses, *scores)], default=1)
    top = max([loss for _, loss in losses], default=1.0) or 1.0
    lowest = min([score for _, score in scores], default=0.0)
    floor = max(0.0, 5.0 * int((lowest - 1.0) // 5))
    loss_line = _points(losses, steps, 0.0, top)
    score_line = _points(scores, steps, floor, 100.0)
    best = max([score for _, score in scores], default=0.0)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            'font-family="sans-serif" font-size="12">',
            f"<title>Training loss and dev F1 over {steps:,.0f} steps; best F1 {best:.1f}</title>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
            *_axis_labels(steps, top, floor),
            f'<polyline points="{loss_line}" fill="none" stroke="#8a5a00" stroke-width="1.5"/>',
            f'<polyline points="{score_line}" fill="none" stroke="#0b57a4" stroke-width="2"/>',
            *(_dot(point) for point in score_line.split()),
            "</svg>\n",
        ]
    )


def _points(values: Sequence[tuple[float, float]], steps: float, low: float, high: float) -> str:
    """``x,y`` pairs within the margins; ``low`` is the bottom."""
    width, height = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
    return " ".join(
        f"{_MARGIN + width * step / steps:.1f},"
        f"{_HEIGHT - _MARGIN - height * (value - low) / (high - low):.1f}"
        for step, value in values
    )


def _dot(point: str) -> str:
    x, y = point.split(",")
    return f'<circle cx="{x}" cy="{y}" r="3" fill="#0b57a4"/>'


def _axis_labels(steps: float, top: float, floor: float) -> list[str]:
    left, right, bottom = _MARGIN, _WIDTH - _MARGIN, _HEIGHT - _MARGIN
    texts = (
        (left, _MARGIN - 10, "start", "#8a5a00", f"loss (to {top:.2f})"),
        (left - 6, bottom, "end", "#8a5a00", "0"),
        (right, _MARGIN - 10, "end", "#0b57a4", "dev F1 (to 100)"),
        (right + 6, bottom, "start", "#0b57a4", f"{floor:.0f}"),
        (right, bottom + 20, "end", "#333", f"{steps:,.0f} steps"),
    )
    return [
        f'<path d="M{left} {_MARGIN}V{bottom}H{right}V{_MARGIN}" fill="none" stroke="#999"/>',
        *(
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
            for x, y, anchor, colour, text in texts
        ),
    ]
