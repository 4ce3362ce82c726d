"""What tab 'Tag' shows of two sides of a text: markup for the page, data for its script, files."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from ner.comparing.agreement import Agreement, Kind, Pair, align, fragile
from ner.comparing.comparison import Comparison
from ner.comparing.timing import Latency, Timing
from ner.entities import Entity, Explained
from ner.evaluating.documents import by_sentence
from ner.evaluating.verdicts import without_gold
from ner.markup import colour_classes, cut, macro, megabytes, milliseconds, render
from ner.models.calibration import model_for
from ner.models.catalogue import LABELS, ModelSpec
from ner.models.open import Side, Sides
from ner.stats import count_of, speed_in_words
from ner.tables import Table
from ner.tables import html as table_html
from ner.tagging.choice import Choice, Steps
from ner.tagging.hints import find_hints
from ner.ui.jobs import Value
from ner.verdict import MIN_AGREEMENT


@dataclass(frozen=True)
class Kept:
    """A comparison as the filter leaves it: by the threshold of ``choice``, without some labels."""

    comparison: Comparison
    sides: Sides
    choice: Choice
    without: frozenset[str] = frozenset()

    @cached_property
    def explained(self) -> list[Explained]:
        """What each side that is served found, unfiltered."""
        both = (self.comparison.left, self.comparison.right)
        return [side for side in both if side is not None]

    @property
    def text(self) -> str:
        """The text as it was tagged."""
        return self.comparison.left.tagged.text

    @cached_property
    def agreement(self) -> Agreement:
        """Both sides aligned; a side alone is aligned with itself."""
        return self._aligned(self.kept_labels)

    def _aligned(self, labels: Sequence[str] | None) -> Agreement:
        first, *second = (
            side.tagged.keep(labels=labels, threshold=self.choice.threshold)
            for side in self.explained
        )
        return align(first, second[0] if second else first)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs on show, in reading order."""
        return self.agreement.pairs

    @property
    def kept_labels(self) -> tuple[str, ...] | None:
        """The labels on show; None for all."""
        if not self.without:
            return None
        return tuple(label for label in self.sides.labels if label not in self.without)

    def counts(self) -> dict[str, int]:
        """How many pairs have each label on either side, hidden ones too."""
        found = [{side.label for side in pair.entities} for pair in self._aligned(None).pairs]
        return {label: sum(label in labels for labels in found) for label in self.sides.labels}

    def found(self, index: int) -> tuple[Entity, ...]:
        """The entities of a side that are on show."""
        return (self.agreement.left, self.agreement.right)[index].entities

    @cached_property
    def said(self) -> list[list[tuple[str, str]]]:
        """What each side says of each pair: in short, and what more there is to tell."""
        sides = range(len(self.explained))
        return [[self._side_said(index, pair) for index in sides] for pair in self.pairs]

    def _side_said(self, index: int, pair: Pair) -> tuple[str, str]:
        entity = (pair.left, pair.right)[index]
        span = entity or pair.entities[0]
        label, score, other, margin = self._opinion(index, span)
        following = f" · next {other} {score - margin:.2f}" if other else ""
        if entity is None:
            more = f": {label} {score:.2f}{following}" if label else ""
            return self.missing(index, pair), more
        spelled = self.text[entity.start : entity.end]
        close = " · a close call" if fragile(self.explained[index].margins[entity]) else ""
        return (
            f"{spelled}, {_name(entity.label)} {entity.score:.2f}",
            f" at {entity.start}–{entity.end}{following}{close}",
        )

    def missing(self, index: int, pair: Pair) -> str:
        """Why a side has no entity in a pair."""
        span = pair.entities[0]
        for entity in self.explained[index].tagged.entities:
            if entity.start < span.end and span.start < entity.end:
                if entity.score < self.choice.threshold:
                    return "below the threshold"
                return "label hidden" if entity.label in self.without else "not found"
        return "not found"

    def _opinion(self, index: int, span: Entity) -> tuple[str, float, str, float]:
        """A side's label, score, next best label and margin at the word it is least sure of."""
        pieces = self.explained[index].pieces
        begin, end = (
            bisect_left(pieces, at, key=lambda piece: piece.start) for at in (span.start, span.end)
        )
        words = groupby(pieces[begin:end], key=lambda piece: piece.word)
        firsts = [next(word) for _, word in words]
        if not firsts:
            return "", 0.0, "", 0.0
        least = min(firsts, key=lambda piece: piece.margin)
        return re.sub("^[BI]-", "", least.tag), least.score, least.runner_up, least.margin


