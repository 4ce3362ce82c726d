"""A caller's choice: read from what people and programs write, checked when made."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.errors import InputError
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation

KNOWN = ("PER", "ORG", "LOC", "MISC")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, None),
        ("", None),
        (" , ", None),
        ("PER", ("PER",)),
        (" PER ,, LOC", ("PER", "LOC")),
        (["PER", "LOC"], ("PER", "LOC")),
        (("PER",), ("PER",)),
        ([], ()),
    ],
    ids=str,
)
def test_labels_are_read_from_text_or_a_list(labels: Any, expected: Any) -> None:
    """As people type them and as programs give them; no text at all keeps all labels."""
    assert expected == Choice.parse(labels=labels).labels


@given(
    st.sampled_from(Aggregation),
    st.floats(0, 1),
    st.none() | st.lists(st.sampled_from(KNOWN), min_size=1, unique=True),
)
def test_what_is_parsed_is_the_choice(
    aggregation: Aggregation, threshold: float, labels: list[str] | None
) -> None:
    """Written in either way it is the same value."""
    chosen = None if labels is None else tuple(labels)
    written = None if labels is None else ",".join(labels)

    assert Choice(aggregation, threshold, chosen) == Choice.parse(
        aggregation.value, threshold, labels
    )
    assert Choice(aggregation, threshold, chosen) == Choice.parse(
        aggregation.value, threshold, written
    )


@pytest.mark.parametrize("written", ["segments", "whole", "94", 94])
def test_a_reading_is_written_as_it_is_taken(written: str | int) -> None:
    """In provenance."""
    choice = Choice.parse(reading=written)
    assert str(written) == choice.reading_name
    assert choice == Choice.parse(reading=choice.reading_name)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"aggregation": "best"}, "Choose one of first, average, max, simple, none"),
        ({"aggregation": 5}, "Choose one of first"),
        ({"threshold": 2}, "threshold is 2; expected a number from 0 to 1"),
        ({"threshold": -0.1}, "number from 0 to 1"),
        ({"threshold": float("nan")}, "number from 0 to 1"),
        ({"threshold": float("inf")}, "number from 0 to 1"),
        ({"threshold": True}, "is of type bool; expected a number from 0 to 1"),
        ({"threshold": "high"}, "is of type str; expected a number from 0 to 1"),
        ({"threshold": None}, "is null; expected a number from 0 to 1"),
        ({"reading": "all"}, "no reading 'all'. Choose segments, whole, or a number of pieces"),
        ({"reading": "9" * 10}, "no reading '9999999999'"),
        ({"reading": 0}, "A segment of 0 pieces"),
        ({"reading": None}, "no reading 'None'"),
        ({"labels": 5}, "not a list of names"),
        ({"labels": ["PER", None]}, "not a list of names"),
        ({"labels": {"PER": 1}}, "not a list of names"),
    ],
    ids=str,
)
def test_what_is_no_choice_is_refused(given_: dict[str, Any], message: str) -> None:
    """Each refusal says what was given and what was expected."""
    with pytest.raises(InputError, match=message):
        Choice.parse(**given_)


def test_labels_are_checked_against_a_model() -> None:
    """Those that it lacks are named, and so are those that it has."""
    Choice().check_labels(KNOWN)
    Choice(labels=("PER", "LOC")).check_labels(KNOWN)

    with pytest.raises(InputError, match=r"no label DISEASE, DRUG\. It has PER, ORG, LOC, MISC"):
        Choice(labels=("DRUG", "PER", "DISEASE")).check_labels(KNOWN)
