"""How the page looks: Gradio's theme, and the style and script of our own in its head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from ner.colours import colours_css
from ner.markup import macro
from ner.models.catalogue import assets

# The page's script: one scope, in which a file may use what stands before it.
SCRIPTS = (
    *(f"common/{name}" for name in ("dom", "wording", "csv", "download", "rows", "theme", "tabs")),
    *("common/copy_table", "common/dropdown", "common/stale"),
    *(f"tag/{name}" for name in ("state", "ask", "pairs", "merged", "marks", "table", "walk")),
    *(f"tag/{name}" for name in ("ship", "summary", "formats", "share", "tag")),
    *(f"correct/{name}" for name in ("state", "selection", "editor", "edit", "correct")),
    *(f"evaluate/{name}" for name in ("decisions", "lines", "evaluate")),
    *(f"judge/{name}" for name in ("cards", "judge")),
    "choose/choose",
    "page",
)


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
    return base.set(
        # White upon these, and these upon the page, are readable (4.5 : 1).
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        color_accent="*primary_700",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_border_width="1px",
    )


def head() -> str:
    """Style and script in the page itself: Gradio would rewrite the selectors of its ``css``."""
    folder = assets() / "ui"
    style = _joined(sorted(folder.glob("*.css")))
    script = _joined([folder / f"{name}.js" for name in SCRIPTS])
    # As plain text: Gradio puts it together with its own, which must not be escaped.
    return str(macro("ner.ui", "page.html", "head", f"{colours_css()}\n{style}", script))


def _joined(files: Sequence[Path]) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
