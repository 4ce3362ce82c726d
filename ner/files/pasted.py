"""Texts that somebody pasted or chose, labelled in any format or not: told by their contents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from ner.choosing.measure import Sample
from ner.entities import Annotated
from ner.errors import FileFormatError, InputError
from ner.files.csv_records import BadRow
from ner.files.gold import find_format, gold_of_lines
from ner.files.json_records import MARKS
from ner.files.marked import Opened, Reading
from ner.files.read import Row, inspect
from ner.io import check_length, split_lines
from ner.models.catalogue import ModelSpec, assets
from ner.models.folder import known_labels, texts_for
from ner.stats import count_of
from ner.tags import likely_map, map_gold, parse_map

# What pasted texts are called in errors.
_SOURCE = "Your texts"
# The sets of gold in assets/gold, and the texts that a model was checked on when it was made.
BUILT_IN, GATE = ("general", "plain", "medical"), "gate"


@dataclass(frozen=True)
class Texts:
    """What is measured on: the texts, their gold if they are labelled, and what they are called.

    ``told`` says what was recognised; ``documents`` are the gold by document, ``digest`` is the
    SHA-256 of it all; ``renamed`` has the model's name of each label that it does not know, empty
    for one that is left out.
    """

    name: str
    sample: Sample
    told: str
    documents: Sequence[Sequence[Annotated]] = ()
    digest: str = ""
    began: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


def read_texts(text: str, chosen: str, mapping: str, spec: ModelSpec, limit: int) -> Texts:
    """What is to be measured on: ``text``, or the set called ``chosen``.

    ``mapping`` renames labels, as ``GPE=LOC,DATE=``; others that the model does not know get their
    likely names, or are left out. Raises ``InputError`` for more than ``limit`` characters,
    ``FileFormatError`` for what can't be read.
    """
    given = bool(chosen or text.strip())
    chosen = chosen if given else spec.texts
    if chosen == GATE:
        return _unlabelled("the model's check texts", texts_for(spec).gate)
    if chosen:
        if chosen not in BUILT_IN:
            raise InputError(f"There is no set of texts {str(chosen)[:40]!r}.")
        text = (assets() / "gold" / f"{chosen}.conll").read_text(encoding="utf-8")
    else:
        check_length(len(text), limit)
    digest = sha256(text.encode("utf-8", "replace")).hexdigest()
    name = f"{chosen}, built in" if chosen else f"your texts, SHA-256 {digest[:12]}"
    lines = split_lines(text)
    form = find_format(Opened(lines, _SOURCE, Reading()))
    if form is None:
        with suppress(InputError):
            lines = _column(text, ".csv")
        return _unlabelled(name, lines)
    if form.name == "json" and not any(f'"{key}"' in text for key in MARKS):
        return _unlabelled(name, _column(text, ".jsonl"))
    gold = gold_of_lines(lines, _SOURCE, Reading(format=form.name))
    labels = [one.label for text in gold.texts for one in text.tagged.entities]
    known = known_labels(spec)
    renamed = likely_map(sorted(set(labels)), known) if known else {}
    names = {**renamed, **parse_map(mapping)}
    documents = [[map_gold(text, names) for text in texts] for texts in gold.documents]
    counted = f"{count_of(len(labels), 'entity')} in {count_of(len(gold.texts), 'text')}"
    told = f"Labelled ({form.title}): {counted}."
    if not given:
        told = f"Nothing is pasted yet, so Measure takes texts of ours. {told}"
    return Texts(
        name,
        Sample.of_gold(list(chain(*documents))),
        told,
        documents,
        digest,
        gold.began,
        (*gold.notes, *_renamed_note(names)),
        renamed,
    )


def _column(text: str, ending: str) -> list[str]:
    """The texts of a table or of JSON, as tab 'Files' guesses them; ``InputError`` for neither."""
    with TemporaryDirectory(prefix="ner-") as folder:
        file = (Path(folder) / _SOURCE).with_suffix(ending)
        file.write_text(text, encoding="utf-8", errors="replace", newline="")
        source = inspect(file)
        rows = list(source.rows())
    # The first of lines with commas may look like a header.
    if ending == ".csv" and (len(source.columns) < 2 or " " in (source.column or "").strip()):
        raise InputError(f"{_SOURCE} are no table.")
    bad = next((row for row in rows if isinstance(row, BadRow)), None)
    if bad is not None:
        raise FileFormatError(_SOURCE, bad.line, bad.problem)
    return [row.text for row in rows if isinstance(row, Row)]


def _unlabelled(name: str, lines: Sequence[str]) -> Texts:
    texts = tuple(line for line in lines if line.strip())
    return Texts(name, Sample(texts), f"{count_of(len(texts), 'text')}, without labels.")


def _renamed_note(names: Mapping[str, str]) -> Iterator[str]:
    if names:
        each = (f"{old} is {new}" if new else f"{old} is left out" for old, new in names.items())
        yield f"Labels of another name: {', '.join(each)}."
