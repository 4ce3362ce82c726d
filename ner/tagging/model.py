"""A variant's folder as a loaded model: texts in, probabilities of their pieces out.

Serving needs openvino, tokenizers and numpy only; nothing that converts is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ner.errors import ModelRefused
from ner.io import read_json
from ner.tagging import decode
from ner.tagging.decode import Floats, Ints, Scheme
from ner.tagging.encoding import Encoded, encode_texts
from ner.tagging.graphs import compile_model
from ner.tagging.inference import Frame, Runner
from ner.tagging.segments import Reading, stitch

# Used when a checkpoint states no length, or one beyond reason (1e30 is common).
_DEFAULT_LENGTH = 512


@dataclass(frozen=True)
class Model:
    """One variant, loaded: safe to be used by several threads at once.

    Make one with :meth:`load`.
    """

    scheme: Scheme
    device: str
    reading: Reading
    runner: Runner = field(repr=False)
    _tokenizer: Tokenizer = field(repr=False)
    _knows_words: bool = field(repr=False)

    @classmethod
    def load(cls, folder: Path, *, device: str = "CPU", precision: str = "f32") -> Model:
        """Load and compile the variant in ``folder`` for an OpenVINO device.

        ``precision`` is what floating-point parts run in. Raises ``ModelRefused`` if the folder
        does not hold a token classifier, ``InputError`` for a device that is not there.
        """
        config = read_json(folder / "config.json", ModelRefused)
        tokenizer = _load_tokenizer(folder)
        before, after = _special_ids(tokenizer)
        settings = folder / "tokenizer_config.json"
        stated = read_json(settings, ModelRefused) if settings.is_file() else {}
        frame = Frame(before, after, config.get("pad_token_id") or 0, max_length(config, stated))
        compiled = compile_model(folder / "openvino_model.xml", device=device, precision=precision)
        return cls(
            scheme=Scheme.of(model_tags(config)),
            device=device,
            reading=Reading.parse(config.get("reading")).within(frame.window),
            runner=Runner(compiled, frame),
            _tokenizer=tokenizer,
            _knows_words=_knows_words(tokenizer),
        )

    def count(self, text: str) -> int:
        """How many tokens ``text`` has, special ones included, were it read in one window."""
        return len(self.encode([text]).ids) + self.runner.frame.special

    def encode(self, texts: Sequence[str], reading: Reading | None = None) -> Encoded:
        """Split texts into pieces, in parallel where there are several.

        They are read by ``reading``, as far as the model can read at once; None: as it states.
        """
        reading = self.reading if reading is None else reading.within(self.runner.frame.window)
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return encode_texts(texts, encodings, reading, knows_words=self._knows_words)

    def probabilities(self, encoded: Encoded) -> tuple[Floats, tuple[int, ...]]:
        """Probabilities ``(pieces, tags)``, and the pieces at which segments and windows meet.

        Of several texts, the pieces at which one begins are among them.
        """
        windows = [
            encoded.ids[start:end] for segment in encoded.segments for start, end in segment.windows
        ]
        if not windows:
            return np.empty((0, len(self.scheme.tags)), dtype=np.float32), ()
        read = decode.softmax(np.concatenate(self.runner.run(windows)))
        seams = {segment.start for segment in encoded.segments}
        # What was read twice is put together of both.
        if len(read) > len(encoded.ids):
            views = iter(np.split(read, np.cumsum([len(window) for window in windows])[:-1]))
            parts = []
            for segment in encoded.segments:
                its_views = [next(views) for _ in segment.windows]
                part, inside = stitch(segment, its_views, encoded.pieces.begins_word, self.scheme)
                parts.append(part)
                seams.update(inside)
            read = np.concatenate(parts)
        return read, tuple(sorted(seams)[1:])


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


def _knows_words(tokenizer: Tokenizer) -> bool:
    """Whether it parts words from punctuation; many part text at blanks alone, some not at all."""
    words = tokenizer.encode("a, b", add_special_tokens=False).word_ids
    return len(set(words)) > 2


def _special_ids(tokenizer: Tokenizer) -> tuple[Ints, Ints]:
    """The ids that the model expects before and after a text."""
    encoding = tokenizer.encode("a", add_special_tokens=True)
    mask = encoding.special_tokens_mask
    before = mask.index(0)
    after = mask[::-1].index(0)
    ids = np.array(encoding.ids, dtype=np.int64)
    return ids[:before], ids[len(ids) - after :]


def model_tags(config: dict[str, Any]) -> tuple[str, ...]:
    """The model's tags in the order of its outputs."""
    by_id = config.get("id2label")
    if not isinstance(by_id, dict) or not all(key.isdecimal() for key in by_id):
        raise ModelRefused("The model's config.json names no labels (id2label).")
    return tuple(str(by_id[key]) for key in sorted(by_id, key=int))


def max_length(config: Mapping[str, Any], tokenizer_config: Mapping[str, Any]) -> int:
    """How many tokens the model reads at once, special ones included."""
    positions = config.get("max_position_embeddings") or _DEFAULT_LENGTH
    stated = tokenizer_config.get("model_max_length") or _DEFAULT_LENGTH
    return int(min(positions, stated, _DEFAULT_LENGTH))
