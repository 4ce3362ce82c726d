"""Tab 'Judge' in Chromium, over dictionaries; a console error fails a test."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from browser.fixtures import Open

pytestmark = pytest.mark.browser

# Of each line one entity differs: Paris is found by the original alone, Oslo by INT8 alone.
TEXT = "\n".join(["Wolfgang in Paris", "Berlin and Oslo"] * 6)


def tab(page: Page, name: str) -> None:
    """Open a tab; on a narrow screen the last ones are behind a button."""
    found = page.get_by_role("tab", name=name, exact=True)
    if not found.count():
        page.locator(".overflow-menu > button").first.click()
        found = page.locator(".overflow-dropdown button", has_text=name)
    found.click()


def deal(page: Page, text: str = TEXT) -> None:
    """Find what differs in ``text``, and wait for the first card."""
    tab(page, "Judge")
    page.locator("#judge-text textarea").fill(text)
    page.locator("#judge-find").click()
    expect(page.locator("#judge .notice")).to_have_count(0)
    expect(page.locator("#judge .reading")).to_have_count(2)
    page.locator("#judge .judged").click()


def readings(page: Page) -> list[str]:
    """Which words each reading marks; nothing where it marks none."""
    marks = [one.locator(".mark").all_text_contents() for one in page.locator(".reading").all()]
    return ["".join(found) for found in marks]


def place(page: Page) -> str:
    return page.locator("#judge [data-part=place]").text_content() or ""


def press_for(page: Page, side: str) -> None:
    """Say that one side is right, whichever place it has on the card on show."""
    first, second = readings(page)
    # The original knows Paris, INT8 knows Oslo.
    word = {"left": "Paris", "right": "Oslo"}[side]
    other = {"left": "Oslo", "right": "Paris"}[side]
    at_first = first == word or second == other
    page.keyboard.press("1" if at_first else "2")


def test_answers_by_key_say_who_is_ahead_and_settle_it(open_page: Open, fake_url: str) -> None:
    """INT8 is always right: eight answers settle it, wherever its readings stand."""
    page = open_page(fake_url)
    deal(page)
    standing = page.locator("#judge-standing")
    places = set()
    for count in range(1, 9):
        expect(page.locator("#judge [data-part=place]")).to_have_text(f"Card {count} of 12")
        places.add(readings(page).index(""))
        press_for(page, "right")
        if count == 1:
            expect(standing).to_contain_text("INT8 is ahead: it alone was right 1 time, Original 0")
            expect(standing).to_contain_text("about 7 more would settle it")
    expect(standing).to_contain_text("it alone was right 8 times")
    expect(standing).to_contain_text("That settles it")
    expect(standing).to_contain_text("INT8 makes 8 fewer errors than Original; on all 12, about 12")
    expect(standing).to_contain_text("the change in errors, not F1")
    assert {0, 1} == places


def test_buttons_answer_and_undo_takes_back(open_page: Open, fake_url: str) -> None:
    """All four, then one step back by button and one by key; at the end there is no card."""
    page = open_page(fake_url)
    deal(page, "Wolfgang in Paris\nOslo\nParis\nAmazon")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    page.get_by_label("Hide which side is which").uncheck()
    for name in ("A is right", "B is right", "Neither is right", "Both are right"):
        page.get_by_role("button", name=name).click()
    expect(page.locator("#judge .judged")).to_have_text("That was the last one.")
    expect(page.get_by_role("button", name="A is right")).to_be_disabled()
    expect(page.locator("#judge-standing .stack")).to_have_attribute(
        "aria-label", "Only Original right: 1, Only INT8 right: 1, Both right: 1, Neither right: 1"
    )

    undo.click()
    expect(page.locator("#judge [data-part=place]")).to_have_text("Card 4 of 4")
    page.keyboard.press("u")
    expect(page.locator("#judge [data-part=place]")).to_have_text("Card 3 of 4")
    expect(page.locator("#judge-standing")).to_contain_text("On the 2 cards judged")


def test_sides_are_hidden_until_asked_for(open_page: Open, fake_url: str) -> None:
    """Shown, A stands first always; the names are those of the sides."""
    page = open_page(fake_url)
    deal(page)
    assert ["First", "Second"] == page.locator(".reading b").all_text_contents()
    page.get_by_label("Hide which side is which").uncheck()

    assert ["A, Original", "B, INT8"] == page.locator(".reading b").all_text_contents()
    for _ in range(6):
        first, second = readings(page)
        assert (first, second) in {("Paris", ""), ("", "Oslo")}
        page.keyboard.press("1")


def test_keys_typed_into_the_text_answer_nothing(open_page: Open, fake_url: str) -> None:
    """They are the text's."""
    page = open_page(fake_url)
    deal(page)
    page.locator("#judge-text textarea").press("End")
    page.keyboard.type("1234u")

    assert "Card 1 of 12" == place(page)


