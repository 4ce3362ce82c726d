"""Comparing and timing the two variants, and keeping models open."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ner.entities import Tagged
from ner.errors import InputError, PrepareFailed
from ner.models import opened as pair_module
from ner.models.catalogue import ModelSpec
from ner.models.child import Stage
from ner.models.opened import Pairs, TaggerPair, open_pair, open_tagger
from ner.models.prepared import Gate, Prepared
from ner.models.recipes import Variant
from ner.tagging.decode import Strategy

TEXT = "My name is Wolfgang and I live in Berlin."


def test_both_sides_tag_the_same_text(tiny_pair: TaggerPair) -> None:
    """Each side is what its tagger finds, and the alignment is of both."""
    comparison = tiny_pair.compare(TEXT, strategy=Strategy.MAX, threshold=0.3, labels=["PER"])

    for variant, side in ((Variant.ORIGINAL, comparison.original), (Variant.INT8, comparison.int8)):
        tagger = tiny_pair.tagger(variant).using(
            strategy=Strategy.MAX, threshold=0.3, labels=["PER"]
        )
        assert side is not None
        assert side.tagged == tagger(TEXT)
    assert comparison.agreement is not None
    assert comparison.agreement.original == comparison.original.tagged


def test_nothing_is_timed_without_a_budget(tiny_pair: TaggerPair) -> None:
    """Nor is a text without words, which runs no model."""
    assert tiny_pair.compare(TEXT).timing is None
    assert tiny_pair.compare("  ", budget_ms=50).timing is None


def test_timing_runs_in_pairs(tiny_pair: TaggerPair) -> None:
    """Both sides have as many runs, and at least as many as an interval needs."""
    timing = tiny_pair.compare(TEXT, budget_ms=1).timing

    assert timing is not None
    assert timing.original.n == timing.int8.n >= 8
    assert timing.interval.low <= timing.ratio <= timing.interval.high


def test_timings_of_two_people_do_not_overlap(
    tiny_pair: TaggerPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one comparison is timed no other one runs, and each gets its own answer."""
    inside = 0
    most = 0
    guard = threading.Lock()
    real = pair_module._time_in_turns

    def watched(*arguments: Any) -> Any:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        result = real(*arguments)
        with guard:
            inside -= 1
        return result

    monkeypatch.setattr(pair_module, "_time_in_turns", watched)
    texts = [f"{TEXT} {'Berlin ' * count}".strip() for count in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tiny_pair.compare(text, budget_ms=5), texts))

    assert most == 1
    assert texts == [one.original.tagged.text for one in found]


def changed(prepared: Prepared, home: Path, **changes: Any) -> None:
    """A copy of the prepared folder in ``home`` whose manifest says something else."""
    folder = home / "prepared" / prepared.folder.name
    shutil.copytree(prepared.folder, folder)
    manifest = replace(prepared.manifest, **changes)
    (folder / "manifest.json").write_text(manifest.dump())


def test_int8_below_the_gate_is_not_served(
    tiny_pair: TaggerPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The original serves alone, and asking for INT8 gives the figures."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    changed(tiny_pair.prepared, tmp_path, gate=Gate(f1=0.5, entities=300))
    alone = open_pair(tiny_pair.spec)
    comparison = alone.compare(TEXT, budget_ms=5)

    assert comparison.int8 is comparison.agreement is comparison.timing is None
    assert comparison.original.tagged == tiny_pair.original(TEXT)
    for ask in (
        lambda: alone.tagger(Variant.INT8),
        lambda: open_tagger(tiny_pair.spec, Variant.INT8),
    ):
        with pytest.raises(PrepareFailed, match=r"F1 0\.500 .* 0\.95 is required"):
            ask()


def test_int8_that_departs_from_its_record_is_not_served(
    tiny_pair: TaggerPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it found where it was made is not what it finds here: the self-check says so."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    golden = tuple(Tagged(one.text) for one in tiny_pair.prepared.manifest.golden)
    changed(tiny_pair.prepared, tmp_path, golden=golden)
    alone = open_pair(tiny_pair.spec)

    assert alone.int8 is None
    assert alone.withheld is not None and "self-check failed on this machine" in alone.withheld


def test_the_self_check_passes_where_the_model_was_made(tiny_pair: TaggerPair) -> None:
    """It has something to check, and nothing departs."""
    golden = tiny_pair.prepared.manifest.golden

    assert sum(len(one.entities) for one in golden) > 20
    assert tiny_pair.withheld is None
    assert tuple(tiny_pair.tagger(Variant.INT8).tag_many([one.text for one in golden])) == golden


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


def test_a_model_is_opened_once_for_many_threads(tiny_pair: TaggerPair) -> None:
    """However many ask at the same time."""
    opened = []

    def opener(spec: ModelSpec, **_: Any) -> TaggerPair:
        opened.append(spec.name)
        return tiny_pair

    pairs = Pairs(opener)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: pairs.get(tiny_pair.spec), range(32)))

    assert opened == ["tiny"]
    assert all(one is tiny_pair for one in found)


def test_the_least_recently_used_model_is_closed(tiny_pair: TaggerPair) -> None:
    """Memory is bounded by how many are open at once."""
    opened = []

    def opener(spec: ModelSpec, **_: Any) -> TaggerPair:
        opened.append(spec.name)
        return replace(tiny_pair, spec=spec)

    specs = [replace(tiny_pair.spec, name=name) for name in "abc"]
    pairs = Pairs(opener, at_once=2)
    for spec in (specs[0], specs[1], specs[0], specs[2], specs[0], specs[1]):
        pairs.get(spec)

    assert opened == ["a", "b", "c", "b"]


def test_a_failed_opening_is_tried_again(tiny_pair: TaggerPair) -> None:
    """An error is told to whoever asked and not kept."""
    outcomes: list[Any] = [InputError("no such device"), tiny_pair]

    def opener(spec: ModelSpec, **_: Any) -> TaggerPair:
        outcome = outcomes.pop(0)
        if isinstance(outcome, InputError):
            raise outcome
        return tiny_pair

    pairs = Pairs(opener)
    with pytest.raises(InputError):
        pairs.get(tiny_pair.spec)
    assert pairs.get(tiny_pair.spec) is tiny_pair


def test_everyone_who_waits_hears_how_far_it_is(tiny_pair: TaggerPair) -> None:
    """Who comes while a model is being opened hears of the stage under way and of later ones."""
    begun = threading.Event()
    goes_on = threading.Event()

    def opener(spec: ModelSpec, *, report: Any, **_: Any) -> TaggerPair:
        report(Stage("first", 1, 2))
        begun.set()
        assert goes_on.wait(10)
        report(Stage("second", 2, 2))
        return tiny_pair

    pairs = Pairs(opener)
    heard: tuple[list[str], list[str]] = ([], [])

    def late(progress: Stage) -> None:
        heard[1].append(progress.name)
        goes_on.set()

    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(
            pairs.get, tiny_pair.spec, report=lambda progress: heard[0].append(progress.name)
        )
        assert begun.wait(10)
        second = pool.submit(pairs.get, tiny_pair.spec, report=late)
        assert early.result(10) is second.result(10) is tiny_pair

    assert heard[0] == ["first", "second"]
    assert heard[1][0] == "first"
