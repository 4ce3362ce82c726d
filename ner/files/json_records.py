"""JSON with spans or tags, by line or as a whole, of whichever tool; and JSON lines written.

Read are the exports of doccano, Label Studio, Prodigy, spaCy, Argilla, Hugging Face and GLiNER.
They differ in little but the names of keys, so one reader knows these names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NoReturn

from ner.entities import Tagged
from ner.errors import FileFormatError
from ner.files.marked import Marked, Opened, Span

_TEXT = ("text", "data", "sentence", "content", "full_text")
_TOKENS = ("tokens", "tokenized_text", "words")
_TAGS = ("ner_tags", "tags", "ner", "ner_tag", "labels", "label", "entities")
_SPANS = ("entities", "spans", "ents", "label", "labels", "annotations", "annotation", "ner")
_START = ("start", "start_offset", "start_char", "begin")
_END = ("end", "end_offset", "end_char", "stop")
_LABEL = ("label", "labels", "type", "tag", "entity", "entity_group", "class")
KNOWN_KEYS = tuple(dict.fromkeys((*_SPANS, *_TAGS)))
_SPACE = re.compile(r"[\s,]*")


def recognize(head: Sequence[str], _source: Path | str) -> bool:
    """Whether the first line begins a JSON object, or a list of objects or lists."""
    first = next((line for line in head if line.strip()), "")
    return bool(re.match(r'\s*(\{\s*(["}]|$)|\[\s*([\[{"\]]|$))', first)) and "](" not in first


def read(opened: Opened) -> Iterator[Marked]:
    """Each record that was not rejected."""
    records = list(json_values(opened.lines, opened.source))
    yield from read_records(records, opened)


def read_records(records: Sequence[tuple[int, Any]], opened: Opened) -> Iterator[Marked]:
    """Texts from records, each with its line.

    Raises ``FileFormatError`` where no record has spans or tags under a key that is known.
    """
    known = left_out = 0
    keys: dict[str, None] = {}
    for line, record in records:
        if _is_pair(record):
            record = {"text": record[0], **record[1]}
        if not isinstance(record, dict):
            raise opened.error(line, f"expected a JSON object, not {json.dumps(record)[:40]!r}.")
        if record.get("answer", "accept") != "accept":
            left_out += 1
            continue
        keys |= dict.fromkeys(record)
        marked = _read_tokens(record, line, opened) or _read_spans(record, line, opened)
        known += marked.tags is not None or bool(marked.spans) or any(map(record.get, _SPANS))
        known += any(record.get(key) == [] for key in _SPANS)
        yield marked
    if left_out:
        opened.notes.append(f"{left_out:,} records that were not accepted were left out.")
    if keys and not known:
        raise opened.error(
            None,
            f"no record has spans or tags under a key that is known: found {_listed(keys)}; known "
            f"are {_listed(KNOWN_KEYS)}.",
        )


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
    whole = parse_json("\n".join(line for _, line in filled), source, start)
    if isinstance(whole, dict) and not any(isinstance(whole.get(key), str) for key in _TEXT):
        around = [value for value in whole.values() if isinstance(value, list) and value]
        whole = next((one for one in around if isinstance(one[0], dict | list)), whole)
    if not isinstance(whole, list) or _is_pair(whole):
        yield start, whole
        return
    for number, record in enumerate(whole, start=1):
        if record is not None:
            yield number, record


def _is_pair(record: object) -> bool:
    """Whether this is spaCy's old training data: [text, {"entities": …}]."""
    return (
        isinstance(record, list)
        and len(record) == 2
        and isinstance(record[0], str)
        and isinstance(record[1], dict)
    )


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
    tokens = [_clean(token) for token in record[key]]
    text = record.get("text")
    text = _clean(text) if isinstance(text, str) else None
    for name in _TAGS:
        given = record.get(name)
        if (
            isinstance(given, list)
            and len(given) == len(tokens)
            and not any(isinstance(tag, dict | list) for tag in given)
        ):
            tags = [_name(tag, line, opened, "tag") for tag in given]
            return Marked([line], text, tokens, tags)
    if key != "tokenized_text":
        return None
    # GLiNER: first and last token of each span.
    spans = record.get("ner") or []
    ends = list(accumulate(len(token) + 1 for token in tokens))
    try:
        read = [
            Span(ends[first] - len(tokens[first]) - 1, ends[last] - 1, str(label))
            for first, last, label, *_ in spans
        ]
    except (IndexError, TypeError, ValueError) as error:
        problem = '"ner" must be a list of spans: first token, last token, label.'
        raise opened.error(line, problem) from error
    return Marked([line], " ".join(tokens), spans=read)


