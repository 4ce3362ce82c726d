"""Both variants opened: compared under a lock, withheld where they must be, kept between calls."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ner.comparing import comparison
from ner.entities import Tagged
from ner.errors import InputError, PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.models.child import Stage
from ner.models.manifest import Gate
from ner.models.opened import OpenSides, Sides, open_sides, open_tagger
from ner.models.prepared import Prepared
from ner.models.recipes import Variant
from ner.tagging.choice import Choice
from ner.tagging.decode import Strategy

TEXT = "My name is Wolfgang and I live in Berlin."


def test_both_sides_tag_the_same_text(tiny_sides: Sides) -> None:
    """Each side is what its tagger finds for the choice, and the alignment is of both."""
    choice = Choice(Strategy.MAX, 0.3, ("PER",))
    comparison = tiny_sides.compare(TEXT, choice)

    for variant, side in ((Variant.ORIGINAL, comparison.left), (Variant.INT8, comparison.right)):
        assert side is not None
        assert side.tagged == tiny_sides.side(variant).tagger.using(choice)(TEXT)
    assert comparison.agreement is not None
    assert comparison.agreement.left == comparison.left.tagged


def test_each_side_says_where_it_comes_from(tiny_sides: Sides) -> None:
    """Model, variant, device and the precision that the device reports."""
    for side, variant in zip(tiny_sides.all, Variant, strict=True):
        origin = side.origin
        assert ("tiny", variant, "CPU", "f32") == (
            origin.model,
            origin.variant,
            origin.device,
            origin.precision,
        )
        assert f"tiny#{variant.value}" == origin.name


def test_nothing_is_timed_without_a_budget(tiny_sides: Sides) -> None:
    """Nor is a text without words, which runs no model."""
    assert tiny_sides.compare(TEXT, Choice()).timing is None
    assert tiny_sides.compare("  ", Choice(), budget_ms=50).timing is None


def test_timings_of_two_people_do_not_overlap(
    tiny_sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one comparison is timed no other one runs, and each gets its own answer."""
    inside = 0
    most = 0
    guard = threading.Lock()
    real = comparison.time_in_turns

    def watched(*arguments: Any) -> Any:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        result = real(*arguments)
        with guard:
            inside -= 1
        return result

    monkeypatch.setattr(comparison, "time_in_turns", watched)
    texts = [f"{TEXT} {'Berlin ' * count}".strip() for count in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tiny_sides.compare(text, Choice(), budget_ms=5), texts))

    assert most == 1
    assert texts == [one.left.tagged.text for one in found]


def changed(prepared: Prepared, home: Path, **changes: Any) -> None:
    """A copy of the prepared folder in ``home`` whose manifest says something else."""
    folder = home / "prepared" / prepared.folder.name
    shutil.copytree(prepared.folder, folder)
    manifest = replace(prepared.manifest, **changes)
    (folder / "manifest.json").write_text(manifest.dump())


