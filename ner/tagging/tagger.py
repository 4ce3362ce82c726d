"""From a variant's folder to a tagger: words and pieces, segments, entities.

Serving needs openvino, tokenizers and numpy only; nothing that converts is imported here.
"""

from __future__ import annotations

import json
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer

from ner.entities import Entity, Explained, Piece, Tagged
from ner.errors import InputError, ModelRefused, TextTooLong
from ner.tagging import decode
from ner.tagging.boundaries import paragraph_starts
from ner.tagging.choice import Choice
from ner.tagging.decode import Bools, Floats, Ints, Pieces, Scheme
from ner.tagging.inference import Frame, Runner, plan
from ner.tagging.segments import Reading, Segment, cut, pieces_at, stitch

MAX_CHARACTERS = 1_000_000
# Used when a checkpoint states no length, or one beyond reason (1e30 is common).
_DEFAULT_LENGTH = 512
# How many texts are tokenized and sorted together: many share a length then, memory stays small.
_TEXTS_AT_ONCE = 2048


@dataclass(frozen=True)
class _Encoded:
    """Texts as piece ids ``(pieces,)`` behind one another, special tokens left out."""

    texts: Sequence[str]
    ids: Ints
    pieces: Pieces
    encodings: Sequence[Encoding]

    @cached_property
    def begins_word(self) -> Bools:
        """Whether each piece (pieces,) is the first one of a word."""
        begins = np.zeros(len(self.ids), dtype=bool)
        begins[self.pieces.word_starts] = True
        return begins


@dataclass(frozen=True)
class Model:
    """One variant, loaded: safe to be used by several threads at once.

    Make one with :meth:`load`.
    """

    scheme: Scheme
    device: str
    reading: Reading
    _tokenizer: Tokenizer = field(repr=False)
    _runner: Runner = field(repr=False)
    _special: int = field(repr=False)

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        device: str = "CPU",
        precision: str = "f32",
        reading: Reading | None = None,
    ) -> Model:
        """Load and compile the variant in ``folder`` for an OpenVINO device.

        ``precision`` is what floating-point parts run in; ``reading`` how long texts are read, as
        far as the model can read at once (None: the default). Raises ``ModelRefused`` if the folder
        does not hold a token classifier, ``InputError`` for a device that is not there.
        """
        config = _read_json(folder / "config.json")
        tokenizer = _load_tokenizer(folder)
        before, after = _special_ids(tokenizer)
        frame = Frame(before, after, config.get("pad_token_id") or 0)
        stated = _read_json(folder / "tokenizer_config.json", optional=True)
        return cls(
            scheme=Scheme.of(_tags(config)),
            device=device,
            reading=(reading or Reading()).within(max_length(config, stated) - frame.special),
            _tokenizer=tokenizer,
            _runner=Runner.load(
                folder / "openvino_model.xml", frame, device=device, precision=precision
            ),
            _special=frame.special,
        )

    @property
    def precision(self) -> str:
        """What the floating-point parts are executed in, as the device reports it: ``f32``."""
        return self._runner.precision

    @property
    def threads(self) -> int:
        """How many threads inference may use; 0 where the device has no such notion."""
        return self._runner.threads

    def count(self, text: str) -> int:
        """How many tokens ``text`` has, special ones included, were it read in one window."""
        return len(self.encode([text]).ids) + self._special

    def bare(self, rows: int, length: int) -> Callable[[], object]:
        """A request of ``rows`` by ``length`` tokens, ready to be run and timed: nothing but it."""
        return self._runner.bare(rows, length)

    def batches(self, texts: Sequence[str]) -> list[tuple[int, int]]:
        """The shapes ``(rows, tokens)`` of the batches that ``texts`` would be run in."""
        lengths = [
            end - start + self._special
            for segments in self.segments(self.encode(texts))
            for segment in segments
            for start, end in segment.windows
        ]
        return [(len(members), length) for length, members in plan(lengths)]

    def encode(self, texts: Sequence[str]) -> _Encoded:
        """Split texts into pieces, in parallel where there are several."""
        if len(texts) == 1:
            encodings = [self._tokenizer.encode(texts[0], add_special_tokens=False)]
        else:
            encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return _encoded(texts, encodings)

    def segments(self, encoded: _Encoded) -> list[tuple[Segment, ...]]:
        """What the requests for each text read; none for a text without pieces."""
        pieces, breaks = encoded.pieces, encoded.pieces.breaks
        found: list[tuple[Segment, ...]] = []
        for text, (begin, end) in zip(
            encoded.texts, pairwise(pieces.borders.tolist()), strict=True
        ):
            inside = [
                piece - begin
                for piece in breaks[bisect_left(breaks, begin) : bisect_left(breaks, end)]
            ]
            if begin == end:
                found.append(())
            elif end - begin <= self.reading.length and not inside:
                found.append((Segment(0, end - begin, ((0, end - begin),)),))
            else:
                ends, begins_word = pieces.ends[begin:end], encoded.begins_word[begin:end]
                found.append(cut(text, ends, begins_word, inside, self.reading))
        return found

    def probabilities(self, encoded: _Encoded) -> tuple[Floats, dict[int, tuple[int, ...]]]:
        """Probabilities ``(pieces, tags)``, and for each text read in segments where they meet.

        A seam is the index of a piece within its text.
        """
        segments = self.segments(encoded)
        borders = encoded.pieces.borders.tolist()
        windows = [
            encoded.ids[border + start : border + end]
            for border, parts in zip(borders, segments, strict=False)
            for part in parts
            for start, end in part.windows
        ]
        if not windows:
            return np.empty((0, len(self.scheme.tags)), dtype=np.float32), {}
        read = decode.softmax(np.concatenate(self._runner.run(windows)))
        if len(windows) == sum(map(bool, segments)):
            return read, {}
        return self._stitched(read, windows, segments, encoded)

    def _stitched(
        self,
        read: Floats,
        windows: Sequence[Ints],
        segments: Sequence[tuple[Segment, ...]],
        encoded: _Encoded,
    ) -> tuple[Floats, dict[int, tuple[int, ...]]]:
        """The same from ``read``, what all windows hold behind one another, overlaps included."""
        views = iter(np.split(read, np.cumsum([len(window) for window in windows])[:-1]))
        borders = encoded.pieces.borders.tolist()
        parts, seams = [], {}
        for index, (begin, end) in enumerate(pairwise(borders)):
            words = encoded.begins_word[begin:end]
            inside: list[int] = []
            for segment in segments[index]:
                its_views = [next(views) for _ in segment.windows]
                part, its_seams = stitch(segment, its_views, words, self.scheme)
                parts.append(part)
                inside += (segment.start, *its_seams)
            if len(inside) > 1:
                seams[index] = tuple(inside[1:])
        return np.concatenate(parts), seams


