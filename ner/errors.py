"""Every error that a person can cause, as one small tree.

::

    NerError                  anything this package refuses or fails at
    ├── InputError            what was given is not usable        (exit code 2, HTTP 4xx)
    │   ├── TextTooLong       a text over the character limit
    │   ├── FileFormatError   a file that is not what it should be; carries path and line
    │   └── ModelRefused      a model that is unknown, unsuitable or unsafe
    └── Failure               the work itself went wrong          (exit code 1, HTTP 5xx)
        ├── PrepareFailed     export, quantization or publishing did not finish
        └── MissingExtra      an optional dependency is not installed; carries the pip line

Each message says what was given, what was expected and what to do. Foreign exceptions are
turned into one of these where they enter (reading a file, converting a model), never later.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import TypeVar

_Choice = TypeVar("_Choice", bound=str)


class NerError(Exception):
    """Base of all errors of this package; its text is fit to be shown to the user."""


class InputError(NerError):
    """What the caller gave can't be used."""


class TextTooLong(InputError):
    """A text has more characters than the limit; raised before it is tokenized."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(
            f"The text has {length:,} characters; at most {limit:,} can be tagged at once. "
            "Split it and tag the parts."
        )


class FileFormatError(InputError):
    """A file, or one line of it, does not follow its format."""

    def __init__(self, path: Path | str, line: int | None, problem: str) -> None:
        where = f"{Path(path).name}, line {line}" if line is not None else Path(path).name
        super().__init__(f"{where}: {problem}")
        self.path = Path(path)
        self.line = line
        self.problem = problem


class ModelRefused(InputError):
    """The named model is unknown, is not a token classifier, or is not safe to load."""


class Failure(NerError):
    """The work was possible as asked but did not succeed."""


class PrepareFailed(Failure):
    """Exporting, quantizing or publishing a model did not finish; nothing half made is kept."""


class MissingExtra(Failure):
    """An optional dependency is needed and absent."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an optional part: {_install_command(extra)}")


def _install_command(extra: str) -> str:
    """How the extra is installed: in a checkout from it, else by the names of what it holds.

    An installed package doesn't know where its wheel lies, but its metadata list what the extra is.
    """
    if (Path(__file__).parents[1] / "pyproject.toml").is_file():
        return f'pip install -e ".[{extra}]"'
    try:
        listed = [line.partition(";") for line in requires("ner-compare") or ()]
    except PackageNotFoundError:  # a folder that deploy made
        return f'pip install "ner-compare[{extra}]"'
    needed = [f'"{name.strip()}"' for name, _, marker in listed if f'"{extra}"' in marker]
    return " ".join(["pip install", *needed])


def one_of(choices: Iterable[_Choice], given: str, what: str) -> _Choice:
    """The one of ``choices`` spelled ``given``; ``InputError`` naming them if none is."""
    offered = list(choices)
    if given not in offered:
        raise InputError(
            f"There is no {what} {str(given)[:40]!r}. Choose one of {', '.join(offered)}."
        )
    return offered[offered.index(given)]
