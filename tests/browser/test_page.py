"""The page in Chromium, over dictionaries in place of models; any console error fails a test."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import sys
import zlib
from pathlib import Path
from random import Random
from string import ascii_letters
from types import ModuleType
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fakes import INT8_WORDS, WORDS, DictionaryTagger, FakeSides, gate_of
from playwright.sync_api import Page, expect

from browser.fixtures import Open, Serve, labelled, tag
from ner import schema
from ner.tagging.choice import Choice

pytestmark = pytest.mark.browser

TEXT = (
    "My name is Wolfgang and I live in Berlin.\nAda Lovelace of London works for Acme Corp, "
    "a German company; she saw Paris, Oslo and the  Amazon."
)
ORIGINAL = [
    "Wolfgang PER",
    "Berlin LOC",
    "Ada Lovelace PER",
    "London LOC",
    "Acme Corp ORG",
    "German MISC",
    "Paris LOC",
    "Amazon ORG",
]
INT8 = [
    "Wolfgang PER",
    "Berlin LOC",
    "Ada Lovelace PER",
    "London LOC",
    "Acme ORG",
    "German MISC",
    "Oslo LOC",
    "Amazon LOC",
]
LOC, PER = re.compile("^LOC .* location$"), re.compile("^PER .* person$")
HOSTILE = '<img src=x onerror="window.hacked=1"></span><script>window.hacked=1</script>'


def without_int8() -> FakeSides:
    return FakeSides(right=None, gate=gate_of(0.812, 250))


def with_hostile_labels() -> FakeSides:
    words = {**WORDS, "Wolfgang": (HOSTILE, 0.99), "Berlin": ("A" * 300, 0.98)}
    return FakeSides(left=DictionaryTagger(words), right=DictionaryTagger(words))


def entity_at(page: Page) -> str | None:
    """The spoken name of what has the focus."""
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def saved(page: Page, name: str) -> str:
    """What the download button called ``name`` gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(download.value.path()).read_bytes().decode()


@pytest.fixture
def page(open_page: Open, fake_url: str) -> Page:
    """The page with ``TEXT`` tagged."""
    page = open_page(fake_url)
    tag(page, TEXT)
    return page


def agreement(page: Page) -> str:
    """What the first tile says."""
    return page.locator('[data-part="agree"]').inner_text()


def test_control_enter_tags_with_both_sides(page: Page) -> None:
    """Each side's text shows what it found, and the tiles say how the two compare."""
    assert "5 of 9" == agreement(page)
    expect(page.locator('[data-part="sentence"]')).to_have_text(
        "1 label differs · 1 boundary differs · 1 only in A · 1 only in B"
    )
    expect(page.locator(".tile").nth(2)).to_contain_text("76.6 → 19.6 MB")
    assert ORIGINAL == labelled(page, "left")
    assert INT8 == labelled(page, "right")


def test_the_first_screen_is_not_empty(open_page: Open, fake_url: str) -> None:
    """The example that is there at first has been tagged when the page is open."""
    page = open_page(fake_url)

    assert page.locator("#text textarea").input_value() == page.locator(".text").first.inner_text()


CHIPS = """places => places.map(place => [
    place.textContent,
    ...[...place.querySelectorAll('i')].filter(chip => !chip.hidden)
        .map(({dataset: {letter, l, score}}) => [letter, l, score].filter(Boolean).join(' ')),
])"""


def chips(page: Page) -> list[list[str]]:
    """The places of the merged text that differ: what is written there, what each side says."""
    places: list[list[str]] = page.locator(
        '[data-part="merged"] .e[data-kind="differs"]'
    ).evaluate_all(CHIPS)
    return places


def test_a_disagreement_shows_what_each_side_says(page: Page) -> None:
    """Label and score of both, A before B; a side without an entity says so."""
    assert [
        ["Acme Corp", "A ORG 0.88", "B ORG 0.79"],
        ["Paris", "A LOC 0.62", "B not found"],
        ["Oslo", "A not found", "B LOC 0.58"],
        ["Amazon", "A ORG 0.55", "B LOC 0.52"],
    ] == chips(page)
    agreeing = page.locator('[data-part="merged"] .e[data-kind="same"]')
    assert ["Wolfgang", "PER"] == agreeing.evaluate_all(CHIPS)[0]


