import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from ner.entities import Annotated, Entity, Tagged
from ner.errors import FileFormatError, InputError
from ner.files.formats import (
    Scheme,
    TagNotes,
    annotate,
    annotate_tokens,
    bracketed,
    conll_lines,
    iter_bracketed,
    iter_conll,
    iter_jsonl,
    json_line,
    parse_bracketed,
    parse_gold,
    parse_json_line,
    read_conll,
    read_conll_documents,
    read_gold,
    read_lines,
    spacy_json_line,
    split_lines,
    tag_notes,
    text_lines,
    to_bio,
    write_conll,
)

PER, LOC = (0, 3, "PER"), (14, 20, "LOC")
BERLIN = Tagged("Ada met Bo in Berlin", (Entity(*PER), Entity(*LOC)))

# Characters that have been trouble somewhere: separators, marks, astral planes, syntax.
TROUBLE = "aZ9_ \t\n\r\u2028\u00a0\u200d\u0301\u093f\U0001f469\U0001f3fd#[]()\\{}\"'.-\u05d0"

tokens = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=" "), min_size=1, max_size=6
)


@st.composite
def tagged_texts(draw: st.DrawFn, alphabet: str = TROUBLE) -> Tagged:
    """Any text with any entities that begin and end in something visible."""
    text = draw(st.text(st.sampled_from(alphabet), max_size=20))
    visible = [i for i, char in enumerate(text) if char.isprintable() and not char.isspace()]
    borders = draw(st.lists(st.sampled_from(visible), unique=True)) if visible else []
    borders = sorted(borders)[: len(borders) // 2 * 2]
    return Tagged(
        text,
        tuple(
            Entity(start, last + 1, draw(st.sampled_from(["PER", "LOC-x"])))
            for start, last in zip(borders[::2], borders[1::2], strict=True)
        ),
    )


def _write(folder: Path, content: str | bytes) -> Path:
    path = folder / "gold.conll"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _spelled(gold: Annotated) -> list[tuple[str, str]]:
    return [(gold.tagged.spelled(entity), entity.label) for entity in gold.tagged.entities]


ADA = "Ada\tB-PER\nLovelace\tI-PER\nsat\tO\n\nin\tO\nLondon\tB-LOC\n"


@pytest.mark.parametrize(
    "content",
    [
        ADA,
        ADA + "\n\n",
        ADA.rstrip("\n"),
        ADA.replace("\n", "\r\n"),
        ADA.replace("\t", " "),
        ADA.replace("\t", "   "),
        ADA.replace("\t", "\tNNP\tx\t"),
        ADA.replace("\t", " NNP x "),
        ADA.replace("\n\n", "\n \t\n"),
        "-DOCSTART- -X- O O\n\n" + ADA,
        "-DOCSTART-\n" + ADA.replace("\n\n", "\n-DOCSTART-\tO\n"),
        "# Guidelines: names of people are PER.\n#\n\n# id = 1\n" + ADA,
        "\ufeff" + ADA,
        ADA.encode("utf-16"),
        ("\ufeff" + ADA).encode("utf-16-be"),
        ADA.replace("I-PER", "E-PER").replace("B-LOC", "S-LOC"),
        ADA.replace("B-", "I-"),
    ],
    ids=[
        "plain",
        "blank lines at the end",
        "no last line end",
        "CRLF",
        "space",
        "spaces",
        "four columns, tabs",
        "four columns, spaces",
        "blank line with white space",
        "document start",
        "document starts without blank lines",
        "comments",
        "UTF-8 mark",
        "UTF-16 little endian",
        "UTF-16 big endian",
        "IOBES",
        "IOB1",
    ],
)
def test_conll_is_read_in_all_its_dialects(tmp_path: Path, content: str | bytes) -> None:
    """Two sentences, tokens joined by one space, whatever the layout, encoding or scheme."""
    first, second = read_conll(_write(tmp_path, content))

    assert first.tagged.text == "Ada Lovelace sat"
    assert first.tagged.entities == (Entity(0, 12, "PER"),)
    assert first.tokens == ("Ada", "Lovelace", "sat")
    assert second.tagged == Tagged("in London", (Entity(3, 9, "LOC"),))


@pytest.mark.parametrize("label", ["Chemical Compound", "a\tb", ""])
def test_a_label_that_would_not_be_read_back_is_not_written(label: str) -> None:
    """In CoNLL; JSON lines take any."""
    tagged = Tagged("Ada", (Entity(0, 3, label),))

    with pytest.raises(InputError, match="can't stand in CoNLL"):
        list(conll_lines([annotate(tagged)]))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("Ada\tB-PER\nsat\n", r"gold\.conll, line 2: 'sat' is no token and tag"),
        ("Ada\tB-PER\n\tO\n", r"gold\.conll, line 2: .* is no token and tag"),
        ("Ada\tPER\n", r"line 1: tag 'PER' is neither O nor"),
        ("Ada\tB-\n", r"line 1: tag 'B-' is neither"),
        ("a O\n\nb o\n", r"line 3: tag 'o' is neither"),
        ("Ada O\n# not a comment inside a sentence\n", r"line 2: tag 'sentence'"),
        ("", r"gold\.conll: there is no sentence"),
        ("\n-DOCSTART- O\n\n", r"gold\.conll: there is no sentence"),
        (b"Ada O\nZ\xfcrich B-LOC\n", r"gold\.conll: not UTF-8.* save the file as UTF-8"),
        ("Ada\tO\n".encode("utf-16-le"), r"line 1: a NUL character"),
        ("Ada\tO\n".encode("utf-32"), r"UTF-16|NUL"),
    ],
    ids=[
        "no tag",
        "no token",
        "no prefix",
        "no type",
        "small o",
        "late comment",
        "empty",
        "no tokens",
        "cp1252",
        "UTF-16 without a mark",
        "UTF-32",
    ],
)
def test_malformed_conll_is_refused_with_its_line(
    tmp_path: Path, content: str | bytes, problem: str
) -> None:
    """The message names file and line, and says what was found and expected."""
    with pytest.raises(FileFormatError, match=problem):
        read_conll(_write(tmp_path, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A path that can't be opened is a file error, not a trace."""
    with pytest.raises(FileFormatError, match=r"absent\.conll: can't be read \(No such file"):
        read_conll(tmp_path / "absent.conll")


def test_documents_are_kept_apart(tmp_path: Path) -> None:
    """One list of sentences for each -DOCSTART-, none for an empty document."""
    path = _write(tmp_path, "-DOCSTART- O\n\na O\n\nb O\n\n-DOCSTART- O\n-DOCSTART- O\n\nc O\n")

    texts = [[one.tagged.text for one in document] for document in read_conll_documents(path)]

    assert texts == [["a", "b"], ["c"]]
    assert [len(document) for document in read_conll_documents(_write(tmp_path, ADA))] == [2]


def test_reading_conll_is_streamed() -> None:
    """The first sentence is there before the line after it has been asked for."""
    asked = []

    def lines() -> Iterator[str]:
        for line in ("a O", "", "b O", ""):
            asked.append(line)
            yield line

    assert next(iter_conll(lines(), "stream")).tagged.text == "a"
    assert asked == ["a O", ""]


def test_a_token_may_hold_any_character_but_its_separator() -> None:
    """With tabs a token keeps its spaces and no-break spaces; nothing is normalized."""
    (gold,) = iter_conll(["New York\tB-LOC", "10\u00a0000\tO", "\u2028\tO"], "lines")

    assert gold.tokens == ("New York", "10\u00a0000", "\u2028")
    assert _spelled(gold) == [("New York", "LOC")]


@given(st.lists(st.tuples(tokens, st.sampled_from(["O", "B-PER", "I-PER", "B-LOC"])), min_size=1))
def test_conll_lines_read_back_are_the_same(columns: list[tuple[str, str]]) -> None:
    """What is written is read as the same gold, a hash or an odd space as a token included."""
    gold = annotate_tokens(*zip(*columns, strict=True))

    assert list(iter_conll(conll_lines([gold, gold]), "lines")) == [gold, gold]


def test_written_files_are_read_back(tmp_path: Path) -> None:
    """A written file holds the same sentences, in UTF-8 with plain line ends."""
    gold = [annotate_tokens(["Zoë", "sat"], ["B-PER", "O"]), annotate_tokens(["x"], ["O"])]
    path = tmp_path / "out.conll"

    write_conll(gold, path)

    assert path.read_bytes() == "Zoë\tB-PER\nsat\tO\n\nx\tO\n\n".encode()
    assert read_conll(path) == gold


def test_a_token_that_breaks_columns_is_not_written() -> None:
    """A tab or a line end inside a token would be read as something else."""
    gold = Annotated(Tagged("a\tb"), ((0, 3),))

    with pytest.raises(ValueError, match="can't stand in a CoNLL column"):
        list(conll_lines([gold]))


iobes = st.lists(
    st.sampled_from([f"{prefix}-{label}" for prefix in "BIES" for label in ("PER", "LOC")] + ["O"]),
    max_size=10,
)


@given(tags=iobes)
def test_iobes_is_read_as_seqeval_reads_it(tags: list[str]) -> None:
    """Also malformed sequences: seqeval's default mode has conlleval's rules for E- and S-."""
    spans = [(first, last, label) for label, first, last in get_entities(tags)]

    gold = annotate_tokens(["x"] * len(tags), tags)

    assert [(e.start // 2, (e.end - 1) // 2, e.label) for e in gold.tagged.entities] == spans


@given(
    segments=st.lists(st.tuples(st.sampled_from(["PER", "LOC", None]), st.integers(1, 3))),
    letters=st.sampled_from(["BIES", "BILU"]),
)
def test_neighbours_of_one_type_are_kept_apart_in_iobes_and_bilou(
    segments: list[tuple[str | None, int]], letters: str
) -> None:
    """Every entity of a well-formed sequence is read, with the tokens it was given."""
    begin, inside, last, single = letters
    tags, expected = [], []
    for label, length in segments:
        if label is not None:
            expected.append((len(tags), len(tags) + length, label))
            prefixes = single if length == 1 else begin + inside * (length - 2) + last
        tags += ["O"] * length if label is None else [f"{prefix}-{label}" for prefix in prefixes]

    gold = annotate_tokens(["x"] * len(tags), tags)

    assert [(e.start // 2, (e.end + 1) // 2, e.label) for e in gold.tagged.entities] == expected


def test_bilou_closes_as_iobes_does() -> None:
    """L- and U- close an entity, so what follows with I- begins another."""
    assert to_bio(["B-X", "L-X", "I-X", "U-X", "O"]) == ["B-X", "I-X", "B-X", "B-X", "O"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["B-X", "I-X", "O", "B-X"], TagNotes(Scheme.BIO2, ())),
        (["B-X", "O", "I-X", "B-Y", "I-X"], TagNotes(Scheme.BIO2, (3, 5))),
        (["I-X", "O", "I-X", "I-X"], TagNotes(Scheme.IOB1, ())),
        (["I-X", "B-X", "I-Y"], TagNotes(Scheme.IOB1, ())),
        (["B-X", "E-X", "O", "S-Y"], TagNotes(Scheme.IOBES, ())),
        (["S-X", "E-X", "O"], TagNotes(Scheme.IOBES, (2,))),
        (["O"], TagNotes(Scheme.BIO2, ())),
    ],
    ids=["BIO2", "repaired", "I- only", "B- between neighbours", "IOBES", "E- alone", "no entity"],
)
def test_scheme_and_repairs_are_told(tags: list[str], expected: TagNotes) -> None:
    """The scheme follows from the prefixes; in IOB1 an I- that begins an entity is no repair."""
    assert tag_notes([f"x {tag}" for tag in tags], "lines") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. O'Hara_2, U.S.", ["Dr", ".", "O", "'", "Hara_2", ",", "U", ".", "S", "."]),
        ("दिल्ली में", ["दिल्ली", "में"]),
        ("cafe\u0301!", ["cafe\u0301", "!"]),
        (
            "a\U0001f469\u200d\U0001f467\U0001f44b\U0001f3fdb",
            ["a", "\U0001f469\u200d\U0001f467", "\U0001f44b\U0001f3fd", "b"],
        ),
        ("\tx\u2028y\x00z ", ["x", "y", "z"]),
        ("", []),
    ],
    ids=["punctuation", "Devanagari", "combining", "emoji", "separators", "empty"],
)
def test_text_is_cut_into_words_and_single_characters(text: str, expected: list[str]) -> None:
    """Letters run together with their marks; an emoji keeps what modifies it."""
    assert list(annotate(Tagged(text)).tokens) == expected


def test_words_are_cut_at_entity_borders_and_entities_trimmed() -> None:
    """'Berliner' with 'Berlin' marked is two tokens; white space at a span's edges is left out."""
    gold = annotate(Tagged("two Berliner ", (Entity(3, 10, "LOC"),)))

    assert gold.tokens == ("two", "Berlin", "er")
    assert gold.tagged.entities == (Entity(4, 10, "LOC"),)
    with pytest.raises(ValueError, match="token borders"):
        annotate(Tagged("a b", (Entity(1, 2, "LOC"),)))


@given(tagged=tagged_texts())
def test_tokens_cover_all_that_is_visible(tagged: Tagged) -> None:
    """Annotating changes neither text nor entities; tokens are in order and miss only spaces."""
    gold = annotate(tagged)

    covered = {i for start, end in gold.token_offsets for i in range(start, end)}
    assert gold.tagged == tagged
    assert [tagged.text[i] for i in range(len(tagged.text)) if i not in covered] == [
        char for char in tagged.text if char.isspace()
    ]
    assert sorted(gold.token_offsets) == list(gold.token_offsets)


def test_lines_become_texts_of_their_own() -> None:
    """Offsets count from each line; blank lines vanish; an entity across lines joins them.

    A line end at an entity's edge is left out of it.
    """
    text = "Ada \U0001f600\r\n\r\nmet Bo\nin New\nYork"
    places = {"Ada": "PER", "Bo\n": "PER", "New\nYork": "LOC"}
    tagged = Tagged(
        text,
        tuple(
            Entity(text.index(name), text.index(name) + len(name), label)
            for name, label in places.items()
        ),
    )

    assert split_lines(tagged) == [
        Tagged("Ada \U0001f600", (Entity(0, 3, "PER"),)),
        Tagged("met Bo", (Entity(4, 6, "PER"),)),
        Tagged("in New\nYork", (Entity(3, 11, "LOC"),)),
    ]


@given(tagged=tagged_texts())
def test_splitting_lines_loses_no_entity(tagged: Tagged) -> None:
    """Each entity is in one line's text, spelled as before."""
    lines = split_lines(tagged)

    assert [line.spelled(e) for line in lines for e in line.entities] == [
        tagged.spelled(e) for e in tagged.entities
    ]


@given(tagged=tagged_texts())
def test_json_lines_read_back_are_the_same(tagged: Tagged) -> None:
    """Both JSON forms are one line each and keep text and spans."""
    for line in (json_line(tagged), spacy_json_line(tagged)):
        assert "\n" not in line
        assert "\r" not in line
        assert parse_json_line(line, "lines", 1) == tagged


@given(tagged=tagged_texts())
def test_bracketed_text_read_back_is_the_same(tagged: Tagged) -> None:
    """Brackets and backslashes of the text itself survive, line ends too."""
    assert parse_bracketed(bracketed(tagged)) == tagged


@given(text=st.text(st.sampled_from("ab[]()\\"), max_size=12))
def test_any_text_can_be_read_as_bracketed(text: str) -> None:
    """No text is an error; what marks nothing stays as it is."""
    tagged = parse_bracketed(text)

    if not tagged.entities and "\\" not in text:
        assert tagged.text == text


def test_bracketed_text_is_spelled_as_expected() -> None:
    """The mark-up that people write, and links, which are not entities."""
    marked = r"[Ada](PER) met Bo \[sic\] in [Berlin](LOC), see [here](https://x.example) [1]"

    tagged = parse_bracketed(marked)

    assert tagged.text == "Ada met Bo [sic] in Berlin, see [here](https://x.example) [1]"
    assert tagged.entities == (Entity(0, 3, "PER"), Entity(20, 26, "LOC"))
    assert bracketed(BERLIN) == "[Ada](PER) met Bo in [Berlin](LOC)"
    with pytest.raises(InputError, match="can't stand in brackets"):
        bracketed(Tagged("a", (Entity(0, 1, "A B"),)))


@pytest.mark.parametrize(
    "record",
    [
        {"entities": [{"start": a, "end": b, "label": c} for a, b, c in [LOC, PER]]},
        {"spans": [{"start": a, "end": b, "label": c} for a, b, c in [PER, LOC]]},
        {"label": [PER, LOC]},
        {"id": 7, "labels": [PER, LOC]},
        {
            "entities": [
                {"start": 0, "end": 3, "text": "Ada", "label": "PER", "score": 0.99},
                {"start": 14, "end": 20, "text": "Berlin", "label": "LOC", "score": 0.98},
            ]
        },
    ],
    ids=["any order", "spans", "label", "labels", "as the command line writes it"],
)
def test_json_spans_are_read_in_their_usual_forms(record: dict[str, object]) -> None:
    """Objects or triples, under each of the keys in use."""
    line = json.dumps({"text": BERLIN.text} | record)

    assert parse_json_line(line, "lines", 1) == BERLIN


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"text": "a", "entities": [', "not a line of JSON"),
        ('["a"]', "expected a JSON object"),
        ('{"text": 5}', 'no "text" that is a string'),
        ('{"entities": []}', 'no "text" that is a string'),
        ('{"text": "a", "text": "b"}', "'text' stands in it twice"),
        ('{"text": "a", "score": NaN}', "NaN is not JSON"),
        ('{"text": "a", "n": ' + "9" * 5_000 + "}", "not a line of JSON"),
        ('{"text": "a", "n": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"text": "a", "entities": {}}', '"entities" is no list'),
        ('{"text": "a", "entities": [{"start": 0, "end": 1}]}', "has no"),
        ('{"text": "a", "entities": [{"start": false, "end": 1, "label": "X"}]}', "has no"),
        ('{"text": "a", "entities": [{"start": 0.0, "end": 1, "label": "X"}]}', "has no"),
        ('{"text": "a", "entities": [[0, 1]]}', "has no"),
        ('{"text": "a", "entities": [[0, 2, "X"]]}', "outside a text of 1 char"),
        ('{"text": "ab", "entities": [[0, 2, "X"], [1, 2, "Y"]]}', "overlapping"),
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
        list(iter_jsonl(['{"text": "fine"}', "", line], "gold.jsonl"))


def test_a_lone_surrogate_in_json_is_replaced_one_for_one() -> None:
    """Offsets after it stay right, and the text can be encoded."""
    tagged = parse_json_line(r'{"text": "\ud800 Bo", "entities": [[2, 4, "PER"]]}', "lines", 1)

    assert tagged == Tagged("\ufffd Bo", (Entity(2, 4, "PER"),))


@pytest.mark.parametrize(
    "content",
    [
        "# guidelines, e.g. [Berlin](LOC)\nAda B-PER\nmet O\nBo O\nin O\nBerlin B-LOC\n",
        "-DOCSTART-\n\nAda B-PER\nmet O\nBo O\nin O\nBerlin B-LOC\n",
        json_line(BERLIN) + "\n\n",
        "\n" + bracketed(BERLIN),
    ],
    ids=["CoNLL with comments", "CoNLL with documents", "JSON lines", "brackets"],
)
def test_the_format_of_gold_is_told_by_its_content(tmp_path: Path, content: str) -> None:
    """The same sentence in each format, from a file and from a pasted text."""
    (from_file,) = read_gold(_write(tmp_path, content))
    (pasted,) = parse_gold(text_lines(content.replace("\n", "\r\n")), "pasted text")

    assert from_file == pasted
    assert from_file.tagged == BERLIN


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "pasted text: there is no sentence in it; expected 'token<TAB>tag' lines, JSON"),
        ("Just a sentence.", "pasted text, line 1: 'Just a sentence.' is no token|tag 'sentence.'"),
        ('{"text": "a"', "pasted text, line 1: not a line of JSON"),
    ],
)
def test_what_is_no_gold_is_refused(content: str, problem: str) -> None:
    """Empty input, plain text and broken JSON are each told apart."""
    with pytest.raises(FileFormatError, match=problem):
        parse_gold(text_lines(content), "pasted text")


def test_pasted_surrogates_are_replaced() -> None:
    """A text from a browser may hold a lone surrogate, which no file in UTF-8 can."""
    (gold,) = parse_gold(["[Bo\ud800](PER)"], "pasted text")

    assert gold.tagged.text == "Bo\ufffd"


def test_lines_end_at_line_ends_only(tmp_path: Path) -> None:
    """U+2028, U+0085 and form feeds stay inside a line, in files and in pasted texts."""
    content = "a\u2028b\x85c\x0cd\r\ne\rf\n"

    assert list(read_lines(_write(tmp_path, content))) == ["a\u2028b\x85c\x0cd", "e", "f"]
    assert text_lines(content) == ["a\u2028b\x85c\x0cd", "e", "f"]


def test_bracketed_lines_are_gold_each() -> None:
    """One text to a line, with tokens for the parts that count tokens."""
    gold = list(iter_bracketed(["[Ada](PER) sat.", "", "No one."], "lines"))

    assert [one.tokens for one in gold] == [("Ada", "sat", "."), ("No", "one", ".")]
    assert _spelled(gold[0]) == [("Ada", "PER")]
