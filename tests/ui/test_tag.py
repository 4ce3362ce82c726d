"""What tab 'Tag' answers, without a browser."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fakes import INT8_WORDS, DictionaryTagger, FakeSides, Waited, gate_of, loader_of, service_of

from ner import schema
from ner.comparing.timing import Latency, Timing
from ner.entities import Entity, Explained, Tagged
from ner.machine import describe
from ner.models.child import OnStage
from ner.models.recipes import Variant
from ner.serving.bounds import Bounds
from ner.tagging.choice import Choice
from ner.ui import tag
from ner.ui.jobs import Loader, Site
from ner.ui.tagged import _pace

BOUNDS = Bounds()
REQUEST = SimpleNamespace(session_hash="a visitor", request=None)
SIDES = ("bundled#original", "bundled#int8", "CPU")
TEXT = "My name is Wolfgang and I live in Berlin. Ada Lovelace saw Acme Corp, Paris and the Amazon."


def answers(
    sides: FakeSides | None = None,
    text: str = TEXT,
    *,
    load: Loader | None = None,
    left: str = SIDES[0],
    reading: str = "segments",
    threshold: float = 0.0,
    without: str = "[]",
    view: str = "merged",
) -> list[dict[str, str]]:
    site = Site(load or loader_of(sides or FakeSides()), service_of())
    asked = (text, left, *SIDES[1:], "first", reading, threshold, without, view)
    return list(tag.tag(site)(REQUEST, *asked))


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\ufeff", "…!"])
def test_a_text_without_words_is_answered_without_the_model(text: str) -> None:
    """Nothing to tag gets a hint, and no model is opened or called."""
    pair = FakeSides()
    [answer] = answers(pair, text)
    assert "Type or paste a text" in answer["html"]
    assert 0 == pair.calls


def test_a_text_over_the_limit_is_refused_before_tagging() -> None:
    """The sentence names the limit; a text of the limit itself is tagged."""
    pair = FakeSides()
    [answer] = answers(pair, "a" * (BOUNDS.text_characters + 1))
    assert "20,000" in answer["html"]
    assert 0 == pair.calls
    [answer] = answers(pair, "a" * BOUNDS.text_characters)
    assert BOUNDS.text_characters == len(json.loads(answer["data"])["text"])


def test_hints_stand_above_the_result() -> None:
    """Of case, of a text for another model, of sides that share no label; mostly none."""
    assert "no capital letters" in answers(text=TEXT.lower())[0]["html"]
    medical = "The methotrexate toxicity led to pancytopenia and rheumatoid arthritis in Berlin."
    assert "try the model Medical English" in answers(text=medical)[0]["html"]
    assert "notice" not in answers()[0]["html"]


def test_an_int8_that_failed_its_gate_is_explained() -> None:
    """The original alone, under a sentence with the gate's figures; nothing that needs two."""
    [answer] = answers(FakeSides(right=None, gate=gate_of(0.812, 250)))
    assert "81.2 %" in answer["html"]
    assert "Original alone finds 6 names<" in answer["html"]
    assert ">, in 76.6 MB.<" in answer["html"]
    assert 'data-l="ORG"' in answer["html"]
    assert "Side by side" not in answer["html"]
    assert 1 == len(json.loads(answer["data"])["sides"])


def test_stages_of_preparing_are_told_in_order() -> None:
    """Each stage is an answer of its own before the result."""
    load = loader_of(FakeSides(), ["export", "quantize", "check"])
    *stages, result = answers(load=load)
    told = [stage["html"].split(": ")[1].split(" …")[0] for stage in stages]
    assert ["export", "quantize", "check"] == told
    assert result["data"]


