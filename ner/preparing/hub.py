"""A checkpoint on disk: a vetted folder, or a download from the Hub under limits of size and time.

Written on httpx alone, since a limit for the whole of an answer is needed, not for each read: a
server that sends ten bytes a second would otherwise hold a download for days. No access token is
read or sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from io import BytesIO
from itertools import filterfalse
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import httpx
from huggingface_hub import constants
from pydantic import BaseModel, Field, NonNegativeInt, ValidationError

from ner.errors import ModelRefused, PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.models.checkpoint import is_weights, parts, refuse_files
from ner.preparing.export import check_network

# An answer, tries again included, may take so many seconds and what its size takes at this rate.
_SECONDS = 30.0
_BYTES_PER_SECOND = 500_000.0
# A refusal for the moment (429, 5xx, no connection) is tried so often in all, with a pause between.
_TRIES = 3
_PAUSE = 1.0
# A listing of some thousand files.
_MAX_LISTING = 5_000_000
_READ_TIMEOUT = 10.0
_MAX_REDIRECTS = 5
_OTHERWISE = "The bundled model works without it."
_MAX_BYTES = 2_000_000_000
# Of every file but the weights.
_MAX_FILE_BYTES = 50_000_000
# Original, INT8 and the files on the way need about this many times the checkpoint.
_DISK_FACTOR = 3


class _Stored(BaseModel):
    """Of a file in large-file storage."""

    sha256: str


class _File(BaseModel):
    """A file of a repository, with its size in bytes."""

    rfilename: str
    size: NonNegativeInt = 0
    lfs: _Stored | None = None


class _Listing(BaseModel):
    """What a repository holds at one commit."""

    sha: str = Field(pattern="^[0-9a-f]{40}$")
    siblings: list[_File]


def _list_files(repo_id: str, revision: str | None) -> _Listing:
    """The files of a repository at ``revision``, or at its newest commit."""
    where = "" if revision is None else f"/revision/{quote(revision, safe='')}"
    answer = BytesIO()
    _get(repo_id, f"{constants.ENDPOINT}/api/models/{repo_id}{where}?blobs=true", answer)
    try:
        return _Listing.model_validate_json(answer.getvalue())
    except ValidationError as error:
        raise PrepareFailed(f"The Hub's answer about {repo_id} is not one. {_OTHERWISE}") from error


def _fetch(repo_id: str, commit: str, file: _File, folder: Path) -> None:
    """Write one file into ``folder``; size and checksum are verified."""
    url = f"{constants.ENDPOINT}/{repo_id}/resolve/{commit}/{quote(file.rfilename)}"
    with (folder / file.rfilename).open("w+b") as stream:
        _get(repo_id, url, stream, limit=file.size)
        size = stream.tell()
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if size != file.size or (file.lfs and digest != file.lfs.sha256):
        raise PrepareFailed(_not_as_promised(repo_id))


def _get(repo_id: str, url: str, into: BinaryIO, limit: int = _MAX_LISTING) -> None:
    """Write what ``url`` answers into ``into``, trying again where that may help."""
    if constants.is_offline_mode():
        raise PrepareFailed(f"{repo_id} is not available from the Hub: HF_HUB_OFFLINE is set.")
    seconds = _SECONDS + limit / _BYTES_PER_SECOND
    try:
        problem = asyncio.run(asyncio.wait_for(_try_often(repo_id, url, into, limit), seconds))
    except TimeoutError as error:
        raise PrepareFailed(
            f"The Hub is too slow: {repo_id} did not come within {seconds:.0f} s. {_OTHERWISE}"
        ) from error
    if problem is not None:
        raise PrepareFailed(f"{repo_id} is not available from the Hub: {problem}. {_OTHERWISE}")


async def _try_often(repo_id: str, url: str, into: BinaryIO, limit: int) -> str | None:
    """Write an answer into ``into``; gives what was the matter with the last try, if anything."""
    problem = None
    for one_try in range(_TRIES):
        await asyncio.sleep(_PAUSE * one_try)
        into.seek(0)
        into.truncate()
        problem = await _stream(repo_id, url, into, limit)
        if problem is None:
            break
    return problem


async def _stream(repo_id: str, url: str, into: BinaryIO, limit: int) -> str | None:
    """Write an answer into ``into``; gives what was the matter if it is worth another try."""
    client = httpx.AsyncClient(
        follow_redirects=True,
        max_redirects=_MAX_REDIRECTS,
        timeout=_READ_TIMEOUT,
        # Sizes are those of the file, so nothing may be packed on the way.
        headers={"accept-encoding": "identity"},
    )
    try:
        async with client, client.stream("GET", url) as answer:
            if answer.status_code == 429 or answer.status_code >= 500:
                return f"it answers {answer.status_code}; try again later"
            if answer.status_code != 200:
                raise ModelRefused(
                    f"{repo_id} is not available from the Hub: it is private, gated or gone "
                    f"({answer.status_code}). {_OTHERWISE}"
                )
            async for chunk in answer.aiter_bytes():
                if into.tell() + len(chunk) > limit:
                    raise PrepareFailed(_not_as_promised(repo_id))
                into.write(chunk)
    except (httpx.HTTPError, httpx.InvalidURL):
        return "it can't be reached from here, or broke off"
    return None


def _not_as_promised(repo_id: str) -> str:
    return f"What the Hub sent of {repo_id} is not of the size or checksum that it gave itself."


def obtain(spec: ModelSpec, downloads: Path) -> tuple[Path, str | None]:
    """The folder of a vetted checkpoint, and its commit if it is fetched from the Hub.

    What is fetched goes to ``downloads``, the weights only after all else is vetted. Raises
    ``ModelRefused`` if it is unsafe, unsuitable, too large or not there for everyone,
    ``PrepareFailed`` if the Hub can't be reached, is too slow or sends other than it promised, or
    the disk is too full.
    """
    if spec.folder is not None:
        names = [file.name for file in spec.folder.iterdir()]
        sizes = {name: (spec.folder / name).stat().st_size for name in parts(names)}
        check_network(spec.folder, sizes)
        _check_disk(sum(sizes.values()), downloads)
        return spec.folder, None
    assert spec.repo_id is not None  # noqa: S101 - ModelSpec guarantees one of the two
    listing = _list_files(spec.repo_id, spec.revision)
    files = {file.rfilename: file for file in listing.siblings}
    refuse_files(files, spec.repo_id)
    sizes = {name: files[name].size for name in parts(files)}
    largest = max(size for name, size in sizes.items() if not is_weights(name))
    if largest > _MAX_FILE_BYTES:
        raise ModelRefused(
            f"{spec.repo_id} has a file of {largest / 1e6:.0f} MB beside its weights; at most "
            f"{_MAX_FILE_BYTES / 1e6:.0f} MB are taken."
        )
    _check_disk(sum(sizes.values()), downloads)
    for name in filterfalse(is_weights, sizes):
        _fetch(spec.repo_id, listing.sha, files[name], downloads)
    check_network(downloads, sizes)
    for name in filter(is_weights, sizes):
        _fetch(spec.repo_id, listing.sha, files[name], downloads)
    return downloads, listing.sha


def _check_disk(size: int, folder: Path) -> None:
    if size > _MAX_BYTES:
        raise ModelRefused(
            f"The checkpoint has {size / 1e9:.1f} GB; at most {_MAX_BYTES / 1e9:.0f} GB are taken."
        )
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < _DISK_FACTOR * size:
        raise PrepareFailed(
            f"Preparing needs {_DISK_FACTOR * size / 1e6:.0f} MB of free disk, and "
            f"{free / 1e6:.0f} MB are left. Free some, or set NER_HOME to a folder on another disk."
        )
