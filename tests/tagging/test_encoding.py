"""Words: whatever the tokenizer, punctuation around them is parted and nothing inside."""

from __future__ import annotations

import string
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer
from tokenizers.models import BPE, Unigram
from tokenizers.normalizers import Replace
from tokenizers.pre_tokenizers import (
    BertPreTokenizer,
    ByteLevel,
    Metaspace,
    PreTokenizer,
    Sequence,
    WhitespaceSplit,
)

from ner.tagging.boundaries import word_starts
from ner.tagging.encoding import encode_texts
from ner.tagging.model import _knows_words
from ner.tagging.segments import Reading

# One piece for each character, in place of a vocabulary.
LETTERS = string.ascii_letters + string.digits + "▁ .,'’()\"-–—!?&@#\u00ad\u200d"


def unigram(pre_tokenizer: PreTokenizer | None) -> Tokenizer:
    """A tokenizer of single characters, as sentencepiece would part them."""
    tokenizer = Tokenizer(Unigram([("<unk>", 0.0), *((each, -1.0) for each in LETTERS)], unk_id=0))
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    return tokenizer


def byte_level() -> Tokenizer:
    """The same of bytes, as of RoBERTa and GPT-2."""
    alphabet = {each: number for number, each in enumerate(sorted(ByteLevel.alphabet()))}
    tokenizer = Tokenizer(BPE(alphabet, []))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    return tokenizer


def joined_blanks() -> Tokenizer:
    """One without a pre-tokenizer, as of Llama 2: a blank is a letter as any other."""
    tokenizer = unigram(None)
    tokenizer.normalizer = Replace(" ", "▁")
    return tokenizer


AT_BLANKS = {
    "deberta-v3": unigram(Metaspace()),
    "xlm-r": unigram(Sequence([WhitespaceSplit(), Metaspace()])),
    "llama-2": joined_blanks(),
}


def words(tokenizer: Tokenizer, text: str) -> list[str]:
    """What the pieces of each word cover, blanks around it left out."""
    encodings = [tokenizer.encode(text, add_special_tokens=False)]
    knows_words = _knows_words(tokenizer)
    pieces = encode_texts([text], encodings, Reading(), knows_words=knows_words).pieces
    first = [*pieces.begins_word.nonzero()[0].tolist(), len(pieces)]
    return [
        text[pieces.starts[begin] : pieces.ends[end - 1]].strip() for begin, end in pairwise(first)
    ]


@pytest.mark.parametrize("tokenizer", AT_BLANKS.values(), ids=AT_BLANKS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In London, not (Paris).", "In|London|,|not|(|Paris|)|."),
        ("The U.S. and J. Doe of Acme Inc. met", "The|U.S.|and|J.|Doe|of|Acme|Inc.|met"),
        ("\"Anna's\" O'Hara’s car", "\"|Anna|'s|\"|O'Hara|’s|car"),
        ("London-based AT&T — Rome—Bonn 5–6", "London-based|AT&T|—|Rome|—|Bonn|5–6"),
        ("@ada #Rome !!! well...no", "@ada|#Rome|!!!|well|...|no"),
        # As in CoNLL: nothing is parted further.
        ("John 's U.S. team ( London ) .", "John|'s|U.S.|team|(|London|)|."),
        ("Lon\u00addon, is\u200dland", "Lon\u00addon|,|is\u200dland"),
    ],
)
def test_a_tokenizer_that_parts_at_blanks_gets_words(
    tokenizer: Tokenizer, text: str, expected: str
) -> None:
    """And one that parts nowhere: outer punctuation apart, the rest whole."""
    assert expected.split("|") == words(tokenizer, text)


def test_a_tokenizer_that_knows_words_keeps_them() -> None:
    """BERT's and byte-level ones; what joins two letters parts nobody's word."""
    tokenizer = unigram(BertPreTokenizer())
    assert ["In", "London", ",", "U", ".", "S", "."] == words(tokenizer, "In London, U.S.")
    assert ["Lon\u00addon", "is\u200dland"] == words(byte_level(), "Lon\u00addon is\u200dland")
    assert ["In", "London", ",", "ok"] == words(byte_level(), "In London, ok")


def test_a_piece_that_is_a_blank_belongs_to_the_next_word() -> None:
    """So does an added token of several words."""
    tokenizer = unigram(Metaspace(prepend_scheme="never"))
    tokenizer.add_tokens([AddedToken("New York")])
    assert ["in", "New York"] == words(tokenizer, "in   New York")


@given(text=st.text(alphabet=LETTERS.replace("▁", " \n\t"), max_size=60))
def test_words_begin_in_order_and_never_with_a_blank(text: str) -> None:
    """Each word of the text begins one, and no letter follows a letter there."""
    starts = word_starts(text)
    assert starts == sorted(set(starts))
    assert not any(text[start].isspace() for start in starts)
    for start in starts[1:]:
        assert not (text[start].isalnum() and text[start - 1].isalnum())
    chunks = [place for place, char in enumerate(text) if not char.isspace()]
    assert {place for place in chunks if place == 0 or text[place - 1].isspace()} <= set(starts)


@pytest.mark.parametrize("text", ["." * 200_000, "a" + "." * 200_000 + "b", "a--" * 100_000])
def test_a_huge_word_takes_no_more_than_its_length(text: str) -> None:
    """As one of letters."""
    begin = time.perf_counter()
    word_starts(text)
    assert time.perf_counter() - begin < 5
