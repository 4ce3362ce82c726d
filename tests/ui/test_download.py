"""A variant to take away, on tab 'Model': the zipped folder, its quota, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from fakes import service_of
from gradio import Request

from ner.models.catalogue import ModelSpec
from ner.models.prepared import Prepared
from ner.models.variants import Variant, find_variant
from ner.serving.service import Service
from ner.ui import download
from ner.ui.download import DownloadHandler


@pytest.fixture(autouse=True)
def tiny_is_offered(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tiny model's INT8 is what side B names."""
    monkeypatch.setattr(
        download, "find_offered", lambda name: Variant(tiny_spec, find_variant("int8").recipe)
    )


def asked(service: Service) -> Iterator[Any]:
    return DownloadHandler(service).answer(Request(session_hash="one"), "tiny#int8")


def test_the_folder_is_zipped_whole(tiny_prepared: Prepared) -> None:
    """The model's files as they are and the card, in one folder; it counts as kept."""
    service = service_of()
    for said, update in asked(service):
        last = said
        if update["visible"]:
            # As Gradio does: before the generator goes on, and the file goes.
            size = Path(update["value"]).stat().st_size
            with ZipFile(update["value"]) as packed:
                names = set(packed.namelist())
                folder = tiny_prepared.folder.name
                config = json.loads(packed.read(f"{folder}/config.json"))

    assert "zipped" in last
    assert {f"{folder}/{name}" for name in tiny_prepared.manifest.files} <= names
    assert f"{folder}/README.md" in names
    assert config["architectures"]
    assert service.quota.used >= size


def test_without_room_nothing_is_packed(tiny_prepared: Prepared) -> None:
    """The size, when there is room again, and the way that has no limit."""
    service = service_of(upload_bytes=20_000)
    *_, (said, update) = asked(service)

    assert "are too much" in said
    assert "python -m ner export" in said
    assert not update["visible"]


def test_a_withheld_variant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its reason, and the command that exports it all the same."""
    reason = "INT8 of this model is not served: its gate."
    monkeypatch.setattr("ner.models.opened.withheld_reason", lambda *_: reason)
    *_, (said, update) = asked(service_of())

    assert "its gate. To take it away all the same: python -m ner export" in said
    assert not update["visible"]
