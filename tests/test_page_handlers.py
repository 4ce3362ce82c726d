"""What the page's handlers answer, without a browser; and the two endpoints over HTTP."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fakes import INT8_WORDS, DictionaryTagger, FakeSides, gate_of, loader_of, service_of
from gradio_client import Client
from gradio_client.exceptions import AppError

from ner import schema
from ner.machine import Machine, describe
from ner.models.child import OnStage
from ner.models.recipes import Variant
from ner.serving.admission import Slots
from ner.serving.bounds import Bounds
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.ui.api import Endpoints
from ner.ui.progress import Loader
from ner.ui.tag import ProbeHandler, TagHandler, TimingHandler

BOUNDS = Bounds()
SIDES = ("bundled#original", "bundled#int8")

TEXT = "My name is Wolfgang and I live in Berlin. Ada Lovelace saw Acme Corp, Paris and the Amazon."
MACHINE = Machine("A processor", ("AVX2",), 2, 1, "Linux", "3.11", {"openvino": "1"})


def answers(load: Loader, text: str = TEXT, left: str = SIDES[0]) -> list[dict[str, str]]:
    handler = TagHandler(load, MACHINE, service_of())
    return list(handler.answer(text, left, SIDES[1], "CPU", "first", "7"))


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\ufeff", "…!"])
def test_a_text_without_words_is_answered_without_the_model(text: str) -> None:
    """Nothing to tag gets a hint, and no model is opened or called."""
    pair = FakeSides()

    [answer] = answers(loader_of(pair), text)

    assert "Type or paste a text" in answer["html"]
    assert 0 == pair.calls


def test_a_text_over_the_limit_is_refused_before_tagging() -> None:
    """The sentence names the limit; the model is not called."""
    pair = FakeSides()

    [answer] = answers(loader_of(pair), "a" * (BOUNDS.text_characters + 1))

    assert "20,000" in answer["html"]
    assert 0 == pair.calls


def test_a_text_of_the_limit_is_tagged() -> None:
    """The limit itself is allowed."""
    [answer] = answers(loader_of(FakeSides()), "a" * BOUNDS.text_characters)

    assert BOUNDS.text_characters == len(json.loads(answer["data"])["text"])


def test_a_text_without_capitals_gets_the_hint_and_a_result() -> None:
    """The hint stands above the panels; a text with one capital does not get it."""
    [lower] = answers(loader_of(FakeSides()), TEXT.lower())
    [usual] = answers(loader_of(FakeSides()))

    assert "no capital letters" in lower["html"]
    assert "no capital letters" not in usual["html"]
    assert lower["data"]


def test_an_int8_that_failed_its_gate_is_explained() -> None:
    """The original's panel stands alone, under a sentence with the gate's figures."""
    pair = FakeSides(right=None, gate=gate_of(0.812, 250))

    [answer] = answers(loader_of(pair))

    assert "81.2 %" in answer["html"]
    assert "250 entities" in answer["html"]
    assert 'data-side="left"' in answer["html"]
    assert 'data-side="right"' not in answer["html"]
    assert json.loads(answer["data"])["right"] is None


def test_an_undecided_gate_is_told() -> None:
    """INT8 is served then, and the page says how many more entities would settle it."""
    [answer] = answers(loader_of(FakeSides(gate=gate_of(0.96, 20))))

    assert "undecided, about" in answer["html"]
    assert 'data-side="right"' in answer["html"]


def test_stages_of_preparing_are_told_in_order() -> None:
    """Each stage is an answer of its own before the result."""
    *stages, result = answers(loader_of(FakeSides(), ["export", "quantize", "check"]))

    assert ["export", "quantize", "check"] == [
        stage["html"].split(": ")[1].split(" …")[0] for stage in stages
    ]
    assert "step 3 of 3" in stages[-1]["html"]
    assert result["data"]


def test_an_unknown_model_is_refused_by_name() -> None:
    """A name that is not offered is never used as a path, and the sentence says what is offered."""
    [answer] = answers(loader_of(FakeSides()), left="../assets/model")

    assert "There is no model called" in answer["html"]
    assert "bundled" in answer["html"]


def test_an_unexpected_error_is_logged_and_only_its_id_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The visitor sees an id that leads to the log entry, and nothing of the error itself."""

    def broken(left: Variant, right: Variant, device: str, report: OnStage) -> FakeSides:
        raise OSError("/secret/path")

    with caplog.at_level(logging.ERROR):
        [answer] = answers(broken)

    assert "secret" not in answer["html"]
    [record] = caplog.records
    assert str(record.args[0]) in answer["html"]
    assert "/secret/path" in caplog.text


