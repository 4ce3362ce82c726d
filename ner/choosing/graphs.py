"""The graph of a quantized variant, given back the original's numbers group by group.

Both graphs come from one export, so their nodes share names: ``…encoder.layer.0.output.dense/…``.
A node is restored by giving it the original's constants in place of quantized ones, and what came
before an activation was quantized. With every group restored the graph computes the original.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ner.errors import ModelRefused
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov

_IR = "openvino_model.xml"
# A number in a module's path is that of its layer: encoder.layer.0.output, lstm.1.forwards.
_LAYER = re.compile(r"\.(\d+)(?=\.|$)")
# What a module of a layer does, by its name in the families of encoders that Optimum exports.
_PARTS = (
    (re.compile(r"attention|attn"), "attention"),
    (re.compile(r"intermediate|ffn\.lin1|ffn$"), "first feed-forward product"),
    (re.compile(r"output|ffn\.lin2"), "second feed-forward product"),
)


def group_of(node: str) -> str:
    """The group of layers that a node of a graph belongs to, by its name.

    >>> group_of("__module.bert.encoder.layer.0.output.dense/aten::linear/MatMul")
    'layer 0, second feed-forward product'
    >>> group_of("__module.classifier/aten::linear/Add")
    'classifier'
    """
    path = node.partition("/")[0].removeprefix("__module.")
    layer = _LAYER.search(path)
    if layer is None:
        return "embeddings" if "embed" in path else path.rpartition(".")[2]
    within = path[layer.end() :]
    part = next((part for pattern, part in _PARTS if pattern.search(within)), None)
    return f"layer {layer[1]}" + (f", {part}" if part else "")


def read_graph(folder: Path) -> ov.Model:
    """The graph of a variant's folder, not compiled; ``ModelRefused`` if there is none."""
    try:
        return ov.Core().read_model(folder / _IR)
    except RuntimeError as error:
        raise ModelRefused(
            f"OpenVINO can't read {folder.name}/{_IR}. Prepare the model anew."
        ) from error


def differing_groups(graph: ov.Model, original: ov.Model) -> tuple[str, ...]:
    """The groups in which ``graph`` was quantized, in the order in which a text passes them."""
    found = [
        group_of(node.get_friendly_name())
        for node, own, other in _inputs(graph, _by_name(original))
        if _differ(own, other)
    ]
    return tuple(dict.fromkeys(found))


def _by_name(graph: ov.Model) -> dict[str, ov.Node]:
    return {node.get_friendly_name(): node for node in graph.get_ops()}


def _inputs(
    graph: ov.Model, twins: Mapping[str, ov.Node]
) -> Iterator[tuple[ov.Node, ov.Input, ov.Output]]:
    """Each node that the original has too, its inputs, and where the original's come from."""
    for node in graph.get_ordered_ops():
        twin = twins.get(node.get_friendly_name())
        if twin is not None:
            for own, other in zip(node.inputs(), twin.inputs(), strict=False):
                yield node, own, other.get_source_output()


def _differ(own: ov.Input, other: ov.Output) -> bool:
    """Whether an input comes from another node than in the original."""
    mine = own.get_source_output().get_node()
    kinds = {mine.get_type_name(), other.get_node().get_type_name()}
    if kinds == {"Constant"}:
        return False
    return bool(mine.get_friendly_name() != other.get_node().get_friendly_name())


def restore(graph: ov.Model, original: ov.Model, groups: Collection[str]) -> None:
    """Change ``graph``: the nodes of ``groups`` compute what those of ``original`` do."""
    for node, own, other in _inputs(graph, _by_name(original)):
        if group_of(node.get_friendly_name()) not in groups:
            continue
        if other.get_node().get_type_name() == "Constant":
            own.replace_source_output(other)
        elif (source := _before(own.get_source_output(), other)) is not None:
            own.replace_source_output(source)
    graph.validate_nodes_and_infer_types()


def _before(source: ov.Output, wanted: ov.Output) -> ov.Output | None:
    """The output above ``source`` that stands where ``wanted`` does in the original."""
    name, index = wanted.get_node().get_friendly_name(), wanted.get_index()
    while source.get_node().inputs():
        if (source.get_node().get_friendly_name(), source.get_index()) == (name, index):
            return source
        source = source.get_node().input(0).get_source_output()
    return None
