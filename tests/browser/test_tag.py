"""Tab 'Tag' in Chromium, over dictionaries in place of models; any console error fails a test."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fakes import INT8_WORDS, WORDS, DictionaryTagger, FakeSides
from playwright.sync_api import Browser, Page, Route, expect

from browser.fixtures import Open, Serve, answered, axe, opened, tag
from ner.entities import Explained
from ner.tagging.choice import Steps

pytestmark = pytest.mark.browser

TEXT = (
    "My name is Wolfgang and I live in Berlin.\nAda Lovelace of London works for Acme Corp, "
    "a German company; she saw Paris, Oslo and the  Amazon."
)
HOSTILE = '<img src=x onerror="window.hacked=1"></span><script>window.hacked=1</script>'


def with_hostile_labels() -> FakeSides:
    words = {**WORDS, "Wolfgang": (HOSTILE, 0.99), "Berlin": ("A" * 300, 0.98)}
    return FakeSides(left=DictionaryTagger(words), right=DictionaryTagger(words))


@dataclass(frozen=True)
class SlowTagger(DictionaryTagger):
    """Takes a second for a text with 'slow' in it."""

    def explain(self, text: str) -> Explained:
        if "slow" in text:
            time.sleep(1)
        return super().explain(text)

    def time(self, text: str) -> Steps:
        """Told as it is: by the usual milliseconds timing would hold the slot for many rounds."""
        steps = super().time(text)
        return replace(steps, infer=1_000.0) if "slow" in text else steps


def with_a_slow_side() -> FakeSides:
    return FakeSides(left=SlowTagger(), right=SlowTagger(INT8_WORDS))


@pytest.fixture(scope="module")
def one_page(chromium: Browser, fake_url: str) -> Iterator[Page]:
    """One page for all tests of this file that leave it as it was."""
    with opened(chromium, fake_url) as page:
        yield page


@pytest.fixture
def page(one_page: Page) -> Page:
    """The page with ``TEXT`` tagged."""
    # A page behind another one draws nothing.
    one_page.bring_to_front()
    tag(one_page, TEXT)
    return one_page


def names(page: Page, panel: int = 0) -> list[str]:
    """The names that a text marks, each with its label where both sides agree."""
    marks = page.locator(".panel").nth(panel).locator(".e")
    spelled = "marks => marks.map(it => [it.textContent, it.dataset.l].filter(Boolean).join(' '))"
    found: list[str] = marks.evaluate_all(spelled)
    return found


RAILS = """places => places.map(place => [
    place.textContent,
    ...[...place.querySelectorAll('i')].map(note => note.dataset.l),
    ...['a', 'b'].map(side =>
        [...place.querySelectorAll(`span.${side}`)].map(part => part.textContent).join('')),
])"""


def expect_focus(page: Page, spoken: str) -> None:
    """What has the focus is called so."""
    expect(page.locator(":focus")).to_have_attribute("aria-label", spoken)


def test_the_text_stands_tagged_with_both_sides(page: Page) -> None:
    """Names on which both agree are marked; where they differ each side has a rail of its own."""
    marked = ["Wolfgang PER", "Berlin LOC", "Ada Lovelace PER", "London LOC", "German MISC"]
    assert marked == [name for name in names(page) if re.search("[A-Z]{3}", name)]
    assert [
        ["Acme Corp", "A ORG 0.88", "B ORG 0.79", "Acme Corp", "Acme"],
        ["Paris", "A LOC 0.62", "B not found", "Paris", ""],
        ["Oslo", "A not found", "B LOC 0.58", "", "Oslo"],
        ["Amazon", "A ORG 0.55", "B LOC 0.52", "Amazon", "Amazon"],
    ] == page.locator(".rails").evaluate_all(RAILS)
    expect(page.locator("#heading p")).to_contain_text("INT8 agrees with the original on 5 of 9")
    expect(page.locator("#heading p")).to_contain_text("in 19.6 MB instead of 76.6")
    expect(page.locator("#heading p")).to_contain_text("in speed")
    assert TEXT == page.locator(".panel .text").text_content()


def test_a_text_for_each_side_is_one_click_away(page: Page) -> None:
    """Each shows what it found; another click goes back."""
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator(".panel")).to_have_count(2)
    assert 8 == len(names(page, 0)) == len(names(page, 1))
    assert "Acme Corp ORG" in names(page, 0)
    assert "Acme ORG" in names(page, 1)
    expect(page.locator(".panel >> nth=1").locator(".differs")).to_have_count(3)
    page.get_by_role("button", name="All names").click()
    expect(page.locator(".panel")).to_have_count(1)


def test_only_differences_are_marked_on_request(page: Page) -> None:
    """Agreeing names become plain text, also in the next result; the text stays whole."""
    agreed, plain = page.locator(".e:not(.differs)").first, "rgba(0, 0, 0, 0)"
    page.get_by_role("button", name="Differences only").click()
    expect(agreed).to_have_css("background-color", plain)
    tag(page, TEXT)
    expect(agreed).to_have_css("background-color", plain)
    page.get_by_role("button", name="All names").click()
    expect(agreed).not_to_have_css("background-color", plain)


def test_the_text_is_taken_over_by_decide(page: Page) -> None:
    """And recognised; a later one replaces it, but not a text that the visitor put there."""
    box, going = page.locator("#decide-text textarea"), page.get_by_role("button", name="Decide →")
    for text, told in ((TEXT, "2 texts, without"), ("Only Berlin", "1 text, without")):
        tag(page, text)
        going.click()
        expect(box).to_have_value(text)
        expect(page.locator("#recognized")).to_contain_text(told)
        expect(page.locator("[data-part=agreed]")).to_be_hidden()
        box.fill(text if text == TEXT else "My own")
        page.get_by_role("tab", name="Tag").click()
    expect(page.locator("[data-part=agreed]")).to_be_visible()
    going.click()
    expect(page.locator("[data-part=agreed]")).to_be_hidden()
    expect(box).to_have_value("My own")
    page.get_by_role("tab", name="Tag").click()


def test_the_legend_is_the_filter(page: Page) -> None:
    """It spells labels out and counts them; unticking one hides it, and the focus stays there."""
    location = page.locator("[data-label=LOC]")
    expect(location.locator("..")).to_have_text("location 5")
    location.focus()
    location.press("Space")
    expect(page.locator(".e[data-l=LOC]")).to_have_count(0)
    expect(page.locator("[data-label=LOC]").locator("..")).to_have_text("location 5")
    expect(page.locator("[data-label=LOC]")).to_be_focused()
    page.locator("[data-label=LOC]").check()
    expect(page.locator(".e[data-l=LOC]", has_text="Berlin")).to_be_visible()


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_a_name_tells_scores_and_the_runner_up(page: Page, way: str) -> None:
    """On keyboard focus as on pointing, with what the side says that did not find it."""
    getattr(page.locator(".rails", has_text="Paris"), way)()
    told = page.locator("[data-part=detail] p")
    expect(told.nth(0)).to_contain_text("Paris, location 0.62 at 112–117 · next")
    expect(told.nth(1)).to_contain_text("not found: O")


def test_names_and_differences_are_walked_by_keys(page: Page) -> None:
    """Arrows, Home and End go from name to name, n and p from difference to difference."""
    page.locator(".e").first.focus()
    for key, spoken in (
        ("ArrowRight", "Berlin, location, same in both"),
        ("n", "A Acme Corp, organization 0.88; B Acme, organization 0.79"),
        ("p", "A Amazon, organization 0.55; B Amazon, location 0.52"),
        ("Home", "Wolfgang, person, same in both"),
    ):
        page.keyboard.press(key)
        expect_focus(page, spoken)
    page.get_by_label("Next difference").click()
    expect(page.locator("[data-part=place]")).to_have_text("1 of 4")
    page.get_by_label("Next difference").click()
    expect_focus(page, "A Paris, location 0.62; B not found")
    expect(page.locator(".panel .e[tabindex='0']")).to_have_count(1)


def test_the_threshold_is_asked_for_at_once(page: Page) -> None:
    """Below it an entity is told from one that was not found."""
    page.get_by_role("button", name="More").click()
    slider = page.locator("#threshold input[type=number]")
    slider.fill("0.6")
    slider.press("Tab")
    expect(page.locator(".rails")).to_have_count(2)
    expect(page.locator(".rails .b-note")).to_have_count(2)
    slider.fill("0")
    slider.press("Tab")
    expect(page.locator(".rails")).to_have_count(4)
    page.get_by_role("button", name="More").click()
    expect(page.locator("#more")).to_be_hidden()


def test_more_has_tables_robustness_and_files(page: Page) -> None:
    """Each is asked for by its button, and goes with the next text."""
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Tables").click()
    expect(page.locator("#tables-result tbody").first.locator("tr")).to_have_count(9)
    page.get_by_role("button", name="Probe robustness").click()
    expect(page.locator("#probe-result")).to_contain_text("lower case")
    expect(page.locator("#probe-result table")).to_be_in_viewport()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert "entities.csv" == download.value.suggested_filename
    page.get_by_role("button", name="Python", exact=True).click()
    expect(page.locator("[data-part=out] pre")).to_contain_text("ner.compare(text)")
    tag(page, "Berlin")
    expect(page.locator("#tables-result")).to_be_hidden()
    page.get_by_role("button", name="More").click()


def test_every_example_is_tagged_at_once(page: Page) -> None:
    """One click puts it in, and its model with it."""
    page.locator("#example-3").click()
    expect(page.locator(".panel .text")).to_contain_text("pancytopenia")
    expect(page.locator("#model input")).to_have_value("Medical English (bundled)")
    page.locator("#example-0").click()
    expect(page.locator(".panel .text")).to_contain_text("Justice Jordan")
    expect(page.locator("#model input")).to_have_value("General English (bundled)")


def test_other_models_are_listed_on_request(page: Page) -> None:
    """A side's picker has the recipes of one model, and then the variants of all."""
    page.locator("#side-b input").click()
    last = page.get_by_role("option").last
    expect(last).to_contain_text("another model …")
    last.click()
    page.locator("#side-b input").click()
    expect(
        page.get_by_role("option", name="Medical English (bundled) · INT8").first
    ).to_be_visible()
    page.keyboard.press("Escape")


