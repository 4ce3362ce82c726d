"""What tab 'Decide' answers, without a browser: texts, measuring, verdict, cards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import FakeSides, fake_recipes, loader_of, service_of

from ner.choosing import contenders
from ner.errors import InputError, ModelRefused
from ner.files.pasted import read_texts
from ner.models.open import Side
from ner.models.recipes import Variant
from ner.serving.admission import WAITING
from ner.ui.decide import Decided, judge_again, measure_texts, recognize, sign, stand
from ner.ui.jobs import Site, stop

REQUEST = SimpleNamespace(session_hash="a visitor", request=None)
SIDES = ("bundled#original", "bundled#int8")
LIMITS = (1.0, 95.0, None, None)
PLAIN = "Wolfgang in Paris\n\nAmazon in Berlin\nOslo 🙂 London"
GOLD = "Wolfgang B-PER\nin O\nBerlin B-LOC\n\nAmazon B-ORG\nof O\nAda B-PER\nLovelace I-PER\n"


@pytest.fixture(autouse=True)
def recipes() -> Iterator[None]:
    """Recipes that open at once."""
    with fake_recipes():
        yield


def site(sides: FakeSides | None = None, **bounds: Any) -> Site:
    return Site(loader_of(sides or FakeSides()), service_of(**bounds))


def measured(
    text: str = PLAIN,
    chosen: str = "",
    mapping: str = "",
    limits: tuple[float | None, ...] = LIMITS,
    at: Site | None = None,
) -> list[tuple[dict[str, str], Decided | None]]:
    run = measure_texts(at or site())
    return list(run(REQUEST, text, chosen, mapping, *SIDES, "CPU", False, *limits))


def last(*args: Any, **kwargs: Any) -> tuple[str, dict[str, Any]]:
    """The last value: its markup, and its data."""
    value, _ = measured(*args, **kwargs)[-1]
    return unescape(value["html"]), json.loads(value["data"]) if value["data"] else {}


def test_progress_comes_before_the_result() -> None:
    """From the first second on, with what is known of the sides before anything is timed.

    The state that other limits are applied to comes with the end.
    """
    *steps, (value, found) = measured()
    assert "Comparing both sides" in steps[0][0]["html"]
    assert re.search(r"INT8 agrees with Original to \d.* %\. Measuring:", steps[-1][0]["html"])
    assert all(state is None for _, state in steps)
    assert found is not None
    assert value["data"]


def test_without_labels_agreement_decides_and_what_differs_is_dealt() -> None:
    """The winner is named, in at most twelve words; one card for each difference."""
    html, data = last()
    short = html.split("<strong>")[1].split("</strong>")[0]
    assert len(short.split()) <= 12
    assert "verdict undecided" in html
    assert {"Wolfgang in Paris", "Amazon in Berlin", "Oslo 🙂 London"} == set(data["texts"])
    assert 3 == len(data["cards"])
    assert "3 differences in 3 texts" in html
    assert {"agreement.json", "choose.json"} == set(data["files"])
    assert "python -m ner choose --texts texts.txt --model bundled" in html


def test_what_was_found_of_b_is_told_beside_a_verdict_of_another() -> None:
    """Whether it fits, why, and how many more texts would tell."""
    *_, (value, found) = measured()
    assert found is not None
    named = json.loads(json.loads(value["data"])["files"]["choose.json"])["named"]
    other = {"bundled#int8": "bundled#int8-weights"}.get(named, "bundled#int8")
    assert "on B:" not in judge_again(found, SIDES[0], named, *LIMITS)["html"]
    told = unescape(judge_again(found, SIDES[0], other, *LIMITS)["html"])
    assert re.search(r"on B: undecided; agreement .* 95 % asked for\. \d+ more text", told)
    assert "<p>Original, on B: yes.</p>" in judge_again(found, *SIDES[:1] * 2, *LIMITS)["html"]


def test_with_labels_the_loss_of_f1_decides() -> None:
    """By type, with the texts that are wrong, and files for the record."""
    html, data = last(GOLD)
    assert "Verdict by type" in html
    assert "Texts that are wrong" in html
    assert 'data-who="INT8"' in html
    assert "cards" not in data
    assert {"evaluation.json", "errors.csv"} < set(data["files"])
    assert "--max-loss 1" in html


def test_the_report_to_sign_is_made_of_what_was_measured() -> None:
    """By sentence as on the page, and as documents; with the texts' hash and what it costs."""
    place = site()
    *_, (_, found) = measured(GOLD, at=place)
    *_, (said, page) = sign(place)(REQUEST, found, "CPU", 2.0)
    assert "report.html" in said
    for part in ("2.0 points", sha256(GOLD.encode()).hexdigest(), "ms a text", "19.6", "Sign"):
        assert part in page


