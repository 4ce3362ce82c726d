"""Windows in, logits out: each caller's own, in few shapes, in turn."""

from __future__ import annotations

import threading

import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as ops

from ner.errors import ModelRefused
from ner.tagging.inference import BATCH_TOKENS, LENGTHS, Turns, batches, input_ports


@given(lengths=st.lists(st.integers(2, 512), max_size=300), longest=st.sampled_from([64, 100, 512]))
def test_every_window_is_in_one_batch_of_few_shapes(lengths: list[int], longest: int) -> None:
    """Whatever comes; padded no further than the model reads, the longest first."""
    lengths = [min(length, longest) for length in lengths]
    found = batches(lengths, longest)

    assert sorted(index for _, members in found for index in members) == list(range(len(lengths)))
    assert [length for length, _ in found] == sorted((each for each, _ in found), reverse=True)
    for length, members in found:
        size = len(members)
        assert size & (size - 1) == 0
        assert size == 1 or size * length <= BATCH_TOKENS
        assert length == longest or length in LENGTHS
        assert max(lengths[index] for index in members) <= length <= longest


def test_padding_is_a_small_part_of_many_texts() -> None:
    """A fifth of the tokens of texts of all lengths up to 64."""
    lengths = [4 + index % 61 for index in range(200)]
    padded = sum(length * len(members) for length, members in batches(lengths, 512))
    assert padded < 1.2 * sum(lengths)


def test_turns_are_served_in_the_order_of_coming() -> None:
    """Whoever is interrupted while waiting keeps nobody else waiting."""
    turns, served = Turns(), []

    class Interrupted(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            if threading.current_thread().name == "interrupted":
                raise KeyboardInterrupt
            return super().wait(timeout)

    turns._changed = Interrupted()

    def come(name: str) -> None:
        try:
            with turns.turn():
                served.append(name)
        except KeyboardInterrupt:
            served.append("interrupted")

    with turns.turn():
        interrupted = threading.Thread(target=come, args=("x",), name="interrupted")
        interrupted.start()
        interrupted.join(10)
        threads = [threading.Thread(target=come, args=(name,)) for name in "abc"]
        for number, thread in enumerate(threads):
            thread.start()
            # The next one comes once this one waits.
            while len(turns._came) < number + 2:
                pass
    for thread in threads:
        thread.join(10)
    assert served == ["interrupted", "a", "b", "c"]


def graph(*inputs: set[str]) -> ov.Model:
    """A graph that adds its inputs, each of which has these names."""
    ports = []
    for names in inputs:
        port = ops.parameter([-1, -1], ov.Type.i64)
        port.output(0).get_tensor().set_names(names)
        ports.append(port)
    total = ports[0]
    for port in ports[1:]:
        total = ops.add(total, port)
    return ov.Model([total], ports, "sum")


def test_inputs_are_found_by_any_of_their_names() -> None:
    """Some have several, such as GPT-2's: which one is ``any_name`` differs by graph."""
    found = input_ports(graph({"attention_mask"}, {"49", "input_ids", "input_ids_1"}))
    assert [port.get_node().get_friendly_name() for port in found.values()]
    assert set(found) == {"input_ids", "attention_mask"}
    assert "49" in found["input_ids"].names


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([{"attention_mask"}], "no input input_ids"),
        ([{"input_ids"}, {"position_ids"}], "an input position_ids"),
    ],
)
def test_a_graph_that_nothing_can_feed_is_refused(inputs: list[set[str]], message: str) -> None:
    """Zeros in the place of ids would be tagged without a word."""
    with pytest.raises(ModelRefused, match=message):
        input_ports(graph(*inputs))
