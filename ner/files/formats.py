"""Annotated text in files: CoNLL columns, JSON lines and bracketed text, both ways.

Reading is streamed and each problem is reported with its line. Every reader takes lines and a
``source`` for errors to name, so that a pasted text is read by the same code as a file.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from ner.entities import Annotated, Entity, Tagged, spans_of_bio
from ner.errors import FileFormatError, InputError

DOCUMENT_START = "-DOCSTART-"

# What each prefix means in BIO2: IOBES and BILOU have letters of their own for 'last' and 'single'.
_BIO_PREFIX = {"B": "B", "I": "I", "E": "I", "L": "I", "S": "B", "U": "B"}
_CLOSING = ("E", "L", "S", "U")
_TAG = re.compile(rf"O|[{''.join(_BIO_PREFIX)}]-\S+")

_BRACKETED = re.compile(
    r"\[(?P<span>(?:\\.|[^\\\[\]])+)\]\((?P<label>[\w.-]+)\)|\\(?P<escaped>[\\\[\]])", re.DOTALL
)
_LABEL = re.compile(r"[\w.-]+")

# Under which key spans are found in JSON lines: ours, Prodigy's, doccano's old and new.
_SPAN_KEYS = ("entities", "spans", "label", "labels")

_SURROGATE = re.compile("[\ud800-\udfff]")
_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


class Scheme(StrEnum):
    """How the tags of a CoNLL file mark where entities begin and end."""

    BIO2 = "BIO2"
    IOB1 = "IOB1"
    IOBES = "IOBES"


@dataclass(frozen=True, slots=True)
class TagNotes:
    """What was made of the tags of a CoNLL file.

    ``repaired`` are the lines (from 1) of an I- or E- that continued no entity of its type and was
    read as the beginning of one; in IOB1 that is no repair.
    """

    scheme: Scheme
    repaired: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One token of a CoNLL file; ``line`` counts from 1."""

    line: int
    token: str
    tag: str


def read_gold(path: Path) -> list[Annotated]:
    """The annotated texts of a file, in whichever of the formats it is, see `parse_gold`."""
    return parse_gold(read_lines(path), path)


def read_gold_documents(path: Path) -> list[list[Annotated]]:
    """The same by document: its ``-DOCSTART-`` lines part them; one list where there is none.

    Raises ``FileFormatError`` as :func:`read_gold`.
    """
    if any(line.startswith("-DOCSTART-") for line in read_lines(path)):
        return read_conll_documents(path)
    return [read_gold(path)]


def parse_gold(lines: Iterable[str], source: Path | str) -> list[Annotated]:
    """Annotated texts from CoNLL columns, JSON lines or bracketed text; the content decides.

    The first line that is no comment decides: a JSON object, or a tag in its last column; what is
    neither, but has ``[words](LABEL)`` somewhere, is bracketed text. Lone surrogates become
    U+FFFD, one for one. Raises ``FileFormatError``, also when there is nothing in it.
    """
    kept = [_SURROGATE.sub("\ufffd", line) for line in lines]
    gold = list(_reader(kept)(kept, source))
    if not gold:
        raise FileFormatError(
            source,
            None,
            "there is no sentence in it; expected 'token<TAB>tag' lines, JSON lines with spans, "
            "or text like [Berlin](LOC).",
        )
    return gold


def text_lines(text: str) -> list[str]:
    """The lines of a pasted text without their ends (LF, CRLF or CR; never U+2028)."""
    return [line.rstrip("\n") for line in io.StringIO(text, newline=None)]


def read_conll(path: Path) -> list[Annotated]:
    """The sentences of a CoNLL file, see `iter_conll`.

    UTF-8, or UTF-16 that begins with its byte-order mark. Raises ``FileFormatError`` for another
    encoding, for a malformed line, or when there is no sentence in the file.
    """
    return [sentence for document in read_conll_documents(path) for sentence in document]


