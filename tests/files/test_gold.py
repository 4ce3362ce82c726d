"""Gold in every format: one text in all of them is the same, and nothing is misread in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from files.samples import written
from ner.entities import Annotated, Entity, Tagged
from ner.errors import FileFormatError, InputError
from ner.files.gold import gold_of_lines, load_gold, parse_gold
from ner.files.marked import Offsets, Reading
from ner.files.tokens import annotate
from ner.io import split_lines

TEXT = "Grace Hopper worked for Remington Rand in Cambridge ."
SPANS = [(0, 12, "PER"), (24, 38, "ORG"), (42, 51, "LOC")]
TOKENS = TEXT.split(" ")
TAGS = ["B-PER", "I-PER", "O", "O", "B-ORG", "I-ORG", "O", "B-LOC", "O"]
GOLD = annotate(Tagged(TEXT, tuple(Entity(*span) for span in SPANS)))
NUMBERS = {"O": 0, "B-PER": 1, "I-PER": 2, "B-ORG": 3, "I-ORG": 4, "B-LOC": 5}
CODES = [NUMBERS[tag] for tag in TAGS]


def rows(*columns: list[str] | str, separator: str = "\t") -> str:
    """Columns side by side; a text stands in each line."""
    cells = [column if isinstance(column, list) else [column] * len(TOKENS) for column in columns]
    return "".join(f"{separator.join(row)}\n" for row in zip(*cells, strict=True))


def dicts(start: str = "start", end: str = "end", label: str = "label") -> list[dict[str, object]]:
    return [{start: a, end: b, label: c} for a, b, c in SPANS]


def label_studio() -> list[dict[str, object]]:
    results = [
        {"type": "labels", "value": {"start": a, "end": b, "text": TEXT[a:b], "labels": [c]}}
        for a, b, c in SPANS
    ]
    cancelled = {"was_cancelled": True, "result": []}
    return [
        {"id": 1, "data": {"ner": TEXT}, "annotations": [cancelled, {"result": results}]},
    ]


def paragraph_tokens() -> list[dict[str, object]]:
    return [{"orth": token, "ner": tag} for token, tag in zip(TOKENS, BILOU, strict=True)]


INDEX = [str(number) for number in range(1, len(TOKENS) + 1)]
BILOU = [tag.replace("I-", "L-") for tag in TAGS[:-2]] + ["U-LOC", "O"]
WEBANNO = "".join(
    f"1-{number}\t0-0\t{token}\t_\t{value}\t\n"
    for number, token, value in zip(
        INDEX,
        TOKENS,
        ["PER[1]", "PER[1]", "_", "_", "ORG[2]", "ORG[2]|X[9]", "_", "LOC", "_"],
        strict=True,
    )
)
# What each format is read from: the name of the file and its content.
FILES: dict[str, tuple[str, object]] = {
    "columns": ("a.conll", rows(TOKENS, TAGS)),
    "chunks too": ("a.txt", rows(TOKENS, "NN", ["B-NP", *TAGS[1:]], TAGS)),
    "a number first, GermEval": ("a.tsv", "# a page\n" + rows(INDEX, TOKENS, TAGS, "O")),
    "a number first, spaces": ("a.txt", rows(INDEX, TOKENS, "_", TAGS, separator=" ")),
    "a number first, CoNLL-U": (
        "a.conllu",
        "# text = blood O\n"
        + rows(INDEX, TOKENS, "_", TAGS).replace("\n5\t", "\n5-6\tx\t_\t_\n5\t"),
    ),
    "the tag first, MIT": ("a.bio", rows(TAGS, TOKENS)),
    "no prefix": ("a.conll", rows(TOKENS, [tag[2:] or "OUTSIDE" for tag in TAGS])),
    "ours": ("a.jsonl", {"text": TEXT, "entities": dicts()}),
    "pretty": ("a.json", json.dumps({"text": TEXT, "entities": dicts()}, indent=1)),
    "an array": ("a.json", [{"text": TEXT, "entities": dicts()}]),
    "wrapped": ("a.json", {"classes": ["PER"], "data": [{"text": TEXT, "spans": dicts()}]}),
    "doccano": ("a.jsonl", {"text": TEXT, "label": SPANS}),
    "doccano, data": ("a.jsonl", {"id": 1, "data": TEXT, "label": SPANS}),
    "doccano, relations": (
        "a.jsonl",
        {"text": TEXT, "entities": dicts("start_offset", "end_offset"), "relations": []},
    ),
    "Label Studio": ("a.json", label_studio()),
    "Label Studio MIN": (
        "a.json",
        [{"text": TEXT, "label": [{"start": a, "end": b, "labels": [c]} for a, b, c in SPANS]}],
    ),
    "Label Studio, old": (
        "a.json",
        [{"data": {"text": TEXT}, "completions": label_studio()[0]["annotations"]}],
    ),
    "Prodigy": (
        "a.jsonl",
        {"text": TEXT, "tokens": [{"text": "Grace"}], "spans": dicts(), "answer": "accept"},
    ),
    "spaCy 2": ("a.json", [[TEXT, {"entities": SPANS}]]),
    "spaCy 2 by line": ("a.jsonl", [TEXT, {"entities": SPANS}]),
    "spaCy": ("a.jsonl", {"text": TEXT, "ents": dicts()}),
    "spaCy, groups": ("a.jsonl", {"text": TEXT, "spans": {"sc": dicts()}}),
    "spaCy, paragraphs": (
        "a.json",
        [{"id": 0, "paragraphs": [{"raw": TEXT, "sentences": [{"tokens": paragraph_tokens()}]}]}],
    ),
    "Argilla 2": (
        "a.json",
        [{"fields": {"text": TEXT}, "responses": {"span": [{"value": dicts()}]}}],
    ),
    "offsets and lengths": (
        "a.json",
        {
            "content": TEXT,
            "entities": [{"offset": a, "length": b - a, "category": c} for a, b, c in SPANS],
        },
    ),
    "a table by columns": ("a.json", {"tokens": [TOKENS], "ner_tags": [TAGS]}),
    "a table by columns, pandas": ("a.json", {"text": {"0": TEXT}, "label": {"0": SPANS}}),
    "Argilla": (
        "a.jsonl",
        {"text": TEXT, "tokens": TOKENS, "annotation": [[c, a, b] for a, b, c in SPANS]},
    ),
    "Hugging Face": ("a.jsonl", {"tokens": TOKENS, "ner_tags": TAGS}),
    "Hugging Face, text": ("a.jsonl", {"text": TEXT, "tokens": TOKENS, "ner_tags": TAGS}),
    "Hugging Face, numbers": (
        "a.jsonl",
        {"tokens": TOKENS, "ner_tags": [NUMBERS[t] for t in TAGS]},
    ),
    "GLiNER": (
        "a.json",
        [{"tokenized_text": TOKENS, "ner": [[0, 1, "PER"], [4, 5, "ORG"], [7, 7, "LOC"]]}],
    ),
    "WebAnno": (
        "a.tsv",
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.Lemma|value\n#T_SP=x.NamedEntity|value|identifier\n"
        f"\n\n#Text={TEXT}\n{WEBANNO}",
    ),
    "Kaggle": (
        "a.csv",
        "Sentence #,Word,POS,Tag\n"
        + rows(["Sentence: 1", *[""] * (len(TOKENS) - 1)], TOKENS, "NN", TAGS, separator=","),
    ),
    "brackets": (
        "a.txt",
        "[Grace Hopper](PER) worked for [Remington Rand](ORG) in [Cambridge](LOC) .",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_one_text_in_every_format_is_the_same_gold(tmp_path: Path, name: str) -> None:
    """Told by its content alone; from a file and from a pasted text, by any line ends."""
    file, content = FILES[name]
    if not isinstance(content, str):
        content = json.dumps(content)
    reading = Reading(tag_names=lambda: list(NUMBERS))

    read = load_gold(written(tmp_path, file, content), reading)
    pasted = parse_gold(split_lines(content.replace("\n", "\r\n")), "pasted text", reading)

    assert [GOLD] == read.texts == pasted
    assert ("no prefix" in " ".join(read.notes)) == (name == "no prefix")


def brat(folder: Path) -> Path:
    written(folder, "a.txt", f"Notes.\n\n{TEXT}\nNew\nYork\n")
    spans = [(a + 8, b + 8, c) for a, b, c in SPANS]
    lines = [f"T{at}\t{c} {a} {b}\t{TEXT[a - 8 : b - 8]}" for at, (a, b, c) in enumerate(spans)]
    lines += ["#1\tAnnotatorNotes T1\tsure", "T9\tORG 7 12;31 35\tGrace Remi"]
    lines += ["T8\tLOC 62 70\tNew York"]
    return written(folder, "a.ann", "\n".join(lines))


def parquet(folder: Path) -> Path:
    pd.DataFrame({"tokens": [TOKENS], "ner_tags": [CODES]}).to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def docbin(folder: Path) -> Path:
    spacy = pytest.importorskip("spacy")
    document = spacy.blank("xx")(TEXT)
    document.set_ents([document.char_span(a, b, label=c) for a, b, c in SPANS])
    spacy.tokens.DocBin([document]).to_disk(folder / "a.spacy")
    return folder / "a.spacy"


@pytest.mark.parametrize("make", [brat, parquet, docbin], ids=lambda make: make.__name__)
def test_files_that_are_more_than_lines(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """Two files beside one another, and such as need a library."""
    read = load_gold(make(tmp_path), Reading(tag_names=lambda: list(NUMBERS)))

    if make is not brat:
        assert [GOLD] == read.texts
    else:
        # A line is a text, unless an entity holds two together.
        assert ["Notes.", TEXT, "New\nYork"] == [one.tagged.text for one in read.texts]
        assert GOLD == read.texts[1] and [read.texts] == load_gold(tmp_path).documents
        assert ["1 spans of several parts were left out."] == read.notes


def test_the_format_can_be_said(tmp_path: Path) -> None:
    """By the names of the list; so can the column of tags."""
    file = written(tmp_path, "a.txt", rows(TOKENS, TAGS, "B-X"))

    assert len(TOKENS) == len(load_gold(file).texts[0].tagged.entities)
    assert [GOLD] == load_gold(file, Reading(tag_column=2)).texts
    numbered = written(tmp_path, "b.txt", rows(INDEX, TOKENS, "B-X", TAGS))
    assert [GOLD] == load_gold(numbered, Reading(tag_column=4)).texts
    with pytest.raises(InputError, match=r"no format 'xml'\. Choose one of docbin, parquet"):
        load_gold(file, Reading(format="xml"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "there is no sentence in it; expected one of"),
        ("Just a sentence.", "begins with 'Just a sentence.'; expected one of"),
        ('{"text": "a"', "line 1: not JSON"),
        ('{"text": "a", "foo": [[0, 1, "X"]]}', 'found "text", "foo"; known are "entities"'),
        ('{"text": "a", "label": [[0, 1, 2]]}', "label 2 is a number; say .* --map 1=PER"),
        ('{"tokens": ["a"], "ner_tags": [9]}', "tag 9 is a number; say .* --map 0=O"),
        ('{"text": "a b", "label": [[0, 3, "X"], [0, 1, "Y"]]}', "lies inside .*--outermost"),
        ('{"text": "a b", "label": [[0, 3, "X"], [0, 3, "Y"]]}', "is marked twice"),
        ('{"text": "a b c", "label": [[0, 3, "X"], [2, 5, "Y"]]}', "overlaps another"),
    ],
)
def test_what_is_misread_in_silence_elsewhere_is_refused(content: str, problem: str) -> None:
    """Each by its name, with what was found and what to do."""
    # A model's list numbers tags; labels of spans have numbers of their own.
    reading = Reading(tag_names=lambda: ("O", "B-PER", "I-PER"))

    with pytest.raises(FileFormatError, match=problem):
        parse_gold(split_lines(content), "pasted text", reading)


def test_the_outer_of_nested_spans_is_kept_where_asked() -> None:
    """The longest that begins first, whatever order they stand in."""
    line = json.dumps({"text": TEXT, "label": [(6, 12, "X"), *SPANS, (0, 5, "X"), SPANS[0]]})

    assert parse_gold([line], "lines", Reading(outermost=True))[0] == GOLD


EMOJI = "\U0001f600 Grace Hopper met Zoë Baird in Köln today"
NAMES = ("Grace Hopper", "Zoë Baird", "Köln")
SHIFTS: dict[Offsets, Callable[[int, int], tuple[int, int]]] = {
    Offsets.CHARACTERS: lambda a, b: (a, b),
    Offsets.INCLUSIVE: lambda a, b: (a, b - 1),
    Offsets.UTF16: lambda a, b: tuple(len(EMOJI[:at].encode("utf-16-le")) // 2 for at in (a, b)),
    Offsets.BYTES: lambda a, b: tuple(len(EMOJI[:at].encode()) for at in (a, b)),
}


@pytest.mark.parametrize("kind", Offsets)
def test_offsets_of_another_kind_are_found_out(kind: Offsets) -> None:
    """Refused with what they look like; read so where it is said."""
    places = [(EMOJI.index(name), EMOJI.index(name) + len(name)) for name in NAMES]
    spans = [[*SHIFTS[kind](a, b), "X"] for a, b in places]
    line = json.dumps({"text": EMOJI, "entities": spans})

    if kind is Offsets.CHARACTERS:
        (read,) = parse_gold([line], "lines")
    else:
        with pytest.raises(FileFormatError, match=rf"of 3 spans .*--offsets {kind} reads them so"):
            parse_gold([line], "lines")
        (read,) = parse_gold([line], "lines", Reading(offsets=kind))
    assert list(NAMES) == [read.tagged.spelled(entity) for entity in read.tagged.entities]


def test_offsets_of_another_text_are_refused() -> None:
    """Where no way of counting makes them fit; scripts without spaces fit always."""
    line = json.dumps({"text": "Grace Hopper sailed", "entities": [[1, 4, "X"], [7, 10, "X"]]})
    with pytest.raises(FileFormatError, match=r"2 of 2 spans .* offsets of another text"):
        parse_gold([line], "lines")

    tokyo = json.dumps({"text": "彼は東京に住む。京都も", "entities": [[2, 4, "X"], [8, 10, "X"]]})
    assert parse_gold([tokyo], "lines")


def test_only_what_was_accepted_counts() -> None:
    """In Prodigy; how much was left out is said."""
    records = [
        {"text": TEXT, "spans": dicts(), "answer": a} for a in ("accept", "reject", "ignore")
    ]
    read = gold_of_lines(map(json.dumps, records), "lines")

    assert ([GOLD], ["2 records that were not accepted were left out."]) == (read.texts, read.notes)


def test_labels_are_mapped() -> None:
    """Of spans and of tags; what is mapped to nothing is left out."""
    names = {"PER": "person", "ORG": ""}
    expected = (Entity(0, 12, "person"), Entity(42, 51, "LOC"))
    for line in (rows(TOKENS, TAGS), json.dumps({"text": TEXT, "label": SPANS})):
        (read,) = parse_gold(split_lines(line), "lines", Reading(names=names))
        assert expected == read.tagged.entities


def test_pasted_surrogates_are_replaced() -> None:
    """A text from a browser may hold a lone surrogate, which no file in UTF-8 can."""
    (gold,) = parse_gold(["[Bo\ud800](PER)"], "pasted text")

    assert gold.tagged.text == "Bo\ufffd"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a B-X", "b I-X", "c O"], []),
        (["a I-X", "b O"], []),
        (["[Berlin](LOC)"], []),
        (
            ["a B-X", "b O", "c I-X"],
            [
                "1 tags continue no entity and were read as the beginning of one, as conlleval "
                "does (lines 3)."
            ],
        ),
        (
            ["a S-X", *["b O", "c I-X"] * 1_001],
            [
                "1,001 tags continue no entity and were read as the beginning of one, as conlleval "
                "does (lines 3, 5, 7, 9, 11, 13, 15, 17, 19, 21 …).",
            ],
        ),
        (["a I-X", "b B-X", "c I-Y"], []),
    ],
    ids=["BIO2", "IOB1", "brackets", "one repair", "IOBES, many repairs", "IOB1 neighbours"],
)
def test_what_was_made_of_the_tags_is_said(lines: list[str], expected: list[str]) -> None:
    """The first of the lines that were repaired; in IOB1 none is."""
    assert expected == gold_of_lines(lines, "the gold").notes


def test_documents_are_kept_apart(tmp_path: Path) -> None:
    """One list of sentences for each -DOCSTART-, none for an empty document."""
    content = "-DOCSTART- O\n\na O\n\nb O\n\n-DOCSTART- O\n-DOCSTART- O\n\nc O\n"
    documents: list[list[Annotated]] = load_gold(written(tmp_path, "a.conll", content)).documents

    assert [["a", "b"], ["c"]] == [[one.tagged.text for one in each] for each in documents]
