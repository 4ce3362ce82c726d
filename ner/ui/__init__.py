"""The page: :func:`build` makes it from a loader, :func:`launch` serves it."""

from ner.ui.contract import Loader, Pair
from ner.ui.page import build
from ner.ui.serving import launch, serve

__all__ = ["Loader", "Pair", "build", "launch", "serve"]
