"""The page: header, tabs and the API, composed from a loader that the caller gives."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

import gradio as gr

from ner.decode import Strategy
from ner.machine import describe
from ner.models import ModelSpec, catalogue
from ner.ui import evaluate
from ner.ui.api import add_endpoints
from ner.ui.contract import Loader
from ner.ui.correct import add_correct_tab
from ner.ui.files import add_files_tab
from ner.ui.measure import add_measure_tab
from ner.ui.model_tab import add_model_tab
from ner.ui.tag import TagHandler, add_tag_tab, plain_html

_TITLE = "NER: original and INT8"
# Seconds between looks for files of visitors, and the age at which these are deleted.
_DELETE = (600, 6000)


def build(
    load: Loader, *, specs: Sequence[ModelSpec] | None = None, devices: Sequence[str] = ("CPU",)
) -> gr.Blocks:
    """The page over the models of ``specs`` (None: the catalogue) and the given devices.

    ``load`` is called with a model's spec, a device and a listener for progress, in a thread of a
    request; it should keep what it opened. Launch it with :func:`ner.ui.serving.launch`.
    """
    offered = tuple(specs or catalogue())
    page = gr.Blocks(title=_TITLE, analytics_enabled=False, delete_cache=_DELETE)
    with page:
        with gr.Row(elem_id="header"):
            plain_html(_heading(offered, devices), "heading")
            model = gr.Dropdown(
                [(spec.title, spec.name) for spec in offered],
                value=offered[0].name,
                label="Model",
                elem_classes="beside",
                scale=0,
            )
            device = gr.Dropdown(
                list(devices),
                value=devices[0],
                label="Device",
                elem_classes="beside narrow",
                scale=0,
            )
            plain_html(_THEME_BUTTON, "theme")
        handler = TagHandler(load, describe(), lambda: len(page._queue))
        with gr.Tabs() as tabs:
            with gr.Tab("Tag", id="tag-tab"):
                add_tag_tab(page, handler, model, device)
            with gr.Tab("Measure", id="measure-tab"):
                add_measure_tab(load, model)
            with gr.Tab("Evaluate", id=evaluate.TAB):
                evaluated = evaluate.add_evaluate_tab(load, model, device, tabs)
            with gr.Tab("Correct", id="correct-tab"):
                add_correct_tab(load, model, device, evaluated)
            with gr.Tab("Files", id="files-tab"):
                add_files_tab(load, model, device)
            with gr.Tab("Model", id="model-tab"):
                add_model_tab(page, model)
        add_endpoints(load)
    return page


_THEME_BUTTON = (
    '<button type="button" class="plain" data-do="theme" '
    'aria-label="Light or dark theme">◐</button>'
)


def _heading(specs: Sequence[ModelSpec], devices: Sequence[str]) -> str:
    """The title; it also tells the script what a shared link may choose."""
    offered = {
        "model": [spec.name for spec in specs],
        "device": list(devices),
        "strategy": [strategy.value for strategy in Strategy],
    }
    return f'<h1 data-offered="{html.escape(json.dumps(offered))}">{_TITLE}</h1>'