@dataclass(frozen=True)
class OpenVinoTagger:
    """A :class:`~ner.entities.Tagger`: a loaded model and the choice of one caller.

    Raises ``InputError`` when made with a label that the model does not have.
    """

    model: Model
    choice: Choice = field(default_factory=Choice)

    def __post_init__(self) -> None:
        self.choice.check_labels(self.labels)

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types that the model knows."""
        return self.model.scheme.types

    def using(self, choice: Choice) -> OpenVinoTagger:
        """The same model for another choice."""
        return replace(self, choice=choice)

    def __call__(self, text: str) -> Tagged:
        """Tag one text. Raises ``TextTooLong`` over ``MAX_CHARACTERS``."""
        return self.tag_many([text])[0]

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        """Tag texts in batches; results in the order given."""
        cleaned = [clean(text) for text in texts]
        results: list[Tagged] = []
        for begin in range(0, len(cleaned), _TEXTS_AT_ONCE):
            encoded = self.model.encode(cleaned[begin : begin + _TEXTS_AT_ONCE])
            probabilities, _ = self.model.probabilities(encoded)
            results += self._tagged(encoded, probabilities)
        return results

    def explain(self, text: str) -> Explained:
        """Tag one text and tell the pieces and seams behind the result."""
        encoded = self.model.encode([clean(text)])
        probabilities, seams = self.model.probabilities(encoded)
        [tagged] = self._tagged(encoded, probabilities)
        starts = encoded.pieces.starts
        return Explained(
            tagged=tagged,
            pieces=_pieces(encoded, probabilities, self.model.scheme),
            seams=tuple(int(starts[seam]) for seam in seams.get(0, ())),
        )

    def _tagged(self, encoded: _Encoded, probabilities: Floats) -> list[Tagged]:
        strategy = self.choice.strategy
        decoded = decode.decode(probabilities, encoded.pieces, self.model.scheme, strategy)
        return [
            self.choice.keep(Tagged(text, _without_edge_spaces(text, entities)))
            for text, entities in zip(encoded.texts, decoded, strict=True)
        ]


def clean(text: str, limit: int = MAX_CHARACTERS) -> str:
    """``text`` as it can be tagged: each lone surrogate becomes U+FFFD, so offsets stay.

    Raises ``TextTooLong`` over ``limit`` characters, ``InputError`` for anything but a string.
    """
    if not isinstance(text, str):
        raise InputError(f"Expected a text, got {type(text).__name__}.")
    if len(text) > limit:
        raise TextTooLong(len(text), limit)
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def _read_json(file: Path, *, optional: bool = False) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if optional:
            return {}
        raise ModelRefused(f"{file.parent.name} has no {file.name}.") from error
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{file.parent.name}/{file.name} can't be read as JSON.") from error
    if not isinstance(data, dict):
        raise ModelRefused(f"{file.parent.name}/{file.name} is not a JSON object.")
    return data


def _load_tokenizer(folder: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    # The Rust binding raises nothing narrower.
    except Exception as error:
        raise ModelRefused(
            f"{folder.name}/tokenizer.json can't be read: a fast tokenizer is needed."
        ) from error
    # Set once and left alone: changing these later fails when threads share the tokenizer.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _special_ids(tokenizer: Tokenizer) -> tuple[Ints, Ints]:
    """The ids that the model expects before and after a text."""
    encoding = tokenizer.encode("a", add_special_tokens=True)
    mask = encoding.special_tokens_mask
    before = mask.index(0)
    after = mask[::-1].index(0)
    ids = np.array(encoding.ids, dtype=np.int64)
    return ids[:before], ids[len(ids) - after :]


def _tags(config: dict[str, Any]) -> tuple[str, ...]:
    """The model's tags in the order of its outputs."""
    by_id = config.get("id2label")
    if not isinstance(by_id, dict) or not all(key.isdecimal() for key in by_id):
        raise ModelRefused("The model's config.json names no labels (id2label).")
    return tuple(str(by_id[key]) for key in sorted(by_id, key=int))


