"""From what a person writes (a name, ``model#recipe``, a path, a Hub id) to a model or variant."""

from __future__ import annotations

import os
import re
import socket
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from ner.errors import ModelRefused
from ner.models.catalogue import HUB, ModelSpec, catalogue
from ner.models.checkpoint import CONFIG, refuse_files, vet
from ner.models.folder import MANIFEST, find_prepared, read_prepared
from ner.models.recipes import RECIPES, Variant, default_sides, find_recipe

# The ids that the Hub has: owner/name.
_REPO_ID = re.compile(r"(?!.*(?:--|\.\.))\w[\w.-]*/\w[\w.-]*(?<![.-])(?<!\.git)", re.ASCII)
_MAX_REPO_ID = 96


def resolve(text: str, *, default: str = "bundled#int8", visitor: bool = False) -> Variant:
    """The variant written ``text``: ``model#recipe``, either half optional.

    A word alone is a recipe if there is one of that name, else a model; what is left out comes from
    ``default``. The path of a prepared folder is taken as it stands, and ``#bf16`` after it
    executes it differently. For a ``visitor`` of the page a name is never a path, and a model of
    the Hub must be allowed and already fetched. Raises ``ModelRefused``.
    """
    if not isinstance(text, str):
        raise ModelRefused("A side is given by its name, such as bundled#int8.")
    model, mark, recipe = text.partition("#")
    if not mark and any(model == known.name for known in RECIPES):
        model, recipe = "", model
    if not visitor and model and (Path(model) / MANIFEST).is_file():
        return _prepared_folder(Path(model).resolve(), recipe)
    default_model, _, default_recipe = default.rpartition("#")
    spec = find_model(model or default_model, visitor=visitor)
    variant = Variant(spec, find_recipe(recipe or default_recipe))
    if visitor and spec.name.startswith(HUB) and find_prepared(variant.base) is None:
        raise ModelRefused(f"{spec.repo_id} has not been fetched. Do so on tab About.")
    return variant


def resolve_sides(left: str, right: str, *, visitor: bool = False) -> tuple[Variant, Variant]:
    """Both sides as `resolve` gives them; a model alone is its original on the left."""
    first = resolve(left, default="bundled#original", visitor=visitor)
    return first, resolve(right, visitor=visitor)


def find_model(name: str, *, visitor: bool = False) -> ModelSpec:
    """The model called ``name``.

    One of the catalogue by name or Hub id, one of the Hub as ``hub:owner/name``, or a local
    checkpoint folder. For a ``visitor`` a name is never a path, and models of the Hub must be
    allowed. Raises ``ModelRefused`` for anything else.
    """
    if not isinstance(name, str):
        raise ModelRefused("A model is given by its name.")
    known = catalogue()
    for spec in known:
        if name in (spec.name, spec.repo_id, f"{HUB}{spec.repo_id}"):
            return spec
    if name.startswith(HUB) and (hub_allowed() or not visitor):
        return _of_hub(name.removeprefix(HUB))
    if not visitor and Path(name).is_dir():
        return _local(Path(name))
    offered = ", ".join(spec.name for spec in known)
    hint = "" if visitor else ", hub:owner/name or the path of a checkpoint folder"
    raise ModelRefused(f"There is no model called {_short(name)!r}. Choose one of {offered}{hint}.")


def hub_allowed() -> bool:
    """Whether visitors of the page may have models fetched: ``NER_ALLOW_HUB=1``."""
    return os.environ.get("NER_ALLOW_HUB") == "1"


def can_be_had(spec: ModelSpec) -> bool:
    """Whether a model is on this machine, or the Hub can be reached."""
    if spec.folder is not None or find_prepared(default_sides(spec)[0]) is not None:
        return True
    return _hub_answers(int(time.time() // 600))


@lru_cache(maxsize=1)
def _hub_answers(_ten_minutes: int) -> bool:
    """Whether a connection to the Hub can be made; asked every ten minutes at most."""
    host = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        return False
    port = host.port or (443 if host.scheme == "https" else 80)
    try:
        socket.create_connection((host.hostname or "", port), timeout=1).close()
    except OSError:
        return False
    return True


def _of_hub(repo_id: str) -> ModelSpec:
    if len(repo_id) > _MAX_REPO_ID or not _REPO_ID.fullmatch(repo_id):
        raise ModelRefused(
            f"{_short(repo_id)!r} is not the id of a model on the Hub. Expected owner/name of at "
            f"most {_MAX_REPO_ID} letters, digits, '-', '_' and '.'."
        )
    return ModelSpec(f"{HUB}{repo_id}", repo_id, "A model from the Hub.", repo_id=repo_id)


def _local(folder: Path) -> ModelSpec:
    names = [file.name for file in folder.iterdir()]
    below = [name for name in names if (folder / name / CONFIG).is_file()]
    refuse_files(names, f"The folder {folder.name!r}", below)
    vet(folder)
    folder = folder.resolve()
    name = re.sub(r"[^\w.-]+", "-", folder.name)
    return ModelSpec(name, folder.name, "A checkpoint from a local folder.", folder)


def _prepared_folder(folder: Path, recipe: str) -> Variant:
    prepared = read_prepared(folder)
    if prepared is None:
        raise ModelRefused(
            f"{folder.name} holds a manifest of another version, or one that was changed. Prepare "
            "the model anew."
        )
    name = prepared.manifest.name
    spec = ModelSpec(name, f"{name}, build {prepared.fingerprint}", "A prepared folder.", folder)
    return Variant(spec, find_recipe(recipe or prepared.manifest.recipe), folder)


def _short(name: str) -> str:
    return name if len(name) <= 100 else f"{name[:100]}…"
