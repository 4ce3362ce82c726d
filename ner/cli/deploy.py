"""``deploy``: the Space's folder, and its upload."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner.cli.options import JsonOption, PrivateOption, UpdateOption
from ner.cli.terminal import print_json, print_line, print_stage
from ner.models.catalogue import catalogue


def deploy(
    space: Annotated[str, typer.Option(help="The Space: owner/name.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make and try the folder; upload nothing.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The folder to make.")] = Path("build/space"),
    update: UpdateOption = False,
    private: PrivateOption = False,
    hardware: Annotated[
        str | None, typer.Option(help="Of a new Space: cpu-basic, zero-a10g, …")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Put the app on a Hugging Face Space: only what serving needs, models ready inside."""
    # They import huggingface_hub and gradio_client, which takes a second.
    from ner.deploy.smoke import start
    from ner.deploy.space import LARGE_FILE, build
    from ner.deploy.upload import check_login, check_name, upload

    check_name(space, "space")
    if not dry_run:
        check_login(space, "space")
    bundled = [spec for spec in catalogue() if spec.folder is not None]
    files = build(bundled, out, report=print_stage)
    size = sum(files.values())
    large = [name for name, its in files.items() if its > LARGE_FILE]
    started = start(out)
    if not as_json:
        for name in large:
            print_line(f"{files[name] / 1e6:7.1f} MB  {name}")
        print_line(
            f"{size / 1e6:7.1f} MB in {out}: {len(files)} files, of which the above go to large "
            "file storage."
        )
        print_line(f"Started, it answered after {started.seconds:.1f} s.")
    address = None
    if not dry_run:
        address = upload(out, space, "space", update=update, private=private, hardware=hardware)
    if as_json:
        print_json(
            {
                "space": space,
                "folder": str(out),
                "bytes": size,
                "files": files,
                "large": large,
                "first_answer_seconds": round(started.seconds, 3),
                "uploaded": address,
            }
        )
    elif address is not None:
        print_line(f"Uploaded to {address}")
