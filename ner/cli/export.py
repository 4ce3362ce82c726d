"""``export``: a variant as a folder that other programs load, and its upload."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner.cli.options import JsonOption, ModelOption, PrivateOption, RecipeOption, UpdateOption
from ner.cli.terminal import print_json, print_line, print_stage
from ner.io import check_out
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
    update: UpdateOption = False,
    private: PrivateOption = False,
    even_if_withheld: Annotated[
        bool,
        typer.Option("--even-if-withheld", help="Export even if it failed its gate."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Export a variant as a folder that Optimum Intel loads, with a model card."""
    # They import huggingface_hub, which takes a second.
    from ner.deploy.export import export_model
    from ner.deploy.upload import check_login, upload

    check_out(out)
    variant = Variant(find_model(model), find_recipe(recipe))
    if push is not None:
        check_login(push, "model")
    prepared, withheld = export_model(
        variant, out, place=push, even_if_withheld=even_if_withheld, report=print_stage
    )
    manifest, sizes = prepared.manifest, prepared.sizes
    if not as_json:
        for name, size in sizes.items():
            print_line(f"{size / 1e6:7.1f} MB  {name}")
        checked = "" if manifest.gate is None else f"; check when made: {manifest.gate.summary}"
        told = f"{sum(sizes.values()) / 1e6:7.1f} MB in {out}, with a model card in README.md"
        print_line(told + checked)
        if withheld:
            print_line(withheld)
    address = push and upload(out, push, "model", update=update, private=private)
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
                "weights": prepared.fingerprint,
                "gate": gate_json(manifest.gate),
                "withheld": withheld,
                "uploaded": address,
            }
        )
    elif address is not None:
        print_line(f"Uploaded to {address}")
