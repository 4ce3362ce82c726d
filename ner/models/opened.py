"""Variants opened on a device: loaded, checked, and kept between calls."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ner.comparing.agreement import agreement_f1, align
from ner.comparing.comparison import Comparison, compare
from ner.comparing.origin import Origin
from ner.errors import PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage, Stage, ensure_prepared
from ner.models.prepared import Gate, Prepared
from ner.models.recipes import Variant
from ner.tagging.choice import Choice, ChoosingTagger
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger

# Two models, both variants of each: within a small server's memory.
_OPEN_AT_ONCE = 2
# Between looks whether somebody still waits for a model that is being opened, in seconds.
_LOOK = 1.0
_TITLES = {Variant.ORIGINAL: "Original", Variant.INT8: "INT8"}


@dataclass(frozen=True)
class Side:
    """A variant opened on a device; ``size`` is its model on disk, xml and bin, in bytes."""

    origin: Origin
    tagger: ChoosingTagger
    size: int


@dataclass(frozen=True)
class Sides:
    """The two sides that are compared.

    Make them with :func:`open_sides`. ``right`` is None where that variant is not served, and
    ``withheld`` says why; ``gate`` is how it did against the left one when it was made. ``threads``
    is how many inference may use, 0 where the device has no such notion.
    """

    spec: ModelSpec
    device: str
    left: Side
    right: Side | None
    gate: Gate
    withheld: str | None = None
    threads: int = 0
    # One comparison at a time: two at once would spoil each other's timing.
    _alone: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types of the left side's model."""
        return self.left.tagger.labels

    @property
    def all(self) -> tuple[Side, ...]:
        """The sides that there are, the left one first."""
        return (self.left,) if self.right is None else (self.left, self.right)

    def side(self, variant: str) -> Side:
        """The side of ``variant``; ``PrepareFailed`` where it is not served."""
        found = next((side for side in self.all if side.origin.variant == variant), None)
        if found is None:
            raise PrepareFailed(self.withheld or f"{variant} is not served.")
        return found

    def compare(self, text: str, choice: Choice, *, budget_ms: float = 0.0) -> Comparison:
        """Tag ``text`` with both, and time them in turns for about ``budget_ms``."""
        left, *right = (side.tagger.using(choice) for side in self.all)
        with self._alone:
            return compare(text, left, right[0] if right else None, budget_ms=budget_ms)


def open_tagger(
    spec: ModelSpec, variant: Variant, *, device: str = "CPU", report: OnStage | None = None
) -> OpenVinoTagger:
    """One variant of ``spec``, prepared first if need be. Raises as :func:`open_sides`."""
    prepared = ensure_prepared(spec, (variant,), report=report)
    tagger = OpenVinoTagger(Model.load(prepared.variant(variant), device=device))
    if variant is Variant.INT8 and (reason := withheld_reason(prepared, tagger)):
        raise PrepareFailed(reason)
    return tagger


def open_sides(spec: ModelSpec, *, device: str = "CPU", report: OnStage | None = None) -> Sides:
    """The original and INT8 of ``spec``, prepared first if need be.

    Preparing runs in a process of its own; ``report`` hears its stages. INT8 is left out where it
    did not pass its gate, or does not find here what it found where it was made. Raises
    ``ModelRefused`` for a model or ``InputError`` for a device that can't be used,
    ``PrepareFailed`` if preparing did not finish.
    """
    prepared = ensure_prepared(spec, tuple(Variant), report=report)
    left, right = (
        OpenVinoTagger(Model.load(prepared.variant(variant), device=device)) for variant in Variant
    )
    reason = withheld_reason(prepared, right)
    return Sides(
        spec=spec,
        device=device,
        left=_side(prepared, Variant.ORIGINAL, left),
        right=None if reason else _side(prepared, Variant.INT8, right),
        gate=prepared.manifest.gate,
        withheld=reason,
        threads=left.model.threads,
    )


