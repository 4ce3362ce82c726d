"""What two sides still find in a text that is written differently, as tab 'Tag' shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ner.colours import colour_classes
from ner.comparing.agreement import Pair
from ner.comparing.probe import Fate, Probe
from ner.markup import notice, render


def probe_table(result: Probe, labels: Sequence[str]) -> Markup:
    """What each side still finds of each entity, by rewriting; or that there is none to lose."""
    if not result.found.pairs:
        return notice("Neither side finds an entity in this text, so there is none to lose.")
    classes = colour_classes(labels)
    return render(
        "ner.ui",
        "probe.html",
        names=result.names,
        totals=[_kept(result, index) for index in range(len(result.names))],
        rows=[_probe_row(result, pair, classes) for pair in result.found.pairs],
    )


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """An entity, and what became of it in each rewriting: the worst fate, and both in words."""

    spelled: str
    label: str
    style: str
    fates: tuple[tuple[str, str], ...]


def _kept(result: Probe, index: int) -> str:
    """How many entities of each side are kept in a rewriting."""
    return " / ".join(
        f"{sum(fates[index] is Fate.KEPT for fates in side.values())} of {len(side)}"
        for side in (result.left, result.right)
    )


def _probe_row(result: Probe, pair: Pair, classes: Mapping[str, str]) -> ProbeRow:
    entity = next(side for side in (pair.left, pair.right) if side is not None)
    both = (
        result.left.get(pair.left) if pair.left else None,
        result.right.get(pair.right) if pair.right else None,
    )
    return ProbeRow(
        result.found.text[entity.start : entity.end],
        entity.label,
        classes[entity.label],
        tuple(_fate(both, index) for index in range(len(result.names))),
    )


def _fate(both: Sequence[tuple[Fate, ...] | None], index: int) -> tuple[str, str]:
    words = ["not found" if fates is None else fates[index].value for fates in both]
    worst = "kept" if set(words) == {"kept"} else "lost" if "lost" in words else "changed"
    return worst, words[0] if len(set(words)) == 1 else " / ".join(words)