def result_value(kept: Kept, *, split: bool) -> Value:
    """The result component's value."""
    sides = kept.sides
    data = {
        "text": kept.text,
        "settings": {
            "left": sides.left.variant.name,
            "right": sides.right.variant.name if sides.right else None,
            "device": sides.device,
            "aggregation": kept.choice.aggregation.value,
            "reading": kept.choice.reading_name,
            "threshold": kept.choice.threshold,
            "without": sorted(kept.without),
        },
        "told": [[short + more for short, more in sides] for sides in kept.said],
        "sides": [
            {
                "name": side.origin.name,
                "title": side.origin.title,
                "entities": [[one.start, one.end, one.label] for one in kept.found(index)],
            }
            for index, side in enumerate(sides.all)
        ],
        "classes": colour_classes(sides.labels),
    }
    return {
        "html": render("ner.ui", "tag.html", **view(kept, split=split)),
        "data": json.dumps(data),
    }


def view(kept: Kept, *, split: bool) -> dict[str, Any]:
    """What the template lays out; ``split`` shows a text for each side."""
    both = len(kept.explained) == 2
    split = split and both
    titles = [side.origin.title for side in kept.sides.all]
    panels = [("", list(_places(kept)))]
    if split:
        panels = [
            (f"{letter} {title}", list(_places(kept, index)))
            for index, (letter, title) in enumerate(zip("AB", titles, strict=True))
        ]
    return {
        "hints": list(_hints(kept)),
        "both": both,
        "split": split,
        "panels": panels,
        "titles": titles,
        "classes": colour_classes(kept.sides.labels),
        "legend": [(label, _name(label), count) for label, count in kept.counts().items()],
        "without": kept.without,
        "differences": len(kept.agreement.differences),
        "seams": bool(_seams(kept.explained[0])),
        "agreed": _agreed(kept),
        "sizes": _sizes(kept.sides.all),
        "enough": _enough(kept) if both else "",
    }


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a place, and what stands above or below where it begins.

    ``covers`` has each side that covers it: its letter, and whether it begins and ends here.
    """

    parts: tuple[str, ...]
    covers: tuple[tuple[str, bool, bool], ...] = ()
    notes: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the text; with ``pairs`` it is marked, by one ``label`` or by two rails."""

    stretches: tuple[Stretch, ...]
    pairs: tuple[int, ...] = ()
    label: str = ""
    spoken: str = ""
    differs: bool = False


def _places(kept: Kept, index: int | None = None) -> Iterator[Place]:
    """The text with its names: of one side, or of both.

    Those of both are marked where they agree, and else have rails, above for A and below for B.
    """
    text, seams = kept.text, _seams(kept.explained[index or 0])
    position = 0
    for cluster in _clusters(kept.pairs, index):
        pairs = [pair for _, pair in cluster]
        spans = [one for pair in pairs for one in _sides(pair, index)]
        start, end = min(one.start for one in spans), max(one.end for one in spans)
        yield Place((Stretch(cut(text, position, start, seams)),))
        differs = any(pair.kind is not Kind.SAME for pair in pairs)
        if differs and index is None:
            stretches, label = tuple(_rails(kept, pairs, seams)), ""
        else:
            stretches, label = (Stretch(cut(text, start, end, seams)),), spans[0].label
        spoken = "; ".join(_spoken(kept, number) for number, _ in cluster)
        yield Place(stretches, tuple(number for number, _ in cluster), label, spoken, differs)
        position = end
    yield Place((Stretch(cut(text, position, len(text) + 1, seams)),))


