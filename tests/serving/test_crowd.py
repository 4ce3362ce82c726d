"""Crowds that do nothing but stay, come slowly, or leave: memory bounded, others served."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fakes import awaited

from serving.running import App, app, arguments

STREAMS = 500
TEXT = "Ada Lovelace lived in London."
Crowd = Callable[[str, int], Awaitable[asyncio.StreamWriter]]


@pytest.fixture(scope="module")
def crowded(ner_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app over the bundled model."""
    with app(tmp_path_factory.mktemp("crowd") / "log") as running:
        yield running


async def _send(url: str, data: bytes) -> asyncio.StreamWriter:
    where = urlsplit(url)
    _, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(data)
    await writer.drain()
    return writer


def _post(text: str, length: int) -> bytes:
    """A call of ``tag`` that states ``length`` bytes, and as many of them as ``text`` has."""
    head = "POST /gradio_api/call/tag HTTP/1.1\r\nHost: test\r\nContent-Type: application/json"
    return f"{head}\r\nContent-Length: {length}\r\n\r\n{text}".encode()


async def idle(url: str, number: int) -> asyncio.StreamWriter:
    """A page that stays open: the stream that tells the server so."""
    path = f"/gradio_api/heartbeat/crowd-{number}"
    return await _send(url, f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())


async def slow_head(url: str, number: int) -> asyncio.StreamWriter:
    """Headers that never end."""
    return await _send(url, f"GET /?{number} HTTP/1.1\r\nHost: test\r\nX-Slow: ".encode())


async def slow_body(url: str, number: int) -> asyncio.StreamWriter:
    """A body of which the beginning comes, and no more."""
    return await _send(url, _post('{"data": [', 2_000_000))


async def aborted(url: str, number: int) -> asyncio.StreamWriter:
    """A call whose caller is gone before it can be answered."""
    body = json.dumps({"data": arguments(f"Ada met Bob {number}.")})
    writer = await _send(url, _post(body, len(body)))
    writer.transport.abort()
    return writer


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.parametrize("crowd", [idle, slow_head, slow_body, aborted])
def test_a_crowd_is_borne(crowded: App, crowd: Crowd) -> None:
    """Five hundred at once cost under 100 MB, and another visitor is still answered right."""
    alone, before = crowded.tag(TEXT)["entities"], crowded.memory

    async def meanwhile() -> Any:
        writers = [await crowd(crowded.url, number) for number in range(STREAMS)]
        # Aborted calls may fill the slots for a moment; a caller then comes again as told.
        answer = None
        for _ in range(20):
            with suppress(httpx.HTTPStatusError):
                answer = await asyncio.to_thread(crowded.tag, TEXT)
                break
            await asyncio.sleep(2)
        grown = await asyncio.to_thread(lambda: crowded.memory) - before
        for writer in writers:
            writer.close()
        assert grown < 100
        return answer["entities"]

    assert alone == awaited(meanwhile())


@pytest.mark.full
@pytest.mark.timeout(300)
def test_a_thousand_sessions_are_borne(crowded: App) -> None:
    """Each with a session of its own, kept as the server keeps it: under 50 MB more."""
    crowded.tag(TEXT)
    before = crowded.memory
    with httpx.Client(base_url=crowded.url, timeout=30) as client:
        for _ in range(1000):
            data = {"data": arguments(TEXT)}
            while client.post("gradio_api/call/tag", json=data).status_code == 503:
                time.sleep(0.2)

    assert crowded.memory - before < 50
