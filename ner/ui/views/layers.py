"""Which layers carry the error of a quantized variant, as tab 'Choose' shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ner.markup import percent
from ner.ui.views.charts import Bar, bar_chart

# The others carry next to nothing; all of them are in the JSON.
_SHOWN = 8


def layers_chart(answer: Mapping[str, Any]) -> Markup:
    """The groups of layers that carry most, as bars with what follows from them.

    ``answer`` is that of :func:`ner.choosing.layers.layer_errors_json`, as it may be recorded.
    """
    parts = sorted(answer["groups"], key=lambda part: part["share"], reverse=True)
    bars = [
        Bar(
            part["group"],
            part["share"],
            f"{percent(part['share'])} [{percent(part['low'])}–{percent(part['high'])}]",
            max(part["high"], 0.0),
        )
        for part in parts[:_SHOWN]
        if part["share"] > 0
    ]
    title = (
        "Error that goes when these layers alone stay in floating point, in per cent "
        f"({answer['texts']:,} texts, {answer['pieces']:,} word pieces)"
    )
    return bar_chart(title, bars, answer["sentence"])
