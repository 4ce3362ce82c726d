"""Fixtures that serve the page and open it in Chromium; a test fails on any error in its console.

Screenshots go to the folder named by ``NER_SCREENSHOTS``, else to pytest's temporary one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fakes import FakeSides, fake_recipes, loader_of, service_of
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ner.ui.launch import launch
from ner.ui.page import build

Serve = Callable[[Callable[[], FakeSides]], str]
Open = Callable[..., Page]

# What a page still asks for when it is left or loaded anew is aborted, and Gradio says so.
_LEAVING = ("AbortError: signal is aborted", "Connection errored out")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium where there is one, without windows if it can be; or Playwright's."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    installed = next(filter(None, map(shutil.which, names)), None)
    # Other processes may have the cores: how long an answer takes says nothing.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        if installed is None and not own.is_file():
            pytest.skip("no Chromium: apt-get install chromium, or playwright install chromium")
        browser = playwright.chromium.launch(executable_path=installed, args=list(_FLAGS))
        yield browser
        browser.close()


@contextmanager
def page_server() -> Iterator[Serve]:
    """Serves the page over the pair that a function makes, and gives its address.

    All in one process of their own: what Gradio leaves open at the end is none of the tests'
    business.
    """
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()

    @cache
    def start(make: Callable[[], FakeSides]) -> str:
        ours.send(make)
        url: str = ours.recv()
        return url

    yield start
    process.kill()
    process.join()


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """The same, for all tests."""
    with page_server() as start:
        yield start


def _serve(asked: Connection) -> None:
    with fake_recipes():
        while True:
            make = asked.recv()
            service = service_of()
            page = build(loader_of(make()), service=service)
            asked.send(launch(page, service, server_name="127.0.0.1", server_port=0))


@pytest.fixture(scope="session")
def fake_url(serve: Serve) -> str:
    """The page over the dictionary pair."""
    return serve(FakeSides)


@contextmanager
def opened(chromium: Browser, url: str, **settings: Any) -> Iterator[Page]:
    """An address in a browser of its own, with settings of Playwright's contexts."""
    usual = {"viewport": {"width": 1366, "height": 768}, "accept_downloads": True}
    context = chromium.new_context(**{**usual, **settings})
    errors: list[str] = []
    visits: list[str] = []
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    page.on("load", lambda loaded: visits.append(loaded.url))
    page.goto(url)
    # The text that is there at first is tagged unasked; a busy machine takes its time.
    page.wait_for_selector("#result .panel", state="attached")
    answered(page)
    yield page
    context.close()
    allowed = _LEAVING if len(visits) > 1 else ()
    assert [] == [error for error in errors if not any(part in error for part in allowed)]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens addresses as `opened` does, until the test ends."""
    with ExitStack() as stack:
        yield lambda url, **settings: stack.enter_context(opened(chromium, url, **settings))


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are put."""
    named = os.environ.get("NER_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tag(page: Page, text: str) -> None:
    """Put ``text`` in, press Ctrl+Enter and wait for what comes of it."""
    page.locator("#text textarea").fill(text)
    page.locator("#text textarea").press("Control+Enter")
    answered(page)


def answered(page: Page) -> None:
    """Wait until what is on show answers what was asked for last."""
    page.wait_for_function("document.body.dataset.asking === ''")


def axe(page: Page) -> dict[str, list[str]]:
    """What axe-core finds on the page: by rule, the elements."""
    return {
        violation["id"]: [node["html"][:200] for node in violation["nodes"]]
        for violation in Axe().run(page).response["violations"]
    }
