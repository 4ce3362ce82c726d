"""Both variants opened: compared under a lock, withheld where they must be, kept between calls."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import gate_of

from ner.comparing import comparison
from ner.entities import Tagged
from ner.errors import PrepareFailed
from ner.models.folder import Prepared
from ner.models.open import OpenSides, Side, Sides, open_side, open_sides, pair_sides
from ner.models.recipes import Variant, default_sides
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation

TEXT = "My name is Wolfgang and I live in Berlin."


def test_both_sides_tag_the_same_text(tiny_sides: Sides) -> None:
    """Each side is what its tagger finds for the choice, and the alignment is of both."""
    choice = Choice(Aggregation.MAX, 0.3, ("PER",))
    comparison = tiny_sides.compare(TEXT, choice)

    for side, found in zip(tiny_sides.all, (comparison.left, comparison.right), strict=True):
        assert found is not None
        assert found.tagged == side.tagger.using(choice)(TEXT)
    assert comparison.agreement is not None
    assert comparison.agreement.left == comparison.left.tagged


def test_timings_of_two_people_do_not_overlap(
    tiny_sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one comparison is timed no other one runs, and each gets its own answer."""
    inside = 0
    most = 0
    guard = threading.Lock()
    real = comparison.time_in_turns

    def watched(*arguments: Any, **budget: float) -> Any:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        result = real(*arguments, **budget)
        with guard:
            inside -= 1
        return result

    monkeypatch.setattr(comparison, "time_in_turns", watched)
    texts = [f"{TEXT} {'Berlin ' * count}".strip() for count in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tiny_sides.compare(text, Choice(), budget_ms=5), texts))

    assert most == 1
    assert texts == [one.left.tagged.text for one in found]


@pytest.fixture
def changed(tiny_original: Prepared, tiny_prepared: Prepared, home: Path) -> Callable[..., None]:
    """Copies of both prepared folders; INT8's manifest says something else."""

    def change(**changes: Any) -> None:
        for made in (tiny_original, tiny_prepared):
            folder = shutil.copytree(made.folder, home / "prepared" / made.folder.name)
        (folder / "manifest.json").write_text(replace(tiny_prepared.manifest, **changes).dump())

    return change


def test_int8_below_the_gate_is_not_served(tiny_sides: Sides, changed: Callable[..., None]) -> None:
    """The original serves alone, and asking for INT8 gives the figures; it can be measured."""
    changed(gate=gate_of(0.5, 300))
    original, int8 = default_sides(tiny_sides.spec)
    alone = open_sides(original, int8)
    comparison = alone.compare(TEXT, Choice(), budget_ms=5)

    assert comparison.right is comparison.agreement is comparison.timing is None
    assert comparison.left.tagged == tiny_sides.left.tagger(TEXT)
    for ask in (
        lambda: alone.both,
        lambda: open_side(int8).served,
        lambda: open_sides(int8, original),
    ):
        with pytest.raises(PrepareFailed, match=r"50\.0 % agreement .* on 300 .* 95 % needed"):
            ask()
    measured = open_sides(original, int8, serve=False)
    assert measured.both[1].tagger(TEXT) == tiny_sides.both[1].tagger(TEXT)
    assert "50.0 % agreement" in measured.notes[0]


def test_int8_that_departs_from_its_record_is_not_served(
    tiny_sides: Sides, tiny_prepared: Prepared, changed: Callable[..., None]
) -> None:
    """What it found where it was made is not what it finds here: the self-check says so."""
    changed(golden=tuple(Tagged(one.text) for one in tiny_prepared.manifest.golden))
    alone = open_sides(*default_sides(tiny_sides.spec))

    assert alone.right is None
    assert alone.withheld is not None and "self-check failed on this machine" in alone.withheld


def test_the_self_check_passes_where_the_model_was_made(
    tiny_sides: Sides, tiny_prepared: Prepared
) -> None:
    """It has something to check, and nothing departs."""
    golden = tiny_prepared.manifest.golden

    assert sum(len(one.entities) for one in golden) > 20
    assert tiny_sides.withheld is None
    assert tuple(tiny_sides.both[1].tagger.tag_many([one.text for one in golden])) == golden


@pytest.mark.parametrize(
    ("f1", "entities", "answer", "told"),
    [
        (0.9, 300, "no", "not passed, not served"),
        (0.94, 300, "undecided", "undecided, about"),
        (0.98, 510, "yes", "98.0 % agreement (96.0–100.0) on 510 entities, 95 % needed"),
        (0.98, 50, "undecided", "undecided, about"),
        (1.0, 0, "undecided", "no entities were found to compare"),
    ],
)
def test_the_gate_asks_the_one_verdict(f1: float, entities: int, answer: str, told: str) -> None:
    """Only a no keeps INT8 from being served; a yes needs entities enough. It is told in words."""
    gate = gate_of(f1, entities)

    assert answer == gate.answer
    assert told in gate.summary
    assert (gate.refusal("INT8") is None) == (answer != "no")


