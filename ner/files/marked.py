"""Texts as files mark them, made into gold: tags and spans are read here, whatever the format.

A reader of a format only finds texts, tokens, tags and spans (`Marked`); what they mean, and which
mistakes there are in them, is decided once, by `make_gold`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ner.entities import Annotated, Entity, Tagged, trim, utf16_offsets
from ner.errors import FileFormatError, InputError
from ner.files.tokens import annotate, is_wordy, join, locate, split_at
from ner.io import replace_surrogates
from ner.tags import Tag, map_labels, read_tags, spans

_HEAD = 200
# How many repaired lines a sentence names.
_LINES_NAMED = 10
# From so many, and of so great a share, spans that do not fit words are no accident.
_MISFITS, _MISFIT_SHARE = 2, 0.05


class Offsets(StrEnum):
    """What the offsets of spans count."""

    CHARACTERS = "characters"
    INCLUSIVE = "inclusive"
    UTF16 = "utf16"
    BYTES = "bytes"


_LOOKS_LIKE = {
    Offsets.INCLUSIVE: "ends that are inclusive",
    Offsets.UTF16: "offsets in UTF-16 units",
    Offsets.BYTES: "offsets in bytes of UTF-8",
}


@dataclass(frozen=True)
class Reading:
    """What a file of gold does not say by itself.

    ``format`` is the name of one, None to tell it by its content. ``names`` are other names of
    labels, see `ner.tags.parse_map`; ``tag_names`` asks for the tags that numbers stand for.
    ``tag_column`` counts from 1. ``offsets`` None: code points, refused where most likely they are
    not. ``outermost`` keeps of nested spans the outer one; else they are refused.
    """

    format: str | None = None
    encoding: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    tag_names: Callable[[], Sequence[str]] | None = None
    tag_column: int | None = None
    offsets: Offsets | None = None
    outermost: bool = False


@dataclass(frozen=True)
class Opened:
    """A file of gold, or a pasted text: its lines, how to read it, and notes on what was read."""

    lines: Sequence[str]
    source: Path | str
    reading: Reading
    notes: list[str] = field(default_factory=list)

    @property
    def head(self) -> Sequence[str]:
        """The first lines, which show what format it is."""
        return self.lines[:_HEAD]

    @property
    def ending(self) -> str:
        """That of the file's name; a pasted text has none."""
        return self.source.suffix if isinstance(self.source, Path) else ""

    def error(self, line: int | None, problem: str) -> FileFormatError:
        """The error that names this file, and the line unless it is 0 or None."""
        return FileFormatError(self.source, line or None, problem)

    def tag_of(self, number: int) -> str:
        """The tag that a number stands for; empty if nobody knows."""
        if name := self.reading.names.get(str(number)):
            return name
        known = self.reading.tag_names() if self.reading.tag_names else ()
        note = f"Numbers of tags were read as {', '.join(f'{n}={t}' for n, t in enumerate(known))}."
        if known and note not in self.notes:
            self.notes.append(note)
        return known[number] if 0 <= number < len(known) else ""


class Span(NamedTuple):
    """A span as written; ``spelled`` is what the file says that it spells."""

    start: int
    end: int
    label: str
    spelled: str | None = None


@dataclass(frozen=True)
class Marked:
    """A text as a file marks it: by one tag for each token, or by spans.

    ``lines`` are where it, or with tags each token, stands; 0 where that can't be told. Tokens
    without a text are joined by spaces. With ``by_line`` each line of the text is one of its own.
    """

    lines: Sequence[int]
    text: str | None = None
    tokens: Sequence[str] = ()
    tags: Sequence[str] | None = None
    spans: Sequence[Span] = ()
    begins_document: bool = False
    by_line: bool = False


def mark_tokens(
    rows: Iterable[tuple[int, str, str]], text: str | None = None, *, begins_document: bool = False
) -> Marked:
    """A sentence of tokens, each with its line and its tag."""
    lines, tokens, tags = zip(*rows, strict=True)
    return Marked(lines, text, tokens, tags, begins_document=begins_document)


def make_gold(texts: Iterable[Marked], opened: Opened) -> list[list[Annotated]]:
    """The documents of a file. Raises ``FileFormatError`` with the line of the first mistake."""
    marked = list(texts)
    tags = _read_tags([one for one in marked if one.tags is not None], opened)
    offsets = opened.reading.offsets or _check_offsets(marked, opened)
    documents: list[list[Annotated]] = [[]]
    for one in marked:
        if one.begins_document:
            documents.append([])
        if one.tags is not None:
            read = [tags[tag] for tag in one.tags]
            documents[-1].append(annotate_tokens(one.tokens, read, one.text))
        elif one.text is not None:
            documents[-1] += _annotate_spans(one, offsets, opened)
    return [document for document in documents if document]


def annotate_tokens(
    tokens: Sequence[str], tags: Sequence[Tag], text: str | None = None
) -> Annotated:
    """Gold from tokens and their tags; without a text it is the tokens with spaces."""
    offsets = locate(tokens, text) if text is not None else None
    if text is None or offsets is None:
        text, offsets = join(tokens)
    entities = tuple(
        Entity(offsets[first][0], offsets[last - 1][1], kind) for first, last, kind in spans(tags)
    )
    return Annotated(Tagged(replace_surrogates(text), entities), tuple(offsets))


def _read_tags(marked: Sequence[Marked], opened: Opened) -> dict[str, Tag]:
    """Every tag of the file taken apart; what was made of them becomes a note."""
    first: dict[str, int] = {}
    for one in marked:
        for tag, line in zip(one.tags or (), one.lines, strict=True):
            first.setdefault(tag, line)
    try:
        tags = read_tags(first, opened.reading.names)
    except InputError as error:
        at = next((line for tag, line in first.items() if f"tag {tag!r} " in str(error)), None)
        raise opened.error(at, str(error)) from error
    opened.notes.extend(_notes(marked, tags))
    return tags


