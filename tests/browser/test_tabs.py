"""What all tabs have in common, in Chromium: addresses, targets for fingers, no width to spare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from browser.fixtures import Open

pytestmark = pytest.mark.browser
# What is there once a tab has been looked up.
CONTENT = {"files": "file-outcome .e", "model": "model-card h1", "status": "status dl"}
PHONE = {"width": 390, "height": 844}
# Of words in a text and of numbers in a table, which stand in lines (WCAG 2.5.8: inline).
INLINE = ".text *, .open, .keys *"


def names(page: Page) -> list[str]:
    """The tabs, those in the menu of a narrow screen too."""
    found = page.locator(".tab-wrapper").first.locator(".visually-hidden button")
    return [name.strip() for name in found.all_text_contents()][
        : len(set(found.all_text_contents()))
    ]


def choose(page: Page, name: str) -> None:
    """As a visitor does: the tab, or the menu and what is in it."""
    tab = page.locator(".tab-wrapper").first.get_by_role("tab", name=name, exact=True)
    if not tab.count():
        page.get_by_role("button", name="More tabs").first.click()
        tab = page.locator(".overflow-dropdown").first.get_by_text(name, exact=True)
    tab.click()


def test_each_tab_has_an_address(open_page: Open, fake_url: str) -> None:
    """Opening it shows that tab; the first one has none."""
    page = open_page(f"{fake_url}?tab=files")
    expect(page.locator("#texts-file")).to_be_visible()

    page.get_by_role("tab", name="Status", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?tab=status$"))
    page.get_by_role("tab", name="Tag", exact=True).click()
    expect(page).to_have_url(fake_url)


def test_back_and_forward_go_from_tab_to_tab(open_page: Open, fake_url: str) -> None:
    """And nowhere else; a tab that there is not opens nothing."""
    page = open_page(f"{fake_url}?tab=nothing")
    page.get_by_role("tab", name="Files", exact=True).click()
    page.get_by_role("tab", name="Model", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?tab=model$"))
    page.go_back()
    expect(page.locator("#texts-file")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?tab=files$"))
    page.go_forward()
    expect(page.locator("#model-facts")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_each_tab_is_reached_and_fits(
    open_page: Open, fake_url: str, screenshots: Path, scheme: str
) -> None:
    """Nothing is wider than the screen, and what is to be pressed is as large as a finger."""
    page = open_page(fake_url, viewport=PHONE, has_touch=True, color_scheme=scheme)
    small = {}
    for name in names(page):
        choose(page, name)
        expected = fake_url if name == "Tag" else re.compile(rf"\?tab={name.lower()}$")
        expect(page).to_have_url(expected)
        page.wait_for_timeout(300)
        page.screenshot(path=screenshots / f"{name.lower()}-390-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
        small[name] = page.evaluate(_SMALL_TARGETS, INLINE)

    assert {} == {name: found for name, found in small.items() if found}


_SMALL_TARGETS = """inline => [...document.querySelectorAll("button, summary, select, [role=tab]")]
  .filter(one => one.checkVisibility() && !one.matches(inline))
  .filter(one => !one.closest("[aria-hidden=true]"))
  .filter(one => { const box = one.getBoundingClientRect();
    return box.width && box.height < 43.5 && getComputedStyle(one).visibility !== "hidden"; })
  .map(one => `${one.getBoundingClientRect().height} ${one.outerHTML.slice(0, 160)}`)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["files", "model", "status"])
def test_axe_finds_nothing(open_page: Open, fake_url: str, scheme: str, name: str) -> None:
    """All rules of axe-core, Gradio's own markup included."""
    page = open_page(f"{fake_url}?tab={name}", color_scheme=scheme)
    expect(page.locator(f"#{CONTENT[name]}").first).to_be_visible(timeout=20_000)
    found = {
        violation["id"]: [node["html"][:300] for node in violation["nodes"]]
        for violation in Axe().run(page).response["violations"]
    }
    assert {} == found


def test_numbers_stand_below_each_other(open_page: Open, fake_url: str) -> None:
    """The head of a column of numbers as well."""
    page = open_page(f"{fake_url}?tab=model")
    cell = page.locator("#model-facts td.number").first
    expect(cell).to_have_css("text-align", "right")
