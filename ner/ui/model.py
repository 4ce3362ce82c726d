"""Tab 'Model': what the chosen model is, knows, scores, and how its variants were made.

Where the owner allows it there is a field for models of the Hub: fetched once, then offered like
any other.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import gradio as gr
from markdown_it import MarkdownIt
from markupsafe import Markup

from ner.markup import megabytes, notice, render
from ner.models.catalogue import HUB, LABEL_EXAMPLES, ModelSpec, find
from ner.models.prepared import Prepared, fetched, find_offered, find_prepared
from ner.models.recipes import Variant, recipe_of
from ner.ui.progress import Loader, catch_failures, describe_failure, open_sides_with_progress
from ner.ui.views.records import recorded_scores


@dataclass(frozen=True)
class ModelHandler:
    """What choosing a model shows; nothing is prepared or loaded for it."""

    def answer(self, model: str) -> tuple[str, str]:
        """The facts and the card, which may be empty, as markup."""
        try:
            spec = find_offered(model)
            prepared = find_prepared(recipe_of(spec), spec.name)
            return describe_model(spec, prepared), _card(spec)
        # The last line of defence: a visitor gets a sentence, the log gets the rest.
        except Exception as error:  # noqa: BLE001
            return notice(describe_failure(error), kind="problem"), ""


def describe_model(spec: ModelSpec, prepared: Prepared | None) -> Markup:
    """The facts about a model; of its variants only where they have been made."""
    source = spec.repo_id if spec.folder is None else f"assets/{spec.folder.name}"
    return render(
        "ner.ui",
        "model.html",
        spec=spec,
        origin=[("From", source or ""), ("Licence", spec.licence)],
        labels=_labels(spec, prepared),
        recorded=recorded_scores(spec),
        variants=[] if prepared is None else _variants(prepared),
        making=[] if prepared is None else _making(prepared),
    )


def _labels(spec: ModelSpec, prepared: Prepared | None) -> list[tuple[str, str, str]]:
    """With what each stands for, where that is known; of a model from elsewhere only its labels."""
    known = spec.label_names
    labels = prepared.manifest.labels if prepared else tuple(known)
    return [(label, known.get(label, ""), LABEL_EXAMPLES.get(label, "")) for label in labels]


def _variants(prepared: Prepared) -> list[tuple[str, str]]:
    return [
        ("Original, FP32", megabytes(prepared.size(Variant.ORIGINAL))),
        ("INT8", megabytes(prepared.size(Variant.INT8))),
        ("Check when made", prepared.manifest.gate.summary),
    ]


def _making(prepared: Prepared) -> list[tuple[str, str]]:
    recipe = prepared.manifest.recipe
    settings = recipe.quantization
    versions = ", ".join(f"{name} {version}" for name, version in sorted(recipe.versions.items()))
    return [
        ("Quantization", f"NNCF post-training, preset {settings.preset}"),
        ("SmoothQuant alpha", f"{settings.smooth_quant_alpha}"),
        ("Bias correction", "fast" if settings.fast_bias_correction else "full"),
        ("Calibration texts", f"at most {settings.samples}"),
        ("Checkpoint", prepared.manifest.revision or recipe.source),
        ("Versions", versions),
        ("Reproduce with", f"python -m ner prepare --model {prepared.manifest.name}"),
    ]


def _card(spec: ModelSpec) -> str:
    """The model card as markup, without its header; empty for a model without one here.

    Markup inside the card is shown, not obeyed; its learning curve is put into the page.
    """
    if spec.folder is None or not (spec.folder / "README.md").is_file():
        return ""
    text = (spec.folder / "README.md").read_text(encoding="utf-8")
    if text.startswith("---\n"):
        text = text.split("---\n", 2)[2]
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    curve = spec.folder / "learning_curve.svg"
    if curve.is_file():
        inlined = base64.b64encode(curve.read_bytes()).decode()
        for token in chain.from_iterable(token.children or () for token in tokens):
            if token.attrGet("src") == curve.name:
                token.attrSet("src", f"data:image/svg+xml;base64,{inlined}")
    card = markdown.renderer.render(tokens, markdown.options, {})
    # Markup inside the card is off, so all of this is markdown-it's own.
    return render("ner.ui", "card.html", card=Markup(card))  # noqa: S704


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


# What the page says, and what becomes of the list of models.
_Answer = tuple[str, dict[str, Any]]

_ABOUT = (
    "Any token classifier with safetensors and a tokenizer, at most 2 GB. Its newest commit is "
    "fetched without an account and stays as it was; code of its own is never run."
)


@dataclass(frozen=True)
class HubHandler:
    """What pressing Fetch does; ``specs`` are the models that are always offered."""

    load: Loader
    specs: Sequence[ModelSpec]

    def answer(self, repo_id: str) -> Iterator[_Answer]:
        """Stages, then the commit, with the model chosen; or a sentence in its place."""
        yield from catch_failures(self._fetch(repo_id), _hub_problem)

    def _fetch(self, repo_id: str) -> Iterator[_Answer]:
        # With its prefix, so that what was typed is never taken for a folder.
        spec = find(f"{HUB}{(repo_id or '').strip()}")
        yield from open_sides_with_progress(self.load, spec, "CPU", _hub_progress)
        prepared = find_prepared(recipe_of(spec), spec.name)
        commit = prepared.manifest.revision if prepared else None
        done = f"{spec.title} is ready and chosen above. Its commit is {commit}."
        yield notice(done), gr.update(choices=self.choices(), value=spec.name)

    def choices(self) -> list[tuple[str, str]]:
        """Title and name of every model that can be chosen now."""
        of_hub = (prepared.manifest.name for prepared in fetched())
        return [
            *((spec.title, spec.name) for spec in self.specs),
            *sorted((name.removeprefix(HUB), name) for name in of_hub),
        ]

    def offer(self) -> dict[str, Any]:
        """The list of models as it is now."""
        return gr.update(choices=self.choices())


def _hub_problem(sentence: str) -> _Answer:
    return notice(sentence, kind="problem"), gr.skip()


def _hub_progress(sentence: str) -> _Answer:
    return notice(sentence, kind="progress"), gr.skip()


def add_hub_field(
    page: gr.Blocks, load: Loader, specs: Sequence[ModelSpec], model: gr.Dropdown
) -> None:
    """Put the field into ``page``, the Blocks at hand, and connect it to the list of models."""
    handler = HubHandler(load, specs)
    with gr.Row(elem_classes="settings"):
        repo_id = gr.Textbox(
            label="A model of the Hub",
            placeholder="owner/name",
            max_length=96,
            elem_id="hub-id",
            elem_classes="beside wide",
            scale=0,
        )
        fetch = gr.Button("Fetch", elem_id="hub-fetch", scale=0)
    about = gr.HTML(notice(_ABOUT), elem_id="hub-about", js_on_load=None, apply_default_css=False)
    gr.on(
        [fetch.click, repo_id.submit],
        handler.answer,
        repo_id,
        [about, model],
        show_progress="hidden",
        trigger_mode="once",
        # Apart from tagging: nobody should wait for somebody else's download.
        concurrency_id="hub",
        concurrency_limit=1,
        api_visibility="private",
    )
    page.load(handler.offer, None, model, show_progress="hidden", api_visibility="private")
