"""JSON lines with spans: strict, both ways."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from files.samples import BERLIN, LOC, PER, tagged_texts
from ner.entities import Entity, Tagged
from ner.errors import FileFormatError
from ner.files.gold import parse_gold
from ner.files.json_records import json_line
from ner.files.marked import Offsets, Reading

STRICT = Reading(format="json", offsets=Offsets.CHARACTERS)


def read(line: str) -> Tagged:
    (gold,) = parse_gold([line], "lines", STRICT)
    return gold.tagged


@given(tagged=tagged_texts())
def test_json_lines_read_back_are_the_same(tagged: Tagged) -> None:
    """Both JSON forms are one line each and keep text and spans."""
    for line in (json_line(tagged), json_line(tagged, spacy=True)):
        assert "\n" not in line
        assert "\r" not in line
        assert read(line) == tagged


def test_spans_may_stand_in_any_order() -> None:
    """And know more than is read, as those that the command line writes."""
    spans = [
        {"start": a, "end": b, "text": BERLIN.text[a:b], "label": label, "score": 0.99}
        for a, b, label in (LOC, PER)
    ]

    assert read(json.dumps({"text": BERLIN.text, "entities": spans})) == BERLIN


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"text": "a", "entities": [', "not JSON"),
        ('["a"]', "expected a JSON object"),
        ('{"text": 5}', 'no "text" that is a string'),
        ('{"entities": []}', 'no "text" that is a string'),
        (
            '{"text": null, "entities": [{"start": 0, "end": 1, "type": "X", "text": "a"}]}',
            'no "text" that is a string',
        ),
        ('{"text": "a", "text": "b"}', "'text' stands in it twice"),
        ('{"text": "a", "score": NaN}', "NaN is not JSON"),
        ('{"text": "a", "n": ' + "9" * 5_000 + "}", "not JSON"),
        ('{"text": "a", "n": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"text": "a", "entities": {}}', '"entities" must be a list'),
        ('{"text": "a", "entities": [{"start": 0, "end": 1}]}', "has no"),
        ('{"text": "a", "entities": [{"start": false, "end": 1, "label": "X"}]}', "has no"),
        ('{"text": "a", "entities": [{"start": 0.0, "end": 1, "label": "X"}]}', "has no"),
        ('{"text": "a", "entities": [[0, 1]]}', "has no"),
        ('{"text": "a", "entities": [[0, 2, "X"]]}', "outside a text of 1 char"),
        ('{"text": "ab", "entities": [[0, 2, "X"], [1, 2, "Y"]]}', "lies inside another"),
        (
            '{"text": "\\ud83d\\ude00 Bo", "entities": [{"start": 3, "end": 5, "label": "PER", '
            '"text": "Bo"}]}',
            "is 'o', not 'Bo'; offsets are code points",
        ),
        ('{"text": "a b", "entities": [[1, 2, "X"]]}', "white space"),
    ],
)
def test_malformed_json_lines_are_refused_with_their_line(line: str, problem: str) -> None:
    """Strict JSON, whole-number spans inside the text, and no silent shift by UTF-16 offsets."""
    with pytest.raises(FileFormatError, match=rf"gold\.jsonl, line 3: .*{problem}"):
        parse_gold(['{"text": "fine", "label": []}', "", line], "gold.jsonl", STRICT)


def test_a_lone_surrogate_in_json_is_replaced_one_for_one() -> None:
    """Offsets after it stay right, and the text can be encoded."""
    tagged = read(r'{"text": "\ud800 Bo", "entities": [[2, 4, "PER"]]}')

    assert tagged == Tagged("\ufffd Bo", (Entity(2, 4, "PER"),))
