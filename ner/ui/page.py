"""The page: header, tabs and the API, composed from a loader that the caller gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr
from markupsafe import Markup

from ner.machine import describe
from ner.markup import macro
from ner.models.catalogue import ModelSpec, catalogue
from ner.models.names import hub_allowed
from ner.models.open import Side
from ner.models.recipes import default_sides
from ner.serving.gradio_seam import Page
from ner.serving.service import Service
from ner.tagging.decode import Aggregation
from ner.ui import correct, evaluate, judge
from ner.ui.api import add_endpoints
from ner.ui.choose import add_choose_tab
from ner.ui.controls import SideControls, side_choices
from ner.ui.correct import add_correct_tab
from ner.ui.files import add_files_tab
from ner.ui.model import add_hub_field, add_model_tab
from ner.ui.progress import Loader
from ner.ui.status import add_status_tab
from ner.ui.tag import TagHandler, add_tag_tab, plain_html

_TITLE = "NER: original and INT8"


def build(
    load: Loader,
    *,
    specs: Sequence[ModelSpec] | None = None,
    devices: Sequence[str] = ("CPU",),
    service: Service,
    opened: Callable[[], Sequence[Side]] = tuple,
) -> gr.Blocks:
    """The page over the models of ``specs`` (None: the catalogue) and the given devices.

    ``load`` is called with two variants, a device and a listener for progress, in a thread of a
    request; it should keep what it opened, which ``opened`` gives. Launch the
    page with :func:`ner.ui.launch.launch`, with the same ``service``.
    """
    offered = tuple(specs or catalogue())
    bounds = service.bounds
    deleting = (bounds.sweep_seconds, bounds.keep_seconds)
    page = Page(title=_TITLE, analytics_enabled=False, delete_cache=deleting)
    with page:
        # First, so that no event of the page takes an endpoint's name.
        add_endpoints(load, service)
        chosen = _header(offered, devices)
        handler = TagHandler(load, describe(), service)
        with gr.Tabs() as tabs:
            with gr.Tab("Tag", id="tag-tab"):
                add_tag_tab(page, handler, chosen)
            with gr.Tab("Choose", id="choose-tab"):
                add_choose_tab(chosen, service)
            with gr.Tab("Evaluate", id=evaluate.TAB):
                evaluated = evaluate.add_evaluate_tab(load, chosen, tabs, service)
            with gr.Tab("Correct", id=correct.TAB):
                corrected = add_correct_tab(load, chosen, evaluated, service)
            with gr.Tab("Judge", id=judge.TAB):
                judge.add_judge_tab(load, chosen, service)
            with gr.Tab("Files", id="files-tab"):
                add_files_tab(load, chosen, service)
            with gr.Tab("Model", id="model-tab") as about:
                if hub_allowed():
                    add_hub_field(page, load, offered, chosen)
                add_model_tab(page, about, chosen)
            with gr.Tab("Status", id="status-tab") as status:
                add_status_tab(page, status, service, opened)
        corrected.add_entry(chosen, tabs)
    return page


def _header(specs: Sequence[ModelSpec], devices: Sequence[str]) -> SideControls:
    """The row on top: title, which two sides are compared, and on what."""
    left, right = default_sides(specs[0])
    choices = side_choices(specs)
    with gr.Row(elem_id="header"):
        plain_html(_heading([name for _, name in choices], devices), "heading")
        with gr.Row(elem_id="sides"):
            first = _side_picker("A", choices, left.name)
            swap = gr.Button("⇄", elem_id="swap", size="sm", scale=0, min_width=0)
            second = _side_picker("B", choices, right.name)
            device = gr.Dropdown(
                list(devices),
                value=devices[0],
                label="Device",
                visible=len(devices) > 1,
                elem_classes="beside narrow",
                scale=0,
            )
        plain_html(macro("ner.ui", "page.html", "theme_button"), "theme")
    swap.click(None, [first, second], [first, second], js="(a, b) => [b, a]")
    return SideControls(first, second, device)


def _side_picker(letter: str, choices: Sequence[tuple[str, str]], value: str) -> gr.Dropdown:
    return gr.Dropdown(
        list(choices),
        value=value,
        label=letter,
        elem_id=f"side-{letter.lower()}",
        elem_classes="beside",
        scale=0,
    )


def _heading(sides: Sequence[str], devices: Sequence[str]) -> Markup:
    """The title; it also tells the script what a shared link may choose."""
    offered = {
        "left": list(sides),
        "right": list(sides),
        "device": list(devices),
        "aggregation": [aggregation.value for aggregation in Aggregation],
    }
    return macro("ner.ui", "page.html", "heading", offered)
