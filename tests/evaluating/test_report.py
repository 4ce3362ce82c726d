"""Reports on one or two sides, with gold or without: figures, verdict, JSON and files."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from fakes import INT8_WORDS, DictionaryTagger, FakeSides, annotate_tokens
from hypothesis import given
from hypothesis import strategies as st

from ner import tables
from ner.comparing.origin import Origin
from ner.counts import Counts
from ner.entities import Entity, Tagged
from ner.errors import InputError
from ner.evaluating.breakdown import BUCKETS, bucket_counts, buckets
from ner.evaluating.report import Report, report_agreement, report_sides, score_predictions
from ner.evaluating.scores import ERRORS
from ner.evaluating.tables import agreement_table, error_table, report_markdown, report_tables
from ner.files.gold import parse_gold
from ner.files.marked import Reading
from ner.tagging.choice import Choice

LINES = [
    "[Wolfgang](PER) lives in [Berlin](LOC)",
    "[Acme Corp](ORG) of [Paris](LOC) sued [Amazon](ORG)",
    "she left Oslo and [London](LOC)",
]
LABELS = ("PER", "ORG", "LOC")
CAPITAL = "Capitalized"


def both(lines: list[str] = LINES, *, labels: tuple[str, ...] | None = None) -> Report:
    """The dictionary pair on bracketed gold."""
    return report_sides(FakeSides().all, parse_gold(lines, "test"), Choice(labels=labels))


def taggings(length: int) -> st.SearchStrategy[list[str]]:
    tags = st.sampled_from(
        ["O", "O", *(f"{prefix}-{label}" for prefix in "BI" for label in LABELS)]
    )
    return st.lists(tags, min_size=length, max_size=length)


words = st.sampled_from(["Ada", "NATO", "iPhone", "tree", "J.", "3-1", "Ünal"])
sentences = st.lists(words, min_size=1, max_size=35).flatmap(
    lambda tokens: st.tuples(st.just(tokens), *(taggings(len(tokens)) for _ in range(3)))
)


def report_of(drawn: list[tuple[list[str], list[str], list[str], list[str]]]) -> Report:
    gold, first, second = (
        [annotate_tokens(one[0], one[side]) for one in drawn] for side in (1, 2, 3)
    )
    return score_predictions(gold, [one.tagged for one in first], [one.tagged for one in second])


@given(st.lists(sentences, min_size=1, max_size=5))
def test_buckets_of_each_dimension_add_up_to_all_entities(drawn: list) -> None:
    """Nothing is in two buckets or in none."""
    [side, _] = report_of(drawn).sides
    micro = side.micro
    for rows in bucket_counts(side).values():
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
    report = both(labels=("LOC",))
    aligned = [*report.agreements, *(one for side in report.sides for one in side.alignments)]
    found = [
        entity for one in aligned for side in (one.left, one.right) for entity in side.entities
    ]
    assert {"LOC"} == {entity.label for entity in found}


def test_unknown_labels_are_refused() -> None:
    """Gold with a label that the model lacks is never scored in silence."""
    with pytest.raises(InputError, match="does not know: DRUG"):
        both(["[aspirin](DRUG)"])


def test_labels_that_differ_are_told() -> None:
    """What only one side knows, and what gold lacks; nothing where all is shared."""
    gold = parse_gold(["[Ada](PER) in Rome"], "test")
    [full] = [text.tagged for text in gold]
    more = Tagged(full.text, (*full.entities, Entity(7, 11, "MISC")))
    report = score_predictions(gold, [full], [more])

    assert (
        "Labels differ: only A has LOC; only B has MISC. Name the labels to count: those that both "
        "have.",
        "Gold has no MISC: the 1 that B found count as errors. Name the labels to count, and the "
        "others are left out.",
    ) == replace(report, known=(("PER", "LOC"), ("PER", "MISC"))).notes
    assert report.notes[0].startswith("Labels differ: only B has MISC.")
    for shared in (
        score_predictions(gold, [full], [full]),
        score_predictions(gold, [full]),
        score_predictions(gold, [full], [more], labels=("PER",)),
    ):
        assert () == shared.notes


ORIGINS = tuple(FakeSides().origins)
ORIGIN = {
    "weights": "0123456789ab",
    "device": "CPU",
    "inference_precision": "f32",
    "model": "bundled",
}


def test_the_json_has_each_side_with_its_origin_and_figures() -> None:
    """Model, recipe, weights, device and precision beside the scores; verdict and changes."""
    found = both()
    report = found.json()

    assert {
        "sentences", "left", "right", "agreement", "difference", "verdict", "labels", "changes",
        "notes", "provenance",
    } == set(report)  # fmt: skip
    for key, recipe, scores in zip(
        ("left", "right"), ("original", "int8"), found.sides, strict=True
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
    """No right side, no difference, no changes, no verdict; and it is not called a model."""
    gold = parse_gold(LINES, "test")
    origin = Origin("Mine", "mine.conll")
    alone = score_predictions(gold, [Tagged(one.tagged.text) for one in gold], origins=[origin])
    answer = alone.json()

    assert {"sentences", "left", "notes", "provenance"} == set(answer)
    nothing = {"recipe": None, "weights": None, "device": None, "inference_precision": None}
    expected = {"model": "mine.conll", **nothing}
    assert expected == {key: answer["left"][key] for key in expected}
    assert () == alone.agreements
    assert alone.verdict is None
    assert (0, 0) == alone.changes
    assert "McNemar" not in report_markdown(alone)
    assert {"Mine"} == {row[0].text for row in error_table(alone).rows}


@pytest.mark.parametrize("right", [DictionaryTagger(INT8_WORDS), None], ids=["both", "alone"])
def test_nothing_is_tagged_twice(right: DictionaryTagger | None) -> None:
    """Each side that there is tags each text once, and has an origin."""
    gold = parse_gold(LINES, "test")
    taggers = [DictionaryTagger(), *([right] if right else [])]
    report = report_sides(FakeSides(taggers[0], right).all, gold, Choice())

    assert [[one.tagged.text for one in gold]] * len(taggers) == [one.seen for one in taggers]
    assert len(taggers) == len(report.sides)
    with pytest.raises(ValueError, match="shorter"):
        score_predictions([], [], [], origins=ORIGINS[:1])


def test_csv_has_the_scores_and_what_they_are_a_result_of() -> None:
    """Unrounded, of both sides, by type and by bucket."""
    report = both()
    rows = list(csv.reader(io.StringIO(tables.csv(*report_tables(report)))))
    [overall] = [row for row in rows if row[:2] == ["Scores", "all types"]]
    micro = report.sides[1].micro

    assert [str(value) for value in micro.figures] == overall[5:8]
    assert str(micro.support) == overall[8]
    assert {"Buckets", "Provenance"} <= {row[0] for row in rows}


def test_csv_of_errors_spells_them_and_has_no_formula() -> None:
    """One row for each error; offsets and spelling fit; a text like a formula has an apostrophe."""
    report = both()
    rows = list(csv.DictReader(io.StringIO(tables.csv(error_table(report)))))
    assert sum(side.errors.total() for side in report.sides) == len(rows)
    assert sum(report.changes) == sum(row["only this side"] == "yes" for row in rows)
    for row in rows:
        for side in ("gold", "found"):
            if row[f"{side} start"]:
                span = slice(int(row[f"{side} start"]), int(row[f"{side} end"]))
                assert row["sentence text"][span] == row[f"{side} text"]

    gold = parse_gold(["[ =1+1](LOC) is not [-1](PER)"], "test")
    missed = score_predictions(gold, [Tagged(one.tagged.text) for one in gold])
    first, second = csv.DictReader(io.StringIO(tables.csv(error_table(missed))))
    assert ["'=1+1", "'-1", "1"] == [first["gold text"], second["gold text"], first["gold start"]]


def test_markdown_is_inert_and_complete() -> None:
    """A label of markup is text; the verdict, both sides and the changes are there."""
    gold = parse_gold(["[x](a_b)", *LINES], "test")
    found = [one.tagged for one in gold]
    origins = (Origin("a|<b>.conll", "a|<b>.conll"), ORIGINS[1])
    text = report_markdown(score_predictions(gold, found, found, origins=origins))
    assert r"| a\|\<b\>.conll |" in text
    assert r"| a\_b |" in text
    assert "McNemar" in text
    assert all(kind.capitalize() in text for kind in ERRORS.values())


def misread(
    *found: Entity,
    known: tuple[str, ...] = LABELS,
    gold: str = "[Berlin](LOC) and [Ada](PER)",
) -> Report:
    """Gold of 100 sentences, in each of which both sides find only ``found``."""
    texts = parse_gold([gold] * 100, "test", Reading(format="brackets"))
    sides = [[Tagged(one.tagged.text, found) for one in texts]] * 2
    return replace(score_predictions(texts, *sides, origins=ORIGINS), known=(known, known))


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (misread(), "F1 is 0.0 % for Original and 0.0 % for INT8, on 200 entities"),
        (misread(Entity(0, 6, "PER")), "F1 is 0.0 %"),
        (misread(Entity(0, 6, "Stadt"), known=("Stadt",)), "they have no label in common"),
        (misread(gold="Berlin and Ada"), "gold has no entity to count"),
        # One type found and the other missed is a poor model, not another task.
        (misread(Entity(0, 6, "LOC")), None),
    ],
    ids=["nothing is found", "all is wrong", "other labels", "nothing in gold", "half is found"],
)
def test_gold_that_does_not_fit_gets_no_verdict(report: Report, reason: str | None) -> None:
    """Equally useless on it is no yes: a sentence says what does not fit."""
    fits = reason is None
    assert fits == (report.misfit is None) == (report.verdict is not None)
    assert fits == (report.json()["verdict"] is not None)
    if reason is not None:
        assert report.notes[0].startswith("No verdict")
        assert reason in report.notes[0]


def test_without_gold_the_left_side_stands_for_it() -> None:
    """Amazon has another label and Paris is lost: by label, with how many each side found."""
    texts = ["Wolfgang in Berlin", "Amazon left Paris", "nothing here"] * 5
    report = report_agreement(FakeSides().both, texts)
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in agreement_table(report).rows}

    assert ["57.1", "20", "15"] == rows["all types"]
    assert ["100.0", "5", "5"] == rows["PER"]
    answer = report.json()
    assert {"agreement", "verdict", "lines", "provenance"} == set(answer)
    assert texts == [line["text"] for line in answer["lines"]]
    assert 0.571429 == answer["agreement"]["value"]


def test_nothing_found_is_full_agreement_and_settles_nothing() -> None:
    """No label is listed, and the verdict is undecided."""
    report = report_agreement(FakeSides().both, ["nothing here"])
    answer = report.json()

    assert () == report.labels == report.notes == report.judgements
    assert ("undecided", 1.0) == (answer["verdict"]["answer"], answer["agreement"]["value"])
