"""Tabs 'Evaluate' and 'Correct' in Chromium, over dictionaries; a console error fails a test."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fakes import INT8_WORDS, DictionaryTagger
from playwright.sync_api import Locator, Page, expect

from browser.fixtures import Open
from ner.evaluating.evaluation import evaluate
from ner.files.gold import parse_gold
from ner.io import split_lines

pytestmark = pytest.mark.browser

# The dictionaries find Wolfgang, Berlin, Ada Lovelace and, in the third line, Acme (Corp).
TEXT = "Wolfgang 👩‍🚀 left Berlin.\nAda Lovelace 🙂 too,\nbut 🇩🇪 Zoë 🙃 joined Acme Corp"
GOLD = (
    "[Wolfgang](PER) lives in [Berlin](LOC)\n"
    "[Acme Corp](ORG) of [Paris](LOC) sued [Amazon](ORG)\n"
    "she left Oslo and [London](LOC)"
)


def tab(page: Page, name: str) -> None:
    """Open a tab; on a narrow screen the last ones are behind a button."""
    found = page.get_by_role("tab", name=name, exact=True)
    if not found.count():
        page.locator(".overflow-menu > button").first.click()
        found = page.locator(".overflow-dropdown button", has_text=name)
    found.click()


def start(page: Page, text: str = TEXT, begin: str = "left") -> Locator:
    """Put a text into tab 'Correct'; gives the editor."""
    tab(page, "Correct")
    page.locator("#correct-text textarea").fill(text)
    number = len(kept(page)) + 1
    page.locator(f"#start-{begin}").click()
    expect(page.locator("#correction .actions").first).to_contain_text(f"Text {number} of {number}")
    return page.locator("#correction .editor")


def kept(page: Page) -> list[dict[str, Any]]:
    """The texts that the browser's storage holds."""
    stored = page.evaluate("localStorage.getItem('ner-corrections')")
    return json.loads(stored)["documents"] if stored else []


def entities(page: Page) -> list[str]:
    """The entities of the text last started, as 'text LABEL'."""
    one = kept(page)[-1]
    return [f"{one['text'][e['start'] : e['end']]} {e['label']}" for e in one["entities"]]


def select(page: Page, words: str) -> None:
    """Drag over ``words``, which lie on one line and in no entity."""
    box = page.evaluate(
        """words => {
            const walker = document.createTreeWalker(
                document.querySelector(".editor"), NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const at = walker.currentNode.data.indexOf(words);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(walker.currentNode, at);
                range.setEnd(walker.currentNode, at + words.length);
                const { left, right, top, bottom } = range.getBoundingClientRect();
                return [left, right, (top + bottom) / 2];
            }
        }""",
        words,
    )
    left, right, middle = box
    page.mouse.move(left + 1, middle)
    page.mouse.down()
    page.mouse.move(right - 1, middle, steps=4)
    page.mouse.up()


def paste_gold(page: Page, gold: str = GOLD) -> None:
    """Evaluate on pasted gold, and wait for the verdict on it."""
    tab(page, "Evaluate")
    tab(page, "Your gold")
    page.locator("#gold textarea").fill(gold)
    page.locator("#evaluate-given").click()
    expect(page.locator("#evaluation .verdict")).to_be_visible()


def overall(page: Page) -> list[str]:
    """Precision, recall and F1 of both models over all types, as shown."""
    row = page.get_by_role("region", name="Scores").locator("tbody tr").first
    return [cell.text_content() for cell in row.locator("button").all()]


def expected(gold: str) -> list[str]:
    """The same from the library."""
    found = evaluate(
        parse_gold(split_lines(gold), "gold"), DictionaryTagger(), DictionaryTagger(INT8_WORDS)
    )
    micro = [scores.micro for scores in found.sides]
    figures = [f"{100 * f:.1f}" for one in micro for f in (one.precision, one.recall, one.f1)]
    return [*figures, str(micro[0].support)]


