"""What requests ask for: what is closed, what uploads, calls and streams are, what each counts."""

from __future__ import annotations

import re

from starlette.types import Scope

from ner.serving.probes import PROBES

_API = "/gradio_api"
# These fetch other addresses or foreign components, keep state on the server's disk, or are for
# development, recording, histories and accounts. The page uses none. Its buttons stop work in their
# own way: Gradio's (/cancel) waits for the work to end, and lets nobody else go on meanwhile.
_CLOSED = (
    "/proxy=",
    "/file=http:",
    "/file=https:",
    "/custom_component/",
    "/component_server",
    "/deep_link",
    "/dev/",
    "/vibe",
    "/undo-vibe",
    "/process_recording",
    "/monitoring",
    "/profiling",
    "/run-history",
    "/runs",
    "/stream/",
    "/cancel",
    "/reset",
    "/login",
    "/logout",
)
# What may be called by name, for one text and for many; Gradio would allow any event of the page.
SHORT_CALLS = ("tag", "compare")
LONG_CALLS = ("evaluate",)
ENDPOINTS = (*SHORT_CALLS, *LONG_CALLS)
_KINDS = {
    "upload": re.compile(rf"POST {_API}/upload/*"),
    # By the name in the path, or by the number in the body.
    "call": re.compile(rf"POST {_API}/(call/(v2/)?[^/]+|queue/join|(run|api)/.*)/*", re.DOTALL),
    # Of answers, and the one that an open page holds.
    "stream": re.compile(rf"GET {_API}/(call|queue/data|heartbeat)(/.*)?", re.DOTALL),
}
# Tokens that a request takes from its client's bucket. Files of the page are cheap to serve and
# many; a probe is answered whoever asks.
_POST = 1.0
_GET = 0.2
_FREE = (
    *("/assets/", "/static/", "/svelte/", "/theme.css", "/favicon.ico"),
    # The answer to what has been counted already, and the stream that an open page holds.
    *(f"{_API}/queue/", f"{_API}/call/", f"{_API}/heartbeat/"),
    *PROBES,
)


def is_closed(scope: Scope) -> bool:
    """Whether nobody is served what is asked for."""
    path: str = scope["path"].removeprefix(_API)
    if not path.startswith("/call/"):
        return path.lower().startswith(_CLOSED)
    return path.removeprefix("/call/").removeprefix("v2/").partition("/")[0] not in ENDPOINTS


def kind_of(scope: Scope) -> str | None:
    """``upload`` (of files), ``call`` (of a function), ``stream`` (of events), None for others."""
    asked = f"{scope['method']} {scope['path']}"
    return next((kind for kind, form in _KINDS.items() if form.fullmatch(asked)), None)


def cost_of(scope: Scope) -> float:
    """How many tokens a request takes from its client's bucket."""
    if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        return _POST
    return 0.0 if scope["path"].startswith(_FREE) else _GET
