"""What visitors may take of the disk, and what is deleted."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes import awaited
from starlette.middleware import Middleware
from starlette.types import Message, Receive, Scope, Send

from ner.serving.bounds import Bounds
from ner.serving.uploads import Quota, UploadQuota, keep_clean, sweep
from serving.client import Clock, client


def quota_of(total: int, kept: int = 6_600) -> tuple[Quota, Clock]:
    """For so many bytes, each for so many seconds; and its clock."""
    clock = Clock()
    return Quota(Bounds(upload_bytes=total, sweep_seconds=0, keep_seconds=kept), clock), clock


def test_an_upload_over_the_quota_waits_until_others_are_deleted() -> None:
    """Room comes free with time; small files count for more than they are."""
    quota, clock = quota_of(150_000, kept=60)
    quota.add(100_000)
    clock.now += 20
    quota.add(1)

    assert 110_000 == quota.used
    assert 0.0 == quota.wait(40_000)
    assert 40.0 == quota.wait(40_001)
    clock.now += 40
    assert 10_000 == quota.used
    assert 0.0 == quota.wait(100_000)


@pytest.mark.parametrize(
    ("received", "status", "expected"),
    [(90_000, 200, 90_000), (0, 200, 10_000), (90_000, 400, 10_000)],
    ids=["received", "broken off", "refused"],
)
def test_an_upload_counts_as_what_came_of_it(received: int, status: int, expected: int) -> None:
    """One that never came, or was refused, does not keep others out for hours."""
    quota, _ = quota_of(150_000)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * received}

    async def send(message: Message) -> None:
        assert 90_000 == quota.used

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": status})

    headers = [(b"content-length", b"90000")]
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": headers}
    awaited(UploadQuota(reads, quota)(scope, receive, send))

    assert expected == quota.used


def test_what_broken_uploads_left_is_deleted_by_its_age(tmp_path: Path) -> None:
    """Files that Gradio has forgotten, and empty folders; nothing young, nothing in use."""
    (tmp_path / "in use").mkdir()
    (tmp_path / "in use" / "file").touch()
    for name in ("empty", "young"):
        (tmp_path / name).mkdir()
    for name in ("tmpleft", "tmpyoung", "other"):
        (tmp_path / name).touch()
    for name in ("in use", "empty", "tmpleft", "other"):
        os.utime(tmp_path / name, (1000, 1000))

    sweep(tmp_path, age=100)

    assert {"in use", "young", "tmpyoung", "other"} == {path.name for path in tmp_path.iterdir()}


def test_what_is_left_behind_is_looked_for_again_and_again(tmp_path: Path) -> None:
    """Until it is told to end."""
    (tmp_path / "tmpleft").touch()
    os.utime(tmp_path / "tmpleft", (1000, 1000))
    done = keep_clean(tmp_path, Bounds(sweep_seconds=0.01, keep_seconds=100))
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    done.set()

    assert not list(tmp_path.iterdir())


async def _unmeasured() -> AsyncIterator[bytes]:
    yield b"x"


def test_uploads_over_the_quota_are_refused_unread() -> None:
    """429 with when to come again; without a length 411; other requests are not counted."""
    asked = client(Middleware(UploadQuota, quota_of(20_000)[0]))

    assert 200 == asked.post("/gradio_api/upload", content=b"x" * 15_000).status_code
    refused = asked.post("/gradio_api/upload", content=b"x" * 15_000)
    assert 429 == refused.status_code
    assert int(refused.headers["retry-after"]) > 60
    # As README and the page have it: an hour and fifty minutes are not one hour.
    assert "deleted within 2 hours" in refused.json()["detail"]
    assert 411 == asked.post("/gradio_api/upload", content=_unmeasured()).status_code
    assert 200 == asked.post("/other", content=b"x" * 15_000).status_code
