"""What tab 'Evaluate' answers, without a browser."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fakes import INT8_WORDS, WORDS, DictionaryTagger, FakeSides, gate_of, loader_of, service_of
from gradio_client import Client
from gradio_client.exceptions import AppError

from ner.errors import FileFormatError, InputError
from ner.evaluating.evaluation import evaluate
from ner.evaluating.report import Report, report_sides
from ner.files.gold import parse_gold
from ner.io import read_lines
from ner.models.catalogue import ModelSpec, assets
from ner.models.open import Sides
from ner.serving.admission import WAITING
from ner.serving.bounds import Bounds, SlotBounds
from ner.tagging.choice import Choice
from ner.ui.controls import read_upload
from ner.ui.evaluate import EvaluateHandler

BOUNDS = Bounds()

GOLD = (
    "[Wolfgang](PER) lives in [Berlin](LOC)\n"
    "[Acme Corp](ORG) of [Paris](LOC) sued [Amazon](ORG)\n"
    "she left Oslo and [London](LOC)\n"
)
SIDES = ("bundled#original", "bundled#int8", "CPU")
SETTINGS = (*SIDES, "first", "", 1.0)
HOSTILE = "<img/src=x/onerror=alert(1)>"


def result(values: Iterator[dict[str, str]]) -> tuple[str, dict[str, Any]]:
    """The last value: its markup, and its data."""
    *_, last = values
    return last["html"], json.loads(last["data"]) if last["data"] else {}


def given(
    gold: str,
    *files: Path,
    pair: FakeSides | None = None,
    settings: tuple = SETTINGS,
    **bounds: int,
) -> tuple[str, dict[str, Any]]:
    handler = EvaluateHandler(loader_of(pair or FakeSides()), service_of(**bounds))
    first, second = [*map(str, files), None, None][:2]
    return result(handler.evaluate_gold(gold, first, second, False, *settings))


def test_the_tab_shows_the_numbers_of_the_command_line() -> None:
    """The JSON to download is what ``evaluate --json`` prints for the same gold."""
    _, data = given(GOLD)
    report = json.loads(data["files"]["evaluation.json"])
    sides, gold = FakeSides(), parse_gold(GOLD.split("\n"), "gold")
    one = evaluate(gold, DictionaryTagger(), DictionaryTagger(INT8_WORDS))
    provenance = report.pop("provenance")
    for same in (Report(one, tuple(sides.origins)), report_sides(sides, gold, Choice())):
        answer = same.json()
        # The date, and what the set is called, are another matter.
        assert provenance["sides"] == answer.pop("provenance")["sides"]
        assert answer == report


def test_every_download_tells_what_it_is_a_result_of() -> None:
    """Sides with their weights, set, settings, machine, versions and date: also on the page."""
    html, data = given(GOLD, settings=(*SETTINGS[:-2], "LOC, PER", 2.0))
    files = data["files"]
    told = json.loads(files["evaluation.json"])["provenance"]

    assert ["original", "int8"] == [side["recipe"] for side in told["sides"]]
    assert told["set"].startswith("your gold, SHA-256 ")
    assert (["LOC", "PER"], "first", 2.0) == (
        told["labels"],
        told["aggregation"],
        told["max_loss"],
    )
    for name in ("evaluation.csv", "errors.csv"):
        rows = {row[1]: row[2] for row in csv.reader(files[name].splitlines()) if len(row) == 3}
        assert (told["set"], told["date"]) == (rows["Set"], rows["Date"])
        assert all(
            side["weights"] in rows[name] for name, side in zip("AB", told["sides"], strict=True)
        )
    for written in (files["evaluation.md"], unescape(html)):
        for value in (told["set"], told["machine"], told["date"]):
            assert value in written
    assert "2 points of F1" in html


def test_other_gold_is_another_set() -> None:
    """One letter tells them apart, and so does lower case."""
    names = {
        json.loads(given(gold)[1]["files"]["evaluation.json"])["provenance"]["set"]
        for gold in (GOLD, GOLD.replace("lives", "live"))
    }
    assert 2 == len(names)
    handler = EvaluateHandler(loader_of(FakeSides()), service_of())
    _, data = result(handler.evaluate_set("general", True, *SETTINGS))
    provenance = json.loads(data["files"]["evaluation.json"])["provenance"]
    assert "general, built in, in lower case" == provenance["set"]


def matching(data: dict[str, Any], query: dict[str, Any]) -> int:
    """How many decisions a number opens; the script's rule in short."""
    [side] = [one for one in data["sides"] if one["side"] == query["side"]]

    def fits(wanted: str | None, span: list | None) -> bool:
        if wanted in (None, "O"):
            return wanted is None or span is None
        return span is not None and wanted in ("*", span[2])

    return sum(
        fits(query.get("gold"), gold)
        and fits(query.get("found"), found)
        and (
            "error" not in query
            or error == query["error"]
            or (query["error"] == "wrong" and error is not None)
        )
        and (not query.get("changed") or changed)
        and (
            "bucket" not in query or any(one and query["bucket"] in one[3] for one in (gold, found))
        )
        for _, gold, found, error, changed in side["decisions"]
    )


