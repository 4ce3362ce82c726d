"""The report to sign, opened and printed in Chromium."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from evaluating.test_signoff import LINES, report, signed
from playwright.sync_api import Browser

from ner.evaluating.gate import Limits

pytestmark = pytest.mark.browser


def test_it_opens_alone_and_prints_on_pages(chromium: Browser, tmp_path: Path) -> None:
    """No request but its own file, no message, nothing cut off; A4 pages come of it."""
    file = tmp_path / "report.html"
    file.write_text(signed(report(LINES * 60), Limits(max_loss=1.0)), encoding="utf-8")
    page = chromium.new_page(viewport={"width": 800, "height": 900})
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.goto(file.as_uri())

    assert [file.as_uri()] == requests
    assert [] == messages
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
    assert 2 < len(pages) < 12
    page.close()
