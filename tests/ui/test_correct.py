"""What tab 'Correct' answers, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from fakes import FakeSides, gate_of, loader_of, service_of

from ner.comparing.gold_origin import read_origins
from ner.errors import InputError
from ner.files.gold import parse_gold
from ner.serving.bounds import Bounds
from ner.ui.correct import CorrectHandler, written

BOUNDS = Bounds()
# Left, right and device, as the page's pickers give them.
CHOSEN = ("bundled#original", "bundled#int8", "CPU")


def result(values: Iterator[dict[str, str]]) -> tuple[str, dict[str, Any]]:
    """The last value: its markup, and its data."""
    *_, last = values
    return last["html"], json.loads(last["data"]) if last["data"] else {}


def handler(sides: FakeSides | None = None) -> CorrectHandler:
    return CorrectHandler(loader_of(sides or FakeSides()), service_of())


def started(text: str, begin: str) -> dict[str, Any]:
    return result(handler().start(text, *CHOSEN, begin))[1]


def received(**record: object) -> tuple[str, dict[str, Any]]:
    return result(handler().receive(json.dumps(record), *CHOSEN))


def test_correcting_starts_from_either_side_or_from_nothing() -> None:
    """The document has the text as given and no scores."""
    text = "🙂 Oslo\nand Paris"
    assert [{"start": 2, "end": 6, "label": "LOC"}] == started(text, "right")["document"][
        "entities"
    ]
    assert [{"start": 11, "end": 16, "label": "LOC"}] == started(text, "left")["document"][
        "entities"
    ]
    assert [] == started(text, "plain")["document"]["entities"]


def test_a_text_is_told_what_it_began_as_and_where_its_sentences_begin() -> None:
    """By hand it began as nothing; a paragraph ends a sentence."""
    document = started("Mr. Bo left Oslo.\n\nParis too. Why?", "right")["document"]

    assert {"name": "bundled#int8", "title": "INT8"} == document["began"]
    assert [19, 30] == document["sentences"]
    assert started("Oslo", "plain")["document"]["began"] is None


def test_starting_the_same_text_twice_is_two_starts() -> None:
    """The page tells them apart by their ids."""
    assert started("Oslo", "plain")["id"] != started("Oslo", "plain")["id"]


@pytest.mark.parametrize(
    ("text", "begin", "message"),
    [
        (" ", "right", "Type or paste a text"),
        ("x" * (BOUNDS.text_characters + 1), "right", "20,000"),
        ("x", "other", "no side 'other'"),
    ],
)
def test_what_cannot_be_started(text: str, begin: str, message: str) -> None:
    """A sentence, and nothing for the editor."""
    html, data = result(handler().start(text, *CHOSEN, begin))
    assert message in unescape(html)
    assert {} == data


def test_a_side_that_is_not_served_cannot_be_started_from() -> None:
    """With the reason; the other one can."""
    alone = FakeSides(right=None, gate=gate_of(0.812, 250))
    html, data = result(handler(alone).start("Oslo", *CHOSEN, "right"))
    assert "not served" in html
    assert {} == data
    assert result(handler(alone).start("Paris", *CHOSEN, "left"))[1]


def test_a_result_is_taken_over_with_what_it_began_as() -> None:
    """Its entities as they are shown, whatever the side would find now."""
    spans = [{"start": 0, "end": 4, "label": "PER", "text": "Oslo", "score": 0.5}]
    _, data = received(text="Oslo", entities=spans, side="left")

    assert [{"start": 0, "end": 4, "label": "PER"}] == data["document"]["entities"]
    assert "bundled#original" == data["document"]["began"]["name"]
    assert "LOC" in data["labels"]


def test_a_side_may_be_named_too() -> None:
    """As other tabs know it."""
    _, data = received(text="Oslo", entities=[], side="bundled#int8")
    assert "INT8" == data["document"]["began"]["title"]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": "Oslo", "entities": [{"start": 0, "end": 9, "label": "LOC"}]}, "outside"),
        ({"text": "Oslo", "entities": [], "side": "middle"}, "no side 'middle'"),
        ({"text": "x" * (BOUNDS.text_characters + 1), "entities": []}, "20,000"),
        ({"text": "x" * (9 * BOUNDS.text_characters)}, "20,000"),
    ],
)
def test_what_cannot_be_taken_over(record: dict[str, Any], message: str) -> None:
    """It comes from the visitor's browser: it is checked."""
    html, data = received(**record)
    assert message in unescape(html)
    assert {} == data


KEPT = (
    '{"text": "Ada\\n🙂 in Rome.", "entities": [{"start": 9, "end": 13, "label": "LOC"}], '
    '"origin": "bundled#int8", "changes": 2}\n'
    '{"text": "Bob", "entities": []}\n'
)


def test_corrections_are_written_as_conll_by_sentences() -> None:
    """Each with what it began as before it; a token ends where an entity does."""
    expected = (
        "# origin = bundled#int8\nAda\tO\n\n🙂\tO\nin\tO\nRome\tB-LOC\n.\tO\n\n"
        "# origin = none\nBob\tO\n\n"
    )
    assert expected == written(KEPT, "conll", limit=2 * BOUNDS.gold_characters)


@pytest.mark.parametrize("form", ["jsonl", "spacy"])
def test_corrections_are_written_as_json_lines(form: str) -> None:
    """The text is kept whole; reading it again gives the same entities."""
    lines_ = written(KEPT, form, limit=2 * BOUNDS.gold_characters).splitlines()
    assert ["Ada\n🙂 in Rome.", "Bob"] == [json.loads(line)["text"] for line in lines_]
    [first, _] = parse_gold(lines_, "written")
    assert "Rome" == first.tagged.spelled(first.tagged.entities[0])


@pytest.mark.parametrize(
    ("lines_", "form", "message"),
    [
        ("", "conll", "There is no text yet"),
        ("{}", "conll", "text"),
        (KEPT, "xml", "no format 'xml'"),
    ],
)
def test_corrections_that_cannot_be_written(lines_: str, form: str, message: str) -> None:
    """The browser's storage is the visitor's: what comes from it is checked."""
    with pytest.raises(InputError, match=message):
        written(lines_, form, limit=2 * BOUNDS.gold_characters)


@pytest.mark.parametrize("form", ["conll", "jsonl", "sentences"])
def test_what_a_text_began_as_goes_along(form: str) -> None:
    """Once for each text, also where its sentences are written one by one."""
    lines_ = written(KEPT, form, limit=2 * BOUNDS.gold_characters).splitlines()

    assert {"bundled#int8"} == read_origins(lines_)
    assert len(parse_gold(lines_, "written")) == (2 if form == "jsonl" else 3)
