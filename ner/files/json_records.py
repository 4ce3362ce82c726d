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
from ner.io import replace_surrogates

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


def recognize(head: Sequence[str], _source: Path | str) -> bool:
    """Whether the first line begins a JSON object, or a list of objects or lists."""
    first = next((line for line in head if line.strip()), "")
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
    unfolded = ((line, each) for line, whole in records for each in _unfold(whole))
    for line, record in unfolded:
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
    if isinstance(found, dict) and (rows := _rows(found)):
        found = rows
    elif isinstance(found, dict) and not any(isinstance(found.get(key), str) for key in _TEXT):
        around = [value for value in found.values() if isinstance(value, list) and value]
        found = next((one for one in around if isinstance(one[0], dict | list)), found)
    if isinstance(found, list) and not _is_pair(found):
        numbered = enumerate(found, start=1)
        yield from ((number, record) for number, record in numbered if record is not None)
    else:
        yield start, found


def _rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table that was written by its columns, as pandas and datasets do; else none."""
    columns = {
        key: list(held.values()) if isinstance(held, dict) else held for key, held in table.items()
    }
    kind = {**dict.fromkeys(_TEXT, str), **dict.fromkeys(_TOKENS, list)}
    by_columns = any(
        isinstance(column, list) and column and set(map(type, column)) == {kind.get(key)}
        for key, column in columns.items()
    )
    lengths = {len(column) if isinstance(column, list) else None for column in columns.values()}
    if not by_columns or len(lengths) > 1:
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _unfold(record: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """The records in one of spaCy: a text with its spans, or the sentences of paragraphs."""
    if _is_pair(record):
        yield {"text": record[0], **record[1]}
        return
    paragraphs = record.get("paragraphs") if isinstance(record, dict) else None
    if not isinstance(paragraphs, list):
        yield record
        return
    for sentence in _dicts(chain(*(_list(one, "sentences") for one in _dicts(paragraphs)))):
        tokens = _dicts(_list(sentence, "tokens"))
        # A hyphen is spaCy's word for a tag that nobody gave.
        tags = [tag if (tag := token.get("ner", "O")) != "-" else "O" for token in tokens]
        yield {"tokens": [token.get("orth") for token in tokens], "ner": tags}


def _list(record: dict[str, Any], key: str) -> list[Any]:
    found = record.get(key)
    return found if isinstance(found, list) else []


def _dicts(values: Iterable[Any]) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)]


def _is_pair(record: object) -> bool:
    """Whether this is spaCy's old training data: [text, {"entities": …}]."""
    return isinstance(record, list) and list(map(type, record)) == [str, dict]


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
    key = next((key for key in _TOKENS if _are_texts(record.get(key))), None)
    if key is None:
        return None
    tokens = list(map(replace_surrogates, record[key]))
    given = next((record[name] for name in _TAGS if _are_tags(record.get(name), tokens)), None)
    if given is not None:
        text = record.get("text")
        text = replace_surrogates(text) if isinstance(text, str) else None
        tags = [_name(tag, line, opened, "tag") for tag in given]
        return Marked([line] * len(tokens), text, tokens, tags)
    if key != "tokenized_text":
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


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _are_tags(value: object, tokens: Sequence[str]) -> bool:
    if not isinstance(value, list) or len(value) != len(tokens):
        return False
    return not any(isinstance(tag, dict | list) for tag in value)


def _read_spans(record: dict[str, Any], line: int, opened: Opened) -> Marked:
    text = _text_of(record)
    if text is None:
        raise opened.error(line, 'there is no "text" that is a string.')
    given = {key: record[key] for key in _SPANS if record.get(key) is not None}
    found = next((value for value in given.values() if isinstance(value, list)), None)
    if found is None and given:
        key, groups = next(iter(given.items()))
        lists = list(groups.values()) if isinstance(groups, dict) else []
        if not lists or not all(isinstance(group, list) for group in lists):
            raise opened.error(line, f'"{key}" must be a list of spans.')
        # spaCy's groups of spans.
        found = list(chain(*lists))
    spans = [_span(span, line, opened) for span in _flat(found or [])]
    return Marked([line], replace_surrogates(text), spans=spans)


def _text_of(record: dict[str, Any]) -> str | None:
    """The text under a key that is known; of Label Studio's data and Argilla's fields any."""
    around = (record.get("data"), record.get("fields"))
    nested: dict[str, Any] = next((one for one in around if isinstance(one, dict)), {})
    known = [inner.get(key) for inner in (record, nested) for key in _TEXT]
    return next((text for text in (*known, *nested.values()) if isinstance(text, str)), None)


def _flat(spans: list[Any]) -> list[Any]:
    """The spans; of several people's those of the first whose work was not cancelled."""
    people = [one for one in _dicts(spans) if not one.get("was_cancelled")]
    for key in ("value", "result"):
        if any(isinstance(one.get(key), list) for one in people):
            found = _list(people[0], key)
            # Of Label Studio's results some are choices or relations.
            return found if key == "value" else [one for one in found if _is_span(one)]
    return spans


def _is_span(result: Any) -> bool:  # noqa: ANN401 - any JSON
    value = result.get("value") if isinstance(result, dict) else None
    return isinstance(value, dict) and "start" in value


def _span(span: Any, line: int, opened: Opened) -> Span:  # noqa: ANN401 - any JSON
    found: dict[str, Any] = {}
    if isinstance(span, dict):
        inner = span.get("value") or next(iter(_list(span, "points")), None)
        found = {**span, **inner} if isinstance(inner, dict) else span
    elif isinstance(span, list) and len(span) in (3, 4):
        label_first = isinstance(span[0], str)
        order = ("label", "start", "end") if label_first else ("start", "end", "label")
        found = dict(zip(order, span, strict=False))
    start, end, label = (
        next((found[key] for key in keys if key in found), None) for keys in (_START, _END, _LABEL)
    )
    if isinstance(label, list):
        label = label[0] if len(label) == 1 else None
    if end is None and type(start) is int and type(found.get("length")) is int:
        end = start + found["length"]
    if type(start) is not int or type(end) is not int or label in (None, ""):
        raise opened.error(
            line,
            f'span {str(span)[:80]} has no "start" and "end" (whole numbers) and "label" (text).',
        )
    spelled = found.get("text")
    spelled = None if spelled is None else replace_surrogates(str(spelled))
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


def json_line(tagged: Tagged) -> str:
    """``{"text", "entities": [{"start", "end", "label"}]}`` on one line, without its end."""
    return _line(
        tagged, [{"start": e.start, "end": e.end, "label": e.label} for e in tagged.entities]
    )


def spacy_json_line(tagged: Tagged) -> str:
    """``{"text", "entities": [[start, end, label]]}``: what spaCy's ``Example.from_dict`` takes."""
    return _line(tagged, [[entity.start, entity.end, entity.label] for entity in tagged.entities])


def _line(tagged: Tagged, entities: Sequence[object]) -> str:
    record = {"text": tagged.text, "entities": entities}
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
