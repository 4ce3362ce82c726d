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
        (["review_title", "body_2"], [["one two three", "one two three four"]], "body_2"),
        (["title", "remark"], [["Great!", "fine"]], None),
        (["text", "remark"], [["Great!", "one two three four"]], "text"),
        (["text_id", "remark"], [["7", "one two three four"]], "remark"),
    ],
)
def test_the_guess_at_the_column(
    columns: list[str], sample: list[list[str]], expected: str | None
) -> None:
    """The only one, a usual name, the wordiest, or none."""
    assert expected == guess_column(columns, sample)
