"""From SIGTERM to the end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from ner.serving.draining import drain
from ner.serving.probes import Readiness
from serving.running import app


def test_draining_waits_for_what_runs_and_no_longer_than_told() -> None:
    """Done in time, or cut off."""
    readiness = Readiness()
    looks = iter([True, True, False, False])

    assert drain(readiness, 60, lambda: next(looks))
    assert readiness.draining
    assert not drain(Readiness(), 0, lambda: True)


_RAISED = """
import signal
import subprocess
import sys
from ner.serving.draining import stop_signal
stop = stop_signal()
signal.raise_signal(signal.Signals({number}))
print(stop.is_set())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_says_that_it_is_to_end(number: signal.Signals) -> None:
    """Both of them; in a process of its own, so that no signal can end the one that tests."""
    program = _RAISED.format(number=int(number))
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "True\n" == ended.stdout


@pytest.mark.timeout(300)
def test_a_signal_drains_and_ends_with_0(
    ner_home: Path, tmp_path: Path, bundled_sides: object
) -> None:
    """Not ready at once, new work refused, what runs is answered; the log never has a text.

    Nor has it a trace of those who ask for streams that are not there.
    """
    # Enough for seconds of work, or a busy machine would look only when it is done.
    gold = "\n\n".join(["Ada\tB-PER\nlives\tO\nin\tO\nLondon\tB-LOC"] * 3_000)
    with app(tmp_path / "log", NER_DRAIN_SECONDS="120") as running:
        api = f"{running.url}gradio_api"
        for unknown in ("call/tag/unknown", "queue/data?session_hash=unknown"):
            assert "Not Found" in httpx.get(f"{api}/{unknown}").text
        data = [gold, "original", "int8", "first", 0.0, None, 0.01, None, "segments"]
        event = httpx.post(f"{api}/call/evaluate", json={"data": data}).json()["event_id"]
        running.until('ner_working{kind="long"}', 1)
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(httpx.get, f"{api}/call/evaluate/{event}", timeout=120)
            running.process.terminate()
            while httpx.get(f"{running.url}readyz").status_code == 200:
                pass
            refused = httpx.post(f"{api}/call/tag", json={"data": []})
            answer = result.result()
        assert 0 == running.process.wait(60)

    assert 503 == refused.status_code
    assert "30" == refused.headers["retry-after"]
    assert "event: complete" in answer.text
    lines = [json.loads(line) for line in running.told.splitlines() if line.startswith("{")]
    assert "draining" in {line.get("refused") for line in lines}
    assert "London" not in running.told
    assert "Traceback" not in running.told