def test_titles_tell_the_sides_apart(tiny_sides: Sides) -> None:
    """By recipe; of two models by both; of one side twice as A and B."""
    left, right = tiny_sides.both
    spec = replace(tiny_sides.spec, title="Another")
    other = replace(right, variant=replace(right.variant, spec=spec))

    for pair, titles in (
        ((left, right), ["Original", "INT8"]),
        ((right, other), ["tiny · INT8", "Another · INT8"]),
        ((right, right), ["INT8 (A)", "INT8 (B)"]),
    ):
        assert titles == [side.origin.title for side in pair_sides(*pair).both]


def test_labels_that_only_one_side_knows_are_told(tiny_sides: Sides) -> None:
    """They are never compared in silence."""
    left, right = tiny_sides.both
    fewer = replace(right, tagger=SimpleNamespace(labels=("PER", "Chemical")))
    sides = pair_sides(left, fewer)

    assert [
        "Only Original knows ORG, LOC, MISC: these are never the same.",
        "Only INT8 knows Chemical: these are never the same.",
    ] == [*sides.notes]


def kept_open(opened: list[str], side: Side, **settings: Any) -> OpenSides:
    """Sides that open at once, and are noted."""

    def opener(variant: Variant, **_: Any) -> Side:
        opened.append(variant.name)
        return replace(side, variant=variant)

    return OpenSides(opener, **settings)


def test_a_side_is_opened_once_for_many_threads(tiny_sides: Sides) -> None:
    """However many ask at the same time, and whatever stands on the other side."""
    opened: list[str] = []
    kept = kept_open(opened, tiny_sides.left)
    pair = tiny_sides.left.variant, tiny_sides.both[1].variant
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: kept.get(*pair), range(32)))
    kept.get(pair[0], pair[0])

    assert ["tiny#int8", "tiny#original"] == opened
    assert all(one == found[0] for one in found)


def test_the_least_recently_used_side_is_closed(tiny_sides: Sides) -> None:
    """Memory is bounded by how many are open at once."""
    opened: list[str] = []
    kept = kept_open(opened, tiny_sides.left, at_once=2)
    variants = [
        replace(tiny_sides.left.variant, spec=replace(tiny_sides.spec, name=name)) for name in "abc"
    ]
    for index in (0, 1, 0, 2, 0, 1):
        kept.get(variants[index], variants[index])

    assert ["a#original", "b#original", "c#original", "b#original"] == opened


def test_everyone_who_waits_is_told_why_it_cannot_be_opened(tiny_sides: Sides) -> None:
    """One tries, the others have its error; whoever asks later has it tried again."""
    tries: list[str] = []
    waits = threading.Event()

    def opener(variant: Variant, **_: Any) -> Side:
        tries.append(variant.name)
        assert waits.wait(10)
        if len(tries) > 1:
            return tiny_sides.left
        raise PrepareFailed("the disk is full")

    kept, variant = OpenSides(opener), tiny_sides.left.variant
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(kept.get, variant, variant, waiting=waits.set) for _ in range(2)]
        for one in asked:
            with pytest.raises(PrepareFailed, match="the disk is full"):
                one.result(10)

    assert ([variant.name], ()) == (tries, kept.opened)
    assert kept.get(variant, variant).left.tagger is tiny_sides.left.tagger


def test_everyone_who_waits_hears_how_far_it_is(tiny_sides: Sides) -> None:
    """Who comes while a model is being opened hears of the stage under way and of later ones."""
    begun = threading.Event()
    goes_on = threading.Event()
    variant = tiny_sides.left.variant

    def opener(variant: Variant, *, report: Any, **_: Any) -> Side:
        report("first")
        begun.set()
        assert goes_on.wait(10)
        report("second")
        return tiny_sides.left

    kept = OpenSides(opener)
    heard: tuple[list[str], list[str]] = ([], [])

    def late(stage: str) -> None:
        heard[1].append(stage)
        goes_on.set()

    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(kept.get, variant, variant, report=heard[0].append)
        assert begun.wait(10)
        second = pool.submit(kept.get, variant, variant, report=late)
        assert early.result(10) == second.result(10)

    assert heard[0] == ["first", "second"]
    assert heard[1][0] == "first"
