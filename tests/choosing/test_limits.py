"""Limits: size is exact, time and agreement count with their whole interval."""

from __future__ import annotations

import pytest

from choosing.samples import candidate, rows
from ner.choosing.limits import Check, Limits, check
from ner.errors import InputError
from ner.verdict import Answer


def only(checks: tuple[Check, ...]) -> Check:
    [single] = checks
    return single


def on_agreement(agreement: list[tuple[float, float, float]], limit: float) -> Check:
    item = candidate("x", agreement=agreement)
    return only(check(item, Limits(min_agreement=limit), 0.95))


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"max_ms": 0}, "0 ms"),
        ({"max_mb": -1}, "-1 MB"),
        ({"max_ms": float("inf")}, "inf ms"),
        ({"max_ms": float("nan")}, "nan ms"),
        ({"min_agreement": 98}, "0.98"),
        ({"min_agreement": 1.0}, "under 1"),
        ({"min_agreement": 0.0}, "over 0"),
    ],
)
def test_what_can_be_no_limit_is_refused(limits: dict[str, float], named: str) -> None:
    """With what was given or what was expected."""
    with pytest.raises(InputError, match=named):
        Limits(**limits)


def test_no_limit_holds_nothing_against_anybody() -> None:
    """All three may be left out."""
    assert () == check(candidate("x", agreement=rows(10)), Limits(None, None, None), 0.95)


@pytest.mark.parametrize(("mb", "answer"), [(20.0, Answer.YES), (20.001, Answer.NO)])
def test_size_is_exact(mb: float, answer: Answer) -> None:
    """To the byte; the limit itself is allowed."""
    held = only(check(candidate("x", mb=mb), Limits(max_mb=20, min_agreement=None), 0.95))

    assert answer is held.answer


@pytest.mark.parametrize(
    ("ms", "answer"), [(1.9, Answer.YES), (2.0, Answer.UNDECIDED), (2.1, Answer.NO)]
)
def test_time_counts_with_its_whole_interval(ms: float, answer: Answer) -> None:
    """A limit inside the interval is neither met nor missed."""
    item = candidate("x", ms=ms, noise=0.1)
    held = only(check(item, Limits(max_ms=2.0, min_agreement=None), 0.95))

    assert answer is held.answer


def test_five_texts_say_nothing_of_time() -> None:
    """And the answer says how many are lacking."""
    item = candidate("x", ms=0.001, texts=5)
    held = only(check(item, Limits(max_ms=2.0, min_agreement=None), 0.95))

    assert Answer.UNDECIDED is held.answer
    assert held.more_texts is not None
    assert "∞" in held.reason


@pytest.mark.parametrize(
    ("texts", "wrong_every", "answer"),
    [
        (400, 100, Answer.YES),
        (400, 11, Answer.UNDECIDED),
        (400, 3, Answer.NO),
        (29, None, Answer.UNDECIDED),
        (30, None, Answer.YES),
    ],
    ids=["surely over", "near", "surely under", "too few to have met one", "just enough"],
)
def test_agreement_needs_the_interval_and_enough_texts(
    texts: int, wrong_every: int | None, answer: Answer
) -> None:
    """With no difference at all the bootstrap has no width: then the rule of three decides."""
    held = on_agreement(rows(texts, wrong_every=wrong_every), 0.95)

    assert answer is held.answer
    assert (held.more_texts is not None) == (answer is Answer.UNDECIDED)


def test_texts_without_entities_do_not_count() -> None:
    """They can't show a difference; of more texts like these only a share would help."""
    held = on_agreement([*rows(20), *[(0, 0, 0)] * 20], 0.95)

    assert (Answer.UNDECIDED, 20) == (held.answer, held.more_texts)


def test_more_texts_settle_it() -> None:
    """As many as the answer asks for, of the same kind, and the limit leaves the interval."""
    agreement = rows(400, wrong_every=12)
    held = on_agreement(agreement, 0.95)
    assert Answer.UNDECIDED is held.answer
    assert held.more_texts is not None

    settled = on_agreement(rows(400 + 2 * held.more_texts, wrong_every=12), 0.95)

    assert Answer.YES is settled.answer


def test_what_lies_on_its_limit_is_never_settled() -> None:
    """No number of texts tells two equal figures apart."""
    held = on_agreement(rows(400, wrong_every=10), 0.95)

    assert (Answer.UNDECIDED, None) == (held.answer, held.more_texts)


def test_the_original_agrees_by_definition() -> None:
    """However few texts there are."""
    assert () == check(candidate("original", texts=3), Limits(min_agreement=0.99), 0.95)
