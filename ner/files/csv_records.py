"""Records of CSV and TSV from lines, such that no mistake in one swallows others.

The ``csv`` module parses one record at a time. It reads on where a quote is not closed; what it
read in vain is given back here, so each problem is reported with its line and nothing is lost.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

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


class _Malformed(Exception):
    """A record of a CSV file that does not follow the rules; its text says how."""


@dataclass(slots=True)
class _Lookahead:
    """Lines of which some can be given back, to be read again as records of their own."""

    lines: Iterator[Line]
    returned: deque[Line] = field(default_factory=deque)
    allowed: int = _READ_AT_FIRST

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self.returned.popleft() if self.returned else next(self.lines)

    def give_back(self, lines: Sequence[Line]) -> None:
        self.allowed -= len(lines)
        self.returned.extendleft(reversed(lines))


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one record; ``line`` is where it begins, from 1."""

    line: int
    fields: list[str]


def records(
    lines: Iterator[Line], delimiter: str, *, lenient: bool = False
) -> Iterator[Record | BadRow]:
    """The records in ``lines``, header first, blank lines left out.

    If a record over several lines turns out malformed, only its first line is reported, and
    the others are read as records of their own: a quote that is not closed swallows nothing. With
    ``lenient``, for TSV, where quotes are often just characters, that first line is then read
    without quoting; so are several lines that would be one record, but each of which has as many
    fields as the header.
    """
    csv.field_size_limit(LONGEST_RECORD)
    ahead = _Lookahead(lines)
    width = 0
    for first in ahead:
        ahead.allowed += _READ_AGAIN
        if not first.text.strip("\r\n"):
            continue
        taken = [first]
        literal = first.text.rstrip("\r\n").split(delimiter)
        try:
            fields = _parse(taken, ahead, delimiter)
            if width and len(fields) != width:
                plural = "" if len(fields) == 1 else "s"
                raise _Malformed(
                    f"{len(fields)} field{plural}; expected {width}, as in the header."
                )
            if lenient and len(taken) > 1 and width > 1:
                widths = {len(line.text.split(delimiter)) for line in taken}
                if widths == {width}:
                    ahead.give_back(taken[1:])
                    fields = literal
        except _Malformed as error:
            ahead.give_back(taken[1:])
            if not lenient or len(literal) != width or first.problem:
                yield first.bad(str(error))
                continue
            fields = literal
        width = width or len(fields)
        yield Record(first.number, fields)


def _parse(taken: list[Line], ahead: _Lookahead, delimiter: str) -> list[str]:
    """The fields of the record that begins with the line ``taken``, to which more are added."""

    def texts() -> Iterator[str]:
        size = 0
        while True:
            line = taken[-1]
            size += len(line.text)
            if line.problem or size >= LONGEST_RECORD:
                return
            yield line.text
            following = next(ahead, None) if ahead.allowed > len(taken) else None
            if following is None:
                return
            taken.append(following)

    if taken[0].problem:
        raise _Malformed(taken[0].problem)
    try:
        return next(csv.reader(texts(), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if len(taken) == 1 and "expected after" in str(error):
            raise _Malformed(
                "a closing quote is followed by more characters; within quotes a quote is "
                'written twice ("").'
            ) from error
        problem = "a quote that opens in this line is not closed as it should be."
        raise _Malformed(problem) from error