def test_a_correction_on_the_third_line_changes_f1_by_the_right_amount(
    open_page: Open, fake_url: str, tmp_path: Path
) -> None:
    """Select a name after emoji, save CoNLL, load it into 'Evaluate': one more is missed."""
    page = open_page(fake_url)
    start(page)
    saved = tmp_path / "corrections.conll"
    f1 = []
    for corrected in (False, True):
        tab(page, "Correct")
        if corrected:
            select(page, "Zoë")
            page.keyboard.press("1")
            assert "Zoë PER" in entities(page)
        with page.expect_download() as download:
            page.locator("#save-conll").click()
        download.value.save_as(saved)
        tab(page, "Evaluate")
        tab(page, "Your gold")
        with page.expect_file_chooser() as chooser:
            page.locator("#gold-file").click()
        chooser.value.set_files(saved)
        expect(page.locator("#gold textarea")).to_have_value(saved.read_text().rstrip("\n") + "\n")
        page.locator("#evaluate-given").click()
        told = f"on {4 + corrected} entities in 2 sentences" if corrected else "No verdict"
        expect(page.locator("#evaluation")).to_contain_text(told)
        assert expected(saved.read_text()) == overall(page)
        f1.append(overall(page)[2])

    # 4 of 4 found; then 4 of 5 without anything spurious: 2 · 4 / (4 + 5).
    assert ["100.0", "88.9"] == f1


def test_spans_are_added_relabelled_and_deleted_by_keyboard(open_page: Open, fake_url: str) -> None:
    """From the keyboard alone, to the emoji; undo and redo go step by step."""
    page = open_page(fake_url)
    start(page, "🙂 Bob met Wolfgang", "right").focus()
    steps = [entities(page)]

    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    for _ in "Bob ":
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("1")
    steps.append(entities(page))
    page.keyboard.press("2")
    steps.append(entities(page))
    page.keyboard.press("n")
    page.keyboard.press("Delete")
    steps.append(entities(page))

    assert [
        ["Wolfgang PER"],
        ["Bob PER", "Wolfgang PER"],
        ["Bob ORG", "Wolfgang PER"],
        ["Bob ORG"],
    ] == steps
    for before in reversed(steps[:-1]):
        page.keyboard.press("Control+z")
        assert before == entities(page)
    for after in steps[1:]:
        page.keyboard.press("Control+y")
        assert after == entities(page)
    expect(page.locator("#correct-redo")).to_be_disabled()


def test_the_labels_are_buttons_too(open_page: Open, fake_url: str) -> None:
    """Double click selects a word, a button labels it, another deletes it; labels can be added."""
    page = open_page(fake_url)
    editor = start(page, "Zoë lives", "plain")
    editor.dblclick(position={"x": 25, "y": 20})
    page.locator("#correction button[data-label=LOC]").click()
    assert ["Zoë LOC"] == entities(page)

    page.get_by_label("New label").fill("Göttin")
    page.get_by_role("button", name="Add label").click()
    page.locator("#correction button[data-label=Göttin]").click()
    assert ["Zoë Göttin"] == entities(page)
    page.locator("#correct-delete").click()
    assert [] == entities(page)


def test_right_to_left_text_is_marked_where_it_was_selected(open_page: Open, fake_url: str) -> None:
    """Offsets are those of the text, whatever the direction in which it is drawn."""
    page = open_page(fake_url)
    start(page, "שלום ירושלים today", "plain")
    select(page, "ירושלים")
    page.keyboard.press("3")

    assert ["ירושלים LOC"] == entities(page)


def test_half_an_emoji_cannot_be_marked(open_page: Open, fake_url: str) -> None:
    """A selection is widened to whole words and graphemes, without white space at its ends."""
    page = open_page(fake_url)
    start(page, "a 👩‍🚀 b", "plain")
    page.evaluate(
        """() => {
            const node = document.querySelector(".editor").firstChild;
            getSelection().setBaseAndExtent(node, 1, node, 4);
        }"""
    )
    page.locator("#correction .editor").press("4")

    assert ["👩‍🚀 MISC"] == entities(page)


def test_the_text_itself_cannot_be_changed(open_page: Open, fake_url: str) -> None:
    """Typing, pasting and cutting leave it as it is."""
    page = open_page(fake_url)
    editor = start(page, "Berlin is\nlarge", "left")
    editor.focus()
    page.keyboard.press("Control+a")
    for keys in ("x", "Enter", "Control+x", "Control+v"):
        page.keyboard.press(keys)
    page.keyboard.insert_text("typed")

    assert "Berlin is\nlarge" == editor.text_content() == kept(page)[-1]["text"]
    assert ["Berlin LOC"] == entities(page)


