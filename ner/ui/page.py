"""The page: header, tabs and the API, composed from a loader that the caller gives."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState

from ner.machine import describe
from ner.models.catalogue import ModelSpec, catalogue, hub_allowed
from ner.tagging.decode import Strategy
from ner.ui import evaluate
from ner.ui.api import add_endpoints
from ner.ui.contract import Loader
from ner.ui.correct import add_correct_tab
from ner.ui.files import add_files_tab
from ner.ui.from_hub import add_hub_field
from ner.ui.measure import add_measure_tab
from ner.ui.model_tab import add_model_tab
from ner.ui.service import Service
from ner.ui.status import add_status_tab
from ner.ui.tag import TagHandler, add_tag_tab, plain_html
from ner.ui.uploads import DELETE

_LOG = logging.getLogger(__name__)
_TITLE = "NER: original and INT8"
_DESCRIBED = "The page's footer leads to the description of the API."


class Refused(gr.Error):
    """What was sent is no input of a function; Gradio puts no trace of it into the log."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, print_exception=False)


class Page(gr.Blocks):
    """Blocks that refuse inputs in words of their own.

    Gradio's would hold what was sent, texts too, and put it into the log.
    """

    def validate_inputs(self, block_fn: BlockFunction, inputs: list[Any]) -> None:
        """Take no other number of arguments than the function has."""
        wanted = len(block_fn.inputs)
        if len(inputs) != wanted:
            raise Refused(f"Expected {wanted} arguments, got {len(inputs)}. {_DESCRIBED}")

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """Take no value that its field refuses."""
        try:
            values: list[Any] = await super().preprocess_data(
                block_fn, inputs, state, explicit_call
            )
        except Refused:
            raise
        # Whatever it is, its words may be the visitor's: only its kind may be told.
        except Exception as error:  # noqa: BLE001
            _LOG.warning("An input was refused: %s", type(error).__name__)
            raise Refused(_refusal(block_fn.inputs, inputs)) from None
        return values


def _refusal(fields: Sequence[object], values: Sequence[object]) -> str:
    """What was expected; without the values, which are the visitor's."""
    for field, value in zip(fields, values, strict=True):
        if not isinstance(field, gr.Number) or not isinstance(value, int | float):
            continue
        low, high = field.minimum, field.maximum
        if low is not None and high is not None and not low <= value <= high:
            return f"{field.label}: expected a number from {low} to {high}."
    return f"One of the arguments is nothing that its field takes. {_DESCRIBED}"


def build(
    load: Loader,
    *,
    specs: Sequence[ModelSpec] | None = None,
    devices: Sequence[str] = ("CPU",),
    service: Service | None = None,
) -> gr.Blocks:
    """The page over the models of ``specs`` (None: the catalogue) and the given devices.

    ``load`` is called with a model's spec, a device and a listener for progress, in a thread of a
    request; it should keep what it opened. Launch it with :func:`ner.ui.serving.launch`, with the
    same ``service``.
    """
    service = service or Service()
    offered = tuple(specs or catalogue())
    page = Page(title=_TITLE, analytics_enabled=False, delete_cache=DELETE)
    with page:
        model, device = _header(offered, devices)
        handler = TagHandler(load, describe(), service)
        with gr.Tabs() as tabs:
            with gr.Tab("Tag", id="tag-tab"):
                add_tag_tab(page, handler, model, device)
            with gr.Tab("Measure", id="measure-tab"):
                add_measure_tab(load, model, service)
            with gr.Tab("Evaluate", id=evaluate.TAB):
                evaluated = evaluate.add_evaluate_tab(load, model, device, tabs, service)
            with gr.Tab("Correct", id="correct-tab"):
                add_correct_tab(load, model, device, evaluated, service)
            with gr.Tab("Files", id="files-tab"):
                add_files_tab(load, model, device, service)
            with gr.Tab("Model", id="model-tab") as about:
                if hub_allowed():
                    add_hub_field(page, load, offered, model)
                add_model_tab(page, about, model)
            with gr.Tab("Status", id="status-tab") as status:
                add_status_tab(page, status, service)
        add_endpoints(load, service)
    return page


def _header(specs: Sequence[ModelSpec], devices: Sequence[str]) -> tuple[gr.Dropdown, gr.Dropdown]:
    """The row on top: title, and which model runs on what."""
    with gr.Row(elem_id="header"):
        plain_html(_heading(specs, devices), "heading")
        model = gr.Dropdown(
            [(spec.title, spec.name) for spec in specs],
            value=specs[0].name,
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
    return model, device


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
