"""Variants opened on a device: loaded, checked, and kept between calls."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace

from ner.comparing.agreement import agreement_estimate, align
from ner.comparing.comparison import Comparison, compare
from ner.comparing.origin import Origin
from ner.errors import InputError, PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.models.checkpoint import unnamed
from ner.models.child import OnStage, ensure_prepared, unheard
from ner.models.folder import Gate, Manifest, not_served
from ner.models.recipes import Variant, find_recipe
from ner.tagging.choice import Choice
from ner.tagging.graphs import supports_bf16
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger

# Two models by two recipes: within a small server's memory.
_OPEN_AT_ONCE = 4
# How often, in seconds, to check whether the client still waits for a model that is being opened.
_LOOK = 1.0


@dataclass(frozen=True)
class Side:
    """A variant opened on a device.

    ``size`` is its model on disk, xml and bin, in bytes; ``threads`` how many inference may use, 0
    where the device has no such notion. ``gate`` is how it did against the original when it was
    made, None for the original itself; ``withheld`` says why it must not be served, if so.
    """

    variant: Variant
    origin: Origin
    tagger: OpenVinoTagger
    size: int
    threads: int = 0
    gate: Gate | None = None
    withheld: str | None = None

    @property
    def served(self) -> Side:
        """Itself; ``PrepareFailed`` where it must not be served."""
        if self.withheld:
            raise PrepareFailed(self.withheld)
        return self


@dataclass(frozen=True)
class Sides:
    """The two sides that are compared.

    Make them with :func:`open_sides`. ``right`` is None where that variant is not served, and
    ``withheld`` says why.
    """

    left: Side
    right: Side | None
    withheld: str | None = None
    # One comparison at a time: two at once would spoil each other's timing.
    _alone: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def spec(self) -> ModelSpec:
        """The left side's model."""
        return self.left.variant.spec

    @property
    def device(self) -> str:
        """The OpenVINO device that both run on."""
        return self.left.origin.device or "CPU"

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types that either side's model knows, the left one's first."""
        return tuple(dict.fromkeys(label for side in self.all for label in side.tagger.labels))

    @property
    def all(self) -> tuple[Side, ...]:
        """The sides that there are, the left one first."""
        return (self.left,) if self.right is None else (self.left, self.right)

    @property
    def both(self) -> tuple[Side, Side]:
        """Left and right; ``PrepareFailed`` where the right one is not served."""
        if self.right is None:
            raise PrepareFailed(self.withheld or "The right side is not served.")
        return self.left, self.right

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know of these sides, in sentences."""
        lacks = [
            f"Only {side.origin.title} knows {', '.join(only)}: these are never the same."
            for side, other in zip(self.all, reversed(self.all), strict=True)
            if (only := [label for label in side.tagger.labels if label not in other.tagger.labels])
        ]
        return (*filter(None, [self.withheld, unnamed(self.labels)]), *lacks)

    def compare(self, text: str, choice: Choice, *, budget_ms: float = 0.0) -> Comparison:
        """Tag ``text`` with both, and time them in turns for about ``budget_ms``."""
        taggers = [side.tagger.using(choice) for side in self.all]
        with self._alone:
            return compare(text, *taggers, budget_ms=budget_ms)


def open_side(variant: Variant, *, device: str = "CPU", report: OnStage = unheard) -> Side:
    """``variant`` on ``device``, prepared first if need be, whether or not it may be served.

    Preparing runs in a process of its own; ``report`` hears its stages. Raises ``ModelRefused``
    for a model or ``InputError`` for a device or precision that can't be used, ``PrepareFailed`` if
    preparing did not finish.
    """
    recipe = variant.recipe
    if recipe.needs_bf16 and not supports_bf16():
        raise InputError(f"This CPU can't execute {recipe.title}. Choose another recipe.")
    prepared = ensure_prepared(variant, report=report)
    model = Model.load(prepared.folder, device=device, precision=recipe.precision)
    tagger = OpenVinoTagger(model)
    origin = Origin(
        title=recipe.title,
        model=variant.spec.name,
        recipe=recipe.name,
        device=model.device,
        precision=model.runner.precision,
        weights=prepared.fingerprint,
    )
    return Side(
        variant,
        origin,
        tagger,
        prepared.size,
        model.runner.threads,
        prepared.manifest.gate,
        withheld_reason(prepared.manifest, tagger),
    )


