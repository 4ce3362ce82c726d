"""Agreement without gold: shares by label, and the same as JSON."""

from __future__ import annotations

from fakes import INT8_WORDS, DictionaryTagger

from ner.comparing.agreement import agreement_f1
from ner.comparing.origin import Origin
from ner.evaluating.without_gold import AgreementReport, agreement_report_json

LINES = ["Wolfgang in Berlin", "Amazon left Paris", "nothing here"] * 5


def report(lines: list[str]) -> AgreementReport:
    left, right = DictionaryTagger(), DictionaryTagger(INT8_WORDS)
    return AgreementReport(
        (Origin("Original", "bundled"), Origin("INT8", "bundled")),
        tuple(map(left.explain, lines)),
        tuple(map(right.explain, lines)),
    )


def test_shares_are_those_of_the_aligned_entities() -> None:
    """Half of four pairs a round are the same: Amazon has another label, Paris no counterpart."""
    found = report(LINES)
    figures = found.figures()

    assert (20, 10) == (found.pairs, found.differences)
    assert 0.5 == figures.identical.value
    assert agreement_f1(found.agreements) == figures.f1.value
    assert (20, 15) == (figures.left, figures.right)
    assert figures.identical.value in figures.identical


def test_a_label_counts_where_either_side_has_it() -> None:
    """LOC: Berlin is the same, Paris and the Amazon are not; PER agrees throughout."""
    found = report(LINES)

    assert ("LOC", "ORG", "PER") == found.labels
    assert 1 / 3 == found.figures("LOC").identical.value
    assert (10, 10) == (found.figures("LOC").left, found.figures("LOC").right)
    assert 1.0 == found.figures("PER").f1.value


def test_nothing_found_is_full_agreement() -> None:
    """Shares of nothing are 1, and no label is listed."""
    found = report(["nothing here"])

    assert () == found.labels
    assert (1.0, 1.0) == (found.figures().identical.value, found.figures().f1.value)


def test_json_has_shares_and_every_line() -> None:
    """What the page offers as a download."""
    answer = agreement_report_json(report(LINES))

    assert {"agreement", "identical", "entities", "lines", "provenance"} == set(answer)
    assert (20, 15) == (answer["entities"], len(answer["lines"]))
    assert {"value", "low", "high"} == set(answer["identical"])
