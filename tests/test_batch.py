"""Tagging whole files: complete, resumable to the byte, and safe to open."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from fakes import DictionaryTagger
from test_cli import ROOT, answers, run

from ner.cli import files
from ner.entities import Entity, Explained, Tagged
from ner.errors import Failure, FileFormatError, InputError
from ner.files import batch
from ner.files.batch import Step, errors_file
from ner.files.formats import read_conll, read_gold
from ner.files.outputs import Frequencies, output_for, report
from ner.files.rows import Row, inspect
from ner.models.catalogue import ModelSpec
from ner.models.prepared import Prepared
from ner.models.recipes import Variant
from ner.tagging.decode import Strategy

SETTINGS = {"Model": "a dictionary"}
ENDINGS = ("jsonl", "csv", "conll", "txt", "html")
LINES = [
    "Ada Lovelace met Wolfgang in London.",
    "",
    "Acme opened in Berlin and Paris",
    "nothing here",
]


@dataclass(frozen=True)
class Breaking:
    """A tagger that finds what the dictionary has, and breaks at the n-th call."""

    calls: int
    inner: DictionaryTagger = field(default_factory=DictionaryTagger)
    seen: list[int] = field(default_factory=list)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.inner.labels

    def __call__(self, text: str) -> Tagged:
        return self.inner(text)

    def explain(self, text: str) -> Explained:
        return self.inner.explain(text)

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        if len(self.seen) == self.calls:
            raise KeyboardInterrupt
        self.seen.append(len(texts))
        return self.inner.tag_many(texts)


def a_file(folder: Path, name: str = "in.txt", lines: Sequence[str] = LINES) -> Path:
    file = folder / name
    file.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    return file


def tag(file: Path, out: Path, tagger: object = None, **settings: object) -> Step:
    """The last step of a run over ``file``."""
    steps = batch.run(
        inspect(file), tagger or DictionaryTagger(), out, settings=SETTINGS, **settings
    )
    *_, last = steps
    return last


def test_json_lines_are_faithful(tmp_path: Path) -> None:
    """Each row with its line; pandas reads them, and so does `read_gold`."""
    out = tmp_path / "out.jsonl"
    step = tag(a_file(tmp_path), out)
    frame = pd.read_json(out, lines=True)

    assert (4, 4, 0) == (step.rows, step.tagged, step.failed)
    assert [1, 2, 3, 4] == frame["line"].tolist()
    assert LINES == frame["text"].tolist()
    assert {"start": 17, "end": 25, "text": "Wolfgang", "label": "PER", "score": 0.99} == (
        frame["entities"][0][1]
    )
    assert [DictionaryTagger()(line).entities for line in LINES] == [
        tuple(
            Entity(e.start, e.end, e.label, DictionaryTagger().words[g.tagged.spelled(e)][1])
            for e in g.tagged.entities
        )
        for g in read_gold(out)
    ]
    assert not errors_file(out).exists()


def test_csv_has_a_row_for_each_entity(tmp_path: Path) -> None:
    """Read by pandas and by the csv module."""
    out = tmp_path / "out.csv"
    tag(a_file(tmp_path), out)
    frame = pd.read_csv(out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    assert ["line", "start", "end", "label", "score", "text"] == list(frame.columns)
    assert ["Ada Lovelace", "Wolfgang", "London", "Acme", "Berlin", "Paris"] == [
        row["text"] for row in rows
    ]
    assert [1, 1, 1, 3, 3, 3] == frame["line"].tolist()


def test_conll_is_read_by_evaluate(tmp_path: Path) -> None:
    """One sentence for each text that is not blank, entities where they were found."""
    out = tmp_path / "out.conll"
    tag(a_file(tmp_path), out)
    sentences = read_conll(out)

    assert [["Ada Lovelace", "Wolfgang", "London"], ["Acme", "Berlin", "Paris"], []] == [
        [one.tagged.spelled(entity) for entity in one.tagged.entities] for one in sentences
    ]


def test_conll_keeps_the_tokens_of_conll(tmp_path: Path) -> None:
    """An entity takes each token of the input that it touches."""
    file = a_file(tmp_path, "in.conll", ["In O", "Berlin-Mitte O", "( O", "Acme O", ""])
    tag(file, tmp_path / "out.conll")

    assert (
        "In\tO\nBerlin-Mitte\tB-LOC\n(\tO\nAcme\tB-ORG\n\n" == (tmp_path / "out.conll").read_text()
    )


def test_what_cant_stand_in_a_file_is_kept_apart(tmp_path: Path) -> None:
    """An entity that ends in a control character is made of no tokens of CoNLL."""
    file = a_file(tmp_path, lines=["In Berlin", "in \x07 Berlin", "In Paris"])
    words = {"Berlin": ("LOC", 0.9), "in \x07": ("LOC", 0.9), "Paris": ("LOC", 0.9)}
    out = tmp_path / "out.conll"
    step = tag(file, out, DictionaryTagger(words))
    [failure] = [json.loads(line) for line in errors_file(out).read_text().splitlines()]

    assert (3, 2, 1) == (step.rows, step.tagged, step.failed)
    assert 2 == failure["line"]
    assert "does not begin and end on token borders" in failure["problem"]


def test_redacted_text_has_labels_for_names(tmp_path: Path) -> None:
    """Line for line; a text over several lines becomes one."""
    out = tmp_path / "out.txt"
    tag(a_file(tmp_path), out)
    redacted = output_for(out).row(Row(1, ""), DictionaryTagger()("Ada\r\nin Berlin\n\nnow"))

    assert ["[PER] met [PER] in [LOC].", "", "[ORG] opened in [LOC] and [LOC]", "nothing here"] == (
        out.read_text().splitlines()
    )
    assert "Ada in [LOC]  now\n" == redacted


def test_the_report_counts_and_is_inert(tmp_path: Path) -> None:
    """Counts per label and name; markup from texts, labels and file names is only text."""
    nasty = "<script>alert(1)</script>"
    words = {"Berlin": ("LOC", 0.9), nasty.split(">", 1)[0][1:]: (nasty, 0.9)}
    file = a_file(tmp_path, "in.txt", ["Berlin, Berlin", f"{nasty} onerror=x"])
    out = tmp_path / "out.html"
    tag(file, out, DictionaryTagger(words))
    page = out.read_text()

    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert "script" not in tags
    assert "<td>2</td><td>1</td>" in page
    assert '<td dir="auto">Berlin</td><td>2</td>' in page
    assert "2, of which 2 tagged and 0 failed" in page


@pytest.mark.parametrize("start", [*"=+-@\t\r\n\0＝＋－＠", " =", "\u200b="])
def test_formulas_are_neutralized_in_csv_only(start: str) -> None:
    """An apostrophe goes before a cell that a spreadsheet could run; JSON keeps it."""
    text = f"{start}cmd"
    tagged = Tagged(text, (Entity(0, len(text), "LOC", 0.5),))
    [cells] = csv.reader(
        io.StringIO(output_for(Path("a.csv")).row(Row(1, text), tagged), newline="")
    )
    [line] = output_for(Path("a.jsonl")).row(Row(1, text), tagged).splitlines()

    assert f"'{text}" == cells[-1]
    assert text == json.loads(line)["text"]


def test_names_are_counted_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit rare names are forgotten, frequent ones are kept, and it is said how far."""
    counted = Frequencies(most=10)
    texts = [Tagged(name, (Entity(0, len(name), "LOC"),)) for name in ("Berlin", "Ulm")]
    for number in range(100):
        rare = f"Ort{number}"
        for tagged in (texts[0], Tagged(rare, (Entity(0, len(rare), "LOC"),))):
            counted.add(tagged)

    assert len(counted.names) <= 10
    [(name, times)] = counted.frequent("LOC", 1)
    assert "Berlin" == name
    assert 100 - counted.lowered <= times < 100
    # Labels are few, so their counts stay exact.
    assert counted.labels["LOC"] == 200

    lines = [output_for(Path("a.html")).row(Row(1, one.text), one) for one in texts]
    assert "<td>2</td><td>2</td>" in "".join(report(lines, {}))
    assert "too low" not in "".join(report(lines, {}))
    monkeypatch.setattr("ner.files.outputs.Frequencies", lambda: Frequencies(most=1))
    short = "".join(report([lines[0], *lines], {}))
    assert "<td>3</td><td>at least 1</td>" in short
    assert "too low by at most 1." in short


