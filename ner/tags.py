"""Tags of tokens in every notation, read into prefix and type and into spans; maps of labels.

Gold and a model's ``id2label`` are both read here, so that they mean the same by the same tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ner.entities import Annotated, Tagged
from ner.errors import InputError

_OUTSIDE = frozenset({"o", "out", "outside", "_"})
# BILOU writes L and U, BMES writes M, and BMEWO W, for what BIOES calls E, S and I.
_BIOES = {"L": "E", "U": "S", "W": "S", "M": "I"}
_NOTATIONS = (
    re.compile(r"(?P<prefix>[BIESLUMW])[-_](?P<type>\S.*)", re.IGNORECASE),
    re.compile(r"(?P<type>.*\S)[-_](?P<prefix>[BIESLUMW])", re.IGNORECASE),
    re.compile(r"(?P<prefix>[BIESLUMW])(?P<type>)"),
)
# The type where tags are B, I and O alone.
_ONLY_TYPE = "ENTITY"
# Types that people give other names, by the name that models mostly have.
_SYNONYMS = {
    "PER": "PER PERSON PEOPLE PERS NAME PERSONA",
    "LOC": "LOC LOCATION PLACE GPE GEO CITY COUNTRY FAC FACILITY LUGAR ORT",
    "ORG": "ORG ORGANIZATION ORGANISATION COMPANY CORPORATION CORP GROUP INSTITUTION",
    "MISC": "MISC MISCELLANEOUS NORP EVENT PRODUCT WORK_OF_ART LAW LANGUAGE OTHER OTH",
}
_GROUP = {name: group for group, names in _SYNONYMS.items() for name in names.split()}


class Tag(NamedTuple):
    """A tag taken apart: ``prefix`` is B, I, E, S or O; ``type`` the entity type, empty for O."""

    prefix: str
    type: str


def is_outside(tag: str) -> bool:
    """Whether a tag as written says that the token is in no entity.

    >>> [is_outside(tag) for tag in ("O", "outside", "_", "B-PER", "LOC")]
    [True, True, True, False, False]
    """
    return tag.casefold() in _OUTSIDE


def read_tags(tags: Iterable[str], names: Mapping[str, str] | None = None) -> dict[str, Tag]:
    """Each distinct tag taken apart; give all tags of a file or model, for they show the notation.

    Read are BIO, IOB1, BIOES, BILOU, BMES and BMEWO, also in lower case, with the prefix at the end
    (``PER-B``) or an underscore (``B_PER``), and tags without prefix, of which neighbours of one
    type are one entity. ``names`` gives tags or types other names, see `parse_map`. Raises
    ``InputError`` for a tag that is unlike the others.

    >>> list(read_tags(["B-PER", "l-loc", "O", "B-O"]).values())[:3]
    [Tag(prefix='B', type='PER'), Tag(prefix='E', type='LOC'), Tag(prefix='O', type='')]
    >>> read_tags(["PER", "O"])["PER"]
    Tag(prefix='I', type='PER')
    """
    names = names or {}
    written = {tag: (names[tag] or "O") if tag in names else tag for tag in tags}
    notation = _find_notation([tag for tag in written.values() if not is_outside(tag)])
    return {given: _take_apart(tag, notation, names) for given, tag in written.items()}


def _find_notation(tags: Sequence[str]) -> re.Pattern[str] | None:
    """How prefixes are written; None where there are none."""
    for notation in _NOTATIONS:
        matches = [notation.fullmatch(tag) for tag in tags]
        # Alone, E-mail is a type and E-PER a tag.
        if all(matches) and any(
            m and (m["prefix"] in "BISUbisu" or m[0].isupper()) for m in matches
        ):
            return notation
    # One tag with B- or I- means that a tag without is a mistake.
    return _NOTATIONS[0] if any(re.match("[BI]-", tag) for tag in tags) else None


def _take_apart(tag: str, notation: re.Pattern[str] | None, names: Mapping[str, str]) -> Tag:
    if is_outside(tag):
        return Tag("O", "")
    match = notation.fullmatch(tag) if notation else None
    if not tag.strip() or (notation and not match):
        raise InputError(
            f"tag {tag!r} is neither O nor a prefix (B-, I-, E- or S-) and a type, as B-PER."
        )
    prefix, kind = (match["prefix"], match["type"] or _ONLY_TYPE) if match else ("I", tag)
    kind = kind.upper() if prefix.islower() else kind
    kind = names.get(kind, kind)
    prefix = prefix.upper()
    inside = kind and not is_outside(kind)
    return Tag(_BIOES.get(prefix, prefix), kind) if inside else Tag("O", "")


def spans(tags: Iterable[Tag]) -> list[tuple[int, int, str]]:
    """The entities of a sequence as ``(first token, one past the last, type)``.

    As conlleval reads them: I- or E- that continues no entity of its type begins one.
    """
    found: list[tuple[int, int, str]] = []
    continued = None
    for index, (prefix, kind) in enumerate(tags):
        if prefix == "O":
            continued = None
            continue
        if prefix in "BS" or kind != continued:
            found.append((index, index + 1, kind))
        else:
            found[-1] = (found[-1][0], index + 1, kind)
        continued = None if prefix in "ES" else kind
    return found


def spans_of_tags(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The same from tags as written.

    >>> spans_of_tags(["B-PER", "E-PER", "O", "S-LOC", "I-LOC"])
    [(0, 2, 'PER'), (3, 4, 'LOC'), (4, 5, 'LOC')]
    """
    read = read_tags(tags)
    return spans(read[tag] for tag in tags)


