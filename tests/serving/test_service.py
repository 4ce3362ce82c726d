"""The guard as a whole: its order, and a page behind it under others."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fakes import service_of
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ner.errors import InputError
from ner.serving.addresses import Addresses
from ner.serving.bounds import Bounds
from ner.serving.launch import listening_port, middleware
from ner.serving.service import Service
from serving.client import Client, page_of
from serving.running import HOLD, Held, arguments, held_page


@pytest.fixture(scope="module")
def page() -> Iterator[Held]:
    """A page whose one slot can be held."""
    with held_page() as found:
        yield found


@pytest.fixture
def held(page: Held) -> Iterator[Held]:
    """The same, as if nobody had asked yet."""
    page.again()
    yield page
    page.go.set()


@pytest.mark.timeout(120)
def test_surplus_is_refused_at_once_and_the_rest_is_served(held: Held) -> None:
    """One at work, the queue full: 503 with when to come again; then everyone gets an answer."""
    busy = 'ner_refusals_total{reason="busy"}'
    before = held.metric(busy)
    first = held.hold()
    most = Bounds().short_calls - 1
    waiting = [held.call(f"Berlin {number}") for number in range(most)]
    held.until('ner_waiting{kind="text"}', most)

    refused = held.call("Berlin")

    assert 503 == refused.status_code
    assert "2" == refused.headers["retry-after"]
    assert "Too many" in refused.json()["detail"]
    held.go.set()
    assert "Hold Berlin." in held.result(first)
    for number, called in enumerate(waiting):
        assert f'"Berlin {number}"' in held.result(called)
    assert 200 == held.call("Berlin").status_code
    assert 1 == held.metric(busy) - before


@pytest.mark.timeout(120)
def test_waiting_work_of_a_visitor_who_left_is_not_done(held: Held) -> None:
    """Its place in the queue goes to the next."""
    first = held.hold()
    left = held.call("London, left")
    held.until('ner_waiting{kind="text"}', 1)
    route = "/gradio_api/call/{api_name}/{event_id}"
    streams = f'ner_requests_total{{method="GET",route="{route}",status="200"}}'
    before = held.metric(streams)
    with held.client.stream("GET", held.stream(left)):
        pass
    held.until(streams, before + 1)
    stayed = held.call("London, stayed")
    held.until('ner_waiting{kind="text"}', 2)

    held.go.set()

    assert "stayed" in held.result(stayed)
    held.result(first)
    assert [HOLD, "London, stayed"] == [held.tagged.get(timeout=10) for _ in range(2)]
    assert held.tagged.empty()


@pytest.mark.timeout(120)
def test_a_failure_names_the_request_it_came_with(held: Held) -> None:
    """The id in the sentence is the one in the header; nothing else of the failure is told."""
    called = held.call("Berlin", model="elastic-distilbert")
    answer = held.result(called)

    assert called.headers["x-request-id"] in answer
    assert "secret" not in answer


@pytest.mark.timeout(120)
def test_sessions_keep_no_copies_and_no_texts(held: Held) -> None:
    """Calls, each a session of its own, cost next to no memory."""
    held.go.set()
    for _ in range(50):
        held.result(held.call("Berlin"))
    before = held.metric("process_resident_memory_bytes")
    for _ in range(200):
        held.result(held.call("Berlin"))

    assert held.metric("process_resident_memory_bytes") - before < 5e6


def test_what_the_page_fetches_is_compressed_and_streams_are_not(fake_url: str) -> None:
    """For those who take that; an event has to arrive when it is sent."""
    for path in ("", "config", "gradio_api/info", "theme.css"):
        assert "gzip" == httpx.get(f"{fake_url}{path}").headers["content-encoding"], path
    plain = httpx.get(fake_url, headers={"Accept-Encoding": "identity"})
    called = httpx.post(
        f"{fake_url}gradio_api/call/tag", json={"data": arguments("Wolfgang lives in Berlin")}
    )
    event = called.json()["event_id"]
    stream = httpx.get(f"{fake_url}gradio_api/call/tag/{event}")

    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in stream.headers
    assert "complete" in stream.text


def test_the_page_says_what_it_is_in_our_words(fake_url: str) -> None:
    """To search engines and in previews of links; nothing of Gradio's is left there."""
    head = httpx.get(fake_url).text.partition("</head>")[0]

    assert 1 == head.count("<title>Named entities: original and INT8</title>")
    assert 1 == head.count('property="og:title" content="Named entities: original and INT8"')
    assert 1 == head.count('name="description" content="Does the small model')
    for theirs in ("Click to try out", "@Gradio", "@teamGradio", "header-image", "gradio.app/"):
        assert theirs not in head


def test_a_port_in_use_is_refused_in_words(fake_url: str) -> None:
    """Port 0 stands for a free one, which is told: it refuses every connection itself."""
    port = httpx.URL(fake_url).port
    assert port not in (None, 0)
    with pytest.raises(InputError, match=f"127.0.0.1, port {port}: Address already in use"):
        listening_port("127.0.0.1", int(port or 0))


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [("GET", "/monitoring", b""), ("POST", "/nothing", b""), ("POST", "/x", b"x" * 2_500_001)],
)
def test_refusals_bear_the_headers_of_all_answers(method: str, path: str, content: bytes) -> None:
    """Security headers and an id, whichever layer answers."""
    app = Starlette(middleware=middleware(page_of(), service_of()))
    headers = Client(app, "203.0.113.7").request(method, path, content=content).headers

    assert "nosniff" == headers["x-content-type-options"]
    assert "same-origin" == headers["referrer-policy"]
    assert len(headers["x-request-id"]) == 16


async def _host(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.headers.get("x-forwarded-host", "none"))


@pytest.mark.parametrize(("trust", "expected"), [(False, "none"), (True, "page.example")])
def test_only_a_trusted_proxy_says_under_which_name_the_page_is_reached(
    trust: bool, expected: str
) -> None:
    """A stranger's header is dropped; all other headers stay."""
    service = Service(Bounds(), Addresses(trust_proxy=trust))
    app = Starlette(routes=[Route("/", _host)], middleware=middleware(page_of(), service))
    answer = Client(app, "203.0.113.7").get("/", headers={"X-Forwarded-Host": "page.example"})

    assert expected == answer.text


def test_the_route_is_known_to_the_outermost_layer() -> None:
    """Nothing between hides what the app adds to a request's scope."""
    service = service_of()
    routes = [Route("/some/{name}", lambda request: PlainTextResponse("ok"))]
    app = Starlette(routes=routes, middleware=middleware(page_of(), service))
    Client(app, "203.0.113.7").get("/some/text", headers={"Range": "bytes=0-0,2-3"})

    labels = {"method": "GET", "route": "/some/{name}", "status": "200"}
    assert 1.0 == service.metrics.registry.get_sample_value("ner_requests_total", labels)
