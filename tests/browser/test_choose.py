"""Tab 'Choose' in Chromium, over dictionaries; a console error fails a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from browser.fixtures import Open
from browser.test_page_evaluate import tab

pytestmark = pytest.mark.browser

TEXT = "\n".join(["Wolfgang left Berlin for Paris.", "Ada Lovelace lived in London."] * 60)


def measure(page: Page) -> None:
    """Put a text in and wait for what comes of it."""
    tab(page, "Choose")
    page.locator("#choose-text textarea").fill(TEXT)
    page.locator("#choose-measure").click()
    page.wait_for_selector("#chosen .verdict")


def test_a_recipe_is_measured_chosen_and_put_on_side_b(
    open_page: Open, fake_url: str, screenshots: Path
) -> None:
    """Its row and its point say so at once, by pointer and by key; the picker follows."""
    page = open_page(fake_url)
    measure(page)
    side_b = page.locator("#side-b input")

    expect(page.locator("#chosen .verdict")).to_contain_text("Take ")
    expect(side_b).to_have_value("General English (bundled) · INT8")

    # The recorded table beside it has such buttons too.
    chosen = page.locator("#chosen")
    chosen.get_by_role("button", name="Put INT8 weights on side B").click()
    expect(side_b).to_have_value("General English (bundled) · INT8 weights")
    expect(page.locator("#chosen tr", has_text="INT8 weights").locator(".side")).to_have_text("B")

    page.locator('#chosen svg [data-put="bundled#original"]').focus()
    page.keyboard.press("Enter")
    expect(side_b).to_have_value("General English (bundled) · Original")
    page.screenshot(path=str(screenshots / "choose.png"), full_page=True)


def test_limits_decide_anew_and_the_answer_can_be_saved(open_page: Open, fake_url: str) -> None:
    """A size that nothing has: the nearest is named, without measuring again."""
    page = open_page(fake_url)
    measure(page)
    size = page.get_by_label("MB on disk")
    size.fill("10")
    size.blur()

    expect(page.locator("#chosen .verdict")).to_contain_text("None fits")
    with page.expect_download() as saving:
        page.get_by_role("button", name="choose.json").click()
    answer = json.loads(Path(saving.value.path()).read_text(encoding="utf-8"))
    assert 10 == answer["limits"]["max_mb"]
    assert 120 == answer["texts"]["n"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tab_can_be_used_by_everybody(open_page: Open, fake_url: str, theme: str) -> None:
    """Names, roles and contrasts, by axe's rules."""
    page = open_page(fake_url, color_scheme=theme)
    measure(page)
    found = Axe().run(page, context="#chosen").response["violations"]

    assert [] == [(item["id"], [node["target"] for node in item["nodes"]]) for item in found]


def test_nothing_is_wider_than_a_phone(open_page: Open, fake_url: str) -> None:
    """The picture and the table scroll in boxes of their own."""
    page = open_page(fake_url, viewport={"width": 390, "height": 844})
    measure(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
