"""Evaluations, what stands behind their figures, the verdict and the files: on pure values."""

from __future__ import annotations

import csv
import io
import json

import pytest
from fakes import INT8_WORDS, DictionaryTagger, FakeSides
from hypothesis import given
from hypothesis import strategies as st

from ner import tables
from ner.comparing.origin import Origin
from ner.counts import Counts
from ner.entities import Entity, Tagged
from ner.errors import InputError
from ner.evaluating.breakdown import BUCKETS, bucket_counts, buckets
from ner.evaluating.evaluation import (
    Evaluation,
    evaluate,
    label_notes,
    score_predictions,
)
from ner.evaluating.report import AgreementReport, Report, report_sides
from ner.evaluating.scores import ErrorKind
from ner.evaluating.tables import agreement_table, error_table, report_markdown, report_tables
from ner.files.gold import parse_gold
from ner.files.marked import annotate_tokens
from ner.tagging.choice import Choice

LINES = [
    "[Wolfgang](PER) lives in [Berlin](LOC)",
    "[Acme Corp](ORG) of [Paris](LOC) sued [Amazon](ORG)",
    "she left Oslo and [London](LOC)",
]
LABELS = ("PER", "ORG", "LOC")
CAPITAL = "Capitalized"


def both(lines: list[str] = LINES, *, labels: tuple[str, ...] | None = None) -> Evaluation:
    """The dictionary pair on bracketed gold."""
    gold = parse_gold(lines, "test")
    return evaluate(gold, DictionaryTagger(), DictionaryTagger(INT8_WORDS), labels=labels)


def taggings(length: int) -> st.SearchStrategy[list[str]]:
    tags = st.sampled_from(
        ["O", "O", *(f"{prefix}-{label}" for prefix in "BI" for label in LABELS)]
    )
    return st.lists(tags, min_size=length, max_size=length)


words = st.sampled_from(["Ada", "NATO", "iPhone", "tree", "J.", "3-1", "Ünal"])
sentences = st.lists(words, min_size=1, max_size=35).flatmap(
    lambda tokens: st.tuples(st.just(tokens), *(taggings(len(tokens)) for _ in range(3)))
)


def evaluation_of(drawn: list[tuple[list[str], list[str], list[str], list[str]]]) -> Evaluation:
    gold, first, second = (
        [annotate_tokens(one[0], one[side]) for one in drawn] for side in (1, 2, 3)
    )
    return score_predictions(gold, [one.tagged for one in first], [one.tagged for one in second])


@given(st.lists(sentences, min_size=1, max_size=5))
def test_buckets_of_each_dimension_add_up_to_all_entities(drawn: list) -> None:
    """Nothing is in two buckets or in none."""
    evaluation = evaluation_of(drawn)
    micro = evaluation.sides[0].micro
    for rows in bucket_counts(evaluation.sides[0]).values():
        assert micro == sum(rows.values(), Counts())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[Ada Lovelace](PER) lives", ("2 tokens", "under 10 tokens", "first token", CAPITAL)),
        ("[NATO](ORG)", ("1 token", "under 10 tokens", "first token", "UPPER CASE")),
        (
            "[J](PER) left the old house at ten in the morning",
            ("1 token", "10 to 19 tokens", "first token", CAPITAL),
        ),
        (
            "a [ada king von foo](PER)",
            ("4 tokens or more", "under 10 tokens", "tokens 2 to 10", "lower case"),
        ),
        ("a " * 10 + "[Bo](PER)", ("1 token", "10 to 19 tokens", "tokens 11 to 30", CAPITAL)),
        ("a " * 30 + "[iPhone](MISC)", ("1 token", "30 tokens or more", "after token 30", "other")),
        ("[2024](MISC)", ("1 token", "under 10 tokens", "first token", "other")),
    ],
)
def test_buckets_of_an_entity(line: str, expected: tuple[str, ...]) -> None:
    """Length in tokens of the entity and of its sentence, where it begins, how it is written."""
    [sentence] = parse_gold([line], "test")
    found = buckets(sentence.tagged.entities[0], sentence)
    assert dict(zip(BUCKETS, expected, strict=True)) == found


def test_labels_that_do_not_count_are_nowhere() -> None:
    """With labels, the others leave gold, both predictions and the agreement."""
    evaluation = both(labels=("LOC",))
    alignments = [one for side in evaluation.sides for one in side.alignments]
    sides = [
        side for one in (*alignments, *evaluation.agreements) for side in (one.left, one.right)
    ]
    assert {"LOC"} == {entity.label for side in sides for entity in side.entities}


def test_unknown_labels_are_refused() -> None:
    """Gold with a label that the model lacks is never scored in silence."""
    with pytest.raises(InputError, match="does not know: DRUG"):
        both(["[aspirin](DRUG)"])


