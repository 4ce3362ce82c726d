"""Named entities by a model and by its INT8 OpenVINO version, side by side.

>>> import ner
>>> tagger = ner.load()
>>> tagger("Ada Lovelace lived in London.").entities  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ner.api import compare, evaluate, load
    from ner.comparing.agreement import Agreement
    from ner.entities import Annotated, Entity, Tagged, Tagger
    from ner.errors import NerError
    from ner.frames import predict

__all__ = [
    "Agreement",
    "Annotated",
    "Entity",
    "NerError",
    "Tagged",
    "Tagger",
    "compare",
    "evaluate",
    "load",
    "predict",
]

_HOME_OF = {
    "Agreement": "ner.comparing.agreement",
    "Annotated": "ner.entities",
    "Entity": "ner.entities",
    "NerError": "ner.errors",
    "Tagged": "ner.entities",
    "Tagger": "ner.entities",
    "compare": "ner.api",
    "evaluate": "ner.api",
    "load": "ner.api",
    "predict": "ner.frames",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import what is exported when it is first used, so that importing this costs nothing."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'ner' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
