"""All limits of the served page, as one value. The page's list and the README are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, get_type_hints

from ner.errors import InputError


@dataclass(frozen=True, slots=True)
class SlotBounds:
    """How many requests of one kind run at the same time, and how many wait for that.

    ``reserved`` is the part of the queue that only the page may use: clients of the HTTP API are
    told earlier to come again. ``patience`` is the longest wait, in seconds.
    """

    running: int
    queued: int
    reserved: int
    patience: float

    def __str__(self) -> str:
        return (
            f"{self.running} running, {self.queued} waiting for at most {self.patience:g} s, "
            f"{self.reserved} of these from the page only"
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the server takes; the defaults suit a page on two cores.

    Sizes are in bytes, times in seconds, lengths of texts in characters. A visitor is an address,
    as `Addresses` has it; this machine itself has no limit of its own.
    """

    # What one request may bring. The library and the command line take more.
    text_characters: Annotated[int, "Characters of one text"] = 20_000
    texts: Annotated[int, "Texts in one call of the API, together no longer than one may be"] = 100
    # Twelve taggings of one text are made, so it must be a short one.
    probe_characters: Annotated[int, "Characters of a text for the robustness probe"] = 5_000
    # About twice the development set of CoNLL-2003.
    gold_characters: Annotated[int, "Characters of labelled text"] = 600_000
    # Lines are also explained, which takes a few times as long.
    lines_characters: Annotated[int, "Characters of text without labels"] = 100_000
    file_bytes: Annotated[int, "Size of a file of texts"] = 10_000_000
    file_rows: Annotated[int, "Rows of a file of texts"] = 20_000
    # Gold of 600,000 characters is at most 2.4 MB in UTF-8.
    body_bytes: Annotated[int, "Size of a request; above: 413, unread"] = 2_500_000
    body_seconds: Annotated[float, "For a request to arrive; then it is cut off"] = 30.0
    body_bytes_per_second: Annotated[int, "Bytes for which a request gets a second more"] = 20_000
    # A list of as many brackets as fit a body would take twenty times the memory of that body.
    event_values: Annotated[int, "Values in one call, nested ones counted; above: 400"] = 1_000
    session_name_characters: Annotated[int, "Characters of a session's name; above: 400"] = 64

    # Files on disk. Gradio holds each to the first; the second is for those of one request.
    upload_file_bytes: Annotated[int, "Size of an uploaded file; above: 413"] = 50_000_000
    upload_body_bytes: Annotated[int, "Size of an upload; above: 413, unread"] = 60_000_000
    upload_bytes: Annotated[int, "Uploads and results on disk, of all visitors; above: 429"] = (
        1_000_000_000
    )
    sweep_seconds: Annotated[int, "Between two searches for old files"] = 600
    keep_seconds: Annotated[int, "Age at which such a search deletes a file"] = 6_000

    # How often, and how many at the same time.
    requests_per_minute: Annotated[
        int,
        "Requests of a visitor in a minute, 0 for no limit; reading is a fifth of one; above: 429",
    ] = 600
    request_burst: Annotated[int, "Requests of a visitor at once; above: 429"] = 120
    clients: Annotated[int, "Addresses remembered; the one not seen for longest is forgotten"] = (
        10_000
    )
    # An open page holds one, and another while something runs; an office may share one address.
    streams_per_client: Annotated[int, "Open streams of a visitor; above: 429"] = 100
    events_per_client: Annotated[int, "Calls of a visitor that run or wait; above: 503"] = 32
    # One text at a time is tagged, since one inference uses all cores.
    short: Annotated[SlotBounds, "Single texts; above: 503"] = SlotBounds(
        running=1, queued=48, reserved=16, patience=10.0
    )
    long: Annotated[SlotBounds, "Files, evaluations, measurements; above: 503"] = SlotBounds(
        running=2, queued=8, reserved=4, patience=60.0
    )
    # Gradio's own work for a call takes longer than a short text at the model, so that slots alone
    # would never be full. So many calls are done in less than a second.
    short_calls: Annotated[int, "Calls of the API for one text that run or wait; above: 503"] = 32
    unfetched_answers: Annotated[int, "Answers that nobody fetched; the oldest are dropped"] = 128
    # Backstops of Gradio's: handlers wait for slots, which bound them long before these do.
    events: Annotated[int, "Calls in Gradio's queue; above: 503"] = 128
    threads: Annotated[int, "Threads for calls"] = 96
    sessions: Annotated[int, "Sessions remembered; the least recently used is forgotten"] = 2_000

    drain_seconds: Annotated[
        int, "For running work to finish after SIGTERM; then it is cut off"
    ] = 20

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Bounds:
        """The defaults, save what the environment's variables NER_… say.

        Raises ``InputError`` for what is not a number.
        """
        default = cls()
        burst = _number(environment, "NER_RATE_BURST", default.request_burst)
        return cls(
            requests_per_minute=_number(
                environment, "NER_RATE_PER_MINUTE", default.requests_per_minute
            ),
            request_burst=max(1, burst),
            drain_seconds=_number(environment, "NER_DRAIN_SECONDS", default.drain_seconds),
        )

    @property
    def longest_kept(self) -> int:
        """The longest that an upload or a result is on disk."""
        return self.sweep_seconds + self.keep_seconds

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, value in words and meaning of each."""
        hints = get_type_hints(type(self), include_extras=True)
        return [
            (name, _written(name, getattr(self, name)), hint.__metadata__[0])
            for name, hint in hints.items()
        ]


def timing_budget(characters: int, queued: int) -> float:
    """Milliseconds for timing a text of so many characters while so many others wait.

    Longer texts are not timed at all while others wait, since a few rounds take seconds.
    """
    if not queued:
        return 100.0
    return 25.0 if characters <= 2_000 else 0.0


def _written(name: str, value: float | SlotBounds) -> str:
    if isinstance(value, SlotBounds):
        return str(value)
    if name.endswith("_bytes"):
        return f"{value / 1e6:,g} MB"
    return f"{value:,g} s" if name.endswith("_seconds") else f"{value:,}"


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    given = environment.get(name, "").strip()
    if not given:
        return default
    # More digits than this are a mistake, and int() would take its time.
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise InputError(f"{name} must be a whole number such as {default}; got {given[:20]!r}.")
    return int(given)
