"""The robustness probe: one text written in other ways, and which entities are still found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from ner.comparing import agreement
from ner.comparing.agreement import Agreement
from ner.comparing.probe import Fate, rewritings
from ner.entities import Entity, Tagged
from ner.errors import TextTooLong
from ner.models.opened import Sides
from ner.models.prepared import find_offered
from ner.models.recipes import Variant
from ner.render import colour_classes, escape, notice
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.ui.contract import Loader
from ner.ui.failures import answered
from ner.ui.opening import opened

_Fates = dict[Entity, tuple[Fate, ...]]


@dataclass(frozen=True)
class Probe:
    """What both variants still find of a text's entities in each of its rewritings.

    ``left`` and ``right`` give the fates of an entity in the order of ``names``.
    """

    found: Agreement
    names: tuple[str, ...]
    left: _Fates
    right: _Fates


@dataclass(frozen=True)
class ProbeHandler:
    """What pressing 'Probe robustness' does."""

    load: Loader
    service: Service

    def answer(self, text: str, model: str, device: str, strategy: str) -> Iterator[str]:
        """The table as markup, or a sentence in its place."""
        results = self._results(text or "", model, device, strategy)
        yield from answered(results, partial(notice, kind="problem"))

    def _results(self, text: str, model: str, device: str, strategy: str) -> Iterator[str]:
        limit = self.service.bounds.probe_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)
        spec = find_offered(model)
        choice = Choice.parse(strategy)
        sides = yield from opened(self.load, spec, device, _progress)
        with self.service.short.slot(disconnected=client_disconnected):
            probe = probe_text(text, sides, choice)
        if not probe.found.pairs:
            yield notice("Neither model finds an entity in this text, so there is none to lose.")
            return
        yield _table(probe, colour_classes(sides.labels))


def _progress(sentence: str) -> str:
    return notice(sentence, kind="progress")


def probe_text(text: str, sides: Sides, choice: Choice) -> Probe:
    """Tag ``text`` and its rewritings with both sides; ``PrepareFailed`` where there is one."""
    written = rewritings(text)
    found: list[tuple[Tagged, _Fates]] = []
    for variant in Variant:
        tagger = sides.side(variant).tagger.using(choice)
        plain, *others = tagger.tag_many([text, *(one.text for one in written)])
        fates = [text.fates(plain, other) for text, other in zip(written, others, strict=True)]
        by_entity = zip(*fates, strict=True)
        found.append((plain, dict(zip(plain.entities, by_entity, strict=True))))
    (left, left_fates), (right, right_fates) = found
    names = tuple(one.name for one in written)
    return Probe(agreement.align(left, right), names, left_fates, right_fates)


def _table(probe: Probe, classes: dict[str, str]) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in probe.names)
    rows = "".join(_row(probe, pair, classes) for pair in probe.found.pairs)
    return (
        '<div class="ner"><p class="small">What each model still finds when the text is written '
        "differently. Two words in a cell are the original's result and INT8's.</p>"
        '<div class="table"><div class="scroll" tabindex="0" role="region" '
        'aria-label="Robustness"><table class="probe"><thead><tr><th scope="col">Entity</th>'
        f"{heads}</tr>{_totals(probe)}</thead><tbody>{rows}</tbody></table></div></div></div>"
    )


def _totals(probe: Probe) -> str:
    cells = []
    for index in range(len(probe.names)):
        kept = [
            f"{sum(one[index] is Fate.KEPT for one in side.values())} of {len(side)}"
            for side in (probe.left, probe.right)
        ]
        cells.append(f"<td>{' / '.join(kept)}</td>")
    return f'<tr><th scope="row">kept</th>{"".join(cells)}</tr>'


def _row(probe: Probe, pair: agreement.Pair, classes: dict[str, str]) -> str:
    one = next(side for side in (pair.left, pair.right) if side is not None)
    spelled = probe.found.text[one.start : one.end]
    chip = f'<span class="chip {classes[one.label]}">{escape(one.label)}</span>'
    sides = (
        probe.left.get(pair.left) if pair.left else None,
        probe.right.get(pair.right) if pair.right else None,
    )
    cells = "".join(_cell(sides, index) for index in range(len(probe.names)))
    return f'<tr><th scope="row" class="spelled">{escape(spelled)} {chip}</th>{cells}</tr>'


def _cell(sides: Sequence[tuple[Fate, ...] | None], index: int) -> str:
    words = ["not found" if side is None else side[index].value for side in sides]
    same = len(set(words)) == 1
    worst = "kept" if set(words) == {"kept"} else "lost" if "lost" in words else "changed"
    return f'<td class="{worst}">{words[0] if same else " / ".join(words)}</td>'
