"""Records of CSV and TSV from lines, such that no mistake in one swallows others.

The ``csv`` module reads on to the end of the file where a quote is not closed, and stops at a long
field; here each problem is reported with its line and reading goes on in the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# A line, or a record over several lines, of more characters is reported and skipped. JSON can spend
# six characters on one, so the longest text that can be tagged still fits.
LONGEST_RECORD = 8_000_000
# How often, on average, a line may be read again. Honest mistakes need one or two; a file made for
# it could have each line read again for every column there is.
_READ_AGAIN = 8


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
    _allowed: int = 0

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        if self.returned:
            return self.returned.popleft()
        self._allowed += _READ_AGAIN
        return next(self.lines)

    def give_back(self, lines: Sequence[Line]) -> None:
        self._allowed -= len(lines)
        self.returned.extendleft(reversed(lines))

    @property
    def exhausted(self) -> bool:
        """Whether so much was given back that for now each line is a record, or is reported."""
        return self._allowed < 0


@dataclass(slots=True)
class _Fields:
    """The fields of one record as its lines come in, after RFC 4180.

    A field that begins with a quote ends with one, and two quotes within it stand for one; any
    other quote is a character like all others. Line ends within quotes are kept as they are.
    """

    delimiter: str
    done: list[str] = field(default_factory=list)
    _quoted: list[str] | None = None

    def feed(self, line: str) -> bool:
        """Take in one line; whether the record is complete. Raises ``_Malformed``."""
        if self._quoted is None and '"' not in line:
            self.done += line.rstrip("\r\n").split(self.delimiter)
            return True
        position = 0
        while True:
            position = self._field(line, position)
            if self._quoted is not None:
                return False
            if position < 0:
                return True

    def _field(self, line: str, start: int) -> int:
        """Read one field from ``start``; where the next begins, or -1 at the end of the line."""
        if self._quoted is None and line[start : start + 1] == '"':
            self._quoted = []
            start += 1
        if self._quoted is None:
            end = line.find(self.delimiter, start)
            self.done.append(line[start:end] if end >= 0 else line[start:].rstrip("\r\n"))
            return end + 1 if end >= 0 else -1
        while (quote := line.find('"', start)) >= 0:
            self._quoted.append(line[start:quote])
            if line[quote + 1 : quote + 2] != '"':
                return self._after_quote(line, quote + 1)
            self._quoted.append('"')
            start = quote + 2
        self._quoted.append(line[start:])
        return -1

    def _after_quote(self, line: str, end: int) -> int:
        self.done.append("".join(self._quoted or ()))
        self._quoted = None
        if line[end : end + 1] == self.delimiter:
            return end + 1
        if line[end:].strip("\r\n"):
            raise _Malformed(
                "a closing quote is followed by more characters; within quotes a quote is "
                'written twice ("").'
            )
        return -1


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
    ahead = _Lookahead(lines)
    width = 0
    for first in ahead:
        if not first.text.strip("\r\n"):
            continue
        taken = [first]
        try:
            record = Record(first.number, _complete(taken, ahead, delimiter, width))
            _check_width(record, width)
            if lenient and _are_records(taken, delimiter, width):
                ahead.give_back(taken[1:])
                record = Record(first.number, _literal(first, delimiter))
        except _Malformed as error:
            ahead.give_back(taken[1:])
            literal = _literal(first, delimiter)
            if not lenient or len(literal) != width or first.problem:
                yield first.bad(str(error))
                continue
            record = Record(first.number, literal)
        width = width or len(record.fields)
        yield record


def _complete(taken: list[Line], lines: _Lookahead, delimiter: str, width: int) -> list[str]:
    """The fields of the record that begins with the line ``taken``, to which more are added.

    ``width`` is how many are expected; 0 where that is not known.
    """
    fields = _Fields(delimiter)
    size = 0
    while True:
        line = taken[-1]
        size += len(line.text)
        if line.problem or size >= LONGEST_RECORD:
            raise _Malformed(line.problem if len(taken) == 1 and line.problem else _UNCLOSED)
        try:
            if fields.feed(line.text):
                return fields.done
        except _Malformed as error:
            raise error if len(taken) == 1 else _Malformed(_UNCLOSED) from error
        # The field that is open is one more than those that are done.
        if 0 < width <= len(fields.done) or lines.exhausted:
            raise _Malformed(_UNCLOSED)
        following = next(lines, None)
        if following is None:
            raise _Malformed(_UNCLOSED)
        taken.append(following)


def _literal(line: Line, delimiter: str) -> list[str]:
    return line.text.rstrip("\r\n").split(delimiter)


def _are_records(taken: Sequence[Line], delimiter: str, width: int) -> bool:
    """Whether lines that were read as one record look like as many without quoting."""
    return (
        len(taken) > 1
        and width > 1
        and all(len(_literal(line, delimiter)) == width for line in taken)
    )


_UNCLOSED = "a quote that opens in this line is not closed as it should be."


def _check_width(record: Record, width: int) -> None:
    if width and len(record.fields) != width:
        found = len(record.fields)
        plural = "" if found == 1 else "s"
        raise _Malformed(f"{found} field{plural}; expected {width}, as in the header.")