def read_conll_documents(path: Path) -> list[list[Annotated]]:
    """The same, one list for each ``-DOCSTART-``; one list in all where there is none."""
    documents: list[list[Annotated]] = [[]]
    for rows in _blocks(read_lines(path), path):
        if rows:
            documents[-1].append(_sentence(rows))
        elif documents[-1]:
            documents.append([])
    documents = [document for document in documents if document]
    if not documents:
        raise FileFormatError(path, None, "there is no sentence in it; expected 'token<TAB>tag'.")
    return documents


def iter_conll(lines: Iterable[str], source: Path | str) -> Iterator[Annotated]:
    """The sentences of CoNLL lines; the text of each is its tokens joined by one space.

    Columns are parted by tabs, or by spaces in a line without a tab; the first is the token, the
    last its tag. A blank line ends a sentence; ``-DOCSTART-`` lines are skipped, and so are
    comments: lines before a sentence's first token that begin with ``#``, have no tab and end in
    no tag. Tags may be BIO2, IOB1, IOBES or BILOU. Repair rule, as in conlleval: an I- (or E-) that
    continues no entity of its own type begins one; `tag_notes` tells where.

    Raises ``FileFormatError`` that names ``source`` and the line.
    """
    return (_sentence(rows) for rows in _blocks(lines, source) if rows)


def tag_notes(lines: Iterable[str], source: Path | str) -> TagNotes:
    """Which scheme the tags of CoNLL lines follow, and which of them had to be repaired.

    Raises ``FileFormatError`` as `iter_conll` does.
    """
    closes = begins_with_b = False
    continuing_nothing = []
    for rows in _blocks(lines, source):
        previous = ("O", "")
        for row in rows:
            prefix, _, label = row.tag.partition("-")
            closes |= prefix in _CLOSING
            fresh = previous[0] in ("O", *_CLOSING) or previous[1] != label
            begins_with_b |= prefix == "B" and fresh
            if fresh and prefix in ("I", "E", "L"):
                continuing_nothing.append(row.line)
            previous = (prefix, label)
    if not closes and not begins_with_b and continuing_nothing:
        return TagNotes(Scheme.IOB1, ())
    return TagNotes(Scheme.IOBES if closes else Scheme.BIO2, tuple(continuing_nothing))


def tag_hints(lines: Iterable[str], source: Path | str) -> list[str]:
    """How the tags of CoNLL lines were read, in sentences; none for plain BIO2, nor for spans."""
    try:
        notes = tag_notes(lines, source)
    except FileFormatError:
        return []  # spans or brackets, which have no tags
    hints = []
    if notes.scheme is not Scheme.BIO2:
        hints.append(f"Tags are {notes.scheme}, read as entities.")
    if notes.repaired:
        numbers = ", ".join(map(str, notes.repaired[:10]))
        more = " …" if len(notes.repaired) > 10 else ""
        hints.append(
            f"{len(notes.repaired):,} tags continue no entity and were read as the beginning of "
            f"one, as conlleval does (lines {numbers}{more})."
        )
    return hints


def annotate_tokens(tokens: Sequence[str], tags: Sequence[str]) -> Annotated:
    """Gold from tokens and their tags (any scheme that `iter_conll` reads)."""
    offsets = []
    position = 0
    for token in tokens:
        offsets.append((position, position + len(token)))
        position += len(token) + 1
    entities = tuple(
        Entity(offsets[first][0], offsets[last - 1][1], label)
        for first, last, label in spans_of_bio(to_bio(tags))
    )
    return Annotated(Tagged(" ".join(tokens), entities), tuple(offsets))


def annotate(tagged: Tagged) -> Annotated:
    """Gold from a text whose tokens are not known.

    A token is a run of letters, digits and ``_`` with the marks upon them, or one other character
    with what modifies it; white space and control characters part tokens, and so does the border
    of an entity. White space at an entity's edges is left out of it. Raises ``ValueError`` for an
    entity of white space only.
    """
    entities = tuple(_trimmed(entity, tagged.text) for entity in tagged.entities)
    borders = {border for entity in entities for border in (entity.start, entity.end)}
    offsets: list[tuple[int, int]] = []
    for index, char in enumerate(tagged.text):
        if char.isspace() or unicodedata.category(char) == "Cc":
            continue
        if (
            offsets
            and offsets[-1][1] == index
            and index not in borders
            and _joined(tagged.text[index - 1], char)
        ):
            offsets[-1] = (offsets[-1][0], index + 1)
        else:
            offsets.append((index, index + 1))
    return Annotated(Tagged(tagged.text, entities), tuple(offsets))


