"""All limits of the served page, as one value; tab Status prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ner.errors import InputError


@dataclass(frozen=True, slots=True)
class SlotBounds:
    """How many requests of one kind run at the same time, and how many wait for that.

    ``reserved`` is the part of the queue that only the page may use: clients of the HTTP API are
    told to come again before that. ``patience`` is the longest wait, in seconds.
    """

    running: int
    queued: int
    reserved: int
    patience: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the server takes; the defaults suit a page on two cores.

    Sizes are in bytes, times in seconds, lengths of texts in characters. ``requests_per_minute`` 0
    sets no rate. 'A client' is an address, as `Addresses` has it; this machine itself has neither
    rate nor quota of its own.
    """

    # What one request may bring. The library and the command line take more.
    text_characters: int = 20_000
    # In a list of texts, which together may be as long as one.
    texts: int = 100
    # Twelve taggings of one text are made, so it is to be a short one.
    probe_characters: int = 5_000
    # About twice the development set of CoNLL-2003.
    gold_characters: int = 600_000
    # Lines are also explained, which takes a few times as long.
    lines_characters: int = 100_000
    file_bytes: int = 10_000_000
    file_rows: int = 20_000
    # Gold of 600,000 characters is at most 2.4 MB in UTF-8.
    body_bytes: int = 2_500_000
    # A body may take these seconds, and a second more for each so many bytes.
    body_seconds: float = 30
    body_bytes_per_second: int = 20_000
    # Values in the arguments of an event, nested ones too: a list of as many brackets as fit a body
    # would take twenty times the memory of that body.
    event_values: int = 1_000
    session_name_characters: int = 64

    # Files on disk. Gradio holds each to the first; the second is for those of one request.
    upload_file_bytes: int = 50_000_000
    upload_body_bytes: int = 60_000_000
    upload_bytes_per_client: int = 200_000_000
    upload_bytes: int = 1_000_000_000
    # How often old files are looked for, and how old they are when they are deleted.
    sweep_seconds: int = 600
    keep_seconds: int = 6_000

    # How often, and how many at the same time.
    requests_per_minute: int = 600
    request_burst: int = 120
    # Addresses remembered at once; whichever was not seen for longest is forgotten first.
    clients: int = 10_000
    # An open page holds one, and another while something runs; an office may share one address.
    streams_per_client: int = 100
    events_per_client: int = 32
    # One text at a time is tagged, since one inference uses all cores.
    short: SlotBounds = SlotBounds(running=1, queued=48, reserved=16, patience=10.0)
    # Files, evaluations and measurements.
    long: SlotBounds = SlotBounds(running=2, queued=8, reserved=4, patience=60.0)
    # Calls of one text under way. Gradio's own work for a call takes longer than a short text at
    # the model, so that slots alone would never be full; so many are done in less than a second.
    short_calls: int = 32
    # Answers that nobody has fetched, of all clients together; the oldest are dropped.
    unfetched_answers: int = 128
    # Backstops of Gradio's: handlers wait for slots, which bound them long before these do.
    events: int = 128
    threads: int = 96
    sessions: int = 2_000

    drain_seconds: int = 20

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Bounds:
        """The defaults, save what the environment's variables NER_… say.

        Raises ``InputError`` for what is no number.
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


def timing_budget(characters: int, queued: int) -> float:
    """Milliseconds for timing a text of so many characters while so many others wait.

    Longer texts are not timed at all while others wait, since a few rounds take seconds.
    """
    if not queued:
        return 100.0
    return 25.0 if characters <= 2_000 else 0.0


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    given = environment.get(name, "").strip()
    if not given:
        return default
    # More digits than this are a mistake, and int() would take its time.
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise InputError(f"{name} is {given[:20]!r}; expected a whole number such as {default}.")
    return int(given)
