"""Which layers carry the error of a quantized variant, on a reader's own texts.

Entities can't tell: a thousand sentences change too few of them. The distributions of tags can:
their Kullback-Leibler divergence from the original's is measured as the variant is, then once for
each group of layers with that group alone in floating point, its weights, biases and inputs those
of the original. What goes away is what the group carries. Nothing is quantized anew for that: the
variant's graph is edited, by the names that its nodes share with the original's.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ner.choosing.graphs import differing_groups, read_graph, restore
from ner.errors import InputError
from ner.measuring.rounds import BenchmarkStep, Rounds
from ner.stats import Interval, sum_ratio_interval
from ner.tagging.encoding import Encoded
from ner.tagging.model import Model

_Floats = npt.NDArray[np.float64]

# Enough for the order of groups to stand, few enough for a minute on two cores.
_MOST_TEXTS, _MOST_PIECES, _MOST_CHARACTERS = 300, 4000, 4000
# As ner.choosing.graphs calls it.
_FIRST = "layer 0"
# Where the quotient of two probabilities ends.
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class LayerShare:
    """What one group of layers carries: the share of the divergence that goes without its error.

    ``share`` is 1 where all of it goes, below 0 where it grows; errors feed on each other, so
    shares don't add up to 1. ``interval`` is of 95 %, resampling texts.
    """

    group: str
    share: float
    interval: Interval


@dataclass(frozen=True)
class LayerErrors:
    """How far a variant's tag distributions are from the original's, and where that comes from.

    ``divergence`` is the mean over word pieces, in nats. ``groups`` stand in the order in which a
    text passes them; ``first_layer`` is layer 0 as a whole, None in a model without layers.
    """

    divergence: float
    texts: int
    pieces: int
    groups: tuple[LayerShare, ...]
    first_layer: LayerShare | None

    @property
    def largest_first(self) -> tuple[LayerShare, ...]:
        """The groups, that which carries most before the others."""
        return tuple(sorted(self.groups, key=lambda group: group.share, reverse=True))

    @property
    def sentence(self) -> str:
        """What follows from it, in words."""
        if not self.divergence or not self.groups:
            return "On these texts its tag distributions are the original's: nothing is to be won."
        largest = self.largest_first[0]
        found = (
            f"The largest part of the error comes from {largest.group}: {_percent(largest)} of it "
            "goes when that alone stays in floating point."
        )
        first = self.first_layer
        careful = "" if first is None else f" (layer 0, with {_percent(first)})"
        return (
            f"{found} If the agreement falls short, try int8-careful{careful}, or int8-weights, "
            "which quantizes no activations in advance."
        )


def _percent(part: LayerShare) -> str:
    low, high = part.interval.low, part.interval.high
    return f"{100 * part.share:.0f} % [{100 * low:.0f}–{100 * high:.0f}]"


def layer_errors(
    original: Path,
    quantized: Path,
    texts: Sequence[str],
    *,
    report: Callable[[BenchmarkStep], None] = lambda step: None,
    stop: Callable[[], bool] = lambda: False,
) -> LayerErrors:
    """Measure the folder ``quantized`` against ``original``, which it was made from, on ``texts``.

    Of many texts the first are taken: 300, with 4,000 word pieces in all; of a long one its
    beginning, 4,000 characters. Takes about a second for
    each group of layers of a small model on two cores. ``report`` hears of each step; once ``stop``
    says so the work ends with ``Stopped``. Raises ``InputError`` without a text that has pieces,
    ``ModelRefused`` for folders that hold no model.
    """
    trial = _Trial.begin(original, quantized, texts)
    groups = differing_groups(read_graph(quantized), read_graph(original))
    first = [group for group in groups if f"{group},".startswith(f"{_FIRST},")]
    parts = {**{group: [group] for group in groups}, **({_FIRST: first} if first else {})}
    rounds = Rounds(random.Random(0), report, stop, 1 + len(parts))  # noqa: S311 - not a secret
    whole = trial.divergences(())
    rounds.step("as quantized")
    shares = {}
    for name, members in parts.items():
        shares[name] = _share(name, whole, trial.divergences(members))
        rounds.step(f"{name} in floating point")
    pieces = len(trial.encoded.ids)
    return LayerErrors(
        divergence=float(whole.sum()) / pieces,
        texts=len(whole),
        pieces=pieces,
        groups=tuple(shares[group] for group in groups),
        first_layer=shares.get(_FIRST),
    )


def _share(group: str, whole: _Floats, left: _Floats) -> LayerShare:
    """From the divergences of each text, as it is and with ``group`` in floating point."""
    total = float(whole.sum())
    if not total:
        return LayerShare(group, 0.0, Interval(0.0, 0.0))
    gone = whole - left
    interval = sum_ratio_interval(gone.tolist(), whole.tolist())
    return LayerShare(group, float(gone.sum()) / total, interval)


def layer_errors_json(errors: LayerErrors) -> dict[str, Any]:
    """What ``choose --layers`` answers: nats for each word piece, and shares as fractions."""
    first = errors.first_layer
    return {
        "divergence": float(f"{errors.divergence:.6g}"),
        "texts": errors.texts,
        "pieces": errors.pieces,
        "groups": [_share_json(group) for group in errors.groups],
        "first_layer": None if first is None else _share_json(first),
        "sentence": errors.sentence,
    }


def _share_json(part: LayerShare) -> dict[str, Any]:
    low, high = part.interval.low, part.interval.high
    figures = {"share": part.share, "low": low, "high": high}
    return {"group": part.group, **{name: round(value, 4) for name, value in figures.items()}}


@dataclass(frozen=True)
class _Trial:
    """Both folders, the texts, and what the original makes of them: ``truth`` (pieces, tags)."""

    original: Path
    quantized: Path
    encoded: Encoded
    truth: _Floats

    @classmethod
    def begin(cls, original: Path, quantized: Path, texts: Sequence[str]) -> _Trial:
        model = Model.load(original)
        encoded = _encode(model, texts)
        return cls(original, quantized, encoded, _logs(model, encoded))

    def divergences(self, groups: Collection[str]) -> _Floats:
        """The divergence of each text (texts,), summed over pieces, with ``groups`` restored."""
        graph = read_graph(self.quantized)
        restore(graph, read_graph(self.original), groups)
        found = _logs(Model.load(self.quantized, graph=graph), self.encoded)
        pieces = np.sum(np.exp(self.truth) * (self.truth - found), axis=1)
        return np.add.reduceat(pieces, self.encoded.pieces.borders[:-1])


def _encode(model: Model, texts: Sequence[str]) -> Encoded:
    """The first texts that have any pieces, within the bounds above; at least one text."""
    starts = [text[:_MOST_CHARACTERS] for text in texts[:_MOST_TEXTS]]
    counts = [len(model.encode([text]).ids) for text in starts]
    fitting = sum(count <= _MOST_PIECES for count in accumulate(counts))
    some = [text for text, count in zip(starts, counts, strict=True) if count][: max(1, fitting)]
    if not some:
        raise InputError("There is no text to measure on; expected a file of texts, one a line.")
    return model.encode(some)


def _logs(model: Model, encoded: Encoded) -> _Floats:
    """Logarithms of the probabilities (pieces, tags)."""
    probabilities, _ = model.probabilities(encoded)
    return np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
