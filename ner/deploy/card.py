"""The model card: README.md of a checkpoint or of an exported variant.

All figures come from prepared folders, their gate, what training recorded and the recorded
evaluations, so a card can't differ from what was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ner.deploy.facts import (
    RecordedSet,
    label_table,
    latency_row,
    making,
    recorded_sets,
    scores,
)
from ner.markup import megabytes, percent
from ner.models.catalogue import ModelSpec, Purpose, catalogue, purpose_of
from ner.models.folder import Gate, Manifest, Prepared
from ner.models.recipes import Variant
from ner.schema import recorded_estimate, set_name
from ner.tables import Cell, Table, escape, markdown
from ner.verdict import Answer

TASK = "token-classification"
_TEMPLATE = Path(__file__).parent / "templates" / "model_card.md.jinja"
_USAGE = """```sh
pip install "optimum-intel[openvino]"
```

```python
from optimum.intel import OVModelForTokenClassification
from transformers import AutoTokenizer, pipeline

folder = "{place}"
model = OVModelForTokenClassification.from_pretrained(
    folder, ov_config={{"INFERENCE_PRECISION_HINT": "{precision}"}}
)
tokenizer = AutoTokenizer.from_pretrained(folder)
tag = pipeline(
    "token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="{aggregation}"
)
print(tag("Ada Lovelace lived in London."))
```

Without the hint OpenVINO executes floating-point parts in BF16 on CPUs that can. Texts of up to \
{reading} word pieces were read whole when the figures above were taken, longer ones in parts of \
that length; the pipeline reads a text whole, which may give other entities in long ones."""

Section = tuple[str, Iterable[str]]


def render(data: ModelCardData, title: str, use: str, sections: Sequence[Section]) -> str:
    """A card's Markdown, its header included; sections and parts without text are left out."""
    filled = [(heading, [part for part in parts if part]) for heading, parts in sections]
    card = ModelCard.from_template(
        data,
        template_str=_TEMPLATE.read_text(encoding="utf-8"),
        title=escape(title),
        use=use,
        sections=[section for section in filled if section[1]],
    )
    return f"{str(card).strip()}\n"


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell | str]]) -> str:
    """A table without a title."""
    return markdown(Table.of("", columns, rows))


def score_table(sets: Sequence[RecordedSet], title: str) -> str:
    """The recorded scores of the original and of the recipe called ``title``."""
    return markdown(replace(scores(sets, title), title="")) if sets else ""


def bullets(sentences: Sequence[str]) -> str:
    """A list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


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
    sets = recorded_sets(spec.name, recipe.name) if spec in catalogue() else ()
    purpose = purpose_of(manifest.labels) if _bundled(spec) else _plain_purpose(spec, manifest)
    files = [(name, f"{size:,}", manifest.files[name]) for name, size in prepared.sizes.items()]
    best = next(iter(pipeline or ["first"]))
    name = spec.name if spec in catalogue() or spec.repo_id else "FOLDER"
    command = f"python -m ner export --model {name} --recipe {recipe.name} --out DIR"
    usage = _USAGE.format(
        place=place,
        precision=recipe.precision,
        aggregation=best,
        reading=manifest.reading.length,
    )
    return render(
        _metadata(variant, place, sets, manifest.gate),
        f"{purpose.title} ({recipe.title})",
        f"{purpose.use} Stored and executed as **{recipe.title}** for OpenVINO, from "
        f"{_source(spec, original)}. {recipe.advice}",
        [
            ("Withheld", [withheld or ""]),
            (
                "Size and scores",
                [_sizes(variant, original, prepared), score_table(sets, recipe.title)],
            ),
            ("How to use it", [usage, _agreement(pipeline)]),
            ("Labels", [markdown(label_table(manifest.labels))]),
            ("How it was made", [table(("", ""), making(manifest, command))]),
            ("Files", [table(("File", "Bytes", "SHA-256"), files)]),
            ("Limits", [bullets(purpose.limits)]),
            ("Licence", [_licence(spec)]),
        ],
    )


def _agreement(pipeline: Mapping[str, float] | None) -> str:
    """How well the pipeline of the example finds what the card's figures are about."""
    if pipeline is None:
        return "This example was not tried when the card was made."
    (best, score), *others = pipeline.items()
    rest = ", ".join(f"`{name}` {percent(other)}" for name, other in others)
    return (
        f"On check texts the pipeline with `{best}` agrees best with the tagger that these figures "
        f"were measured with: F1 {percent(score)} % ({rest})."
    )


def _bundled(spec: ModelSpec) -> bool:
    """Whether it is a model of this project, of which more is known."""
    return spec.folder is not None and spec in catalogue()


def _plain_purpose(spec: ModelSpec, manifest: Manifest) -> Purpose:
    return Purpose(
        spec.title,
        f"A token classifier that tags {', '.join(map(escape, manifest.labels))}.",
        ("What it finds well and what it does not depends on its training: see its source.",),
    )


def _metadata(
    variant: Variant, place: str, sets: Sequence[RecordedSet], gate: Gate | None
) -> ModelCardData:
    """What the Hub reads: tags, licence, base model and scores."""
    spec, recipe = variant.spec, variant.recipe
    results = [
        EvalResult(
            task_type=TASK,
            dataset_type=held.name.partition("/")[0],
            dataset_name=held.title,
            # What is special about it, such as 'lower-cased': the Hub tells results apart by it.
            dataset_config=set_name("", held.record["settings"]).strip(" ()") or None,
            dataset_split=held.name.partition("/")[2] or None,
            metric_type=metric,
            metric_value=recorded_estimate(held.result["right"], metric).value,
        )
        for held in sets
        for metric in ("precision", "recall", "f1")
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
        language="en" if _bundled(spec) else None,
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


def _source(spec: ModelSpec, original: Prepared) -> str:
    if spec.repo_id is not None:
        at = original.manifest.revision or spec.revision
        return f"[{spec.repo_id}](https://huggingface.co/{spec.repo_id}) at commit `{at}`"
    digest = original.manifest.build.source.removeprefix("sha256:")
    named = "[the checkpoint](CHECKPOINT.md)" if _bundled(spec) else "a checkpoint"
    return f"{named} with the SHA-256 `{digest[:12]}`"


def _sizes(variant: Variant, original: Prepared, prepared: Prepared) -> str:
    """Original against this variant: size, agreement, latency."""
    title = variant.recipe.title
    if variant == variant.base:
        return table(("", title), [("Size on disk", megabytes(prepared.size))])
    rows = [("Size on disk", megabytes(original.size), megabytes(prepared.size))]
    if (gate := prepared.manifest.gate) is not None:
        known = ", undecided" if gate.answer is Answer.UNDECIDED else ""
        agreement = f"{percent(gate.agreement.value)} % of {gate.entities:,} entities{known}"
        rows.append(("Agreement on gate texts, when made", "", agreement))
    latency = latency_row(variant.spec.name, variant.recipe.name)
    if latency is not None and variant.spec in catalogue():
        rows.append(latency)
    return table(("", "Original", title), rows)


def _licence(spec: ModelSpec) -> str:
    if _bundled(spec):
        return (
            f"{spec.licence}, as [the checkpoint](CHECKPOINT.md), whose card lists what it was "
            "trained on, with the terms of each set."
        )
    if spec.licence == "unknown":
        return "Not known to the program that made this: that of the checkpoint."
    return f"{spec.licence}, as the checkpoint."