def _notes(marked: Sequence[Marked], tags: Mapping[str, Tag]) -> Iterator[str]:
    """In words, how tags were read; nothing where they are plain BIO2."""
    repaired, begins = [], False
    for one in marked:
        previous = Tag("O", "")
        for name, line in zip(one.tags or (), one.lines, strict=True):
            tag = tags[name]
            fresh = previous.prefix in "OES" or previous.type != tag.type
            begins |= tag.prefix == "B" and fresh
            if fresh and tag.prefix in "IE":
                repaired.append(line)
            previous = tag
    if any(tag.prefix == "I" and name == tag.type for name, tag in tags.items()):
        yield "Tags have no prefix, so neighbours of one type were read as one entity."
    # In IOB1 an entity begins with I-, unless it stands right after one of its type.
    closes = any(tag.prefix in "ES" for tag in tags.values())
    if repaired and (begins or closes):
        numbers = ", ".join(map(str, repaired[:_LINES_NAMED]))
        more = " …" if len(repaired) > _LINES_NAMED else ""
        yield (
            f"{len(repaired):,} tags continue no entity and were read as the beginning of one, as "
            f"conlleval does (lines {numbers}{more})."
        )


def _check_offsets(marked: Sequence[Marked], opened: Opened) -> Offsets:
    """Code points; ``FileFormatError`` where so many spans do not fit that they are none."""
    total = sum(len(one.spans) for one in marked)
    misfits = {
        kind: sum(
            not _fits(span, one.text or "")
            for one in marked
            for span in _shifted(one.spans, one.text or "", kind)
        )
        for kind in Offsets
    }
    found = misfits[Offsets.CHARACTERS]
    if found < _MISFITS or found <= _MISFIT_SHARE * total:
        return Offsets.CHARACTERS
    likely = min(_LOOKS_LIKE, key=lambda kind: misfits[kind])
    looks = (
        f"They look like {_LOOKS_LIKE[likely]}: --offsets {likely} reads them so"
        if misfits[likely] < found / 2
        else "They look like offsets of another text"
    )
    raise opened.error(
        None,
        f"{found:,} of {total:,} spans begin or end inside a word, spell blanks or lie outside "
        f"their text. {looks}; --offsets characters reads them as they stand.",
    )


def _problem(span: Span, text: str) -> str:
    """What is wrong with a span in code points; empty if nothing is."""
    start, end, _, said = span
    spelled = text[start:end] if 0 <= start < end else ""
    if spelled and said is not None and said.split() != spelled.split():
        return f"the text at [{start}, {end}) is {spelled!r}, not {said!r}; offsets are code points"
    if not spelled or end > len(text):
        return f"span [{start}, {end}) is empty or outside a text of {len(text)} characters"
    return "" if spelled.strip() else f"span [{start}, {end}) spells white space"


def _fits(span: Span, text: str) -> bool:
    """Whether nothing is wrong with a span, and it parts no word unless its text is given."""
    borders = [] if span.spelled is not None else [span.start, span.end]
    return not _problem(span, text) and not any(
        is_wordy(text[at - 1]) and is_wordy(text[at]) for at in borders if 0 < at < len(text)
    )


def _shifted(given: Sequence[Span], text: str, kind: Offsets) -> list[Span]:
    """Spans in code points; an offset inside a character becomes -1."""
    if kind is Offsets.INCLUSIVE:
        return [span._replace(end=span.end + 1) for span in given]
    if kind is Offsets.CHARACTERS or text.isascii():
        return list(given)
    units = utf16_offsets(text)
    if kind is Offsets.BYTES:
        units = [len(text[:end].encode()) for end in range(len(text) + 1)]
    at = {unit: index for index, unit in enumerate(units)}
    return [span._replace(start=at.get(span.start, -1), end=at.get(span.end, -1)) for span in given]


def _annotate_spans(one: Marked, offsets: Offsets, opened: Opened) -> list[Annotated]:
    text = one.text or ""
    entities = []
    for span in _shifted(one.spans, text, offsets):
        if problem := _problem(span, text):
            raise opened.error(one.lines[0], f"{problem}.")
        names = map_labels([span.label], opened.reading.names)
        entities += [trim(Entity(span.start, span.end, name), text) for name in names]
    kept = _without_nested(entities, one, opened)
    whole = Tagged(replace_surrogates(text), tuple(kept))
    ends = (match.end() for match in re.finditer("\n", text))
    return list(map(annotate, split_at(whole, ends) if one.by_line else [whole]))


def _without_nested(entities: Sequence[Entity], one: Marked, opened: Opened) -> list[Entity]:
    """In order, none inside another; a span twice, nested or crossing is refused by its name."""
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda each: (each.start, -each.end)):
        if not kept or kept[-1].end <= entity.start:
            kept.append(entity)
            continue
        outer = kept[-1]
        nested = entity.end <= outer.end
        if nested and opened.reading.outermost:
            continue
        same = (outer.start, outer.end) == (entity.start, entity.end)
        how = "is marked twice" if same else "lies inside another" if nested else "overlaps another"
        rule = "; --outermost keeps the outer one" if nested else ""
        raise opened.error(
            one.lines[0],
            f"span [{entity.start}, {entity.end}) {entity.label} {how}, "
            f"[{outer.start}, {outer.end}) {outer.label}{rule}.",
        )
    return kept
