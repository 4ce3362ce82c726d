"""A loaded model and the choice of one caller: texts in, entities out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from time import perf_counter

from ner.entities import Entity, Explained, Piece, Tagged, trim
from ner.errors import InputError, TextTooLong
from ner.io import replace_surrogates
from ner.tagging import decode
from ner.tagging.choice import Choice, Steps
from ner.tagging.decode import Floats, Scheme
from ner.tagging.encoding import Encoded
from ner.tagging.model import Model

MAX_CHARACTERS = 1_000_000


# How many texts are tokenized and sorted together: many share a length then, memory stays small.
_TEXTS_AT_ONCE = 2048


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
            encoded = self._encode(cleaned[begin : begin + _TEXTS_AT_ONCE])
            probabilities, _ = self.model.probabilities(encoded)
            results += self._tagged(encoded, probabilities)
        return results

    def time(self, text: str) -> Steps:
        """Tag one text, and tell how long each step of that took."""
        begin = perf_counter()
        encoded = self._encode([clean(text)])
        tokenized = perf_counter()
        probabilities, _ = self.model.probabilities(encoded)
        inferred = perf_counter()
        self._tagged(encoded, probabilities)
        ends = (begin, tokenized, inferred, perf_counter())
        return Steps(*(1000 * (after - before) for before, after in pairwise(ends)))

    def explain(self, text: str) -> Explained:
        """Tag one text and tell the pieces and seams behind the result."""
        encoded = self._encode([clean(text)])
        probabilities, seams = self.model.probabilities(encoded)
        [tagged] = self._tagged(encoded, probabilities)
        starts = encoded.pieces.starts
        return Explained(
            tagged=tagged,
            pieces=_pieces(encoded, probabilities, self.model.scheme),
            seams=tuple(int(starts[seam]) for seam in seams),
        )

    def _encode(self, texts: Sequence[str]) -> Encoded:
        return self.model.encode(texts, self.choice.reading)

    def _tagged(self, encoded: Encoded, probabilities: Floats) -> list[Tagged]:
        aggregation = self.choice.aggregation
        decoded = decode.decode(probabilities, encoded.pieces, self.model.scheme, aggregation)
        return [
            self.choice.keep(Tagged(text, without_edge_spaces(text, entities)))
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
    return replace_surrogates(text)


def without_edge_spaces(text: str, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    """Entities whose spans leave out the spaces that some tokenizers count to the next word."""
    return tuple(trim(one, text) for one in entities if text[one.start : one.end].strip())


def _pieces(encoded: Encoded, probabilities: Floats, scheme: Scheme) -> tuple[Piece, ...]:
    """What is told of the pieces of the one text that was encoded."""
    if not len(encoded.pieces):
        return ()
    best = probabilities.argmax(axis=1)
    margins, others = decode.runners_up(probabilities, scheme)
    return tuple(
        Piece(start, end, text, word, scheme.tags[tag], score, margin, (*scheme.types, "O")[other])
        for start, end, text, word, tag, score, margin, other in zip(
            encoded.pieces.starts.tolist(),
            encoded.pieces.ends.tolist(),
            encoded.encodings[0].tokens,
            encoded.pieces.words.tolist(),
            best.tolist(),
            probabilities.max(axis=1).tolist(),
            margins.tolist(),
            others.tolist(),
            strict=True,
        )
    )
