"""``export``: a variant as a folder that other programs load, and its upload."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner.cli.options import JsonOption, ModelOption, RecipeOption
from ner.cli.terminal import print_json, print_stage, stdout
from ner.models.names import find_model
from ner.models.recipes import RECOMMENDED, Variant, find_recipe
from ner.schema import gate_json


def export(
    out: Annotated[Path, typer.Option(help="The folder to make; new, or empty.")],
    model: ModelOption = "bundled",
    recipe: RecipeOption = RECOMMENDED,
    push: Annotated[
        str | None, typer.Option(help="Also upload it as this model: owner/name.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Replace the files of a model that exists there.")
    ] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Make a new model there private.")
    ] = False,
    even_if_withheld: Annotated[
        bool,
        typer.Option("--even-if-withheld", help="Export even if it failed its gate."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Export a variant as a folder that Optimum Intel loads, with a model card."""
    # They import huggingface_hub, which takes a second.
    from ner.deploy.export import check_out, export_model
    from ner.deploy.upload import check_login, check_name, upload

    check_out(out)
    variant = Variant(find_model(model), find_recipe(recipe))
    if push is not None:
        check_name(push, "model")
        check_login(push, "model")
    made = export_model(
        variant, out, place=push, even_if_withheld=even_if_withheld, report=print_stage
    )
    manifest, sizes = made.prepared.manifest, made.sizes
    if not as_json:
        for name, size in sizes.items():
            stdout().print(f"{size / 1e6:7.1f} MB  {name}", highlight=False, soft_wrap=True)
        checked = "" if manifest.gate is None else f"; check when made: {manifest.gate.summary}"
        told = f"{sum(sizes.values()) / 1e6:7.1f} MB in {out}, with a model card in README.md"
        for sentence in filter(None, (told + checked, made.withheld)):
            stdout().print(sentence, markup=False, highlight=False, soft_wrap=True)
    address = None
    if push is not None:
        address = upload(out, push, "model", update=update, private=private)
    if as_json:
        print_json(
            {
                "model": variant.spec.name,
                "recipe": variant.recipe.name,
                "folder": str(out),
                "bytes": sum(sizes.values()),
                "files": {
                    name: {"bytes": size, "sha256": manifest.files[name]}
                    for name, size in sizes.items()
                },
                "weights": made.prepared.fingerprint,
                "gate": None if manifest.gate is None else gate_json(manifest.gate),
                "withheld": made.withheld,
                "uploaded": address,
            }
        )
    elif address is not None:
        stdout().print(f"Uploaded to {address}", highlight=False, soft_wrap=True)
