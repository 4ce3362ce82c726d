"""``python -m ner``: the command line, and the only place that prints.

Exit code 0 is success, 2 bad usage or input (a message on standard error), 1 failure. With
``--json`` standard output holds JSON only. Each command imports what only it needs.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import click
import typer
from rich.console import Console
from rich.table import Table

from ner import models, schema
from ner.decode import Strategy
from ner.errors import FileFormatError, InputError, NerError
from ner.models import Progress, Report, Variant
from ner.rows import Format
from ner.scores import agreement_f1, conlleval, total
from ner.scores import report as score_report
from ner.stats import ratio_verdict
from ner.train.settings import Arch, DataSource, TrainSettings
from ner.train.settings import Progress as TrainProgress

if TYPE_CHECKING:
    from ner.batch import Step
    from ner.benchmark import Benchmark, Contestant
    from ner.benchmark import Progress as BenchProgress
    from ner.entities import Tagged
    from ner.evaluation import Evaluation
    from ner.pair import Comparison
    from ner.rows import Source

app = typer.Typer(
    help=__doc__.split("\n", 1)[0] if __doc__ else None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ModelOption = Annotated[
    str, typer.Option("--model", help="A name of the catalogue, or a checkpoint folder.")
]
VariantOption = Annotated[Variant, typer.Option("--variant")]
DeviceOption = Annotated[str, typer.Option("--device", help="An OpenVINO device, such as CPU.")]
StrategyOption = Annotated[
    Strategy, typer.Option("--strategy", help="How a word's pieces become one prediction.")
]
ThresholdOption = Annotated[
    float, typer.Option("--threshold", min=0.0, max=1.0, help="Drop entities that score lower.")
]
LabelsOption = Annotated[
    str | None, typer.Option("--labels", help="Keep only these, separated by commas: PER,LOC.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

# Lines tagged together when they come from standard input.
_LINES_AT_ONCE = 256
# Where standard error is no terminal, progress is told once in so many seconds.
_LOG_SECONDS = 10.0


@app.command()
def prepare(
    model: ModelOption = "bundled",
    as_json: JsonOption = False,
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Make the prepared folder of a model: export, quantize, check. Instant when it is there."""
    if progress_lines:
        _prepare_for_parent(model)
        return
    with _libraries_to_stderr():
        prepared = _prepare(model, _print_stage)
    if as_json:
        _print_json(schema.prepared_json(prepared))
        return
    gate = prepared.manifest.gate
    state = (
        "passed"
        if gate.established and gate.passed
        else "failed"
        if gate.established
        else "not established"
    )
    _out().print(f"Prepared in {prepared.folder}", highlight=False, soft_wrap=True)
    for variant in Variant:
        _out().print(f"  {variant}: {prepared.size(variant) / 1e6:.1f} MB", highlight=False)
    _out().print(
        f"  gate {state}: INT8's entities score F1 {gate.f1:.3f} against the original's "
        f"({gate.entities} entities)",
        highlight=False,
    )


def _prepare(model: str, report: Report) -> models.Prepared:
    spec = models.find(model)
    wanted = models.recipe(spec)
    found = models.find_prepared(wanted, spec.name)
    if found is not None and not found.damaged(*Variant):
        return found
    # Takes seconds to import, so only when there is something to make.
    from ner import convert

    return convert.prepare(spec, report)


def _prepare_for_parent(model: str) -> None:
    """Report to the process that started this one: one JSON object a line."""
    with _libraries_to_stderr() as out:

        def tell(message: dict[str, Any]) -> None:
            out.write(json.dumps(message) + "\n")
            out.flush()

        try:
            _prepare(model, lambda stage: tell(_stage_json(stage)))
        except NerError as error:
            kind = "refused" if isinstance(error, InputError) else "failed"
            tell({"error": str(error), "kind": kind})


@contextmanager
def _libraries_to_stderr() -> Iterator[TextIO]:
    """Send what converting libraries print to standard error; yields the real standard output."""
    sys.stdout.flush()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as real:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            yield real
        finally:
            sys.stdout.flush()
            os.dup2(real.fileno(), sys.stdout.fileno())


def _stage_json(stage: Progress) -> dict[str, Any]:
    return {"stage": stage.stage, "number": stage.number, "stages": stage.stages}


def _print_stage(stage: Progress) -> None:
    _err().print(f"[{stage.number}/{stage.stages}] {stage.stage} …", markup=False, highlight=False)