def test_bad_rows_are_kept_apart(tmp_path: Path) -> None:
    """Rows that can't be read or are too long stand beside the output, in order, whole."""
    lines = ["id,text", '1,"open', "2,Berlin", "3," + "x" * 1_000_001, "4", "5,Paris"]
    out = tmp_path / "out.csv"
    step = tag(a_file(tmp_path, "in.csv", lines), out)
    failures = [json.loads(line) for line in errors_file(out).read_text().splitlines()]

    assert (5, 2, 3) == (step.rows, step.tagged, step.failed)
    assert [(2, '1,"open'), (4, "x" * 1_000_001), (5, "4")] == [
        (one["line"], one["content"]) for one in failures
    ]
    assert "at most 1,000,000" in failures[1]["problem"]
    assert ["Berlin", "Paris"] == pd.read_csv(out)["text"].tolist()


def test_a_run_without_failures_removes_old_ones(tmp_path: Path) -> None:
    """The errors beside an output are always those of the run that wrote it."""
    out = tmp_path / "out.txt"
    tag(a_file(tmp_path, "in.csv", ["a,text", "1,x", "2"]), out)
    assert errors_file(out).exists()
    tag(a_file(tmp_path), out)

    assert not errors_file(out).exists()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("calls", [0, 1, 3])
