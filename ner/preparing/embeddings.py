"""Tables of embeddings that stay compressed in memory."""

from __future__ import annotations

import numpy as np

from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino
    from openvino import opset13 as ops


def fold_shapes(model: openvino.Model) -> None:
    """Make constants of the shapes of tables: a table whose shape is read would stay in FP32."""
    for node in model.get_ordered_ops():
        if node.get_type_name() != "ShapeOf":
            continue
        source = node.input_value(0).get_node()
        if source.get_type_name() == "Constant":
            shape = np.array(source.shape, dtype=node.get_element_type().to_dtype())
            node.output(0).replace(ops.constant(shape).output(0))


def scale_after_lookup(model: openvino.Model) -> int:
    """Make lookups in tables of integers fetch rows first and scale those; returns how many.

    NNCF stores a table as integers with a scale for each row, and scales before the lookup. With
    activations quantized too, OpenVINO computes that product when it compiles, and each compiled
    graph holds the whole table in FP32. The rows that come out are the same either way.
    """
    changed = 0
    for lookup in model.get_ordered_ops():
        if lookup.get_type_name() != "Gather":
            continue
        if (stored := _stored_table(lookup.input_value(0).get_node())) is None:
            continue
        table, scales = stored
        which, axis = lookup.input_value(1), lookup.input_value(2)
        rows = ops.gather(table, which, axis)
        scaled = ops.multiply(ops.convert(rows, "f32"), ops.gather(scales, which, axis))
        lookup.output(0).replace(scaled.output(0))
        # Nodes of one name in two variants are known to do the same.
        rows.set_friendly_name(lookup.get_friendly_name())
        changed += 1
    model.validate_nodes_and_infer_types()
    return changed


def _stored_table(node: openvino.Node) -> tuple[openvino.Node, openvino.Node] | None:
    """The integers ``(rows, width)`` and scales ``(rows, 1)`` whose product ``node`` is."""
    if node.get_type_name() != "Multiply":
        return None
    converted, scales = (value.get_node() for value in node.input_values())
    if converted.get_type_name() != "Convert" or scales.get_type_name() != "Constant":
        return None
    table = converted.input_value(0).get_node()
    if table.get_type_name() != "Constant" or list(scales.shape) != [table.shape[0], 1]:
        return None
    return table, scales
