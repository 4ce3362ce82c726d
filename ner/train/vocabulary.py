"""A cased vocabulary laid over an uncased BERT, pruned to what the training texts use.

An uncased encoder can't tell 'US' from 'us'. Each of its word pieces therefore gets a Capitalized
and an UPPER variant, which starts from the embedding of its lower-case form plus a small offset
that all variants of one kind share; fine-tuning does the rest. Of this threefold vocabulary the
pieces most used in the training texts are kept, and every single character, so that a rare word
falls apart into characters rather than into [UNK].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

UNKNOWN = "[UNK]"
SPECIAL_PIECES = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]")
_OFFSET_SCALE = 0.3  # of the mean embedding's spread: enough to be told apart, too little to move


@dataclass(frozen=True, slots=True)
class Variant:
    """A piece of the cased vocabulary: the base piece that it starts from, and its case.

    ``case`` is 0 for the base piece itself, 1 for Capitalized and 2 for UPPER.
    """

    base: str
    case: int


def cased_variants(base: Sequence[str]) -> dict[str, Variant]:
    """Piece -> where it comes from, for every base piece and its variants, in the base's order.

    >>> [(piece, variant.case) for piece, variant in cased_variants(["us", "##us"]).items()]
    [('us', 0), ('##us', 0), ('Us', 1), ('US', 2), ('##US', 2)]
    """
    known = set(base)
    variants = {piece: Variant(piece, 0) for piece in base}
    for piece in base:
        if piece in SPECIAL_PIECES:
            continue
        continues = piece.startswith("##")
        body = piece.removeprefix("##")
        prefix = "##" if continues else ""
        # A one-letter piece has one upper-case form; it counts as Capitalized at a word's start.
        for case, form in ((1, body.capitalize()), (2, body.upper())):
            name = prefix + form
            if len(form) == len(body) and name not in known and (case == 2 or not continues):
                variants.setdefault(name, Variant(piece, case))
    return variants


def choose_pieces(
    variants: Mapping[str, Variant], texts: Iterable[tuple[Sequence[str], float]], size: int
) -> list[str]:
    """The special pieces, all single characters, and the most used others: at most ``size``.

    ``texts`` are groups of texts, each with the weight that a use there has. Ties are broken by
    the order of the base vocabulary, which is by frequency.
    """
    counts: dict[str, float] = defaultdict(float)
    tokenizer = wordpiece(list(variants))
    for group, weight in texts:
        for encoding in tokenizer.encode_batch(list(group), add_special_tokens=False):
            for piece in encoding.tokens:
                counts[piece] += weight
    kept = [*SPECIAL_PIECES]
    kept += [piece for piece in variants if len(piece.removeprefix("##")) == 1]
    chosen = set(kept)
    rest = (piece for piece in variants if piece not in chosen and not _is_placeholder(piece))
    kept += sorted(rest, key=lambda piece: -counts[piece])
    return kept[: max(size, len(SPECIAL_PIECES))]


def _is_placeholder(piece: str) -> bool:
    return piece.startswith("[") and piece.endswith("]") and len(piece) > 1


def wordpiece(pieces: Sequence[str]) -> Tokenizer:
    """A cased BERT tokenizer over ``pieces``.

    Accents are stripped as the base has learnt them ('José' is read as 'Jose'); offsets still
    count the characters of the text as given.
    """
    ids = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"])
    )
    return tokenizer


def to_pretrained(tokenizer: Tokenizer, *, max_pieces: int) -> PreTrainedTokenizerFast:
    """The tokenizer as a checkpoint carries it; ``max_pieces`` is the longest input it admits."""
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        model_max_length=max_pieces,
        model_input_names=["input_ids", "attention_mask"],
        **dict(zip(names, SPECIAL_PIECES, strict=True)),
    )


def overlay_embeddings(
    embeddings: torch.Tensor,
    base_ids: Mapping[str, int],
    pieces: Sequence[str],
    variants: Mapping[str, Variant],
    *,
    seed: int,
) -> torch.Tensor:
    """The embeddings of ``pieces``, (len(pieces), width), from the base's (vocabulary, width)."""
    rows = torch.tensor([base_ids[variants[piece].base] for piece in pieces])
    cases = torch.tensor([variants[piece].case for piece in pieces])
    generator = torch.Generator().manual_seed(seed)
    scale = _OFFSET_SCALE * embeddings.std(dim=0).mean()
    offsets = torch.randn(3, embeddings.shape[1], generator=generator) * scale
    offsets[0] = 0.0
    return embeddings[rows] + offsets[cases]


def base_pieces(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The vocabulary of a tokenizer in the order of its ids."""
    return sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
