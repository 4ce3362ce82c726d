"""The page's field for models of the Hub: there where allowed, and harmless to everyone else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from hub_of_models import COMMIT, HubOfModels, running

from browser.fixtures import Open, tag
from ner.models.child import ensure_prepared
from ner.models.names import hub_allowed
from ner.models.open import Sides

ROOT = Path(__file__).parents[2]
# Preparing is a process of its own that imports a lot, in milliseconds.
PATIENCE = 180_000


@pytest.mark.parametrize(("given", "allowed"), [(None, False), ("0", False), ("1", True)])
def test_the_owner_allows_it(
    given: str | None, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By setting NER_ALLOW_HUB to 1, and by nothing else."""
    monkeypatch.delenv("NER_ALLOW_HUB", raising=False)
    if given is not None:
        monkeypatch.setenv("NER_ALLOW_HUB", given)

    assert allowed == hub_allowed()


def test_the_field_is_not_there_unless_allowed(fake_url: str) -> None:
    """Neither the field nor what it would call is part of the page."""
    assert "hub-id" not in httpx.get(f"{fake_url}config").text


@pytest.fixture
def hub(tiny_checkpoint: Path) -> Iterator[HubOfModels]:
    """A Hub with the tiny model."""
    files = {file.name: file.read_bytes() for file in tiny_checkpoint.iterdir()}
    with running(HubOfModels(files)) as hub:
        yield hub


@pytest.fixture
def app(hub: HubOfModels, bundled_sides: Sides, tmp_path: Path) -> Iterator[str]:
    """``python app.py`` where models of the Hub are allowed; gives its address."""
    for side in bundled_sides.all:
        prepared = ensure_prepared(side.variant).folder
        shutil.copytree(prepared, tmp_path / "prepared" / prepared.name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "NER_HOME": str(tmp_path),
        "NER_ALLOW_HUB": "1",
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": "hf_secretOfTheOwner",
        "GRADIO_SERVER_PORT": str(port),
    }
    with (
        (tmp_path / "log").open("w+") as log,
        subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr is not None
        assert any("ready" in line for line in process.stderr)
        yield f"http://127.0.0.1:{port}/"
        process.terminate()
        assert "hf_secretOfTheOwner" not in process.communicate()[1]


@pytest.mark.browser
def test_a_visitor_fetches_a_model_and_tags_with_it(
    app: str, hub: HubOfModels, open_page: Open
) -> None:
    """A failing Hub first, which harms nobody; then the model, on the page and in the API."""
    client = Client(app, verbose=False)
    with pytest.raises(AppError, match="has not been fetched"):
        client.predict("Berlin", "hub:tester/tiny", api_name="/tag")
    assert "hub-id" in httpx.get(f"{app}config").text
    hub.statuses = [404]
    page = open_page(app)
    page.get_by_role("tab", name="About", exact=True).click()
    page.locator("#hub-id textarea, #hub-id input").fill("tester/tiny")
    page.locator("#hub-fetch").click()
    page.get_by_text("private, gated or gone").wait_for(timeout=PATIENCE)
    assert client.predict("I live in Berlin.", api_name="/tag")["entities"]

    page.locator("#hub-fetch").click()
    page.get_by_text("tester/tiny is ready and chosen").wait_for(timeout=PATIENCE)
    page.locator("#model-facts").get_by_text("How INT8 was made").click()
    page.locator("#model-facts").get_by_text(COMMIT).wait_for()
    page.get_by_role("tab", name="Tag", exact=True).click()
    tag(page, "My name is Wolfgang and I live in Berlin.")

    page.get_by_role("button", name="Side by side").wait_for(timeout=PATIENCE)
    found = client.predict("My name is Wolfgang", "hub:tester/tiny", api_name="/tag")
    assert found["entities"]
    assert not any("authorization" in headers for _, headers in hub.requests)
    # The list of sides has it for whoever comes next.
    page.reload()
    page.wait_for_selector("#result .panel")
    page.locator("#model input").click()
    page.get_by_role("option", name="tester/tiny", exact=True).wait_for()