def test_a_stopped_run_is_resumed_to_the_byte(tmp_path: Path, ending: str, calls: int) -> None:
    """Nothing appears before the end; then it is what an undisturbed run gives."""
    lines = ["id,text", *(f"{n},Berlin {n} and Paris" if n % 7 else f"{n}" for n in range(50))]
    file = a_file(tmp_path, "in.csv", lines)
    whole, out = tmp_path / f"whole.{ending}", tmp_path / f"out.{ending}"
    tag(file, whole, chunk_rows=10)
    with pytest.raises(KeyboardInterrupt):
        tag(file, out, Breaking(calls), chunk_rows=10)
    assert not out.exists()
    # What was being written when it stopped.
    with (tmp_path / f"out.{ending}.partial" / "good").open("ab") as part:
        part.write(b"half a r")
    tagger = Breaking(9)
    step = tag(file, out, tagger, chunk_rows=10)

    assert whole.read_bytes() == out.read_bytes()
    assert errors_file(whole).read_bytes() == errors_file(out).read_bytes()
    assert (50, calls * 10, 5 - calls) == (step.rows, step.resumed, len(tagger.seen))
    assert not list(tmp_path.glob("*.partial"))


def test_another_run_starts_anew(tmp_path: Path) -> None:
    """A changed file, other settings or another chunk length resume nothing."""
    file, out = a_file(tmp_path), tmp_path / "out.jsonl"
    for change in range(3):
        with pytest.raises(KeyboardInterrupt):
            tag(file, out, Breaking(1), chunk_rows=1)
        source = inspect(a_file(tmp_path, lines=[*LINES, "more"]) if change == 0 else file)
        *_, step = batch.run(
            source,
            DictionaryTagger(),
            out,
            settings={"Model": "another"} if change == 1 else SETTINGS,
            chunk_rows=2 if change == 2 else 1,
        )
        assert 0 == step.resumed
        assert step.rows == len(out.read_text().splitlines())