def test_each_count_opens_as_many_decisions_as_it_says() -> None:
    """Every button of a whole number leads to exactly so many entities."""
    html, data = given(GOLD)
    buttons = re.findall(r'data-open="([^"]*)"[^>]*>([\d,]+)</button>', html)
    assert len(buttons) > 20
    for query, count in buttons:
        assert int(count) == matching(data, json.loads(unescape(query))), query


def test_the_verdict_stands_on_top() -> None:
    """Too few entities for an answer are said to be so, with n."""
    html, _ = given(GOLD)
    assert html.startswith('<p class="verdict undecided" role="status">')
    assert "6 entities in 3 sentences" in html


def test_each_type_has_its_own_answer_with_both_f1() -> None:
    """Beside the answer for all types, and how many more entities would settle it."""
    html, data = given(GOLD)
    table = html.split("<h2>Verdict by type</h2>")[1].split("</section>")[0]
    for label in ("all types", "LOC", "ORG", "PER"):
        assert f'<th scope="row">{label}</th>' in table
    assert "undecided" in table
    answers = json.loads(data["files"]["evaluation.json"])["labels"]
    assert {"LOC", "ORG", "PER"} == set(answers)


def test_the_threshold_has_a_chart_for_each_figure_and_the_best_for_each_side() -> None:
    """On the scores that the two sides gave; it is said on what they were chosen."""
    html, _ = given(GOLD)
    section = html.split("Where to set the threshold")[1].split("</section>")[0]
    for name in ("F1", "Precision", "Recall"):
        assert f'aria-label="{name} in per cent over the threshold"' in section
    assert "the best on this very set" in section
    assert "Original is best without a threshold" in section
    # Dropping Amazon, Oslo and Acme, all wrong, gains precision.
    assert "INT8 is best at 0.9: F1 " in section


def test_files_without_scores_have_no_threshold(tmp_path: Path) -> None:
    """There is nothing to choose."""
    mine = tmp_path / "mine.txt"
    mine.write_text(GOLD, encoding="utf-8")
    assert "Where to set the threshold" not in given(GOLD, mine)[0]


def test_agreement_stands_beside_the_scores_by_type() -> None:
    """Whatever gold says, with how much each side finds."""
    html, _ = given(GOLD)
    section = html.split("<h2>Agreement</h2>")[1].split("</section>")[0]
    assert "Found by Original" in section
    assert "Found by INT8" in section
    assert '<th scope="row">ORG</th>' in section


OWN = {"origin": "bundled#int8", "document": 1}