def test_below_the_threshold_is_told_from_not_found(page: Page) -> None:
    """A side whose entity scores too low has seen it, unlike one that has none."""
    threshold = page.locator('[data-part="threshold-value"]')
    page.get_by_role("slider").fill("0.8")
    expect(threshold).to_have_text("0.80")
    assert ["Acme Corp", "A ORG 0.88", "B below threshold"] in chips(page)
    page.get_by_role("slider").fill("0.6")
    expect(threshold).to_have_text("0.60")
    assert ["Paris", "A LOC 0.62", "B not found"] in chips(page)


def test_names_that_overlap_share_a_place(open_page: Open, serve: Serve) -> None:
    """Where one side sees one name and the other two, all three stand at one place."""
    page = open_page(serve(with_overlaps))
    tag(page, "Then New York Times came.")

    assert [["New York Times", "A ORG 0.90", "B LOC 0.80", "B ORG 0.70"]] == chips(page)


def with_overlaps() -> FakeSides:
    return FakeSides(
        left=DictionaryTagger({"New York Times": ("ORG", 0.9)}),
        right=DictionaryTagger({"New York": ("LOC", 0.8), "Times": ("ORG", 0.7)}),
    )


def test_only_differences_are_marked_on_request(page: Page) -> None:
    """Agreeing names become plain text and leave the table; the text stays whole."""
    page.get_by_text("Entities", exact=True).click()
    page.get_by_role("checkbox", name="Differences only").check()

    same = page.locator('[data-part="merged"] .e[data-kind="same"]').first
    expect(same).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    expect(page.locator('[data-part="entity-table"] tbody tr')).to_have_count(4)
    assert TEXT == page.locator(".panel .text").first.text_content()


def test_names_are_counted_by_label(page: Page) -> None:
    """How many places either side gives a label, hidden or not."""
    counts = page.locator("[data-count]")

    assert {"PER": "2", "ORG": "2", "LOC": "5", "MISC": "1"} == {
        one.get_attribute("data-count"): one.inner_text() for one in counts.all()
    }


def detail(page: Page) -> str:
    return page.locator('[data-part="detail"]').inner_text()


@pytest.mark.parametrize("way", ["focus", "hover"])
def test_a_name_tells_scores_and_the_runner_up(page: Page, way: str) -> None:
    """On keyboard focus as on pointing; the runner-up is the next best label, or O for none."""
    place = page.locator('[data-part="merged"] .e', has_text="Paris")
    if way == "focus":
        place.focus()
    else:
        place.hover()

    assert "LOC 0.620 at 112–117 · next O 0.50" in detail(page)
    assert "not found: O 1.00 · next O 0.50" in detail(page)


def test_the_merged_text_is_walked_by_keys(page: Page) -> None:
    """Arrows go from name to name; the spoken name says what both sides say."""
    places = page.locator('[data-part="merged"] .e')
    places.first.focus()
    assert "Wolfgang, person, same in both" == entity_at(page)
    page.keyboard.press("ArrowRight")
    assert "Berlin, location, same in both" == entity_at(page)
    page.keyboard.press("End")
    assert "Amazon: A organization 0.55; B location 0.52" == entity_at(page)
    page.keyboard.press("Home")
    assert "Wolfgang, person, same in both" == entity_at(page)


def test_entities_are_walked_by_arrow_keys(page: Page) -> None:
    """Side by side: arrows, Home and End move on; up and down cross over; each says its name."""
    page.get_by_role("button", name="Side by side").click()
    page.locator('.panel[data-side="left"] .e').first.focus()
    assert "Wolfgang, person, 0.99, same in B" == entity_at(page)
    page.keyboard.press("ArrowRight")
    assert "Berlin, location, 0.98, same in B" == entity_at(page)
    page.keyboard.press("End")
    assert "Amazon, organization, 0.55, location in B" == entity_at(page)
    page.keyboard.press("ArrowRight")
    assert "Amazon, organization, 0.55, location in B" == entity_at(page)
    page.keyboard.press("ArrowDown")
    assert "Amazon, location, 0.52, organization in A" == entity_at(page)
    page.keyboard.press("Home")
    assert "Wolfgang, person, 0.98, same in A" == entity_at(page)