def _sides(pair: Pair, index: int | None) -> list[Entity]:
    """The entities of a pair, or that of one side."""
    both = (pair.left, pair.right)
    return [one for one in (both if index is None else both[index : index + 1]) if one is not None]


def _clusters(pairs: Sequence[Pair], index: int | None) -> Iterator[list[tuple[int, Pair]]]:
    """Pairs with their numbers; those that overlap, also by way of a third, together."""
    cluster: list[tuple[int, Pair]] = []
    reach = 0
    for number, pair in enumerate(pairs):
        spans = _sides(pair, index)
        if cluster and spans and min(one.start for one in spans) >= reach:
            yield cluster
            cluster = []
        cluster += [(number, pair)] if spans else []
        reach = max([reach, *(one.end for one in spans)])
    if cluster:
        yield cluster


def _rails(kept: Kept, pairs: Sequence[Pair], seams: Sequence[int]) -> Iterator[Stretch]:
    """A place's text, cut wherever an entity begins or ends."""
    found = [[one for pair in pairs for one in _sides(pair, index)] for index in (0, 1)]
    borders = sorted({at for side in found for one in side for at in (one.start, one.end)})
    classes = colour_classes(kept.sides.labels)
    for number, (start, end) in enumerate(pairwise(borders)):
        covers: list[tuple[str, bool, bool]] = []
        notes: list[tuple[str, str, str]] = []
        for letter, side in zip("ab", found, strict=True):
            for one in side:
                if one.start <= start and end <= one.end:
                    covers.append((letter, one.start == start, one.end == end))
                if one.start == start:
                    written = f"{letter.upper()} {one.label} {one.score:.2f}"
                    notes.append((letter, classes[one.label], written))
            if not side and number == 0:
                why = kept.missing("ab".index(letter), pairs[0])
                notes.append((letter, "none", f"{letter.upper()} {why}"))
        yield Stretch(cut(kept.text, start, end, seams), tuple(covers), tuple(notes))


def _seams(explained: Explained) -> list[int]:
    """Where segments meet, without the places where a line begins anyway."""
    text = explained.tagged.text
    return [at for at in explained.seams if not text[:at].rstrip(" \t").endswith("\n")]


def _spoken(kept: Kept, number: int) -> str:
    """A pair for those who hear it."""
    pair, sides = kept.pairs[number], [short for short, _ in kept.said[number]]
    if len(sides) == 2 and pair.kind is Kind.SAME:
        return f"{kept.text[pair.start : pair.end]}, {_name(pair.entities[0].label)}, same in both"
    return sides[0] if len(sides) == 1 else "A {}; B {}".format(*sides)


def _name(label: str) -> str:
    """A label in words, where it is known."""
    return LABELS[label].name if label in LABELS else label


def _agreed(kept: Kept) -> str:
    """How far the sides agree: the beginning of the sentence under the title."""
    total, same = len(kept.pairs), len(kept.pairs) - len(kept.agreement.differences)
    names = count_of(total, "name")
    left, *right = (side.origin.title for side in kept.sides.all)
    if not right:
        return f"{left} alone finds {names}"
    original = "the original" if left == "Original" else left
    if not total:
        return f"Neither {right[0]} nor {original} finds a name"
    if same == total:
        return f"{right[0]} finds the same {names} as {original}"
    return f"{right[0]} agrees with {original} on {same:,} of {names}"


def _sizes(sides: Sequence[Side]) -> dict[str, Any]:
    """Sizes on disk, that of the download, and the end of the sentence under the title."""
    sizes = [side.size for side in sides]
    download = _download(sides[0].variant.spec)
    words = f"in {megabytes(sizes[-1])}"
    if len(sizes) == 2 and sizes[0] != sizes[1]:
        words += f" instead of {megabytes(sizes[0]).removesuffix(' MB')}"
    longest = max(sizes)
    return {
        "words": words,
        "bars": [
            (letter, megabytes(size), round(100 * size / longest, 1))
            for letter, size in zip("AB", sizes, strict=False)
        ],
        "download": f"(checkpoint: {megabytes(download)})" if download else "",
    }