def test_recipes_stand_in_a_table_and_a_picture() -> None:
    """Each with its size and time, what it is on, and what could be made."""
    html, _ = last()
    for part in ("76.6", "19.6", "ms a text", "Put INT8 on side B", "Not made.", "<svg"):
        assert part in html
    assert 'data-make="bundled#' in html


def test_a_recipe_that_cant_be_made_has_its_reason_in_its_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In place of figures and of the button that makes it; the file has it too."""
    open_fake = contenders.open_side

    def open_some(variant: Variant, **settings: Any) -> Side:
        if variant.recipe.name == "int8-weights":
            raise ModelRefused("Its embeddings have no columns.")
        return open_fake(variant, **settings)

    monkeypatch.setattr(contenders, "open_side", open_some)
    html, data = last()
    row = html.split("Its embeddings have no columns.")[0].rpartition("<tr")[2]
    assert "INT8 weights" in row
    assert 'data-make="bundled#int8-weights"' not in html
    assert ["bundled#int8-weights"] == [
        one["name"] for one in json.loads(data["files"]["choose.json"])["refused"]
    ]


def test_other_limits_give_another_verdict_from_what_was_measured() -> None:
    """Nothing is measured again; before there is a result nothing happens."""
    *_, (_, found) = measured()
    assert found is not None
    told = judge_again(found, *SIDES, 1.0, None, None, 10.0)
    assert "None fits" in unescape(told["html"])
    *_, (_, found) = measured(GOLD)
    told = judge_again(found, *SIDES, 90.0, None, None, None)
    assert "90.0 points you accept" in told["html"]
    assert "html" not in judge_again(None, *SIDES, *LIMITS)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"limits": (0.0, 95.0, None, None)}, "The accepted loss must be over 0"),
        ({"limits": (1.0, 100.0, None, None)}, "min_agreement must be"),
        ({"limits": (1.0, 95.0, -1.0, None)}, "max_ms must be"),
        ({"chosen": "../x"}, "There is no set of texts"),
        ({"text": "a" * 600_001}, "600,000"),
        # Not taken for texts without labels.
        ({"text": "Ada B-PER\nin O\n\nx Y-Z\n"}, "line 4: tag 'Y-Z'"),
        ({"text": "Oslo\tB-XYZ\n"}, "in the table below the texts"),
    ],
)
def test_what_cannot_be_used_gets_a_sentence(given: dict[str, Any], said: str) -> None:
    """Before anything is measured, where it can be known."""
    html, data = last(**given)
    assert said in html
    assert {} == data


def test_labels_are_recognised_and_mapped() -> None:
    """What was pasted is said; labels of another name have a likely one, or are left out."""
    assert "3 texts, without labels" in recognize(PLAIN, "", "bundled#int8", 1000)
    told = recognize("Oslo B-GPE\nin O\nMay B-DATE\n", "", "bundled#int8", 1000)
    assert "2 entities in 1 text." in told
    html, _ = last("Oslo B-GPE\nin O\nBerlin B-LOC\nMay B-DATE\n")
    assert "DATE is left out, GPE is LOC" in html
    html, _ = last("Oslo B-GPE\nin O\nBerlin B-LOC\nMay B-DATE\n", mapping="GPE=,DATE=")
    assert "DATE is left out, GPE is left out" in html


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("EU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER\n", "columns of tokens and tags): 2"),
        ('{"text": "Ada met", "entities": [[0, 3, "PER"]]}', "JSON or JSON lines): 1 entity in 1"),
        ('{"id": 1, "text": "Ada met", "label": [[0, 3, "PER"]]}', "JSON or JSON lines): 1 entity"),
        ("[Ada](PER) met\n[Oslo](LOC)", "[text](LABEL)): 2 entities in 2 texts"),
        ("Sentence #,Word,Tag\nSentence: 1,Ada,B-PER\n,met,O", "a token to a row): 1 entity"),
        ('id,text\n1,"Ada, who met Bob, left"\n2,Oslo', "2 texts, without labels"),
        ('{"n": 1, "text": "Ada met"}\n{"n": 2, "text": "Bob"}', "2 texts, without labels"),
        ("Ada, of Oslo, met\nBob, of Rome, left", "2 texts, without labels"),
    ],
)
def test_whatever_people_paste_is_recognised(text: str, told: str) -> None:
    """Labelled in any format; without labels by line, as a table or as JSON."""
    assert told in unescape(recognize(text, "", "bundled#int8", 1000))


def test_without_a_text_it_is_a_set_of_the_models_domain() -> None:
    """Or the texts that the model was checked on."""
    spec = FakeSides().spec
    assert read_texts("", "", "", spec, 10).sample.gold
    gate = read_texts("", "gate", "", spec, 10)
    assert gate.sample.gold is None
    assert "the model's check texts" == gate.name


def test_texts_without_labels_have_a_bound_of_their_own() -> None:
    """What differs in them is explained, which takes longer than scoring."""
    assert "over the 40 characters" in last(at=site(lines_characters=40))[0]
    assert "verdict" in last(GOLD, at=site(lines_characters=40))[0]


def test_stop_ends_the_measuring() -> None:
    """Of its own session, with the step that it is at; so does a visitor who leaves."""
    place = site()
    run = measure_texts(place)(REQUEST, PLAIN, "", "", *SIDES, "CPU", False, *LIMITS)
    next(run)
    stop(place, "measure_texts")(REQUEST)
    assert "Stopped" in list(run)[-1][0]["html"]
    assert 0 == place.service.long.running
    left = measure_texts(place)(REQUEST, PLAIN, "", "", *SIDES, "CPU", False, *LIMITS)
    next(left)
    left.close()
    assert {} == place.running


def test_who_is_not_first_is_told_so() -> None:
    """A full house says that others are before."""
    place = site()
    with place.service.long.slot(), place.service.long.slot():
        run = measure_texts(place)(REQUEST, PLAIN, "", "", *SIDES, "CPU", False, *LIMITS)
        assert any(WAITING in unescape(value["html"]) for value, _ in islice(run, 12))
        run.close()


def answers(**told: object) -> str:
    usual = {"left": 0, "right": 0, "both": 0, "neither": 0, "cards": 9, "names": ["A", "B"]}
    return json.dumps({**usual, **told})


def test_answers_lead_somewhere() -> None:
    """Who is ahead, by how many errors, and how many cards more would settle it."""
    html = stand(answers(right=8))["html"]
    assert "B makes 8 fewer errors than A" in html
    assert 'class="verdict yes"' in html
    assert 'class="verdict undecided"' in stand(answers(right=1))["html"]
    assert "<img" not in stand(answers(names=["<img>", "B"]))["html"]


@pytest.mark.parametrize(
    "told",
    ["", "[]", "{", answers(left=-1), answers(left=1.5), answers(left=True), answers(left=10)],
)
def test_answers_that_cannot_be(told: str) -> None:
    """They come from the visitor's browser: they are checked."""
    with pytest.raises(InputError):
        stand(told)
