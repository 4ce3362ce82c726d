"""``deploy``: the Space's folder, and its upload."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner.cli.options import JsonOption
from ner.cli.terminal import print_json, print_stage, stdout
from ner.models.catalogue import catalogue


def deploy(
    space: Annotated[str, typer.Option(help="The Space: owner/name.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make and try the folder; upload nothing.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The folder to make.")] = Path("build/space"),
    update: Annotated[
        bool, typer.Option("--update", help="Replace the files of a Space that exists.")
    ] = False,
    private: Annotated[bool, typer.Option("--private", help="Make a new Space private.")] = False,
    hardware: Annotated[
        str | None, typer.Option(help="Of a new Space: cpu-basic, zero-a10g, …")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Put the app on a Hugging Face Space: only what serving needs, models ready inside."""
    # They import huggingface_hub and gradio_client, which takes a second.
    from ner.deploy.smoke import start
    from ner.deploy.space import build
    from ner.deploy.upload import check_login, check_name, upload

    check_name(space, "space")
    if not dry_run:
        check_login(space, "space")
    bundled = [spec for spec in catalogue() if spec.folder is not None]
    made = build(bundled, out, report=print_stage)
    started = start(made.folder)
    if not as_json:
        lines = [f"{made.files[name] / 1e6:7.1f} MB  {name}" for name in made.large]
        lines += [
            f"{made.size / 1e6:7.1f} MB in {out}: {len(made.files)} files, of which the above go "
            "to large file storage.",
            f"Started, it answered after {started.seconds:.1f} s.",
        ]
        for line in lines:
            stdout().print(line, highlight=False, soft_wrap=True)
    address = None
    if not dry_run:
        address = upload(out, space, "space", update=update, private=private, hardware=hardware)
    if as_json:
        print_json(
            {
                "space": space,
                "folder": str(out),
                "bytes": made.size,
                "files": made.files,
                "large": made.large,
                "first_answer_seconds": round(started.seconds, 3),
                "uploaded": address,
            }
        )
    elif address is not None:
        stdout().print(f"Uploaded to {address}", highlight=False, soft_wrap=True)
