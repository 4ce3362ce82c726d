"""What visitors may take of the disk, and what is deleted."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from ner.serving.bounds import Bounds
from ner.serving.uploads import Quota, keep_clean, sweep
from serving.client import Clock


def test_an_upload_over_the_quota_waits_until_others_are_deleted() -> None:
    """Room comes free with time; small files count for more than they are."""
    clock = Clock()
    quota = Quota(Bounds(upload_bytes=150_000, sweep_seconds=0, keep_seconds=60), clock)
    quota.add(100_000)
    clock.now += 20
    quota.add(1)

    assert 110_000 == quota.used
    assert 0.0 == quota.wait(40_000)
    assert 40.0 == quota.wait(40_001)
    clock.now += 40
    assert 10_000 == quota.used
    assert 0.0 == quota.wait(100_000)


def test_results_may_be_counted_while_an_upload_is() -> None:
    """By the thread that wrote them."""
    quota = Quota(Bounds())
    for _ in range(5_000):
        quota.add(1)
    writer = threading.Thread(target=lambda: [quota.add(1) for _ in range(5_000)])
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        writer.start()
        while writer.is_alive():
            assert quota.used >= 5_000 * quota.LEAST
    finally:
        sys.setswitchinterval(interval)
        writer.join()

    assert 10_000 * quota.LEAST == quota.used


def test_what_broken_uploads_left_is_deleted_by_its_age(tmp_path: Path) -> None:
    """Files that Gradio has forgotten, and empty folders; nothing young, nothing in use."""
    (tmp_path / "in use").mkdir()
    (tmp_path / "in use" / "file").touch()
    for name in ("empty", "young"):
        (tmp_path / name).mkdir()
    for name in ("tmpleft", "tmpyoung", "other"):
        (tmp_path / name).touch()
    for name in ("in use", "empty", "tmpleft", "other"):
        os.utime(tmp_path / name, (1000, 1000))

    sweep(tmp_path, age=100)

    assert {"in use", "young", "tmpyoung", "other"} == {path.name for path in tmp_path.iterdir()}


def test_what_is_left_behind_is_looked_for_again_and_again(tmp_path: Path) -> None:
    """Until it is told to end."""
    (tmp_path / "tmpleft").touch()
    os.utime(tmp_path / "tmpleft", (1000, 1000))
    done = keep_clean(tmp_path, Bounds(sweep_seconds=0.01, keep_seconds=100))
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    done.set()

    assert not list(tmp_path.iterdir())
