"""Tab 'Model': what the chosen model is, knows, scores, and how its variants were made."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markdown_it import MarkdownIt

from ner.evaluating.report import recorded_sides, set_name
from ner.markup import megabytes
from ner.models.catalogue import LABEL_EXAMPLES, ModelSpec, assets
from ner.models.prepared import Prepared, find_offered, find_prepared
from ner.models.recipes import Variant, recipe_of
from ner.render import definitions, escape, notice
from ner.ui.progress import describe_failure
from ner.ui.tables import head, row, section, table


@dataclass(frozen=True)
class ModelHandler:
    """What choosing a model shows; nothing is prepared or loaded for it."""

    def answer(self, model: str) -> tuple[str, str]:
        """The facts and the card, which may be empty, as markup."""
        try:
            spec = find_offered(model)
            prepared = find_prepared(recipe_of(spec), spec.name)
            return described(spec, prepared), _card(spec)
        # The last line of defence: a visitor gets a sentence, the log gets the rest.
        except Exception as error:  # noqa: BLE001
            return notice(describe_failure(error), kind="problem"), ""


def described(spec: ModelSpec, prepared: Prepared | None) -> str:
    """The facts about a model; of its variants only where they have been made."""
    parts = [section(spec.title, spec.summary, _origin(spec)), _labels(spec, prepared)]
    parts.append(_scores(list(_records(spec))))
    if prepared is None:
        parts.append(notice("Its variants have not been made here yet: tag a text with it first."))
    else:
        parts += [_variants(prepared), _making(prepared)]
    return f'<div class="ner model">{"".join(parts)}</div>'


def _origin(spec: ModelSpec) -> str:
    source = spec.repo_id if spec.folder is None else f"assets/{spec.folder.name}"
    return definitions([("From", source or ""), ("Licence", spec.licence)])


def _labels(spec: ModelSpec, prepared: Prepared | None) -> str:
    """With what each stands for, where that is known; of a model from elsewhere only its labels."""
    known = spec.label_names
    labels = prepared.manifest.labels if prepared else tuple(known)
    if not labels:
        return ""
    rows = [
        row(escape(label), (f"<td>{escape(name)}</td>", f"<td>{escape(example)}</td>"))
        for label, name, example in (
            (label, known.get(label, ""), LABEL_EXAMPLES.get(label, "")) for label in labels
        )
    ]
    return section("Labels", "", table("Labels", [head(["label", "stands for", "such as"])], rows))


def _scores(records: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """F1 of both variants on each set of the recorded evaluations, in per cent.

    By sentence, and as documents where that was recorded.
    """
    if not records:
        return ""
    rows = [
        row(
            escape(set_name(dataset, record["settings"])),
            (
                *(f'<td class="number">{_f1(side)}</td>' for side in recorded_sides(result)),
                f'<td class="number">{_agreement(result)}</td>',
            ),
        )
        for _, record in records
        for dataset, result in record["sets"].items()
    ]
    heads = [
        '<tr><td></td><th scope="colgroup" colspan="2">F1 by sentence</th>'
        '<th scope="colgroup" colspan="2">F1 by document</th><td></td></tr>',
        head(["set", *["original", "INT8"] * 2, "agreement"]),
    ]
    files = ", ".join(name for name, _ in records)
    note = f"In per cent with 95 % intervals; recorded in assets/results/: {files}."
    return section("Scores", note, table("Scores", heads, rows))


def _agreement(result: Mapping[str, Any]) -> str:
    return f"{100 * result['agreement']:.1f}" if "agreement" in result else ""


def _f1(side: Mapping[str, Any] | None) -> str:
    if side is None:
        return ""
    low, high = 100 * side["f1_low"], 100 * side["f1_high"]
    return f'{100 * side["f1"]:.1f} <span class="small">{low:.1f}–{high:.1f}</span>'


def _variants(prepared: Prepared) -> str:
    gate = prepared.manifest.gate
    state = "passed" if gate.passed else "not passed: INT8 is not served"
    if not gate.established:
        state = "not established, too few entities"
    sizes = [
        (name, megabytes(prepared.size(variant)))
        for name, variant in (("Original, FP32", Variant.ORIGINAL), ("INT8", Variant.INT8))
    ]
    found = f"F1 {gate.f1:.3f} against the original's {gate.entities} entities, {state}"
    return section("Variants", "", definitions([*sizes, ("Gate", found)]))


def _making(prepared: Prepared) -> str:
    recipe = prepared.manifest.recipe
    settings = recipe.quantization
    versions = ", ".join(f"{name} {version}" for name, version in sorted(recipe.versions.items()))
    rows = [
        ("Quantization", f"NNCF post-training, preset {settings.preset}"),
        ("SmoothQuant alpha", f"{settings.smooth_quant_alpha}"),
        ("Bias correction", "fast" if settings.fast_bias_correction else "full"),
        ("Calibration texts", f"at most {settings.samples}"),
        ("Checkpoint", prepared.manifest.revision or recipe.source),
        ("Versions", versions),
        ("Made again by", f"python -m ner prepare --model {prepared.manifest.name}"),
    ]
    return section("How they were made", "", definitions(rows))


def _records(spec: ModelSpec) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((assets() / "results").glob("evaluation-*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["settings"]["model"] == spec.name:
            yield file.name, record


def _card(spec: ModelSpec) -> str:
    """The model card as markup, without its header; empty for a model without one here.

    Markup inside the card is shown, not obeyed; its learning curve is put into the page.
    """
    if spec.folder is None or not (spec.folder / "README.md").is_file():
        return ""
    text = (spec.folder / "README.md").read_text(encoding="utf-8")
    if text.startswith("---\n"):
        text = text.split("---\n", 2)[2]
    markup: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    curve = spec.folder / "learning_curve.svg"
    if curve.is_file():
        inlined = base64.b64encode(curve.read_bytes()).decode()
        markup = markup.replace(f'src="{curve.name}"', f'src="data:image/svg+xml;base64,{inlined}"')
    return f'<div class="ner card">{markup}</div>'


def add_model_tab(page: gr.Blocks, tab: gr.Tab, model: gr.Dropdown) -> None:
    """Put the tab's components into ``page``, the Blocks at hand, and connect them.

    They are looked up again whenever the tab is opened: variants may have been made meanwhile.
    """
    facts = gr.HTML("", elem_id="model-facts", js_on_load=None, apply_default_css=False)
    # Not gr.Markdown, whose style sheet would reach into every table of the page.
    card = gr.HTML("", elem_id="model-card", js_on_load=None, apply_default_css=False)
    gr.on(
        [page.load, model.change, tab.select],
        ModelHandler().answer,
        model,
        [facts, card],
        show_progress="hidden",
        api_visibility="private",
    )