def test_an_unexpected_error_is_logged_and_only_its_id_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The visitor sees an id that leads to the log entry, and nothing of the error itself."""

    def broken(left: Variant, right: Variant, device: str, report: OnStage) -> FakeSides:
        raise OSError("/secret/path")

    with caplog.at_level(logging.ERROR):
        [answer] = answers(load=broken)  # type: ignore[arg-type]
    assert "secret" not in answer["html"]
    [record] = caplog.records
    assert str(record.args[0]) in answer["html"]  # type: ignore[index]


def test_the_filter_is_of_what_was_found() -> None:
    """A threshold and labels left out change what is shown; the legend counts hidden ones too."""
    shown = json.loads(answers(threshold=0.6, without='["PER"]')[0]["data"])["sides"]
    assert [[["LOC"], ["ORG"], ["LOC"]], [["LOC"], ["ORG"]]] == [
        [[label] for _, _, label in side["entities"]] for side in shown
    ]
    html = answers(threshold=0.6, without='["PER"]')[0]["html"]
    assert 'data-label="PER"' in html
    assert 'data-label="PER" checked' not in html
    assert "below the threshold" in answers(threshold=0.54)[0]["html"]


def test_each_side_says_what_it_makes_of_a_pair() -> None:
    """Label, score and the next best; a close call where another label comes near."""
    words = {"Oslo": ("LOC", 0.55), "Berlin": ("LOC", 0.97)}
    pair = FakeSides(left=DictionaryTagger(words), right=DictionaryTagger({"Oslo": words["Oslo"]}))
    [answer] = answers(pair, "Berlin and Oslo")
    berlin, oslo = json.loads(answer["data"])["told"]
    assert "Berlin, location 0.97 at 0–6" in berlin[0]
    assert berlin[1].startswith("not found: O")
    assert all("a close call" in line for line in oslo)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ([4.0] * 9, [2.0] * 9, "2.0 × as fast"),
        ([4.0] * 9, [5.0] * 9, "25 % slower"),
        ([4.0, 4.01] * 9, [4.01, 4.0] * 9, "no clear difference in speed"),
        ([4.0, 9.0] * 9, [9.0, 4.0] * 9, "speed still uncertain"),
    ],
)
def test_speed_is_said_only_as_far_as_the_interval_tells(
    left: list[float], right: list[float], said: str
) -> None:
    """'No clear difference' only where the whole interval is within a tenth of 1."""
    assert said == _pace(Timing(Latency(tuple(left)), Latency(tuple(right))))


def times(
    *, others: bool = False, text: str = TEXT, tagger: DictionaryTagger | None = None
) -> list[dict[str, str]]:
    site = Site(loader_of(FakeSides(tagger)), service_of())
    if others:
        site.service.short = Waited(site.service.bounds.short)
    return list(tag.time(site)(REQUEST, text, *SIDES, "max", "segments", "7"))


def test_times_tick_in_until_there_are_enough() -> None:
    """Each value has more runs than the one before; they end at once when others wait."""
    ticks = times()
    assert "timing …" in ticks[0]["html"] or 1 == len(ticks)
    assert json.loads(ticks[-1]["data"]) == {"ticket": "7", "finished": True}
    assert "timing …" not in ticks[-1]["html"]
    assert 1 == len(times(others=True))


def test_memory_is_told_once_it_is_known() -> None:
    """Of a process with each side alone, after the times."""
    site = Site(loader_of(FakeSides()), service_of(), lambda side: 3 * side.size)
    asked = (REQUEST, TEXT, *SIDES, "max", "segments", "7")
    *before, last = [told["html"] for told in tag.time(site)(*asked)]
    assert "in memory: A 230 MB, B 58.8 MB" in last
    assert before
    assert not any("in memory" in told for told in before)


def test_a_long_text_is_timed_in_part() -> None:
    """The first 2,000 characters, which is said."""
    tagger = DictionaryTagger()
    *_, last = times(text="Berlin " * 1000, tagger=tagger)
    assert {2000} == {len(text) for text in tagger.seen}
    assert "first 2,000 characters" in last["html"]


@pytest.mark.parametrize(("extensions", "told"), [(("AVX2",), True), (("AVX512-VNNI",), False)])
def test_int8_on_a_cpu_without_its_instructions_is_explained(
    extensions: tuple[str, ...], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside its time, which is no better than the original's there."""
    machine = replace(describe(), vector_extensions=extensions)
    monkeypatch.setattr("ner.ui.tag.describe", lambda: machine)
    assert told == ("this CPU lacks VNNI" in times()[-1]["html"])


@pytest.mark.parametrize("reading", ["segments", "whole"])
def test_how_long_texts_are_read_goes_to_both_sides_and_back(reading: str) -> None:
    """Into the link and the program that repeat it, too."""
    [*_, answer] = answers(reading=reading)
    assert reading == json.loads(answer["data"])["settings"]["reading"]
    assert {"reading": reading} == tag.parse_link(json.dumps({"reading": reading}))


def test_a_newer_question_ends_the_one_before() -> None:
    """Of one visitor: nobody waits for the older answer, which is not shown."""
    site = Site(loader_of(FakeSides(), ["export", "quantize"]), service_of())
    ask = tag.tag(site)
    first = ask(REQUEST, TEXT, *SIDES, "first", "segments", 0.0, "[]", "merged")
    next(first)
    assert [""] != [
        it["data"] for it in ask(REQUEST, TEXT, *SIDES, "first", "segments", 0.0, "[]", "x")
    ]
    assert [] == list(first)


def probed(text: str, sides: FakeSides | None = None) -> str:
    site = Site(loader_of(sides or FakeSides()), service_of())
    *_, last = tag.robustness(site)(REQUEST, text, *SIDES, "first", "segments")
    return last


def test_the_probe_shows_what_both_lose() -> None:
    """How many are kept by rewriting; in a cell one word where both agree, else two."""
    words = {"Berlin": ("LOC", 0.9), "Oslo": ("LOC", 0.8)}
    right = DictionaryTagger({"Berlin": words["Berlin"]})
    answer = probed("Berlin, Oslo.", FakeSides(left=DictionaryTagger(words), right=right))
    assert ">0 of 2 / 0 of 1</td>" in answer
    assert re.search(' no" data-head="[^"]+">lost / not found</td>', answer)
    assert ">kept</td>" in answer
    assert "5,000" in probed("a" * 5001)
    assert "INT8 is not served" in probed("Berlin", FakeSides(right=None))
    assert "Neither side finds an entity" in probed("nothing")


