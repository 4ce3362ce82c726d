"""Tab 'Decide': will INT8, or another recipe, do for these texts? Texts once, one verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import gradio as gr

from ner.choosing.child_process import measure_apart
from ner.choosing.contenders import Contender, made_recipes, open_contenders
from ner.choosing.measure import Measured, measure, measure_model
from ner.choosing.memory import SHORT
from ner.choosing.recommend import Limits
from ner.choosing.report import choice_table, measurement_json
from ner.choosing.workloads import usual
from ner.comparing.agreement import agreement_estimate
from ner.entities import Annotated
from ner.errors import InputError
from ner.evaluating import gate
from ner.evaluating.cards import Tally, change_sentence, standing_sentence
from ner.evaluating.documents import as_documents
from ner.evaluating.report import Report, report_agreement, report_sides
from ner.evaluating.signoff import signoff_html
from ner.files.pasted import GATE, Texts, read_texts
from ner.io import check_length
from ner.markup import macro, notice, render
from ner.models.catalogue import ModelSpec
from ner.models.child import ensure_prepared
from ner.models.folder import known_labels
from ner.models.names import resolve, resolve_sides
from ner.models.open import Sides
from ner.models.recipes import Variant
from ner.progress import Progress, Stopped
from ner.tagging.choice import Choice
from ner.ui import decided
from ner.ui.forms import Pickers, button, hidden, html, pressed_by_script, read_upload, result
from ner.ui.jobs import (
    JOB,
    QUIET,
    Run,
    Site,
    Value,
    as_gradio_errors,
    from_script,
    job,
    stage_sentence,
    stop,
    value,
)
from ner.verdict import MAX_LOSS, MIN_AGREEMENT, check_max_loss

SETS = {
    "Your texts": "",
    "General: news, web, tricky names (labelled)": "general",
    "General: plain sentences (labelled)": "plain",
    "Medical: chemicals, diseases (labelled)": "medical",
    "The texts of the model's check when made": GATE,
}
# What else runs a model, by the package that has to be installed.
_PEERS = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime"}
# Seconds between two sentences on how far it is.
_TOLD_EVERY = 0.3
_MOST_CARDS = 100_000
_ABOUT = (
    "Paste texts of your own, one a line, labelled or not; or press Measure to try it on texts of "
    "ours. Every recipe tags and times them here and now, in turns."
)


@dataclass(frozen=True)
class Decided:
    """All that was measured in this session, to be judged by other limits too.

    ``refused`` are recipes that can't be made of the model, each with the reason.
    """

    spec: ModelSpec
    texts: Texts
    measured: tuple[Measured, ...]
    refused: Mapping[Variant, str]
    report: Report


def recognize(text: str, chosen: str, left: str, limit: int) -> str:
    """What was pasted or chosen, in a sentence; labels of another name can be mapped."""
    spec = resolve(left, visitor=True).spec
    texts = read_texts(text or "", chosen, "", spec, limit)
    known = known_labels(spec)
    renamed = list(texts.renamed.items())
    return macro("ner.ui", "decide_parts.html", "recognized", texts.told, renamed, known)


@job(lambda text, kind: (value(text, kind), None))
def measure_texts(
    run: Run,
    text: str,
    chosen: str,
    mapping: str,
    left: str,
    right: str,
    device: str,
    peers: bool,
    *limits: float | None,
) -> Iterator[Any]:
    """Progress while it runs, then the verdict and all behind it."""
    # Before anything is measured, so that a mistake costs no time.
    max_loss, others = _limits(*limits)
    variant, other = resolve_sides(left, right, visitor=True)
    texts = read_texts(text or "", chosen, mapping, variant.spec, run.bounds.gold_characters)
    if not (chosen or texts.sample.gold):
        check_length(len(text), run.bounds.lines_characters)
    if texts.renamed and not any(gold.tagged.entities for gold in texts.sample.gold or ()):
        raise InputError(
            f"The model knows none of your labels: {', '.join(texts.renamed)[:200]}. Choose which "
            "of its labels they are, in the table below the texts."
        )
    sides = yield from run.open(left, right, device)
    with (yield from run.place("Comparing both sides …")):
        gold, plain = texts.sample.gold, texts.sample.texts
        report = (
            report_agreement(sides.both, plain, max_loss=max_loss, name=texts.name)
            if gold is None
            else _report(sides, gold, texts, max_loss)
        )
    # Told at once: whether B will do is what most people ask, and timing takes longer.
    known = _known(report)
    yield f"{known} Opening every recipe of the model …"
    refused: dict[Variant, str] = {}
    beside = [sides.right] if other.spec != variant.spec and sides.right is not None else []
    if peers:
        work = partial(
            measure_model,
            variant.spec,
            made_recipes(variant.spec),
            texts.sample,
            SHORT,
            beside=[side.variant for side in beside],
            peers=(),
            device=device,
        )
        steps = measure_apart(work, refused.__setitem__)
    else:
        contenders = yield from run.background(partial(_open, variant.spec, device, refused))
        contenders += map(Contender.of, beside)
        steps = measure(contenders, texts.sample, usual(texts.sample.texts), SHORT)
    with (yield from run.place(f"{known} Measuring …")):
        measured = yield from _measured(run, steps, known)
    found = Decided(variant.spec, texts, measured, refused, report)
    yield decided.value(found, others, variant.name, other.name), found


def _known(report: Report) -> str:
    """What is known of the two sides before anything is timed."""
    if report.labelled:
        return report.verdict.short if report.verdict else ""
    left, right = report.titles
    return f"{right} agrees with {left} to {agreement_estimate(report.agreements).text()} %."


def _limits(
    max_loss: float | None,
    agreement: float | None,
    max_ms: float | None,
    max_mb: float | None,
) -> tuple[float, Limits]:
    """Points of F1, and the other limits, as the form gives them; empty or 0 is no limit."""
    loss = MAX_LOSS if max_loss is None else max_loss
    check_max_loss(loss, "The accepted loss")
    return loss, Limits(max_ms or None, max_mb or None, agreement / 100 if agreement else None)


def _open(
    spec: ModelSpec, device: str, refused: dict[Variant, str], tell: Callable[[str], None]
) -> list[Contender]:
    return open_contenders(
        spec,
        made_recipes(spec),
        device=device,
        report=lambda stage: tell(stage_sentence(stage)),
        refused=refused.__setitem__,
    )


def _measured(run: Run, steps: Generator[Progress, None, tuple[Measured, ...]], known: str) -> Any:  # noqa: ANN401
    """What is measured in ``steps``; yields what is ``known`` and how far it is."""
    told = 0.0
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return end.value
        if run.stopped():
            steps.close()
            raise Stopped
        if time.monotonic() - told >= _TOLD_EVERY:
            told = time.monotonic()
            yield f"{known} Measuring: {step.what} …"


def judge_again(found: Decided | None, left: str, right: str, *limits: float | None) -> Any:  # noqa: ANN401
    """The verdict once more, by other limits, on what was measured."""
    if found is None:
        return gr.skip()
    max_loss, others = _limits(*limits)
    judged = replace(found, report=replace(found.report, max_loss=max_loss))
    return decided.value(judged, others, left, right)


@job(lambda text, kind: (notice(text, kind), ""))
def sign(run: Run, found: Decided, device: str, max_loss: float | None) -> Iterator[Any]:
    """The report to sign, of what was measured with labels: a sentence, and the page."""
    texts, (loss, _) = found.texts, _limits(max_loss, None, None, None)
    report = replace(found.report, max_loss=loss)
    left, right = (side.origin.name for side in report.sides)
    sides = yield from run.open(left, right, device)
    with (yield from run.place("Tagging the texts as whole documents …")):
        joined = _report(sides, as_documents(texts.documents), texts, loss)
    gated = gate.Gated(report, joined, gate.Limits(loss))
    cost = choice_table(measurement_json(found.measured, texts.name))
    page = signoff_html([gated], {texts.name: texts.digest}, sides, cost, {})
    yield notice("The report is saved as report.html. Print it to sign it."), page


def _report(sides: Sides, gold: Sequence[Annotated], texts: Texts, loss: float) -> Report:
    return report_sides(
        sides.all, gold, Choice(), max_loss=loss, began=texts.began, name=texts.name
    )


@job(notice)
def make(run: Run, name: str) -> Iterator[str]:
    """Make the recipe ``name`` (``model#recipe``)."""
    variant = resolve(name, visitor=True)
    yield f"Making {variant.title} …"

    def prepare(tell: Callable[[str], None]) -> None:
        ensure_prepared(variant, report=lambda stage: tell(stage_sentence(stage)))

    yield from run.background(prepare)
    yield notice(f"{variant.title} is made. Press Measure to have it measured with the others.")


def stand(answers: str) -> Value:
    """Where the answers to cards lead; ``answers`` is JSON that the page's script counted.

    ``{"left", "right", "both", "neither", "cards", "names"}``. Raises ``InputError`` for anything
    else: the page is the visitor's.
    """
    try:
        told = from_script(answers)
        counts = [told[key] for key in ("left", "right", "both", "neither", "cards")]
        left, right = (str(name)[:80] for name in told["names"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("The answers can't be read. Measure again.") from error
    whole = all(type(count) is int and 0 <= count <= _MOST_CARDS for count in counts)
    if not whole or sum(counts[:4]) > counts[4]:
        raise InputError("There are more answers than cards. Measure again.")
    tally, names, cards = Tally(*counts[:4]), (left, right), counts[4]
    html = render(
        "ner.ui",
        "standing.html",
        tally=tally,
        standing=standing_sentence(tally, names, cards),
        change=change_sentence(tally, names, cards),
        names=names,
    )
    return {"html": html, "data": ""}


def add_decide_tab(site: Site, pickers: Pickers) -> gr.Textbox:
    """Put the tab's components into the Blocks at hand, and connect them; gives its text box."""
    limit = site.service.bounds.gold_characters
    text, chosen = _texts_form(limit)
    peers, start, ended, recognized, limits = _measure_form()
    state = gr.State(None)
    mapping = hidden()
    shown = result("decided", "ner.mountDecided", value(_ABOUT))
    making = html("", "decide-made")
    settings: list[Any] = [text, chosen, mapping, *pickers.inputs, peers, *limits]
    end = stop(site, "measure_texts")
    # Pressed once more, the visitor's earlier run ends first.
    asked = start.click(end, None, None, queue=False, **QUIET).then(
        measure_texts(site),
        settings,
        [shown, state],
        js="(...values) => ner.measure(values)",
        # Beside tagging, not before it; two at once would spoil each other.
        concurrency_id="measure",
        **{**JOB, "concurrency_limit": 1},
    )
    asked.then(None, js="() => ner.measured()")
    ended.click(end, None, None, queue=False, **QUIET)
    read = as_gradio_errors(partial(recognize, limit=limit))
    gr.on(
        [text.blur, text.submit, chosen.change, pickers.left.change],
        read,
        [text, chosen, pickers.left],
        recognized,
        **QUIET,
    )
    watched: list[Any] = [text, chosen, *pickers.inputs]
    gr.on([part.change for part in watched], None, watched, js="(...now) => ner.decideChanged(now)")
    gr.on(
        [part.change for part in limits],
        as_gradio_errors(judge_again),
        [state, pickers.left, pickers.right, *limits],
        shown,
        **QUIET,
    )
    _connect_script(site, pickers, making, state, limits[0])
    return text


def _texts_form(limit: int) -> tuple[gr.Textbox, gr.Dropdown]:
    text = gr.Textbox(
        label="Texts, one a line; or labelled, in any common format",
        placeholder="A few hundred lines of what the model is to read",
        lines=4,
        max_lines=10,
        elem_id="decide-text",
    )
    with gr.Row(elem_classes="fields"):
        upload = gr.UploadButton("Load a file", elem_id="decide-file", size="sm", scale=0)
        chosen = gr.Dropdown(list(SETS.items()), value="", label="Measure on", elem_id="decide-set")
    upload.upload(as_gradio_errors(partial(read_upload, limit=limit)), upload, text, **QUIET)
    return text, chosen


def _measure_form() -> tuple[gr.Checkbox, gr.Button, gr.Button, gr.HTML, list[gr.Number]]:
    """Whether peers take part, Measure and Stop; what the texts are; and the limits.

    The limits come last: they are applied anew without measuring again.
    """
    fields = {
        "With labels: F1 points to lose": MAX_LOSS,
        "Without: least agreement, %": 100 * MIN_AGREEMENT,
        "Slowest allowed, ms (0: no limit)": None,
        "Largest allowed, MB (0: no limit)": None,
    }
    with gr.Row(elem_classes="run"):
        start = button("Measure", "measure", variant="primary")
        ended = button("Stop", "measure-stop")
        there = [title for package, title in _PEERS.items() if find_spec(package)]
        peers = gr.Checkbox(
            label=f"Measure {' and '.join(there)} too",
            visible="PyTorch" in there,
            container=False,
            scale=0,
            min_width=280,
        )
    recognized = html("", "recognized")
    with gr.Row(elem_classes="fields"):
        limits = [gr.Number(value, label=label) for label, value in fields.items()]
    return peers, start, ended, recognized, limits


def _connect_script(
    site: Site, pickers: Pickers, making: gr.HTML, state: gr.State, loss: gr.Number
) -> None:
    """What a press on a recipe or a card does: the script presses these, which nobody sees."""
    name, answers = hidden(), hidden()
    put = pressed_by_script("decide-put")
    put.click(None, None, pickers.right, js="() => ner.picked()", **QUIET)
    made = pressed_by_script("decide-make")
    made.click(make(site), name, making, js="() => [ner.picked()]", **JOB)
    signed = hidden()
    asked = pressed_by_script("decide-sign")
    asked.click(sign(site), [state, pickers.device, loss], [making, signed], **JOB).then(
        None, signed, None, js="page => ner.signed(page)"
    )
    standing = result("standing", "ner.mountStanding")
    count = pressed_by_script("judge-count")
    count.click(
        as_gradio_errors(stand),
        answers,
        standing,
        js="() => [ner.answers()]",
        trigger_mode="always_last",
        concurrency_limit=None,
        **QUIET,
    )
