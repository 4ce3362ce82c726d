"""Tab 'Decide' in Chromium, over dictionaries; a console error fails a test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.fixtures import answered, axe, opened

pytestmark = pytest.mark.browser

PLAIN = "\n".join(["Wolfgang left Berlin for Paris.", "Ada saw the Amazon and Oslo."] * 30)
GOLD = "Wolfgang B-PERSON\nin O\nBerlin B-LOC\n\nAmazon B-ORG\nof O\n<b>Oslo</b> B-GPE\n\n" * 5


@pytest.fixture(scope="module")
def page(chromium: Browser, fake_url: str) -> Iterator[Page]:
    """One page for all tests of this file."""
    with opened(chromium, f"{fake_url}?tab=choose") as page:
        expect(page).to_have_url(f"{fake_url}?tab=choose")
        yield page


def put(page: Page, text: str) -> None:
    """Put texts in at once, as pasting does, and wait until they are recognised."""
    page.locator("#decide-text textarea").evaluate(
        """(box, text) => {
            box.focus();
            box.value = text;
            box.dispatchEvent(new Event("input", {bubbles: true}));
            box.blur();
        }""",
        text,
    )
    told = "Labelled" if text == GOLD else "without labels"
    expect(page.locator("#recognized .notice")).to_contain_text(told)


def measure(page: Page, text: str | None = None) -> None:
    """Measure what stands there, or ``text``, and wait for what comes of it."""
    if text is not None:
        put(page, text)
    page.locator("#decided .ner").evaluate("shown => shown.replaceChildren()")
    page.locator("#measure").click()
    expect(page.locator("#decided .verdict").first).to_be_visible(timeout=60_000)


def test_a_recipe_is_measured_and_put_on_side_b(page: Page) -> None:
    """By its row or its point; then the result says that it is of other sides."""
    measure(page, PLAIN)
    expect(page.locator("#decided .verdict strong").first).not_to_be_empty()
    side_b = page.locator("#side-b input")
    page.get_by_role("button", name="Put INT8 weights on side B").click()
    expect(side_b).to_have_value(re.compile("^INT8 weights"))
    expect(page.locator("#decided .stale-note")).to_be_visible()
    page.locator('#decided svg [data-put="bundled#int8"]').focus()
    page.keyboard.press("Enter")
    expect(side_b).to_have_value(re.compile("^INT8( · .* s to make)?$"))
    expect(page.locator("#decided .stale-note")).to_have_count(0)


def test_limits_decide_anew_and_the_answer_is_saved(page: Page) -> None:
    """A size that nothing has: the nearest is named, without measuring again."""
    measure(page, PLAIN)
    size = page.get_by_label("Largest allowed")
    size.fill("10")
    size.blur()
    expect(page.locator("#decided .verdict").first).to_contain_text("None fits")
    with page.expect_download() as saving:
        page.get_by_role("button", name="choose.json").click()
    answer = json.loads(Path(saving.value.path()).read_text(encoding="utf-8"))
    assert (10, 60) == (answer["limits"]["max_mb"], answer["texts"]["n"])
    size.fill("0")
    size.blur()
    expect(page.locator("#decided .verdict").first).not_to_contain_text("None fits")


def test_what_differs_is_judged_by_key_and_kept(page: Page) -> None:
    """INT8 is always right: eight answers settle it, wherever it stands; a reload keeps them."""
    measure(page, PLAIN)
    for number in range(8):
        expect(page.locator("[data-part=card-place]")).to_contain_text(f"Card {number + 1} of")
        page.get_by_label("Hide which side").uncheck()
        expect(page.locator(".reading b")).to_have_text(["A, Original", "B, INT8"])
        page.locator("[data-part=card-place]").click()
        page.keyboard.press("2")
    expect(page.locator("[data-part=standing]")).to_contain_text("INT8 makes 8 fewer errors")
    page.keyboard.press("u")
    expect(page.locator("[data-part=standing]")).to_contain_text("INT8 makes 7 fewer errors")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save the answers").click()
    lines = Path(saving.value.path()).read_text("utf-8").splitlines()
    assert ["right"] * 7 == [json.loads(line)["answer"] for line in lines]
    page.reload()
    answered(page)
    measure(page, PLAIN)
    expect(page.locator("[data-part=card-place]")).to_contain_text("Card 8 of")


def test_labels_of_another_name_are_mapped(page: Page) -> None:
    """In a table with likely names; then the loss of F1 decides, and wrong texts are shown."""
    measure(page, GOLD)
    expect(page.locator("#recognized")).to_contain_text("20 entities in 10 texts")
    expect(page.get_by_label("PERSON is")).to_have_value("PER")
    page.get_by_label("GPE is").select_option("left out")
    measure(page)
    expect(page.locator("#decided")).to_contain_text("GPE is left out, PERSON is PER")
    expect(page.locator("#decided")).to_contain_text("Verdict by type")
    page.get_by_label("Wrong by").select_option("INT8")
    expect(page.locator(".sentences li:visible")).not_to_have_count(0)
    expect(page.locator("#decided .sentences b b")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, screenshots: Path, scheme: str) -> None:
    """With a result of each kind on show."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
    for name, text in (("plain", PLAIN), ("gold", GOLD)):
        measure(page, text)
        page.wait_for_timeout(300)
        page.screenshot(path=screenshots / f"decide-{name}-{scheme}.png", full_page=True)
        assert {} == axe(page)


def test_a_phone_shows_all_of_it(page: Page, screenshots: Path) -> None:
    """Nothing is wider than the page, nor than its box."""
    page.set_viewport_size({"width": 390, "height": 844})
    put(page, PLAIN)
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("#measure")).to_be_in_viewport()
    measure(page)
    page.screenshot(path=screenshots / "decide-phone.png", full_page=True)
    wide = "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    assert 0 == page.locator("html, #decided .scroll, #decided svg").evaluate_all(wide)
    high = "all => all.filter(one => one.scrollHeight > one.clientHeight).length"
    assert 0 == page.locator("#decided .scroll").evaluate_all(high)
