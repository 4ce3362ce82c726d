"""How a variant is written."""

from __future__ import annotations

import pytest

from ner.errors import ModelRefused
from ner.models.variants import find_variant


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("medical#bf16", "medical#bf16"),
        ("medical", "medical#int8"),
        ("original", "bundled#original"),
        ("#int4", "bundled#int4"),
        ("", "bundled#int8"),
    ],
)
def test_either_half_may_be_left_out(written: str, name: str) -> None:
    """A word alone is a recipe if there is one of that name, else a model."""
    assert find_variant(written).name == name


def test_what_is_left_out_is_the_callers() -> None:
    """Model and recipe as asked."""
    assert find_variant("", model="medical", recipe="original").name == "medical#original"


@pytest.mark.parametrize(
    ("written", "problem"),
    [("nobody#int8", "no model called 'nobody'"), ("bundled#int3", "no recipe 'int3'")],
)
def test_an_unknown_half_is_refused_with_what_there_is(written: str, problem: str) -> None:
    """Each by its own list."""
    with pytest.raises(ModelRefused, match=problem):
        find_variant(written, local=False)
