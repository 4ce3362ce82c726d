"""The card of an exported model: its README.md, with what the Hub reads of it at the top.

Every figure comes from the prepared folders, their gate and the recorded evaluations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ner.deploy.recorded import Json, RecordedLatency, RecordedSet
from ner.evaluating.markdown import escape, table
from ner.markup import megabytes, milliseconds, percent
from ner.models.catalogue import LABELS, ModelSpec, Purpose, catalogue, purpose_of
from ner.models.folder import Gate, Manifest, Prepared
from ner.models.recipes import Recipe, Variant

_TASK = "token-classification"
_TEMPLATE = Path(__file__).parent / "templates" / "model_card.md.jinja"


@dataclass(frozen=True)
class CardFacts:
    """What a card tells: the variant with both prepared folders, and what was recorded of it.

    ``place`` is where it will be loaded from, a folder's name or owner/name; ``withheld`` says why
    it must not be served, if so; ``files`` maps names to bytes and SHA-256.
    """

    variant: Variant
    original: Prepared
    prepared: Prepared
    place: str
    files: Mapping[str, tuple[int, str]]
    withheld: str | None = None
    sets: tuple[RecordedSet, ...] = ()
    latency: RecordedLatency | None = None

    @property
    def spec(self) -> ModelSpec:
        """The model."""
        return self.variant.spec

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return self.variant.recipe

    @property
    def manifest(self) -> Manifest:
        """That of the variant's prepared folder."""
        return self.prepared.manifest

    @property
    def bundled(self) -> bool:
        """Whether it is a model of this project, of which more is known."""
        return self.spec.folder is not None and self.spec in catalogue()


def model_card(facts: CardFacts) -> str:
    """The card's Markdown, its header of metadata included."""
    purpose = _purpose(facts)
    card = ModelCard.from_template(
        _metadata(facts),
        template_str=_TEMPLATE.read_text(encoding="utf-8"),
        title=f"{escape(purpose.title)} ({facts.recipe.title})",
        use=purpose.use,
        limits=purpose.limits,
        recipe=facts.recipe,
        source=_source(facts),
        withheld=facts.withheld,
        is_original=facts.variant == facts.variant.base,
        comparison=_comparison(facts),
        sets=_set_table(facts),
        place=facts.place,
        reading=facts.manifest.reading.length,
        labels=_label_table(facts),
        steps=_steps(facts),
        texts=_texts(facts),
        versions=_versions(facts.manifest),
        command=_command(facts),
        files=_file_table(facts),
        licence=_licence(facts),
    )
    return f"{str(card).strip()}\n"


def _metadata(facts: CardFacts) -> ModelCardData:
    """What the Hub reads: tags, licence, base model and scores."""
    recipe = facts.recipe
    steps = ["nncf", recipe.name] if recipe.steps else []
    return ModelCardData(
        language="en" if facts.bundled else None,
        license=facts.spec.licence.lower(),
        library_name="optimum",
        pipeline_tag=_TASK,
        tags=["openvino", *steps, "named-entity-recognition"],
        base_model=facts.spec.repo_id,
        base_model_relation="quantized" if facts.spec.repo_id and recipe.steps else None,
        model_name=facts.place.rpartition("/")[2],
        eval_results=_results(facts),
    )


def _results(facts: CardFacts) -> list[EvalResult] | None:
    """Precision, recall and F1 on each recorded set; without one the gate's agreement."""
    results = [
        EvalResult(
            task_type=_TASK,
            dataset_type=held.name.partition("/")[0],
            dataset_name=held.title,
            dataset_config=held.details or None,
            dataset_split=held.name.partition("/")[2] or None,
            metric_type=metric,
            metric_value=held.variant[metric],
        )
        for held in facts.sets
        for metric in ("precision", "recall", "f1")
    ]
    gate = facts.manifest.gate
    if not results and gate is not None:
        results = [
            EvalResult(
                task_type=_TASK,
                dataset_type="gate",
                dataset_name=f"Gate texts, {gate.entities} entities of the original",
                metric_type="f1",
                metric_name="F1 of its entities against the original's",
                metric_value=gate.f1,
            )
        ]
    return results or None


