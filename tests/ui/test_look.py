"""What the page says of where it runs."""

from __future__ import annotations

import pytest

from ner.markup import macro
from ner.ui.look import code_address

SPACE = "https://huggingface.co/spaces/someone/ner"


@pytest.mark.parametrize("space", ["someone/ner", ""])
def test_a_space_has_a_picture_for_shared_links_and_leads_to_its_code(
    monkeypatch: pytest.MonkeyPatch, space: str
) -> None:
    """Elsewhere nobody knows an address of either, and nothing is said."""
    monkeypatch.setenv("SPACE_ID", space)
    code = code_address()
    about = macro("ner.ui", "page.html", "about", "Title", "Description", code)
    links = macro("ner.ui", "page.html", "links", code)

    assert bool(space) == (f'og:image" content="{SPACE}/resolve/main/assets/screenshot' in about)
    assert bool(space) == (f'<a href="{SPACE}/tree/main">Code</a>' in links)
    assert bool(space) == ("huggingface" in about + links)