def split_lines(tagged: Tagged) -> list[Tagged]:
    """One tagged text for each line that is not blank; an entity across lines holds them together.

    For formats that have one sentence to a line or block; scores are kept.
    """
    starts = [entity.start for entity in tagged.entities]
    borders = [0]
    for match in re.finditer(r"\r\n?|\n", tagged.text):
        before = bisect_left(starts, match.end()) - 1
        if before < 0 or tagged.entities[before].end <= match.end():
            borders.append(match.end())
    lines = []
    for start, end in pairwise([*borders, len(tagged.text)]):
        text = tagged.text[start:end].rstrip("\r\n")
        entities = tuple(
            replace(entity, start=entity.start - start, end=min(entity.end - start, len(text)))
            for entity in tagged.entities[bisect_left(starts, start) : bisect_left(starts, end)]
            if entity.start - start < len(text)
        )
        if text.strip():
            lines.append(Tagged(text, entities))
    return lines


def to_bio(tags: Sequence[str]) -> list[str]:
    """Tags of any scheme with the prefixes B- and I- only, for `spans_of_bio` to read.

    An entity that was closed by E-, L-, S- or U- is not continued by what follows.
    """
    result = []
    closed = False
    for tag in tags:
        prefix, hyphen, label = tag.partition("-")
        bio = "B" if closed and hyphen else _BIO_PREFIX.get(prefix, prefix)
        result.append(f"{bio}{hyphen}{label}")
        closed = prefix in _CLOSING
    return result


def check_conll_labels(labels: Iterable[str]) -> None:
    """Raise ``InputError`` for a label that would not be read back from a CoNLL file."""
    for label in labels:
        if not _TAG.fullmatch(f"B-{label}"):
            raise InputError(
                f"Label {label!r} can't stand in CoNLL, where a tag is one word without white "
                "space. Choose another format, such as JSON lines."
            )


def conll_lines(sentences: Iterable[Annotated]) -> Iterator[str]:
    """Lines ``token<TAB>BIO2 tag`` without line ends, and an empty one after each sentence.

    Raises ``ValueError`` for a token that holds a tab, a line end or NUL, and for a label as
    `check_conll_labels` does.
    """
    for sentence in sentences:
        check_conll_labels(entity.label for entity in sentence.tagged.entities)
        for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
            if not token or re.search(r"[\t\r\n\0]", token):
                raise ValueError(f"token {token!r} can't stand in a CoNLL column")
            yield f"{token}\t{tag}"
        yield ""


def write_conll(sentences: Iterable[Annotated], path: Path) -> None:
    """Write sentences as UTF-8, see `conll_lines`."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in conll_lines(sentences))


def iter_jsonl(lines: Iterable[str], source: Path | str) -> Iterator[Annotated]:
    """Gold from JSON lines, see `parse_json_line` and `annotate`; blank lines are skipped."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _annotated(parse_json_line(line, source, number), source, number)


def parse_json_line(line: str, source: Path | str, number: int) -> Tagged:
    """One text with spans: ``{"text": …, "entities": [{"start", "end", "label"}]}``.

    Spans may also be ``[start, end, label]`` and lie under ``spans``, ``label`` or ``labels``;
    offsets are half-open code points. Where a span has a ``text``, it must be what the offsets
    spell. Lone surrogates become U+FFFD, one for one. Raises ``FileFormatError`` for anything that
    is not strict JSON of this kind (NaN, a key twice), for spans outside the text or overlapping.
    """
    record = parse_json_object(line, source, number)
    text = record.get("text")
    if not isinstance(text, str):
        raise FileFormatError(source, number, 'there is no "text" that is a string.')
    key = next((key for key in _SPAN_KEYS if key in record), None)
    spans = [] if key is None else record[key]
    if not isinstance(spans, list):
        raise FileFormatError(source, number, f'"{key}" is no list of spans.')
    text = _SURROGATE.sub("\ufffd", text)
    entities = [_entity(span, text, source, number) for span in spans]
    try:
        return Tagged(text, tuple(sorted(entities, key=lambda entity: entity.start)))
    except ValueError as error:
        raise FileFormatError(source, number, f"{error}.") from error


