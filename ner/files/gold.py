"""Gold, which `evaluate` and `train` read: in any of the formats, told by its content.

Also how a text whose tokens are not known becomes gold, and one sentence for each thing that was
made of its tags.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from ner.entities import Annotated, Entity, Tagged
from ner.errors import FileFormatError
from ner.files.brackets import has_brackets, parse_bracketed
from ner.files.conll import (
    DOCUMENT_START,
    Scheme,
    is_blank_or_comment,
    is_conll_line,
    iter_conll,
    read_conll_documents,
    tag_notes,
)
from ner.files.encoding import read_lines, replace_surrogates
from ner.files.json_lines import parse_json_line

# How many repaired lines a sentence names.
_LINES_NAMED = 10
_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def read_gold(path: Path) -> list[Annotated]:
    """The annotated texts of a file, in whichever of the formats it is, see `parse_gold`."""
    return parse_gold(read_lines(path), path)


def read_gold_documents(path: Path) -> list[list[Annotated]]:
    """The same by document: its ``-DOCSTART-`` lines part them; one list where there is none.

    Raises ``FileFormatError`` as `read_gold`.
    """
    if any(line.startswith(DOCUMENT_START) for line in read_lines(path)):
        return read_conll_documents(path)
    return [read_gold(path)]


def parse_gold(lines: Iterable[str], source: Path | str) -> list[Annotated]:
    """Annotated texts from CoNLL columns, JSON lines or bracketed text; the content decides.

    The first line that is no comment decides: a JSON object, or a tag in its last column; what is
    neither, but has ``[words](LABEL)`` somewhere, is bracketed text. Lone surrogates become
    U+FFFD, one for one. Raises ``FileFormatError``, also when there is nothing in it.
    """
    kept = [replace_surrogates(line) for line in lines]
    gold = list(_find_reader(kept)(kept, source))
    if not gold:
        raise FileFormatError(
            source,
            None,
            "there is no sentence in it; expected 'token<TAB>tag' lines, JSON lines with spans, "
            "or text like [Berlin](LOC).",
        )
    return gold


def repair_sentences(lines: Iterable[str], source: Path | str) -> list[str]:
    """In words, how the tags of CoNLL lines were read; nothing where they are plain BIO2.

    None either for spans and brackets, which have no tags.

    >>> repair_sentences(["Ada I-PER", "in O", "Rome I-LOC"], "the lines")
    ['Tags are IOB1, read as entities.']
    """
    try:
        notes = tag_notes(lines, source)
    except FileFormatError:
        return []
    sentences = []
    if notes.scheme is not Scheme.BIO2:
        sentences.append(f"Tags are {notes.scheme}, read as entities.")
    if notes.repaired:
        numbers = ", ".join(map(str, notes.repaired[:_LINES_NAMED]))
        more = " …" if len(notes.repaired) > _LINES_NAMED else ""
        sentences.append(
            f"{len(notes.repaired):,} tags continue no entity and were read as the beginning of "
            f"one, as conlleval does (lines {numbers}{more})."
        )
    return sentences


def iter_jsonl(lines: Iterable[str], source: Path | str) -> Iterator[Annotated]:
    """Gold from JSON lines, see `parse_json_line` and `annotate`; blank lines are skipped."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _annotate(parse_json_line(line, source, number), source, number)


def iter_bracketed(lines: Iterable[str], source: Path | str) -> Iterator[Annotated]:
    """Gold from bracketed text, one to a line, see `parse_bracketed`; blank lines are skipped."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _annotate(parse_bracketed(line), source, number)


def annotate(tagged: Tagged) -> Annotated:
    """Gold from a text whose tokens are not known.

    A token is a run of letters, digits and ``_`` with the marks upon them, or one other character
    with what modifies it; white space and control characters part tokens, and so does the border
    of an entity. White space at an entity's edges is left out of it. Raises ``ValueError`` for an
    entity of white space only.

    >>> annotate(Tagged("two Berliners", (Entity(3, 10, "LOC"),))).tokens
    ('two', 'Berlin', 'ers')
    """
    entities = tuple(_trim(entity, tagged.text) for entity in tagged.entities)
    borders = {border for entity in entities for border in (entity.start, entity.end)}
    offsets: list[tuple[int, int]] = []
    for index, char in enumerate(tagged.text):
        if char.isspace() or unicodedata.category(char) == "Cc":
            continue
        if (
            offsets
            and offsets[-1][1] == index
            and index not in borders
            and _belong_together(tagged.text[index - 1], char)
        ):
            offsets[-1] = (offsets[-1][0], index + 1)
        else:
            offsets.append((index, index + 1))
    return Annotated(Tagged(tagged.text, entities), tuple(offsets))


def split_at(tagged: Tagged, borders: Iterable[int]) -> list[Tagged]:
    """The parts of a text between ``borders`` (code points, in order) that are not blank.

    For formats that have one sentence to a line or block; scores are kept. A border inside an
    entity parts nothing; line breaks at the end of a part are left out.
    """
    starts = [entity.start for entity in tagged.entities]
    cuts = [0]
    for border in borders:
        before = bisect_left(starts, border) - 1
        if before < 0 or tagged.entities[before].end <= border:
            cuts.append(border)
    parts = []
    for start, end in pairwise([*cuts, len(tagged.text)]):
        text = tagged.text[start:end].rstrip("\r\n")
        entities = tuple(
            replace(entity, start=entity.start - start, end=min(entity.end - start, len(text)))
            for entity in tagged.entities[bisect_left(starts, start) : bisect_left(starts, end)]
            if entity.start - start < len(text)
        )
        if text.strip():
            parts.append(Tagged(text, entities))
    return parts


def _find_reader(
    lines: Sequence[str],
) -> Callable[[Iterable[str], Path | str], Iterator[Annotated]]:
    """The function that reads lines such as these."""
    for line in lines:
        if is_blank_or_comment(line):
            continue
        if re.match(r'\s*\{\s*["}]', line):
            return iter_jsonl
        if is_conll_line(line):
            return iter_conll
        break
    return iter_bracketed if any(map(has_brackets, lines)) else iter_conll


def _annotate(tagged: Tagged, source: Path | str, number: int) -> Annotated:
    try:
        return annotate(tagged)
    except ValueError as error:
        raise FileFormatError(
            source, number, f"{error}; it is or borders on white space."
        ) from error


def _belong_together(before: str, char: str) -> bool:
    """Whether two characters side by side belong to one token."""
    extends = _is_mark(char) or char == _ZERO_WIDTH_JOINER or char in _SKIN_TONES
    return extends or before == _ZERO_WIDTH_JOINER or (_is_wordy(before) and _is_wordy(char))


def _is_wordy(char: str) -> bool:
    return char.isalnum() or char == "_" or _is_mark(char)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _trim(entity: Entity, text: str) -> Entity:
    spelled = text[entity.start : entity.end]
    if not spelled.strip():
        return entity
    start = entity.start + len(spelled) - len(spelled.lstrip())
    return replace(entity, start=start, end=start + len(spelled.strip()))
