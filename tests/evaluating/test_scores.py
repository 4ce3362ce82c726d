"""Scores against seqeval, scikit-learn and nervaluate, and what is counted beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from fakes import annotate_tokens
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from seqeval.metrics import accuracy_score
from seqeval.metrics import classification_report as seqeval_report
from seqeval.scheme import IOB2
from sklearn.metrics import classification_report as sklearn_report

from ner.comparing.agreement import Kind, Pair, agreement_estimate, align
from ner.counts import Counts, strict_counts
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.scores import ERRORS, Scores, averages, conlleval, find_changes, widen

Tags = list[str]
TagPair = tuple[Tags, Tags]

# I- where nothing is open included: such tags are read as conlleval reads them.
tags = st.sampled_from(["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
tag_pairs = st.lists(st.tuples(tags, tags), min_size=1, max_size=12).map(
    lambda columns: ([gold for gold, _ in columns], [found for _, found in columns])
)
sentence_pairs = st.lists(tag_pairs, min_size=1, max_size=8)


def _annotated(tags: Sequence[str]) -> Annotated:
    """A sentence of tokens of different lengths with these tags."""
    return annotate_tokens(["x" * (1 + index % 3) for index in range(len(tags))], tags)


def _scores(pairs: Sequence[TagPair]) -> Scores:
    gold, found = zip(*pairs, strict=True)
    return Scores(tuple(map(_annotated, gold)), tuple(_annotated(tags).tagged for tags in found))


def _scored(gold: Annotated, found: Tagged) -> Scores:
    return Scores((gold,), (found,))


def _repaired(pairs: Sequence[TagPair]) -> tuple[list[Tags], list[Tags]]:
    """The tags of gold, and those of the prediction, as BIO2."""
    gold = [list(_annotated(tags).tags) for tags, _ in pairs]
    return gold, [list(_annotated(tags).tags) for _, tags in pairs]


def _rows(figures: dict[str, dict[str, float]]) -> dict[str, object]:
    """Of seqeval's report what we report too: each type, and all."""
    return {
        name: pytest.approx([row["precision"], row["recall"], row["f1-score"], row["support"]])
        for name, row in figures.items()
        if name not in ("macro avg", "weighted avg")
    }


@settings(max_examples=300)
@given(pairs=sentence_pairs)
def test_strict_scores_and_the_accuracy_equal_seqeval(pairs: list[TagPair]) -> None:
    """Per type and of all: its default mode, which is conlleval's, and strict on BIO2 tags."""
    scores = _scores(pairs)
    repaired = _repaired(pairs)
    if scores.strict:
        raw = map(list, zip(*pairs, strict=True))
        plain = seqeval_report(*raw, output_dict=True, zero_division=0)
        strict = seqeval_report(
            *repaired, output_dict=True, zero_division=0, mode="strict", scheme=IOB2
        )
        found = {
            name: [*one.figures, one.support]
            for name, one in {**scores.strict, "micro avg": scores.micro}.items()
        }

        assert found == _rows(plain)
        assert found == _rows(strict)
    assert f"accuracy: {100 * accuracy_score(*repaired):6.2f}%; precision" in conlleval(scores)


@settings(max_examples=300)
@given(pairs=sentence_pairs)
def test_tags_equal_scikit_learn_without_o(pairs: list[TagPair]) -> None:
    """One row per tag but O, and its averages, are those of a token classification report."""
    gold, found = ([tag for tags in side for tag in tags] for side in _repaired(pairs))
    tags = _scores(pairs).tags
    labels = sorted({*gold, *found} - {"O"})
    assert labels == list(tags)
    if labels:
        report = sklearn_report(gold, found, labels=labels, output_dict=True, zero_division=0)
        # Where O never occurs scikit-learn gives the micro average alone, as the accuracy.
        if (accuracy := report.pop("accuracy", None)) is not None:
            report["micro avg"] = dict.fromkeys(("precision", "recall", "f1-score"), accuracy)
        rows = {tag: one.figures for tag, one in tags.items()} | averages(list(tags.values()))

        for name, row in report.items():
            assert rows[name] == pytest.approx((row["precision"], row["recall"], row["f1-score"]))
        assert all(tags[label].support == report[label]["support"] for label in labels)


def test_gold_without_tokens_has_no_tags() -> None:
    """A text of blanks alone."""
    blank = Tagged(" ")

    assert {} == _scored(Annotated(blank, ()), blank).tags


