"""How the page looks: Gradio's theme, and the style and script of our own in its head."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from ner.markup import macro, render
from ner.models.catalogue import assets

# The page's script: one scope, in which a file may use what stands before it.
SCRIPTS = (
    *(f"common/{name}" for name in ("dom", "tabs", "dropdown")),
    *(f"edit/{name}" for name in ("store", "selection", "edit")),
    *(f"decide/{name}" for name in ("cards", "decide")),
    *(f"tag/{name}" for name in ("share", "ask", "show")),
    "page",
)


# The theme variables that we set, light and dark. Text upon them is readable (4.5 : 1).
_PALETTE = {
    "body_background_fill": ("#f8f9fb", "#0e1217"),
    "body_text_color": ("var(--ink)", "var(--ink)"),
    "body_text_color_subdued": ("#515c6b", "#a7b1bf"),
    "background_fill_secondary": ("#f1f3f6", "#1d242e"),
    "block_background_fill": ("#ffffff", "#151a21"),
    "block_label_text_color": ("#515c6b", "#a7b1bf"),
    "block_title_text_color": ("#515c6b", "#a7b1bf"),
    "border_color_primary": ("#dde1e7", "#323b48"),
    "input_background_fill": ("#ffffff", "#151a21"),
    "input_border_color": ("#c9cfd8", "#3f4a59"),
    "input_placeholder_color": ("#515c6b", "#a7b1bf"),
    "link_text_color": ("#1f5fbf", "#8ab8ff"),
    "button_primary_background_fill": ("#1f5fbf", "#8ab8ff"),
    "button_primary_background_fill_hover": ("#184c99", "#a9caff"),
    "button_primary_text_color": ("#ffffff", "#0b1830"),
    "error_text_color": ("#8f2d06", "#ffb38f"),
}


def theme() -> gr.themes.Base:
    """System fonts, nothing fetched from elsewhere, one quiet accent."""
    base = gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
        spacing_size=gr.themes.sizes.spacing_sm,
        radius_size=gr.themes.sizes.radius_lg,
        text_size=gr.themes.sizes.text_sm,
    )
    colours = {
        name: value
        for variable, (light, dark) in _PALETTE.items()
        for name, value in ((variable, light), (f"{variable}_dark", dark))
    }
    return base.set(input_border_width="1px", **colours)


def code_address() -> str | None:
    """Where the code of this app is: the files of its Space; None where it is not on one."""
    space = os.environ.get("SPACE_ID")
    return f"https://huggingface.co/spaces/{space}" if space else None


def head() -> str:
    """Style and script in the page itself: Gradio would rewrite the selectors of its ``css``."""
    script = _joined([assets() / "ui" / f"{name}.js" for name in SCRIPTS])
    # As plain text: Gradio puts it together with its own, which must not be escaped.
    return str(macro("ner.ui", "page.html", "head", style(), script))


def style(*, alone: bool = False) -> str:
    """The colours of labels, and our style sheets; for a page ``alone`` those of the theme too."""
    sheets = [render("ner", "colours.css"), _joined(sorted((assets() / "ui").glob("*.css")))]
    if alone:
        for selector, shade in ((":root", 0), (".dark", 1)):
            colours = (f"--{name.replace('_', '-')}:{it[shade]}" for name, it in _PALETTE.items())
            sheets.append(f"{selector}{{{';'.join(colours)}}}")
    return "\n".join(sheets)


def _joined(files: Sequence[Path]) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