def test_work_survives_a_reload_and_the_page_says_where_it_is_kept(
    open_page: Open, fake_url: str
) -> None:
    """Two texts, the second corrected; after a reload both are there, and can be taken away."""
    page = open_page(fake_url)
    start(page, "Berlin", "plain")
    start(page, "and Paris", "left")
    before = page.evaluate("correction.lines()")
    page.reload()

    expect(page.locator("#correction")).to_contain_text("Text 2 of 2, kept in this browser only")
    assert before == page.evaluate("correction.lines()")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#correction .editor")).to_have_text("Berlin")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#correct-save")).to_be_hidden()
    assert [] == kept(page)


@pytest.mark.parametrize(
    ("text", "begin", "end", "expected"),
    [
        ("two Berliners", 5, 8, "Berliners"),
        ("Apple's shares", 1, 3, "Apple"),
        (
            "Zoe\u0308 \N{CYRILLIC CAPITAL LETTER ZHE}ук",
            1,
            6,
            "Zoe\u0308 \N{CYRILLIC CAPITAL LETTER ZHE}ук",
        ),
        ("在北京大学", 1, 3, "北京"),
        ("AT&T rose", 3, 8, "T rose"),
    ],
)
def test_a_selection_is_widened_to_whole_words(
    open_page: Open, fake_url: str, text: str, begin: int, end: int, expected: str
) -> None:
    """By the tokens of gold; where words have no spaces between them, it stays as it is."""
    page = open_page(fake_url)
    start(page, text, "plain")
    page.evaluate(
        """([begin, end]) => {
            const node = document.querySelector(".editor").firstChild;
            getSelection().setBaseAndExtent(node, begin, node, end);
        }""",
        [begin, end],
    )
    page.locator("#correction .editor").press("1")

    assert [f"{expected} PER"] == entities(page)


def test_a_text_says_how_much_it_is_and_what_it_began_as(open_page: Open, fake_url: str) -> None:
    """Sentences as they are written, entities, and the changes since."""
    page = open_page(fake_url)
    start(page, "Mr. Wolfgang left Berlin. Ada Lovelace stayed.", "right")
    facts = page.locator("[data-part=facts]")

    expect(facts).to_have_text(
        "2 sentences, 3 entities; began as the output of INT8, 0 changes since"
    )
    page.locator("#correction .editor").focus()
    page.keyboard.press("n")
    page.keyboard.press("4")
    expect(facts).to_have_text(
        "2 sentences, 3 entities; began as the output of INT8, 1 change since"
    )
    start(page, "Berlin", "plain")
    expect(facts).to_have_text("1 sentence, 0 entities; by hand")


def test_a_result_is_taken_over_in_one_call(open_page: Open, fake_url: str) -> None:
    """The tab comes to the fore, also when it was never opened; scores are left behind."""
    page = open_page(fake_url)
    page.evaluate(
        """ner.correct.take({
            text: "Wolfgang left Oslo.", side: "right", title: "INT8",
            entities: [{start: 14, end: 18, label: "LOC", score: 0.58, text: "Oslo"}],
        })"""
    )

    expect(page.locator("#correction .editor")).to_have_text("Wolfgang left Oslo.")
    expect(page.locator("[data-part=facts]")).to_contain_text("began as the output of INT8")
    assert ["Oslo LOC"] == entities(page)


def test_corrections_go_to_evaluate_in_one_click(
    open_page: Open, fake_url: str, tmp_path: Path
) -> None:
    """The tab comes to the fore with the result on them; a forgotten file takes no part."""
    page = open_page(fake_url)
    tab(page, "Evaluate")
    tab(page, "Your gold")
    page.get_by_role("button", name="Score files of predictions").click()
    forgotten = tmp_path / "forgotten.txt"
    forgotten.write_text(GOLD, "utf-8")
    page.locator("#predictions-first input[type=file]").set_input_files(forgotten)
    expect(page.locator("#predictions-first")).to_contain_text("forgotten")
    start(page, TEXT, "plain")
    select(page, "Zoë")
    page.keyboard.press("1")
    page.locator("#send-to-evaluate").click()

    expect(page.locator("#evaluation .verdict")).to_contain_text("on 1 entity in 2 sentences")
    expect(page.locator("#gold textarea")).to_be_visible()
    expect(page.locator("#predictions-first")).not_to_contain_text("forgotten")


def test_a_sides_own_output_does_not_judge_it(open_page: Open, fake_url: str) -> None:
    """Untouched it gives no verdict; changed a little, the verdict comes with a warning."""
    page = open_page(fake_url)
    start(page, TEXT, "right")
    page.locator("#send-to-evaluate").click()
    expect(page.locator("#evaluation")).to_contain_text("a side finds exactly this gold")
    expect(page.locator("#evaluation .verdict")).to_have_count(0)

    tab(page, "Correct")
    select(page, "Zoë")
    page.keyboard.press("1")
    page.locator("#send-to-evaluate").click()
    # For a moment the old answer is on show, marked as old.
    notice = page.locator("#evaluation .notice:not(.stale-note)")
    expect(notice).to_contain_text("began as the output of INT8")
    expect(page.locator("#evaluation .verdict")).to_be_visible()