@pytest.mark.parametrize(("label", "verdicts"), [("LOC", 0), ("ORG", 1)])
def test_gold_that_began_as_a_sides_output_is_no_fair_judge(label: str, verdicts: int) -> None:
    """Untouched it gives no verdict at all; corrected it comes with a warning."""
    spans = [
        {"start": 0, "end": 6, "label": label},
        {"start": 7, "end": 13, "label": "LOC"},
    ]
    html, data = given(json.dumps({"text": "Berlin London", "entities": spans, **OWN}))

    assert "began as the output of INT8" in html
    assert verdicts == html.count('class="verdict')
    report = json.loads(data["files"]["evaluation.json"])
    assert "the output of INT8" in report["notes"][0]
    assert (report["verdict"] is not None) == bool(verdicts)


def test_own_sets_are_evaluated() -> None:
    """The general set has no label that the model lacks; the medical one is refused with why."""
    handler = EvaluateHandler(loader_of(FakeSides()), service_of())
    html, data = result(handler.evaluate_set("general", False, *SETTINGS))
    assert len(data["sentences"]) >= 150
    assert "verdict" in html
    html, _ = result(handler.evaluate_set("medical", False, *SETTINGS))
    assert "labels that the model does not know: Chemical, Disease" in html
    html, _ = result(handler.evaluate_set("../general", False, *SETTINGS))
    assert "There is no gold set" in html


def test_lower_case_is_scored_in_lower_case() -> None:
    """The dictionaries know no lower-case name."""
    handler = EvaluateHandler(loader_of(FakeSides()), service_of())
    _, data = result(handler.evaluate_gold(GOLD, None, None, True, *SETTINGS))
    assert 0 == json.loads(data["files"]["evaluation.json"])["left"]["f1"]["value"]
    assert "wolfgang lives in berlin" == data["sentences"][0]


def test_only_the_labels_asked_for_count() -> None:
    """What is left out is in no decision."""
    _, data = given(GOLD, settings=(*SIDES, "first", "LOC, PER", 1.0))
    spans = [
        span for side in data["sides"] for one in side["decisions"] for span in one[1:3] if span
    ]
    assert {"LOC", "PER"} == {span[2] for span in spans}


@pytest.mark.parametrize(
    ("gold", "settings", "message"),
    [
        ("", SETTINGS, "Paste gold or load a file"),
        ("no tags here", SETTINGS, "tag"),
        ("Berlin\tB-LOC\nx\ty\tz\n", SETTINGS, "line 2"),
        ("x" * (BOUNDS.gold_characters + 1), SETTINGS, f"{BOUNDS.gold_characters:,} characters"),
        ("[a](DRUG)", SETTINGS, "does not know: DRUG"),
        (GOLD, (*SIDES, "first", "", 0), "over 0"),
        (GOLD, (*SIDES, "first", "", None), "over 0"),
        (GOLD, ("../x", "bundled#int8", "CPU", "first", "", 1.0), "no model called"),
        (GOLD, (*SIDES, "best", "", 1.0), "best"),
        (GOLD, (*SIDES, "first", "DRUG", 1.0), "no label DRUG"),
    ],
)
def test_what_cannot_be_evaluated_is_answered_with_a_sentence(
    gold: str, settings: tuple, message: str
) -> None:
    """No trace, no data, and what was expected instead."""
    html, data = given(gold, settings=settings)
    assert message in unescape(html)
    assert {} == data


def test_repaired_and_other_tags_are_told() -> None:
    """An I- after O is read as conlleval does, and its line named; IOBES is named."""
    assert "1 tags continue no entity" in given("Ada\tB-PER\nx\tO\nRome\tI-LOC\n")[0]
    assert "Tags are IOBES" in given("Ada\tS-PER\nin\tO\nRome\tS-LOC\n")[0]


def test_int8_that_is_not_served_leaves_the_original_alone() -> None:
    """One side, no verdict, and the reason."""
    html, data = given(GOLD, pair=FakeSides(right=None, gate=gate_of(0.812, 250)))
    assert "agrees with the original to 81.2 %" in unescape(html)
    assert ["Original"] == [side["name"] for side in data["sides"]]
    assert 'class="verdict' not in html