def test_int8_below_the_gate_is_not_served(
    tiny_sides: Sides, tiny_prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The original serves alone, and asking for INT8 gives the figures."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    changed(tiny_prepared, tmp_path, gate=Gate(f1=0.5, entities=300))
    alone = open_sides(tiny_sides.spec)
    comparison = alone.compare(TEXT, Choice(), budget_ms=5)

    assert comparison.right is comparison.agreement is comparison.timing is None
    assert comparison.left.tagged == tiny_sides.left.tagger(TEXT)
    for ask in (
        lambda: alone.side(Variant.INT8),
        lambda: open_tagger(tiny_sides.spec, Variant.INT8),
    ):
        with pytest.raises(PrepareFailed, match=r"F1 0\.500 .* 0\.95 is required"):
            ask()


def test_int8_that_departs_from_its_record_is_not_served(
    tiny_sides: Sides, tiny_prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it found where it was made is not what it finds here: the self-check says so."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    golden = tuple(Tagged(one.text) for one in tiny_prepared.manifest.golden)
    changed(tiny_prepared, tmp_path, golden=golden)
    alone = open_sides(tiny_sides.spec)

    assert alone.right is None
    assert alone.withheld is not None and "self-check failed on this machine" in alone.withheld


def test_the_self_check_passes_where_the_model_was_made(
    tiny_sides: Sides, tiny_prepared: Prepared
) -> None:
    """It has something to check, and nothing departs."""
    golden = tiny_prepared.manifest.golden

    assert sum(len(one.entities) for one in golden) > 20
    assert tiny_sides.withheld is None
    assert (
        tuple(tiny_sides.side(Variant.INT8).tagger.tag_many([one.text for one in golden])) == golden
    )


@pytest.mark.parametrize(
    ("f1", "entities", "established", "passed"),
    [(0.94, 200, True, False), (0.95, 200, True, True), (0.5, 199, False, True)],
)
def test_the_gate_decides_from_200_entities_on(
    f1: float, entities: int, established: bool, passed: bool
) -> None:
    """Under 0.95 INT8 is not served, unless there were too few entities to tell."""
    gate = Gate(f1=f1, entities=entities)

    assert (gate.established, gate.passed) == (established, passed)


def test_a_model_is_opened_once_for_many_threads(tiny_sides: Sides) -> None:
    """However many ask at the same time."""
    opened = []

    def opener(spec: ModelSpec, **_: Any) -> Sides:
        opened.append(spec.name)
        return tiny_sides

    kept = OpenSides(opener)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: kept.get(tiny_sides.spec), range(32)))

    assert opened == ["tiny"]
    assert all(one is tiny_sides for one in found)


def test_the_least_recently_used_model_is_closed(tiny_sides: Sides) -> None:
    """Memory is bounded by how many are open at once."""
    opened = []

    def opener(spec: ModelSpec, **_: Any) -> Sides:
        opened.append(spec.name)
        return replace(tiny_sides, spec=spec)

    specs = [replace(tiny_sides.spec, name=name) for name in "abc"]
    kept = OpenSides(opener, at_once=2)
    for spec in (specs[0], specs[1], specs[0], specs[2], specs[0], specs[1]):
        kept.get(spec)

    assert opened == ["a", "b", "c", "b"]


def test_a_failed_opening_is_tried_again(tiny_sides: Sides) -> None:
    """An error is told to whoever asked and not kept."""
    outcomes: list[Any] = [InputError("no such device"), tiny_sides]

    def opener(spec: ModelSpec, **_: Any) -> Sides:
        outcome = outcomes.pop(0)
        if isinstance(outcome, InputError):
            raise outcome
        return tiny_sides

    kept = OpenSides(opener)
    with pytest.raises(InputError):
        kept.get(tiny_sides.spec)
    assert kept.get(tiny_sides.spec) is tiny_sides


def test_everyone_who_waits_hears_how_far_it_is(tiny_sides: Sides) -> None:
    """Who comes while a model is being opened hears of the stage under way and of later ones."""
    begun = threading.Event()
    goes_on = threading.Event()

    def opener(spec: ModelSpec, *, report: Any, **_: Any) -> Sides:
        report(Stage("first", 1, 2))
        begun.set()
        assert goes_on.wait(10)
        report(Stage("second", 2, 2))
        return tiny_sides

    kept = OpenSides(opener)
    heard: tuple[list[str], list[str]] = ([], [])

    def late(progress: Stage) -> None:
        heard[1].append(progress.name)
        goes_on.set()

    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(
            kept.get, tiny_sides.spec, report=lambda progress: heard[0].append(progress.name)
        )
        assert begun.wait(10)
        second = pool.submit(kept.get, tiny_sides.spec, report=late)
        assert early.result(10) is second.result(10) is tiny_sides

    assert heard[0] == ["first", "second"]
    assert heard[1][0] == "first"