def test_each_panel_is_one_stop_of_the_tab_key(page: Page) -> None:
    """Tab goes from the entity where one is to the other panel, not through every entity."""
    page.get_by_role("button", name="Side by side").click()
    page.locator('.panel[data-side="left"] .e').first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")

    assert "Wolfgang, person, 0.98, same in A" == entity_at(page)
    page.keyboard.press("Shift+Tab")
    assert "Berlin, location, 0.98, same in B" == entity_at(page)


def test_differences_are_reached_by_button_and_by_key(page: Page) -> None:
    """The buttons, n and p go through all four and around, and say which one it is."""
    at = page.locator('[data-part="jump-place"]')
    expect(at).to_have_text("4 differences")
    page.get_by_role("button", name="Next difference").click()
    seen = [(entity_at(page), at.inner_text())]
    for _ in range(4):
        page.keyboard.press("n")
        seen.append((entity_at(page), at.inner_text()))
    page.keyboard.press("p")

    acme = ("Acme Corp: A organization 0.88; B Acme, organization 0.79", "1 of 4")
    amazon = ("Amazon: A organization 0.55; B location 0.52", "4 of 4")
    assert [
        acme,
        ("Paris: A location 0.62; B not found", "2 of 4"),
        ("Oslo: A not found; B location 0.58", "3 of 4"),
        amazon,
        acme,
    ] == seen
    assert amazon == (entity_at(page), at.inner_text())


def test_letters_typed_in_the_text_are_only_text(page: Page) -> None:
    """The keys n and p act on entities alone."""
    page.locator("#text textarea").fill("")
    page.locator("#text textarea").press_sequentially("npn")

    expect(page.locator("#text textarea")).to_have_value("npn")


def test_differences_are_marked_by_more_than_colour(page: Page) -> None:
    """Each kind of difference has a sign beside its label and a line of its own around it."""
    page.get_by_role("button", name="Side by side").click()
    styles = page.locator('.panel[data-side="left"] .e').evaluate_all(
        "marks => marks.map(m => [m.dataset.sign || '', getComputedStyle(m).outlineStyle])"
    )

    assert [["", "none"]] * 4 == styles[:4]
    assert [["↔", "dashed"], ["", "none"], ["only", "dotted"], ["≠", "solid"]] == styles[4:]


def test_copying_a_panel_gives_the_clean_text(page: Page) -> None:
    """Selecting all of a panel's text gives the text as it was put in, without labels."""
    selected = page.evaluate(
        """() => {
            getSelection().selectAllChildren(document.querySelector('.panel .text'));
            return getSelection().toString();
        }"""
    )

    assert TEXT == selected


def test_filter_and_threshold_act_without_tagging_again(page: Page) -> None:
    """Unticking a label and moving the threshold change the result and send no request."""
    requests: list[str] = []
    expect(page.locator('[data-part="speed"]')).not_to_contain_text("timing")
    page.on("request", lambda request: requests.append(request.url))

    page.get_by_role("checkbox", name=LOC).uncheck()
    expect(page.locator('[data-part="agree"]')).to_have_text("3 of 5")
    sentence = page.locator('[data-part="sentence"]')
    expect(sentence).to_have_text("1 boundary differs · 1 only in A")
    page.get_by_role("slider").fill("0.75")
    expect(page.locator('[data-part="agree"]')).to_have_text("2 of 3")
    assert ["Wolfgang PER", "Ada Lovelace PER", "Acme Corp ORG"] == labelled(page, "left")
    page.get_by_role("slider").fill("1")
    expect(sentence).to_have_text("No name has these labels and this threshold.")
    assert [] == requests


