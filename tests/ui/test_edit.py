"""Texts that were edited by hand, written as files."""

from __future__ import annotations

import json

import pytest

from ner.comparing.gold_origin import read_origins
from ner.errors import InputError
from ner.files.gold import parse_gold
from ner.ui.edit import written

KEPT = (
    '{"text": "Ada\\n🙂 in Rome.", "entities": [{"start": 9, "end": 13, "label": "LOC"}], '
    '"origin": "bundled#int8", "changes": 2}\n'
    '{"text": "Bob", "entities": []}\n'
)


def test_texts_are_written_as_conll_by_sentences() -> None:
    """Each with what it began as before it; a token ends where an entity does."""
    expected = (
        "# origin = bundled#int8\nAda\tO\n\n🙂\tO\nin\tO\nRome\tB-LOC\n.\tO\n\n"
        "# origin = none\nBob\tO\n\n"
    )
    assert expected == written(KEPT, "conll", limit=10_000)


@pytest.mark.parametrize("form", ["jsonl", "spacy"])
def test_texts_are_written_as_json_lines(form: str) -> None:
    """The text is kept whole; reading it again gives the same entities."""
    lines_ = written(KEPT, form, limit=10_000).splitlines()
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
def test_texts_that_cannot_be_written(lines_: str, form: str, message: str) -> None:
    """The browser's storage is the visitor's: what comes from it is checked."""
    with pytest.raises(InputError, match=message):
        written(lines_, form, limit=10_000)


@pytest.mark.parametrize("form", ["conll", "jsonl", "sentences"])
def test_what_a_text_began_as_goes_along(form: str) -> None:
    """Once for each text, also where its sentences are written one by one."""
    lines_ = written(KEPT, form, limit=10_000).splitlines()

    assert {"bundled#int8"} == read_origins(lines_)
    assert len(parse_gold(lines_, "written")) == (2 if form == "jsonl" else 3)
