"""Uploads a folder to the Hub, in one commit: that of a Space, or an exported model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from httpx import HTTPError
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
)
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from ner.errors import Failure, InputError

Kind = Literal["space", "model"]
_LOGIN = "Log in with: hf auth login (a token with the right to write), or set HF_TOKEN."


def check_name(name: str, kind: Kind) -> None:
    """Raise ``InputError`` unless ``name`` is an owner and a name as the Hub allows them."""
    try:
        validate_repo_id(name)
        valid = name.count("/") == 1
    except HFValidationError:
        valid = False
    if not valid:
        raise InputError(
            f"{name[:100]!r} does not name a {kind}. Expected owner/name: letters, digits, '-', "
            "'_' and '.', at most 96 characters."
        )


def check_login(name: str, kind: Kind, api: HfApi | None = None) -> None:
    """Raise ``InputError`` for a bad ``name``, and unless the Hub knows the token that we have.

    ``Failure`` if the Hub can't be reached.
    """
    check_name(name, kind)
    with _refusals_in_words(name, kind):
        (api or HfApi()).whoami()


def upload(
    folder: Path,
    name: str,
    kind: Kind,
    *,
    update: bool = False,
    private: bool = False,
    hardware: str | None = None,
    api: HfApi | None = None,
) -> str:
    """Create the Space or model ``name`` and commit ``folder`` to it; gives its address.

    One that exists is touched with ``update`` only; then its files become those of the folder.
    ``hardware`` is for a new Space, by the Hub's name, such as ``cpu-basic`` or ``zero-a10g``.
    Raises as :func:`check_login`, and ``InputError`` if the Hub refuses.
    """
    api = api or HfApi()
    with _refusals_in_words(name, kind):
        address = api.create_repo(
            name,
            repo_type=kind,
            space_sdk="gradio" if kind == "space" else None,
            space_hardware=hardware,
            private=private,
            exist_ok=update,
        )
        api.upload_folder(
            repo_id=name,
            repo_type=kind,
            folder_path=folder,
            commit_message="Upload",
            delete_patterns="*" if update else None,
        )
    return str(address)


@contextmanager
def _refusals_in_words(name: str, kind: Kind) -> Iterator[None]:
    """The Hub's refusals as errors of ours; no trace, and never the token."""
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


def _refusal(name: str, kind: Kind, error: HfHubHTTPError) -> InputError | Failure:
    status = error.response.status_code
    said = (error.server_message or "").split("\n", 1)[0][:200]
    reasons = {
        401: f"The Hub does not accept the access token. {_LOGIN}",
        403: f"The token, or the plan of its owner, has no right to this. {said}",
        409: f"There is a {kind} {name} already. Give --update to replace its files.",
    }
    if 400 <= status < 500 and status != 429:
        return InputError(reasons.get(status, f"The Hub refuses {name} ({status}). {said}").strip())
    return Failure(f"The Hub is busy or has a fault ({status}). Try again later.")