@pytest.mark.parametrize("form", ["jsonl", "spacy"])
def test_json_lines_are_saved_whole(open_page: Open, fake_url: str, form: str) -> None:
    """The text with its line ends and emoji, and offsets in code points."""
    page = open_page(fake_url)
    start(page)
    with page.expect_download() as download:
        page.locator(f"#save-{form}").click()

    [sentence] = parse_gold(split_lines(Path(download.value.path()).read_text("utf-8")), "saved")
    assert TEXT == sentence.tagged.text
    assert "Acme Corp" == sentence.tagged.spelled(sentence.tagged.entities[-1])


def test_a_number_opens_the_sentences_behind_it(open_page: Open, fake_url: str) -> None:
    """As many entities as it says; gold and both models, alike ones together; closing goes back."""
    page = open_page(fake_url)
    paste_gold(page)
    button = page.get_by_role("button", name="Original, recall, all types").or_(
        page.get_by_role("button", name="INT8, missed: 1")
    )
    button.click()
    behind = page.locator(".behind")

    expect(behind.locator("h3")).to_have_text("INT8, missed: 1: 1 entity in 1 sentence")
    expect(behind.locator("h3")).to_be_focused()
    assert ["Gold, Original", "INT8"] == behind.locator("b").all_text_contents()
    expect(behind.locator(".mark.chosen")).to_have_text("Paris")
    behind.get_by_role("button", name="Close").click()
    expect(behind).to_have_count(0)
    expect(button).to_be_focused()


def test_every_count_is_that_of_what_it_opens(open_page: Open, fake_url: str) -> None:
    """The script's rule for a number and the server's number are the same."""
    page = open_page(fake_url)
    paste_gold(page)
    counts = page.locator("#evaluation .open").filter(has_text="").all()
    whole = [one for one in counts if one.text_content().replace(",", "").isdigit()]
    assert len(whole) > 20
    for one in whole:
        one.click()
        title = page.locator(".behind h3").text_content()
        assert f": {one.text_content()} entit" in title