def _purpose(facts: CardFacts) -> Purpose:
    """What it is for; of a model that isn't the project's own, no more than its labels say."""
    labels = facts.manifest.labels
    if facts.bundled:
        return purpose_of(labels)
    names = ", ".join(map(escape, labels))
    return Purpose(
        facts.spec.title,
        f"A token classifier that tags {names}.",
        ("What it finds well and what it does not depends on its training: see its source.",),
    )


def _source(facts: CardFacts) -> str:
    spec = facts.spec
    if spec.repo_id is not None:
        at = facts.original.manifest.revision or spec.revision
        return f"[{spec.repo_id}](https://huggingface.co/{spec.repo_id}) at commit `{at}`"
    digest = facts.original.manifest.build.source.removeprefix("sha256:")
    named = "[the checkpoint](CHECKPOINT.md)" if facts.bundled else "a checkpoint"
    return f"{named} with the SHA-256 `{digest[:12]}`"


def _comparison(facts: CardFacts) -> str:
    """Original against this variant: size, agreement, latency."""
    title = facts.recipe.title
    if facts.variant == facts.variant.base:
        return table(("", title), [("Size on disk", megabytes(facts.prepared.size))])
    rows = [("Size on disk", megabytes(facts.original.size), megabytes(facts.prepared.size))]
    if (gate := facts.manifest.gate) is not None:
        rows.append(("Agreement on gate texts, when made", "", _agreement(gate)))
    if (latency := facts.latency) is not None:
        what = f"One text of {latency.tokens} tokens, median ({latency.machine}, {latency.date})"
        original, variant = map(milliseconds, (latency.original_ms, latency.variant_ms))
        rows.append((what, original, variant))
    return table(("", "Original", title), rows)


def _agreement(gate: Gate) -> str:
    known = "" if gate.established else ", too few to decide"
    return f"{percent(gate.f1)} % of {gate.entities:,} entities{known}"


def _set_table(facts: CardFacts) -> str:
    """F1 of both on the recorded sets; empty where there is none."""
    if not facts.sets:
        return ""
    rows = [
        (held.title, _f1(held.original), _f1(held.variant), percent(held.agreement))
        for held in facts.sets
    ]
    return table(("Set", "Original", facts.recipe.title, "Agreement"), rows)


def _f1(side: Json) -> str:
    low, high = side["f1_low"], side["f1_high"]
    # Of too few texts for an interval.
    between = "" if (low, high) == (0, 1) else f" ({percent(low)}–{percent(high)})"
    return f"{percent(side['f1'])}{between}"


def _label_table(facts: CardFacts) -> str:
    labels = facts.manifest.labels
    if not facts.bundled or not set(labels) <= set(LABELS):
        return ", ".join(map(escape, labels))
    rows = [(label, LABELS[label].covers, LABELS[label].examples) for label in labels]
    return table(("Label", "Means", "For example"), rows)


def _steps(facts: CardFacts) -> list[str]:
    """What was done to the checkpoint, in order."""
    first = "Exported to OpenVINO IR in FP32 by Optimum Intel."
    return [first, *(step.in_words for step in facts.manifest.build.steps)]


def _texts(facts: CardFacts) -> str:
    """Which texts it was calibrated and checked on."""
    gate, digest = facts.manifest.gate, facts.manifest.build.texts_sha256
    if gate is None or digest is None:
        return "No texts were needed for it."
    kind = "of the model's domain" if gate.fits else "of general English, not the model's own"
    return f"Calibration and gate texts are {kind}; the SHA-256 of both is `{digest[:12]}`."


def _versions(manifest: Manifest) -> str:
    return ", ".join(f"{name} {held}" for name, held in sorted(manifest.build.versions.items()))


def _command(facts: CardFacts) -> str:
    model = facts.spec.name if facts.spec in catalogue() or facts.spec.repo_id else "FOLDER"
    return f"python -m ner export --model {model} --recipe {facts.recipe.name} --out DIR"


def _file_table(facts: CardFacts) -> str:
    rows = [(name, f"{size:,}", digest) for name, (size, digest) in sorted(facts.files.items())]
    return table(("File", "Bytes", "SHA-256"), rows)


def _licence(facts: CardFacts) -> str:
    licence = facts.spec.licence
    if facts.bundled:
        return (
            f"{licence}, as [the checkpoint](CHECKPOINT.md), whose card lists what it was trained "
            "on, with the terms of each set."
        )
    if licence == "unknown":
        return "Not known to the program that made this: that of the checkpoint."
    return f"{licence}, as the checkpoint."
