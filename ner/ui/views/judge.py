"""What tab 'Judge' shows: plain values for its templates, and data for its script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ner.colours import colour_classes
from ner.comparing.agreement import Agreement, align
from ner.comparing.origin import Origin
from ner.entities import Entity, Tagged
from ner.evaluating.judgement import Card, Tally, change_sentence, deal, standing_sentence
from ner.evaluating.report import KEYS
from ner.markup import notice, render
from ner.schema import provenance_json
from ner.tagging.choice import Choice
from ner.ui.progress import Value


def cards_value(
    agreements: Sequence[Agreement], origins: Sequence[Origin], *, name: str, example: bool = False
) -> Value:
    """The result component's value: the frame of a card, and all cards for the script to fill in.

    ``name`` is what the texts are called. Where the sides do not differ, a sentence in its place.
    """
    cards = deal(agreements)
    pairs = sum(len(agreement.pairs) for agreement in agreements)
    if not cards:
        same = f"{pairs:,} {'entity' if pairs == 1 else 'entities'}"
        return {"html": notice(f"Both find the same {same}: nothing to judge here."), "data": ""}
    html = render(
        "ner.ui",
        "judge.html",
        example=example,
        cards=len(cards),
        texts=len(agreements),
        same=pairs - len(cards),
        titles=[origin.title for origin in origins],
    )
    data = {
        "texts": [agreement.text for agreement in agreements],
        "cards": [_card(card) for card in cards],
        "classes": colour_classes(_labels(agreements)),
        "titles": {key: origin.title for key, origin in zip(KEYS, origins, strict=True)},
        "provenance": provenance_json(origins, Choice(), gold=name),
        "example": example,
    }
    return {"html": html, "data": json.dumps(data, allow_nan=False)}


def _card(card: Card) -> dict[str, Any]:
    return {
        "text": card.text,
        "shown": card.shown,
        "swapped": card.swapped,
        "kind": card.pair.kind.value,
        "left": _span(card.pair.left),
        "right": _span(card.pair.right),
    }


def _span(entity: Entity | None) -> list[Any] | None:
    if entity is None:
        return None
    return [entity.start, entity.end, entity.label, round(entity.score, 6)]


def _labels(agreements: Sequence[Agreement]) -> list[str]:
    """The labels that either side found, each once."""
    pairs = (pair for agreement in agreements for pair in agreement.differences)
    found = (side for pair in pairs for side in (pair.left, pair.right))
    return sorted({side.label for side in found if side is not None})


def standing_value(tally: Tally, names: tuple[str, str], cards: int) -> Value:
    """Where the answers lead, as markup."""
    left, right = names
    html = render(
        "ner.ui",
        "judge_standing.html",
        settled=tally.settled,
        standing=standing_sentence(tally, names, cards),
        change=change_sentence(tally, names, cards),
        counts=[
            ("left", f"Only {left} right", tally.left),
            ("right", f"Only {right} right", tally.right),
            ("both", "Both right", tally.both),
            ("neither", "Neither right", tally.neither),
        ],
        judged=tally.judged,
    )
    return {"html": html, "data": ""}


def example_value() -> Value:
    """Cards of a made-up text, so that an empty tab shows what it is for."""
    text = "Mr. Justice Jordan of the High Court sat in Paris before May joined Acme Corp."

    def tagged(*spans: tuple[str, str]) -> Tagged:
        found = [
            Entity(text.index(name), text.index(name) + len(name), label, 0.9)
            for name, label in spans
        ]
        return Tagged(text, tuple(found))

    left = tagged(("Jordan", "PER"), ("High Court", "ORG"), ("Paris", "LOC"), ("Acme Corp", "ORG"))
    right = tagged(("Jordan", "LOC"), ("High Court", "ORG"), ("Paris", "LOC"), ("May", "PER"))
    origins = (Origin("Original", "example"), Origin("INT8", "example"))
    return cards_value([align(left, right)], origins, name="example", example=True)
