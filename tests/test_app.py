"""The app as it is started: one process, the bundled model, page and API over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from browser.fixtures import Open, answered, tag
from gradio_client import Client
from gradio_client.exceptions import AppError
from hub_of_models import COMMIT, HubOfModels
from hub_of_models import running as running_hub
from playwright.sync_api import expect
from serving import running
from serving.running import App

pytestmark = pytest.mark.slow

WOLFGANG = "My name is Wolfgang and I live in Berlin."
# Preparing is a process of its own that imports a lot, in milliseconds.
PATIENCE = 180_000
EXPECTED = [("Wolfgang", "PER", 11, 19), ("Berlin", "LOC", 34, 40)]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for prepared models."""
    return tmp_path_factory.mktemp("fresh")


@pytest.fixture(scope="module")
def app(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Started where nothing has been prepared yet, so its first start is in it."""
    with running.app(tmp_path_factory.mktemp("app") / "log", NER_HOME=str(fresh)) as app:
        assert "Making INT8" in app.told
        yield app


@pytest.fixture(scope="module")
def client(app: App) -> Client:
    """A client of its API."""
    return Client(app.url, verbose=False)


def found(entities: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    return [(one["text"], one["label"], one["start"], one["end"]) for one in entities]


def test_wolfgang_lives_in_berlin_over_http(client: Client) -> None:
    """Exactly these two on both sides, through the client."""
    answer = client.predict(WOLFGANG, api_name="/compare")

    assert found(answer["left"]["entities"]) == found(answer["right"]["entities"]) == EXPECTED
    assert answer["timing"]["left"]["n"] >= 8
    assert found(client.predict(WOLFGANG, api_name="/tag")["entities"]) == EXPECTED


@pytest.mark.browser
def test_wolfgang_lives_in_berlin_on_the_page(app: App, open_page: Open) -> None:
    """Typed and tagged in Chromium; both sides show the same two; no console error."""
    page = open_page(app.url)
    tag(page, WOLFGANG)
    page.get_by_role("button", name="Side by side").click()
    answered(page)

    spelled = "marks => marks.map(it => `${it.textContent} ${it.dataset.l}`)"
    for side in (0, 1):
        marks = page.locator(".panel").nth(side).locator(".e")
        assert marks.evaluate_all(spelled) == ["Wolfgang PER", "Berlin LOC"]
    expect(page.locator("#heading p")).to_contain_text("finds the same 2 names")


@pytest.mark.browser
def test_the_first_screen_answers_what_who_and_how_much(
    app: App, open_page: Open, screenshots: Path
) -> None:
    """What was found, whether both agree, and what it cost, without scrolling.

    The README's picture is this one: NER_SCREENSHOTS=assets python -m pytest tests/test_app.py
    """
    page = open_page(app.url, viewport={"width": 1440, "height": 900})
    # Times come last, and say so until there are enough.
    speed = page.locator('[data-part="speed"]')
    expect(speed).not_to_contain_text("timing", timeout=30_000)
    page.screenshot(path=screenshots / "screenshot.png")

    for seen in ("#heading p", ".panel .e >> nth=0", '[data-part="speed"]', '[data-do="edit"]'):
        expect(page.locator(seen).first).to_be_in_viewport()
    assert "×" in speed.inner_text()
    # It begins with something to see: the two do not agree.
    assert page.locator(".panel .rails").count() >= 1


@pytest.fixture
def hub(tiny_checkpoint: Path) -> Iterator[HubOfModels]:
    """A Hub with the tiny model."""
    files = {file.name: file.read_bytes() for file in tiny_checkpoint.iterdir()}
    with running_hub(HubOfModels(files)) as hub:
        yield hub


@pytest.fixture
def app_of_hub(app: App, fresh: Path, hub: HubOfModels, tmp_path: Path) -> Iterator[App]:
    """Another one, where models of the Hub are allowed; the first one's models are prepared."""
    shutil.copytree(fresh, tmp_path / "home")
    secret = "hf_secretOfTheOwner"
    settings = {"NER_ALLOW_HUB": "1", "HF_ENDPOINT": hub.url, "HF_TOKEN": secret}
    home = str(tmp_path / "home")
    with running.app(tmp_path / "log", NER_HOME=home, **settings) as app:
        yield app
        assert secret not in app.told


@pytest.mark.browser
def test_a_visitor_fetches_a_model_and_tags_with_it(
    app_of_hub: App, hub: HubOfModels, open_page: Open
) -> None:
    """A failing Hub first, which harms nobody; then the model, on the page and in the API."""
    client = Client(app_of_hub.url, verbose=False)
    with pytest.raises(AppError, match="has not been fetched"):
        client.predict("Berlin", "hub:tester/tiny", api_name="/tag")
    hub.statuses = [404]
    page = open_page(app_of_hub.url)
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
    tag(page, WOLFGANG)

    page.get_by_role("button", name="Side by side").wait_for(timeout=PATIENCE)
    found = client.predict("My name is Wolfgang", "hub:tester/tiny", api_name="/tag")
    assert found["entities"]
    assert not any("authorization" in headers for _, headers in hub.requests)
    # The list of sides has it for whoever comes next.
    page.reload()
    page.wait_for_selector("#result .panel")
    page.locator("#model input").click()
    page.get_by_role("option", name="tester/tiny", exact=True).wait_for()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads /proc")
def test_serving_loads_no_converters_and_little_memory(app: App, client: Client) -> None:
    """Its first start included: no torch in the process, and under 700 MB with both variants."""
    client.predict(WOLFGANG, api_name="/compare")
    libraries = Path(f"/proc/{app.process.pid}/maps").read_text()

    assert "openvino" in libraries
    assert "torch" not in libraries
    assert psutil.Process(app.process.pid).memory_info().rss < 700e6


@pytest.mark.parametrize("arguments", [["a secret"], ["a secret", *"123456789"]], ids=len)
def test_another_number_of_arguments_is_refused_and_not_logged(
    app: App, arguments: list[str]
) -> None:
    """Over plain HTTP; the text stands in no log."""
    called = httpx.post(f"{app.url}gradio_api/call/tag", json={"data": arguments})
    event = called.json()["event_id"]

    answer = httpx.get(f"{app.url}gradio_api/call/tag/{event}").text

    assert f"Expected 7 arguments, got {len(arguments)}." in answer
    assert "a secret" not in app.told


def test_people_at_once_get_their_own_answers(app: App, client: Client) -> None:
    """Eight clients, each with a text of its own."""
    names = ["Berlin", "London", "Paris", "Madrid", "Vienna", "Rome", "Oslo", "Prague"]
    alone = [client.predict(f"I live in {name}.", api_name="/tag") for name in names]

    def ask(name: str) -> Any:
        return Client(app.url, verbose=False).predict(f"I live in {name}.", api_name="/tag")

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, names))

    for answer in (*together, *alone):
        del answer["provenance"]["date"]
    assert together == alone
    assert [one["text"] for one in together] == [f"I live in {name}." for name in names]