def test_figures_are_those_of_the_library(open_page: Open, fake_url: str) -> None:
    """What the table shows, and what the downloaded JSON says."""
    page = open_page(fake_url)
    paste_gold(page)
    assert expected(GOLD) == overall(page)
    for name in ("evaluation.json", "evaluation.csv", "errors.csv", "evaluation.md"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert name == download.value.suggested_filename
        assert Path(download.value.path()).read_text("utf-8").strip()


def test_two_files_of_predictions_are_compared(
    open_page: Open, fake_url: str, tmp_path: Path
) -> None:
    """Uploaded beside pasted gold; both are called by their names."""
    page = open_page(fake_url)
    tab(page, "Evaluate")
    tab(page, "Your gold")
    page.locator("#gold textarea").fill(GOLD)
    page.get_by_role("button", name="Score files of predictions").click()
    for name in ("first", "second"):
        file = tmp_path / f"{name}.txt"
        file.write_text(GOLD if name == "first" else GOLD.replace("[Paris](LOC)", "Paris"), "utf-8")
        page.locator(f"#predictions-{name} input[type=file]").set_input_files(file)
        expect(page.locator(f"#predictions-{name}")).to_contain_text(name)
    page.locator("#evaluate-given").click()

    expect(page.locator("#evaluation .verdict")).to_contain_text(
        "second.txt's F1 is 90.9 %, 9.1 points below first.txt's 100.0 %"
    )
    assert ["100.0"] * 3 + ["100.0", "83.3", "90.9"] == overall(page)[:6]


def test_without_gold_the_table_is_filtered_by_kind_and_label(
    open_page: Open, fake_url: str
) -> None:
    """Kind and label narrow it, and the count follows."""
    page = open_page(fake_url)
    tab(page, "Evaluate")
    tab(page, "Your text, without gold")
    page.locator("#lines textarea").fill("Wolfgang in Paris\nAmazon in Berlin\nAcme in 🙂 Oslo")
    page.locator("#evaluate-lines").click()
    rows = page.locator("[data-part=line-rows] tr")

    expect(rows).to_have_count(3)
    page.locator("[data-filter=kind]").select_option("label")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Amazon")
    page.locator("[data-filter=kind]").select_option("")
    page.locator("[data-filter=label]").select_option("PER")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Wolfgang")
    expect(page.locator("[data-part=count]")).to_have_text("1 entity")


def test_hostile_text_and_labels_do_nothing(open_page: Open, fake_url: str) -> None:
    """Markup in gold and in a corrected text is text."""
    page = open_page(fake_url)
    hostile = "<img src=x onerror=window.hacked=1></span><script>window.hacked=1</script>"
    editor = start(page, f"{hostile} Berlin")
    assert f"{hostile} Berlin" == editor.text_content()
    paste_gold(page, f"[Berlin](LOC) {hostile}\n[{hostile}](PER)")
    page.get_by_role("button", name="Original, missed").click()
    expect(page.locator(".behind .mark.chosen")).to_have_text(hostile)
    assert page.evaluate("window.hacked") is None


def test_the_tab_opens_with_what_is_recorded_and_the_set_of_the_model(
    open_page: Open, fake_url: str
) -> None:
    """Both follow the left side's model."""
    page = open_page(fake_url)
    tab(page, "Evaluate")
    expect(page.locator("#recorded")).to_contain_text("Recorded for General English")
    expect(page.locator("#own-set input")).to_have_value(re.compile("^General English"))
    page.get_by_label("A", exact=True).click()
    page.get_by_role("option", name=re.compile("^Medical.*Original")).click()

    expect(page.locator("#recorded")).to_contain_text("Recorded for Medical English")
    expect(page.locator("#own-set input")).to_have_value(re.compile("^Medical"))


def test_a_result_grows_old_with_its_settings(open_page: Open, fake_url: str) -> None:
    """It says so and can't be saved, until they are as before or it is made anew."""
    page = open_page(fake_url)
    paste_gold(page)
    note = page.locator("#evaluation .stale-note")
    download = page.get_by_role("button", name="evaluation.json")
    expect(note).to_have_count(0)
    page.get_by_label("Accepted loss, F1 points").fill("2")
    expect(note).to_contain_text("have changed since")
    expect(download).to_be_disabled()
    page.get_by_label("Accepted loss, F1 points").fill("1")
    expect(note).to_have_count(0)
    expect(download).to_be_enabled()

    page.locator("#gold textarea").fill(GOLD.replace("lives", "lived"))
    expect(note).to_be_visible()
    page.locator("#evaluate-given").click()
    expect(note).to_have_count(0)
    expect(download).to_be_enabled()


def test_the_verdict_tells_what_it_is_of(open_page: Open, fake_url: str) -> None:
    """Sides, set, settings, machine and date."""
    page = open_page(fake_url)
    paste_gold(page)
    basis = page.locator("#evaluation .basis")
    for told in (
        "bundled#original",
        "bundled#int8",
        "your gold, SHA-256",
        "1 points of F1",
        "Date",
    ):
        expect(basis).to_contain_text(told)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, fake_url: str, scheme: str) -> None:
    """All rules of axe-core over both tabs with everything open."""
    page = open_page(fake_url, color_scheme=scheme)
    start(page)
    assert {} == violations(page)
    paste_gold(page)
    page.get_by_role("button", name="INT8, missed").click()
    page.locator("#evaluation summary").first.click()
    assert {} == violations(page)
    tab(page, "Your text, without gold")
    page.locator("#lines textarea").fill("Wolfgang in Paris\nAmazon in Berlin")
    page.locator("#evaluate-lines").click()
    expect(page.locator("[data-part=line-rows] tr")).to_have_count(2)
    assert {} == violations(page)


def violations(page: Page) -> dict[str, list[str]]:
    return {
        violation["id"]: [node["html"][:300] for node in violation["nodes"]]
        for violation in Axe().run(page).response["violations"]
    }


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_nothing_is_wider_than_the_screen(
    open_page: Open, fake_url: str, screenshots: Path, width: int, height: int
) -> None:
    """The verdict is seen at once; tables scroll in their own boxes."""
    page = open_page(fake_url, viewport={"width": width, "height": height})
    start(page)
    page.screenshot(path=screenshots / f"correct-{width}x{height}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paste_gold(page)
    expect(page.locator("#evaluation .verdict")).to_be_in_viewport()
    page.screenshot(path=screenshots / f"evaluate-{width}x{height}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
