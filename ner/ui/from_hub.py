"""A field for models of the Hub, on tab 'Model': fetched once, then offered like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ner.models.catalogue import HUB, ModelSpec, find
from ner.models.prepared import fetched, find_prepared
from ner.models.recipes import recipe_of
from ner.render import notice
from ner.ui.progress import Loader, catch_failures, open_sides_with_progress

# What is shown, and what becomes of the list of models.
_Shown = tuple[str, dict[str, Any]]

_ABOUT = (
    "Any token classifier with safetensors and a tokenizer, at most 2 GB. Its newest commit is "
    "fetched without an account and stays as it was; code of its own is never run."
)


@dataclass(frozen=True)
class HubHandler:
    """What pressing Fetch does; ``specs`` are the models that are always offered."""

    load: Loader
    specs: Sequence[ModelSpec]

    def answer(self, repo_id: str) -> Iterator[_Shown]:
        """Stages, then the commit, with the model chosen; or a sentence in its place."""
        yield from catch_failures(self._fetched(repo_id), _problem)

    def _fetched(self, repo_id: str) -> Iterator[_Shown]:
        # With its prefix, so that what was typed is never taken for a folder.
        spec = find(f"{HUB}{(repo_id or '').strip()}")
        yield from open_sides_with_progress(self.load, spec, "CPU", _progress)
        prepared = find_prepared(recipe_of(spec), spec.name)
        commit = prepared.manifest.revision if prepared else None
        done = f"{spec.title} is ready and chosen above. Its commit is {commit}."
        yield notice(done), gr.update(choices=self.choices(), value=spec.name)

    def choices(self) -> list[tuple[str, str]]:
        """Title and name of every model that can be chosen now."""
        of_hub = (one.manifest.name for one in fetched())
        return [
            *((spec.title, spec.name) for spec in self.specs),
            *sorted((name.removeprefix(HUB), name) for name in of_hub),
        ]

    def offered(self) -> dict[str, Any]:
        """The list of models as it is now."""
        return gr.update(choices=self.choices())


def _problem(sentence: str) -> _Shown:
    return notice(sentence, kind="problem"), gr.skip()


def _progress(sentence: str) -> _Shown:
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
    page.load(handler.offered, None, model, show_progress="hidden", api_visibility="private")