def test_every_answer_carries_the_ticket_of_its_question() -> None:
    """The script tells an answer to an older question by it; stages and sentences have it too."""
    stages = answers(loader_of(FakeSides(), ["export", "quantize"]))

    assert {"7"} == {answer["ticket"] for answer in [*stages, *answers(loader_of(FakeSides()), "")]}


@pytest.mark.parametrize(
    ("text", "others", "expected"),
    [(TEXT, False, 100.0), (TEXT, True, 25.0), ("a " * 1500, True, 0.0)],
)
def test_timing_is_shorter_while_others_wait(text: str, others: bool, expected: float) -> None:
    """A client alone is timed for longer than one for whom others wait; a long text not at all."""
    budgets = []

    class Noting(FakeSides):
        def compare(self, text: str, choice: Choice, *, budget_ms: float = 0.0) -> Any:
            assert 1 == service.short.running
            budgets.append(budget_ms)
            return super().compare(text, choice, budget_ms=budget_ms)

    service = service_of()
    if others:
        service.short = Waited(service.bounds.short)
    answer = Endpoints(loader_of(Noting()), service).compare(text)

    assert (expected == 0) == (answer["timing"] is None)
    assert [expected] == budgets


class Waited(Slots):
    """Slots for which three others wait, once they are taken."""

    @property
    def queued(self) -> int:
        return 3 if self.running else 0


def times(service: Service, text: str = TEXT) -> list[dict[str, Any]]:
    """What the page hears of times, as data."""
    handler = TimingHandler(loader_of(FakeSides()), service)
    return [json.loads(value["data"]) for value in handler.answer(text, *SIDES, "CPU", "max", "7")]


def test_entities_do_not_wait_for_times() -> None:
    """The page's question tags once a side; times are another question."""
    left, right = DictionaryTagger(), DictionaryTagger(INT8_WORDS)
    [answer] = answers(loader_of(FakeSides(left, right)))

    assert [TEXT] == left.seen == right.seen
    assert json.loads(answer["data"])["timing"] is None


def test_times_tick_in_until_there_are_enough() -> None:
    """Each value has more runs than the one before, the last enough for an interval."""
    ticks = times(service_of())

    runs = [tick["timing"]["left"]["n"] for tick in ticks]
    assert runs == sorted(set(runs))
    assert runs[-1] >= 8
    assert {"7"} == {tick["ticket"] for tick in ticks}


def test_times_end_when_others_wait() -> None:
    """One portion of rounds is made, and the slot let go between portions."""
    service = service_of()
    service.short = Waited(service.bounds.short)

    assert 1 == len(times(service))
    assert 0 == service.short.running


def test_a_long_text_is_timed_in_part() -> None:
    """The first 2,000 characters, which is said."""
    tagger = DictionaryTagger()
    handler = TimingHandler(loader_of(FakeSides(tagger)), service_of())
    *_, last = handler.answer("Berlin " * 1000, *SIDES, "CPU", "first", "7")

    assert {2000} == {len(text) for text in tagger.seen}
    assert "first 2,000 characters" in last["html"]


