"""A variant as a folder that Optimum Intel and transformers load as it stands, with its card."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from ner.comparing.agreement import agreement_estimate, align
from ner.deploy.card import variant_card
from ner.entities import Entity, Tagged, Tagger
from ner.errors import Failure, InputError
from ner.io import atomically, check_out, read_json
from ner.models.catalogue import catalogue
from ner.models.checkpoint import CONFIG
from ner.models.child import OnStage, ensure_prepared, run_module, unheard
from ner.models.folder import Prepared, texts_for
from ner.models.open import open_side
from ner.models.recipes import Variant

_TEXTS = 100  # on which the example of the card is tried


def export_model(
    variant: Variant,
    out: Path,
    *,
    place: str | None = None,
    even_if_withheld: bool = False,
    report: OnStage = unheard,
) -> tuple[Prepared, str | None]:
    """Write ``variant``, prepared first if need be, to the new folder ``out``, with a card.

    ``place`` is what the card says to load it from, such as owner/name (None: the folder's name).
    Gives the prepared folder that was copied, and why it is not served here, if so.
    Raises ``InputError`` for a folder that is not empty, for a model that Optimum does not know,
    and for a variant that is withheld unless ``even_if_withheld``; ``Failure`` if it can't be
    written; and as ``ensure_prepared``.
    """
    check_out(out)
    prepared = ensure_prepared(variant, report=report)
    if read_json(prepared.folder / CONFIG).get("model_type") == "bilstm":
        raise InputError(
            f"{prepared.manifest.name} is a bilstm, which Optimum Intel does not load. Expected a "
            "transformer."
        )
    side = open_side(variant)
    if side.withheld and not even_if_withheld:
        raise InputError(
            f"{side.withheld} To export it all the same: python -m ner export --even-if-withheld."
        )
    original = ensure_prepared(variant.base, report=report)
    card = variant_card(
        variant,
        original,
        prepared,
        place or out.name,
        withheld=side.withheld,
        pipeline=measure_pipeline(side.tagger, prepared.folder, variant),
    )
    checkpoint = variant.spec.folder if variant.spec in catalogue() else None
    try:
        with atomically(out) as fresh:
            fresh.mkdir()
            for name in prepared.manifest.files:
                shutil.copy(prepared.folder / name, fresh / name)
            if checkpoint is not None:
                shutil.copy(checkpoint / "README.md", fresh / "CHECKPOINT.md")
            (fresh / "README.md").write_text(card, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{out} can't be written: {error.strerror or error}.") from error
    return prepared, side.withheld


def measure_pipeline(tagger: Tagger, folder: Path, variant: Variant) -> dict[str, float] | None:
    """How well transformers' pipeline over ``folder`` finds what ``tagger`` does.

    F1 by aggregation, the best first, on texts that the variant was checked on; None where the
    pipeline can't be run. It runs in a process of its own, since it needs torch.
    """
    texts = texts_for(variant.spec).gate[:_TEXTS]
    command = "ner.preparing.pipeline", str(folder), variant.recipe.precision
    try:
        found = json.loads(run_module(*command, given=texts))
    except subprocess.CalledProcessError:
        return None
    ours = tagger.tag_many(texts)
    scores = {}
    for aggregation, answers in found.items():
        theirs = (
            Tagged(tagged.text, tuple(Entity(*entity) for entity in entities))
            for tagged, entities in zip(ours, answers, strict=True)
        )
        scores[aggregation] = agreement_estimate(map(align, ours, theirs)).value
    return dict(sorted(scores.items(), key=lambda item: -item[1]))
