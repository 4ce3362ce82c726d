"""Uploading a folder to the Hub, in one commit: a Space's, or an exported model's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from httpx import HTTPError
from huggingface_hub import (
    CommitOperation,
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
)
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
)
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from ner.errors import Failure, InputError

_LOGIN = "Log in with: hf auth login (a token with the right to write), or set HF_TOKEN."

# The Hub's own, which says what goes to large file storage.
_GIT_ATTRIBUTES = ".gitattributes"


def check_name(name: str, kind: str = "Space") -> None:
    """Raise ``InputError`` unless ``name`` is an owner and a name as the Hub allows them.

    ``kind`` is what a reader calls it: Space or model.
    """
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise InputError(_bad_name(name, kind)) from error
    if name.count("/") != 1:
        raise InputError(_bad_name(name, kind))


def _bad_name(name: str, kind: str) -> str:
    return (
        f"{name[:100]!r} does not name a {kind}. Expected owner/name: letters, digits, '-', '_' "
        "and '.', at most 96 characters."
    )


def check_login(name: str, api: HfApi | None = None, kind: str = "Space") -> None:
    """Raise ``InputError`` unless the Hub knows the token that huggingface_hub finds.

    ``Failure`` if the Hub can't be reached.
    """
    with _told(name, kind):
        (api or HfApi()).whoami()


def upload(
    folder: Path,
    space: str,
    *,
    update: bool = False,
    private: bool = False,
    hardware: str | None = None,
    api: HfApi | None = None,
) -> str:
    """Create the Space and commit ``folder`` to it; gives its address.

    An existing Space is touched with ``update`` only; then its files become those of the folder.
    ``hardware`` is for a new one, by the Hub's name, such as ``cpu-basic`` or ``zero-a10g``. Raises
    as :func:`check_login`, and ``InputError`` if the Hub refuses.
    """
    check_name(space)
    api = api or HfApi()
    with _told(space, "Space"):
        address = api.create_repo(
            space,
            repo_type="space",
            space_sdk="gradio",
            space_hardware=hardware,
            private=private,
            exist_ok=update,
        )
        api.upload_folder(
            repo_id=space,
            repo_type="space",
            folder_path=folder,
            commit_message="Deploy",
            delete_patterns="*" if update else None,
        )
    return str(address)


def upload_model(
    folder: Path,
    name: str,
    *,
    update: bool = False,
    private: bool = False,
    api: HfApi | None = None,
) -> str:
    """Create the model ``name`` and commit ``folder`` to it; gives its address.

    One that exists is touched with ``update`` only; then its files become those of the folder.
    Raises as :func:`upload`.
    """
    check_name(name, "model")
    api = api or HfApi()
    with _told(name, "model"):
        address = api.create_repo(name, private=private, exist_ok=update)
        api.create_commit(name, _changes(folder, name, api), commit_message="Upload a variant")
    return str(address)


def _changes(folder: Path, name: str, api: HfApi) -> list[CommitOperation]:
    """What makes the files of the model ``name`` those of ``folder``."""
    here = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*"))}
    gone = set(api.list_repo_files(name)) - set(here) - {_GIT_ATTRIBUTES}
    added = (
        CommitOperationAdd(path_in_repo=path, path_or_fileobj=file)
        for path, file in here.items()
        if file.is_file()
    )
    return [*added, *map(CommitOperationDelete, sorted(gone))]


@contextmanager
def _told(name: str, kind: str) -> Iterator[None]:
    """The Hub's refusals as errors of ours, in words; no trace, and never the token."""
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise InputError(f"Not logged in to the Hub. {_LOGIN}") from error
    except HfHubHTTPError as error:
        raise _refusal(name, kind, error) from error
    except (HTTPError, OfflineModeIsEnabled, OSError) as error:
        raise Failure(
            "The Hub can't be reached from here; what was uploaded is kept. Try again, with "
            f"--update if the {kind} has been created."
        ) from error


def _refusal(name: str, kind: str, error: HfHubHTTPError) -> InputError | Failure:
    status = error.response.status_code
    owner = name.partition("/")[0]
    said = (error.server_message or "").split("\n", 1)[0][:200]
    reasons = {
        401: f"The Hub does not accept the access token. {_LOGIN}",
        402: f"The plan of {owner!r} does not include this. {said}",
        403: f"The token has no right to write to {owner!r}, or its plan no right to this. {said}",
        409: f"There is a {kind} {name} already. Give --update to replace its files.",
    }
    if status in reasons:
        return InputError(reasons[status].strip())
    if 400 <= status < 500 and status != 429:
        return InputError(f"The Hub refuses {name} ({status}). {said}".strip())
    return Failure(f"The Hub is busy or has a fault ({status}). Try again later.")
