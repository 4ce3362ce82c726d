"""Texts with spans as JSON lines, both ways: strict JSON, offsets in code points, half open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

from ner.entities import Entity, Tagged
from ner.errors import FileFormatError
from ner.files.encoding import replace_surrogates

# Under which key spans are found in JSON lines: ours, Prodigy's, doccano's old and new.
_SPAN_KEYS = ("entities", "spans", "label", "labels")


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
    text = replace_surrogates(text)
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
    return _dump({"text": tagged.text, "entities": spans})


def spacy_json_line(tagged: Tagged) -> str:
    """``{"text", "entities": [[start, end, label]]}``: what spaCy's ``Example.from_dict`` takes."""
    spans = [[entity.start, entity.end, entity.label] for entity in tagged.entities]
    return _dump({"text": tagged.text, "entities": spans})


def _dump(record: dict[str, object]) -> str:
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
    if spelled is not None and replace_surrogates(str(spelled)) != text[start:end]:
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
