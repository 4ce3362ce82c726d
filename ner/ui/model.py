"""Tab 'Model': what the chosen model is, knows, scores, and how its variants were made.

Where the owner allows it there is a field for models of the Hub: fetched once, then offered like
any other.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import gradio as gr
from markdown_it import MarkdownIt
from markupsafe import Markup

from ner.markup import megabytes, notice, render
from ner.models.catalogue import HUB, LABELS, Meaning, ModelSpec
from ner.models.child import Stage
from ner.models.folder import Prepared, fetched, find_prepared
from ner.models.names import find_model, resolve
from ner.models.open import Sides
from ner.models.recipes import ORIGINAL, RECIPES, Recipe, Variant, default_sides
from ner.ui.controls import SideControls, side_choices
from ner.ui.progress import (
    Loader,
    catch_failures,
    describe_failure,
    run_in_background,
    stage_sentence,
)
from ner.ui.views.recorded import recorded_scores


@dataclass(frozen=True)
class ModelHandler:
    """What choosing a model shows; nothing is prepared or loaded for it."""

    def answer(self, side: str) -> tuple[str, str]:
        """The facts and the card, which may be empty, as markup."""
        try:
            variant = resolve(side, visitor=True)
            return describe_model(variant, made_of(variant.spec)), _card(variant.spec)
        # The last line of defence: a visitor gets a sentence, the log gets the rest.
        except Exception as error:  # noqa: BLE001
            return notice(describe_failure(error), kind="problem"), ""


def made_of(spec: ModelSpec) -> dict[str, Prepared]:
    """By recipe what has been made of a model; recipes of equal steps share files."""
    found = {recipe.name: find_prepared(Variant(spec, recipe)) for recipe in RECIPES}
    return {name: prepared for name, prepared in found.items() if prepared is not None}


@dataclass(frozen=True)
class VariantRow:
    """A recipe: what it made of this model, '' where it has not, and when to take it."""

    title: str
    size: str
    check: str
    advice: str


def describe_model(variant: Variant, made: Mapping[str, Prepared]) -> Markup:
    """The facts about the model of ``variant``, and how that was made if it has been."""
    spec = variant.spec
    source = spec.repo_id if spec.folder is None else f"assets/{spec.folder.name}"
    this = made.get(variant.recipe.name)
    return render(
        "ner.ui",
        "model.html",
        spec=spec,
        origin=[("From", source or ""), ("Licence", spec.licence)],
        labels=_labels(next(iter(made.values()), None)),
        recorded=recorded_scores(spec),
        variants=[_variant_row(recipe, made.get(recipe.name)) for recipe in RECIPES],
        title=variant.recipe.title,
        making=[] if this is None else _making(this),
    )


def _labels(prepared: Prepared | None) -> list[tuple[str, str, str]]:
    """Labels, with what each stands for where that is known."""
    unknown = Meaning("", "", "")
    labels = prepared.manifest.labels if prepared else ()
    meanings = [(label, LABELS.get(label, unknown)) for label in labels]
    return [(label, meaning.name, meaning.examples) for label, meaning in meanings]


def _variant_row(recipe: Recipe, prepared: Prepared | None) -> VariantRow:
    if prepared is None:
        return VariantRow(recipe.title, "", "not made here yet", recipe.advice)
    gate = prepared.manifest.gate if recipe.steps else None
    check = "the original itself" if recipe.name == ORIGINAL else "the original's files"
    size = megabytes(prepared.size)
    return VariantRow(recipe.title, size, check if gate is None else gate.summary, recipe.advice)


def _making(prepared: Prepared) -> list[tuple[str, str]]:
    """How a variant was made, and the command that makes it again."""
    manifest = prepared.manifest
    build = manifest.build
    versions = ", ".join(f"{name} {version}" for name, version in sorted(build.versions.items()))
    name = manifest.name
    return [
        *((f"Step {number}", step.in_words) for number, step in enumerate(build.steps, start=1)),
        ("Checkpoint", manifest.revision or build.source),
        ("Versions", versions),
        ("Reproduce with", f"python -m ner prepare --model {name} --recipe {manifest.recipe}"),
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


def add_model_tab(page: gr.Blocks, tab: gr.Tab, chosen: SideControls) -> None:
    """Put the tab's components into ``page``, the Blocks at hand, and connect them.

    They are looked up again whenever the tab is opened: variants may have been made meanwhile.
    """
    looking = notice("The model is being looked up …", kind="progress")
    facts = gr.HTML(looking, elem_id="model-facts", js_on_load=None, apply_default_css=False)
    # Not gr.Markdown, whose style sheet would reach into every table of the page.
    card = gr.HTML("", elem_id="model-card", js_on_load=None, apply_default_css=False)
    gr.on(
        [page.load, chosen.right.change, tab.select],
        ModelHandler().answer,
        chosen.right,
        [facts, card],
        show_progress="hidden",
        api_visibility="private",
    )


# What the page says, and what becomes of the list of models.
_Answer = tuple[str, dict[str, Any], dict[str, Any]]

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
        spec = find_model(f"{HUB}{(repo_id or '').strip()}")
        left, right = default_sides(spec)

        def load_and_report(report: Callable[[_Answer], None]) -> Sides:
            return self.load(left, right, "CPU", lambda stage: report(_told(stage)))

        yield from run_in_background(load_and_report)
        prepared = find_prepared(left)
        commit = prepared.manifest.revision if prepared else None
        done = f"{spec.title} is ready and chosen above. Its commit is {commit}."
        choices = self.choices()
        yield (
            notice(done),
            gr.update(choices=choices, value=left.name),
            gr.update(choices=choices, value=right.name),
        )

    def choices(self) -> list[tuple[str, str]]:
        """Title and name of every side that can be chosen now."""
        return side_choices([*self.specs, *map(find_model, sorted(fetched()))])

    def offer(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The sides to choose from as they are now, for both pickers."""
        choices = self.choices()
        return gr.update(choices=choices), gr.update(choices=choices)


def _hub_problem(sentence: str) -> _Answer:
    return notice(sentence, kind="problem"), gr.skip(), gr.skip()


def _told(stage: Stage) -> _Answer:
    return notice(stage_sentence(stage), kind="progress"), gr.skip(), gr.skip()


def add_hub_field(
    page: gr.Blocks, load: Loader, specs: Sequence[ModelSpec], chosen: SideControls
) -> None:
    """Put the field into ``page``, the Blocks at hand, and connect it to the list of models."""
    handler = HubHandler(load, specs)
    repo_id, fetch = _which_of_the_hub()
    about = gr.HTML(notice(_ABOUT), elem_id="hub-about", js_on_load=None, apply_default_css=False)
    gr.on(
        [fetch.click, repo_id.submit],
        handler.answer,
        [repo_id],
        [about, chosen.left, chosen.right],
        show_progress="hidden",
        trigger_mode="once",
        # Apart from tagging: nobody should wait for somebody else's download.
        concurrency_id="hub",
        concurrency_limit=1,
        api_visibility="private",
    )
    pickers = [chosen.left, chosen.right]
    page.load(handler.offer, None, pickers, show_progress="hidden", api_visibility="private")


def _which_of_the_hub() -> tuple[gr.Textbox, gr.Button]:
    """The field for its id, and the button beside it."""
    with gr.Row(elem_classes="settings"):
        repo_id = gr.Textbox(
            label="A model of the Hub",
            placeholder="owner/name",
            max_length=96,
            elem_id="hub-id",
            elem_classes="beside wide",
            scale=0,
        )
        fetch = gr.Button("Fetch", elem_id="hub-fetch", scale=0, min_width=110)
    return repo_id, fetch
