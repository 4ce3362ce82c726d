"""Where a side's entities come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """A model made by a recipe, on a device; or a file of predictions, of which ``model`` is told.

    ``title`` is what a reader calls it beside the other side ('INT8'); ``precision`` is what
    floating-point parts are executed in, as the device reports it (``f32``); ``weights`` is a short
    SHA-256 of the files that are executed.
    """

    title: str
    model: str
    recipe: str | None = None
    device: str | None = None
    precision: str | None = None
    weights: str | None = None

    @property
    def name(self) -> str:
        """As the command line writes it: ``bundled#int8``, or the file's name."""
        return self.model if self.recipe is None else f"{self.model}#{self.recipe}"