def test_another_model_of_the_same_recipe_starts_anew(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when one of the Hub is fetched again at another commit."""

    def settings() -> dict[str, str]:
        return batch.described(
            tiny_spec, Variant.INT8, "CPU", strategy=Strategy.FIRST, threshold=0.0, labels=None
        )

    before = settings()
    assert before == settings()
    files = {**tiny_prepared.manifest.files, "int8/openvino_model.bin": "0" * 64}
    another = replace(tiny_prepared, manifest=replace(tiny_prepared.manifest, files=files))
    monkeypatch.setattr("ner.files.batch.find_sound", lambda *_: another)

    assert {"Model"} == {name for name, said in settings().items() if said != before[name]}


def test_a_spoiled_state_starts_anew(tmp_path: Path) -> None:
    """A state that is no JSON, of another make, or that counts more than there is."""
    file, out = a_file(tmp_path), tmp_path / "out.jsonl"
    folder = tmp_path / "out.jsonl.partial"
    for spoil in (
        lambda: (folder / "state").write_text("{"),
        lambda: (folder / "state").write_text('{"rows": 1}'),
        lambda: (folder / "good").write_bytes(b""),
        lambda: (folder / "bad").unlink(),
    ):
        with pytest.raises(KeyboardInterrupt):
            tag(file, out, Breaking(1), chunk_rows=2)
        spoil()
        step = tag(file, out, chunk_rows=2)
        assert (0, 4) == (step.resumed, len(out.read_text().splitlines()))


def test_steps_tell_how_far_it_is(tmp_path: Path) -> None:
    """From nothing to everything; rate and time left come from this run's rows."""
    steps = list(
        batch.run(
            inspect(a_file(tmp_path)),
            DictionaryTagger(),
            tmp_path / "out.txt",
            settings=SETTINGS,
            chunk_rows=2,
        )
    )

    assert [0, 2, 4] == [step.rows for step in steps]
    assert [0.0, 0.5, 1.0] == [step.fraction for step in steps]
    assert steps[0].seconds_left is None
    assert [LINES[0], LINES[1]] == [row.text for row, _ in steps[1].results]
    half = Step(rows=60, tagged=60, failed=0, resumed=20, seconds=4.0, fraction=0.75)
    assert 10.0 == half.rate
    assert half.seconds_left == pytest.approx(2.0)


def test_long_texts_make_shorter_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that memory does not follow the length of the rows in a chunk."""
    monkeypatch.setattr(batch, "_CHUNK_CHARACTERS", 200)
    tagger = Breaking(99)
    tag(a_file(tmp_path, lines=["x" * 90] * 7), tmp_path / "out.txt", tagger)

    assert [3, 3, 1] == tagger.seen


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("out.xlsx", "expected a name ending in .jsonl"),
        ("in.txt", "would replace the file that is read"),
        ("no/out.csv", "There is no folder"),
        ("folder.csv", "is a folder"),
    ],
)
def test_outputs_that_cant_be_written(tmp_path: Path, out: str, message: str) -> None:
    """Refused before anything is tagged."""
    (tmp_path / "folder.csv").mkdir()
    tagger = Breaking(0)
    with pytest.raises((InputError, FileFormatError), match=message):
        tag(a_file(tmp_path), tmp_path / out, tagger)

    assert sorted(["folder.csv", "in.txt"]) == sorted(one.name for one in tmp_path.iterdir())


def test_failed_rows_tagged_anew_are_not_their_own_errors(tmp_path: Path) -> None:
    """The errors of the new output would take the place of the file that is read."""
    file = a_file(tmp_path, "out.jsonl.errors.jsonl", ['{"content": "In Berlin"}'])
    before = file.read_bytes()
    with pytest.raises(InputError, match="would replace the file that is read"):
        tag(file, tmp_path / "out.jsonl")

    assert before == file.read_bytes()
    assert 1 == tag(file, tmp_path / "again.jsonl").tagged


def test_a_folder_that_cant_be_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As what was given wrongly: nothing was done that could be kept."""

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(InputError, match=r"^out.txt can't be written there: Permission denied"):
        tag(a_file(tmp_path), tmp_path / "out.txt")


@pytest.mark.parametrize("failure", [PermissionError(13, "open elsewhere"), KeyboardInterrupt()])
@pytest.mark.parametrize("ending", ENDINGS)
def test_an_output_that_cant_be_replaced_costs_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, failure: BaseException
) -> None:
    """Open in a spreadsheet, or killed just then: the next run only puts it in its place."""
    file = a_file(tmp_path, "in.csv", ["a,text", "1,In Berlin", "2"])
    whole, out = tmp_path / f"whole.{ending}", tmp_path / f"out.{ending}"
    tag(file, whole)
    renamed = Path.replace

    def once(self: Path, target: Path) -> Path:
        if target == out:
            monkeypatch.undo()
            raise failure
        return renamed(self, target)

    monkeypatch.setattr(Path, "replace", once)
    with pytest.raises((Failure, KeyboardInterrupt)):
        tag(file, out)
    assert not out.exists()
    step = tag(file, out, Breaking(0))

    assert (2, 2) == (step.rows, step.resumed)
    assert whole.read_bytes() == out.read_bytes()
    assert errors_file(whole).read_bytes() == errors_file(out).read_bytes()
    assert not list(tmp_path.glob("*.partial"))


