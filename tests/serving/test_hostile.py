"""Probes of what Gradio apps were attacked by: all refused, or without effect."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from hub_of_models import Quiet, on_loopback

ROOT = Path(__file__).parent.parent.parent
MARKER = "this must never leave the machine"
FAR_TOO_SLOW = 20.0


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that the page has no business with."""
    file = tmp_path / "secret.txt"
    file.write_text(MARKER)
    return file


@pytest.fixture(scope="module")
def page(fake_url: str) -> Iterator[httpx.Client]:
    """A client of the running page."""
    with httpx.Client(base_url=fake_url, timeout=FAR_TOO_SLOW) as client:
        yield client


def raw(url: str, path: str) -> tuple[int, str]:
    """Status and body of ``path`` as it is written: clients tidy dots and slashes away."""
    address = urlsplit(url)
    assert address.hostname
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=FAR_TOO_SLOW)
    connection.putrequest("GET", path)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, body


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(Quiet):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(MARKER.encode())

        do_HEAD = do_POST = do_GET

    with on_loopback(Handler) as url:
        yield url, asked


UPWARDS = "/".join([".."] * 12)
TRAVERSALS = (
    "/gradio_api/file={secret}",
    "/gradio_api/file=/{secret}",
    "/gradio_api/file=//{secret}",
    "/gradio_api/file={encoded}",
    "/gradio_api/file={twice}",
    "/gradio_api/file=" + UPWARDS + "{secret}",
    "/gradio_api/file=./" + UPWARDS + "{secret}",
    "/gradio_api/file=assets/" + UPWARDS + "{secret}",
    "/gradio_api/file=file://{secret}",
    "/gradio_api/file=\\..\\..{secret}",
    "/gradio_api/file={secret}%00.png",
    "/gradio_api/file/{secret}",
    "/file={secret}",
    "/static/" + UPWARDS + "{secret}",
    "/static/..%2f..%2f..%2f..%2f..%2f..%2f..%2f{encoded}",
    "/assets/" + UPWARDS + "{secret}",
    "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e{secret}",
    "/assets/....//....//....//....//{secret}",
    "/svelte/" + UPWARDS + "{secret}",
    "//{secret}",
    "/" + UPWARDS + "{secret}",
    "//gradio_api//file={secret}",
    "/gradio_api/../gradio_api/file={secret}",
    "/gradio_api/file=app.py",
    "/gradio_api/file=ner/ui/launch.py",
    "/gradio_api/file=assets/model/config.json",
    "/gradio_api/file=.git/config",
    "/gradio_api/file=/proc/self/environ",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/custom_component/x/client/component/..%2f..%2fsecret",
    "/theme.css/" + UPWARDS + "{secret}",
    "/pwa_icon/" + UPWARDS + "{secret}",
)


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_file_of_the_machine_is_given_out(fake_url: str, secret: Path, path: str) -> None:
    """Whichever way it is asked for, written, encoded or doubled."""
    encoded = quote(str(secret), safe="")
    asked = path.format(secret=secret, encoded=encoded, twice=quote(encoded, safe=""))
    status, body = raw(fake_url, asked)

    assert 400 <= status < 500
    for never in (MARKER, "root:x:0", "import gradio", "id2label", "[core]", "PATH="):
        assert never not in body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_other_address_is_fetched(page: httpx.Client, method: str) -> None:
    """The server is nobody's way to other servers."""
    with listening() as (url, asked):
        host = url.removeprefix("http://")
        for path in (
            *("file={url}", "file=HTTP://{host}", "file/{url}"),
            *("proxy={url}", "proxy=//{host}", "proxy=https://x.hf.space@{host}/"),
            *("../proxy={url}", "../file={url}"),
        ):
            answer = page.request(method, f"gradio_api/{path}".format(url=url, host=host))
            assert 400 <= answer.status_code < 500, path
            assert MARKER not in answer.text

    assert not asked


READ = """monitoring monitoring/ monitoring/summary monitoring/x gradio_api/monitoring logout
gradio_api/dev/reload gradio_api/vibe-code gradio_api/deep_link?session_hash=x gradio_api/runs
gradio_api/run-history/buckets gradio_api/profiling/traces login/huggingface
gradio_api/stream/x/y/z/playlist-file"""
WRITTEN = """gradio_api/vibe-code gradio_api/vibe-edit gradio_api/undo-vibe-edit login
gradio_api/vibe-starter-queries gradio_api/run-history/connect gradio_api/profiling/clear
gradio_api/process_recording gradio_api/component_server gradio_api/component_server/
gradio_api/stream/x gradio_api/cancel gradio_api/reset"""


def test_routes_that_the_page_does_not_use_are_closed(page: httpx.Client) -> None:
    """Monitoring, development, recording, histories, accounts, calls into components."""
    found = {path: page.get(path).status_code for path in READ.split()}
    found |= {f"POST {path}": page.post(path, json={}).status_code for path in WRITTEN.split()}

    assert {404} == set(found.values()), found


def join(page: httpx.Client, body: object) -> httpx.Response:
    return page.post("gradio_api/queue/join", json=body)


def answer_to(page: httpx.Client, data: list[Any], fn: int, session: str) -> str:
    """All that the page sends back for an event of its own, put into the queue by hand."""
    joined = join(page, {"data": data, "fn_index": fn, "session_hash": session})
    if joined.status_code != 200:
        assert 400 <= joined.status_code < 500
        return joined.text
    said = []
    with page.stream("GET", f"gradio_api/queue/data?session_hash={session}") as events:
        for line in events.iter_lines():
            said.append(line)
            if '"process_completed"' in line or '"close_stream"' in line:
                break
    return "\n".join(said)