def test_settings_outlive_a_result(page: Page) -> None:
    """A filter set for one text holds for the next."""
    page.get_by_role("checkbox", name=LOC).uncheck()
    tag(page, "Wolfgang in Berlin")

    assert ["Wolfgang PER"] == labelled(page, "left")
    assert not page.get_by_role("checkbox", name=LOC).is_checked()


def test_the_threshold_chart_shows_how_many_are_kept(page: Page) -> None:
    """The line of a model falls from all of its entities to those at the highest threshold."""
    points = page.locator('[data-part="kept-left"]').get_attribute("points").split()
    heights = [float(point.split(",")[1]) for point in points]

    assert 101 == len(points)
    assert heights == sorted(heights)
    assert (2.0, 22.0) == (heights[0], heights[-1])


def rows(page: Page) -> list[list[str]]:
    """The rows of the table of entities, unfolded first."""
    if page.locator("details[data-fold=entities]:not([open])").count():
        page.get_by_text("Entities", exact=True).click()
        page.wait_for_selector('[data-part="entity-table"] tbody tr')
    return page.locator('[data-part="entity-table"] tbody tr').evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def test_the_table_lists_every_pair(page: Page) -> None:
    """Both sides of each pair, the drift, and what differs."""
    table = rows(page)

    assert 9 == len(table)
    assert ["Wolfgang", "PER", "11", "19", "0.990", "0.980", "−0.010", "same"] == table[0]
    assert [
        "Acme Corp → Acme",
        "ORG",
        "75",
        "84 → 79",
        "0.880",
        "0.790",
        "−0.090",
        "boundary differs",
    ] == table[4]
    assert "not found in B, a close call" == table[6][-1]


def test_the_table_is_sorted_by_its_heads(page: Page) -> None:
    """Once rises, twice falls; the head says so."""
    rows(page)
    head = page.get_by_role("columnheader", name="Score A")
    head.get_by_role("button").click()
    rising = [row[4] for row in rows(page)]
    assert "ascending" == head.get_attribute("aria-sort")
    head.get_by_role("button").click()
    falling = [row[4] for row in rows(page)]

    assert sorted(rising, key=lambda cell: -1.0 if cell == "–" else float(cell)) == rising
    assert falling[0] == "0.990"
    assert "descending" == head.get_attribute("aria-sort")


def test_a_row_leads_to_its_entity(page: Page) -> None:
    """Clicking a row focuses its entity in the text."""
    rows(page)
    page.locator('[data-part="entity-table"] tbody tr').nth(1).click()

    assert "Berlin, location, same in both" == entity_at(page)


def test_word_pieces_show_tags_of_both(page: Page) -> None:
    """The token view has every piece with tag, score and margin of each model."""
    page.get_by_text("Word pieces", exact=True).click()
    pieces = page.locator('[data-part="piece-table"] tbody tr').evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )

    assert ["Wolf", "11–15", "B-PER", "0.990", "0.490", "B-PER", "0.980", "0.480"] == pieces[3]
    assert ["gang", "15–19", "I-PER", "0.990", "0.490", "I-PER", "0.980", "0.480"] == pieces[4]


def test_the_downloaded_json_is_what_the_api_answers(page: Page) -> None:
    """All of it without a filter; with one, what compare answers for those settings."""
    sides = FakeSides()

    def answer(choice: Choice) -> dict[str, Any]:
        found = sides.compare(TEXT, choice, budget_ms=1.0)
        return schema.agreement_json(found.agreement, sides.origins, None)

    def downloaded() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(saved(page, "JSON"))
        provenance = found.pop("provenance")
        assert "first" == provenance["aggregation"]
        assert {"left", "right", "ratio"} == set(found.pop("timing"))
        return {**found, "timing": None}

    expect(page.locator('[data-part="speed"]')).not_to_contain_text("timing")
    assert answer(Choice()) == downloaded()

    page.get_by_role("checkbox", name=LOC).uncheck()
    page.get_by_role("slider").fill("0.6")
    kept = answer(Choice(labels=("PER", "ORG", "MISC"), threshold=0.6))
    expect(page.locator('[data-part="threshold-value"]')).to_have_text("0.60")
    assert kept == downloaded()


