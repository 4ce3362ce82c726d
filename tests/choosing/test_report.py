"""A decision as JSON: strict, complete, with the same figures as the sentence."""

from __future__ import annotations

import json
import re

from choosing.samples import candidate, rows
from ner.choosing.decision import decide
from ner.choosing.limits import Limits
from ner.choosing.report import decision_json, sentence


def test_the_json_holds_each_candidate_and_the_choice() -> None:
    """No infinity in it, though too few texts leave the time open upwards."""
    candidates = [
        candidate("original", mb=77, ms=3, texts=5),
        candidate("int8", mb=20, ms=1, agreement=rows(5)),
    ]
    decision = decide(candidates, Limits(max_ms=2))
    answer = decision_json(decision)

    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert ("undecided", None, "int8") == (answer["answer"], answer["chosen"], answer["named"])
    assert ["original", "int8"] == [item["name"] for item in answer["candidates"]]
    assert [False, True] == [item["on_frontier"] for item in answer["candidates"]]
    assert sentence(decision) == answer["sentence"]


def test_the_choice_is_the_one_of_the_sentence() -> None:
    """Both come from one decision."""
    candidates = [
        candidate("original", mb=77, ms=3),
        candidate("int8", mb=20, ms=1, agreement=rows(200)),
    ]
    answer = decision_json(decide(candidates, Limits(max_ms=2, max_mb=25)))

    assert "int8" == answer["chosen"]
    assert answer["more_texts"] is None
    assert re.fullmatch(
        r"Take INT8, the fastest that surely fits: 1\.0\d \([\d.]+–[\d.]+\) ms a text, 20\.0 MB, "
        r"agreement 100\.0 \(99\.3–100\.0\) % on 400 entities\.",
        answer["sentence"],
    )
