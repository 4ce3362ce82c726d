"""Getting a model's sides while the visitor is told how far its preparation has come."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from ner.models.catalogue import ModelSpec
from ner.models.child import Stage
from ner.models.opened import Sides
from ner.ui.background import in_background
from ner.ui.contract import Loader

_Update = TypeVar("_Update")


def opened(
    load: Loader, spec: ModelSpec, device: str, show: Callable[[str], _Update]
) -> Generator[_Update, None, Sides]:
    """The sides of ``spec``; yields ``show`` of a sentence for each stage of making it.

    A visitor who leaves ends the telling and not the making, for which others may wait too.
    """

    def loading(tell: Callable[[_Update], None]) -> Sides:
        return load(spec, device, lambda stage: tell(show(_sentence(spec, stage))))

    return (yield from in_background(loading))


def _sentence(spec: ModelSpec, stage: Stage) -> str:
    return (
        f"Preparing {spec.title} for its first use, step {stage.number} of {stage.stages}: "
        f"{stage.name} …"
    )