def test_the_downloaded_csv_is_read_back(page: Page) -> None:
    """One row a pair, with both sides and the drift."""
    table = list(csv.DictReader(io.StringIO(saved(page, "CSV"), newline="")))

    assert 9 == len(table)
    assert ("Acme Corp", "Acme") == (table[4]["text_left"], table[4]["text_right"])
    assert ("boundary", "-0.09") == (table[4]["status"], table[4]["drift"])
    assert ("", "Oslo") == (table[7]["text_left"], table[7]["text_right"])
    assert "first" == json.loads(table[0]["provenance"])["aggregation"]
    assert {""} == {row["provenance"] for row in table[1:]}


def test_cells_like_formulas_are_neutralized_in_csv(open_page: Open, serve: Serve) -> None:
    """A spreadsheet takes such a cell as text."""
    page = open_page(serve(with_formulas))
    tag(page, "Pay =SUM to Berlin")

    table = list(csv.DictReader(io.StringIO(saved(page, "CSV"), newline="")))

    assert "'=SUM" == table[0]["text_left"]
    assert "=SUM" == json.loads(saved(page, "JSON"))["left"]["entities"][0]["text"]


def with_formulas() -> FakeSides:
    words = {"=SUM": ("ORG", 0.9)}
    return FakeSides(left=DictionaryTagger(words), right=DictionaryTagger(words))


def test_the_downloaded_conll_has_both_tags(page: Page) -> None:
    """Token, tag of the original, tag of INT8; a blank line where the text has a line break."""
    source, *lines = saved(page, "CoNLL").split("\n")

    assert "first" == json.loads(source.removeprefix("# provenance = "))["aggregation"]
    assert "Wolfgang\tB-PER\tB-PER" in lines
    assert ["Acme\tB-ORG\tB-ORG", "Corp\tI-ORG\tO"] == lines[
        lines.index("Acme\tB-ORG\tB-ORG") : lines.index("Acme\tB-ORG\tB-ORG") + 2
    ]
    assert ".\tO\tO" == lines[lines.index("") - 1]


def test_the_downloaded_page_stands_alone(page: Page, open_page: Open, tmp_path: Path) -> None:
    """It shows the text, all rows and where they come from, and asks nothing of any server."""
    file = tmp_path / "entities.html"
    file.write_text(saved(page, "HTML"), encoding="utf-8")
    alone = page.context.new_page()
    requests: list[str] = []
    alone.on("request", lambda request: requests.append(request.url))
    alone.goto(file.as_uri())

    assert [file.as_uri()] == requests
    assert TEXT == alone.locator(".text").first.text_content()
    assert 4 == len(chips(alone))
    assert "first" == json.loads(alone.locator("#provenance pre").text_content())["aggregation"]
    assert "Score B" in alone.locator("th").all_inner_texts()
    assert 9 == len(rows(alone))
    assert 0 == alone.locator("script, button").count()


def test_without_a_difference_there_is_none_to_go_to(page: Page) -> None:
    """In words, not by a button that does nothing; it is back with the differences."""
    tag(page, "Wolfgang")
    expect(page.get_by_text("No differences")).to_be_visible()
    expect(page.get_by_role("button", name="Next difference")).to_have_count(0)

    tag(page, TEXT)
    expect(page.get_by_role("button", name="Next difference")).to_be_visible()
    expect(page.get_by_text("No differences")).to_be_hidden()


def test_a_table_is_copied_as_a_table(page: Page) -> None:
    """Tabs between cells, lines between rows; within one cell the browser copies as ever."""
    rows(page)
    copied = page.evaluate(COPY, ['[data-part="entity-table"]', "text/plain"])
    lines = copied.splitlines()
    assert ["Entity", "Label", "Start"] == lines[0].split("\t")[:3]
    assert ["Wolfgang", "PER", "11", "19"] == lines[1].split("\t")[:4]
    assert 10 == len(lines)
    markup = page.evaluate(COPY, ['[data-part="entity-table"]', "text/html"])
    assert markup.startswith("<table><tr><td>Entity</td>")
    assert "" == page.evaluate(COPY, ['[data-part="entity-table"] td', "text/plain"])


