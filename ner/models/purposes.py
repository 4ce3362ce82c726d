"""What models with certain sets of labels are for, and where they fail: for their cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a model with a certain set of labels is for, and where it fails."""

    title: str
    use: str
    limits: tuple[str, ...]


MEANINGS = {
    "PER": ("a person, real or not", "Ada Lovelace"),
    "ORG": ("a company, club, authority, band", "Reuters"),
    "LOC": ("a country, town, river, region", "Berlin"),
    "MISC": ("a nationality, event, work, product", "Olympic"),
    "Chemical": ("a drug, substance, ion", "lithium carbonate"),
    "Disease": ("a disease, symptom, injury", "tricuspid valve regurgitation"),
}

_SHARED_LIMITS = (
    "It was trained on English; names from other languages inside English text are found, other "
    "languages are not what it is for.",
    "A name it has met in one role is often tagged in that role elsewhere. Check what matters.",
    "Entities don't nest: 'University of Oslo' is one organization, without a place in it.",
)
GENERAL = Purpose(
    "English named entities: persons, organizations, locations, others",
    "Finding names in English news, web text and tweets: for search, redaction drafts, statistics, "
    "and for comparing a model with its INT8 twin.",
    (
        *_SHARED_LIMITS,
        "In lower-cased or upper-cased text it finds less, and MISC suffers most.",
        "MISC follows the convention of CoNLL-2003; titles of films or books are found less well.",
    ),
)
MEDICAL = Purpose(
    "Chemicals and diseases in biomedical English",
    "Finding mentions of chemicals and diseases in abstracts, for search and statistics. Not for "
    "decisions about patients.",
    (
        *_SHARED_LIMITS,
        "It knows the style of PubMed abstracts; clinical notes and patients' words differ.",
        "It finds mentions; it doesn't tell whether a disease is present, absent or suspected.",
    ),
)


def purpose_of(labels: Sequence[str]) -> Purpose:
    """The purpose of a model with these labels; a plain one for labels we don't know."""
    for purpose, known in (
        (GENERAL, ("LOC", "MISC", "ORG", "PER")),
        (MEDICAL, ("Chemical", "Disease")),
    ):
        if sorted(labels) == sorted(known):
            return purpose
    title = f"Named entities: {', '.join(labels)}"
    return Purpose(
        title, "Finding such entities in text like that of its training data.", _SHARED_LIMITS[1:]
    )
