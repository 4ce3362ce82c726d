"""Tab 'Tag': a text, tagged by two sides as it is typed: where they differ and what each costs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from ner.comparing.probe import probe
from ner.comparing.timing import Latency, Timing, time_rounds
from ner.errors import InputError, TextTooLong, one_of
from ner.machine import describe
from ner.markup import macro, notice
from ner.models.catalogue import ModelSpec, assets
from ner.models.open import Sides
from ner.models.recipes import ORIGINAL, Variant, default_sides, find_recipe
from ner.serving.admission import RETRY_AFTER, Busy
from ner.serving.gradio_private import client_disconnected
from ner.tagging.choice import Choice, Steps
from ner.tagging.graphs import supports_bf16
from ner.tagging.tagger import OpenVinoTagger
from ner.ui import tag_files, tagged
from ner.ui.forms import (
    Pickers,
    aggregation_picker,
    button,
    hidden,
    html,
    pressed_by_script,
    result,
    variant_choices,
)
from ner.ui.jobs import JOB, QUIET, Run, Site, as_gradio_errors, from_script, job, value
from ner.ui.tag_files import WRITERS
from ner.ui.tagged import Kept

_EMPTY = "Type or paste a text, or take an example."
# Timing: the fewest and the most rounds, milliseconds between two looks at who waits, how narrow an
# interval is enough, and milliseconds in all.
_FEWEST, _MOST = 8, 200
_PORTION, _NARROW, _BUDGET = 80.0, 1.25, 3_000.0
# Characters of a text that are timed.
_TIMED = 2_000
_BF16 = "bf16"


@job(value)
def tag(run: Run, text: str, *asked: Any) -> Iterator[Any]:  # noqa: ANN401 - as `_compare`
    """What both sides find, or only where they differ, or a text for each."""
    *settings, view = asked
    if not any(letter.isalnum() for letter in text or ""):
        yield value(_EMPTY)
        return
    kept = yield from _compare(run, text, *settings)
    yield tagged.result_value(kept, split=view == "split")


def _compare(
    run: Run,
    text: str,
    left: str,
    right: str,
    device: str,
    aggregation: str,
    reading: str,
    threshold: float,
    without: str,
) -> Any:  # noqa: ANN401 - a generator that returns a `Kept`
    limit = run.bounds.text_characters
    if len(text) > limit:
        raise TextTooLong(len(text), limit)
    choice = Choice.parse(aggregation, threshold, reading=reading)
    left_out = _labels_of(without)
    opened = yield from run.open(left, right, device)
    with (yield from run.place(long=False)):
        # The filter comes afterwards, so that it is known what it hides.
        comparison = opened.compare(text, replace(choice, threshold=0.0))
    return Kept(comparison, opened, choice, left_out)


def _labels_of(without: str) -> frozenset[str]:
    labels = from_script(without or "[]")
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InputError('The labels to leave out are not a list of names such as ["PER"].')
    return frozenset(labels)


@job(value)
def time(
    run: Run,
    text: str,
    left: str,
    right: str,
    device: str,
    aggregation: str,
    reading: str,
    ticket: str,
) -> Iterator[Any]:
    """How long both sides take, told again and again as it is measured, and then their memory.

    Each portion of rounds holds a slot of its own; when others wait, or the visitor has typed on,
    there are no more.
    """
    sides: Sides = yield from run.open(left, right, device)
    if sides.right is None or len(text) > run.bounds.text_characters:
        return
    choice = Choice.parse(aggregation, reading=reading)
    names, taggers = zip(*_contestants(run, sides, choice), strict=True)
    tell = partial(tagged.speed_value, names, notes=_notes(text, sides), ticket=ticket)
    endless = time_rounds(text[:_TIMED], taggers)
    slots = run.site.service.short
    rounds: list[tuple[Steps, ...]] = []
    finished = False
    while not finished:
        try:
            with slots.slot(disconnected=lambda: run.stopped() or client_disconnected()):
                portion = 0.0
                while portion < _PORTION:
                    rounds.append(next(endless))
                    portion += sum(steps.total for steps in rounds[-1])
                series = list(zip(*rounds, strict=True))
                latencies = [Latency(tuple(steps.total for steps in one)) for one in series]
                timing = Timing(latencies[0], latencies[1])
                finished = _enough(timing, rounds, others=slots.queued > 0)
        except Busy:
            # Nobody asked for the timing, so nobody has to ask again.
            yield value("Others are being served first; the speed is measured after that …")
            if run.stopping.wait(RETRY_AFTER):
                return
            continue
        yield tell(series, timing, finished=finished)
    weigh = run.site.weigh
    if weigh is not None:
        with (yield from run.place()):
            held = yield from run.background(lambda _: list(map(weigh, sides.all)))
        yield tell(series, timing, finished=True, held=held)


def _enough(timing: Timing, rounds: Sequence[tuple[Steps, ...]], *, others: bool) -> bool:
    spent = sum(steps.total for times in rounds for steps in times)
    narrow = timing.ratio.high < _NARROW * timing.ratio.low
    return others or spent >= _BUDGET or len(rounds) >= _MOST or (narrow and len(rounds) >= _FEWEST)


def _contestants(run: Run, sides: Sides, choice: Choice) -> Iterator[tuple[str, OpenVinoTagger]]:
    """Both sides; where the left one is an original also that in BF16, if the CPU has it.

    OpenVINO uses BF16 by default on such CPUs, so this is the fair baseline.
    """
    for letter, side in zip("AB", sides.all, strict=True):
        yield f"{letter} {side.origin.title}", side.tagger.using(choice)
    left, *others = (side.variant.recipe.name for side in sides.all)
    beside = sides.device == "CPU" and left == ORIGINAL and _BF16 not in others
    if beside and supports_bf16():
        variant = Variant(sides.spec, find_recipe(_BF16))
        third = run.site.load(variant, variant, sides.device, lambda _: None).left
        yield "BF16", third.tagger.using(choice)


def _notes(text: str, sides: Sides) -> list[str]:
    """What a reader has to know of the times."""
    part = [f"first {_TIMED:,} characters"] if len(text) > _TIMED else []
    slow = describe().lacks_int8 and any(it.variant.recipe.computes_in_int8 for it in sides.all)
    if slow and sides.device == "CPU":
        part.append("this CPU lacks VNNI, which makes INT8 fast")
    return part


@job(notice)
def robustness(
    run: Run, text: str, left: str, right: str, device: str, aggregation: str, reading: str
) -> Iterator[str]:
    """Which entities are still found when the text is written differently."""
    if len(text or "") > run.bounds.probe_characters:
        raise TextTooLong(len(text), run.bounds.probe_characters)
    choice = Choice.parse(aggregation, reading=reading)
    sides = yield from run.open(left, right, device)
    taggers = [side.tagger.using(choice) for side in sides.both]
    with (yield from run.place(long=False)):
        found = probe(text or "", *taggers)
    yield tag_files.probe_table(found)


@job(notice)
def tables(run: Run, text: str, *settings: Any) -> Iterator[str]:  # noqa: ANN401
    """Entities and word pieces as tables, and what the numbers depend on."""
    kept = yield from _compare(run, text or "", *settings)
    yield tag_files.tables(kept)


def _not_saved(text: str, kind: str) -> dict[str, Any]:
    return gr.update(value=json.dumps({"problem": text} if kind == "problem" else {}))


@job(_not_saved)
def save(run: Run, text: str, *settings: Any) -> Iterator[Any]:  # noqa: ANN401
    """The result on show as a file: JSON with its name and its content."""
    *asked, kind = settings
    chosen = one_of(WRITERS, kind, "format")
    kept = yield from _compare(run, text or "", *asked)
    file = {"name": f"entities.{chosen}", "content": WRITERS[chosen](kept)}
    yield gr.update(value=json.dumps(file))


def parse_link(kept: str) -> dict[str, Any]:
    """What a link or the browser kept, each value of its type; nothing of what can't be read."""
    told = from_script(kept)
    texts = ("text", "left", "right", "aggregation", "reading")
    kinds = {**dict.fromkeys(texts, str), "threshold": int | float}
    known = told if isinstance(told, dict) else {}
    return {name: known[name] for name, kind in kinds.items() if isinstance(known.get(name), kind)}


