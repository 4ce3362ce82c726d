"""Closed routes, and requests that Gradio would stumble over."""

from __future__ import annotations

import httpx
import pytest


def upload(url: str, body: bytes, content_type: str) -> httpx.Response:
    return httpx.post(
        f"{url}gradio_api/upload", content=body, headers={"Content-Type": content_type}
    )


def form(disposition: str) -> bytes:
    """A form of one part."""
    return (
        f"--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\nBerlin\r\n--x--\r\n".encode()
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--" + b"x" * 5000 + b"\r\n", f"multipart/form-data; boundary={'x' * 5000}"),
        (form("name=\"files\"; filename*=utf-8''a%20b.txt"), "multipart/form-data; boundary=x"),
        (form('name="files"'), "multipart/form-data; boundary=x"),
        (b"no form", "multipart/form-data; boundary=x"),
        (b"Berlin", "text/plain"),
    ],
    ids=["an overlong boundary", "an RFC 2231 name", "no name", "no parts", "no form"],
)
def test_an_upload_that_is_none_is_refused(fake_url: str, body: bytes, content_type: str) -> None:
    """400 with what is expected; it is the request that is wrong."""
    answer = upload(fake_url, body, content_type)

    assert 400 == answer.status_code
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("ranges", "status", "expected"),
    [("bytes=0-2", 206, b"Ber"), ("bytes=0-0,2-3", 200, b"Berlin")],
)
def test_ranges_of_a_file_are_given_or_the_whole(
    fake_url: str, ranges: str, status: int, expected: bytes
) -> None:
    """One range as it is asked for; of several the whole file, as RFC 9110 allows."""
    [path] = httpx.post(
        f"{fake_url}gradio_api/upload", files={"files": ("a.txt", b"Berlin", "text/plain")}
    ).json()
    answer = httpx.get(f"{fake_url}gradio_api/file={path}", headers={"Range": ranges})

    assert status == answer.status_code
    assert expected == answer.content
