"""How the server is, what it allows, and what it keeps of whom."""

from __future__ import annotations

import time
from collections.abc import Sequence

from markupsafe import Markup

from ner.machine import describe, package_versions
from ner.markup import render
from ner.models.open import Side
from ner.serving.admission import Slots
from ner.serving.service import Service

_PACKAGES = ("ner-compare", "gradio", "openvino", "tokenizers", "numpy")
_Rows = Sequence[tuple[str, str]]


def server_facts(service: Service, open_sides: Sequence[Side]) -> Markup:
    """Health, limits, what is kept, versions; ``open_sides`` are the models that are open."""
    machine = describe()
    own = {"Python": machine.python, "Machine": machine.summary}
    return render(
        "ner.ui",
        "status.html",
        health=_health(service, open_sides),
        limits=[(meaning, value) for _, value, meaning in service.bounds.rows()],
        minutes=service.bounds.longest_kept // 60,
        addresses=service.addresses.logged,
        versions={**package_versions(_PACKAGES), **own}.items(),
    )


def _health(service: Service, open_sides: Sequence[Side]) -> _Rows:
    readiness = service.readiness
    since = readiness.ready_since
    state = "Ready." if not readiness.reasons else f"Not ready. {' '.join(readiness.reasons)}"
    return (
        ("State", state),
        ("Ready since", "not yet" if since is None else _moment(since)),
        ("Started", _moment(readiness.started)),
        *(("Model open", _describe(side)) for side in open_sides),
        ("Single texts", _load(service.short)),
        ("Files, evaluations, measurements", _load(service.long)),
    )


def _describe(side: Side) -> str:
    return f"{side.variant.title} on {side.origin.device}: {side.withheld or 'checked'}"


def _load(slots: Slots) -> str:
    return f"{slots.running} running, {slots.queued} waiting"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
