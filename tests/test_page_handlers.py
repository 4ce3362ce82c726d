"""The endpoints over HTTP, and what every answer of the page keeps to."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import httpx
import pytest
from fakes import DictionaryTagger, FakeSides, Waited, loader_of, service_of
from gradio_client import Client
from gradio_client.exceptions import AppError

from ner import schema
from ner.tagging.choice import Choice
from ner.ui.endpoints import Endpoints

TEXT = "My name is Wolfgang and I live in Berlin. Ada Lovelace saw Acme Corp, Paris and the Amazon."


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


def test_a_body_without_a_length_is_cut_off(fake_url: str) -> None:
    """A stream that goes on over the limit gets no further than that, and others are served."""
    chunks = (b"x" * 100_000 for _ in range(100))

    with contextlib.suppress(httpx.HTTPError):
        answer = httpx.post(f"{fake_url}gradio_api/queue/join", content=chunks)
        assert answer.status_code >= 400
    assert 200 == httpx.get(fake_url).status_code


def test_the_page_fetches_nothing_from_elsewhere(fake_url: str) -> None:
    """No font, script or style of another host is named by the page."""
    page = httpx.get(fake_url).text

    named = set(re.findall(r"""(?:src|href)=["'](?:https?:)?//([^/"']+)""", page))
    assert named <= {"127.0.0.1"}


def test_the_field_for_the_hub_is_not_there_unless_allowed(fake_url: str) -> None:
    """Neither the field nor what it would call is part of the page."""
    assert "hub-" not in httpx.get(f"{fake_url}config").text


@pytest.fixture(scope="module")
def client(fake_url: str) -> Client:
    """A client of the page over the dictionary pair."""
    return Client(fake_url, verbose=False)


def test_tag_answers_the_command_lines_json(client: Client) -> None:
    """Same JSON, with the settings applied; the text comes back as it was, whatever is in it."""
    text = f"{TEXT} a\x00b \u200b 🙂 <b>\n"
    answer = client.predict(
        text=text, recipe="original", threshold=0.9, labels=["PER", "LOC"], api_name="/tag"
    )

    expected = schema.tagged_json(
        DictionaryTagger().using(Choice(threshold=0.9, labels=("PER", "LOC")))(text)
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
    assert {"boundary", "label", "only_left"} == {one["kind"] for one in answer["differences"]}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"text": 5}, "Expected a text, got int"),
        ({"text": "a" * 20_001}, "20,001 characters; at most 20,000"),
        ({"model": "../x"}, "no model called"),
        ({"model": "https://example.org/model"}, "no model called"),
        ({"model": ["bundled"]}, "no model called"),
        ({"recipe": "int3"}, "Choose one of original, bf16"),
        ({"aggregation": "best"}, "Choose one of first"),
        ({"threshold": "high"}, "number from 0 to 1"),
        ({"threshold": True}, "number from 0 to 1"),
        ({"threshold": 7}, "number from 0 to 1"),
        ({"labels": "PER"}, "list of names"),
        ({"labels": ["DRUG"]}, "no label DRUG"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_api_refuses_what_it_cannot_use(
    client: Client, settings: dict[str, object], problem: str
) -> None:
    """Each refusal says what was expected, without a trace."""
    with pytest.raises(AppError, match=problem) as refusal:
        client.predict(**{"text": TEXT, **settings}, api_name="/tag")

    assert "Traceback" not in str(refusal.value)