def parse_map(text: str | None) -> dict[str, str]:
    """Other names for labels: an empty one drops the label.

    >>> parse_map("person=PER,GPE=LOC,DATE=")
    {'person': 'PER', 'GPE': 'LOC', 'DATE': ''}
    """
    names: dict[str, str] = {}
    for part in filter(None, (text or "").split(",")):
        old, equals, new = (piece.strip() for piece in part.partition("="))
        if not equals or not old or names.get(old, new) != new:
            raise InputError(
                f"{part!r} in the map of labels is not one old name, = and one new name; expected "
                "something like person=PER,GPE=LOC,DATE=, where DATE is left out."
            )
        names[old] = new
    return names


def map_labels(labels: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """The labels under their new names, each once, without those that are dropped."""
    renamed = (names.get(label, label) for label in labels)
    return tuple(dict.fromkeys(label for label in renamed if label and not is_outside(label)))


def map_gold(gold: Annotated, names: Mapping[str, str]) -> Annotated:
    """Gold with its labels under their new names; see `parse_map`."""
    entities = tuple(
        replace(entity, label=name)
        for entity in gold.tagged.entities
        for name in map_labels([entity.label], names)
    )
    return Annotated(Tagged(gold.tagged.text, entities), gold.token_offsets)


def likely_map(gold: Iterable[str], model: Iterable[str]) -> dict[str, str]:
    """For each label of gold that a model lacks the model's likely name, empty for none.

    >>> likely_map(["GPE", "PER", "DATE"], ["PER", "LOC"])
    {'GPE': 'LOC', 'DATE': ''}
    """
    known = list(model)
    same = {_group(label): label for label in reversed(known)}
    return {label: same.get(_group(label), "") for label in gold if label not in known}


def suggest_map(gold: Iterable[str], model: Iterable[str]) -> str:
    """A sentence with a likely map of gold's labels to a model's; empty if none is likely.

    >>> suggest_map(["GPE", "PER", "NORP", "DATE"], ["PER", "LOC", "MISC"])
    ' Perhaps they mean the same by other names: --map GPE=LOC,NORP=MISC,DATE=.'
    """
    changes = likely_map(gold, model)
    if not any(changes.values()):
        return ""
    written = ",".join(f"{old}={new}" for old, new in changes.items())
    return f" Perhaps they mean the same by other names: --map {written}."


def _group(label: str) -> str:
    plain = label.upper().replace("-", "_").replace(" ", "_")
    return _GROUP.get(plain, plain)
