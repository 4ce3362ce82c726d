"""The app as it is started: one process, the bundled model, page and API over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from browser.fixtures import Open, answered, tag
from gradio_client import Client
from playwright.sync_api import expect
from serving import running
from serving.running import App

WOLFGANG = "My name is Wolfgang and I live in Berlin."
EXPECTED = [("Wolfgang", "PER", 11, 19), ("Berlin", "LOC", 34, 40)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Started where nothing has been prepared yet, so its first start is in it."""
    home = str(tmp_path_factory.mktemp("fresh"))
    with running.app(tmp_path_factory.mktemp("app") / "log", NER_HOME=home) as app:
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


@pytest.mark.parametrize(
    "text", ["", "  \n", "\u200b", "a\x00b", "<script>alert(1)</script>", "🙂" * 50], ids=ascii
)
def test_odd_texts_are_answered(client: Client, text: str) -> None:
    """Whatever characters: the text comes back, and its entities lie in it."""
    answer = client.predict(text, api_name="/tag")

    assert answer["text"] == text
    assert all(0 <= one["start"] < one["end"] <= len(text) for one in answer["entities"])


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
