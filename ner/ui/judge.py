"""Tab 'Judge': only where the two sides differ a person says who is right; minutes, not days.

The answers live in the visitor's page. The server finds the differences, and after each answer it
is told how often which was given and says where that leads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from ner.comparing.agreement import align
from ner.errors import InputError, TextTooLong
from ner.evaluating.judgement import Tally
from ner.io import split_lines
from ner.serving.admission import WAITING
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.ui.controls import SideControls, fingerprint, read_upload
from ner.ui.progress import (
    ON_MODEL,
    Loader,
    Value,
    as_gradio_errors,
    catch_failures,
    open_sides_with_progress,
    problem,
    progress,
    result_component,
)
from ner.ui.views.judge import cards_value, example_value, standing_value

TAB = "judge-tab"
_MOST_CARDS = 100_000


@dataclass(frozen=True)
class JudgeHandler:
    """Finds what two sides differ on, and says where the answers lead."""

    load: Loader
    service: Service

    def deal(self, text: str, left: str, right: str, device: str) -> Iterator[Value]:
        """The differences of both sides on the lines of ``text``, as cards to judge."""
        yield from catch_failures(self._deal(text or "", left, right, device), problem)

    def stand(self, answers: str) -> Value:
        """Who is ahead; ``answers`` is the JSON that the page's script counts together."""
        return standing_value(*_parse_answers(answers or ""))

    def _deal(self, text: str, left: str, right: str, device: str) -> Iterator[Value]:
        lines = [line for line in split_lines(text) if line.strip()]
        if not lines:
            raise InputError("Paste lines of your own text first, or load a file of them.")
        limit = self.service.bounds.lines_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)
        sides = yield from open_sides_with_progress(self.load, left, right, device, progress)
        both = sides.both
        yield progress(
            WAITING if self.service.long.taken else f"Tagging {len(lines):,} texts with both …"
        )
        with self.service.long.slot(disconnected=client_disconnected):
            found = [side.tagger.using(Choice()).tag_many(lines) for side in both]
            agreements = list(map(align, *found))
            origins = [side.origin for side in both]
            value = cards_value(agreements, origins, name=fingerprint("your lines", text))
        yield value


def _parse_answers(answers: str) -> tuple[Tally, tuple[str, str], int]:
    """The tally, the sides' names and how many cards there are; ``InputError`` for anything else.

    ``{"left", "right", "both", "neither", "cards", "names"}``: the page is the visitor's.
    """
    try:
        told = json.loads(answers)
        counts = [told[key] for key in ("left", "right", "both", "neither", "cards")]
        left, right = (str(name)[:80] for name in told["names"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("The answers can't be read. Find the differences again.") from error
    whole = all(type(count) is int and 0 <= count <= _MOST_CARDS for count in counts)
    if not whole or sum(counts[:4]) > counts[4]:
        raise InputError("There are more answers than cards. Find the differences again.")
    return Tally(*counts[:4]), (left, right), counts[4]


_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def add_judge_tab(load: Loader, chosen: SideControls, service: Service) -> None:
    """Put the tab's components into the Blocks at hand."""
    handler = JudgeHandler(load, service)
    text, find = _form(service.bounds.lines_characters)
    cards = result_component(example_value(), "judge", "judge.mount")
    standing = result_component({"html": "", "data": ""}, "judge-standing", "judge.mountStanding")
    asked: list[Any] = [text, *chosen.inputs]
    run = find.click(
        handler.deal,
        asked,
        cards,
        js="(...values) => (judge.busy('texts', values), values)",
        **ON_MODEL,
    )
    run.then(None, js="() => judge.done()")
    run.failure(None, js="() => judge.done()")
    changed = [part.change for part in asked]
    gr.on(changed, None, asked, js="(...now) => judge.check('texts', now)", **_QUIET)
    _add_count(handler, standing)


def _form(limit: int) -> tuple[gr.Textbox, gr.Button]:
    """The texts, pasted or loaded, of up to ``limit`` characters; and what finds differences."""
    text = gr.Textbox(
        label="One text to a line",
        placeholder="Lines of your own text: only what the two sides differ on is shown to you",
        lines=4,
        max_lines=4,
        elem_id="judge-text",
    )
    with gr.Row(elem_classes="settings"):
        upload = gr.UploadButton("Load a file", elem_id="judge-file", scale=0, size="sm")
        find = gr.Button("Find what differs", variant="primary", elem_id="judge-find", scale=0)
    read = as_gradio_errors(partial(read_upload, limit=limit))
    upload.upload(read, upload, text, **_QUIET)
    return text, find


def _add_count(handler: JudgeHandler, standing: gr.HTML) -> None:
    """What the script presses after each answer; of several in a hurry the last one counts."""
    answers = gr.Textbox(visible="hidden")
    count = gr.Button(visible="hidden", elem_id="judge-count")
    count.click(
        as_gradio_errors(handler.stand),
        answers,
        standing,
        js="() => [judge.answers()]",
        trigger_mode="always_last",
        concurrency_limit=None,
        **_QUIET,
    )
