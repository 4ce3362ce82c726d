"""``export`` on the command line: what it makes, uploads and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_of_spaces import HubOfSpaces, hub_of_spaces
from test_cli import here, refused, run

from ner.models.folder import Prepared


@pytest.fixture
def hub() -> Iterator[HubOfSpaces]:
    """A Hub on loopback."""
    with hub_of_spaces() as one:
        yield one


def test_it_exports_and_uploads_in_one_commit(
    tiny_prepared: Prepared, tiny_checkpoint: Path, tmp_path: Path, hub: HubOfSpaces
) -> None:
    """The Hub then holds the folder's files, and the answer says where."""
    out = tmp_path / "out"
    out.mkdir()  # an empty folder is taken as well
    done = run(
        "export",
        *("--model", str(tiny_checkpoint), "--out", str(out), "--json"),
        *("--push", "someone/tiny-int8", "--private"),
        HF_ENDPOINT=hub.url,
        HF_TOKEN="hf_secret",
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)

    assert answer["uploaded"] == f"{hub.url}/someone/tiny-int8"
    assert answer["recipe"] == "int8"
    assert answer["bytes"] == sum(file["bytes"] for file in answer["files"].values())
    assert hub.commits == 1
    assert hub.models["someone/tiny-int8"] == {
        file.name: file.read_bytes() for file in out.iterdir()
    }
    assert 'folder = "someone/tiny-int8"' in (out / "README.md").read_text("utf-8")
    assert "hf_secret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--push", "no-owner"], "does not name a model"),
        (["--recipe", "int3"], "no recipe 'int3'"),
        (["--model", "nobody"], "no model called 'nobody'"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_made(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    """Exit code 2, a sentence, and no folder."""
    refused(here("export", "--out", str(tmp_path / "out"), *arguments), message)
    assert not (tmp_path / "out").exists()
