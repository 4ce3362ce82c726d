"""The rule: the fastest that surely fits, else what would decide it; right in simulation too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from choosing.samples import drawn, measured, rows
from ner.choosing.measure import Measured
from ner.choosing.recommend import Judged, Limits, recommend
from ner.errors import InputError
from ner.stats import Row
from ner.verdict import Answer

NO_LIMITS = Limits(None, None, None)


def original(ms: float = 3.0, texts: int = 200) -> Measured:
    return measured("original", mb=77, ms=ms, texts=texts)


def int8(wrong_every: int | None = 100, ms: float = 1.0, texts: int = 200) -> Measured:
    return measured("int8", mb=20, ms=ms, agreement=rows(texts, wrong_every=wrong_every))


def weights(wrong_every: int | None = None, ms: float = 2.0, mb: float = 20) -> Measured:
    return measured("weights", mb=mb, ms=ms, agreement=rows(200, wrong_every=wrong_every))


def large(ms: float) -> Measured:
    return measured("large", mb=76.5, ms=ms, agreement=rows(29))


def on_agreement(agreement: list[Row], limit: float) -> Judged:
    """How one recipe with this agreement is judged."""
    pair = [measured("original", texts=len(agreement)), measured("x", agreement=agreement)]
    return recommend(pair, Limits(min_agreement=limit)).judged[1]


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"max_ms": 0}, "max_ms must be over 0, for example 5"),
        ({"max_mb": -1}, "got -1"),
        ({"max_ms": float("inf")}, "got inf"),
        ({"max_ms": float("nan")}, "got nan"),
        ({"min_agreement": 98}, "0.98"),
        ({"min_agreement": 1.0}, "under 1"),
        ({"min_agreement": 0.0}, "over 0"),
    ],
)
def test_what_can_be_no_limit_is_refused(limits: dict[str, float], named: str) -> None:
    """With what was given or what was expected."""
    with pytest.raises(InputError, match=named):
        Limits(**limits)


TIME = Limits(2.0, min_agreement=None)
SIZE = Limits(max_mb=20, min_agreement=None)


@pytest.mark.parametrize(
    ("one", "limits", "answer"),
    [
        (measured("x", agreement=rows(10)), NO_LIMITS, Answer.YES),
        # Size is exact.
        (measured("x", mb=20.0), SIZE, Answer.YES),
        (measured("x", mb=20.001), SIZE, Answer.NO),
        # Time counts with its whole interval, and five texts say nothing of it.
        (measured("x", ms=1.9, noise=0.1), TIME, Answer.YES),
        (measured("x", ms=2.0, noise=0.1), TIME, Answer.UNDECIDED),
        (measured("x", ms=2.1, noise=0.1), TIME, Answer.NO),
        (measured("x", ms=0.001, texts=5), TIME, Answer.UNDECIDED),
        # So does agreement; 60 entities could show a difference of 5 %. The original has its own.
        (measured("x", agreement=rows(400, wrong_every=100)), Limits(), Answer.YES),
        (measured("x", agreement=rows(400, wrong_every=13)), Limits(), Answer.UNDECIDED),
        (measured("x", agreement=rows(400, wrong_every=3)), Limits(), Answer.NO),
        (measured("x", agreement=rows(29)), Limits(), Answer.UNDECIDED),
        (measured("x", agreement=rows(31)), Limits(), Answer.YES),
        (measured("original", texts=3), Limits(min_agreement=0.99), Answer.YES),
    ],
)
def test_a_limit_is_met_by_the_whole_interval(
    one: Measured, limits: Limits, answer: Answer
) -> None:
    """What is undecided says how many texts are lacking; no agreement is certain."""
    [judged] = recommend([one], limits).judged

    assert answer is judged.answer
    assert (judged.more_texts is not None) == (answer is Answer.UNDECIDED)
    if judged.agreement is not None:
        assert judged.agreement.low < judged.agreement.value


def test_more_texts_settle_it_unless_it_lies_on_its_limit() -> None:
    """As many as the answer asks for, of the same kind; texts without entities show nothing."""
    judged = on_agreement(rows(400, wrong_every=12), 0.95)
    assert judged.more_texts is not None
    settled = on_agreement(rows(400 + 2 * judged.more_texts, wrong_every=12), 0.95)
    on_the_limit = on_agreement(rows(400, wrong_every=10), 0.95)
    fewer, more = on_agreement(rows(15), 0.95), on_agreement([*rows(15), *[(0, 0, 0)] * 15], 0.95)

    assert Answer.YES is settled.answer
    assert (Answer.UNDECIDED, None) == (on_the_limit.answer, on_the_limit.more_texts)
    assert fewer.more_texts and more.more_texts
    assert 2 * fewer.more_texts - 1 <= more.more_texts <= 2 * fewer.more_texts


def test_intervals_allow_for_the_number_of_recipes() -> None:
    """The more there are, the wider each one's agreement."""
    few = recommend([original(), int8()], Limits()).judged[1].agreement
    many = recommend([original(), *[int8()] * 8], Limits()).judged[1].agreement

    assert few and many and many.low < few.low