def test_predictions_from_files_need_no_model(tmp_path: Path) -> None:
    """One file is scored alone, two are compared; their names are those of the files."""
    mine, other = tmp_path / "mine.txt", tmp_path / "other.txt"
    mine.write_text(GOLD, encoding="utf-8")
    other.write_text(GOLD.replace("[Paris](LOC)", "Paris"), encoding="utf-8")
    pair = FakeSides(left=DictionaryTagger({}), right=None)

    html, data = given(GOLD, mine, pair=pair)
    assert 1.0 == json.loads(data["files"]["evaluation.json"])["left"]["f1"]["value"]
    assert 'class="verdict' not in html

    html, data = given(GOLD, mine, other, pair=pair)
    report = json.loads(data["files"]["evaluation.json"])
    assert ["mine.txt", "other.txt"] == [report[key]["model"] for key in ("left", "right")]
    assert [None, None] == [report[key]["recipe"] for key in ("left", "right")]
    assert {"added": 1, "removed": 0, "p": 1.0} == report["changes"]
    assert "other.txt's F1" in unescape(html)


def test_a_file_called_original_is_not_taken_for_the_model(tmp_path: Path) -> None:
    """Its name is shown as it is, and no sentence speaks of the original."""
    mine, other = tmp_path / "Original", tmp_path / "INT8"
    mine.write_text(GOLD, encoding="utf-8")
    other.write_text(GOLD.replace("[Paris](LOC)", "Paris"), encoding="utf-8")
    html, data = given(GOLD, mine, other, pair=FakeSides(left=DictionaryTagger({}), right=None))

    assert "Original's 100.0 %" in unescape(html)
    assert "the original" not in unescape(html)
    report = json.loads(data["files"]["evaluation.json"])
    assert ("Original", None) == (report["left"]["model"], report["left"]["recipe"])


def test_every_table_names_its_side() -> None:
    """By its title, as a reader knows it."""
    html, _ = given(GOLD)
    for name in ("Original", "INT8"):
        assert f"Confusion of types, {name}" in html
    assert "ScoredSide" not in html