def _side(prepared: Prepared, variant: Variant, tagger: OpenVinoTagger) -> Side:
    model = tagger.model
    origin = Origin(
        title=_TITLES[variant],
        model=prepared.manifest.name,
        variant=variant.value,
        device=model.device,
        precision=model.precision,
    )
    return Side(origin, tagger, prepared.size(variant))


def withheld_reason(prepared: Prepared, int8: OpenVinoTagger) -> str | None:
    """Why INT8 must not be served, or None: its gate, and a self-check on this CPU.

    A CPU without VNNI can saturate where the one that made the model did not.
    """
    gate, golden = prepared.manifest.gate, prepared.manifest.golden
    if gate.refusal or not golden:
        return gate.refusal
    found = int8.tag_many([tagged.text for tagged in golden])
    f1 = agreement_f1(align(then, now) for then, now in zip(golden, found, strict=True))
    if f1 >= gate.FLOOR:
        return None
    return (
        "INT8 of this model is not served: its self-check failed on this machine. Its entities "
        f"score F1 {f1:.3f} against those that it found where it was made, and {gate.FLOOR} is "
        "required. The original serves alone."
    )


@dataclass
class _Opening:
    """One model that is being opened, or was: who opens it, and who wants to hear of it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    listeners: list[OnStage] = field(default_factory=list)
    stage: Stage | None = None

    @contextmanager
    def heard_by(self, listener: OnStage | None) -> Iterator[None]:
        """Tell ``listener`` of stages meanwhile, beginning with the one under way."""
        if listener is None:
            yield
            return
        if self.stage is not None:
            listener(self.stage)
        self.listeners.append(listener)
        try:
            yield
        finally:
            self.listeners.remove(listener)

    @contextmanager
    def turn(self, waiting: Callable[[], None]) -> Iterator[None]:
        """The right to open it, once nobody else does; until then ``waiting`` may raise."""
        while not self.lock.acquire(timeout=_LOOK):
            waiting()
        try:
            yield
        finally:
            self.lock.release()

    def tell(self, progress: Stage) -> None:
        """Pass a stage on to everyone who waits."""
        self.stage = progress
        for listener in tuple(self.listeners):
            listener(progress)


class OpenSides:
    """The sides that are open, the least recently used closed first.

    Each model and device is opened once, however many threads ask for it at the same time, and all
    of them hear how far it is.
    """

    def __init__(
        self, opener: Callable[..., Sides] = open_sides, *, at_once: int = _OPEN_AT_ONCE
    ) -> None:
        self._opener = opener
        self._at_once = at_once
        self._open: OrderedDict[tuple[str, str], Sides] = OrderedDict()
        self._opening: dict[tuple[str, str], _Opening] = {}
        self._lock = threading.Lock()

    @property
    def opened(self) -> tuple[Sides, ...]:
        """Those that are open now, the least recently used first."""
        with self._lock:
            return tuple(self._open.values())

    def get(
        self,
        spec: ModelSpec,
        *,
        device: str = "CPU",
        report: OnStage | None = None,
        waiting: Callable[[], None] = lambda: None,
    ) -> Sides:
        """The sides of ``spec`` on ``device``; raises as :func:`open_sides`.

        While somebody else opens it ``waiting`` is called now and then, and ends that by raising.
        """
        with self._lock:
            sides = self._found(spec, device)
            opening = self._opening.setdefault((spec.name, device), _Opening())
        if sides is not None:
            return sides
        with opening.heard_by(report), opening.turn(waiting):
            with self._lock:
                sides = self._found(spec, device)
            if sides is None:
                try:
                    sides = self._opener(spec, device=device, report=opening.tell)
                finally:
                    opening.stage = None
                with self._lock:
                    self._keep(sides)
            return sides

    def _found(self, spec: ModelSpec, device: str) -> Sides | None:
        sides = self._open.get((spec.name, device))
        # A local folder may have another one's name.
        if sides is None or sides.spec != spec:
            return None
        self._open.move_to_end((spec.name, device))
        return sides

    def _keep(self, sides: Sides) -> None:
        self._open[(sides.spec.name, sides.device)] = sides
        while len(self._open) > self._at_once:
            self._open.popitem(last=False)