def test_labels_that_conll_cant_hold_are_refused_before_tagging(tmp_path: Path) -> None:
    """What was written could not be read by `evaluate` and `train`."""
    words = {"aspirin": ("Chemical Compound", 0.9)}
    tagger = DictionaryTagger(words)
    for name, lines in (("in.txt", ["no aspirin"]), ("in.conll", ["aspirin O"])):
        with pytest.raises(InputError, match="Label 'Chemical Compound' can't stand in CoNLL"):
            tag(a_file(tmp_path, name, lines), tmp_path / "out.conll", tagger)

    assert [] == tagger.seen
    assert 1 == tag(a_file(tmp_path, lines=["aspirin"]), tmp_path / "out.jsonl", tagger).tagged


def test_one_process_writes_an_output(tmp_path: Path) -> None:
    """A second one is told so; the first is not disturbed."""
    file, out = a_file(tmp_path), tmp_path / "out.txt"
    first = batch.run(inspect(file), DictionaryTagger(), out, settings=SETTINGS)
    next(first)
    with pytest.raises(InputError, match="Another process is writing"):
        tag(file, out)
    assert [4] == [step.rows for step in first]
    assert out.exists()


def test_a_failing_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sentence without the folder, which on the page is the server's."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Failure, match=r"^out.txt can't be written: No space left on device.$"):
        tag(a_file(tmp_path), tmp_path / "out.txt")


