"""From a variant's folder to a tagger: tokenizer, compiled model, windows and batches.

Serving needs openvino, tokenizers and numpy only; nothing that converts is imported here.
"""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import openvino as ov
from tokenizers import Encoding, Tokenizer

from ner import decode
from ner.decode import Floats, Ints, Pieces, Scheme, Strategy
from ner.entities import Entity, Explained, Piece, Tagged
from ner.errors import InputError, ModelRefused, TextTooLong
from ner.machine import usable_cores

MAX_CHARACTERS = 1_000_000
# A window reads at most this many pieces of its neighbour: enough context on both sides of a seam.
_OVERLAP = 128
# Used when a checkpoint states no length, or one beyond reason (1e30 is common).
_DEFAULT_LENGTH = 512
# Padded tokens in one batch. Larger ones were slower on two cores: they leave the cache.
_BATCH_TOKENS = 512
_TEXTS_AT_ONCE = 2048


class Turns:
    """A lock that serves threads in the order in which they came.

    A plain lock can be taken again at once by the thread that let it go, so a long batch would keep
    everyone else waiting; here one text waits for at most one batch step.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0
        self._serving = 0
        self._left: set[int] = set()

    def __enter__(self) -> None:
        with self._changed:
            ticket = self._next
            self._next += 1
            try:
                self._changed.wait_for(lambda: self._serving == ticket)
            except BaseException:
                # Interrupted while waiting: the turn must not be waited for.
                self._left.add(ticket)
                self._skip_left()
                raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._serving += 1
            self._skip_left()
            self._changed.notify_all()

    def _skip_left(self) -> None:
        while self._serving in self._left:
            self._left.remove(self._serving)
            self._serving += 1


@dataclass(frozen=True)
class _Encoded:
    """A text's piece ids ``(pieces,)`` and offsets, special tokens left out."""

    text: str
    ids: Ints
    pieces: Pieces
    spelled: Sequence[str]