def test_a_copied_text_is_clean(page: Page) -> None:
    """Selecting all of the text gives it as it was put in, without labels."""
    select = """() => {
        getSelection().selectAllChildren(document.querySelector('.panel .text'));
        return getSelection().toString();
    }"""
    assert TEXT == page.evaluate(select)


def test_a_text_over_the_limit_is_tagged_up_to_it(page: Page) -> None:
    """The rest is shown and marked, and the counter says so; code points are counted."""
    tag(page, "Berlin 🙂 " + "a" * 20_000)
    expect(page.locator("#counter .over")).to_have_text("20,009 / 20,000")
    expect(page.locator("#result .notice").first).to_contain_text("the last 9 characters are not")
    expect(page.locator(".untagged")).to_have_text("a" * 9)
    expect(page.locator(".panel .e")).to_have_text(["Berlin"])


def test_hostile_text_is_inert_and_whole(page: Page) -> None:
    """Markup in the text shows as text."""
    tag(page, f"Berlin {HOSTILE}")
    expect(page.locator(".panel .text")).to_have_text(f"Berlin {HOSTILE}")
    assert page.evaluate("window.hacked") is None


def test_the_theme_is_switched_and_remembered(page: Page) -> None:
    """The button turns the page dark, and a reload keeps it, and the text too."""
    tag(page, "Only Berlin")
    page.get_by_label("Light or dark theme").click()
    page.reload()
    expect(page.locator(".panel .text")).to_have_text("Only Berlin")
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    page.get_by_label("Light or dark theme").click()


