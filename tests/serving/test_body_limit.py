"""How long and how slow a request may be."""

from __future__ import annotations

import asyncio

import pytest
from fakes import awaited
from starlette.types import Message

from ner.serving.body_limit import Body
from ner.serving.bounds import Bounds
from serving.client import guarded

BOUNDS = Bounds()
TWO_LENGTHS = {"content-length": "1", "transfer-encoding": "chunked"}


@pytest.mark.parametrize(
    ("path", "size", "headers", "expected"),
    [
        ("/x", BOUNDS.body_bytes, {}, (200, "")),
        ("/x", BOUNDS.body_bytes + 1, {}, (413, "2,500,000 bytes")),
        ("/gradio_api/upload", BOUNDS.body_bytes + 1, {}, (200, "")),
        # Whatever else ends like an upload.
        ("/upload", BOUNDS.body_bytes + 1, {}, (413, "larger")),
        ("/gradio_api/run/upload", BOUNDS.body_bytes + 1, {}, (413, "larger")),
        ("/gradio_api/call/upload", BOUNDS.body_bytes + 1, {}, (413, "larger")),
        # The server takes the chunked one, which a quota by the other would not see.
        ("/gradio_api/upload", 1, TWO_LENGTHS, (400, "two ways")),
        ("/x", 1, {"content-length": "-1"}, (413, "larger")),
    ],
)
def test_a_request_has_one_length_within_its_limit(
    path: str, size: int, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """Else it is refused in words."""
    answer = guarded().post(path, content=b"x" * size, headers=headers)

    assert expected[0] == answer.status_code
    assert expected[1] in answer.text


def test_a_body_that_comes_too_slowly_is_cut_off() -> None:
    """The app sees its sender gone; after a whole body it may wait for as long as it likes."""
    seen: list[Message] = []

    async def ask(part: Message) -> None:
        coming = iter([part])

        async def receive() -> Message:
            for message in coming:
                return message
            await asyncio.Event().wait()
            raise AssertionError

        body = Body(receive, 100, Bounds(body_seconds=0.01))
        async with asyncio.timeout(0.2):
            seen.extend([await body(), await body()])

    part = {"type": "http.request", "body": b"x", "more_body": True}
    awaited(ask(part))
    assert ["http.request", "http.disconnect"] == [message["type"] for message in seen]

    with pytest.raises(TimeoutError):
        awaited(ask({**part, "more_body": False}))
