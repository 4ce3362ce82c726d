"""assets/licences.md: every package that a server installs and every model, with a licence."""

from __future__ import annotations

import pytest
from evidence import licences

from ner.models.catalogue import catalogue
from ner.models.names import find_model

LISTED = licences.listed(licences.LIST.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", licences.serving())
def test_every_serving_package_is_listed(name: str) -> None:
    """With the licence that the installed package states, and that is none that forbids this."""
    assert LISTED[name] == licences.licence(name) != ""
    assert "GPL" not in LISTED[name].replace("LGPL", "")


@pytest.mark.parametrize("name", [spec.name for spec in catalogue()])
def test_every_model_is_listed(name: str) -> None:
    """With the licence of the catalogue; a bundled one's card says the same."""
    spec = find_model(name)

    assert LISTED[name] == spec.licence
    if spec.folder is not None:
        card = (spec.folder / "README.md").read_text(encoding="utf-8")
        assert f"license: {spec.licence.lower()}" in card
