"""Measure how long single texts take alone, and while a visitor has a file of 10,000 rows tagged.

    PYTHONPATH=.:tests python tests/evidence/load/beside_a_file.py --out FILE

The file goes through the page's tab in Chromium, the texts through the API, as in run.py, with a
pause after each as a person would make. Alone, beside the file, and alone again.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from evidence.record import made_by, write
from playwright.sync_api import Page, sync_playwright
from run import texts
from serving.running import App, app

from ner.comparing.timing import Latency

ROWS = 10_000
ALONE_SECONDS = 30.0
PAUSE_SECONDS = 0.1


def latency(running: App, known: dict[str, Any], going_on: Callable[[], bool]) -> list[float]:
    """Milliseconds of each call while ``going_on``; the answers must be the known ones."""
    samples = []
    while going_on():
        for text, answer in known.items():
            begin = time.perf_counter()
            found = running.tag(text)
            samples.append(1000 * (time.perf_counter() - begin))
            assert found["entities"] == answer["entities"], text
            time.sleep(PAUSE_SECONDS)
            if not going_on():
                break
    return samples


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Whether it is not yet so long since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def tab_with_file(page: Page, url: str, file: Path) -> None:
    """Open the page, choose the file, start its run."""
    page.goto(url)
    page.get_by_role("tab", name="Files").click()
    page.wait_for_selector("#texts-file input[type=file]", state="attached")
    page.set_input_files("#texts-file input[type=file]", file)
    page.wait_for_selector("#file-about .notice")
    page.locator("#tag-file").click()
    page.wait_for_selector("#file-outcome progress")


def measured(running: App, folder: Path) -> dict[str, Any]:
    """The three series, and what the file's run came to."""
    known = {text: running.tag(text) for text in texts(40, longest=2)}
    file = folder / "rows.txt"
    file.write_text("".join(f"{text}\n" for text in texts(ROWS, longest=6)), encoding="utf-8")
    series = {"alone": latency(running, known, for_seconds(ALONE_SECONDS))}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        tab_with_file(page, running.url, file)
        begin = time.monotonic()
        done = page.locator("#file-outcome .notice:has-text('Tagged')")
        series["beside the file"] = latency(running, known, lambda: not done.count())
        seconds = time.monotonic() - begin
        outcome = done.inner_text()
        browser.close()
    series["alone again"] = latency(running, known, for_seconds(ALONE_SECONDS))
    return {
        "rows": ROWS,
        "file_seconds": round(seconds, 1),
        "file_outcome": outcome.splitlines()[0],
        "latency": {
            name: {
                "n": len(one),
                "p50_ms": round(median(one), 1),
                "p95_ms": round(Latency(tuple(one)).p95_ms, 1),
            }
            for name, one in series.items()
        },
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder, app(Path(folder) / "log") as running:
        found = measured(running, Path(folder))
    alone = max(found["latency"][name]["p95_ms"] for name in ("alone", "alone again"))
    record = {
        **found,
        "p95_ratio": round(found["latency"]["beside the file"]["p95_ms"] / alone, 2),
        **made_by(f"load/beside_a_file.py --out {out.as_posix()}"),
    }
    write(out, record)


if __name__ == "__main__":
    main()
