"""One's own calibration and gate texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ner.errors import InputError
from ner.models.calibration import Texts, own_texts, read_own
from ner.models.folder import keep_texts, texts_for
from ner.models.names import find_model

OURS = Texts(tuple(f"ours {n}" for n in range(40)), tuple(f"gate {n}" for n in range(40)), False)


def lines(file: Path, count: int, word: str = "Mr Okafor") -> Path:
    file.write_text("".join(f"{word} {n} left.\n\n" for n in range(count)), encoding="utf-8")
    return file


def test_own_texts_take_the_place_of_ours(tmp_path: Path) -> None:
    """Those given; a gate of one's own makes the texts fit, and the floor is kept."""
    calibration, gate = lines(tmp_path / "c.txt", 30), lines(tmp_path / "g.txt", 31, "Ms Li")

    mine = own_texts(OURS, calibration, gate, 0.97)

    assert (30, 31) == (len(mine.calibration), len(mine.gate))
    assert (True, 0.97) == (mine.in_domain, mine.min_agreement)
    assert not own_texts(OURS, calibration, None).in_domain


def test_a_text_that_calibrates_does_not_check(tmp_path: Path) -> None:
    """The gate keeps what calibration has not seen, and is refused if that is too little."""
    both = lines(tmp_path / "both.txt", 60)

    with pytest.raises(InputError, match="only 0 are not calibration texts too"):
        own_texts(OURS, both, both)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, r"^texts\.txt: can't be read"),
        (b"", "has 0 texts; expected at least 30"),
        (b"one\ntwo\n", "has 2 texts; expected at least 30"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    """With what was expected, by its name alone, never its path."""
    file = tmp_path / "texts.txt"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(InputError, match=problem):
        read_own(file)


@pytest.mark.parametrize("floor", [0.0, -1.0, 1.5, float("nan")])
def test_the_least_agreement_is_a_fraction(floor: float) -> None:
    """Over 0 and up to 1."""
    with pytest.raises(InputError, match="must be over 0 and at most 1"):
        own_texts(OURS, None, None, floor)


def test_kept_texts_are_used_from_then_on(home: Path) -> None:
    """For that model, until others are given."""
    mine = Texts(("a",) * 30, ("b",) * 30, True, 0.9)
    keep_texts(find_model("bundled"), mine)

    assert mine == texts_for(find_model("bundled"))
    assert mine.calibration != texts_for(find_model("medical")).calibration