@settings(max_examples=300)
@given(pairs=sentence_pairs)
def test_partial_scores_equal_nervaluate(pairs: list[TagPair]) -> None:
    """All four schemes, where no entity overlaps two: of two, each picks in a way of its own."""
    gold, found = _repaired(pairs)
    scores = _scores(pairs)
    for one in scores.alignments:
        spans = [{(e.start, e.end) for e in side.entities} for side in (one.left, one.right)]
        for own, others in (spans, reversed(spans)):
            overlapping = [sum(a < d and c < b for c, d in others) for a, b in own]
            assume(max(overlapping, default=0) <= 1)
    expected = Evaluator(gold, found, tags=["PER", "LOC"], loader="list").evaluate()["overall"]

    for scheme, figures in scores.partial.items():
        theirs = expected["ent_type" if scheme == "type" else scheme]
        assert figures == pytest.approx((theirs.precision, theirs.recall, theirs.f1))


def test_conlleval_report_is_spelled_as_the_script_does() -> None:
    """Counts, accuracy and a line per type, in the script's columns, also for a type never found.

    Two sentences: one person right, one found one token short; a place found that is none.
    """
    scores = _scores(
        [
            (["B-PER", "I-PER", "O", "O", "B-ORG"], ["B-PER", "I-PER", "O", "B-LOC", "O"]),
            (["B-PER", "I-PER", "O"], ["B-PER", "O", "O"]),
        ]
    )

    assert conlleval(scores) == (
        "processed 8 tokens with 3 phrases; found: 3 phrases; correct: 1.\n"
        "accuracy:  60.00%; (non-O)\n"
        "accuracy:  62.50%; precision:  33.33%; recall:  33.33%; FB1:  33.33\n"
        "              LOC: precision:   0.00%; recall:   0.00%; FB1:   0.00  1\n"
        "              ORG: precision:   0.00%; recall:   0.00%; FB1:   0.00  0\n"
        "              PER: precision:  50.00%; recall:  50.00%; FB1:  50.00  2\n"
    )


US = Annotated(
    Tagged("U.S. rivals Acme-based Bo Li", (Entity(0, 4, "LOC"), Entity(12, 22, "MISC"))),
    ((0, 4), (5, 11), (12, 22), (23, 25), (26, 28)),
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([(0, 3, "LOC")], [(0, 4, "LOC")]),
        ([(1, 6, "LOC")], [(0, 11, "LOC")]),
        # A shared token goes to the first, and the second gets the rest; equal types become one.
        ([(12, 16, "ORG"), (17, 22, "MISC")], [(12, 22, "ORG")]),
        ([(12, 16, "ORG"), (17, 25, "PER")], [(12, 22, "ORG"), (23, 25, "PER")]),
        ([(12, 16, "ORG"), (16, 17, "PER"), (17, 25, "ORG")], [(12, 25, "ORG")]),
        # Between tokens.
        ([(4, 5, "LOC")], [(4, 5, "LOC")]),
    ],
)
def test_predictions_are_widened_to_gold_tokens(
    found: list[tuple[int, int, str]], expected: list[tuple[int, int, str]]
) -> None:
    """Those that are touched are taken whole."""
    before, after = (
        Tagged(US.tagged.text, tuple(Entity(*span) for span in spans))
        for spans in (found, expected)
    )

    assert after == widen(before, US)


@given(
    tags=st.lists(tags, min_size=1, max_size=8),
    borders=st.sets(st.integers(0, 16), max_size=10),
    labels=st.lists(st.sampled_from(["PER", "LOC"]), min_size=10, max_size=10),
)
def test_widening_covers_and_is_final(tags: Tags, borders: set[int], labels: list[str]) -> None:
    """What was covered of a token stays covered, on token borders, and widening again is idle."""
    gold = _annotated(tags)
    text = gold.tagged.text
    inner = sorted(border for border in borders if border <= len(text))
    spans = zip(inner[::2], inner[1::2], labels, strict=False)
    found = Tagged(text, tuple(Entity(start, end, label) for start, end, label in spans))

    widened = widen(found, gold)

    def touched(tagged: Tagged) -> set[int]:
        return {
            index
            for index, (start, end) in enumerate(gold.token_offsets)
            if any(entity.start < end and start < entity.end for entity in tagged.entities)
        }

    assert touched(widened) == touched(found)
    assert widen(widened, gold) == widened
    on_tokens = tuple(e for e in widened.entities if text[e.start : e.end] != " ")
    assert Annotated(Tagged(text, on_tokens), gold.token_offsets).tagged.entities == on_tokens