def add_tag_tab(
    page: gr.Blocks, site: Site, specs: Sequence[ModelSpec], devices: Sequence[str]
) -> Pickers:
    """Put the tab's components into ``page``, the Blocks at hand, and connect them.

    The script asks every question by pressing a button that nobody sees.
    """
    text, examples, pickers = _question(site, specs, devices)
    html("", "editor")
    shown = result("result", "ner.mount", value(_EMPTY))
    times = result("times", "ner.mountTimes")
    with gr.Column(elem_id="more"):
        choice, long = _more()
    without, view, ticket, kind, saved = (hidden() for _ in range(5))
    settings = [text, *pickers.inputs, *choice, without]
    asked = _ask("tag", tag(site), [*settings, view], shown)
    # However it ends: a newer question ends this one without a word, and a sentence may be equal
    # to the one that is on show.
    asked.then(None, js="() => ner.answered()")
    _ask("time", time(site), [*settings[:6], ticket], times)
    _ask("tables", tables(site), settings, long["tables"])
    _ask("probe", robustness(site), settings[:6], long["probe"])
    _ask("save", save(site), [*settings, kind], saved).then(
        None, saved, None, js="saved => ner.saved(saved)"
    )
    changed: list[Any] = [*pickers.inputs, *choice]
    gr.on([part.change for part in changed], None, changed, js="(...now) => ner.changed(now)")
    _connect_pickers(page, pickers, text, examples, choice)
    return pickers


