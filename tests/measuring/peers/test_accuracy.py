"""Agreement and F1 of contestants, by hand and against what the rest of the program counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.comparing.agreement import agreement_f1, align
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.scores import score, total
from ner.measuring.peers.accuracy import accuracy_json, judge

TOKENS = ((0, 3), (4, 12), (13, 18), (19, 21), (22, 28), (28, 29))
TEXT = "Ada Lovelace lived in London."
ADA, LONDON = Entity(0, 12, "PER"), Entity(22, 28, "LOC")


@dataclass(frozen=True)
class Always:
    """Finds in each text what it was given, in order."""

    found: Sequence[Tagged]

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        assert list(texts) == [tagged.text for tagged in self.found]
        return list(self.found)


@st.composite
def taggings(draw: st.DrawFn) -> Tagged:
    """Any entities of whole tokens of the one text."""
    borders = draw(st.lists(st.integers(0, len(TOKENS)), unique=True, max_size=6))
    spans = zip(sorted(borders)[::2], sorted(borders)[1::2], strict=False)
    labels = st.sampled_from(["PER", "LOC"])
    return Tagged(
        TEXT,
        tuple(Entity(TOKENS[a][0], TOKENS[b - 1][1], draw(labels)) for a, b in spans),
    )


def test_a_contestant_is_scored_by_hand() -> None:
    """One of two entities, and one of them with another border than the original's."""
    wanted = [Tagged(TEXT, (ADA, LONDON)), Tagged(TEXT, (ADA,))]
    found = [Tagged(TEXT, (ADA,)), Tagged(TEXT, (Entity(4, 12, "PER"),))]
    judged = judge(Always(found), 1_000, wanted)

    assert judged.agreement.f1.value == pytest.approx(2 * 1 / (2 * 1 + 1 + 2))
    assert judged.agreement.entities == 3
    assert judged.gold is None


def test_nothing_to_find_and_nothing_found_is_agreement() -> None:
    """Texts without entities are no reason to call a contestant bad."""
    assert judge(Always([Tagged(TEXT)]), 1, [Tagged(TEXT)]).agreement.f1.value == 1.0


@given(st.lists(st.tuples(taggings(), taggings(), taggings()), min_size=1, max_size=5))
def test_figures_are_those_of_compare_and_evaluate(
    texts: list[tuple[Tagged, Tagged, Tagged]],
) -> None:
    """Agreement as ``compare`` counts it, F1 as ``evaluate`` does, each within its interval."""
    wanted, found, true = zip(*texts, strict=True)
    gold = [Annotated(tagged, TOKENS) for tagged in true]
    judged = judge(Always(found), 1, wanted, gold)

    assert judged.agreement.f1.value == pytest.approx(agreement_f1(map(align, wanted, found)))
    assert judged.gold is not None
    expected = total(map(score, gold, found)).micro
    if expected.support or expected.found:
        assert judged.gold.f1.value == pytest.approx(expected.f1)
    for figure in (judged.agreement, judged.gold):
        assert figure.f1.value in figure.f1


def test_the_json_has_f1_only_where_there_is_gold() -> None:
    """Size, agreement with its interval and its number of entities; F1 likewise."""
    tagged = Tagged(TEXT, (ADA, LONDON))
    gold = [Annotated(tagged, TOKENS)]
    without = accuracy_json({"peer": judge(Always([tagged]), 7, [tagged])})["peer"]
    beside = accuracy_json({"peer": judge(Always([tagged]), 7, [tagged], gold)})["peer"]

    assert {"bytes", "agreement", "agreement_entities"} == set(without)
    assert beside == without | {"f1": {"value": 1.0, "low": 0.0, "high": 1.0}, "f1_entities": 2}