COPY = """([selector, type]) => {
    getSelection().selectAllChildren(document.querySelector(selector));
    const clipboardData = new DataTransfer();
    const event = new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
    return clipboardData.getData(type);
}"""


def test_a_shared_link_shows_the_same_in_another_browser(page: Page, open_page: Open) -> None:
    """Text, filter and threshold travel in the link's fragment; the result is made anew."""
    page.get_by_role("checkbox", name=PER).uncheck()
    page.get_by_role("slider").fill("0.6")
    page.get_by_role("button", name="Share link").click()
    link = page.locator('[data-part="out"] pre').inner_text()

    other = open_page(link)
    expect(other.locator("#text textarea")).to_have_value(TEXT)
    assert ["Berlin LOC", "London LOC", "Acme Corp ORG", "German MISC", "Paris LOC"] == labelled(
        other, "left"
    )
    assert not other.get_by_role("checkbox", name=PER).is_checked()


@pytest.mark.parametrize("fragment", ["#ner=", "#ner=AAAA", "#ner=!!", "#other", "#ner=" + "A" * 9])
def test_a_broken_link_opens_the_page_as_usual(
    open_page: Open, fake_url: str, fragment: str
) -> None:
    """What can't be read is left alone."""
    page = open_page(fake_url + fragment)
    tag(page, "Wolfgang")

    assert ["Wolfgang PER"] == labelled(page, "left")


def test_a_text_too_long_for_a_link_is_said_to_be(open_page: Open, fake_url: str) -> None:
    """The sentence names the limit, and no link is offered."""
    page = open_page(fake_url)
    letters = Random(7).choices(ascii_letters, k=19_000)  # noqa: S311 - nothing secret
    tag(page, "".join(letters))
    page.get_by_role("button", name="Share link").click()

    expect(page.locator('[data-part="out"]')).to_contain_text("8,000")
    expect(page.locator('[data-part="out"] pre')).to_have_count(0)


def test_the_python_snippet_runs_and_says_the_settings(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is valid Python that calls compare with the text and the settings on show."""
    page.get_by_role("checkbox", name=LOC).uncheck()
    page.get_by_role("slider").fill("0.6")
    page.get_by_role("button", name="Python").click()
    calls: list[tuple[str, dict[str, Any]]] = []

    def compare(text: str, **settings: Any) -> Any:
        calls.append((text, settings))
        return FakeSides().compare(text, Choice.parse(**settings)).agreement

    stand_in = ModuleType("ner")
    stand_in.compare = compare  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ner", stand_in)
    exec(page.locator('[data-part="out"] pre').inner_text(), {})  # noqa: S102 - it is what is tested

    assert [(TEXT, {"threshold": 0.6, "labels": ["PER", "ORG", "MISC"]})] == calls


def test_the_theme_is_switched_and_remembered(page: Page) -> None:
    """The button turns the page dark, and a reload keeps it."""
    page.get_by_role("button", name="Light or dark theme").click()
    expect(page.locator("body")).to_have_class("dark")
    page.reload()
    page.wait_for_selector("#result .panel")

    expect(page.locator("body")).to_have_class("dark")


def test_hostile_text_is_inert_and_whole(open_page: Open, fake_url: str) -> None:
    """Markup in the text shows as text in panels and tables, and runs nothing."""
    page = open_page(fake_url)
    text = (
        f"Wolfgang {HOSTILE} {{{{7*7}}}} ${{7*7}} javascript:alert(1) \u202eBerlin\u202c \x1b &amp;"
    )
    tag(page, text)
    page.get_by_text("Word pieces", exact=True).click()

    assert text == page.locator(".panel .text").first.text_content()
    assert 0 == page.locator("#result img, #result script").count()
    assert page.evaluate("window.hacked") is None
    assert text == json.loads(saved(page, "JSON"))["text"]


def test_hostile_labels_are_inert(open_page: Open, serve: Serve) -> None:
    """A model's labels are foreign data: no markup of theirs becomes an element."""
    page = open_page(serve(with_hostile_labels))
    tag(page, TEXT)
    page.locator(".panel .e").first.focus()
    page.get_by_role("button", name="Probe robustness").click()
    expect(page.locator(".probe")).to_be_visible()

    assert 0 == page.locator("#result img, #probe-result img, #result script").count()
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_int8_that_is_not_served_leaves_the_original_alone(
    open_page: Open, serve: Serve
) -> None:
    """One panel, the reason, and downloads that still work."""
    page = open_page(serve(without_int8))
    tag(page, TEXT)

    assert ORIGINAL == labelled(page, "left")
    expect(page.get_by_role("button", name="Side by side")).to_have_count(0)
    expect(page.locator(".notice")).to_contain_text("81.2 %")
    assert "8 names" == agreement(page)
    assert 8 == len(json.loads(saved(page, "JSON"))["entities"])
    assert "Wolfgang\tB-PER" in saved(page, "CoNLL").split("\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Type or paste a text"),
        ("   ", "Type or paste a text"),
        ("a" * 20_001, "at most 20,000"),
        ("my name is wolfgang", "no capital letters"),
    ],
    ids=["empty", "blank", "too long", "no capitals"],
)
def test_odd_input_gets_a_sentence(
    open_page: Open, fake_url: str, text: str, sentence: str
) -> None:
    """In the place of the result, not as an error box."""
    page = open_page(fake_url)
    tag(page, TEXT)
    tag(page, text)

    expect(page.locator("#result .notice")).to_contain_text(sentence)
    expect(page.locator(".toast-body")).to_have_count(0)


