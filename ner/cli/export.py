"""``export``: a variant as a folder that other programs load, and its upload."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner.cli.options import JsonOption, ModelOption, RecipeOption
from ner.cli.terminal import print_json, print_stage, stdout
from ner.models.names import find_model
from ner.models.recipes import RECOMMENDED, Variant, find_recipe
from ner.schema import gate_json

if TYPE_CHECKING:
    from ner.deploy.model_folder import ModelFolder


def export(
    out: Annotated[Path, typer.Option("--out", help="The folder to make; new, or empty.")],
    model: ModelOption = "bundled",
    recipe: RecipeOption = RECOMMENDED,
    push: Annotated[
        str | None, typer.Option("--push", help="Also upload it as this model: owner/name.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace the files of a model that exists there.")
    ] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Make a new model there private.")
    ] = False,
    even_if_withheld: Annotated[
        bool,
        typer.Option("--even-if-withheld", help="Also one that is not served; its card says so."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take a variant away: a folder that Optimum Intel loads, with a model card."""
    # They import huggingface_hub, which takes a second.
    from ner.deploy.model_folder import check_out, export_model
    from ner.deploy.upload import check_login, check_name, upload_model

    check_out(out)
    variant = Variant(find_model(model), find_recipe(recipe))
    if push is not None:
        check_name(push, "model")
        check_login(push, kind="model")
    made = export_model(
        variant, out, place=push, even_if_withheld=even_if_withheld, report=print_stage
    )
    if not as_json:
        _print_made(made)
    address = None
    if push is not None:
        address = upload_model(made.folder, push, update=update, private=private)
    if as_json:
        print_json(_export_json(variant, made) | {"uploaded": address})
    elif address is not None:
        stdout().print(f"Uploaded to {address}", highlight=False, soft_wrap=True)


def _export_json(variant: Variant, made: ModelFolder) -> dict[str, Any]:
    return {
        "model": variant.spec.name,
        "recipe": variant.recipe.name,
        "folder": str(made.folder),
        "bytes": made.size,
        "files": {
            name: {"bytes": size, "sha256": digest} for name, (size, digest) in made.files.items()
        },
        "weights": made.weights,
        "gate": None if made.gate is None else gate_json(made.gate),
        "withheld": made.withheld,
    }


def _print_made(made: ModelFolder) -> None:
    for name, (size, _) in made.files.items():
        stdout().print(f"{size / 1e6:7.1f} MB  {name}", highlight=False, soft_wrap=True)
    checked = "" if made.gate is None else f"; check when made: {made.gate.summary}"
    stdout().print(
        f"{made.size / 1e6:7.1f} MB in {made.folder}, with a model card in README.md{checked}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if made.withheld:
        stdout().print(made.withheld, markup=False, highlight=False, soft_wrap=True)
