"""``evaluate`` as a gate for builds: three prepared sets that pass, fail and stay unsettled."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_cli import answers, here, refused
from tiny_checkpoint import TINY_LABELS, TINY_WORDS, make_tiny_checkpoint

from ner.entities import Tagged
from ner.models.catalogue import ModelSpec
from ner.models.open import Sides


def write_gold(file: Path, texts: Sequence[Tagged]) -> Path:
    """Gold as JSON lines, which keep the text as it is."""
    lines = (
        {"text": tagged.text, "entities": [[e.start, e.end, e.label] for e in tagged.entities]}
        for tagged in texts
    )
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def tagged(tiny_sides: Sides) -> list[Tagged]:
    """Texts with what the tiny model finds in them by either recipe, over 300 entities."""
    rng = random.Random(5)  # noqa: S311 - no secret
    texts = [" ".join(rng.choices(TINY_WORDS, k=rng.randint(3, 8))) for _ in range(200)]
    left, right = (side.tagger.tag_many(texts) for side in tiny_sides.all)
    same = [
        one
        for one, other in zip(left, right, strict=True)
        if [(e.start, e.end, e.label) for e in one.entities]
        == [(e.start, e.end, e.label) for e in other.entities]
    ]
    assert sum(len(one.entities) for one in same) > 300
    return same


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of the same types that finds others everywhere."""
    labels = (TINY_LABELS[0], *reversed(TINY_LABELS[1:]))
    return str(make_tiny_checkpoint(tmp_path_factory.mktemp("other") / "other", labels))


@pytest.mark.parametrize(
    ("case", "code", "word"),
    [("pass", 0, "Accepted"), ("fail", 1, "Not accepted"), ("few", 3, "Undecided")],
)
def test_a_build_passes_fails_or_is_not_settled(
    case: str,
    code: int,
    word: str,
    tagged: list[Tagged],
    tiny_spec: ModelSpec,
    other: str,
    tmp_path: Path,
) -> None:
    """Exit code, verdict and reason on the terminal, in JUnit and in Markdown."""
    gold = write_gold(tmp_path / "gold.jsonl", tagged[:5] if case == "few" else tagged)
    right = f"{other}#original" if case == "fail" else "int8"
    sides = ("--model", str(tiny_spec.folder), "--left", "original", "--right", right)
    junit, markdown = tmp_path / "gate.xml", tmp_path / "gate.md"
    files = ("--junit", str(junit), "--markdown", str(markdown))
    done = here("evaluate", str(gold), *sides, "--max-loss", "1.0", *files)

    assert code == done.returncode, done.stderr
    assert word in done.stdout.splitlines()[-1]
    reason = done.stdout.splitlines()[-2]
    start = {"pass": "Yes. ", "fail": "No. ", "few": "Undecided: about "}[case]
    assert f"loss of F1: {start}" in reason
    root = ElementTree.fromstring(junit.read_text(encoding="utf-8"))  # noqa: S314 - we wrote it
    counts = {"pass": ("0", "0"), "fail": ("1", "0"), "few": ("0", "1")}[case]
    assert counts == (root.get("failures"), root.get("errors"))
    sign = {"pass": "✓ yes", "fail": "✕ no", "few": "? undecided"}[case]
    assert sign in markdown.read_text(encoding="utf-8").splitlines()[0]


def test_without_a_limit_the_exit_code_is_that_of_success(
    tagged: list[Tagged], tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """A verdict alone ends no build; JSON has the checks only where something is asked."""
    gold = write_gold(tmp_path / "gold.jsonl", tagged[:5])
    model = ("--model", str(tiny_spec.folder), "--json")
    [plain] = answers(here("evaluate", str(gold), *model))
    asked = here("evaluate", str(gold), *model, "--max-label-loss", "1", "--min-f1", "0.5")

    assert "undecided" == plain["verdict"]["answer"]
    assert "gate" not in plain
    assert asked.returncode in (0, 3)
    gate = json.loads(asked.stdout)["gate"]
    names = [check["name"] for check in gate["checks"]]
    in_gold = {one.label for one in chain(*(text.entities for text in tagged[:5]))}
    assert [f"loss of F1 on {label}" for label in sorted(in_gold)] == names[:-1]
    assert "F1" == names[-1]


def test_the_report_to_sign_is_measured_and_written(
    tagged: list[Tagged], tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """Speed and memory of this run, the steps of the recipe, and the hash of gold."""
    gold, file = write_gold(tmp_path / "gold.jsonl", tagged), tmp_path / "report.html"
    done = here("evaluate", str(gold), "--model", str(tiny_spec.folder), "--report", str(file))
    html = file.read_text(encoding="utf-8")

    assert 0 == done.returncode, done.stderr
    assert hashlib.sha256(gold.read_bytes()).hexdigest() in html
    for part in ("May INT8 take the place of Original?", "mixed preset", "RAM MB", "ms a text"):
        assert part in html
    assert re.search(r"INT8: .* of the size", html)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-loss", "0"], "--max-loss must be over 0"),
        (["--min-f1", "90"], "--min-f1 must be over 0 and under 1"),
        (["--junit", "gate.xml"], "--junit needs a limit"),
        (["--max-loss", "1", "--junit", "nowhere/gate.xml"], "there is no folder nowhere"),
        (["--report", "nowhere/gate.html"], "there is no folder nowhere"),
        (["missing.jsonl"], "Two files of gold are called"),
    ],
)
def test_options_that_mean_nothing_are_refused_at_once(options: list[str], message: str) -> None:
    """Before a model is opened or gold is read."""
    refused(here("evaluate", "missing.conll", *options), message)
