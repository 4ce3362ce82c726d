"""The endpoints as tools of an MCP server: an optional extra, off unless asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import httpx
import pytest
from fakes import FakeSides, awaited, loader_of
from serving.running import apart, serve_page

from ner.errors import MissingExtra
from ner.ui.launch import serve


@pytest.fixture(scope="module")
def mcp_url() -> Iterator[str]:
    """The page over the dictionary pair with its MCP server, in a process of its own."""
    pytest.importorskip("mcp", reason='needs pip install -e ".[mcp]"')
    with apart(_serve) as url:
        yield f"{url}gradio_api/mcp/"


def _serve(address: Connection) -> None:
    serve_page(address, loader_of(FakeSides()), mcp_server=True)


async def _called(url: str, tool: str, arguments: dict[str, Any]) -> tuple[set[str], Any]:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with (
        streamablehttp_client(url) as (reading, writing, _),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        tools = await session.list_tools()
        return {one.name for one in tools.tools}, await session.call_tool(tool, arguments)


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("tag", {"text": "Wolfgang in Berlin"}, "'label': 'PER'"),
        ("compare", {"text": "Paris"}, "'kind': 'only_left'"),
        ("evaluate", {"gold": "[Berlin](LOC)"}, "'f1': 1.0"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the client, which names a new one
def test_the_tools_are_the_endpoints(
    mcp_url: str, tool: str, arguments: dict[str, Any], expected: str
) -> None:
    """These three and no event of the page, and they answer what the API answers."""
    names, answer = awaited(_called(mcp_url, tool, arguments))

    assert {"tag", "compare", "evaluate"} == names
    assert not answer.isError
    assert expected in answer.content[0].text


def test_it_is_off_by_default(fake_url: str) -> None:
    """Nothing answers at its address."""
    assert 404 == httpx.post(f"{fake_url}gradio_api/mcp/", json={}).status_code


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is opened."""
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(MissingExtra, match=r"pip install -e \"\.\[mcp\]\""):
        serve("127.0.0.1", 0, mcp=True)
