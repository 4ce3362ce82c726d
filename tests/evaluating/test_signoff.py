"""The report to sign: what stands in it, and that it is inert and whole."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from itertools import pairwise
from types import SimpleNamespace

import pytest
from fakes import FakeSides

from ner.comparing.origin import Origin
from ner.entities import Entity, Tagged
from ner.evaluating import signoff
from ner.evaluating.gate import Gated, Limits
from ner.evaluating.report import Report, score_predictions
from ner.evaluating.signoff import difference_table, signoff_html
from ner.files.gold import parse_gold
from ner.files.tokens import annotate
from ner.machine import describe
from ner.models.folder import Build, Manifest
from ner.models.recipes import Variant
from ner.tables import Table

LINES = ["[Wolfgang](PER) lives in [Berlin](LOC) .", "[Paris](LOC) sued [Amazon](ORG) ."]
COST = Table.of("Speed and memory", ("recipe", "MB"), [("Original", "77"), ("INT8", "20")])


def prepared(variant: Variant) -> SimpleNamespace:
    """A prepared folder with the recipe of the side."""
    steps = variant.recipe.steps
    build = Build(4, "sha256:abc", steps, "d1" * 32 if steps else None, {"nncf": "3.4"})
    files = {"openvino_model.bin": f"{len(steps)}f" * 32, "tokenizer.json": "aa" * 32}
    gate = FakeSides().gate if steps else None
    name = variant.recipe.name
    return SimpleNamespace(
        manifest=Manifest("bundled", name, build, None, ("LOC",), files, gate=gate)
    )


def report(lines: list[str] = LINES, origins: tuple[Origin, ...] | None = None) -> Report:
    """The left side finds gold; the right one loses and relabels what is last in a line."""
    gold = parse_gold(lines, "test")
    full = [text.tagged for text in gold]
    other = [
        Tagged(tagged.text, (*first, *([replace(last, label="MISC")] if number else [])))
        for number, tagged in enumerate(full)
        for *first, last in [tagged.entities]
    ]
    return score_predictions(gold, full, other, origins=origins or FakeSides().origins)


def signed(scored: Report, limits: Limits, name: str = "gold/set") -> str:
    gated = Gated(replace(scored, name=name), scored, limits)
    settings = {"Texts lower-cased": "no"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signoff, "ensure_prepared", prepared)
        return signoff_html([gated], {name: "9c" * 32}, FakeSides(), COST, settings)


def text_of(html: str) -> str:
    """What a reader sees, in one line."""
    body = html.split("<body>")[1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_all_that_a_decision_rests_on_is_there() -> None:
    """In this order, from the answer to the line for the signature."""
    text = text_of(signed(report(), Limits(max_loss=1.0, min_f1=0.9)))
    machine = describe()
    parts = [
        "May INT8 take the place of Original?",
        "bundled#int8 (B) against bundled#original (A) · 20",
        "? Undecided: 2 of 2 checks.",
        "Undecided: about ",
        "all types 100.0",
        "Entities that differ: 2",
        "SHA-256 of the gold file: " + "9c" * 32,
        "Speed and memory recipe MB Original 77 INT8 20",
        "none: as exported NNCF post-training quantization: mixed preset, SmoothQuant 0.95, ",
        "none needed " + "d1" * 32,
        "99.1 % agreement (97.1–100.0) on 321 entities, 95 % needed",
        "nncf 3.4",
        "openvino_model.bin, SHA-256 " + "0f" * 32 + " " + "1f" * 32,
        "Aggregation first",
        machine.summary,
        "Texts lower-cased no",
        f"{machine.system}, Python {machine.python}",
        "Signed Name Date Signature",
    ]

    assert [] == [part for part in parts if part not in text]
    places = [text.index(part) for part in parts]
    assert all(first < second for first, second in pairwise(places))


def test_without_limits_the_verdict_stands_alone() -> None:
    """No table of checks, and no answer of a gate. Of many differences the first are shown."""
    text = text_of(signed(report(LINES * 150), Limits()))

    assert "Asked Answer Reason" not in text
    assert "? Undecided:" not in text
    assert "No. INT8's F1 is " in text
    assert (
        "Entities that differ: 300 ✓ as in gold, ✕ not as in gold. The first 200 are shown." in text
    )


def test_differences_say_who_is_right() -> None:
    """Each with its sentence, what stands around it, and what gold has there."""
    rows = difference_table(report()).rows
    lost, other = ([f"{cell.text} {cell.small}".strip() for cell in row] for row in rows)

    assert ["1", "Wolfgang lives in <mark>Berlin</mark> .", "LOC Berlin ✓", "nothing"] == lost[:4]
    assert ["ORG Amazon ✓", "MISC Amazon ✕", "ORG Amazon"] == other[2:]


def test_an_entity_is_right_as_in_scoring() -> None:
    """One that ends before the last dot of its token is widened to it."""
    text = "in the U.S. today"
    gold = [annotate(Tagged(text, (Entity(7, 11, "LOC"),)))]
    short = Tagged(text, (Entity(7, 10, "LOC"),))
    [row] = difference_table(score_predictions(gold, [short], [Tagged(text)])).rows
    tokens = [text[start:end] for start, end in gold[0].token_offsets]

    assert ("U.S." in tokens) == (row[2].small == "✓")


def test_it_is_whole_and_inert() -> None:
    """Nothing from elsewhere, no script; texts, labels and file names are text."""
    odd = "<img src=x onerror=alert(1)>"
    files = (Origin(odd, odd), Origin("b&b", "b&b"))
    scored = report([f"[Ada](P&R) met [{odd} \u202e](LOC) ."], files)
    html = signed(scored, Limits(max_loss=1.0), name=f"set {odd}")

    assert odd not in html
    assert "&lt;img src=x" in html
    assert "P&amp;R" in html
    assert 'data-name="RLO"' in html
    for outside in ("<script", "<img", "<link", "http:", "https:", "url(", "@import", "src="):
        assert outside not in html.replace("&lt;img src=x", "")
