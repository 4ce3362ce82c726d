"""On tab 'Model': the recipe on side B as a folder that Optimum Intel loads, zipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from ner.deploy.model_folder import export_model
from ner.errors import Failure
from ner.markup import megabytes, notice
from ner.models.child import ensure_prepared
from ner.models.prepared import Prepared, find_offered
from ner.models.variants import Variant
from ner.serving.admission import WAITING, ClientDisconnected
from ner.serving.gradio_seam import client_address, client_disconnected
from ner.serving.service import Service
from ner.ui.progress import catch_failures, run_in_background, stage_sentence

_Outcome = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class DownloadHandler:
    """What pressing the button does."""

    service: Service

    def answer(self, request: gr.Request, right: str) -> Iterator[_Outcome]:
        """Stages of making where it is not made yet, then the file; or a sentence."""
        client = client_address(request, self.service.addresses)
        yield from catch_failures(self._answer(right, client), _problem)

    def _answer(self, right: str, client: str | None) -> Iterator[_Outcome]:
        variant = find_offered(right)

        def make(tell: Callable[[_Outcome], None]) -> Prepared:
            return ensure_prepared(
                variant, report=lambda stage: tell(_progress(stage_sentence(stage)))
            )

        prepared = yield from run_in_background(make)
        self._check_room(prepared, client)
        if self.service.long.taken:
            yield _progress(WAITING)
        try:
            with (
                TemporaryDirectory(prefix="ner-") as work,
                self.service.long.slot(disconnected=client_disconnected),
            ):
                yield _progress(f"Packing {variant.title} …")
                file = _pack(variant, Path(work) / prepared.folder.name)
                size = file.stat().st_size
                self.service.quota.add(client, size)
                # Gradio copies the file before the folder goes.
                yield notice(_done(variant, size)), gr.update(visible=True, value=str(file))
        except ClientDisconnected:
            yield _message(self.service.readiness.ended)

    def _check_room(self, prepared: Prepared, client: str | None) -> None:
        """Refuse before the work what there would be no room for."""
        quota = self.service.quota
        wait = quota.until_room(client, prepared.size)
        if wait:
            raise Failure(
                f"{megabytes(prepared.size)} are too much beside the files that are kept. Those "
                f"{quota.room_again(wait)} The command line has no limit: python -m ner export."
            )


def _pack(variant: Variant, folder: Path) -> Path:
    """``variant`` exported to the new ``folder``, as a zip file beside it."""
    export_model(variant, folder)
    return Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))


def _done(variant: Variant, size: int) -> str:
    return (
        f"{variant.title}, {megabytes(size)} zipped. Unpacked it is a folder for "
        "OVModelForTokenClassification and AutoTokenizer; its README.md shows how."
    )


def _message(sentence: str, kind: str = "hint") -> _Outcome:
    return notice(sentence, kind=kind), gr.update(visible=False, value=None)


_progress, _problem = (partial(_message, kind=kind) for kind in ("progress", "problem"))


def add_download(right: gr.Dropdown, service: Service) -> None:
    """Put the button and what comes of it into the Blocks at hand, and connect them."""
    start = gr.Button("Download this variant", elem_id="model-download", scale=0)
    told = gr.HTML("", elem_id="model-packed", js_on_load=None, apply_default_css=False)
    file = gr.File(label="Variant", interactive=False, visible=False, elem_id="model-file")
    start.click(
        DownloadHandler(service).answer,
        right,
        [told, file],
        show_progress="hidden",
        trigger_mode="once",
        # Beside tagging, not before it.
        concurrency_limit=None,
        api_visibility="private",
    )
    right.change(
        lambda: ("", gr.update(visible=False, value=None)),
        None,
        [told, file],
        show_progress="hidden",
        api_visibility="private",
    )