def test_the_command_tells_what_is_kept(tmp_path: Path) -> None:
    """Only where something is: after rows were tagged."""

    def failing(rows: int) -> Iterator[Step]:
        yield Step(rows=rows, tagged=rows, failed=0, resumed=0, seconds=1.0, fraction=0.5)
        raise Failure("The disk is full.")

    with pytest.raises(Failure, match=r"full. 1,200 rows are done and kept; the same command"):
        files._followed(failing(1_200))
    with pytest.raises(Failure, match=r"full.$"):
        files._followed(failing(0))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of 6,000 rows, some of them bad."""
    lines = [
        f"{n}" if n % 97 == 0 else f'{n},"Wolfgang and I met in Berlin {"at the " * (n % 5)}{n}"'
        for n in range(6_000)
    ]
    return a_file(tmp_path_factory.mktemp("many"), "many.csv", ["id,text", *lines])


def steps_of(command: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert command.stdout is not None
    return iter(command.stdout.readline, b"")


def test_killed_at_five_moments(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, many: Path, tmp_path: Path
) -> None:
    """SIGKILL, whatever it is doing: the output is byte for byte that of an undisturbed run."""
    code = (
        "import sys\nfrom pathlib import Path\nimport ner\nfrom ner import batch\n"
        "from ner.files.rows import inspect\n"
        "tagger = ner.load(sys.argv[1])\n"
        "for step in batch.run(inspect(Path(sys.argv[2])), tagger, Path(sys.argv[3]),"
        " settings={}, chunk_rows=100):\n    print(step.rows, step.resumed, flush=True)\n"
    )

    def started(out: Path) -> subprocess.Popen[bytes]:
        model = str(tiny_spec.folder)
        return subprocess.Popen(
            [sys.executable, "-c", code, model, str(many), str(out)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )

    whole, out = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    with started(whole) as command:
        assert list(steps_of(command))[-1] == b"6000 0\n"
    chance = random.Random(5)  # noqa: S311 - no secret
    for _ in range(5):
        with started(out) as command:
            for _, _ in zip(range(chance.randint(1, 10)), steps_of(command), strict=False):
                pass
            # It has gone on by an unknown bit since it printed that.
            command.kill()
        assert not out.exists()
    with started(out) as command:
        first, *_, last = steps_of(command)

    assert int(first.split()[0]) >= 100
    assert b"6000" == last.split()[0]
    assert whole.read_bytes() == out.read_bytes()
    assert errors_file(whole).read_bytes() == errors_file(out).read_bytes()


def test_the_command_tags_and_resumes(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, many: Path, tmp_path: Path
) -> None:
    """Killed once it has reported progress, the same command goes on and counts all rows."""
    out = tmp_path / "out.jsonl"
    arguments = [str(many), "--out", str(out), "--model", str(tiny_spec.folder), "--json"]
    command = [sys.executable, "-m", "ner", "batch", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as first:
        assert first.stderr is not None
        source, progress = first.stderr.readline(), first.stderr.readline()
        first.kill()
    assert b"column 'text' (a guess" in source
    assert b"rows/s" in progress
    assert b"left" in progress
    [answer] = answers(run("batch", *arguments))

    assert {"rows", "tagged", "failed", "seconds"} == set(answer)
    assert (6_000, 62) == (answer["rows"], answer["failed"])
    assert answer["tagged"] == len(out.read_text().splitlines())


def test_the_command_refuses_before_loading_anything(tmp_path: Path) -> None:
    """Exit code 2 and a sentence; the model, which does not exist, is never reached."""
    file = a_file(tmp_path, "in.csv", ["a,b", "1,2"])
    for arguments, message in (
        ([str(file), "--out", "x.docx"], "expected a name ending in .jsonl"),
        ([str(file), "--out", "x.csv", "--column", "c"], "has no column 'c'"),
        ([str(file), "--out", "x.csv"], "Choose one of 'a', 'b'"),
        ([str(file), "--column", "a", "--out", "no/x.csv"], "There is no folder no"),
        (["nowhere.csv", "--out", "x.csv"], "can't be read"),
        ([str(file), "--out", "x.csv", "--encoding", "utf-99"], "no text encoding"),
    ):
        done = run("batch", *arguments, "--model", "no-such-model")
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_the_command_warns_of_a_key_that_it_did_not_see(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It may occur later, so it is no error."""
    source = inspect(a_file(tmp_path, "a.jsonl", ['{"text": "a"}']))
    files._print_source(source)
    assert "first objects" not in capsys.readouterr().err
    files._print_source(source.choose("txet"))
    assert "None of its first objects has a text under 'txet'" in capsys.readouterr().err


def test_the_command_refuses_a_pipe(tmp_path: Path) -> None:
    """Whatever it holds: it would give an empty result."""
    arguments = ["/dev/stdin", "--format", "txt", "--out", str(tmp_path / "o.jsonl")]
    done = run("batch", *arguments, stdin=b"In Berlin\n")

    assert 2 == done.returncode
    assert "Save the texts to a file first" in done.stderr


def peak_mb(*arguments: str) -> float:
    """The most memory that was resident while this command ran, in MB."""
    child = subprocess.Popen([sys.executable, "-m", "ner", "batch", *arguments], cwd=ROOT)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    # Kilobytes on Linux, bytes on macOS.
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


@pytest.mark.full
def test_memory_does_not_follow_the_length(
    bundled_sides: object, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A million short lines take no more than 150 MB over what ten thousand take."""
    peaks = {}
    for count in (10_000, 1_000_000):
        lines = [f"Ada met {name} in Rome." for name in ("Bob", "Eve", "Tom", "Ann", "Max")]
        file = a_file(tmp_path, f"{count}.txt", lines * (count // 5))
        peaks[count] = peak_mb(str(file), "--out", str(tmp_path / f"{count}.jsonl"))
    record_property("peaks_mb", peaks)

    assert peaks[1_000_000] - peaks[10_000] < 150
