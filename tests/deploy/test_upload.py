"""Uploading a folder as a Space or a model, to a Hub on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_of_spaces import HubOfSpaces, hub_of_spaces
from huggingface_hub import HfApi
from test_cli import run

from ner.deploy.upload import Kind, check_login, check_name, upload
from ner.errors import Failure, InputError

NAME = "someone/ner"


@pytest.fixture
def hub() -> Iterator[HubOfSpaces]:
    """A Hub on loopback."""
    with hub_of_spaces() as one:
        yield one


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder to upload: two small files."""
    (tmp_path / "small" / "ner").mkdir(parents=True)
    (tmp_path / "small" / "README.md").write_text("---\nsdk: gradio\n---\n")
    (tmp_path / "small" / "ner" / "x.py").write_text("x = 1\n")
    return tmp_path / "small"


def api(hub: HubOfSpaces) -> HfApi:
    """Its client, with a token that must not be told."""
    return HfApi(endpoint=hub.url, token="hf_secret")


@pytest.mark.parametrize(
    "name",
    [
        "a/b c",
        f"a/{'b' * 97}",
        *["ner", "a/b/c", "../ner", "a/..", "https://x/y", "a/", "/b", "a/b--c"],
    ],
)
def test_names_that_the_hub_does_not_allow_are_refused(name: str) -> None:
    """By pattern, before anything is made."""
    with pytest.raises(InputError, match="does not name a space"):
        check_name(name, "space")


def test_the_upload_is_one_commit_of_exactly_the_folder(hub: HubOfSpaces, small: Path) -> None:
    """A Gradio Space is created, private and with hardware as asked for, and given the files."""
    address = upload(small, NAME, "space", private=True, hardware="zero-a10g", api=api(hub))

    assert address == f"{hub.url}/spaces/someone/ner"
    assert hub.commits == 1
    assert hub.spaces[NAME] == {
        "README.md": b"---\nsdk: gradio\n---\n",
        "ner/x.py": b"x = 1\n",
    }
    [asked] = hub.created_with
    assert ("gradio", "zero-a10g", "private") == (
        asked["sdk"],
        asked["hardware"],
        asked.get("visibility") or ("private" if asked["private"] else None),
    )


@pytest.mark.parametrize("kind", ["space", "model"])
def test_what_exists_is_only_touched_with_update(hub: HubOfSpaces, small: Path, kind: Kind) -> None:
    """Then files that are no longer in the folder go, in the same commit; the Hub's own stays."""
    held = hub.spaces if kind == "space" else hub.models
    before = {"old.py": b"old", "README.md": b"old", ".gitattributes": b"x"}
    held[NAME] = dict(before)

    with pytest.raises(InputError, match=f"There is a {kind} someone/ner already. Give --update"):
        upload(small, NAME, kind, api=api(hub))
    assert held[NAME] == before

    upload(small, NAME, kind, update=True, api=api(hub))
    assert set(held[NAME]) == {"README.md", "ner/x.py", ".gitattributes"}
    assert hub.commits == 1


@pytest.mark.parametrize(
    ("end", "status", "kind", "message"),
    [
        ("create", 401, InputError, "does not accept the access token"),
        ("create", 403, InputError, "no right to this"),
        ("create", 402, InputError, r"refuses someone/ner \(402\)"),
        ("create", 503, Failure, r"busy or has a fault \(503\)"),
        ("commit/main", 403, InputError, "no right to this"),
    ],
)
def test_the_hubs_refusals_are_told_in_words(
    hub: HubOfSpaces, small: Path, end: str, status: int, kind: type[Exception], message: str
) -> None:
    """Whichever step is refused; the token is in no message."""
    hub.refuse[end] = status

    with pytest.raises(kind, match=message) as refusal:
        upload(small, NAME, "space", api=api(hub))

    assert "hf_secret" not in str(refusal.value)


def test_the_token_is_tried_before_anything_is_made(hub: HubOfSpaces) -> None:
    """One that the Hub knows is fine; one that it does not is told."""
    check_login(NAME, "space", api(hub))
    hub.refuse["whoami-v2"] = 401

    with pytest.raises(InputError, match="does not accept the access token"):
        check_login(NAME, "space", api(hub))
    assert hub.requests == [("GET", "/api/whoami-v2")] * 2


@pytest.mark.parametrize("command", [["deploy", "--space", NAME], ["export", "--push", NAME]])
def test_without_a_token_it_says_how_to_log_in(command: list[str], tmp_path: Path) -> None:
    """At once: no folder is made."""
    out = tmp_path / "out"
    done = run(*command, "--out", str(out), HF_TOKEN="", HF_HOME=str(tmp_path / "hf"))

    assert done.returncode == 2
    assert "hf auth login" in done.stderr
    assert not out.exists()


def test_a_hub_that_is_not_there_is_told(small: Path) -> None:
    """Nothing listens on port 9 of loopback."""
    nowhere = HfApi(endpoint="http://127.0.0.1:9", token="hf_secret")
    with pytest.raises(Failure, match="can't be reached"):
        upload(small, NAME, "space", api=nowhere)