@app.command()
def tag(
    text: Annotated[
        str | None, typer.Argument(help="The text; - or nothing reads lines from standard input.")
    ] = None,
    model: ModelOption = "bundled",
    variant: VariantOption = Variant.INT8,
    device: DeviceOption = "CPU",
    strategy: StrategyOption = Strategy.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tag a text, or each line of standard input."""
    from ner.pair import open_tagger

    tagger = open_tagger(models.find(model), variant, device=device, report=_print_stage).using(
        strategy=strategy, threshold=threshold, labels=_split(labels)
    )
    for texts in [[text]] if text not in (None, "-") else _chunks(_stdin_lines(), _LINES_AT_ONCE):
        for tagged in tagger.tag_many(texts):
            if as_json:
                _print_json(schema.tagged_json(tagged))
            else:
                _print_tagged(tagged)


def _print_tagged(tagged: Tagged) -> None:
    _out().print(_visible(tagged.text), markup=False, highlight=False, soft_wrap=True)
    for entity in tagged.entities:
        _out().print(
            f"  {entity.label:<6} {entity.score:.2f}  {entity.start}–{entity.end}  "
            f"{_visible(tagged.spelled(entity))}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _visible(text: str) -> str:
    """``text`` on one line, without characters that steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


@app.command()
def compare(
    text: Annotated[str, typer.Argument(help="The text that both variants tag.")],
    model: ModelOption = "bundled",
    device: DeviceOption = "CPU",
    strategy: StrategyOption = Strategy.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    budget_ms: Annotated[
        float,
        typer.Option("--budget-ms", min=0.0, help="Time to spend on timing; 0 times nothing."),
    ] = 1000.0,
    as_json: JsonOption = False,
) -> None:
    """Tag a text with both variants, aligned, and time them in turns."""
    from ner.pair import open_pair

    pair = open_pair(models.find(model), device=device, report=_print_stage)
    pair.tagger(Variant.INT8)
    comparison = pair.compare(
        text, strategy=strategy, threshold=threshold, labels=_split(labels), budget_ms=budget_ms
    )
    agreement = comparison.agreement
    assert agreement is not None  # noqa: S101 - both are served, or the line above has raised
    if as_json:
        _print_json(schema.comparison_json(agreement, comparison.timing))
    else:
        _print_comparison(comparison)


def _print_comparison(comparison: Comparison) -> None:
    agreement = comparison.agreement
    assert agreement is not None  # noqa: S101 - the caller has both
    table = Table("original", "INT8", "drift", "", box=None)
    for pair in agreement.pairs:
        sides = [
            ""
            if side is None
            else f"{side.label} {side.score:.2f} {_visible(agreement.text[side.start : side.end])}"
            for side in (pair.original, pair.int8)
        ]
        drift = "" if pair.drift is None else f"{pair.drift:+.3f}"
        table.add_row(*sides, drift, "" if pair.kind == "same" else pair.kind.replace("_", " "))
    _out().print(table, markup=False)
    same = len(agreement.pairs) - len(agreement.differences)
    _out().print(f"{same} of {len(agreement.pairs)} entities identical")
    if (timing := comparison.timing) is not None:
        verdict = ratio_verdict(timing.ratio, timing.interval)
        _out().print(
            f"original {timing.original.median_ms:.2f} ms, INT8 {timing.int8.median_ms:.2f} ms, "
            f"n = {timing.int8.n}: {verdict}",
            markup=False,
        )


@app.command()
def evaluate(
    gold: Annotated[
        list[Path], typer.Argument(help="CoNLL files: token, tag; a blank line ends a sentence.")
    ],
    model: ModelOption = "bundled",
    device: DeviceOption = "CPU",
    strategy: StrategyOption = Strategy.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    lowercase: Annotated[
        bool, typer.Option("--lowercase", help="Lower-case the texts before tagging them.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the JSON, with the machine, to a file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score both variants against gold: conlleval report, per-tag table, agreement."""
    from ner import evaluation, machine
    from ner.formats import read_gold
    from ner.pair import open_pair

    kept = _split(labels)
    # All files are read before anything is tagged, so that a mistake in one costs no time.
    sets = {name: read_gold(file) for name, file in _set_names(gold).items()}
    for file in gold:
        _print_repairs(file)
    pair = open_pair(models.find(model), device=device, report=_print_stage)
    original, int8 = (
        pair.tagger(variant).using(strategy=strategy, threshold=threshold) for variant in Variant
    )
    results = {}
    for name, sentences in sets.items():
        cased = evaluation.lower_cased(sentences) if lowercase else sentences
        result = evaluation.evaluate(cased, original, int8, labels=kept)
        results[name] = schema.evaluation_json(result.original, result.int8, result.agreements)
        if not as_json:
            _print_evaluation(name, result)
    answer = {"sets": results} if len(results) > 1 else next(iter(results.values()))
    if out is not None:
        settings = {"model": model, "labels": kept, "lowercase": lowercase, "strategy": strategy}
        record = {"settings": settings, "machine": schema.machine_json(machine.describe())}
        _write_json(out, {**record, "sets": results})
    if as_json:
        _print_json(answer)


def _print_repairs(file: Path) -> None:
    """Say how the tags of a CoNLL file were read, where they are not plain BIO2."""
    from ner.formats import Scheme, read_lines, tag_notes

    try:
        notes = tag_notes(read_lines(file), file)
    except FileFormatError:
        return  # spans or brackets, which have no tags
    if notes.scheme is not Scheme.BIO2:
        _err().print(f"{file.name}: tags are {notes.scheme}, read as entities.", markup=False)
    if notes.repaired:
        lines = ", ".join(map(str, notes.repaired[:10]))
        more = " …" if len(notes.repaired) > 10 else ""
        _err().print(
            f"{file.name}: {len(notes.repaired)} tags continue no entity and were read as the "
            f"beginning of one, as conlleval does (lines {lines}{more}).",
            markup=False,
            soft_wrap=True,
        )


def _set_names(files: list[Path]) -> dict[str, Path]:
    """Names for gold files: the folder and the file's stem, such as conll2003/test."""
    return {f"{file.resolve().parent.name}/{file.stem}": file for file in files}


def _print_evaluation(name: str, result: Evaluation) -> None:
    for variant, per_sentence in ((Variant.ORIGINAL, result.original), (Variant.INT8, result.int8)):
        summed = total(per_sentence)
        _out().print(f"{name} · {variant}", style="bold", markup=False)
        _out().print(conlleval(summed), markup=False, highlight=False, end="")
        table = Table("tag", "precision", "recall", "F1", "support", box=None)
        for row, figures in score_report(summed.tags).items():
            values = (figures.precision, figures.recall, figures.f1)
            table.add_row(row, *(f"{value:.4f}" for value in values), f"{figures.support}")
        _out().print(table)
    agreement = agreement_f1(result.agreements)
    _out().print(f"agreement of INT8 with the original (F1): {agreement:.4f}", highlight=False)


@app.command()
def batch(
    file: Annotated[
        Path, typer.Argument(help="A CSV, TSV, JSONL, TXT or CoNLL file; its ending tells which.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="The file to write: .jsonl, .csv, .conll, .txt or .html.")
    ],
    column: Annotated[
        str | None, typer.Option("--column", help="The column or key with the texts.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="What FILE is, whatever its ending.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Such as cp1252; default: UTF-8 or by mark.")
    ] = None,
    model: ModelOption = "bundled",
    variant: VariantOption = Variant.INT8,
    device: DeviceOption = "CPU",
    strategy: StrategyOption = Strategy.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tag a file of any length. The same command again resumes a run that was stopped.

    .jsonl has each text with its entities, .csv a row for each entity, .conll a tag for each
    token, .txt the texts with [PER] in the place of a person, .html a report with counts. Rows
    that can't be read are put apart in OUT.errors.jsonl with their lines. In CSV a cell that a
    spreadsheet could take for a formula (= + - @ tab, line end, NUL) gets an apostrophe before it.
    """
    from ner.batch import described, run
    from ner.outputs import output_for
    from ner.pair import open_tagger
    from ner.rows import inspect

    output_for(out)
    source = inspect(file, format=format, encoding=encoding).choose(column)
    _print_source(source)
    spec = models.find(model)
    kept = _split(labels)
    tagger = open_tagger(spec, variant, device=device, report=_print_stage).using(
        strategy=strategy, threshold=threshold, labels=kept
    )
    settings = described(
        spec,
        variant,
        device,
        strategy=strategy,
        threshold=threshold,
        labels=kept or tagger.labels,
    )
    step = _followed(run(source, tagger, out, settings=settings))
    if as_json:
        _print_json(
            {
                "rows": step.rows,
                "tagged": step.tagged,
                "failed": step.failed,
                "seconds": round(step.seconds, 3),
            }
        )
    else:
        _print_batch(step, out)


def _print_source(source: Source) -> None:
    column = "" if source.column is None else f", column {source.column!r}"
    guessed = " (a guess; --column chooses another)" if source.guessed and column else ""
    _err().print(
        f"{source.path.name}: {source.format}, {source.encoding}{column}{guessed}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _followed(steps: Iterator[Step]) -> Step:
    """The last step; on the way each is shown on a terminal, and one now and then in a log."""
    console = _err()
    shown = -_LOG_SECONDS
    with console.status("") as status:
        for step in steps:
            left = step.seconds_left
            parts = [f"{step.rows:,} rows", f"{step.fraction:.0%}", f"{step.rate:,.0f} rows/s"]
            line = " · ".join(parts if left is None else [*parts, f"{_spoken(left)} left"])
            if console.is_terminal:
                status.update(line)
            elif step.rows and step.seconds >= shown + _LOG_SECONDS:
                shown = step.seconds
                console.print(line, markup=False, highlight=False)
    return step


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _print_batch(step: Step, out: Path) -> None:
    from ner.batch import errors_file
    from ner.outputs import CSV_RULE

    again = f", {step.resumed:,} of them in an earlier run" if step.resumed else ""
    notes = [f"Tagged {step.tagged:,} of {step.rows:,} rows{again}, in {step.seconds:.1f} s: {out}"]
    if step.failed:
        notes.append(f"{step.failed:,} rows could not be read: {errors_file(out)}")
    if out.suffix.lower() == ".csv":
        notes.append(CSV_RULE)
    for note in notes:
        _out().print(note, markup=False, highlight=False, soft_wrap=True)


@app.command()
def bench(
    model: ModelOption = "bundled",
    lengths: Annotated[
        str, typer.Option("--lengths", help="Tokens of the texts to time, separated by commas.")
    ] = "16,32,64,128,256,512",
    texts: Annotated[
        Path | None, typer.Option("--texts", help="A file of texts, one a line; default: our own.")
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=6, help="Runs at each length.")] = 60,
    passes: Annotated[int, typer.Option("--passes", min=6, help="Runs over the file.")] = 7,
    peers: Annotated[
        bool, typer.Option("--peers", help="Also time transformers' pipeline on the same model.")
    ] = False,
    self_check: Annotated[
        bool, typer.Option("--self-check", help="Measure INT8 against itself: shows no difference.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the JSON to a file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure latency, throughput, size, memory and start-up, all in one interleaved run."""
    from ner import benchmark
    from ner.pair import ensure_prepared

    settings = benchmark.Settings(lengths=_numbers(lengths), rounds=rounds, passes=passes)
    spec = models.find(model)
    lines = models.read_texts(texts or models.calibration_file(spec))
    rivals: Mapping[str, Contestant] = {}
    sizes: Mapping[str, int] = {}
    if peers:
        # Imports torch and transformers, which only this option needs.
        from ner import peers as others

        prepared = ensure_prepared(spec, tuple(Variant), report=_print_stage)
        rivals, sizes = others.contestants(prepared, str(spec.folder), lines)
    result = benchmark.run(
        spec, settings, lines, peers=rivals, self_check=self_check, report=_print_step
    )
    answer = benchmark.benchmark_json(result) | {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m ner {' '.join(map(shlex.quote, sys.argv[1:]))}",
        "batch_sizes": dict(sizes),
    }
    if out is not None:
        _write_json(out, answer)
    if as_json:
        _print_json(answer)
    else:
        _print_benchmark(result)


def _numbers(lengths: str) -> tuple[int, ...]:
    """Lengths given as 16,32."""
    parts = [part.strip() for part in lengths.split(",")]
    if not all(part.isdecimal() and 4 <= int(part) <= 512 for part in parts):
        raise InputError(f"--lengths {lengths!r}: expected whole numbers from 4 to 512, as 16,32.")
    return tuple(int(part) for part in parts)


def _print_step(progress: BenchProgress) -> None:
    _err().print(f"{progress.done}/{progress.total} {progress.what}", end="\r", highlight=False)


def _print_benchmark(result: Benchmark) -> None:
    table = Table("one text", "tokens", "median ms", "p95 ms", "n", box=None)
    for row in result.latency:
        one = row.latency
        table.add_row(
            row.row, f"{row.tokens}", f"{one.median_ms:.2f}", f"{one.p95_ms:.2f}", f"{one.n}"
        )
    _out().print(table)
    table = Table("file", "texts a second", "n", box=None)
    for passes in result.throughput:
        table.add_row(passes.row, f"{passes.texts_per_second:.1f}", f"{len(passes.seconds)}")
    _out().print(table)
    table = Table("time of … over time of …", "ratio", "95 % interval", box=None)
    for name, ratio in result.ratios.items():
        low, high = ratio.interval.low, ratio.interval.high
        table.add_row(name, f"{ratio.value:.3f}", f"{low:.3f}–{high:.3f}")
    _out().print(table)
    _out().print(result.machine.summary, markup=False, highlight=False)


@app.command()
def train(
    data: Annotated[
        list[str],
        typer.Option(
            "--data",
            help="A folder with train.txt and dev.txt: DIR, DIR:WEIGHT or DIR:WEIGHT:PER,LOC. "
            "Repeat it to mix; the first one's dev set chooses the checkpoint.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The checkpoint folder to write.")],
    arch: Annotated[Arch, typer.Option("--arch")] = Arch.TRANSFORMER,
    base: Annotated[
        str | None, typer.Option("--base", help="The checkpoint to start from; default: MiniLM.")
    ] = None,
    vocabulary_size: Annotated[
        int | None,
        typer.Option(
            "--vocabulary-size", help="Lay a cased vocabulary of this size over the base."
        ),
    ] = None,
    epochs: Annotated[float, typer.Option("--epochs")] = 5.0,
    learning_rate: Annotated[float, typer.Option("--learning-rate")] = 1e-4,
    embedding_learning_rate: Annotated[float, typer.Option("--embedding-learning-rate")] = 4e-4,
    fresh_learning_rate: Annotated[
        float, typer.Option("--fresh-learning-rate", help="For parts that start at random.")
    ] = 1e-3,
    token_budget: Annotated[
        int, typer.Option("--token-budget", help="Word pieces in a batch, padding included.")
    ] = 512,
    document_words: Annotated[
        int, typer.Option("--document-words", help="Also train on chunks of up to so many words.")
    ] = 0,
    document_weight: Annotated[float, typer.Option("--document-weight")] = 0.5,
    case_share: Annotated[
        float, typer.Option("--case-share", help="Share of sentences added in lower case.")
    ] = 0.0,
    average_decay: Annotated[float, typer.Option("--average-decay")] = 0.999,
    evaluations_per_epoch: Annotated[int, typer.Option("--evaluations-per-epoch")] = 1,
    patience: Annotated[int, typer.Option("--patience")] = 5,
    score_test: Annotated[
        bool, typer.Option("--score-test", help="Score test files too, once, at the end.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed")] = 13,
    as_json: JsonOption = False,
) -> None:
    """Train a checkpoint. The same command again resumes a run that was stopped."""
    given = {name: value for name, value in locals().items() if name not in ("data", "as_json")}
    settings = TrainSettings(data=tuple(DataSource.parse(one) for one in data), **given)
    # Imports torch and transformers, which takes seconds.
    from ner.train.run import train as run

    result = run(settings, report=_print_training)
    if as_json:
        _print_json({"folder": str(result.folder), "dev": result.dev, "test": result.test})
        return
    _out().print(f"Checkpoint in {result.folder}", highlight=False, soft_wrap=True)
    for split, sets in (("dev", result.dev), ("test", result.test)):
        for name, figures in sets.items():
            _out().print(f"  {name} {split}: F1 {figures['f1']:.4f}", highlight=False)


def _print_training(progress: TrainProgress) -> None:
    parts = [f"step {progress.step} of {progress.steps}", f"{progress.seconds:.0f} s"]
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.4f}")
    if progress.f1 is not None:
        parts.append(f"dev F1 {progress.f1:.4f}")
    _err().print(" · ".join(parts), markup=False, highlight=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: 7860.")] = None,
) -> None:
    """Start the app: the same as python app.py."""
    from ner.ui.serving import serve as start

    start(host, port)


def main() -> None:
    """Run the command line; never shows a trace for an error that a person can cause."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = app(prog_name="python -m ner", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 2
    except NerError as error:
        _err().print(f"Error: {error}", markup=False, highlight=False, soft_wrap=True)
        code = 2 if isinstance(error, InputError) else 1
    except (click.Abort, KeyboardInterrupt):
        _err().print("Stopped.")
        code = 1
    except BrokenPipeError:
        # Whoever read the output has read enough.
        sys.stderr.close()
        code = 1
    raise SystemExit(code or 0)


def _split(labels: str | None) -> list[str] | None:
    """Labels given as PER,LOC."""
    if labels is None:
        return None
    return [label.strip() for label in labels.split(",") if label.strip()]


def _stdin_lines() -> Iterator[str]:
    """The lines of standard input without their ends; bytes that are not UTF-8 become U+FFFD."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", errors="replace").rstrip("\n").removesuffix("\r")


def _chunks(lines: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(lines)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _write_json(file: Path, value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} can't be written: {error.strerror}.") from error


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def _out() -> Console:
    return Console()


def _err() -> Console:
    return Console(stderr=True)
