"""A run that was stopped, at whatever moment, goes on to the same bytes."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import DictionaryTagger
from test_cli import ROOT

from files.samples import ENDINGS, LINES, PROVENANCE, Breaking, a_file, tag
from ner.errors import Failure, InputError
from ner.files import batch
from ner.files.batch import errors_file
from ner.files.read import inspect
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared


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
    # A report shows these, and so has other bytes then.
    later = {} if ending == "html" else {"date": "tomorrow", "machine": "another"}
    step = tag(file, out, tagger, chunk_rows=10, provenance=PROVENANCE | later)

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
            [DictionaryTagger()],
            out,
            provenance=PROVENANCE | ({"threshold": 0.5} if change == 1 else {"date": "another"}),
            chunk_rows=2 if change == 2 else 1,
        )
        assert 0 == step.resumed
        assert step.rows == len(out.read_text().splitlines())


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


def test_one_process_writes_an_output(tmp_path: Path) -> None:
    """A second one is told so; the first is not disturbed."""
    file, out = a_file(tmp_path), tmp_path / "out.txt"
    first = batch.run(inspect(file), [DictionaryTagger()], out, provenance=PROVENANCE)
    next(first)
    with pytest.raises(InputError, match="Another process is writing"):
        tag(file, out)
    assert [4] == [step.rows for step in first]
    assert out.exists()


def steps_of(command: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert command.stdout is not None
    return iter(command.stdout.readline, b"")


def test_killed_at_five_moments(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, many: Path, tmp_path: Path
) -> None:
    """SIGKILL, whatever it is doing: the output is byte for byte that of an undisturbed run."""
    code = (
        "import sys\nfrom pathlib import Path\nimport ner\nfrom ner.files import batch\n"
        "from ner import schema\nfrom ner.files.read import inspect\n"
        "from ner.tagging.choice import Choice\n"
        "tagger = ner.load(sys.argv[1])\n"
        "for step in batch.run(inspect(Path(sys.argv[2])), [tagger], Path(sys.argv[3]),"
        " provenance=schema.provenance_json([], Choice()), chunk_rows=100):\n"
        "    print(step.rows, step.resumed, flush=True)\n"
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