def test_every_example_is_tagged_at_once(open_page: Open, fake_url: str) -> None:
    """One click puts an example in and tags it."""
    page = open_page(fake_url)
    buttons = page.locator("button.example")
    texts = []
    for index in range(buttons.count()):
        before = page.locator("#text textarea").input_value()
        buttons.nth(index).click()
        if index:
            expect(page.locator("#text textarea")).not_to_have_value(before)
        page.wait_for_function(
            "text => document.querySelector('.panel .text')"
            "?.textContent.replaceAll('\\r\\n', '\\n') === text",
            arg=page.locator("#text textarea").input_value(),
        )
        texts.append(json.loads(saved(page, "JSON"))["text"])

    assert buttons.count() == len(set(texts)) == 4


def test_line_breaks_of_a_link_are_kept(open_page: Open, fake_url: str) -> None:
    """What a text box would change, CRLF, comes back as it was."""
    text = "Wolfgang,\r\n\tBerlin 👩‍🔬 🇳🇴.\r\n"
    packed = zlib.compressobj(wbits=-15)
    raw = packed.compress(json.dumps({"text": text}).encode()) + packed.flush()
    page = open_page(f"{fake_url}#ner={base64.urlsafe_b64encode(raw).decode().rstrip('=')}")
    expect(page.locator(".panel .text").first).to_contain_text("Wolfgang")

    assert text == json.loads(saved(page, "JSON"))["text"]


def test_the_seams_of_a_long_text_are_drawn(open_page: Open, fake_url: str) -> None:
    """A text of 5,000 characters has two, for a tagger with windows of 2,000."""
    page = open_page(fake_url)
    tag(page, "Berlin " * 714)

    assert 2 == page.locator(".seam").count()


def test_the_probe_tells_what_is_still_found(page: Page) -> None:
    """One column for each rewriting; a dictionary of names loses them all in lower case."""
    page.get_by_role("button", name="Probe robustness").click()
    table = page.locator(".probe")
    expect(table).to_be_visible()

    assert ["Entity", "lower case", "UPPER CASE", "no punctuation", "typos", "doubled spaces"] == [
        head.inner_text() for head in table.locator("thead th[scope=col]").all()
    ]
    assert 9 == table.locator("tbody tr").count()
    assert "lost" == table.locator("tbody tr").first.locator("td").first.inner_text()
    tag(page, "Oslo")
    expect(table).to_be_hidden()


