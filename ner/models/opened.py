"""The two taggers of one model: prepared if need be, loaded, compared and timed in turns."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ner.comparing.agreement import agreement_f1, align
from ner.comparing.comparison import Comparison, _time_in_turns
from ner.errors import PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage, Stage, ensure_prepared
from ner.models.prepared import Gate, Prepared
from ner.models.recipes import Variant
from ner.tagging.decode import Strategy
from ner.tagging.tagger import Model, OpenVinoTagger, clean

# Two models, both variants of each: within a small server's memory.
_OPEN_AT_ONCE = 2


# Between looks whether somebody still waits for a model that is being opened, in seconds.
_LOOK = 1.0


@dataclass(frozen=True)
class TaggerPair:
    """Both variants of one model, loaded on one device.

    Make one with :func:`open_pair`. ``int8`` is None where it is not served, and ``withheld`` says
    why.
    """

    spec: ModelSpec
    prepared: Prepared
    device: str
    original: OpenVinoTagger
    int8: OpenVinoTagger | None
    withheld: str | None = None
    # One comparison at a time: two at once would spoil each other's timing.
    _alone: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types of the model."""
        return self.original.labels

    @property
    def gate(self) -> Gate:
        """What the check of INT8 against the original found when the model was prepared."""
        return self.prepared.manifest.gate

    @property
    def threads(self) -> int:
        """How many threads inference may use; 0 where the device has no such notion."""
        return self.original.model.threads

    def size(self, variant: Variant) -> int:
        """Bytes of a variant's model on disk: xml and bin."""
        return self.prepared.size(variant)

    def precision(self, variant: Variant) -> str:
        """What a variant's floating-point parts are executed in, such as ``f32``."""
        return self.tagger(variant).model.precision

    def tagger(self, variant: Variant) -> OpenVinoTagger:
        """One of the two; ``PrepareFailed`` if INT8 is asked for and not served."""
        if variant is Variant.ORIGINAL:
            return self.original
        if self.int8 is None:
            raise PrepareFailed(self.withheld or "INT8 is not served.")
        return self.int8

    def compare(
        self,
        text: str,
        *,
        strategy: Strategy = Strategy.FIRST,
        threshold: float = 0.0,
        labels: Sequence[str] | None = None,
        budget_ms: float = 0.0,
    ) -> Comparison:
        """Tag ``text`` with both variants and time them in turns.

        Timing takes about ``budget_ms`` milliseconds, at least eight pairs of runs; with 0 nothing
        is timed. The tagging itself has warmed both up by then.
        """
        original, int8 = (
            tagger and tagger.using(strategy=strategy, threshold=threshold, labels=labels)
            for tagger in (self.original, self.int8)
        )
        assert original is not None  # noqa: S101 - it is never absent
        with self._alone:
            left = original.explain(text)
            right = None if int8 is None else int8.explain(text)
            timing = None
            if int8 is not None and budget_ms > 0 and left.pieces:
                timing = _time_in_turns(original, int8, clean(text), budget_ms)
        return Comparison(left, right, timing)


def open_tagger(
    spec: ModelSpec, variant: Variant, *, device: str = "CPU", report: OnStage | None = None
) -> OpenVinoTagger:
    """One variant of ``spec``, prepared first if need be. Raises as :func:`open_pair`."""
    prepared = ensure_prepared(spec, (variant,), report=report)
    tagger = OpenVinoTagger(Model.load(prepared.variant(variant), device=device))
    if variant is Variant.INT8 and (reason := withheld_reason(prepared, tagger)):
        raise PrepareFailed(reason)
    return tagger


def open_pair(spec: ModelSpec, *, device: str = "CPU", report: OnStage | None = None) -> TaggerPair:
    """Both variants of ``spec``, prepared first if need be.

    Preparing runs in a process of its own; ``report`` hears its stages. INT8 is left out where it
    did not pass its gate, or does not find here what it found where it was made. Raises
    ``ModelRefused`` for a model or ``InputError`` for a device that can't be used,
    ``PrepareFailed`` if preparing did not finish.
    """
    prepared = ensure_prepared(spec, tuple(Variant), report=report)
    original, int8 = (
        OpenVinoTagger(Model.load(prepared.variant(variant), device=device)) for variant in Variant
    )
    reason = withheld_reason(prepared, int8)
    return TaggerPair(
        spec=spec,
        prepared=prepared,
        device=device,
        original=original,
        int8=None if reason else int8,
        withheld=reason,
    )


def withheld_reason(prepared: Prepared, int8: OpenVinoTagger) -> str | None:
    """Why INT8 must not be served, or None: its gate, and a self-check on this CPU.

    A CPU without VNNI can saturate where the one that made the model did not.
    """
    gate, golden = prepared.manifest.gate, prepared.manifest.golden
    if gate.refusal or not golden:
        return gate.refusal
    found = int8.tag_many([one.text for one in golden])
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


class Pairs:
    """The pairs that are open, the least recently used closed first.

    Each model and device is opened once, however many threads ask for it at the same time, and all
    of them hear how far it is.
    """

    def __init__(
        self, opener: Callable[..., TaggerPair] = open_pair, *, at_once: int = _OPEN_AT_ONCE
    ) -> None:
        self._opener = opener
        self._at_once = at_once
        self._open: OrderedDict[tuple[str, str], TaggerPair] = OrderedDict()
        self._opening: dict[tuple[str, str], _Opening] = {}
        self._lock = threading.Lock()

    @property
    def opened(self) -> tuple[TaggerPair, ...]:
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
    ) -> TaggerPair:
        """The pair of ``spec`` on ``device``; raises as :func:`open_pair`.

        While somebody else opens it ``waiting`` is called now and then, and ends that by raising.
        """
        with self._lock:
            pair = self._found(spec, device)
            opening = self._opening.setdefault((spec.name, device), _Opening())
        if pair is not None:
            return pair
        with opening.heard_by(report), opening.turn(waiting):
            with self._lock:
                pair = self._found(spec, device)
            if pair is None:
                try:
                    pair = self._opener(spec, device=device, report=opening.tell)
                finally:
                    opening.stage = None
                with self._lock:
                    self._keep(pair)
            return pair

    def _found(self, spec: ModelSpec, device: str) -> TaggerPair | None:
        pair = self._open.get((spec.name, device))
        # A local folder may have another one's name.
        if pair is None or pair.spec != spec:
            return None
        self._open.move_to_end((spec.name, device))
        return pair

    def _keep(self, pair: TaggerPair) -> None:
        self._open[(pair.spec.name, pair.device)] = pair
        while len(self._open) > self._at_once:
            self._open.popitem(last=False)