def _ask(
    name: str,
    work: Callable[..., Any],
    inputs: list[Any],
    output: gr.components.Component,
) -> gr.events.Dependency:
    press = pressed_by_script(name)
    js = f"(...values) => ner.send('{name}', values)"
    asked = press.click(work, inputs, output, js=js, **JOB)
    # A request that is refused before it is begun has only this.
    asked.failure(None, js=f"() => ner.failed('{name}')")
    return asked


def _question(
    site: Site, specs: Sequence[ModelSpec], devices: Sequence[str]
) -> tuple[gr.Textbox, list[tuple[gr.Button, dict[str, str]]], Pickers]:
    """The text with its length; below it examples and pickers."""
    examples = json.loads((assets() / "examples" / "examples.json").read_text(encoding="utf-8"))
    with gr.Column(elem_id="question"):
        text = gr.Textbox(
            label="Text",
            value=examples[0]["text"],
            lines=3,
            max_lines=4,
            elem_id="text",
            placeholder="Paste or type a text",
        )
        limit = site.service.bounds.text_characters
        html(macro("ner.ui", "page.html", "counter", limit), "counter")
    with gr.Row(elem_id="ask"):
        html("Try:", "try")
        buttons = [
            (button(one["title"], f"example-{number}", elem_classes="example"), one)
            for number, one in enumerate(examples)
        ]
        pickers = _pickers(specs, devices)
    return text, buttons, pickers


def _pickers(specs: Sequence[ModelSpec], devices: Sequence[str]) -> Pickers:
    sides = default_sides(specs[0])
    with gr.Row(elem_id="pickers"):
        models = [(spec.title, spec.name) for spec in specs]
        model = _picker("Model", models, specs[0].name, "model")
        choices = variant_choices(specs[0])
        left, right = (
            _picker(f"Side {letter}", choices, side.name, f"side-{letter.lower()}")
            for letter, side in zip("AB", sides, strict=True)
        )
        swap = button("⇄", "swap", elem_classes="swap")
        device = _picker("Device", [(name, name) for name in devices], devices[0], "device")
        device.visible = len(devices) > 1
    swap.click(None, [left, right], [left, right], js="(a, b) => [b, a]")
    return Pickers(model, left, right, device, specs)


def _picker(label: str, choices: list[tuple[str, str]], value: str, elem_id: str) -> gr.Dropdown:
    return gr.Dropdown(
        choices, value=value, label=label, container=False, elem_id=elem_id, elem_classes="pick"
    )


def _more() -> tuple[list[Any], dict[str, gr.HTML]]:
    """What the button 'More' unfolds: settings, and results by the name of what asks for them."""
    with gr.Row(elem_classes="fields"):
        aggregation = aggregation_picker()
        reading = gr.Dropdown(
            [("In segments of whole sentences", "segments"), ("As a whole", "whole")],
            value="segments",
            label="Long texts are read",
            elem_id="reading",
        )
        threshold = gr.Slider(0, 1, value=0, step=0.01, label="Threshold", elem_id="threshold")
    html(macro("ner.ui", "tag_parts.html", "more", list(WRITERS)), "more-actions")
    parts = {name: html("", f"{name}-result", elem_classes="ner") for name in ("tables", "probe")}
    return [aggregation, reading, threshold], parts


def _connect_pickers(
    page: gr.Blocks,
    pickers: Pickers,
    text: gr.Textbox,
    examples: Sequence[tuple[gr.Button, dict[str, str]]],
    choice: Sequence[Any],
) -> None:
    chosen = pickers.chosen
    now = "() => ner.now()"
    pickers.model.input(pickers.choose_model, pickers.model, chosen, **QUIET)
    sides = [pickers.left, pickers.right]
    listed = as_gradio_errors(pickers.list_all)
    gr.on([side.input for side in sides], listed, sides, sides, **QUIET)
    for press, example in examples:
        model = example.get("model", "bundled")
        press.click(
            lambda text=example["text"], model=model: (text, *pickers.choose_model(model)),
            None,
            [text, *chosen],
            **QUIET,
        ).then(None, js=now)

    def restore(kept: str) -> tuple[Any, ...]:
        """What a link, or this browser tab before a reload, holds; the rest stays as it is."""
        told = parse_link(kept)
        try:
            sides = pickers.pick(told["left"], told["right"])
        except Exception:  # noqa: BLE001
            sides = pickers.choose_model(pickers.specs[0].name)
        rest = (told.get(key, gr.skip()) for key in ("text", "aggregation", "reading", "threshold"))
        return (*rest, *sides)

    page.load(
        as_gradio_errors(restore),
        hidden(),
        [text, *choice, *chosen],
        js="() => ner.kept()",
        **QUIET,
    ).then(None, js=now)
