"""Records of CSV and TSV from lines, such that no mistake in one swallows others.

The ``csv`` module parses one record at a time. It reads on where a quote is not closed; what it
read in vain is given back here, so each problem is reported with its line and nothing is lost.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ner.stats import count_of

# A line, or a record over several lines, of more characters is reported and skipped. JSON can spend
# six characters on one, so the longest text that can be tagged still fits.
LONGEST_RECORD = 8_000_000
# How often, on average, a line may be read again, and how many may be before that counts. Honest
# mistakes need one or two; a file made for it could have each line read again for every other.
_READ_AGAIN, _READ_AT_FIRST = 8, 1_000


@dataclass(frozen=True, slots=True)
class BadRow:
    """What could not be read: the line that is at fault, why, and what stands there."""

    line: int
    problem: str
    content: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its end; ``problem`` says why it can't be used."""

    number: int
    text: str

    @property
    def problem(self) -> str | None:
        """Why it can't be used; None if it can."""
        if len(self.text) >= LONGEST_RECORD:
            return f"longer than {LONGEST_RECORD:,} characters; skipped."
        if "\0" in self.text:
            return "a NUL character; if the file is UTF-16 without a mark, choose utf-16-le."
        return None

    def bad(self, problem: str) -> BadRow:
        """The line as one that could not be read."""
        return BadRow(self.number, problem, self.text.rstrip("\r\n")[:LONGEST_RECORD])


def records(
    lines: Iterator[Line], delimiter: str, *, lenient: bool = False
) -> Iterator[tuple[Line, list[str]] | BadRow]:
    """The records in ``lines``, each with its first one, header first, blank lines left out.

    If a record over several lines turns out malformed, only its first line is reported, and
    the others are read as records of their own: a quote that is not closed swallows nothing. With
    ``lenient``, for TSV, where quotes are often just characters, that first line is then read
    without quoting; so are several lines that would be one record, but each of which has as many
    fields as the header.
    """
    csv.field_size_limit(LONGEST_RECORD)
    given_back: deque[Line] = deque()
    allowed, width = _READ_AT_FIRST, 0

    def following() -> Line | None:
        return given_back.popleft() if given_back else next(lines, None)

    for first in iter(following, None):
        allowed += _READ_AGAIN
        if not first.text.strip("\r\n"):
            continue
        taken = [first]
        fields, problem = _parse(taken, following, delimiter, allowed)
        if width and not problem and len(fields) != width:
            problem = f"{count_of(len(fields), 'field')}; expected {width}, as in the header."
        literally = (
            lenient
            and len(taken) > 1 < width
            and {len(line.text.split(delimiter)) for line in taken} == {width}
        )
        if problem or literally:
            allowed -= len(taken) - 1
            given_back.extendleft(reversed(taken[1:]))
            fields = first.text.rstrip("\r\n").split(delimiter)
        if problem and (not lenient or len(fields) != width or first.problem):
            yield first.bad(problem)
        else:
            width = width or len(fields)
            yield first, fields


def _parse(
    taken: list[Line], following: Callable[[], Line | None], delimiter: str, most: int
) -> tuple[list[str], str | None]:
    """The fields of the record that begins with the line ``taken``, or what is wrong with it.

    The lines that it goes on in, of which ``most`` may be read, are added to ``taken``.
    """

    def texts() -> Iterator[str]:
        size = 0
        for line in taken:
            size += len(line.text)
            if line.problem or size >= LONGEST_RECORD:
                return
            yield line.text
            if most > len(taken) and (another := following()):
                taken.append(another)

    if taken[0].problem:
        return [], taken[0].problem
    try:
        return next(csv.reader(texts(), delimiter=delimiter, strict=True)), None
    except csv.Error as error:
        if len(taken) == 1 and "expected after" in str(error):
            return [], (
                "a closing quote is followed by more characters; within quotes a quote is "
                'written twice ("").'
            )
        return [], "a quote that opens in this line is not closed as it should be."