def test_exact_counts_do_without_widening() -> None:
    """A lost dot costs the exact F1 and not the one quoted beside published figures."""
    scores = _scored(US, Tagged(US.tagged.text, (Entity(0, 3, "LOC"), Entity(12, 22, "MISC"))))

    assert (Counts(tp=2), Counts(1, 1, 1)) == (scores.micro, scores.exact)
    with pytest.raises(ValueError, match="same text"):
        _ = _scored(US, Tagged("another text")).strict


def test_errors_are_told_by_kind_in_reading_order() -> None:
    """A wrong type, a wrong boundary, a spurious and a missed entity, and their confusion."""
    gold = _annotated(["B-PER", "O", "B-LOC", "I-LOC", "O", "O", "B-PER"])
    found = _annotated(["B-LOC", "O", "B-LOC", "O", "O", "B-PER", "O"]).tagged
    wanted = gold.tagged.entities

    scores = _scored(gold, found)

    errors = scores.alignments[0].differences
    assert errors == (
        Pair(wanted[0], found.entities[0]),
        Pair(wanted[1], found.entities[1]),
        Pair(None, found.entities[2]),
        Pair(wanted[2], None),
    )
    kinds = (Kind.LABEL, Kind.BOUNDARY, Kind.ONLY_RIGHT, Kind.ONLY_LEFT)
    assert kinds == tuple(error.kind for error in errors)
    assert scores.errors == dict.fromkeys(ERRORS, 1)
    pairs = [("PER", "LOC"), ("LOC", "LOC"), ("O", "PER"), ("PER", "O")]
    assert scores.confusion == dict.fromkeys(pairs, 1)


@given(pairs=sentence_pairs)
def test_every_entity_is_right_or_one_error(pairs: list[TagPair]) -> None:
    """Errors by kind, confusion, SemEval's strict scheme and strict counts tell one story."""
    scores = _scores(pairs)
    kinds = scores.errors
    paired = kinds[Kind.BOUNDARY] + kinds[Kind.LABEL]

    assert scores.micro.support == scores.micro.tp + paired + kinds[Kind.ONLY_LEFT]
    assert scores.micro.found == scores.micro.tp + paired + kinds[Kind.ONLY_RIGHT]
    assert sum(scores.confusion.values()) == scores.micro.tp + kinds.total()
    assert scores.partial["strict"] == pytest.approx(scores.micro.figures)
    assert scores.exact == scores.micro
    assert [sum(column) for column in zip(*scores.rows(), strict=True)] == [*scores.micro.row]


@given(pair=tag_pairs, other=st.lists(tags, min_size=12, max_size=12))
def test_changes_are_what_one_prediction_gets_wrong_alone(pair: TagPair, other: Tags) -> None:
    """Swapping the predictions swaps added and removed; the numbers of errors differ by them."""
    gold, original = _annotated(pair[0]), _annotated(pair[1]).tagged
    found = _annotated(other[: len(pair[0])]).tagged
    int8 = Tagged(found.text, tuple(replace(entity, score=0.4) for entity in found.entities))

    before, after = _scored(gold, original).alignments[0], _scored(gold, int8).alignments[0]
    added, removed = find_changes(before, after)

    assert (removed, added) == find_changes(after, before)
    assert len(after.differences) - len(before.differences) == len(added) - len(removed)
    assert ([], []) == find_changes(after, after)
    # What both get wrong is no change, in whatever way; nor is a spurious span of both.
    wrong = {error.left for error in before.differences} & {e.left for e in after.differences}
    assert not (wrong - {None}) & {error.left for error in (*added, *removed)}
    both_spurious = _spurious(before.differences) & _spurious(after.differences)
    assert not both_spurious & _spurious([*added, *removed])


def _spurious(errors: Iterable[Pair]) -> set[tuple[int, int, str]]:
    found = [error.right for error in errors if error.left is None and error.right is not None]
    return {(entity.start, entity.end, entity.label) for entity in found}


@given(pairs=sentence_pairs)
def test_agreement_f1_is_the_f1_with_the_original_as_gold(pairs: list[TagPair]) -> None:
    """Entities of all texts are scored strictly; where neither finds any, they agree wholly."""
    both = [(_annotated(left).tagged, _annotated(right).tagged) for left, right in pairs]
    counts = [strict_counts(*texts).values() for texts in both]
    total = sum((one for text in counts for one in text), Counts())
    expected = total.f1 if any(total.row) else 1.0

    assert agreement_estimate([align(*texts) for texts in both]).value == pytest.approx(expected)
    assert agreement_estimate([align(left, left) for left, _ in both]).value == 1.0