def test_labels_that_differ_are_told() -> None:
    """What only one side knows, and what gold lacks; nothing where all is shared."""
    gold = parse_gold(["[Ada](PER) in Rome"], "test")
    [full] = [text.tagged for text in gold]
    more = Tagged(full.text, (*full.entities, Entity(7, 11, "MISC")))
    evaluation = score_predictions(gold, [full], [more])
    known = [("PER", "LOC"), ("PER", "MISC")]

    assert [
        "Labels differ: only A has LOC; only B has MISC. Name the labels to count: those that both "
        "have.",
        "Gold has no MISC: the 1 that B found count as errors. Name the labels to count, and the "
        "others are left out.",
    ] == list(label_notes(evaluation, ["A", "B"], known))
    by_found = list(label_notes(evaluation, ["A", "B"]))
    assert by_found[0].startswith("Labels differ: only B has MISC.")
    assert [] == list(label_notes(score_predictions(gold, [full], [full]), ["A", "B"]))
    assert [] == list(label_notes(score_predictions(gold, [full]), ["A"]))
    counted = score_predictions(gold, [full], [more], labels=("PER",))
    assert [] == list(label_notes(counted, ["A", "B"]))


MODELS = FakeSides().origins
ORIGIN = {
    "weights": "0123456789ab",
    "device": "CPU",
    "inference_precision": "f32",
    "model": "bundled",
}


def test_the_json_has_each_side_with_its_origin_and_figures() -> None:
    """Model, recipe, weights, device and precision beside the scores; verdict and changes."""
    evaluation = both()
    report = Report(evaluation, tuple(MODELS)).json()

    assert {
        "sentences",
        "left",
        "right",
        "agreement",
        "difference",
        "verdict",
        "labels",
        "changes",
        "notes",
        "provenance",
    } == set(report)
    for key, recipe, scores in zip(
        ("left", "right"), ("original", "int8"), evaluation.sides, strict=True
    ):
        expected = {**ORIGIN, "recipe": recipe, "precision": round(scores.micro.precision, 6)}
        assert expected == {name: report[key][name] for name in expected}
        assert {"value", "low", "high"} == set(report[key]["f1"])
        assert {"exact_f1", "per_type", "partial", "errors", "confusion", "buckets"} < {
            *report[key]
        }
    assert report["right"]["errors"]["type"] == 1
    assert {"added": 4, "removed": 0, "p": 0.125} == report["changes"]
    assert {"answer", "short", "sentence", "more", "max_loss"} == set(report["verdict"])
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_a_report_of_one_file_has_one_side() -> None:
    """No right side, no difference, no verdict; and it is not called a model."""
    gold = parse_gold(LINES, "test")
    alone = score_predictions(gold, [one.tagged for one in gold])
    report = Report(alone, (Origin("mine.conll", "mine.conll"),)).json()

    assert {"sentences", "left", "notes", "provenance"} == set(report)
    nothing = {"recipe": None, "weights": None, "device": None, "inference_precision": None}
    expected = {"model": "mine.conll", **nothing}
    assert expected == {key: report["left"][key] for key in expected}


def test_a_missing_right_side_is_none_everywhere() -> None:
    """No scores, agreements, changes or verdict; and each text is tagged once."""
    gold = parse_gold(LINES, "test")
    tagger = DictionaryTagger(INT8_WORDS)
    evaluation = evaluate(gold, tagger)
    report = Report(evaluation, (MODELS[0],))

    assert 1 == len(report.sides) == len(evaluation.sides)
    assert () == evaluation.agreements == evaluation.changes
    assert report.verdict is None
    assert (0, 0) == report.changes
    assert [one.tagged.text for one in gold] == tagger.seen
    assert "McNemar" not in report_markdown(report)
    assert {"Original"} == {row[0].text for row in error_table(report).rows}


@pytest.mark.parametrize("right", [DictionaryTagger(INT8_WORDS), None], ids=["both", "alone"])
def test_nothing_is_tagged_twice(right: DictionaryTagger | None) -> None:
    """Each side that there is tags each text once."""
    gold = parse_gold(LINES, "test")
    texts = [one.tagged.text for one in gold]
    taggers = [DictionaryTagger(), *([right] if right else [])]
    for tagger in taggers:
        tagger.seen.clear()
    report = report_sides(FakeSides(taggers[0], right), gold, Choice())

    assert [texts] * len(taggers) == [tagger.seen for tagger in taggers]
    assert len(taggers) == len(report.sides)


def test_a_report_needs_an_origin_for_each_side() -> None:
    """None is left without, or taken for the other."""
    with pytest.raises(ValueError, match="one origin for each side"):
        Report(both(), (MODELS[0],))


