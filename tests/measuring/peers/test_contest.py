"""Everybody on the same texts: ours and peers, sizes and accuracy."""

from __future__ import annotations

import pytest

from ner.entities import Annotated, Entity, Tagged
from ner.errors import InputError
from ner.measuring.peers import onnx_runtime
from ner.measuring.peers.contest import Contest, Scored, open_contest
from ner.measuring.rows import INT8, ORIGINAL
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared
from ner.models.names import find_model

TEXT = "Wolfgang met Ada in Berlin"
TOKENS = ((0, 8), (9, 12), (13, 16), (17, 19), (20, 26))


def gold(label: str) -> Annotated:
    return Annotated(Tagged(TEXT, (Entity(20, 26, label),)), TOKENS)


@pytest.fixture(scope="module")
def contest(tiny_spec: ModelSpec, tiny_prepared: Prepared) -> Contest:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_runtime, "find_spec", lambda name: None)
        return open_contest(tiny_spec, [TEXT], Scored.of_gold([gold("LOC")]))


def test_ours_stand_beside_the_peers(contest: Contest, tiny_prepared: Prepared) -> None:
    """Each with its size; the original agrees with itself."""
    found = contest.accuracy

    assert {ORIGINAL, INT8, "pipeline on INT8 IR", *contest.peers} <= set(found)
    assert found[ORIGINAL].agreement.f1.value == 1.0
    assert found[INT8].bytes_on_disk == tiny_prepared.size
    assert found["pipeline on INT8 IR"].bytes_on_disk == found[INT8].bytes_on_disk
    assert {1} == {accuracy.gold.entities for accuracy in found.values() if accuracy.gold}


def test_gold_of_other_labels_is_refused(tiny_spec: ModelSpec, tiny_prepared: Prepared) -> None:
    """Rather than scored as nothing found."""
    with pytest.raises(InputError, match=r"Disease.*none of them"):
        open_contest(tiny_spec, [TEXT], Scored.of_gold([gold("Disease")]))


def test_a_model_without_its_checkpoint_has_no_peers() -> None:
    """One of the Hub is not kept; said with what to do."""
    with pytest.raises(InputError, match="give --model its folder"):
        open_contest(find_model("hub:owner/name"), [TEXT], Scored((TEXT,)))