def _read_spans(record: dict[str, Any], line: int, opened: Opened) -> Marked:
    text = _text_of(record)
    if text is None:
        raise opened.error(line, 'there is no "text" that is a string.')
    text = _clean(text)
    given = {key: record[key] for key in _SPANS if record.get(key) is not None}
    key = next((key for key, value in given.items() if isinstance(value, list)), None)
    if key is None and given:
        key = next(iter(given))
        if not isinstance(given[key], dict) or not given[key]:
            raise opened.error(line, f'"{key}" must be a list of spans.')
        # spaCy's groups of spans.
        given[key] = [span for group in given[key].values() for span in group]
    found = [_span(span, line, opened) for span in _flat(given.get(key or "", []))]
    return Marked([line], text, spans=found)


def _text_of(record: dict[str, Any]) -> str | None:
    """The text under a key that is known; of Label Studio's data under any."""
    data = record.get("data")
    nested = data if isinstance(data, dict) else {}
    known = [inner.get(key) for inner in (record, nested) for key in _TEXT]
    return next((text for text in (*known, *nested.values()) if isinstance(text, str)), None)


def _flat(spans: list[Any]) -> list[Any]:
    """The spans; of Label Studio's annotations those of the first that was not cancelled."""
    if not any(isinstance(span, dict) and "result" in span for span in spans):
        return spans
    kept = [one for one in spans if not one.get("was_cancelled")]
    results = kept[0]["result"] if kept else []
    return [result for result in results if "start" in result.get("value", {})]


def _span(span: Any, line: int, opened: Opened) -> Span:  # noqa: ANN401 - any JSON
    start = end = label = spelled = None
    if isinstance(span, dict):
        inner = span["value"] if isinstance(span.get("value"), dict) else span
        start, end, label = (
            next((inner[key] for key in keys if key in inner), None)
            for keys in (_START, _END, _LABEL)
        )
        spelled = inner.get("text")
        if isinstance(label, list):
            label = label[0] if len(label) == 1 else None
    elif isinstance(span, list) and len(span) in (3, 4):
        start, end, label = span[1:] + span[:1] if isinstance(span[0], str) else span[:3]
    if type(start) is not int or type(end) is not int or label in (None, ""):
        raise opened.error(
            line,
            f'span {str(span)[:80]} has no "start" and "end" (whole numbers) and "label" (text).',
        )
    name = _name(label, line, opened, "label")
    return Span(start, end, name, None if spelled is None else _clean(str(spelled)))


def _name(label: Any, line: int, opened: Opened, what: str) -> str:  # noqa: ANN401 - any JSON
    """A label or tag as text; of a number what it stands for."""
    if isinstance(label, str):
        return label
    if type(label) is int and (name := opened.tag_of(label)):
        return name
    example = "--map 0=O,1=B-PER,2=I-PER" if what == "tag" else "--map 1=PER,2=LOC"
    raise opened.error(line, f"{what} {label} is a number; say what it stands for: {example}.")


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _clean(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _listed(keys: Any) -> str:  # noqa: ANN401 - strings
    return ", ".join(f'"{key}"' for key in keys)[:300]


def json_line(tagged: Tagged) -> str:
    """``{"text", "entities": [{"start", "end", "label"}]}`` on one line, without its end."""
    spans = [
        {"start": entity.start, "end": entity.end, "label": entity.label}
        for entity in tagged.entities
    ]
    return _dump({"text": tagged.text, "entities": spans})


def spacy_json_line(tagged: Tagged) -> str:
    """``{"text", "entities": [[start, end, label]]}``: what spaCy's ``Example.from_dict`` takes."""
    spans = [[entity.start, entity.end, entity.label] for entity in tagged.entities]
    return _dump({"text": tagged.text, "entities": spans})


def _dump(record: dict[str, object]) -> str:
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