@dataclass(frozen=True)
class Model:
    """One variant, loaded: safe to be used by several threads at once.

    Make one with :meth:`load`.
    """

    scheme: Scheme
    device: str
    _tokenizer: Tokenizer = field(repr=False)
    _compiled: ov.CompiledModel = field(repr=False)
    _request: ov.InferRequest = field(repr=False)
    _turns: Turns = field(repr=False)
    _special: tuple[Ints, Ints] = field(repr=False)
    _window: int = field(repr=False)
    _pad_id: int = field(repr=False)

    @classmethod
    def load(cls, folder: Path, *, device: str = "CPU", precision: str = "f32") -> Model:
        """Load and compile the variant in ``folder`` for an OpenVINO device.

        ``precision`` is the inference precision hint: without f32, OpenVINO would run a
        floating-point model in BF16 on a CPU that can. Raises ``ModelRefused`` if the folder does
        not hold a token classifier, ``InputError`` for a device that is not there.
        """
        config = _read_json(folder / "config.json")
        tokenizer = _load_tokenizer(folder)
        special = _special_ids(tokenizer)
        compiled = _compile(folder / "openvino_model.xml", device, precision)
        length = max_length(config, _read_json(folder / "tokenizer_config.json", optional=True))
        return cls(
            scheme=Scheme.of(_tags(config)),
            device=device,
            _tokenizer=tokenizer,
            _compiled=compiled,
            _request=compiled.create_infer_request(),
            _turns=Turns(),
            _special=special,
            _window=length - len(special[0]) - len(special[1]),
            _pad_id=config.get("pad_token_id") or 0,
        )

    @property
    def precision(self) -> str:
        """What the floating-point parts are executed in, as the device reports it: ``f32``."""
        for device in self._compiled.get_property("EXECUTION_DEVICES"):
            try:
                hint = ov.Core().get_property(device, "INFERENCE_PRECISION_HINT")
                if device == "CPU":
                    hint = self._compiled.get_property("INFERENCE_PRECISION_HINT")
            except RuntimeError:
                continue
            return str(hint.get_type_name())
        return "unknown"

    @property
    def threads(self) -> int:
        """How many threads inference may use; 0 where the device has no such notion."""
        try:
            return int(self._compiled.get_property("INFERENCE_NUM_THREADS"))
        except RuntimeError:
            return 0

    def encode(self, texts: Sequence[str]) -> list[_Encoded]:
        """Split texts into pieces, in parallel where there are several."""
        if len(texts) == 1:
            encodings = [self._tokenizer.encode(texts[0], add_special_tokens=False)]
        else:
            encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [_encoded(text, one) for text, one in zip(texts, encodings, strict=True)]

    def probabilities(self, encoded: Sequence[_Encoded]) -> list[tuple[Floats, tuple[int, ...]]]:
        """For each text its probabilities ``(pieces, tags)`` and where its windows meet."""
        windows = []
        owners = []
        for index, one in enumerate(encoded):
            for start in self._window_starts(len(one.ids)):
                windows.append(one.ids[start : start + self._window])
                owners.append((index, start))
        logits = self._run(windows)
        parts: list[list[tuple[int, Floats]]] = [[] for _ in encoded]
        for (index, start), values in zip(owners, logits, strict=True):
            parts[index].append((start, decode.softmax(values)))
        return [self._stitch(part, one.pieces) for part, one in zip(parts, encoded, strict=True)]

    def _window_starts(self, length: int) -> list[int]:
        """Where the windows over ``length`` pieces begin; the last one ends with the text."""
        if length <= self._window:
            return [0] if length else []
        overlap = min(_OVERLAP, self._window // 2)
        starts = list(range(0, length - self._window, self._window - overlap))
        return [*starts, length - self._window]

    def _stitch(
        self, parts: list[tuple[int, Floats]], pieces: Pieces
    ) -> tuple[Floats, tuple[int, ...]]:
        """One array from overlapping windows, and where it passes from one to the next."""
        if not parts:
            return np.empty((0, len(self.scheme.tags)), dtype=np.float32), ()
        if len(parts) == 1:
            return parts[0][1], ()
        word_start = np.zeros(len(pieces), dtype=bool)
        word_start[pieces.word_starts] = True
        result = np.empty((len(pieces), len(self.scheme.tags)), dtype=np.float32)
        seams = []
        begin, current = parts[0]
        read_from = 0
        for start, following in parts[1:]:
            shared = slice(start, begin + len(current))
            left, right = current[start - begin :], following[: shared.stop - start]
            cut = start + decode.seam(left, right, word_start[shared], self.scheme)
            cut = max(cut, read_from)
            result[read_from:cut] = current[read_from - begin : cut - begin]
            seams.append(cut)
            begin, current, read_from = start, following, cut
        result[read_from:] = current[read_from - begin :]
        return result, tuple(seams)

    def _run(self, windows: Sequence[Ints]) -> list[Floats]:
        """Logits ``(pieces, tags)`` for each window, special tokens left out, in the order given.

        Windows of one bucket form batches whose sizes are powers of two, so that few shapes occur
        and the runtime's memory stays flat; none is padded with empty rows.
        """
        prefix, suffix = self._special
        around = len(prefix) + len(suffix)
        by_bucket: dict[int, list[int]] = {}
        for index, ids in enumerate(windows):
            by_bucket.setdefault(bucket(len(ids) + around), []).append(index)
        results: list[Floats] = [np.empty(0, dtype=np.float32)] * len(windows)
        for length, members in sorted(by_bucket.items()):
            position = 0
            while position < len(members):
                size = batch_size(len(members) - position, length)
                batch = members[position : position + size]
                position += size
                logits = self._infer([windows[index] for index in batch], length)
                for row, index in zip(logits, batch, strict=True):
                    results[index] = row[len(prefix) : len(prefix) + len(windows[index])]
        return results

    def _infer(self, batch: Sequence[Ints], length: int) -> Floats:
        """Logits ``(len(batch), length, tags)`` of one padded batch."""
        prefix, suffix = self._special
        ids = np.full((len(batch), length), self._pad_id, dtype=np.int64)
        mask = np.zeros((len(batch), length), dtype=np.int64)
        for row, window in enumerate(batch):
            end = len(prefix) + len(window)
            ids[row, : len(prefix)] = prefix
            ids[row, len(prefix) : end] = window
            ids[row, end : end + len(suffix)] = suffix
            mask[row, : end + len(suffix)] = 1
        values = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        names = [port.any_name for port in self._compiled.inputs]
        with self._turns:
            # Shared inputs are overwritten while another request of the same model runs.
            outputs = self._request.infer(
                {name: values[name] for name in names}, share_inputs=False, share_outputs=False
            )
        return np.asarray(outputs[0], dtype=np.float32)


@dataclass(frozen=True)
class OpenVinoTagger:
    """A :class:`~ner.entities.Tagger`: a loaded model with the settings of one caller.

    ``labels_kept`` None keeps all labels; ``threshold`` drops entities with a lower score.
    """

    model: Model
    strategy: Strategy = Strategy.FIRST
    threshold: float = 0.0
    labels_kept: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.threshold <= 1.0:
            raise InputError(f"The threshold is {self.threshold}; expected a number from 0 to 1.")
        unknown = sorted(set(self.labels_kept or ()) - set(self.model.scheme.types))
        if unknown:
            raise InputError(
                f"The model has no label {', '.join(unknown)[:100]}. "
                f"It has {', '.join(self.model.scheme.types)}."
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types that the model knows."""
        return self.model.scheme.types

    def using(
        self,
        *,
        strategy: Strategy | None = None,
        threshold: float | None = None,
        labels: Sequence[str] | None = None,
    ) -> OpenVinoTagger:
        """The same model with other settings; None leaves one as it is."""
        return replace(
            self,
            strategy=self.strategy if strategy is None else strategy,
            threshold=self.threshold if threshold is None else threshold,
            labels_kept=self.labels_kept if labels is None else tuple(labels),
        )

    def __call__(self, text: str) -> Tagged:
        """Tag one text. Raises ``TextTooLong`` over ``MAX_CHARACTERS``."""
        return self.tag_many([text])[0]

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        """Tag texts in batches; results in the order given."""
        cleaned = [clean(text) for text in texts]
        results: list[Tagged] = []
        for begin in range(0, len(cleaned), _TEXTS_AT_ONCE):
            encoded = self.model.encode(cleaned[begin : begin + _TEXTS_AT_ONCE])
            predicted = self.model.probabilities(encoded)
            results += [
                self._tagged(one, values)
                for one, (values, _) in zip(encoded, predicted, strict=True)
            ]
        return results

    def explain(self, text: str) -> Explained:
        """Tag one text and tell the pieces and windows behind the result."""
        [encoded] = self.model.encode([clean(text)])
        [(probabilities, seams)] = self.model.probabilities([encoded])
        starts = encoded.pieces.starts
        return Explained(
            tagged=self._tagged(encoded, probabilities),
            pieces=_pieces(encoded, probabilities, self.model.scheme),
            seams=tuple(int(starts[seam]) for seam in seams),
        )

    def _tagged(self, encoded: _Encoded, probabilities: Floats) -> Tagged:
        entities = decode.decode(probabilities, encoded.pieces, self.model.scheme, self.strategy)
        tagged = Tagged(encoded.text, _without_edge_spaces(encoded.text, entities))
        return tagged.keep(labels=self.labels_kept, threshold=self.threshold)


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


def bucket(length: int) -> int:
    """The padded length for ``length`` tokens: steps of 8 to 64, 16 to 128, then 32.

    Each new shape costs the runtime memory for good, each padded token costs time; short texts
    are the common ones, so their steps are finer.
    """
    step = 8 if length <= 64 else 16 if length <= 128 else 32
    return -(-length // step) * step


def batch_size(waiting: int, length: int) -> int:
    """The largest power of two that is at most ``waiting`` and within the token budget."""
    most = max(1, min(waiting, _BATCH_TOKENS // length))
    return 1 << (most.bit_length() - 1)


def available_devices() -> tuple[str, ...]:
    """The devices that OpenVINO finds here, such as ``CPU`` and ``GPU``."""
    return tuple(ov.Core().available_devices)


def _compile(xml: Path, device: str, precision: str) -> ov.CompiledModel:
    core = ov.Core()
    if device.partition(".")[0] not in {name.partition(".")[0] for name in core.available_devices}:
        raise InputError(
            f"There is no device {device[:40]!r} here. "
            f"OpenVINO offers {', '.join(core.available_devices)}."
        )
    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
    }
    if device == "CPU":
        settings["INFERENCE_NUM_THREADS"] = usable_cores()
    try:
        return core.compile_model(xml, device, settings)
    except RuntimeError as error:
        raise ModelRefused(
            f"OpenVINO can't load {xml.parent.name}/{xml.name} on {device}. Prepare the model anew."
        ) from error


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


def _encoded(text: str, encoding: Encoding) -> _Encoded:
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    # None, for a piece without a word, becomes NaN: such a piece is a word of its own.
    numbers = np.array(encoding.word_ids, dtype=np.float64)
    if np.isnan(numbers).any():
        numbers = np.cumsum(np.isnan(numbers) | (np.diff(numbers, prepend=-1.0) != 0))
    words = numbers.astype(np.int64)
    if not text.isascii():
        offsets, words = _keep_graphemes(text, offsets, words)
    pieces = Pieces(offsets[:, 0], offsets[:, 1], words)
    return _Encoded(text, np.array(encoding.ids, dtype=np.int64), pieces, encoding.tokens)


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
    if not len(encoded.pieces):
        return ()
    best = probabilities.argmax(axis=1)
    return tuple(
        Piece(start, end, text, word, scheme.tags[tag], score, margin)
        for start, end, text, word, tag, score, margin in zip(
            encoded.pieces.starts.tolist(),
            encoded.pieces.ends.tolist(),
            encoded.spelled,
            encoded.pieces.words.tolist(),
            best.tolist(),
            probabilities.max(axis=1).tolist(),
            decode.margins(probabilities, scheme).tolist(),
            strict=True,
        )
    )