def max_length(config: Mapping[str, Any], tokenizer_config: Mapping[str, Any]) -> int:
    """How many tokens the model reads at once, special ones included."""
    positions = config.get("max_position_embeddings") or _DEFAULT_LENGTH
    if "roberta" in config.get("model_type", "") or config.get("model_type") == "camembert":
        # These number positions from the padding id on.
        positions -= (config.get("pad_token_id") or 0) + 1
    stated = tokenizer_config.get("model_max_length") or _DEFAULT_LENGTH
    return int(min(positions, stated, _DEFAULT_LENGTH))


def _encoded(texts: Sequence[str], encodings: Sequence[Encoding]) -> _Encoded:
    borders = np.array([0, *accumulate(map(len, encodings))], dtype=np.int64)
    count = int(borders[-1])
    flat = chain.from_iterable
    ids = np.fromiter(flat(one.ids for one in encodings), np.int64, count)
    pairs = flat(flat(one.offsets for one in encodings))
    offsets = np.fromiter(pairs, np.int64, 2 * count).reshape(-1, 2)
    # None, for a piece without a word, becomes NaN: such a piece is a word of its own.
    numbers = np.array(list(flat(one.word_ids for one in encodings)), dtype=np.float64)
    if np.isnan(numbers).any():
        numbers = np.cumsum(np.isnan(numbers) | (np.diff(numbers, prepend=-1.0) != 0))
    words = numbers.astype(np.int64)
    for index, text in enumerate(texts):
        if not text.isascii():
            own = slice(borders[index], borders[index + 1])
            offsets[own], words[own] = _keep_graphemes(text, offsets[own], words[own])
    ends = offsets[:, 1]
    breaks: list[int] = []
    for index, text in enumerate(texts):
        if starts := paragraph_starts(text):
            begin, end = borders[index : index + 2].tolist()
            breaks += (pieces_at(ends[begin:end], starts) + begin).tolist()
    pieces = Pieces(offsets[:, 0], ends, words, borders, tuple(breaks))
    return _Encoded(texts, ids, pieces, encodings)


def _keep_graphemes(text: str, offsets: Ints, words: Ints) -> tuple[Ints, Ints]:
    """Offsets and words such that no combining mark is parted from the character before it.

    A mark that the normalizer took out is in no piece: the piece before it grows over it. A mark
    with a piece of its own joins the word that it touches.
    """
    marks = np.array([unicodedata.category(char)[0] == "M" for char in text])
    if not marks.any():
        return offsets, words
    positions = np.where(np.append(marks, False), len(text), np.arange(len(text) + 1))
    after_marks = np.minimum.accumulate(positions[::-1])[::-1]
    starts, ends = offsets[:, 0], offsets[:, 1]
    grown = np.where(ends > starts, after_marks[ends], ends)
    limit = np.append(np.maximum(starts[1:], ends[:-1]), len(text))
    ends = np.minimum(grown, limit)
    borders = np.diff(words, prepend=-1) != 0
    touching = np.append(False, starts[1:] == ends[:-1])
    on_mark = np.append(marks, False)[starts]
    begins = borders & ~(touching & on_mark)
    return np.stack([starts, ends], axis=1), np.cumsum(begins) - 1


def _without_edge_spaces(text: str, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    """Entities whose spans leave out the spaces that some tokenizers count to the next word."""
    if not any(text[one.start].isspace() or text[one.end - 1].isspace() for one in entities):
        return entities
    trimmed = []
    for entity in entities:
        spelled = text[entity.start : entity.end]
        start = entity.start + len(spelled) - len(spelled.lstrip())
        end = entity.end - len(spelled) + len(spelled.rstrip())
        if start < end:
            trimmed.append(replace(entity, start=start, end=end))
    return tuple(trimmed)


def _pieces(encoded: _Encoded, probabilities: Floats, scheme: Scheme) -> tuple[Piece, ...]:
    """What is told of the pieces of the one text that was encoded."""
    if not len(encoded.pieces):
        return ()
    best = probabilities.argmax(axis=1)
    return tuple(
        Piece(start, end, text, word, scheme.tags[tag], score, margin)
        for start, end, text, word, tag, score, margin in zip(
            encoded.pieces.starts.tolist(),
            encoded.pieces.ends.tolist(),
            encoded.encodings[0].tokens,
            encoded.pieces.words.tolist(),
            best.tolist(),
            probabilities.max(axis=1).tolist(),
            decode.margins(probabilities, scheme).tolist(),
            strict=True,
        )
    )