def parse_json_object(line: str, source: Path | str, number: int) -> dict[str, object]:
    """One JSON object, strictly: no NaN or Infinity, no key twice, nothing too deep or too long.

    Raises ``FileFormatError``.
    """
    try:
        value = json.loads(line, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise FileFormatError(source, number, "the JSON is nested too deeply.") from error
    except ValueError as error:
        raise FileFormatError(source, number, f"not a line of JSON ({error}).") from error
    if not isinstance(value, dict):
        raise FileFormatError(source, number, f"expected a JSON object, not {line.strip()[:40]!r}.")
    return value


def json_line(tagged: Tagged) -> str:
    """``{"text", "entities": [{"start", "end", "label"}]}`` on one line, without its end."""
    spans = [
        {"start": entity.start, "end": entity.end, "label": entity.label}
        for entity in tagged.entities
    ]
    return _dumped({"text": tagged.text, "entities": spans})


def spacy_json_line(tagged: Tagged) -> str:
    """``{"text", "entities": [[start, end, label]]}``: what spaCy's ``Example.from_dict`` takes."""
    spans = [[entity.start, entity.end, entity.label] for entity in tagged.entities]
    return _dumped({"text": tagged.text, "entities": spans})


def iter_bracketed(lines: Iterable[str], source: Path | str) -> Iterator[Annotated]:
    """Gold from bracketed text, one to a line, see `parse_bracketed`; blank lines are skipped."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _annotated(parse_bracketed(line), source, number)


def parse_bracketed(marked: str) -> Tagged:
    r"""Text with entities as ``[Berlin](LOC)``; ``\[``, ``\]`` and ``\\`` are the characters."""
    text = ""
    entities = []
    position = 0
    for match in _BRACKETED.finditer(marked):
        text += marked[position : match.start()]
        position = match.end()
        if match["escaped"]:
            text += match["escaped"]
            continue
        start = len(text)
        text += re.sub(r"\\([\\\[\]])", r"\1", match["span"])
        entities.append(Entity(start, len(text), match["label"]))
    return Tagged(text + marked[position:], tuple(entities))


def bracketed(tagged: Tagged) -> str:
    """The text as `parse_bracketed` reads it; ``InputError`` for a label that can't stand there."""
    parts = []
    position = 0
    for entity in tagged.entities:
        if not _LABEL.fullmatch(entity.label):
            raise InputError(
                f"Label {entity.label!r} can't stand in brackets; letters, digits, _, . and - can."
            )
        parts.append(_escaped(tagged.text[position : entity.start]))
        parts.append(f"[{_escaped(tagged.spelled(entity))}]({entity.label})")
        position = entity.end
    return "".join(parts) + _escaped(tagged.text[position:])


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file without their ends (LF, CRLF or CR; never U+2028), streamed.

    The encoding is UTF-8, or UTF-16 by its byte-order mark; a mark is not part of the text.
    Raises ``FileFormatError`` for anything else, and when the file can't be opened.
    """
    number = 0
    try:
        with path.open("rb") as binary:
            encoding = _encoding(binary.read(4))
        with path.open(encoding=encoding) as file:
            for number, line in enumerate(file, start=1):
                if "\0" in line:
                    raise FileFormatError(
                        path, number, "a NUL character; save the file as text in UTF-8."
                    )
                yield line.rstrip("\n")
    except UnicodeError as error:
        raise FileFormatError(
            path, None, f"not {encoding} after line {number:,}; save the file as UTF-8."
        ) from error
    except OSError as error:
        raise FileFormatError(path, None, f"can't be read ({error.strerror}).") from error


def _encoding(head: bytes) -> str:
    """The encoding that the first bytes of a file announce."""
    return "UTF-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "UTF-8-SIG"


def _reader(
    lines: Sequence[str],
) -> Callable[[Iterable[str], Path | str], Iterator[Annotated]]:
    """The function that reads lines such as these."""
    for line in lines:
        columns = _columns(line)
        if not columns or _is_comment(line, columns):
            continue
        if re.match(r'\s*\{\s*["}]', line):
            return iter_jsonl
        if columns[0] == DOCUMENT_START or _TAG.fullmatch(columns[-1]):
            return iter_conll
        break
    return iter_bracketed if any(map(_has_brackets, lines)) else iter_conll


def _blocks(lines: Iterable[str], source: Path | str) -> Iterator[list[_Row]]:
    """The rows of each sentence in order, and an empty list where a document begins."""
    rows: list[_Row] = []
    for number, line in enumerate(lines, start=1):
        columns = _columns(line)
        if columns and columns[0] != DOCUMENT_START:
            if rows or not _is_comment(line, columns):
                rows.append(_row(columns, source, number))
            continue
        if rows:
            yield rows
            rows = []
        if columns:
            yield []
    if rows:
        yield rows


def _columns(line: str) -> list[str]:
    """The columns of a line; none of a blank one."""
    line = line.rstrip(" \t\r\n")
    return line.split("\t") if "\t" in line else line.lstrip(" ").split(" ") if line else []


def _is_comment(line: str, columns: list[str]) -> bool:
    return line.startswith("#") and "\t" not in line and not _TAG.fullmatch(columns[-1])


def _row(columns: list[str], source: Path | str, number: int) -> _Row:
    token, tag = columns[0].strip(" "), columns[-1].strip(" ")
    if len(columns) < 2 or not token:
        raise FileFormatError(
            source, number, f"{' '.join(columns)!r} is no token and tag; expected 'token<TAB>tag'."
        )
    if not _TAG.fullmatch(tag):
        raise FileFormatError(
            source, number, f"tag {tag!r} is neither O nor B-, I-, E- or S- and a type (B-PER)."
        )
    return _Row(number, token, tag)


def _sentence(rows: list[_Row]) -> Annotated:
    return annotate_tokens([row.token for row in rows], [row.tag for row in rows])


def _annotated(tagged: Tagged, source: Path | str, number: int) -> Annotated:
    try:
        return annotate(tagged)
    except ValueError as error:
        raise FileFormatError(
            source, number, f"{error}; it is or borders on white space."
        ) from error


def _joined(before: str, char: str) -> bool:
    """Whether two characters side by side belong to one token."""
    extends = _is_mark(char) or char == _ZERO_WIDTH_JOINER or char in _SKIN_TONES
    return extends or before == _ZERO_WIDTH_JOINER or (_is_wordy(before) and _is_wordy(char))


def _is_wordy(char: str) -> bool:
    return char.isalnum() or char == "_" or _is_mark(char)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _trimmed(entity: Entity, text: str) -> Entity:
    spelled = text[entity.start : entity.end]
    if not spelled.strip():
        return entity
    start = entity.start + len(spelled) - len(spelled.lstrip())
    return replace(entity, start=start, end=start + len(spelled.strip()))


def _has_brackets(line: str) -> bool:
    return any(match["label"] for match in _BRACKETED.finditer(line))


def _escaped(text: str) -> str:
    return re.sub(r"[\\\[\]]", r"\\\g<0>", text)


def _dumped(record: dict[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def _entity(span: object, text: str, source: Path | str, number: int) -> Entity:
    if isinstance(span, dict):
        start, end, label = (span.get(key) for key in ("start", "end", "label"))
    elif isinstance(span, list) and len(span) == 3:
        start, end, label = span
    else:
        start = end = label = None
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label:
        raise FileFormatError(
            source,
            number,
            f'span {str(span)[:80]} has no "start" and "end" (whole numbers) and "label" (text).',
        )
    spelled = span.get("text") if isinstance(span, dict) else None
    if spelled is not None and _SURROGATE.sub("\ufffd", str(spelled)) != text[start:end]:
        raise FileFormatError(
            source,
            number,
            f"the text at [{start}, {end}) is {text[start:end]!r}, not {spelled!r}; offsets are "
            "code points, half open.",
        )
    return Entity(start, end, label)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice[:40]!r} stands in it twice")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