def test_everything_that_takes_the_focus_shows_it(page: Page) -> None:
    """An outline of two pixels or more, on whatever Tab reaches."""
    page.locator("#text textarea").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => {
                const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
                return document.activeElement.matches('body, footer *, .tabs button')
                    || (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2)
                    || document.activeElement.outerHTML.slice(0, 200);
            }"""
        )
        assert shown is True


def test_hostile_labels_are_inert(open_page: Open, serve: Serve) -> None:
    """A model's labels are foreign data: no markup of theirs becomes an element."""
    page = open_page(serve(with_hostile_labels))
    tag(page, TEXT)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Done").click()
    page.locator(".e").first.hover()
    expect(page.locator("[data-part=detail]")).to_contain_text("<img src=x")
    expect(page.locator("#result img")).to_have_count(0)
    assert page.evaluate("window.hacked") is None


def test_typing_asks_one_question_at_a_time(open_page: Open, serve: Serve) -> None:
    """While one is answered the newest text waits; its answer is the one that stays."""
    page = open_page(serve(with_a_slow_side))
    box = page.locator("#text textarea")
    box.fill("slow Berlin")
    box.press_sequentially(" and Wolfgang", delay=30)
    expect(page.locator("#result .ner")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".panel .text")).to_have_text("slow Berlin and Wolfgang", timeout=60_000)
    expect(page.locator("#result .ner")).not_to_have_attribute("aria-busy", "true")
    tag(page, "Berlin")
    # A round of the slow text may be timed first.
    expect(page.locator(".facts b")).to_contain_text("×", timeout=90_000)
    tag(page, "slow Oslo")
    # Times of the text before go as soon as the new one is tagged.
    assert "" == page.locator("[data-part=pace]").text_content()
    expect(page.locator(".facts")).to_contain_text("timing …")