def open_sides(
    left: Variant,
    right: Variant,
    *,
    device: str = "CPU",
    report: OnStage = unheard,
    serve: bool = True,
) -> Sides:
    """Both variants, prepared first if need be; raises as :func:`open_side`.

    To ``serve`` is to leave out a right side that did not pass its gate, or does not find here what
    it found where it was made, and to raise ``PrepareFailed`` for such a left one. What is only
    measured (``serve`` False) is opened all the same.
    """
    return OpenSides().get(left, right, device=device, report=report, serve=serve)


def pair_sides(
    left: Side, right: Side, *, serve: bool = True, alone: threading.Lock | None = None
) -> Sides:
    """Two opened sides as those that are compared; see :func:`open_sides`."""
    pair = left.served if serve else left, right
    # Titles differ by recipe, else by model and recipe, else as A and B.
    if left.origin.title == right.origin.title:
        titles = [side.variant.title for side in pair]
        if left.variant.title == right.variant.title:
            titles = [f"{left.origin.title} ({letter})" for letter in "AB"]
        left, right = (
            replace(side, origin=replace(side.origin, title=title))
            for side, title in zip(pair, titles, strict=True)
        )
    shown = None if serve and right.withheld else right
    return Sides(left, shown, right.withheld, alone or threading.Lock())


def withheld_reason(manifest: Manifest, tagger: OpenVinoTagger) -> str | None:
    """Why a variant must not be served, or None: its gate, and a self-check on this CPU.

    A CPU without VNNI can saturate where the one that made the model did not.
    """
    gate, golden = manifest.gate, manifest.golden
    if gate is None:
        return None
    title = find_recipe(manifest.recipe).title
    if (refusal := gate.refusal(title)) or not golden:
        return refusal
    found = tagger.tag_many([tagged.text for tagged in golden])
    f1 = agreement_estimate(map(align, golden, found)).value
    if f1 >= gate.min_agreement:
        return None
    return not_served(
        title,
        f"its self-check failed on this machine. Its entities score F1 {f1:.3f} against those that "
        f"it found where it was made; {gate.min_agreement:g} is needed.",
    )


@dataclass
class _Opening:
    """A side that is being opened, or was, and the stage of preparing that it has come to."""

    side: Future[Side] = field(default_factory=Future)
    stage: str = ""


class OpenSides:
    """The sides that are open, the least recently used closed first.

    Each variant and device is opened once, however many threads ask for it at the same time, and
    all of them hear how far it is, or why it can't be opened.
    """

    def __init__(
        self, opener: Callable[..., Side] = open_side, *, at_once: int = _OPEN_AT_ONCE
    ) -> None:
        self._opener = opener
        self._at_once = at_once
        self._open: OrderedDict[tuple[Variant, str], _Opening] = OrderedDict()
        self._lock = threading.Lock()
        # Of all pairs: what runs beside a timing spoils it, whichever models it is of.
        self._alone = threading.Lock()

    @property
    def opened(self) -> tuple[Side, ...]:
        """Those that are open now, the least recently used first."""
        with self._lock:
            return tuple(one.side.result() for one in self._open.values() if one.side.done())

    def get(
        self,
        left: Variant,
        right: Variant,
        *,
        device: str = "CPU",
        report: OnStage = unheard,
        waiting: Callable[[], None] = lambda: None,
        serve: bool = True,
    ) -> Sides:
        """Both sides on ``device``; raises as :func:`open_sides`.

        While somebody else opens one ``waiting`` is called now and then, and ends that by raising.
        """
        # The right one first: preparing it makes an original on the way.
        second, first = (self._get(variant, device, report, waiting) for variant in (right, left))
        return pair_sides(first, second, serve=serve, alone=self._alone)

    def _get(
        self,
        variant: Variant,
        device: str,
        report: OnStage,
        waiting: Callable[[], None],
    ) -> Side:
        key = (variant, device)
        with self._lock:
            is_new = key not in self._open
            opening = self._open.setdefault(key, _Opening())
            self._open.move_to_end(key)
        if is_new:
            self._fill(key, opening, report)
        told = ""
        while not wait([opening.side], _LOOK).done:
            waiting()
            if opening.stage != told:
                told = opening.stage
                report(told)
        return opening.side.result()

    def _fill(self, key: tuple[Variant, str], opening: _Opening, report: OnStage) -> None:
        variant, device = key

        def tell(stage: str) -> None:
            opening.stage = stage
            report(stage)

        try:
            side = self._opener(variant, device=device, report=tell)
        # Raised again to everyone who waits.
        except BaseException as error:  # noqa: BLE001
            with self._lock:
                del self._open[key]
            opening.side.set_exception(error)
            return
        with self._lock:
            opening.side.set_result(side)
            self._open.move_to_end(key)
            done = [each for each, one in self._open.items() if one.side.done()]
            for old in done[: -self._at_once]:
                del self._open[old]
