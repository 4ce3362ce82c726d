"""The model card: README.md of a checkpoint or of an exported variant, from its template.

All figures come from prepared folders, their gate, what training recorded and the recorded
evaluations, so a card can't differ from what was measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ner.deploy.records import (
    RecordedSet,
    label_table,
    latency_row,
    making,
    recorded_sets,
    scores,
)
from ner.markup import megabytes, percent
from ner.models.catalogue import catalogue, purpose_of
from ner.models.folder import Gate, Prepared
from ner.models.recipes import Variant
from ner.tables import Cell, Table, escape, markdown

TASK = "token-classification"
_TEMPLATES = Path(__file__).parent / "templates"


def render(
    template: str,
    data: ModelCardData,
    labels: Sequence[str],
    **values: Any,  # noqa: ANN401 - what the template names
) -> str:
    """The Markdown that a template makes of ``values``, with the header that the Hub reads."""
    card = ModelCard.from_template(
        data,
        template_str=(_TEMPLATES / f"{template}.md.jinja").read_text(encoding="utf-8"),
        escape=escape,
        percent=percent,
        table=table,
        bullets=lambda sentences: "\n".join(f"- {sentence}" for sentence in sentences),
        purpose=purpose_of(labels),
        label_table=markdown(label_table(labels)),
        **values,
    )
    # What a template left out leaves empty lines.
    return re.sub(r"\n{3,}", "\n\n", f"{str(card).strip()}\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell | str]]) -> str:
    """A table without a title."""
    return markdown(Table.of("", columns, rows))


def score_table(sets: Sequence[RecordedSet], title: str) -> str:
    """The recorded scores of the original and of the recipe called ``title``."""
    return markdown(replace(scores(sets, title), title="")) if sets else ""


def variant_card(
    variant: Variant,
    original: Prepared,
    prepared: Prepared,
    place: str,
    *,
    withheld: str | None = None,
    pipeline: Mapping[str, float] | None = None,
) -> str:
    """The card of an exported variant.

    ``place`` is where it will be loaded from: a folder's name or owner/name. ``withheld`` says why
    it must not be served, if so. ``pipeline`` has the F1 of transformers' pipeline by aggregation,
    the best first, with the entities of our tagger as gold; None if it was not measured.
    """
    spec, recipe, manifest = variant.spec, variant.recipe, prepared.manifest
    known = spec in catalogue()
    sets = recorded_sets(spec.name, recipe.name) if known else ()
    name = spec.name if known or spec.repo_id else "FOLDER"
    command = f"python -m ner export --model {name} --recipe {recipe.name} --out DIR"
    # Of a model of this project more is known.
    ours = known and spec.folder is not None
    return render(
        "variant_card",
        _metadata(variant, place, sets, manifest.gate, "en" if ours else None),
        manifest.labels,
        spec=spec,
        recipe=recipe,
        manifest=manifest,
        original=original.manifest,
        ours=ours,
        types=", ".join(map(escape, manifest.labels)),
        withheld=withheld,
        sizes=_sizes(variant, original, prepared),
        scores=score_table(sets, recipe.title),
        place=place,
        pipeline=[*(pipeline or {}).items()],
        making=making(manifest, command),
        files=prepared.sizes,
    )


def _metadata(
    variant: Variant,
    place: str,
    sets: Sequence[RecordedSet],
    gate: Gate | None,
    language: str | None,
) -> ModelCardData:
    """What the Hub reads: tags, licence, base model and scores."""
    spec, recipe = variant.spec, variant.recipe
    results = [
        EvalResult(
            task_type=TASK,
            dataset_type=held.name.partition("/")[0],
            dataset_name=held.title,
            # What is special about it, such as 'lower-cased': the Hub tells results apart by it.
            dataset_config=held.details or None,
            dataset_split=held.name.partition("/")[2] or None,
            metric_type=metric,
            metric_value=value,
        )
        for held in sets
        for right in [held.result["right"]]
        for metric, value in (
            ("precision", right["precision"]),
            ("recall", right["recall"]),
            ("f1", right["f1"]["value"]),
        )
    ]
    if not results and gate is not None:
        results = [
            EvalResult(
                task_type=TASK,
                dataset_type="gate",
                dataset_name=f"Gate texts, {gate.entities} entities of the original",
                metric_type="f1",
                metric_name="F1 of its entities against the original's",
                metric_value=gate.agreement.value,
            )
        ]
    return ModelCardData(
        language=language,
        license=spec.licence.lower(),
        library_name="optimum",
        pipeline_tag=TASK,
        tags=[
            "openvino",
            *(["nncf", recipe.name] if recipe.steps else []),
            "named-entity-recognition",
        ],
        base_model=spec.repo_id,
        base_model_relation="quantized" if spec.repo_id and recipe.steps else None,
        model_name=place.rpartition("/")[2],
        eval_results=results or None,
    )


def _sizes(variant: Variant, original: Prepared, prepared: Prepared) -> str:
    """Original against this variant: size, agreement, latency."""
    title = variant.recipe.title
    if variant == variant.base:
        return table(("", title), [("Size on disk", megabytes(prepared.size))])
    rows = [("Size on disk", megabytes(original.size), megabytes(prepared.size))]
    if (gate := prepared.manifest.gate) is not None:
        rows.append(("Check when made, on texts kept apart for it", "", gate.summary))
    latency = latency_row(variant.spec.name, variant.recipe.name)
    if latency is not None and variant.spec in catalogue():
        rows.append(latency)
    return table(("", "Original", title), rows)
