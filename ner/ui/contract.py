"""What the page is given: how it gets at models."""

from __future__ import annotations

from collections.abc import Callable

from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage
from ner.models.opened import Sides

Loader = Callable[[ModelSpec, str, OnStage], Sides]
"""Gives both sides of a model on a device; on a first use it reports the stages of preparing."""
