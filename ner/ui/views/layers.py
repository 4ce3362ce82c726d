"""Which layers carry the error of a quantized variant, as tab 'Choose' shows it."""

from __future__ import annotations

from markupsafe import Markup

from ner.choosing.layers import LayerErrors
from ner.markup import percent
from ner.ui.views.charts import Bar, bar_chart

# The others carry next to nothing; all of them are in the JSON.
_SHOWN = 8


def layers_chart(errors: LayerErrors) -> Markup:
    """The groups of layers that carry most, as bars with what follows from them."""
    shown = [part for part in errors.largest_first[:_SHOWN] if part.share > 0]
    bars = [
        Bar(
            part.group,
            part.share,
            f"{percent(part.share)} [{percent(part.interval.low)}–{percent(part.interval.high)}]",
            max(part.interval.high, 0.0),
        )
        for part in shown
    ]
    title = (
        "Error that goes when these layers alone stay in floating point, in per cent "
        f"({errors.texts:,} texts, {errors.pieces:,} word pieces)"
    )
    return bar_chart(title, bars, errors.sentence)
