"""The page: header, tabs and the API, composed from a loader that the caller gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from ner.markup import macro
from ner.models.catalogue import ModelSpec, catalogue
from ner.models.open import Side
from ner.serving.gradio_private import Page
from ner.serving.service import Service
from ner.ui.about import add_about_tab
from ner.ui.decide import add_decide_tab
from ner.ui.edit import add_edit
from ner.ui.endpoints import add_endpoints
from ner.ui.files import add_files_tab
from ner.ui.forms import html
from ner.ui.jobs import Loader, Site
from ner.ui.look import code_address
from ner.ui.tag import add_tag_tab

_TITLE = "Named entities: original and INT8"


def build(
    load: Loader,
    *,
    specs: Sequence[ModelSpec] | None = None,
    devices: Sequence[str] = ("CPU",),
    service: Service,
    opened: Callable[[], Sequence[Side]] = tuple,
    weigh: Callable[[Side], int] | None = None,
) -> gr.Blocks:
    """The page over the models of ``specs`` (None: the catalogue) and the given devices.

    ``load`` is called with two variants, a device and a listener for progress, in a thread of a
    request; it should keep what it opened, which ``opened`` gives. ``weigh`` tells how many bytes
    a process with one side holds. Launch the page with :func:`ner.ui.launch.launch`, with the same
    ``service``.
    """
    site = Site(load, service, weigh)
    bounds = service.bounds
    deleting = (bounds.sweep_seconds, bounds.keep_seconds)
    page = Page(title=_TITLE, analytics_enabled=False, delete_cache=deleting)
    with page:
        # First, so that no event of the page takes an endpoint's name.
        add_endpoints(load, service)
        with gr.Row(elem_id="header"):
            html(macro("ner.ui", "page.html", "heading"), "heading")
            html(macro("ner.ui", "page.html", "links", code_address()), "links")
        with gr.Tabs():
            with gr.Tab("Tag"):
                pickers = add_tag_tab(page, site, tuple(specs or catalogue()), devices)
            with gr.Tab("Decide"):
                texts = add_decide_tab(site, pickers)
            with gr.Tab("Files"):
                add_files_tab(site, pickers)
            with gr.Tab("About") as about:
                add_about_tab(page, about, site, pickers, opened)
        add_edit(site, texts)
    return page
