"""A variant as a folder that Optimum Intel and transformers load as it stands, with its card."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ner.deploy.model_card import CardFacts, model_card
from ner.deploy.picture import scores_picture
from ner.deploy.recorded import recorded_latency, recorded_sets
from ner.errors import Failure, InputError
from ner.models.catalogue import catalogue
from ner.models.child import OnStage, ensure_prepared
from ner.models.folder import Gate, Prepared
from ner.models.open import open_side
from ner.models.recipes import Variant

# Of a checkpoint of the project's own: its card, and the picture in it.
_CHECKPOINT = {"README.md": "CHECKPOINT.md", "learning_curve.svg": "learning_curve.svg"}


@dataclass(frozen=True)
class ModelFolder:
    """An exported folder. ``files`` maps the model's names in it to bytes and SHA-256.

    ``withheld`` says why the variant is not served here, if so; ``gate`` is None of an original.
    """

    folder: Path
    files: dict[str, tuple[int, str]]
    weights: str
    gate: Gate | None
    withheld: str | None

    @property
    def size(self) -> int:
        """Bytes of the model's files in all."""
        return sum(size for size, _ in self.files.values())


def check_out(out: Path) -> None:
    """Raise ``InputError`` unless ``out`` is a new folder, or an empty one."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise InputError(
            f"{out} is there already and not empty. Expected a new folder: give another --out, or "
            "remove it."
        )


def export_model(
    variant: Variant,
    out: Path,
    *,
    place: str | None = None,
    even_if_withheld: bool = False,
    report: OnStage | None = None,
) -> ModelFolder:
    """Write ``variant``, prepared first if need be, to the new folder ``out``.

    ``place`` is what the card says to load it from, such as owner/name (None: the folder's name).
    Raises ``InputError`` for a folder that is not empty, for a model that Optimum does not know,
    and for a variant that is withheld unless ``even_if_withheld``; ``Failure`` if it can't be
    written; and as ``ensure_prepared``.
    """
    check_out(out)
    prepared = ensure_prepared(variant, report=report)
    _check_optimum(prepared)
    withheld = open_side(variant).withheld
    if withheld and not even_if_withheld:
        raise InputError(
            f"{withheld} To take it away all the same: python -m ner export --even-if-withheld."
        )
    files = {
        name: ((prepared.folder / name).stat().st_size, digest)
        for name, digest in prepared.manifest.files.items()
    }
    model, recipe = variant.spec.name, variant.recipe.name
    known = variant.spec in catalogue()
    facts = CardFacts(
        variant,
        ensure_prepared(variant.base, report=report),
        prepared,
        place or out.name,
        files,
        withheld,
        recorded_sets(model, recipe) if known else (),
        recorded_latency(model, recipe) if known else None,
    )
    _write(facts, out)
    return ModelFolder(out, files, prepared.fingerprint, prepared.manifest.gate, withheld)


def _check_optimum(prepared: Prepared) -> None:
    """Refuse what only this program reads: a BiLSTM of its own."""
    config = json.loads((prepared.folder / "config.json").read_text(encoding="utf-8"))
    if not config.get("architectures"):
        raise InputError(
            f"{prepared.manifest.name} is a {config.get('model_type', 'model')}, which Optimum "
            "Intel does not load. Expected a transformer."
        )


def _write(facts: CardFacts, out: Path) -> None:
    """All files at once or none."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=out.parent) as work:
            folder = Path(work) / "model"
            folder.mkdir()
            for name in facts.files:
                shutil.copy(facts.prepared.folder / name, folder / name)
            if facts.bundled and facts.spec.folder is not None:
                for name, target in _CHECKPOINT.items():
                    shutil.copy(facts.spec.folder / name, folder / target)
            if facts.sets:
                picture = scores_picture(facts.sets, facts.recipe.title)
                (folder / "scores.svg").write_text(picture, encoding="utf-8")
            (folder / "README.md").write_text(model_card(facts), encoding="utf-8")
            if out.exists():
                out.rmdir()
            folder.rename(out)
    except OSError as error:
        raise Failure(f"{out} can't be written: {error.strerror or error}.") from error
