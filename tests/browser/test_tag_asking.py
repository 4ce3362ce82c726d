"""Tab Tag asks by itself, shows nothing old as new, and tells entities before times."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from fakes import INT8_WORDS, DictionaryTagger, FakeSides
from playwright.sync_api import Browser, Page, Route, expect

from browser.fixtures import Open, Serve, answered, tag
from ner.entities import Explained
from ner.tagging.choice import Steps

pytestmark = pytest.mark.browser

RESULT = "#result .ner"
BOX = "#text textarea"


@dataclass(frozen=True)
class SlowTagger(DictionaryTagger):
    """Takes two seconds for a text with 'slow' in it, and one for each run that is timed."""

    def explain(self, text: str) -> Explained:
        time.sleep(2.0 if "slow" in text else 0.0)
        return super().explain(text)

    def time(self, text: str) -> Steps:
        time.sleep(0.5)
        return Steps(1.0, 400.0, 2.0)


def slow() -> FakeSides:
    return FakeSides(left=SlowTagger(), right=SlowTagger(INT8_WORDS))


@pytest.fixture
def page(open_page: Open, fake_url: str) -> Page:
    page = open_page(fake_url)
    tag(page, "Wolfgang")
    return page


@pytest.fixture
def slow_page(open_page: Open, serve: Serve) -> Page:
    page = open_page(serve(slow))
    tag(page, "Wolfgang")
    return page


def shown(page: Page) -> str | None:
    return page.locator(".panel .text").first.text_content()


def test_typing_tags_after_a_pause(page: Page) -> None:
    """No button is pressed; one question for a burst of keys, not one for each."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    page.locator(BOX).evaluate(
        """(box, more) => [...more].forEach(key => {
            box.value += key;
            box.dispatchEvent(new InputEvent('input', {bubbles: true, inputType: 'insertText'}));
        })""",
        " in Berlin",
    )
    expect(page.locator(".panel .text").first).to_have_text("Wolfgang in Berlin")
    answered(page)

    assert (
        1 == len([body for body in asked if "Wolfgang in Berlin" in body and '"first"' in body]) - 1
    )


def test_an_old_answer_is_marked_and_cannot_be_taken_away(slow_page: Page) -> None:
    """From the first key on it is faded and inert, until the answer to the new text is there."""
    result = slow_page.locator(RESULT)
    slow_page.locator(BOX).fill("slow Berlin")

    expect(result).to_have_attribute("aria-busy", "true")
    expect(slow_page.locator("[data-part=asking]")).to_have_text("updating …")
    assert result.evaluate("root => root.inert")
    assert "Wolfgang" == shown(slow_page)

    expect(slow_page.locator(".panel .text").first).to_have_text("slow Berlin", timeout=15_000)
    answered(slow_page)
    assert not result.evaluate("root => root.inert")


def test_an_answer_to_an_older_question_is_never_shown(slow_page: Page) -> None:
    """Typed on while the server works: what comes of the first text is passed over."""
    slow_page.evaluate(
        """() => {
            window.seen = new Set();
            new MutationObserver(() => {
                const text = document.querySelector('.panel .text');
                if (text) window.seen.add(text.textContent);
            }).observe(document.querySelector('#result'), {childList: true, subtree: true});
        }"""
    )
    slow_page.locator(BOX).fill("slow Paris")
    slow_page.wait_for_timeout(700)
    slow_page.locator(BOX).fill("Oslo")
    expect(slow_page.locator(".panel .text").first).to_have_text("Oslo", timeout=15_000)

    assert "slow Paris" not in slow_page.evaluate("[...window.seen]")


def test_another_aggregation_tags_at_once(page: Page) -> None:
    """Choosing it is enough."""
    page.get_by_label("Aggregation").first.click()
    page.get_by_role("option", name="max").click()
    answered(page)
    page.get_by_role("button", name="Python").click()

    expect(page.locator('[data-part="out"] pre')).to_contain_text('aggregation="max"')


def test_a_failure_replaces_the_old_answer(chromium: Browser, fake_url: str) -> None:
    """A server that is gone is told of in the result's place, and the next try mends it."""
    page = chromium.new_page()
    page.goto(fake_url)
    page.wait_for_selector("#result .panel")

    def refuse(route: Route) -> None:
        route.fulfill(status=503, body="{}", content_type="application/json")

    page.route("**/queue/join*", refuse)
    page.locator(BOX).fill("Berlin")
    expect(page.locator("#result .notice.problem")).to_contain_text("did not answer")
    expect(page.locator("#result .panel")).to_have_count(0)

    page.unroute("**/queue/join*")
    page.locator(BOX).press("Control+Enter")
    expect(page.locator(".panel .text").first).to_have_text("Berlin")
    page.close()


def test_entities_are_there_before_times(slow_page: Page) -> None:
    """The result is complete while timing still runs, and timing ticks in beside it."""
    slow_page.locator(BOX).fill("Berlin and Paris")
    expect(slow_page.locator(".panel .text").first).to_have_text("Berlin and Paris")
    speed = slow_page.locator('[data-part="speed"]')

    expect(speed).to_contain_text("timing …")
    expect(slow_page.get_by_role("button", name="JSON")).to_be_visible()
    expect(speed).to_contain_text("runs")
    expect(speed).to_contain_text("as fast as A")


def test_typing_on_ends_the_timing(slow_page: Page) -> None:
    """A new question does not wait for the times of the old one."""
    slow_page.locator(BOX).fill("Berlin and Paris")
    expect(slow_page.locator('[data-part="speed"]')).to_contain_text("runs")
    begin = time.monotonic()
    tag(slow_page, "Oslo")

    assert "Oslo" == shown(slow_page)
    # All rounds would take eight seconds; a portion of one takes one.
    assert time.monotonic() - begin < 5