# What was measured, the limits, and what is said of which recipe.
CASES: dict[str, tuple[list[Measured], Limits, Answer, str, str]] = {
    "the fastest that fits": (
        *([int8(), weights()], Limits(), Answer.YES, "int8"),
        "Take INT8: 3.0 × as fast (3.0–3.0), a quarter",
    ),
    "without limits": ([int8(wrong_every=2)], NO_LIMITS, Answer.YES, "int8", "Take INT8"),
    "a faster one that may fit is named": (
        *([int8(wrong_every=12), weights()], Limits(), Answer.YES, "weights"),
        "INT8 is faster. ",
    ),
    "a tie goes to the higher agreement": (
        *([int8(), weights(ms=1.001)], Limits(), Answer.YES, "weights"),
        "as fast as INT8, and agrees at least as well",
    ),
    "else, where sizes are the same too, to more texts a second": (
        *([int8(None), weights(None, mb=19.9, ms=1.001)], Limits(), Answer.YES, "int8"),
        "as fast as WEIGHTS, and agrees at least as well",
    ),
    "the original where none is faster": (
        *([weights(ms=4.0)], Limits(), Answer.YES, "original"),
        "no recipe that surely fits",
    ),
    # The original fits by definition, which says nothing of a recipe that may gain.
    "undecided, as fast as the original": (
        *([int8(None, ms=3.0, texts=29)], Limits(), Answer.UNDECIDED, "int8"),
        "INT8 looks best: ",
    ),
    "undecided, slower but smaller": (
        *([int8(None, ms=4.0, texts=29)], Limits(), Answer.UNDECIDED, "int8"),
        "INT8 may do: ",
    ),
    "undecided, faster but as large": (
        *([large(ms=2.9)], Limits(), Answer.UNDECIDED, "large"),
        "the same size",
    ),
    "undecided, slower and as large: never to be taken": (
        *([large(ms=4.0)], Limits(), Answer.YES, "original"),
        "no recipe that surely fits is faster",
    ),
    "the fastest whose figures are within the limits": (
        *([int8(9, texts=29), large(ms=1.5)], Limits(), Answer.UNDECIDED, "large"),
        "LARGE looks best: 2.0",
    ),
    "too few texts": (
        *([int8(None, texts=29)], Limits(), Answer.UNDECIDED, "int8"),
        "INT8 looks best: 3.0 × as fast (3.0–3.0), a quarter of the size, a quarter of the memory, "
        "no difference in 29 texts (agreement at least 94.8 %). 1 more text would prove it.",
    ),
    "near the limit": (
        *([int8(wrong_every=9)], Limits(max_mb=25), Answer.UNDECIDED, "int8"),
        "INT8 may fit: agreement 94.5",
    ),
    "nothing fits": (
        *([int8(), weights(mb=19)], Limits(max_mb=18), Answer.NO, "weights"),
        "None fits. WEIGHTS comes nearest: 19.0 MB, 18 MB allowed.",
    ),
}


@pytest.mark.parametrize(
    ("recipes", "limits", "answer", "named", "said"), CASES.values(), ids=CASES
)
def test_the_one_to_take_is_named_first_with_its_reason(
    recipes: list[Measured], limits: Limits, answer: Answer, named: str, said: str
) -> None:
    """Beside the original, which all are measured against."""
    found = recommend([original(texts=recipes[0].singles.n), *recipes], limits)

    assert (answer, named) == (found.answer, found.named.measured.name)
    assert (found.chosen is not None) == (answer is Answer.YES)
    assert said in found.verdict.sentence
    assert len(found.verdict.short.split()) <= 12
    assert found.named.measured.title in found.verdict.short


# As measured for one model on one set: from the slowest to the fastest, which is just under 99.5 %.
TRUTHS = (0.9991, 0.9968, 0.9814, 0.9946)


def choices(
    truths: tuple[float, ...], least: float, texts: int, draws: int
) -> Iterator[tuple[list[Measured], Measured | None]]:
    """Recipes of these true agreements, and which of them is taken; drawn again and again."""
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        ones = [
            measured(f"c{at}", ms=3 - 0.5 * at, agreement=drawn(truth, texts, rng), timed=12)
            for at, truth in enumerate(truths)
        ]
        original = measured("original", ms=5.0, timed=12)
        yield ones, recommend([original, *ones], Limits(min_agreement=least)).chosen


@pytest.mark.parametrize("texts", [120, 1000], ids=["a short file", "a long file"])
def test_chance_rarely_chooses_what_is_just_under_the_limit(texts: int) -> None:
    """By the bare figure it would be chosen about every other time."""
    by_rule = by_figure = 0
    for ones, chosen in choices(TRUTHS, 0.995, texts, draws=100):
        agreements = [one.agreement_at() for one in ones[2:]]
        by_rule += chosen in ones[2:]
        by_figure += any(it is not None and it.value >= 0.995 for it in agreements)

    assert by_rule <= 5
    assert by_figure > 30


def test_what_is_well_over_the_limit_is_found() -> None:
    """The rule is not merely shy: with 1,000 texts it nearly always takes what truly fits."""
    found = sum(chosen in ones for ones, chosen in choices((0.995,), 0.98, 1000, draws=40))

    assert found >= 38