def saved(kind: str, text: str = TEXT, sides: FakeSides | None = None, **filter_: Any) -> str:
    site = Site(loader_of(sides or FakeSides()), service_of())
    threshold, without = filter_.get("threshold", 0.0), filter_.get("without", "[]")
    *_, last = tag.save(site)(REQUEST, text, *SIDES, "first", "segments", threshold, without, kind)
    told = json.loads(last["value"])
    return str(told.get("content", told.get("problem")))


def test_the_saved_json_is_what_the_api_answers() -> None:
    """All of it without a filter; with one, what compare answers for those settings."""
    for choice in (Choice(), Choice(threshold=0.6, labels=("ORG", "LOC", "MISC"))):
        pair = FakeSides()
        comparison = pair.compare(TEXT, choice)
        assert comparison.agreement is not None
        expected = schema.agreement_json(comparison.agreement, pair.origins, None)
        without = '["PER"]' if choice.labels else "[]"
        told = json.loads(saved("json", threshold=choice.threshold, without=without))
        provenance = told.pop("provenance")
        assert expected == told
        assert choice.threshold == provenance["threshold"]


def test_the_saved_csv_is_read_back_and_runs_nothing() -> None:
    """After a line on where it comes from a row for each pair; formulas become texts."""
    comment, *lines = saved("csv").split("\r\n")
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    assert comment.startswith("# provenance = {")
    assert {"same", "boundary", "label", "only_left"} == {row["difference"] for row in rows}
    assert "Acme" in [row["text_b"] for row in rows]


def test_the_saved_conll_has_both_tags() -> None:
    """Token, tag of the original, tag of INT8; a blank line where the text has a line break."""
    lines = saved("conll", "Ada Lovelace\nin Paris").splitlines()[1:]
    assert [
        "Ada\tB-PER\tB-PER",
        "Lovelace\tI-PER\tI-PER",
        "",
        "in\tO\tO",
        "Paris\tB-LOC\tO",
    ] == lines


def test_the_saved_page_stands_alone() -> None:
    """It has the text, all rows and where they come from, and names no other address."""
    page = saved("html")
    assert "Wolfgang" in page
    assert "&#34;machine&#34;" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_the_saved_program_says_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is valid Python that calls compare with the text and the settings on show."""
    calls: list[tuple[Any, Any]] = []
    stand_in = ModuleType("ner")
    stand_in.compare = lambda *a, **k: calls.append((a, k)) or SimpleNamespace(pairs=[])  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "ner", stand_in)
    program = saved("py", threshold=0.5, without='["PER"]')
    exec(program, {})  # noqa: S102 - it is ours
    [(texts, options)] = calls
    assert (TEXT,) == texts
    assert {"threshold": 0.5, "labels": ["ORG", "LOC", "MISC"]} == options


def test_a_format_that_there_is_not_is_refused() -> None:
    """In words, for the place where a file would be told of."""
    assert "no format 'xml'" in saved("xml")


def test_tables_have_every_pair_and_piece() -> None:
    """Both sides of each pair, what differs, and the pieces of both."""
    site = Site(loader_of(FakeSides()), service_of())
    *_, html = tag.tables(site)(REQUEST, TEXT, *SIDES, "first", "segments", 0.0, "[]")
    for part in ("Acme Corp → Acme", "boundary differs", "label differs", "not found in B", "Wolf"):
        assert part in html


def test_names_that_overlap_share_a_place() -> None:
    """Where one side sees one name and the other two, the rails show all three."""

    class Two(DictionaryTagger):
        def explain(self, text: str) -> Explained:
            found = super().explain(text)
            ends = (Entity(0, 4, "ORG", 0.9), Entity(5, 9, "LOC", 0.8))
            return replace(found, tagged=Tagged(text, ends))

    words = {"Acme Corp": ("ORG", 0.88)}
    sides = FakeSides(left=DictionaryTagger(words), right=Two(INT8_WORDS))
    html = answers(sides, "Acme Corp")[0]["html"]
    assert 1 == html.count("rails")
    assert ["A ORG 0.88", "B ORG 0.90", "B LOC 0.80"] == [
        part.split('"')[0] for part in html.split('data-l="')[1:]
    ]


@pytest.mark.parametrize("kept", ["", "no JSON", "[1]", '{"text": 3, "left": []}', "[" * 9999])
def test_what_a_link_brings_is_checked(kept: str) -> None:
    """It is the visitor's; what can't be read is left alone."""
    assert {} == tag.parse_link(kept)
    assert {"text": "Oslo", "threshold": 1} == tag.parse_link('{"text": "Oslo", "threshold": 1}')
