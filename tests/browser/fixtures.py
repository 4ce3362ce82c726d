"""Fixtures that serve the page and open it in Chromium; a test fails on any error in its console.

Screenshots go to the folder named by ``NER_SCREENSHOTS``, else to pytest's temporary one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from fakes import FakeSides, fake_recipes, loader_of, service_of
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

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
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        if installed is None and not own.is_file():
            pytest.skip("no Chromium: apt-get install chromium, or playwright install chromium")
        browser = playwright.chromium.launch(executable_path=installed, args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Serves the page over the pair that a function makes, and gives its address.

    In a process of its own: what Gradio leaves open at the end is none of the tests' business.
    """
    processes = []
    urls: dict[Callable[[], FakeSides], str] = {}

    def start(make: Callable[[], FakeSides]) -> str:
        if make not in urls:
            ours, theirs = get_context("spawn").Pipe()
            process = get_context("spawn").Process(target=_serve, args=(make, theirs), daemon=True)
            process.start()
            processes.append(process)
            urls[make] = ours.recv()
        return urls[make]

    yield start
    for process in processes:
        process.kill()
        process.join()


def _serve(make: Callable[[], FakeSides], address: Connection) -> None:
    service = service_of()
    page = build(loader_of(make()), service=service)
    with fake_recipes():
        address.send(launch(page, service, server_name="127.0.0.1", server_port=0))
        page.block_thread()


@pytest.fixture(scope="session")
def fake_url(serve: Serve) -> str:
    """The page over the dictionary pair."""
    return serve(FakeSides)


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens an address in a browser of its own, with settings of Playwright's contexts."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    visits: list[str] = []

    def open_(url: str, **settings: object) -> Page:
        context = chromium.new_context(
            **{"viewport": {"width": 1366, "height": 768}, "accept_downloads": True, **settings}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: errors.append(message.text) if message.type == "error" else None,
        )
        page.on("load", lambda loaded: visits.append(loaded.url))
        page.goto(url)
        # The text that is there at first is tagged unasked.
        # Long enough for a machine that is busy with other tests.
        page.wait_for_selector("#result .panel", state="attached", timeout=90_000)
        return page

    yield open_
    for context in contexts:
        context.close()
    allowed = _LEAVING if len(visits) > len(contexts) else ()
    assert [] == [error for error in errors if not any(part in error for part in allowed)]


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
    page.wait_for_function(
        "() => !document.querySelector('#result [aria-busy], #result .progress')"
        " && !document.querySelector('[data-part=asking]').textContent.includes('updating')"
    )


def labelled(page: Page, side: str) -> Sequence[str]:
    """The entities that a side's text shows, as 'text LABEL'; in one text where it is alone."""
    switch = page.get_by_role("button", name="Side by side")
    if switch.count():
        switch.click()
        marks = page.locator(f'.panels [data-side="{side}"] .e:not([data-kind="off"])')
        return [f"{mark.text_content()} {mark.get_attribute('data-l')}" for mark in marks.all()]
    return page.locator('[data-part="merged"] .e:not([data-kind="off"])').evaluate_all(
        "(marks, side) => marks.flatMap(mark => [...mark.querySelectorAll('i[data-i]')]"
        ".filter(chip => chip.dataset.side === side && !chip.hidden)"
        ".map(chip => `${mark.textContent} ${chip.dataset.l}`))",
        side,
    )
