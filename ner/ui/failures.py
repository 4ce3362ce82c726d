"""What a visitor is told when something fails: our own sentences, or an id and nothing else."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import gradio as gr

from ner.errors import NerError
from ner.serving.gradio_seam import request_id

_LOG = logging.getLogger(__name__)
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def told(error: Exception) -> str:
    """The sentence for ``error``; what is not ours is logged, and only the request's id told."""
    if isinstance(error, NerError):
        return str(error)
    number = request_id() or secrets.token_hex(8)
    _LOG.error("failure %s", number, exc_info=error)
    return f"Something failed here that should not have. It is in the log under {number}."


def answered(results: Iterator[_Result], problem: Callable[[str], _Result]) -> Iterator[_Result]:
    """``results``; if making them fails, ``problem`` of the sentence for it is the last one."""
    try:
        yield from results
    # The last line of defence: a visitor gets a sentence, the log gets the rest.
    except Exception as error:  # noqa: BLE001
        yield problem(told(error))


def as_gradio_errors(
    handler: Callable[_Arguments, _Result],
) -> Callable[_Arguments, _Result]:
    """``handler``, raising only errors that Gradio passes on to the client."""

    @functools.wraps(handler)
    def refusing(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return handler(*args, **kwargs)
        # Nothing of a foreign exception may reach the client, so none may pass by here.
        except Exception as error:  # noqa: BLE001
            raise gr.Error(told(error), print_exception=False) from None

    return refusing
