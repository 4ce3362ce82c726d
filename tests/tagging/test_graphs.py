"""Compiling: for the device and the cores that are ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from ner.errors import InputError, ModelRefused
from ner.models.folder import Prepared
from ner.tagging import graphs
from ner.tagging.graphs import compile_model


def test_one_stream_has_the_cores_that_are_ours(
    tiny_prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no thread is pinned: two processes would share one core."""
    monkeypatch.setattr(graphs, "usable_cores", lambda: 2)
    compiled = compile_model(
        tiny_prepared.folder / "openvino_model.xml", device="CPU", precision="f32"
    )
    found = [
        compiled.get_property(name)
        for name in ("NUM_STREAMS", "INFERENCE_NUM_THREADS", "ENABLE_CPU_PINNING")
    ]
    assert found == [1, 2, False]


def test_a_device_that_is_not_there_is_told(tiny_prepared: Prepared) -> None:
    """With those that are."""
    with pytest.raises(InputError, match=r"no device 'NPU9' here. OpenVINO offers CPU"):
        compile_model(tiny_prepared.folder, device="NPU9", precision="f32")


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    """By name, and with what to do."""
    broken = tmp_path / "openvino_model.xml"
    broken.write_text("<net>")
    with pytest.raises(ModelRefused, match=r"can't load .*/openvino_model.xml on CPU. Prepare"):
        compile_model(broken, device="CPU", precision="f32")