def test_csv_has_the_scores_and_what_they_are_a_result_of() -> None:
    """Unrounded, of both sides, by type and by bucket."""
    report = Report(both(), tuple(MODELS))
    rows = list(csv.reader(io.StringIO(tables.csv(*report_tables(report)))))
    [overall] = [row for row in rows if row[:2] == ["Scores", "all types"]]
    micro = report.sides[1].scores.micro

    assert [str(value) for value in micro.figures] == overall[5:8]
    assert str(micro.support) == overall[8]
    assert {"Buckets", "Provenance"} <= {row[0] for row in rows}


def test_csv_of_errors_spells_them() -> None:
    """One row for each error; offsets and spelling fit."""
    report = Report(both(), tuple(MODELS))
    rows = list(csv.DictReader(io.StringIO(tables.csv(error_table(report)))))
    errors = sum(side.scores.errors.total() for side in report.sides)
    assert errors == len(rows)
    assert sum(report.changes) == sum(row["only this side"] == "yes" for row in rows)
    for row in rows:
        for side in ("gold", "found"):
            if row[f"{side} start"]:
                span = slice(int(row[f"{side} start"]), int(row[f"{side} end"]))
                assert row["sentence text"][span] == row[f"{side} text"]


def test_no_cell_of_the_errors_is_a_formula() -> None:
    """A text of the file that begins like one has an apostrophe before it; numbers stay."""
    lines = ["[ =1+1](LOC) is not [-1](PER)"]
    gold = parse_gold(lines, "test")
    found = [Tagged(one.tagged.text, ()) for one in gold]
    report = Report(score_predictions(gold, found, found), tuple(MODELS))
    rows = list(csv.DictReader(io.StringIO(tables.csv(error_table(report)))))
    assert {"'=1+1", "'-1"} == {row["gold text"] for row in rows}
    assert "1" == rows[0]["gold start"]


def test_markdown_is_inert_and_complete() -> None:
    """A label of markup is text; the verdict, both sides and the changes are there."""
    lines = ["[x](a_b)", *LINES]
    gold = parse_gold(lines, "test")
    found = [one.tagged for one in gold]
    origins = (Origin("a|<b>.conll", "a|<b>.conll"), MODELS[1])
    text = report_markdown(Report(score_predictions(gold, found, found), origins))
    assert r"| a\|\<b\>.conll |" in text
    assert r"| a\_b |" in text
    assert "McNemar" in text
    assert all(kind.capitalize() in text for kind in ErrorKind)


def misread(*found: Entity, known: tuple[str, ...] = LABELS) -> Report:
    """Gold of 100 sentences, in each of which both sides find only ``found``."""
    gold = parse_gold(["[Berlin](LOC) and [Ada](PER)"] * 100, "test")
    sides = [[Tagged(one.tagged.text, found) for one in gold]] * 2
    return Report(score_predictions(gold, *sides), tuple(MODELS), known=(known, known))


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (misread(), "F1 is 0.0 % for Original and 0.0 % for INT8, on 200 entities"),
        (misread(Entity(0, 6, "PER")), "F1 is 0.0 %"),
        (misread(Entity(0, 6, "Stadt"), known=("Stadt",)), "they have no label in common"),
    ],
    ids=["nothing is found", "all is wrong", "other labels"],
)
def test_gold_that_does_not_fit_gets_no_verdict(report: Report, reason: str) -> None:
    """Equally useless on it is no yes: a sentence says what does not fit."""
    assert report.verdict is None
    assert report.json()["verdict"] is None
    assert report.misfit is not None and report.misfit.startswith("No verdict")
    assert reason in report.misfit
    assert report.misfit == report.notes[0]


def test_gold_that_half_fits_gets_one() -> None:
    """One type found and the other missed is a poor model, not another task."""
    report = misread(Entity(0, 6, "LOC"))

    assert report.misfit is None
    assert report.verdict is not None


def agreeing(lines: list[str]) -> AgreementReport:
    left, right = DictionaryTagger(), DictionaryTagger(INT8_WORDS)
    found = (tuple(map(side.explain, lines)) for side in (left, right))
    return AgreementReport((MODELS[0], MODELS[1]), *found)


def test_without_gold_the_left_side_stands_for_it() -> None:
    """Amazon has another label and Paris is lost: by label, with how many each side found."""
    report = agreeing(["Wolfgang in Berlin", "Amazon left Paris", "nothing here"] * 5)
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in agreement_table(report).rows}

    assert ["57.1", "20", "15"] == rows["all types"]
    assert ["100.0", "5", "5"] == rows["PER"]
    answer = report.json()
    assert {"agreement", "verdict", "lines", "provenance"} == set(answer)
    assert 15 == len(answer["lines"])
    assert 0.571429 == answer["agreement"]["value"]


def test_nothing_found_is_full_agreement_and_settles_nothing() -> None:
    """No label is listed, and the verdict is undecided."""
    report = agreeing(["nothing here"])

    assert () == report.labels
    assert ("undecided", 1.0) == (report.verdict.answer, report.json()["agreement"]["value"])
