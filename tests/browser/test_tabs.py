"""Addresses of tabs, tabs 'Files' and 'About', and a narrow screen, in Chromium."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.fixtures import Open, axe, opened

pytestmark = pytest.mark.browser

_SMALL = """() => [...document.querySelectorAll("button, summary, select, [role=tab]")]
  .filter(one => one.checkVisibility() && !one.closest("[aria-hidden=true], .visually-hidden"))
  .filter(one => { const box = one.getBoundingClientRect();
    return box.width && box.height < 43.5 && getComputedStyle(one).visibility !== "hidden"; })
  .map(one => `${one.getBoundingClientRect().height} ${one.outerHTML.slice(0, 160)}`)"""


@pytest.fixture(scope="module")
def page(chromium: Browser, fake_url: str) -> Iterator[Page]:
    """One page for all tests of this file."""
    with opened(chromium, f"{fake_url}?tab=files") as page:
        yield page


def test_each_tab_has_an_address_and_back_goes_back(page: Page, fake_url: str) -> None:
    """Opening it shows that tab; the first one has none."""
    expect(page.locator("#texts-file")).to_be_visible()
    page.get_by_role("tab", name="About").click()
    expect(page).to_have_url(re.compile(r"\?tab=about$"))
    page.get_by_role("tab", name="Tag").click()
    expect(page).to_have_url(fake_url)
    page.go_back()
    expect(page.locator("#model-facts")).to_be_visible()
    page.go_back()
    expect(page.locator("#texts-file")).to_be_visible()


@pytest.mark.parametrize(
    ("earlier", "shown"),
    [("evaluate", "#decide-text"), ("status", "#server"), ("correct", "#text"), ("no", "#text")],
)
def test_earlier_addresses_lead_to_the_new_places(
    open_page: Open, fake_url: str, earlier: str, shown: str
) -> None:
    """An unknown one to the first tab."""
    page = open_page(f"{fake_url}?tab={earlier}")
    expect(page.locator(shown)).to_be_visible()


def test_a_file_is_tagged_and_downloaded(page: Page, tmp_path: Path) -> None:
    """A column is chosen by hand, and the result says what was tagged."""
    page.get_by_role("tab", name="Files").click()
    file = tmp_path / "mine.csv"
    file.write_text("a,b\nBerlin,=1\n2\nWolfgang,3\n")
    page.set_input_files("#texts-file input[type=file]", file)
    expect(page.locator("#file-about")).to_contain_text("Choose the column")
    page.locator("#column input").click()
    page.get_by_role("option", name="a", exact=True).click()
    page.locator("#tag-file").click()
    expect(page.locator("#file-outcome")).to_contain_text("Tagged 2 of 3 rows")
    expect(page.locator("#file-outcome")).to_contain_text("line 3")
    with page.expect_download() as download:
        page.locator("#file-results a", has_text="B").first.click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as given:
        written = list(csv.reader(given))
    assert "mine.tagged.csv" == download.value.suggested_filename
    assert [
        ["a", "b", "entities"],
        ["Berlin", "=1", "Berlin [LOC]"],
        ["Wolfgang", "3", "Wolfgang [PER]"],
    ] == [row[:3] for row in written]


def test_a_long_file_is_stopped(page: Page, tmp_path: Path) -> None:
    """And the tab can be used again at once."""
    page.get_by_role("tab", name="Files").click()
    file = tmp_path / "long.txt"
    file.write_text(("Berlin " * 60 + "\n") * 20_000)
    page.get_by_label("Remove this file").or_(page.get_by_label("Clear")).first.click()
    page.set_input_files("#texts-file input[type=file]", file)
    expect(page.locator("#file-about")).to_contain_text("20,000 lines")
    page.locator("#tag-file").click()
    page.wait_for_selector("#file-outcome progress")
    page.locator("#stop-file").click()
    expect(page.locator("#file-outcome")).to_contain_text("Stopped")
    expect(page.locator("#file-results")).to_be_hidden()


def test_the_server_is_read_anew_at_each_visit(page: Page) -> None:
    """Folded, since few ask for it."""
    page.get_by_role("tab", name="About").click()
    page.get_by_text("This server").click()
    expect(page.locator("#server h3")).to_have_text(
        ["Limits", "What is logged and kept", "Versions"]
    )
    expect(page.locator("#server")).to_contain_text("0 running, 0 waiting")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, screenshots: Path, scheme: str) -> None:
    """All rules of axe-core, Gradio's own markup included, all that is folded opened."""
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
    for name in ("Files", "About"):
        page.get_by_role("tab", name=name).click()
        page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true; })")
        page.wait_for_timeout(300)
        page.screenshot(path=screenshots / f"{name.lower()}-{scheme}.png", full_page=True)
        assert {} == axe(page)


def test_on_a_phone_each_tab_is_reached_and_fits(
    open_page: Open, fake_url: str, screenshots: Path
) -> None:
    """Nothing is wider than the screen, and what is to be pressed is as large as a finger."""
    phone = {"width": 390, "height": 844}
    page = open_page(fake_url, viewport=phone, has_touch=True, is_mobile=True)
    for name in ("Tag", "Decide", "Files", "About"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(300)
        page.screenshot(path=screenshots / f"{name.lower()}-390.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        assert [] == page.evaluate(_SMALL), name