@pytest.mark.parametrize(("extensions", "told"), [(("AVX2",), True), (("AVX512-VNNI",), False)])
def test_int8_on_a_cpu_without_its_instructions_is_explained(
    extensions: tuple[str, ...], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below its time, which is no better than the original's there."""
    machine = replace(describe(), vector_extensions=extensions)
    monkeypatch.setattr("ner.ui.tag.describe", lambda: machine)
    handler = TimingHandler(loader_of(FakeSides()), service_of())
    *_, last = handler.answer(TEXT, *SIDES, "CPU", "first", "7")

    assert told == ("This CPU lacks VNNI" in last["html"])


def test_times_that_fail_are_told_in_their_place() -> None:
    """A sentence for the tile, with the ticket."""
    handler = TimingHandler(loader_of(FakeSides()), service_of())
    [value] = handler.answer(TEXT, "no#such", SIDES[1], "CPU", "first", "7")

    assert 'data-part="speed"' in value["html"]
    assert {"ticket": "7"} == json.loads(value["data"])


def test_the_data_is_what_compare_answers() -> None:
    """Entities and timing of the page are those of the API for the same text."""
    pair = FakeSides()
    [answer] = answers(loader_of(pair))
    comparison = pair.compare(TEXT, Choice(), budget_ms=1.0)
    expected = schema.agreement_json(comparison.agreement, pair.origins, None)

    data = json.loads(answer["data"])

    assert expected["text"] == data["text"]
    for side in ("left", "right"):
        assert expected[side]["entities"] == data[side]
        assert {**data["origins"][side], "entities": data[side]} == expected[side]
    assert {"left": "A Original", "right": "B INT8"} == data["titles"]


def test_fragile_marks_what_another_label_comes_close_to() -> None:
    """An entity with a score of 0.55 has a margin of 0.05 here, one of 0.97 has 0.47."""
    words = {"Oslo": ("LOC", 0.55), "Berlin": ("LOC", 0.97)}
    pair = FakeSides(left=DictionaryTagger(words), right=DictionaryTagger(words))

    [answer] = answers(loader_of(pair), "Berlin and Oslo")

    assert [1] == json.loads(answer["data"])["fragile"]


def test_the_probe_refuses_long_texts() -> None:
    """Its limit is named, and nothing is tagged."""
    [answer] = ProbeHandler(loader_of(FakeSides()), service_of()).answer(
        "a" * 5001, *SIDES, "CPU", "first"
    )

    assert "5,000" in answer


def test_one_side_alone_is_not_probed() -> None:
    """Where INT8 is withheld there is nothing to hold against the original."""
    [answer] = ProbeHandler(loader_of(FakeSides(right=None)), service_of()).answer(
        "Berlin", *SIDES, "CPU", "first"
    )

    assert "INT8 is not served" in answer


def test_a_text_without_entities_has_none_to_lose() -> None:
    """A sentence stands in the table's place."""
    [answer] = ProbeHandler(loader_of(FakeSides()), service_of()).answer(
        "nothing", *SIDES, "CPU", "first"
    )

    assert "Neither side finds an entity" in answer


def test_the_probe_shows_what_both_lose() -> None:
    """How many are kept by rewriting; in a cell one word where both agree, else two."""
    words = {"Berlin": ("LOC", 0.9), "Oslo": ("LOC", 0.8)}
    sides = FakeSides(
        left=DictionaryTagger(words), right=DictionaryTagger({"Berlin": words["Berlin"]})
    )
    [answer] = ProbeHandler(loader_of(sides), service_of()).answer(
        "Berlin, Oslo.", *SIDES, "CPU", "first"
    )

    assert "<td>0 of 2 / 0 of 1</td>" in answer
    assert '<td class="lost">lost / not found</td>' in answer
    assert '<td class="kept">kept</td>' in answer


def test_a_body_over_the_limit_is_refused_unread(fake_url: str) -> None:
    """413 with the limit, for whichever address it is sent to."""
    answer = httpx.post(f"{fake_url}gradio_api/queue/join", content=b"x" * (BOUNDS.body_bytes + 1))

    assert 413 == answer.status_code
    assert f"{BOUNDS.body_bytes:,}" in answer.json()["detail"]


def test_a_body_without_a_length_is_cut_off(fake_url: str) -> None:
    """A stream that goes on over the limit gets no further than that, and others are served."""
    chunks = (b"x" * 100_000 for _ in range(100))

    with contextlib.suppress(httpx.HTTPError):
        answer = httpx.post(f"{fake_url}gradio_api/queue/join", content=chunks)
        assert answer.status_code >= 400
    assert 200 == httpx.get(fake_url).status_code


def test_every_answer_has_the_headers(fake_url: str) -> None:
    """Content types are not guessed, and referrers stay here."""
    headers = httpx.get(fake_url).headers

    assert "nosniff" == headers["x-content-type-options"]
    assert "same-origin" == headers["referrer-policy"]


def test_the_page_fetches_nothing_from_elsewhere(fake_url: str) -> None:
    """No font, script or style of another host is named by the page."""
    page = httpx.get(fake_url).text

    named = set(re.findall(r"""(?:src|href)=["'](?:https?:)?//([^/"']+)""", page))
    assert named <= {"127.0.0.1"}


@pytest.fixture(scope="module")
def client(fake_url: str) -> Client:
    """A client of the page over the dictionary pair."""
    return Client(fake_url, verbose=False)


def test_tag_answers_the_command_lines_json(client: Client) -> None:
    """Same JSON, with the settings applied."""
    answer = client.predict(
        text=TEXT, recipe="original", threshold=0.9, labels=["PER", "LOC"], api_name="/tag"
    )

    expected = schema.tagged_json(
        DictionaryTagger().using(Choice(threshold=0.9, labels=("PER", "LOC")))(TEXT)
    )
    provenance = answer.pop("provenance")
    assert expected == answer
    assert (0.9, ["PER", "LOC"]) == (provenance["threshold"], provenance["labels"])
    assert ["bundled"] == [side["model"] for side in provenance["sides"]]


def test_compare_answers_the_command_lines_json(client: Client) -> None:
    """Both sides, differences and timing."""
    sides = FakeSides()
    comparison = sides.compare(TEXT, Choice(), budget_ms=1.0)

    answer = client.predict(text=TEXT, api_name="/compare")

    expected = schema.agreement_json(comparison.agreement, sides.origins, comparison.timing)
    provenance = answer.pop("provenance")
    assert ["original", "int8"] == [side["recipe"] for side in provenance["sides"]]
    assert expected == answer
    assert {"text", "left", "right", "differences", "identical", "timing"} == set(answer)
    for side, recipe in (("left", "original"), ("right", "int8")):
        assert {
            "model": "bundled",
            "recipe": recipe,
            "weights": "0123456789ab",
            "device": "CPU",
            "inference_precision": "f32",
            "entities": answer[side]["entities"],
        } == answer[side]
    assert {"boundary", "label", "only_left"} == {one["kind"] for one in answer["differences"]}
    for one in answer["differences"]:
        assert {"kind", "left", "right", "drift"} == set(one)
    assert {"left", "right", "ratio"} == set(answer["timing"])
    assert {"median_ms", "p95_ms", "n"} == set(answer["timing"]["left"])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"text": 5}, "expected a string"),
        ({"text": "a" * 20_001}, "20,000"),
        ({"model": "../x"}, "no model called"),
        ({"model": ["bundled"]}, "expected its name"),
        ({"recipe": "int3"}, "Choose one of original, bf16"),
        ({"aggregation": "best"}, "Choose one of first"),
        ({"threshold": "high"}, "number from 0 to 1"),
        ({"threshold": True}, "number from 0 to 1"),
        ({"labels": "PER"}, "list of names"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_api_refuses_what_it_cannot_use(
    client: Client, settings: dict[str, object], problem: str
) -> None:
    """Each refusal says what was expected."""
    with pytest.raises(AppError, match=problem):
        client.predict(**{"text": TEXT, **settings}, api_name="/tag")


def test_only_three_endpoints_are_public(client: Client) -> None:
    """The page's own events are not offered to clients."""
    api = client.view_api(return_format="dict", print_info=False)

    assert {"/tag", "/compare", "/evaluate"} == set(api["named_endpoints"])
    assert {} == api["unnamed_endpoints"]
