"""The models offered by name, what their labels mean, and what they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

# Begins the name of a model of the Hub: hub:owner/name.
HUB = "hub:"


class Meaning(NamedTuple):
    """What a label stands for: its name in words, what it covers, and examples."""

    name: str
    covers: str
    examples: str


LABELS: Mapping[str, Meaning] = {
    "PER": Meaning("person", "a person, real or not", "Ada Lovelace, Okafor"),
    "ORG": Meaning(
        "organization",
        "a company, club, authority, band",
        "Siemens, University of Groningen, FC Porto",
    ),
    "LOC": Meaning("location", "a country, town, river, region", "Berlin, Lake Victoria, Ghana"),
    "MISC": Meaning(
        "miscellaneous name",
        "a nationality, event, work, product",
        "German, World Cup, Nobel Prize",
    ),
    "Chemical": Meaning("chemical", "a drug, substance, ion", "lithium carbonate, aspirin"),
    "Disease": Meaning("disease", "a disease, symptom, injury", "toxicity, asthma, breast cancer"),
}


@dataclass(frozen=True)
class ModelSpec:
    """A model that can be prepared.

    Exactly one of ``folder`` (a checkpoint on disk) and ``repo_id`` (a Hub repository) is given.
    ``revision`` is a commit of that repository; without one, the commit found when the model is
    first prepared is written into the manifest and kept. ``texts`` names the set of calibration
    and gate texts under ``assets/texts/``.
    """

    name: str
    title: str
    summary: str
    folder: Path | None = None
    repo_id: str | None = None
    revision: str | None = None
    licence: str = "unknown"
    texts: str = "general"

    def __post_init__(self) -> None:
        if (self.folder is None) == (self.repo_id is None):
            raise ValueError("a model comes either from a folder or from the Hub")

    @property
    def reference(self) -> str:
        """What finds this model again: its name, or the path of a folder outside the catalogue."""
        return self.name if self.folder is None or self in catalogue() else str(self.folder)


def assets() -> Path:
    """The folder of bundled files: in an installed package inside it, in a checkout beside it."""
    package = Path(__file__).parents[1]
    installed = package / "assets"
    return installed if installed.is_dir() else package.parent / "assets"


def catalogue() -> tuple[ModelSpec, ...]:
    """The models offered by name; the first is the default."""
    return (
        ModelSpec(
            name="bundled",
            title="General English (bundled)",
            summary="People, organizations, locations and other names in English text.",
            folder=assets() / "model",
            licence="Apache-2.0",
        ),
        ModelSpec(
            name="medical",
            title="Medical English (bundled)",
            summary="Chemicals and diseases in biomedical English.",
            folder=assets() / "model-medical",
            licence="Apache-2.0",
            texts="medical",
        ),
        ModelSpec(
            name="elastic-distilbert",
            title="DistilBERT, CoNLL-2003 (Elastic)",
            summary="elastic/distilbert-base-cased-finetuned-conll03-english, from the Hub.",
            repo_id="elastic/distilbert-base-cased-finetuned-conll03-english",
            licence="Apache-2.0",
        ),
    )


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a model with a certain set of labels is for, and where it fails."""

    title: str
    use: str
    limits: tuple[str, ...]


_SHARED_LIMITS = (
    "It was trained on English; names from other languages inside English text are found, other "
    "languages are not what it is for.",
    "A name it has met in one role is often tagged in that role elsewhere. Check what matters.",
    "Entities don't nest: 'University of Oslo' is one organization, without a place in it.",
)
GENERAL = Purpose(
    "English named entities: persons, organizations, locations, others",
    "Finding names in English news, web text and tweets: for search, redaction drafts, statistics, "
    "and for comparing a model with its INT8 version.",
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
    known = {("LOC", "MISC", "ORG", "PER"): GENERAL, ("Chemical", "Disease"): MEDICAL}
    plain = Purpose(
        f"Named entities: {', '.join(labels)}",
        "Finding such entities in text like that of its training data.",
        _SHARED_LIMITS[1:],
    )
    return known.get(tuple(sorted(labels)), plain)
