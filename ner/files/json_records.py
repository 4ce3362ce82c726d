"""JSON with spans or tags, by line or as a whole, of whichever tool; and JSON lines written.

Read are the exports of doccano, Label Studio, Prodigy, spaCy, Argilla, Hugging Face and GLiNER,
and what services answer that tag entities. They differ in little but the names of keys, so one
reader knows these names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from ner.entities import Tagged
from ner.errors import FileFormatError
from ner.files.marked import Marked, Opened, Span
from ner.files.tokens import join

_TEXT = ("text", "data", "sentence", "content", "document", "full_text", "Text")
_TOKENS = ("tokens", "tokenized_text", "words")
_TAGS = ("ner_tags", "tags", "ner", "ner_tag", "labels", "label", "entities")
_SPANS = (
    *("entities", "spans", "ents", "label", "labels", "annotations", "annotation", "ner"),
    *("completions", "responses", "Entities"),
)
_START = ("start", "start_offset", "start_char", "begin", "offset", "BeginOffset")
_END = ("end", "end_offset", "end_char", "stop", "EndOffset")
_LABEL = ("label", "labels", "type", "tag", "entity", "entity_group", "class", "category", "Type")
MARKS = tuple(dict.fromkeys((*_SPANS, *_TAGS)))
"""The keys under which spans or tags are looked for."""


def recognize(opened: Opened) -> bool:
    """Whether the first line begins a JSON object, or a list of objects or lists."""
    first = next(filter(str.strip, opened.head), "")
    return bool(re.match(r'\s*(\{\s*(["}]|$)|\[\s*([\[{"\]]|$))', first)) and "](" not in first


def read(opened: Opened) -> Iterator[Marked]:
    """Each record that was not rejected."""
    yield from read_records(json_values(opened.lines, opened.source), opened)


def read_records(records: Iterable[tuple[int, Any]], opened: Opened) -> Iterator[Marked]:
    """Texts from records, each with its line.

    Raises ``FileFormatError`` where no record has spans or tags under a key that is known.
    """
    known, left_out = False, 0
    keys: dict[str, None] = {}
    for line, record in ((line, each) for line, value in records for each in _unfold(value)):
        if not isinstance(record, dict):
            raise opened.error(line, f"expected a JSON object, not {json.dumps(record)[:40]!r}.")
        if record.get("answer", "accept") != "accept":
            left_out += 1
            continue
        keys |= dict.fromkeys(record)
        marked = _read_tokens(record, line, opened) or _read_spans(record, line, opened)
        known |= marked.tags is not None or any(record.get(key) is not None for key in _SPANS)
        yield marked
    if left_out:
        opened.notes.append(f"{left_out:,} records that were not accepted were left out.")
    if keys and not known:
        found, expected = (", ".join(map(json.dumps, names))[:300] for names in (keys, MARKS))
        problem = "no record has spans or tags under a key that is known"
        raise opened.error(None, f"{problem}: found {found}; known are {expected}.")


def json_values(lines: Sequence[str], source: Path | str) -> Iterator[tuple[int, Any]]:
    """The values in JSON lines, or in one list or one object over lines, each with its line.

    A list of records, also where it stands in an object around it, gives these, numbered.
    """
    filled = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if len(filled) > 1 and _is_whole(filled[0][1]):
        for number, line in filled:
            yield number, parse_json(line, source, number)
        return
    start = filled[0][0] if filled else 1
    found = parse_json("\n".join(line for _, line in filled), source, start)
    if isinstance(found, dict):
        found = _within(found) or found
    if isinstance(found, list) and not _is_pair(found):
        numbered = enumerate(found, start=1)
        yield from ((number, record) for number, record in numbered if record is not None)
    else:
        yield start, found


def _within(value: dict[str, Any]) -> list[Any]:
    """The records in an object that is none: the rows of a table, or those of its first list."""
    if rows := _rows(value):
        return rows
    if _text_of(value) is not None or any(key in value for key in _TOKENS):
        return []
    for one in value.values():
        first = one[0] if isinstance(one, list) and one else None
        # Spans without their text are no records.
        if _is_pair(first) or (isinstance(first, dict) and not any(key in first for key in _START)):
            return list(one)
    return []


def _rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table that was written by its columns, as pandas and datasets do; else none."""
    columns = {
        key: list(held.values()) if isinstance(held, dict) else held for key, held in table.items()
    }
    kinds = {**dict.fromkeys(_TEXT, str), **dict.fromkeys(_TOKENS, list)}
    by_columns = all(isinstance(column, list) for column in columns.values()) and any(
        {kinds.get(key)} == set(map(type, column)) for key, column in columns.items()
    )
    if not by_columns or len(set(map(len, columns.values()))) > 1:
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _unfold(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """The records in a value: spaCy pairs a text with its spans, and has paragraphs of sentences.

    A sentence of spaCy has an object for each token; a hyphen is its word for a tag that nobody
    gave.
    """
    if _is_pair(value):
        yield {"text": value[0], **value[1]}
    elif not isinstance(value, dict):
        yield value
    elif within := _within(value):
        yield from chain(*map(_unfold, within))
    elif tokens := [one for one in _dicts(value.get("tokens")) if "orth" in one]:
        tags = ["O" if one.get("ner", "-") == "-" else one["ner"] for one in tokens]
        yield {"tokens": [one["orth"] for one in tokens], "ner": tags}
    else:
        yield value


def _dicts(values: object) -> list[dict[str, Any]]:
    """The objects in a list; none in anything else."""
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _is_pair(value: object) -> bool:
    """Whether this is spaCy's old training data: [text, {"entities": …}]."""
    return isinstance(value, list) and list(map(type, value)) == [str, dict]


def _is_whole(line: str) -> bool:
    """Whether a line is JSON by itself, right or wrong, and not the beginning of more."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return error.pos < len(line.rstrip())
    except (RecursionError, ValueError):
        return True
    return True


def parse_json(text: str, source: Path | str, line: int) -> Any:  # noqa: ANN401 - any JSON
    """Strict JSON: no NaN or Infinity, no key twice, nothing too deep or too long.

    Raises ``FileFormatError``.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise FileFormatError(source, line, "the JSON is nested too deeply.") from error
    except ValueError as error:
        at = line + error.lineno - 1 if isinstance(error, json.JSONDecodeError) else line
        raise FileFormatError(source, at, f"not JSON ({error}).") from error


def _read_tokens(record: dict[str, Any], line: int, opened: Opened) -> Marked | None:
    """Of a record with tokens and as many tags, or with spans that count tokens."""
    lists = [record[key] for key in _TOKENS if isinstance(record.get(key), list)]
    given = [one for one in lists if all(isinstance(token, str) and token for token in one)]
    if not given:
        return None
    tokens = given[0]
    for tags in (record[key] for key in _TAGS if isinstance(record.get(key), list)):
        if len(tags) == len(tokens) and not any(isinstance(tag, dict | list) for tag in tags):
            tags = [_name(tag, line, opened, "tag") for tag in tags]
            return Marked([line] * len(tokens), _text_of(record), tokens, tags)
    if "tokenized_text" not in record:
        return None
    # GLiNER: first and last token of each span.
    text, offsets = join(tokens)
    try:
        spans = [
            Span(offsets[first][0], offsets[last][1], str(label))
            for first, last, label, *_ in record.get("ner") or []
        ]
    except (IndexError, TypeError, ValueError) as error:
        problem = '"ner" must be a list of spans: first token, last token, label.'
        raise opened.error(line, problem) from error
    return Marked([line], text, spans=spans)


def _read_spans(record: dict[str, Any], line: int, opened: Opened) -> Marked:
    text = _text_of(record)
    if text is None:
        raise opened.error(line, 'there is no "text" that is a string.')
    given = {key: record[key] for key in _SPANS if record.get(key) is not None}
    found = next((value for value in given.values() if isinstance(value, list)), None)
    if found is None and given:
        # spaCy's groups of spans, and Argilla's questions.
        key, groups = next(iter(given.items()))
        lists = list(groups.values()) if isinstance(groups, dict) else []
        if not lists or not all(isinstance(group, list) for group in lists):
            raise opened.error(line, f'"{key}" must be a list of spans.')
        found = list(chain(*lists))
    return Marked([line], text, spans=[_span(span, line, opened) for span in _flat(found or [])])


def _text_of(record: dict[str, Any]) -> str | None:
    """The text under a key that is known; of Label Studio's data and Argilla's fields any."""
    around = (record.get("data"), record.get("fields"))
    nested: dict[str, Any] = next((one for one in around if isinstance(one, dict)), {})
    known = [inner.get(key) for inner in (record, nested) for key in _TEXT]
    return next((text for text in (*known, *nested.values()) if isinstance(text, str)), None)


def _flat(spans: list[Any]) -> list[Any]:
    """The spans; of several people's those of the first whose work was not cancelled."""
    people = [one for one in _dicts(spans) if not one.get("was_cancelled")]
    for one in people[:1]:
        if isinstance(one.get("value"), list):
            return list(one["value"])
        if isinstance(one.get("result"), list):
            # Of Label Studio's results some are choices or relations.
            values = _dicts([each.get("value") for each in _dicts(one["result"])])
            return [value for value in values if "start" in value]
    return spans


def _span(span: Any, line: int, opened: Opened) -> Span:  # noqa: ANN401 - any JSON
    found: dict[str, Any] = {}
    if isinstance(span, dict):
        found = {**span, **next(iter(_dicts(span.get("points"))), {})}
    elif isinstance(span, list) and len(span) in (3, 4):
        label_first = isinstance(span[0], str)
        order = ("label", "start", "end") if label_first else ("start", "end", "label")
        found = dict(zip(order, span, strict=False))
    start, end, label = (
        next((found[key] for key in keys if key in found), None) for keys in (_START, _END, _LABEL)
    )
    if isinstance(label, list):
        label = label[0] if len(label) == 1 else None
    if end is None and type(start) is type(found.get("length")) is int:
        end = start + found["length"]
    if type(start) is not int or type(end) is not int or label in (None, ""):
        raise opened.error(
            line,
            f'span {str(span)[:80]} has no "start" and "end" (whole numbers) and "label" (text).',
        )
    spelled = found.get("text")
    spelled = None if spelled is None else str(spelled)
    return Span(start, end, _name(label, line, opened, "label"), spelled)


def _name(label: Any, line: int, opened: Opened, what: str) -> str:  # noqa: ANN401 - any JSON
    """A label or tag as text; of a number what it stands for.

    A model numbers tags, so only they can be read by its order.
    """
    if isinstance(label, str):
        return label
    if type(label) is int:
        names = opened.reading.names
        name = opened.tag_of(label) if what == "tag" else names.get(str(label))
        if name:
            return name
    example = "--map 0=O,1=B-PER,2=I-PER" if what == "tag" else "--map 1=PER,2=LOC"
    raise opened.error(line, f"{what} {label} is a number; say what it stands for: {example}.")


def json_line(tagged: Tagged, *, spacy: bool = False, **keys: object) -> str:
    """``{"text", "entities": [{"start", "end", "label"}]}`` and ``keys`` on one line, without end.

    With ``spacy`` an entity is ``[start, end, label]``, which its ``Example.from_dict`` takes.
    """
    spans = [{"start": e.start, "end": e.end, "label": e.label} for e in tagged.entities]
    entities = [list(span.values()) for span in spans] if spacy else spans
    record = {"text": tagged.text, "entities": entities, **keys}
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice[:40]!r} stands in it twice")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