def _download(spec: ModelSpec) -> int:
    """Bytes of the checkpoint that the variants were made of; 0 where it is not here."""
    file = spec.folder / "model.safetensors" if spec.folder else None
    return file.stat().st_size if file and file.is_file() else 0


def _enough(kept: Kept) -> str:
    """Whether this text tells that the right side will do; its sentences count as texts."""
    names = [side.origin.title for side in kept.sides.all]
    loss = 100 - 100 * MIN_AGREEMENT
    return without_gold(by_sentence(kept.agreement), max_loss=loss, names=names).short


def _hints(kept: Kept) -> Iterator[tuple[str, str]]:
    """Sentences above the result, and their kinds."""
    sides = kept.sides
    found = max(len(side.tagged.entities) for side in kept.explained)
    for hint in find_hints(kept.text, found=found):
        yield hint, "hint"
    model = model_for(kept.text, sides.spec)
    if model:
        yield f"Many words here are not general English: try the model {model}.", "hint"
    if sides.right is None:
        yield sides.withheld or "B is not served.", "problem"
    elif not set(sides.left.tagger.labels) & set(sides.right.tagger.labels):
        first, second = (", ".join(side.tagger.labels) for side in sides.all)
        yield f"A knows {first}, B knows {second}: they have no label in common.", "problem"
    else:
        yield from ((note, "hint") for note in sides.notes)


def speed_value(
    names: Sequence[str],
    series: Sequence[Sequence[Steps]],
    timing: Timing,
    *,
    notes: Sequence[str],
    finished: bool,
    ticket: str,
    held: Sequence[int] = (),
) -> Value:
    """How fast the sides are: parts of the page that the script puts in their places.

    ``held`` are the bytes of memory that a process with each side holds, once they are known.
    """
    latencies = [Latency(tuple(steps.total for steps in one)) for one in series]
    longest = max(latency.median_ms for latency in latencies)
    bars = [
        (name, milliseconds(latency.median_ms), round(100 * latency.median_ms / longest, 1))
        for name, latency in zip(names, latencies, strict=True)
    ]
    heads = ("Tokenize", "Infer", "Decode", "Together", "p95")
    steps = [
        [name, *map(milliseconds, (*_medians(one), took.median_ms, took.p95_ms))]
        for name, one, took in zip(names, series, latencies, strict=True)
    ]
    table = table_html(Table.of("", ("Time by step, median", *heads), steps))
    runs = f"{len(series[0]):,} runs{'' if finished else ', timing …'}"
    markup = macro(
        "ner.ui",
        "tag_parts.html",
        "speed",
        bars,
        _ratio(timing),
        [runs, *notes],
        table,
        _pace(timing),
        _held(held),
    )
    return {"html": markup, "data": json.dumps({"ticket": ticket, "finished": finished})}


def _held(held: Sequence[int]) -> str:
    sides = ", ".join(map("{} {}".format, "AB", map(megabytes, held)))
    return f"in memory: {sides}" if held else ""


def _medians(steps: Sequence[Steps]) -> Iterator[float]:
    columns = zip(*((one.tokenize, one.infer, one.decode) for one in steps), strict=True)
    return map(median, columns)


def _ratio(timing: Timing) -> str:
    ratio = timing.ratio
    return f"{ratio.number(1)} × ({ratio.range(1)})" if ratio.known else ""


def _pace(timing: Timing) -> str:
    """How fast the right side is, in words, only as far as the interval tells.

    >>> _pace(Timing(Latency((4.0,) * 9), Latency((2.0,) * 9)))
    '2.0 × as fast'
    >>> _pace(Timing(Latency((4.0,) * 9), Latency((5.0,) * 9)))
    '25 % slower'
    """
    ratio = timing.ratio
    low, high = ratio.low, ratio.high
    if low <= 1 <= high:
        near = low >= 0.9 and high <= 1.1
        return "no clear difference in speed" if near else "speed still uncertain"
    return speed_in_words(ratio)
