"""The Python interface is what the README says, and costs nothing until it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

import ner


def test_the_exported_names() -> None:
    """Adding or removing one is a decision, so it is written here too."""
    assert [
        *("Agreement", "Annotated", "Entity", "NerError", "Tagged", "Tagger"),
        *("compare", "evaluate", "load", "predict"),
    ] == sorted(ner.__all__)
    for name in ner.__all__:
        assert getattr(ner, name).__doc__


def test_no_exported_name_is_a_module() -> None:
    """``import ner.x`` must never replace a function ``ner.x``."""
    modules = {file.stem for file in Path(ner.__file__).parent.iterdir()}

    assert not modules & set(ner.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="no attribute 'tag'"):
        ner.tag  # noqa: B018