@pytest.mark.parametrize("ends", ["\n", ""], ids=["lines", "one line"])
@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
def test_predictions_are_held_to_the_limit_of_gold(
    tmp_path: Path, ends: str, second: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever file is too long is named with the limit; no more than a part of it is read."""
    mine, long = tmp_path / "mine.txt", tmp_path / "long.txt"
    mine.write_text(GOLD, encoding="utf-8")
    long.write_text(f"words{ends}" * BOUNDS.gold_characters, encoding="utf-8")
    read = 0

    def counted(file: Path, *, limit: int) -> Iterator[str]:
        nonlocal read
        for line in read_lines(file, limit=limit):
            read += len(line)
            yield line

    monkeypatch.setattr("ner.ui.evaluate.read_lines", counted)
    html, data = given(GOLD, *((mine, long) if second else (long,)))

    assert f"long.txt is over the {BOUNDS.gold_characters:,} characters" in html
    assert {} == data
    assert read <= BOUNDS.gold_characters


def test_predictions_of_the_limit_are_read(tmp_path: Path) -> None:
    """The limit itself is allowed, in characters and not in bytes, with a mark before them."""
    file = tmp_path / "mine.txt"
    gold = GOLD.replace("lives", "🙂" * 100)
    file.write_text(gold, encoding="utf-8-sig")

    _, data = given(gold, file, gold_characters=len(gold))

    assert 1.0 == json.loads(data["files"]["evaluation.json"])["left"]["f1"]["value"]


def test_predictions_are_read_and_scored_in_a_place(tmp_path: Path) -> None:
    """With those of others who ask for long work; who finds them taken is told to wait."""
    mine = tmp_path / "mine.txt"
    mine.write_text(GOLD, encoding="utf-8")
    service = service_of(long=SlotBounds(1, 0, 0, 10.0))
    handler = EvaluateHandler(loader_of(FakeSides()), service)
    with service.long.slot():
        waiting, refused = handler.evaluate_gold(GOLD, str(mine), None, False, *SETTINGS)
    *_, served = handler.evaluate_gold(GOLD, str(mine), None, False, *SETTINGS)

    assert WAITING in waiting["html"]
    assert "Too many" in refused["html"]
    assert served["data"]


def test_markup_in_labels_and_file_names_is_inert(tmp_path: Path) -> None:
    """They are shown as they are."""
    file = tmp_path / "<b>x"
    file.write_text(f"Ada\tB-{HOSTILE}\n", encoding="utf-8")
    html, _ = given(f"Ada\tB-{HOSTILE}\n", file)
    assert "<img" not in html
    assert "<b>x" not in html
    assert "&lt;b&gt;x" in html


def lines(text: str, pair: FakeSides | None = None) -> tuple[str, dict[str, Any]]:
    return result(
        EvaluateHandler(loader_of(pair or FakeSides()), service_of()).compare_lines(text, *SETTINGS)
    )


def test_without_gold_the_differences_are_listed() -> None:
    """Blank lines are left out; each entity has its kind, drift and whether it is fragile."""
    _, data = lines("Wolfgang in Berlin\n\nAmazon left Paris\nOslo 🙂 London")
    assert ["Wolfgang in Berlin", "Amazon left Paris", "Oslo 🙂 London"] == data["sentences"]
    kinds = {(row[0], row[1]) for row in data["rows"]}
    assert {(1, "label"), (1, "only_left"), (2, "only_right"), (0, "same")} <= kinds


def test_without_gold_fragile_ones_stand_first_and_then_large_drifts() -> None:
    """The order in which they deserve a look."""
    _, data = lines("Acme Amazon Berlin London Wolfgang")
    fragile = [row[5] for row in data["rows"]]
    assert fragile == sorted(fragile, reverse=True)
    assert any(fragile)
    drifts = [abs(row[4]) for row in data["rows"] if not row[5]]
    assert drifts == sorted(drifts, reverse=True)


def test_without_gold_figures_are_of_the_whole_text() -> None:
    """The JSON has every line as ``compare`` answers it, and shares with intervals."""
    html, data = lines("Wolfgang in Berlin\nAmazon in London\n" * 10)
    report = json.loads(data["files"]["agreement.json"])
    assert 20 == len(report["lines"])
    assert 0.75 == report["agreement"]["value"]
    assert report["agreement"]["low"] <= 0.75 <= report["agreement"]["high"]
    assert "75.0" in html


def test_without_gold_the_accepted_loss_counts() -> None:
    """Nothing differs in 400 entities: that rules out a loss of one point, not of half a one."""
    text = "Wolfgang in Berlin\n" * 200

    def answer(points: float) -> str:
        handler = EvaluateHandler(loader_of(FakeSides()), service_of())
        return result(handler.compare_lines(text, *SETTINGS[:-1], points))[0]

    assert "Yes. INT8 finds what Original finds" in answer(1.0)
    assert "Undecided: about 200 more entities would settle it" in answer(0.5)


def test_without_gold_nobody_is_called_wrong() -> None:
    """However far two sides differ, only gold tells which one errs."""
    html, _ = lines("Wolfgang in Paris\nAmazon in Berlin\n" * 40)
    assert 'class="verdict undecided"' in html
    assert "gold would tell" in html


def test_lines_without_any_entity_agree() -> None:
    """Nothing found by either is no disagreement, and no evidence either."""
    html, data = lines("nothing\nat all")
    assert [] == data["rows"]
    assert "Undecided" in html


@pytest.mark.parametrize(("text", "message"), [(" \n", "Paste lines"), ("x" * 100_001, "100,000")])
def test_lines_that_cannot_be_compared(text: str, message: str) -> None:
    """None, or too many."""
    assert message in lines(text)[0]


def test_a_loaded_file_is_its_text(tmp_path: Path) -> None:
    """By its byte-order mark, with any line ends; too long or binary is refused."""
    file = tmp_path / "gold.conll"
    file.write_bytes("Zürich\tB-LOC\r\n".encode("utf-16"))
    assert "Zürich\tB-LOC" == read_upload(str(file), limit=BOUNDS.gold_characters)
    file.write_bytes(b"x\n" * BOUNDS.gold_characters)
    with pytest.raises(InputError, match="command line"):
        read_upload(str(file), limit=BOUNDS.gold_characters)
    file.write_bytes(b"PK\x03\x04\0\0")
    with pytest.raises(FileFormatError):
        read_upload(str(file), limit=BOUNDS.gold_characters)


def test_a_real_model_gets_the_same_numbers_in_the_tab_and_on_the_command_line(
    tiny_sides: Sides, tiny_spec: ModelSpec
) -> None:
    """Over the gold set of the project, digit by digit."""
    handler = EvaluateHandler(lambda *_: tiny_sides, service_of())
    _, data = result(handler.evaluate_set("general", False, *SETTINGS))
    gold = assets() / "gold" / "general.conll"
    command = [sys.executable, "-m", "ner", "evaluate", str(gold), "--json"]
    done = subprocess.run(
        [*command, "--model", str(tiny_spec.folder)], capture_output=True, check=False
    )
    # A tiny model finds nearly nothing of this gold, so there is no verdict.
    assert 2 == done.returncode

    report = json.loads(data["files"]["evaluation.json"])
    expected = json.loads(done.stdout)
    documents = expected.pop("documents")
    assert report.pop("provenance")["sides"] == expected.pop("provenance")["sides"]
    documents.pop("provenance")
    # The command line says model, device and precision of the same two sides.
    assert expected == report
    assert set(expected) == set(documents)
    assert documents["sentences"] < expected["sentences"]
    assert documents["left"]["support"] == expected["left"]["support"]
    assert expected["left"]["support"] > 300


@pytest.fixture(scope="module")
def client(fake_url: str) -> Iterator[Client]:
    """Over the dictionary pair."""
    with contextlib.closing(Client(fake_url, verbose=False)) as client:
        yield client


def test_the_endpoint_answers_what_the_tab_offers_as_json(client: Client) -> None:
    """One structure for the API, the download and, in its first part, the command line."""
    _, data = given(GOLD)

    answer = client.predict(GOLD, api_name="/evaluate")

    expected = json.loads(data["files"]["evaluation.json"])
    assert expected.pop("provenance")["sides"] == answer.pop("provenance")["sides"]
    assert expected == answer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gold": "nothing"}, "tag"),
        ({"gold": None}, "is null; expected a string"),
        ({"gold": "x" * (BOUNDS.gold_characters + 1)}, "at most 600,000"),
        ({"gold": GOLD, "max_loss": 0}, "over 0"),
        ({"gold": GOLD, "max_loss": "much"}, "expected a number"),
        ({"gold": GOLD, "left": "../x"}, "no model called"),
        ({"gold": GOLD, "labels": "LOC"}, "not a list"),
        ({"gold": GOLD, "labels": ["DRUG"]}, "no label DRUG"),
    ],
)
def test_the_endpoint_refuses_with_a_sentence(
    client: Client, arguments: dict[str, Any], message: str
) -> None:
    """What was given and what is expected, nothing more."""
    with pytest.raises(AppError, match=message):
        client.predict(**arguments, api_name="/evaluate")


def test_all_words_matter_here() -> None:
    """The two dictionaries differ in what the expectations above rely on."""
    assert WORDS.keys() - INT8_WORDS.keys() == {"Acme Corp", "Paris"}
