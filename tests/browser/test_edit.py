"""Editing in Chromium: by mouse, keyboard and button; kept in the browser, in several tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser.fixtures import answered, opened, tag
from ner.files.gold import parse_gold

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(chromium: Browser, fake_url: str) -> Iterator[Page]:
    """One page for all tests of this file."""
    with opened(chromium, fake_url) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        yield page


def edit(page: Page, text: str, start: str = "") -> Locator:
    """Tag ``text`` and edit it; ``start`` is what it starts again from."""
    if page.locator(".editor").count():
        page.get_by_role("button", name="Done").click()
    tag(page, text)
    page.get_by_role("button", name="Edit").click()
    if start:
        page.get_by_role("button", name=start, exact=True).click()
    return page.locator(".editor")


def entities(page: Page) -> list[str]:
    return page.locator(".editor .e").evaluate_all(
        "marks => marks.map(mark => `${mark.textContent} ${mark.dataset.l}`)"
    )


def select(page: Page, begin: int, end: int) -> None:
    page.evaluate(
        """([begin, end]) => {
            const node = document.querySelector(".editor").firstChild;
            getSelection().setBaseAndExtent(node, begin, node, end);
        }""",
        [begin, end],
    )


def test_spans_are_added_relabelled_and_deleted_by_keyboard(page: Page) -> None:
    """From the keyboard alone, after an emoji; undo and redo go step by step."""
    edit(page, "🙂 Bob met Wolfgang", "INT8").focus()
    steps = [entities(page)]
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    for _ in "Bob ":
        page.keyboard.press("Shift+ArrowRight")
    for key in ("1", "2"):
        page.keyboard.press(key)
        steps.append(entities(page))
    page.keyboard.press("n")
    page.keyboard.press("Delete")
    steps.append(entities(page))
    bob = ["Bob PER", "Wolfgang PER"], ["Bob ORG", "Wolfgang PER"], ["Bob ORG"]
    assert [["Wolfgang PER"], *bob] == steps
    for before in reversed(steps[:-1]):
        page.keyboard.press("Control+z")
        assert before == entities(page)
    for after in steps[1:]:
        page.keyboard.press("Control+y")
        assert after == entities(page)
    expect(page.locator("#edit-redo")).to_be_disabled()
    expect(page.locator("[data-part=facts]")).to_contain_text("began as the output of INT8, 2")


def test_the_labels_are_buttons_too(page: Page) -> None:
    """Double click selects a word, a button labels it, another deletes it; labels can be added."""
    edit(page, "Zoë lives", "nothing").dblclick(position={"x": 25, "y": 20})
    page.locator("#editor button[data-label=LOC]").click()
    assert ["Zoë LOC"] == entities(page)
    page.get_by_label("New label").fill("Göttin")
    page.get_by_role("button", name="Add label").click()
    page.locator(".editor .e").dblclick()
    page.locator("#editor button[data-label=Göttin]").click()
    assert ["Zoë Göttin"] == entities(page)
    page.locator("#edit-delete").click()
    assert [] == entities(page)


@pytest.mark.parametrize(
    ("text", "begin", "end", "expected"),
    [
        ("two Berliners", 5, 8, "Berliners"),
        ("Apple's shares", 1, 3, "Apple"),
        ("Zoe\u0308 met", 1, 3, "Zoe\u0308"),
        ("在北京大学", 1, 3, "北京"),
        ("AT&T rose", 3, 8, "T rose"),
        ("a 👩‍🚀 b", 1, 4, "👩‍🚀"),
        ("שלום ירושלים today", 6, 9, "ירושלים"),
    ],
)
def test_a_selection_is_widened_to_whole_words(
    page: Page, text: str, begin: int, end: int, expected: str
) -> None:
    """And graphemes, by the tokens of gold, in either direction of writing."""
    edit(page, text, "nothing")
    select(page, begin, end)
    page.locator(".editor").press("1")
    assert [f"{expected} PER"] == entities(page)


def test_the_text_itself_cannot_be_changed(page: Page) -> None:
    """Typing, pasting and cutting leave it as it is."""
    editor = edit(page, "Berlin is\nlarge", "Original")
    editor.focus()
    page.keyboard.press("Control+a")
    for keys in ("x", "Enter", "Control+x", "Control+v"):
        page.keyboard.press(keys)
    page.keyboard.insert_text("typed")
    assert "Berlin is\nlarge" == editor.text_content()
    assert ["Berlin LOC"] == entities(page)


def test_two_tabs_and_a_reload_lose_nothing(page: Page) -> None:
    """Each keeps what the other wrote; the same text again is the one that is there."""
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#result .panel", state="attached")
    answered(other)
    edit(page, "and Paris", "Original")
    edit(other, "Berlin here", "nothing")
    select(other, 7, 11)
    other.locator(".editor").press("2")
    edit(page, "Berlin here")
    assert ["here ORG"] == entities(page)
    select(page, 0, 6)
    page.locator(".editor").press("3")
    expect(other.locator(".editor .e")).to_have_count(2)
    texts = page.evaluate("JSON.parse(localStorage.getItem('ner-gold')).texts")
    assert {"and Paris", "Berlin here"} <= set(texts)
    other.reload()
    other.wait_for_selector("#result .panel", state="attached")
    assert texts == other.evaluate("JSON.parse(localStorage.getItem('ner-gold')).texts")
    other.close()
    count = len(texts)
    expect(page.locator("#editor")).to_contain_text(f"of {count}, kept in this browser only")
    page.get_by_role("button", name="Delete text").click()
    expect(page.locator("#editor")).to_contain_text(f"of {count - 1}, kept")


@pytest.mark.parametrize("name", ["CoNLL", "JSON lines"])
def test_texts_are_saved_as_gold(page: Page, name: str) -> None:
    """All of them, to be read again as gold."""
    edit(page, "Wolfgang here", "Original")
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    found = parse_gold(download.value.path().read_text("utf-8").splitlines(), "saved")
    spelled = [one.tagged.spelled(entity) for one in found for entity in one.tagged.entities]
    assert "Wolfgang" in spelled


def test_texts_go_to_decide_in_one_click(page: Page) -> None:
    """The tab comes to the fore with them in its box."""
    edit(page, "Wolfgang there", "Original")
    page.locator("#decide-on-gold").click()
    expect(page.locator("#decide-text textarea")).to_have_value(re.compile("Wolfgang there"))
    page.get_by_role("tab", name="Tag").click()
    page.get_by_role("button", name="Done").click()
