"""The texts that the project ships: enough, varied, apart from each other, and well annotated."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path

import pytest

from ner.entities import Annotated
from ner.files.gold import load_gold, read_gold
from ner.models.calibration import project_texts

_ASSETS = Path(__file__).parents[1] / "assets"
_KINDS = ("general", "medical")
_FILES = {
    "general-calibration": 220,
    "general-gate": 110,
    "medical-calibration": 200,
    "medical-gate": 100,
}


def _texts(name: str) -> list[str]:
    kind, _, use = name.partition("-")
    return list(project_texts(kind, use))


def _gold(kind: str) -> list[Annotated]:
    return read_gold(_ASSETS / "gold" / f"{kind}.conll")


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


def _overlap(left: frozenset[str], right: frozenset[str]) -> float:
    """Jaccard index of two sets of words."""
    return len(left & right) / len(left | right)


def _nearly_equal(texts: list[str]) -> list[tuple[str, str]]:
    """Pairs that share most of their words, whatever their case, order and punctuation."""
    words = [(text, _words(text)) for text in texts]
    return [
        (one, other)
        for (one, left), (other, right) in itertools.combinations(words, 2)
        if _overlap(left, right) >= 0.6
    ]


def _has_word(text: str) -> bool:
    return re.search(r"\w", text) is not None


@pytest.mark.parametrize(("name", "at_least"), _FILES.items(), ids=_FILES)
def test_each_file_has_enough_texts_of_one_clean_line(name: str, at_least: int) -> None:
    """Enough texts; each has a word and no space around it, no tab and no control character."""
    texts = _texts(name)
    assert len(texts) >= at_least
    assert [text for text in texts if text != text.strip() or not _has_word(text)] == []
    assert [text for text in texts if not text.isprintable()] == []
    # Comments stand at the top only, so that a text which begins with a hashtag is noticed.
    lines = (_ASSETS / "texts" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    header = list(itertools.takewhile(lambda line: line.startswith("#"), lines))
    assert any("Apache-2.0" in line for line in header)
    assert lines[len(header) :] == texts


@pytest.mark.parametrize(("name", "long"), [("general-calibration", 20), ("general-gate", 8)])
def test_general_texts_are_varied_in_length_and_kind(name: str, long: int) -> None:
    """Short and long ones, capitals, lower case, figures, questions, quotes, handles, accents.

    Ranges are observed on many long inputs.
    """
    texts = _texts(name)
    lengths = [len(text.split()) for text in texts]
    assert sum(length <= 4 for length in lengths) >= 5
    assert sum(60 <= length <= 150 for length in lengths) >= long
    for kind in (r"^[^a-z]*[A-Z]{4}[^a-z]*$", r"^[^A-Z]*[a-z]{4}[^A-Z]*$", r"\d", r"\?", '"', "@"):
        assert sum(re.search(kind, text) is not None for text in texts) >= 2, kind
    assert sum(not text.isascii() for text in texts) >= 10


@pytest.mark.parametrize("kind", _KINDS)
def test_no_text_is_repeated_within_or_across_calibration_gate_and_gold(kind: str) -> None:
    """What INT8 is calibrated on, what it is checked on and what is scored are apart."""
    gold = [" ".join(sentence.tokens) for sentence in _gold(kind)]
    texts = [*_texts(f"{kind}-calibration"), *_texts(f"{kind}-gate"), *gold]
    assert _nearly_equal([text for text in texts if len(_words(text)) >= 4]) == []
    short = Counter(" ".join(re.findall(r"\w+", text.casefold())) for text in texts)
    assert [text for text, count in short.items() if count > 1] == []


def test_near_equality_sees_through_case_and_punctuation() -> None:
    """The measure that the test above relies on finds a disguised copy and spares a new text."""
    texts = ["Ajax beat Utrecht in May.", "AJAX BEAT UTRECHT -- in may!", "Utrecht lost to PSV."]
    assert _nearly_equal(texts) == [(texts[0], texts[1])]


@pytest.mark.parametrize(
    ("kind", "groups", "sentences", "at_least"),
    [
        ("general", 4, 160, {"PER": 80, "ORG": 80, "LOC": 80, "MISC": 50}),
        ("medical", 2, 60, {"Chemical": 60, "Disease": 60}),
    ],
)
def test_gold_has_enough_sentences_and_entities_of_each_label(
    kind: str, groups: int, sentences: int, at_least: dict[str, int]
) -> None:
    """Exactly the promised labels, each often enough to score; also sentences without any.

    Tags are strict BIO2: none had to be repaired.
    """
    read = load_gold(_ASSETS / "gold" / f"{kind}.conll")
    gold = read.texts
    counts = Counter(entity.label for one in gold for entity in one.tagged.entities)
    assert (groups, []) == (len(read.documents), read.notes)
    assert len(gold) >= sentences
    assert counts.keys() == at_least.keys()
    assert {label: count for label, count in counts.items() if count < at_least[label]} == {}
    assert any(not one.tagged.entities for one in gold)


@pytest.mark.parametrize("kind", _KINDS)
def test_gold_names_hold_no_punctuation_at_their_edges(kind: str) -> None:
    """A span begins and ends with a word: a stray comma or possessive would be a slip."""
    edges = [
        (" ".join(tokens), token)
        for one in _gold(kind)
        for entity in one.tagged.entities
        for tokens in [one.tagged.spelled(entity).split()]
        for token in (tokens[0], tokens[-1])
    ]
    assert [name for name, token in edges if not _has_word(token)] == []
    assert [name for name, token in edges if token == "'s" and name != "Ben & Jerry 's"] == []


def test_same_words_are_annotated_alike_unless_listed_as_ambiguous() -> None:
    """A name has one label through the general gold, save those that are there to be ambiguous."""
    labels: dict[str, set[str]] = {}
    for one in _gold("general"):
        for entity in one.tagged.entities:
            labels.setdefault(one.tagged.spelled(entity).casefold(), set()).add(entity.label)
    ambiguous = {name for name, found in labels.items() if len(found) > 1}
    assert ambiguous == {"amazon", "charlotte", "ford", "jordan", "victoria", "washington"}
