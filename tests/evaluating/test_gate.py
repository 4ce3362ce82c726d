"""The gate of a build: what passes, fails or is undecided, and as JUnit and Markdown."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from fakes import FakeSides

from ner.comparing.origin import Origin
from ner.entities import Entity, Tagged
from ner.errors import InputError
from ner.evaluating.gate import Gated, Limits, junit_xml
from ner.evaluating.report import Report, score_predictions
from ner.evaluating.tables import gate_markdown
from ner.files.tokens import annotate
from ner.tagging.choice import Choice
from ner.verdict import Answer

ORIGINS = tuple(FakeSides().origins)
ALL = Limits(max_loss=1.0, max_label_loss=2.0, min_f1=0.9)


def report(
    kept: int, lost: int, label: str = "LOC", origins: tuple[Origin, ...] = ORIGINS
) -> Report:
    """Gold that the left side finds whole, and the right one but for ``lost`` places."""
    both = Tagged("Ada in Rome", (Entity(0, 3, "PER"), Entity(7, 11, label)))
    gold = [annotate(both)] * (kept + lost)
    full = [text.tagged for text in gold]
    part = [Tagged(tagged.text, tagged.entities[:1]) for tagged in full[kept:]]
    return score_predictions(gold, full, full[:kept] + part, origins=origins)


def gated(scored: Report, limits: Limits = ALL, name: str = "set") -> Gated:
    """By sentence alone: documents decide nothing."""
    return Gated(replace(scored, name=name), scored, limits)


@pytest.mark.parametrize(
    ("kept", "lost", "answers"),
    [
        (300, 0, ["yes", "yes", "yes", "yes"]),
        (150, 150, ["no", "no", "yes", "no"]),
        (20, 0, ["undecided", "undecided", "undecided", "yes"]),
    ],
    ids=["pass", "fail", "too few"],
)
def test_each_limit_has_an_answer_of_its_own(kept: int, lost: int, answers: list[str]) -> None:
    """The loss of all, of each type in gold, and the F1; the gravest answer is that of all."""
    found = gated(report(kept, lost))
    names = ["loss of F1", "loss of F1 on LOC", "loss of F1 on PER", "F1"]

    assert dict(zip(names, answers, strict=True)) == {
        name: verdict.answer.value for name, verdict in found.checks.items()
    }
    assert found.answer.value == max(answers, key=["yes", "undecided", "no"].index)


def test_a_low_f1_is_a_no_whatever_the_loss() -> None:
    """Both sides as bad as each other lose nothing, and stay under the least F1."""
    gold = report(300, 0).gold
    half = [Tagged(text.tagged.text, text.tagged.entities[:1]) for text in gold]
    found = gated(score_predictions(gold, half, half, origins=ORIGINS))
    loss, *_, f1 = found.checks.values()

    assert [Answer.YES, Answer.NO] == [loss.answer, found.answer]
    assert "INT8's F1 is 66.7 (66.0–67.3) %" in f1.sentence
    assert "an F1 under the 90 % asked for is shown" in f1.sentence


@pytest.mark.parametrize(
    ("labels", "answers"), [(("PER", "ORG"), ["yes", "undecided"]), ((), [])], ids=["lost", "none"]
)
def test_what_was_chosen_and_is_not_in_gold_is_open(
    labels: tuple[str, ...], answers: list[str]
) -> None:
    """A gold set that lost a type doesn't pass in silence, nor does an empty list of checks."""
    chosen = replace(report(300, 0), choice=Choice(labels=labels))
    found = gated(chosen, Limits(max_label_loss=1.0))

    assert answers == [verdict.answer.value for verdict in found.checks.values()]
    assert Answer.UNDECIDED is found.answer


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_loss": 0.0}, "--max-loss must be over 0 and under 100, .* got 0"),
        ({"max_label_loss": -1.0}, "--max-label-loss must be .*got -1"),
        ({"max_loss": float("nan")}, "got nan"),
        ({"min_f1": 90.0}, "--min-f1 must be over 0 and under 1, for example 0.9; got 90"),
        ({"min_f1": 1.0}, "got 1"),
    ],
)
def test_limits_that_are_none_are_refused(limits: dict[str, float], message: str) -> None:
    """Points for losses, a fraction for F1; the message says so. Nothing need be asked."""
    assert not Limits().asked
    with pytest.raises(InputError, match=message):
        Limits(**limits)


def parsed(sets: list[Gated]) -> ElementTree.Element:
    return ElementTree.fromstring(junit_xml(sets))  # noqa: S314 - we wrote it


def test_only_a_yes_passes_in_junit_and_each_reason_is_told() -> None:
    """A no is a failure, what is open an error, nothing is skipped; in Markdown and JSON too."""
    sizes = {"pass": (300, 0), "fail": (150, 150), "few": (20, 0)}
    three = [gated(report(*size), Limits(max_loss=1.0), name) for name, size in sizes.items()]
    root, text, few = parsed(three), gate_markdown(three), three[2].json()
    cases = {suite.get("name"): suite.find("testcase")[0] for suite in root}  # type: ignore[index]

    assert {"tests": "3", "failures": "1", "errors": "1", "skipped": "0"} == root.attrib
    assert {"pass": "system-out", "fail": "failure", "few": "error"} == {
        name: child.tag for name, child in cases.items()
    }
    assert cases["fail"].get("message", "").startswith("No. INT8's F1 is 85.7 %")
    assert cases["few"].get("message", "").startswith("Undecided: about ")
    values = [found.get("value") for found in root[0].iter("property")]
    assert ["bundled#original", "bundled#int8"] == values[::2]

    assert text.startswith("## INT8 in place of Original: ✕ no\n")
    for name, answer in (("pass", "✓ yes"), ("fail", "✕ no"), ("few", "? undecided")):
        part = text.split(f"### {name}\n")[1].split("\n### ")[0]
        assert all(f"| {begin}" in part for begin in (f"loss of F1 | {answer} |", "all types | "))
        assert "McNemar" in part

    [check] = few["checks"]
    assert "undecided" == few["answer"]
    assert {"name", "answer", "short", "sentence", "more"} == set(check)
    assert 260 == check["more"]


def test_any_name_is_inert() -> None:
    """Of a file, a set or a label; what XML can't hold is replaced."""
    files = (Origin("a|<b>", "a|<b>"), Origin("c", "c"))
    odd = [gated(report(3, 0, "L_C|<&\x01", files), name="x|y\0")]
    root, text = parsed(odd), gate_markdown(odd)

    assert "x|y\ufffd" == root[0].get("name")
    assert "loss of F1 on L_C|<&\ufffd" in [case.get("name") for case in root.iter("testcase")]
    assert r"## c in place of a\|\<b\>" in text
    assert r"### x\|y" in text
    assert r"| L\_C\|\<&" in text