def test_what_was_judged_is_saved_with_where_it_comes_from(open_page: Open, fake_url: str) -> None:
    """By sides, not by places; each line tells the sides that it is about."""
    page = open_page(fake_url)
    deal(page)
    expect(page.get_by_role("button", name="judgements.csv")).to_be_disabled()
    press_for(page, "right")
    page.keyboard.press("4")
    saved = {}
    for name in ("judgements.jsonl", "judgements.csv"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        saved[name] = Path(download.value.path()).read_text("utf-8")
    lines = [json.loads(line) for line in saved["judgements.jsonl"].splitlines()]
    rows = list(csv.DictReader(saved["judgements.csv"].splitlines()))

    assert ["right", "both"] == [line["answer"] for line in lines]
    assert ["right", "both"] == [row["answer"] for row in rows]
    for line, row in zip(lines, rows, strict=True):
        assert line["blind"]
        assert "bundled" in json.dumps(line["provenance"])
        assert line["provenance"] == json.loads(row["provenance"])
        found = line["left"] or line["right"]
        assert found["text"] == line["text"][found["start"] : found["end"]]


def test_other_texts_or_sides_make_the_cards_old(open_page: Open, fake_url: str) -> None:
    """They say so, and what was judged of them can't be saved any more; unless it is taken back."""
    page = open_page(fake_url)
    deal(page)
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="judgements.csv")).to_be_enabled()
    page.locator("#judge-text textarea").fill("Paris")
    expect(page.locator("#judge .stale-note")).to_contain_text("have changed since")
    expect(page.get_by_role("button", name="judgements.csv")).to_be_disabled()
    page.locator("#judge-text textarea").fill(TEXT)
    expect(page.locator("#judge .stale-note")).to_have_count(0)
    expect(page.get_by_role("button", name="judgements.csv")).to_be_enabled()


def test_an_empty_tab_can_be_tried(open_page: Open, fake_url: str) -> None:
    """Its example is judged like any other card."""
    page = open_page(fake_url)
    tab(page, "Judge")
    expect(page.locator("#judge .notice")).to_contain_text("Example.")
    page.locator("#judge .judged").click()
    page.keyboard.press("1")
    expect(page.locator("#judge-standing")).to_contain_text("is ahead")


def test_hostile_texts_do_nothing(open_page: Open, fake_url: str) -> None:
    """Markup in a text is text."""
    page = open_page(fake_url)
    deal(page, "<img src=x onerror=window.hacked=1> Paris <script>window.hacked=1</script>")
    expect(page.locator(".reading .text").first).to_contain_text("<img src=x")
    page.keyboard.press("1")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, fake_url: str, scheme: str) -> None:
    """All rules of axe-core, with a standing on show."""
    page = open_page(fake_url, color_scheme=scheme)
    deal(page)
    for key in "1234":
        page.keyboard.press(key)
    expect(page.locator("#judge-standing .stack")).to_be_visible()
    violations = {
        violation["id"]: [node["html"][:300] for node in violation["nodes"]]
        for violation in Axe().run(page).response["violations"]
    }
    assert {} == violations


def test_a_phone_shows_a_card_with_its_buttons(
    open_page: Open, fake_url: str, screenshots: Path
) -> None:
    """Nothing is wider than the screen, and the buttons can be hit."""
    page = open_page(fake_url, viewport={"width": 390, "height": 844})
    deal(page)
    page.keyboard.press("1")
    expect(page.locator("#judge-standing .verdict")).to_be_visible()
    page.screenshot(path=screenshots / "judge-390x844.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("First is right", "Second is right", "Neither is right", "Both are right"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= 44