# The browser's own measure of a freeze: tasks on its main thread.
LONG_TASKS = """
window.longest = 0;
new PerformanceObserver(list => {
    for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({type: 'longtask'});
"""


# What any browser takes to build and lay out all that is shown, in milliseconds.
BARE = """
() => {
    const shown = document.querySelector('#result');
    const begin = performance.now();
    const copy = shown.cloneNode(true);
    shown.parentNode.append(copy);
    copy.getBoundingClientRect();
    copy.remove();
    return performance.now() - begin;
}
"""


def longest_tasks(page: Page, text: str) -> dict[str, float]:
    """The longest task of each step, in milliseconds, from the answer on."""
    steps = {}
    rows_shown = page.locator('[data-part="entity-table"] tbody tr')

    def note(step: str) -> None:
        page.wait_for_function("new Promise(done => requestIdleCallback(() => done(true)))")
        steps[step] = page.evaluate("longest")
        page.evaluate("longest = 0")

    page.get_by_text("Entities", exact=True).click()
    page.locator("#text textarea").fill(text)
    page.evaluate(LONG_TASKS)
    page.locator("#text textarea").press("Control+Enter")
    expect(rows_shown).to_have_count(2000, timeout=30_000)
    note("result")
    page.get_by_role("slider").fill("0.7")
    expect(rows_shown).to_have_count(1800, timeout=30_000)
    note("threshold")
    page.get_by_text("Word pieces", exact=True).click()
    note("pieces")
    page.get_by_role("button", name="Side by side").click()
    note("split")
    page.locator('.panel[data-side="right"] .e').first.focus()
    page.keyboard.press("End")
    note("walk")
    return steps


def test_two_thousand_entities_are_complete_and_fluid(open_page: Open, fake_url: str) -> None:
    """20,000 characters with 2,000 entities: all shown, no step twice as long as showing it anew.

    What else a machine does only adds to a task's time, so the best of three runs counts.
    """
    names = ["Paris,", *["Berlin"] * 9] * 200
    text = "".join(f"{name} {number % 97:02} " for number, name in enumerate(names))
    runs = []
    for _ in range(3):
        page = open_page(fake_url)
        steps = longest_tasks(page, text)
        bare = min(page.evaluate(BARE) for _ in range(3))
        runs.append({step: took / bare for step, took in steps.items()})
        assert text == page.locator(".panel .text").first.text_content()

    best = {step: min(run[step] for run in runs) for step in runs[0]}
    assert {} == {step: times for step, times in best.items() if times > 2}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_our_markup(open_page: Open, fake_url: str, scheme: str) -> None:
    """All rules of axe-core over the whole page, Gradio's own markup included, all parts shown."""
    page = open_page(fake_url, color_scheme=scheme)
    tag(page, TEXT.lower())
    tag(page, TEXT)
    page.get_by_role("button", name="Python").click()
    page.get_by_role("button", name="Probe robustness").click()
    expect(page.locator(".probe")).to_be_visible()

    found = {
        violation["id"]: [node["html"][:200] for node in violation["nodes"]]
        for violation in Axe().run(page).response["violations"]
    }
    assert {} == found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_first_screen_answers_everything(
    open_page: Open, fake_url: str, screenshots: Path, scheme: str, width: int, height: int
) -> None:
    """What was found, whether the two agree and what it cost are seen without scrolling."""
    page = open_page(fake_url, color_scheme=scheme, viewport={"width": width, "height": height})
    tag(page, TEXT)
    page.screenshot(path=screenshots / f"page-{width}x{height}-{scheme}.png")

    tall = height > width
    for part in (
        '[data-part="agree"]',
        ".tile >> nth=1",
        *([] if tall else [".panel .e >> nth=0"]),
    ):
        expect(page.locator(part).first).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_all_words_of_the_stand_ins_are_used() -> None:
    """The expectations above cover every word that the dictionaries know."""
    known = {*WORDS, *INT8_WORDS}

    assert known == {line.rpartition(" ")[0] for line in [*ORIGINAL, *INT8]}
