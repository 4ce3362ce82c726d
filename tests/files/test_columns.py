"""The guess at the column with the texts."""

from __future__ import annotations

import pytest

from ner.files.columns import guess_column


@pytest.mark.parametrize(
    ("columns", "sample", "expected"),
    [
        (["anything"], [], "anything"),
        (["id", " Text "], [["1", "a"]], " Text "),
        (["tweet", "text"], [], "text"),
        (["id", "remark"], [["1", "one two three four"]], "remark"),
        (["id", "name"], [["1", "Ada"]], None),
        (["text", "text", "body"], [], "body"),
        (["title", "review_body"], [["Great!", "one two three four"]], "review_body"),
        (["title", "review_body"], [["one two three", "one two three four"]], "review_body"),
        (["title", "remark"], [["Great!", "one two three four"]], "remark"),
        (["title", "remark"], [["one two three", "one two three four"]], "title"),
        (["title", "remark"], [["Great!", "fine"]], "title"),
        (["text", "remark"], [["Great!", "one two three four"]], "text"),
        (["text_id", "remark"], [["7", "one two three four"]], "remark"),
        (["context", "remark"], [["a b c d e f g", "a b c d e f g h i"]], "remark"),
    ],
)
def test_the_guess_at_the_column(
    columns: list[str], sample: list[list[str]], expected: str | None
) -> None:
    """The only one, a usual name or one with a usual part, the wordiest, or none."""
    assert expected == guess_column(columns, sample)
