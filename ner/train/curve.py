"""The learning curve as an SVG of our own: training loss and dev F1 over steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _MARGIN = 640, 320, 48


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