def test_a_server_that_is_gone_is_told_of(chromium: Browser, fake_url: str) -> None:
    """In the result's place; the text is still there, and the next try mends it."""
    page = chromium.new_page()
    page.goto(fake_url)
    page.wait_for_selector("#result .panel", state="attached", timeout=90_000)
    answered(page)

    def refuse(route: Route) -> None:
        route.fulfill(status=503, body="{}", content_type="application/json")

    page.route("**/queue/join*", refuse)
    page.locator("#text textarea").fill("Berlin")
    expect(page.locator("#result .problem")).to_contain_text("press Ctrl+Enter")
    page.unroute("**/queue/join*")
    tag(page, "Berlin")
    expect(page.locator(".panel .e")).to_have_text(["Berlin"])
    page.close()


def test_a_shared_link_shows_the_same_in_another_browser(page: Page, open_page: Open) -> None:
    """Text, filter and line breaks travel in the link's fragment; the result is made anew."""
    tag(page, TEXT)
    page.locator("[data-label=PER]").uncheck()
    expect(page.locator(".e[data-l=PER]")).to_have_count(0)
    answered(page)
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    link = page.locator("[data-part=out] pre").inner_text()
    page.locator("[data-label=PER]").check()
    other = open_page(link)
    expect(other.locator("[data-label=PER]")).not_to_be_checked()
    expect(other.locator(".e[data-l=PER]")).to_have_count(0)
    assert TEXT == other.locator(".panel .text").text_content()
    broken = open_page(link[:-20] + "%%%")
    expect(broken.locator(".panel .text")).to_contain_text("Justice Jordan")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, fake_url: str, screenshots: Path, scheme: str) -> None:
    """All rules of axe-core over the whole page, Gradio's own markup included, all parts shown."""
    page = open_page(fake_url, color_scheme=scheme, viewport={"width": 1440, "height": 900})
    tag(page, TEXT)
    expect(page.locator(".facts b")).to_contain_text("×")
    page.screenshot(path=screenshots / f"tag-{scheme}.png")
    expect(page.locator(".enough")).to_be_in_viewport()
    page.get_by_role("button", name="More").click()
    for name, shown in (
        ("Tables", "#tables-result table"),
        ("Probe robustness", "#probe-result table"),
    ):
        page.get_by_role("button", name=name).click()
        expect(page.locator(shown).first).to_be_visible()
    page.get_by_role("button", name="Python", exact=True).click()
    assert {} == axe(page)
    page.get_by_role("button", name="Edit").click()
    assert {} == axe(page)


def test_a_phone_shows_tagged_text_at_once(
    open_page: Open, fake_url: str, screenshots: Path
) -> None:
    """On its first screen; nothing is wider than it, and all can be hit with a finger."""
    size = {"width": 390, "height": 844}
    page = open_page(fake_url, viewport=size, has_touch=True, is_mobile=True)
    page.screenshot(path=screenshots / "tag-phone.png")
    expect(page.locator(".panel .e").first).to_be_in_viewport()
    page.get_by_role("button", name="More").click()
    small = page.locator(":is(button, select):visible").evaluate_all(
        """all => all.filter(one => !one.closest('footer, .tab-wrapper'))
            .map(one => [one.outerHTML.slice(0, 120), one.getBoundingClientRect().height])
            .filter(([, height]) => height && height < 43.5)"""
    )
    assert [] == small
    page.get_by_role("button", name="Edit").click()
    expect(page.locator("#editor")).not_to_contain_text("Ctrl")
    expect(page.locator("#editor kbd").first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
