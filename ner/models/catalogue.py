"""The models offered by name, and how else a model can be named: a folder, or an id of the Hub."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ner.errors import ModelRefused

LABEL_NAMES: Mapping[str, str] = {
    "PER": "person",
    "ORG": "organization",
    "LOC": "location",
    "MISC": "miscellaneous name",
}


MEDICAL_LABEL_NAMES: Mapping[str, str] = {"Chemical": "chemical", "Disease": "disease"}


LABEL_EXAMPLES: Mapping[str, str] = {
    "PER": "Ada Lovelace, Okafor",
    "ORG": "Siemens, University of Groningen, FC Porto",
    "LOC": "Berlin, Lake Victoria, Ghana",
    "MISC": "German, World Cup, Nobel Prize",
    "Chemical": "lithium carbonate, aspirin",
    "Disease": "toxicity, asthma, breast cancer",
}


# What names a model of the Hub, and the ids that can follow: owner/name, as the Hub has them.
HUB = "hub:"


_REPO_ID = re.compile(r"(?!.*(?:--|\.\.))\w[\w.-]*/\w[\w.-]*(?<![.-])", re.ASCII)


_MAX_REPO_ID = 96


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
    label_names: Mapping[str, str] = field(default_factory=lambda: LABEL_NAMES, hash=False)

    def __post_init__(self) -> None:
        if (self.folder is None) == (self.repo_id is None):
            raise ValueError("a model comes either from a folder or from the Hub")


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
            label_names=MEDICAL_LABEL_NAMES,
        ),
        ModelSpec(
            name="elastic-distilbert",
            title="DistilBERT, CoNLL-2003 (Elastic)",
            summary="elastic/distilbert-base-cased-finetuned-conll03-english, from the Hub.",
            repo_id="elastic/distilbert-base-cased-finetuned-conll03-english",
            licence="Apache-2.0",
        ),
    )


def find(name: str, *, local: bool = True) -> ModelSpec:
    """The model called ``name``.

    One of the catalogue by name or Hub id, one of the Hub as ``hub:owner/name``, or a local
    checkpoint folder. With ``local`` false a name is never used as a path, and one of the Hub must
    be allowed; visitors are answered by :func:`ner.models.prepared.find_offered`, which also asks
    that it has been fetched. Raises ``ModelRefused`` for anything else.
    """
    if not isinstance(name, str):
        raise ModelRefused("A model is given by its name.")
    known = catalogue()
    for spec in known:
        if name in (spec.name, spec.repo_id, f"{HUB}{spec.repo_id}"):
            return spec
    if name.startswith(HUB) and (local or hub_allowed()):
        return of_hub(name.removeprefix(HUB))
    if local and Path(name).is_dir():
        return _local(Path(name))
    offered = ", ".join(spec.name for spec in known)
    hint = ", hub:owner/name or the path of a checkpoint folder" if local else ""
    raise ModelRefused(f"There is no model called {_short(name)!r}. Choose one of {offered}{hint}.")


def hub_allowed() -> bool:
    """Whether visitors of the page may have models fetched: ``NER_ALLOW_HUB=1``."""
    return os.environ.get("NER_ALLOW_HUB") == "1"


def of_hub(repo_id: str) -> ModelSpec:
    """Any model of the Hub. Raises ``ModelRefused`` for what can't be an id there."""
    if len(repo_id) > _MAX_REPO_ID or not _REPO_ID.fullmatch(repo_id) or repo_id.endswith(".git"):
        raise ModelRefused(
            f"{_short(repo_id)!r} is not the id of a model on the Hub. Expected owner/name of at "
            f"most {_MAX_REPO_ID} letters, digits, '-', '_' and '.'."
        )
    return ModelSpec(
        name=f"{HUB}{repo_id}",
        title=repo_id,
        summary="A model from the Hub.",
        repo_id=repo_id,
        label_names={},
    )


def is_local(spec: ModelSpec) -> bool:
    """Whether ``spec`` is a folder of the user's and not of the catalogue."""
    return spec.folder is not None and spec not in catalogue()


def _local(folder: Path) -> ModelSpec:
    missing = [
        file
        for file in ("config.json", "model.safetensors", "tokenizer.json")
        if not (folder / file).is_file()
    ]
    if missing:
        raise ModelRefused(
            f"The folder {folder.name!r} is not a checkpoint: it has no "
            f"{' and no '.join(missing)}. Expected what save_pretrained writes for a token "
            "classifier with a fast tokenizer."
        )
    return ModelSpec(
        name=re.sub(r"[^\w.-]+", "-", folder.resolve().name),
        title=folder.resolve().name,
        summary="A checkpoint from a local folder.",
        folder=folder.resolve(),
    )


def _short(name: str) -> str:
    return name if len(name) <= 100 else f"{name[:100]}…"


def calibration_file(spec: ModelSpec) -> Path:
    """The texts that quantization is calibrated on, one a line."""
    return assets() / "texts" / f"{spec.texts}-calibration.txt"


def gate_file(spec: ModelSpec) -> Path:
    """The texts that INT8 is checked on, one a line; none of them is a calibration text."""
    return assets() / "texts" / f"{spec.texts}-gate.txt"


def read_texts(file: Path) -> list[str]:
    """The texts of a file under ``assets/texts``: one a line, # begins a comment line."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line.strip() and not line.startswith("#")]
