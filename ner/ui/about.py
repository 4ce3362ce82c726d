"""Tab 'About': the models, what they are for and score, how they were made; this server; privacy.

Where the owner allows it there is a field for models of the Hub: fetched once, then offered like
any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import gradio as gr
from markdown_it import MarkdownIt
from markupsafe import Markup

from ner.deploy.records import label_table, making, recorded_sets, scores
from ner.markup import megabytes, notice, render
from ner.models.catalogue import HUB, ModelSpec, purpose_of
from ner.models.folder import Prepared, find_prepared
from ner.models.names import find_model, hub_allowed, resolve
from ner.models.open import Side
from ner.models.recipes import (
    ORIGINAL,
    RECIPES,
    RECOMMENDED,
    Recipe,
    Variant,
    default_sides,
    find_recipe,
)
from ner.tables import Table
from ner.tables import html as table_html
from ner.ui.forms import Pickers, button, html
from ner.ui.jobs import JOB, QUIET, Run, Site, describe_failure, job
from ner.ui.status import server_facts


def describe_model(side: str) -> str:
    """The facts about the model of a side, as markup; nothing is prepared or loaded for it."""
    try:
        return _describe(resolve(side, visitor=True))
    # The last line of defence: a visitor gets a sentence, the log gets the rest.
    except Exception as error:  # noqa: BLE001
        return notice(describe_failure(error), "problem")


def _describe(variant: Variant) -> Markup:
    spec = variant.spec
    found = {recipe.name: find_prepared(Variant(spec, recipe)) for recipe in RECIPES}
    made = {name: prepared for name, prepared in found.items() if prepared is not None}
    labels = next(iter(made.values())).manifest.labels if made else ()
    this = made.get(variant.recipe.name)
    command = f"python -m ner prepare --model {spec.name} --recipe {variant.recipe.name}"
    recorded = scores(recorded_sets(spec.name, RECOMMENDED), find_recipe(RECOMMENDED).title)
    return render(
        "ner.ui",
        "about.html",
        spec=spec,
        purpose=purpose_of(labels) if labels else None,
        origin=[
            ("From", spec.repo_id or f"assets/{spec.folder.name if spec.folder else ''}"),
            ("Licence", spec.licence),
        ],
        tables=[
            table_html(table)
            for table in (label_table(labels), recorded, _variants(made))
            if table.rows
        ],
        title=variant.recipe.title,
        making=[] if this is None else making(this.manifest, command),
        card=_card(spec),
    )


def _variants(made: Mapping[str, Prepared]) -> Table:
    rows = [
        (recipe.title, *_made(recipe, made.get(recipe.name)), recipe.advice) for recipe in RECIPES
    ]
    note = "Check when made: agreement with the original on texts that were kept apart for it."
    heads = ("Recipe", "On disk", "Check when made", "When to take it")
    return Table.of("Recipes", heads, rows, note)


def _made(recipe: Recipe, prepared: Prepared | None) -> tuple[str, str]:
    if prepared is None:
        return "", "not made here yet"
    gate = prepared.manifest.gate if recipe.steps else None
    check = "the original itself" if recipe.name == ORIGINAL else "the original's files"
    return megabytes(prepared.size), check if gate is None else gate.summary


def _card(spec: ModelSpec) -> Markup:
    """The model card as markup, without its header; empty for a model without one here.

    Markup inside the card is shown, not obeyed.
    """
    if spec.folder is None or not (spec.folder / "README.md").is_file():
        return Markup("")
    text = (spec.folder / "README.md").read_text(encoding="utf-8")
    if text.startswith("---\n"):
        text = text.split("---\n", 2)[2]
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # Markup inside the card is off, so all of this is markdown-it's own.
    return Markup(markdown.render(text))  # noqa: S704


def _fetching(pick: Callable[[str, str], tuple[Any, ...]]) -> Any:  # noqa: ANN401 - a job
    @job(lambda text, kind: (notice(text, kind), gr.skip(), gr.skip(), gr.skip()))
    def fetch(run: Run, repo_id: str) -> Iterator[Any]:
        """Stages, then the commit, with the model chosen; or a sentence in its place."""
        # With its prefix, so that what was typed is never taken for a folder.
        spec = find_model(f"{HUB}{(repo_id or '').strip()}", visitor=True)
        left, right = default_sides(spec)
        yield from run.load(left, right, "CPU")
        prepared = find_prepared(left)
        commit = prepared.manifest.revision if prepared else None
        done = notice(f"{spec.title} is ready and chosen on tab Tag. Its commit is {commit}.")
        yield done, *pick(left.name, right.name)

    return fetch


def add_about_tab(
    page: gr.Blocks,
    tab: gr.Tab,
    site: Site,
    pickers: Pickers,
    opened: Callable[[], Sequence[Side]],
) -> None:
    """Put the tab's components into ``page``, the Blocks at hand, and connect them.

    They are looked up again whenever the tab is opened: variants may have been made meanwhile.
    """
    if hub_allowed():
        _add_hub_field(site, pickers)
    facts = html(notice("The model is being looked up …", "progress"), "model-facts")
    server = html("", "server")
    gr.on(
        [page.load, pickers.right.change, tab.select],
        lambda side: (describe_model(side), server_facts(site.service, opened())),
        pickers.right,
        [facts, server],
        **QUIET,
    )


def _add_hub_field(site: Site, pickers: Pickers) -> None:
    """A field for a model of the Hub, and what comes of it."""
    with gr.Row(elem_classes="fields"):
        repo_id = gr.Textbox(
            label="A model of the Hub", placeholder="owner/name", max_length=96, elem_id="hub-id"
        )
        start = button("Fetch", "hub-fetch")
    about = html(
        notice(
            "Any token classifier with safetensors and a tokenizer, at most 2 GB. Its newest "
            "commit is fetched without an account; code of its own is never run."
        ),
        "hub-about",
    )
    gr.on(
        [start.click, repo_id.submit],
        _fetching(pickers.pick)(site),
        repo_id,
        [about, *pickers.chosen],
        # Apart from tagging: nobody should wait for somebody else's download.
        concurrency_id="hub",
        **{**JOB, "trigger_mode": "once", "concurrency_limit": 1},
    )