def test_time_is_split_into_steps(page: Page) -> None:
    """A row for each side: tokenize, infer, decode, together."""
    expect(page.locator('[data-part="speed"]')).not_to_contain_text("timing")
    page.get_by_text("Where the time goes").click()
    table = page.locator('[data-part="times"] table')

    assert ["Median", "Tokenize", "Infer", "Decode", "Together", "p95"] == [
        head.inner_text() for head in table.locator("thead th").all()
    ]
    assert ["0.10 ms", "2.00 ms", "0.20 ms", "2.30 ms", "2.30 ms"] == [
        cell.inner_text() for cell in table.locator("tbody tr").first.locator("td").all()
    ]


def test_tabbing_over_the_dropdowns_asks_nothing(page: Page) -> None:
    """No list stays open, and nothing is tagged again."""
    expect(page.locator('[data-part="speed"]')).not_to_contain_text("timing")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#theme button").focus()
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
    for _ in range(8):
        page.keyboard.press("Tab")
    page.locator(BOX).focus()
    page.wait_for_timeout(700)

    assert [] == [url for url in asked if "queue/join" in url]
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_the_length_is_counted(page: Page) -> None:
    """In code points, beside the limit; over it the server's sentence takes the result's place."""
    counter = page.locator("[data-part=counter]")
    page.locator(BOX).fill("👩‍🔬 in Berlin")
    expect(counter).to_have_text("13 / 20,000")
    page.locator(BOX).fill("a" * 20_001)
    expect(counter).to_have_class("over")
    expect(page.locator("#result .notice.problem")).to_contain_text("at most 20,000")


def verdict(page: Page) -> str:
    return page.locator('[data-part="ship"]').inner_text()


def test_the_verdict_waits_for_enough_entities(page: Page) -> None:
    """A few are no ground, whatever they say; how many would be is said."""
    assert "NOT YET" in verdict(page)
    assert "1 of about 80 entities seen" in verdict(page)


def test_texts_add_up_to_a_verdict(page: Page) -> None:
    """Another text counts beside the first; one that was typed on counts once."""
    tag(page, "Wolfgang, Ada Lovelace. " * 50)
    assert "YES" in verdict(page)
    assert "100 entities seen" in verdict(page)
    page.locator(BOX).press("Control+End")
    page.keyboard.type("Berlin")
    expect(page.locator('[data-part="ship-why"]')).to_contain_text("101 entities seen")
    page.get_by_role("button", name="News").click()
    expect(page.locator('[data-part="ship-basis"]')).to_contain_text("2 texts")


def test_a_verdict_goes_when_a_setting_changes(page: Page) -> None:
    """What was seen with another threshold says nothing of this one."""
    tag(page, "Wolfgang, Ada Lovelace. " * 50)
    page.get_by_role("button", name="News").click()
    answered(page)
    page.get_by_role("slider").fill("0.5")

    expect(page.locator('[data-part="ship-basis"]')).to_contain_text("1 text tagged")


def test_the_verdict_is_copied_with_all_it_depends_on(page: Page) -> None:
    """The answer, both sides and the settings, ready for the clipboard."""
    page.get_by_role("button", name="Copy verdict").click()
    copied = page.locator('[data-part="out"] pre')

    expect(copied).to_contain_text("NOT YET")
    expect(copied).to_contain_text("bundled")
    expect(copied).to_contain_text("Threshold 0, labels PER, ORG, LOC, MISC")


def test_my_labelled_data_is_one_click_away(page: Page) -> None:
    """It is asked for in tab Evaluate."""
    page.get_by_role("button", name="Use my labelled data").click()

    expect(page.get_by_role("tab", name="Evaluate", exact=True)).to_have_attribute(
        "aria-selected", "true"
    )


def test_the_result_goes_to_correct_in_one_click(page: Page) -> None:
    """The text with the entities on show is in the editor."""
    tag(page, "Wolfgang saw Berlin")
    page.get_by_role("button", name="Fix this").click()

    editor = page.locator(".editor")
    expect(editor).to_have_text("Wolfgang saw Berlin")
    assert ["PER", "LOC"] == editor.locator(".mark").evaluate_all(
        "marks => marks.map(mark => mark.dataset.l)"
    )


def test_everything_that_takes_the_focus_shows_it(page: Page) -> None:
    """An outline of two pixels or more, on whatever Tab reaches within the tab."""
    page.locator(BOX).focus()
    bare = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => {
                const at = document.activeElement;
                const outlined = [at, at.closest('.label, .check, .wrap')].some(one =>
                    one && getComputedStyle(one).outlineStyle !== 'none'
                    && parseFloat(getComputedStyle(one).outlineWidth) >= 2);
                return outlined || at === document.body ? null : at.outerHTML.slice(0, 120);
            }"""
        )
        if name:
            bare.append(name)

    assert [] == bare


def test_targets_are_large_enough_on_a_phone(open_page: Open, fake_url: str) -> None:
    """44 pixels high, for all that is pressed; and nothing is wider than the screen."""
    page = open_page(fake_url, viewport={"width": 390, "height": 844}, has_touch=True)
    small = page.locator(
        "#result :is(button, summary, .label), #ask button, #theme button"
    ).evaluate_all(
        """all => all.filter(one => one.checkVisibility())
            .map(one => [one.textContent.trim(), Math.round(one.getBoundingClientRect().height)])
            .filter(([, height]) => height < 44)"""
    )

    assert [] == small
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