def functions(page: httpx.Client) -> list[dict[str, Any]]:
    """The events of the page."""
    found: list[dict[str, Any]] = page.get("config").json()["dependencies"]
    return found


def file_inputs(page: httpx.Client) -> list[tuple[int, int, int]]:
    """Events that take a file: number, which of its inputs that is, and how many it has."""
    config = page.get("config").json()
    files = {one["id"] for one in config["components"] if one["type"] in ("file", "uploadbutton")}
    return [
        (fn["id"], position, len(fn["inputs"]))
        for fn in config["dependencies"]
        for position, component in enumerate(fn["inputs"])
        if component in files and fn["backend_fn"]
    ]


def given_to_all(page: httpx.Client, *files: object) -> str:
    """All that is said if these are given to each event that takes a file."""
    said = []
    events = file_inputs(page)
    assert len(events) >= 3
    for fn, position, count in events:
        for number, file in enumerate(files):
            data: list[Any] = [""] * count
            data[position] = file
            said.append(answer_to(page, data, fn, f"f{fn}p{position}n{number}"))
    return "\n".join(said)


def file_data(**fields: str) -> dict[str, object]:
    return {**fields, "meta": {"_type": "gradio.FileData"}}


def test_a_file_that_was_not_uploaded_is_not_read(page: httpx.Client, secret: Path) -> None:
    """Whichever event it is given to, as path, in the URL, or as a link to one."""
    said = given_to_all(
        page,
        file_data(path=str(secret)),
        file_data(path=str(secret), url=f"file://{secret}"),
        file_data(path=f"{ROOT}/app.py"),
        file_data(path=f"/tmp/gradio/../..{secret}"),  # noqa: S108
        str(secret),
    )

    assert MARKER not in said
    assert "import os" not in said


def test_a_file_from_elsewhere_is_not_fetched(page: httpx.Client) -> None:
    """A FileData with a URL of the machine's own network is no way into it."""
    with listening() as (url, asked):
        said = given_to_all(page, file_data(path=url), file_data(path="x.txt", url=url), url)

    assert MARKER not in said
    assert not asked


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "../../up.html", "x.js", "x.xhtml"])
def test_what_was_uploaded_is_never_shown_as_a_page(page: httpx.Client, name: str) -> None:
    """It comes back to be saved, and its kind is not guessed."""
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    [path] = page.post("gradio_api/upload", files={"files": (name, script, "text/html")}).json()
    answer = page.get(f"gradio_api/file={path}")

    assert "/.." not in path
    assert 200 == answer.status_code
    assert "attachment" in answer.headers["content-disposition"]
    assert "application/octet-stream" == answer.headers["content-type"]
    assert "nosniff" == answer.headers["x-content-type-options"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"]
)
def test_pages_of_others_may_not_read_answers(page: httpx.Client, origin: str) -> None:
    """Neither by a plain request nor after asking first."""
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    for answer in (
        page.get("config", headers={"Origin": origin}),
        page.options("gradio_api/queue/join", headers={"Origin": origin, **asking}),
    ):
        assert answer.headers.get("access-control-allow-origin") not in (origin, "*")


@pytest.mark.parametrize(
    "fn_index", [-1, 99_999, 2**63, 10**30, 1.5, "0", "x", None, True, [], {}], ids=str
)
def test_a_function_that_is_none_is_refused(page: httpx.Client, fn_index: object) -> None:
    """Whatever number is named."""
    answer = join(page, {"data": [], "fn_index": fn_index, "session_hash": "none"})

    assert 422 == answer.status_code


def test_methods_are_counted_only_as_what_they_are(page: httpx.Client) -> None:
    """Any word may stand there, and each would be kept."""
    page.request("MADEUP", "healthz")
    counted = page.get("metrics").text

    assert 'method="other"' in counted
    assert "MADEUP" not in counted


def test_functions_of_the_page_bear_any_values(page: httpx.Client) -> None:
    """Called by number with too few, too many and odd values, none gives more than a sentence."""
    for fn in functions(page):
        count = len(fn["inputs"])
        for data in ([], [7] * 30, [7] * count, [{"path": "/etc/passwd"}] * count):
            if fn["backend_fn"] and fn["queue"]:
                said = answer_to(page, data, fn["id"], f"any{fn['id']}")
                assert "Traceback" not in said
                assert "root:x:0" not in said
                assert str(ROOT) not in said


@pytest.mark.parametrize("way", ["run", "api", "call", "call/v2"])
def test_nothing_is_called_past_the_queue_or_under_another_name(
    page: httpx.Client, way: str
) -> None:
    """The queue is the only way to the models, and only the endpoints are called by name."""
    names = ("evaluate", "tag", "compare") if way in ("run", "api") else ()
    for name in (*names, "predict", "answer", "nothing", "__init__", "%00", "tag/x"):
        for body in (
            {"data": ["Berlin"]},
            {"data": ["Berlin"], "fn_index": 2},
            {"text": 1},
            {},
            [],
        ):
            answer = page.post(f"gradio_api/{way}/{name}", json=body)
            assert 400 <= answer.status_code < 500
            assert "LOC" not in answer.text


def test_what_the_page_tells_of_itself_names_no_path(page: httpx.Client) -> None:
    """Neither configuration nor descriptions of the API; the page's own events have no name."""
    paths = ("", "config", "gradio_api/openapi.json", "gradio_api/app_id", "gradio_api/token")
    for path in (*paths, "gradio_api/info", "gradio_api/info?all_endpoints=true"):
        answer = page.get(path)
        assert 200 == answer.status_code
        assert str(ROOT) not in answer.text
        assert str(Path.home()) + "/" not in answer.text

    described = page.get("gradio_api/info").json()
    assert {"/tag", "/compare", "/evaluate"} == set(described["named_endpoints"])
    assert {} == described["unnamed_endpoints"]
