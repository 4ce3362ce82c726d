"""A network that transformers' pipeline can run, whatever it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Network:
    """``run`` has the ``config`` of its checkpoint and takes tensors ``(batch, tokens)`` by name.

    It returns logits ``(batch, tokens, tags)``, first of a tuple or by name. ``bytes_on_disk`` are
    those of its files.
    """

    run: Any
    bytes_on_disk: int


def size_of(*files: Path) -> int:
    """The bytes of files together."""
    return sum(file.stat().st_size for file in files)
