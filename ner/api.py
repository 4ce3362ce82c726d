"""The Python interface: ``load``, ``compare``, ``evaluate`` and what they return."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ner.comparing.agreement import Agreement, align
from ner.entities import Annotated
from ner.evaluating.report import Report, report_sides
from ner.files.gold import read_gold
from ner.files.marked import Reading
from ner.models.names import resolve, resolve_sides
from ner.models.open import OpenSides, Sides, open_side
from ner.tagging.choice import Choice
from ner.tagging.tagger import OpenVinoTagger
from ner.tags import map_gold, parse_map
from ner.verdict import MAX_LOSS

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
_FORMER_NAMES = {"variant": "recipe", "strategy": "aggregation"}


def accept_former_names(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """``function``, which also takes its arguments under the names that they used to have."""

    @wraps(function)
    def accepting(*args: Any, **kwargs: Any) -> _Result:  # noqa: ANN401
        for old, new in _FORMER_NAMES.items():
            if old in kwargs:
                warnings.warn(f"{old}= is now called {new}=.", DeprecationWarning, stacklevel=2)
                kwargs[new] = kwargs.pop(old)
        return function(*args, **kwargs)

    return accepting


@accept_former_names
def load(
    model: str = "bundled",
    *,
    recipe: str = "int8",
    aggregation: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    reading: str | int = "segments",
    device: str = "CPU",
) -> OpenVinoTagger:
    """A tagger for one variant of ``model``, prepared on first use.

    ``model`` is a name of the catalogue, ``hub:owner/name`` or a checkpoint folder, ``recipe`` how
    it is stored and executed. ``labels`` None keeps all of them. ``reading`` is how
    long texts are read: ``segments`` of whole sentences, ``whole`` (as much as the model can at
    once, as transformers' pipeline) or a number of word pieces. The tagger may be shared by
    threads. Raises ``ner.NerError``.
    """
    choice = Choice.parse(aggregation, threshold, labels, reading)
    side = open_side(resolve(model, default=f"bundled#{recipe}"), device=device)
    return side.served.tagger.using(choice)


@accept_former_names
def compare(
    text: str,
    *,
    left: str = "bundled#original",
    right: str = "bundled#int8",
    aggregation: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    reading: str | int = "segments",
    device: str = "CPU",
) -> Agreement:
    """What both sides find in ``text``, aligned.

    A side is written ``model#recipe``; either half may be left out. Raises ``ner.NerError``.
    """
    choice = Choice.parse(aggregation, threshold, labels, reading)
    sides = _opened(left, right, device)
    first, second = (side.tagger.using(choice)(text) for side in sides.both)
    return align(first, second)


@accept_former_names
def evaluate(
    gold: str | Path | Sequence[Annotated],
    *,
    left: str = "bundled#original",
    right: str = "bundled#int8",
    max_loss: float = MAX_LOSS,
    map: str | Mapping[str, str] | None = None,
    aggregation: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    reading: str | int = "segments",
    device: str = "CPU",
) -> Report:
    """Both sides scored against ``gold``, a file or annotated texts; sides as in `compare`.

    Its ``verdict`` says whether the right side may stand in for the left one, if it may lose
    ``max_loss`` points of F1; None where gold and model do not fit (``misfit`` says why). Its
    ``json()`` is that of the command line. ``map`` gives gold's labels other names, as ``--map``
    does: ``{"GPE": "LOC", "DATE": ""}`` or ``"GPE=LOC,DATE="``, where DATE is left out. ``labels``
    are those that count; None counts all, and gold may then have no other. Raises ``ner.NerError``.
    """
    choice = Choice.parse(aggregation, threshold, labels, reading)
    names = dict(map) if isinstance(map, Mapping) else parse_map(map)
    sides = _opened(left, right, device)
    name = None
    if isinstance(gold, str | Path):
        read = Reading(names=names, tag_names=lambda: sides.left.tagger.model.scheme.tags)
        texts, name = read_gold(Path(gold), read), str(gold)
    else:
        texts = [map_gold(one, names) for one in gold]
    return report_sides(sides.all, texts, choice, max_loss=max_loss, name=name)


@cache
def _kept_open() -> OpenSides:
    """Kept between calls, since loading takes a second and comparing takes milliseconds."""
    return OpenSides()


def _opened(left: str, right: str, device: str) -> Sides:
    return _kept_open().get(*resolve_sides(left, right), device=device, serve=False)
