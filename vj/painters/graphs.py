"""The painters' network files, rewritten as they are opened so that a CPU computes them in two
thirds of the time (bench/painters.py); what they paint stays the same but for rounding.

- A convolution of 9x9 with three or eight outputs leaves most of a CPU's vector lanes idle. As a
  convolution with a stride, which makes several neighbouring pixels at once as channels of their
  own, it is three times as quick, and equal to the bit.
- The normalisation, written as nine passes over the picture, is one operator.
- arbitrary_transform.onnx rounds to 8 bits between all layers and then computes in floats, which
  takes time and makes bands. The rounding is left out; and it paints any size, not 384x384 alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vj.core.errors import Fault, told
from vj.painters.installed import NOT_INSTALLED

Graph = Any
"""onnx's GraphProto."""


def styles_graph(path: Path) -> bytes:
    """multistyle26.onnx, quicker. Raises Fault for another or a broken file, and without onnx."""

    def rewrite(graph: Graph) -> None:
        fuse_norms(graph)
        phase(graph, "/expand.2/Conv", 2, 4)

    return _rewritten(path, rewrite)


def transform_graph(path: Path) -> bytes:
    """arbitrary_transform.onnx, quicker and free in size. Raises Fault as `styles_graph` does."""

    def rewrite(graph: Graph) -> None:
        for entry in (graph.input[0], graph.output[0]):
            shape = entry.type.tensor_type.shape.dim
            shape[1].dim_param, shape[2].dim_param = "h", "w"
        leave_out_rounding(graph)
        phase(graph, "transformer/contract/conv1/Relu_prequant", 2, 2)
        phase(graph, "transformer/expand/conv3/conv/Conv2D_prequant", 2, 4)

    return _rewritten(path, rewrite)


def _rewritten(path: Path, rewrite: Callable[[Graph], None]) -> bytes:
    try:
        import onnx
    except ImportError as error:
        raise Fault(f"onnx cannot be imported ({error}): it {NOT_INSTALLED}") from None
    try:
        model: Any = onnx.load(str(path))
        rewrite(model.graph)
        del model.graph.value_info[:]  # sizes and types that do not hold any more
        made: bytes = model.SerializeToString()
    except Exception as error:  # of protobuf, and of what is not where it was
        raise Fault(
            f"{path.name} is none that onnx and vj can read ({told(error)}): python3 launch.py "
            "add painters"
        ) from None
    return made


def constants(graph: Graph) -> dict[str, np.ndarray]:
    """A graph's weights by name."""
    from onnx import numpy_helper

    return {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}


def add_constant(graph: Graph, name: str, value: np.ndarray) -> str:
    """Give a graph another weight; returns its name."""
    from onnx import numpy_helper

    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
    return name


def put_in_place(graph: Graph, node: Graph, nodes: list[Graph]) -> None:
    """Replace a node by others, which come in its order."""
    index = list(graph.node).index(node)
    graph.node.remove(node)
    for offset, one in enumerate(nodes):
        graph.node.insert(index + offset, one)


def leave_out_unused(graph: Graph) -> None:
    """Remove the nodes and weights that lead to no output."""
    wanted = {entry.name for entry in graph.output}
    kept: list[Graph] = []
    for node in reversed(graph.node):
        if any(name in wanted for name in node.output):
            kept.append(node)
            wanted.update(node.input)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    weights = [entry for entry in graph.initializer if entry.name in wanted]
    del graph.initializer[:]
    graph.initializer.extend(weights)


def phase(graph: Graph, name: str, down: int, right: int) -> None:
    """Have a convolution without stride make `down` x `right` pixels at once. Its output's sides
    have to be multiples of these."""
    from onnx import helper

    node = next(one for one in graph.node if one.name == name)
    known = constants(graph)
    weights = known[node.input[1]]
    count, channels, high, wide = weights.shape
    strided = np.zeros(
        (down * right, count, channels, high + down - 1, wide + right - 1), np.float32
    )
    for index in range(down * right):
        top, left = divmod(index, right)
        strided[index, :, :, top : top + high, left : left + wide] = weights
    inputs = [
        node.input[0],
        add_constant(graph, f"{name}/strided", strided.reshape(-1, *strided.shape[2:])),
    ]
    if len(node.input) > 2:
        bias = np.tile(known[node.input[2]], down * right)
        inputs.append(add_constant(graph, f"{name}/bias", bias))

    def part(operator: str, given: list[str], out: str, **more: Any) -> Graph:
        return helper.make_node(operator, given, [out], name=f"{name}/{out}", **more)

    def numbers(kind: str, *values: int) -> str:
        return add_constant(graph, f"{name}/{kind}", np.array(values, np.int64))

    there = f"{name}/there"
    nodes = [
        part("Conv", inputs, there, kernel_shape=strided.shape[3:], strides=[down, right]),
        # (1, down * right * count, h, w) -> (count, h * down, w * right)
        part("Shape", [there], f"{name}/shape"),
        part(
            "Slice",
            [f"{name}/shape", numbers("two", 2), numbers("four", 4)],
            f"{name}/sides",
        ),
        part(
            "Concat",
            [numbers("phases", down, right, count), f"{name}/sides"],
            f"{name}/apart",
            axis=0,
        ),
        part("Reshape", [there, f"{name}/apart"], f"{name}/phased"),
        part("Transpose", [f"{name}/phased"], f"{name}/turned", perm=[2, 3, 0, 4, 1]),
        part("Mul", [f"{name}/sides", numbers("steps", down, right)], f"{name}/large"),
        part("Concat", [numbers("planes", 1, count), f"{name}/large"], f"{name}/whole", axis=0),
        helper.make_node("Reshape", [f"{name}/turned", f"{name}/whole"], list(node.output)),
    ]
    put_in_place(graph, node, nodes)
    leave_out_unused(graph)


def fuse_norms(graph: Graph) -> None:
    """Make one operator of each conditional instance normalisation of multistyle26.onnx: (x - mean)
    / sqrt(variance + 1e-5) * gamma + beta."""
    from onnx import helper

    named = {node.name: node for node in graph.node}
    last = "Add_1"
    for node in [one for one in graph.node if one.name.endswith(f"/norm/{last}")]:
        norm = node.name.removesuffix(last)
        picture = named[f"{norm}Sub"].input[0]
        gamma, beta = (named[f"{norm}{one}"].input[0] for one in ("Reshape", "Reshape_1"))
        fused = helper.make_node(
            "InstanceNormalization", [picture, gamma, beta], list(node.output), epsilon=1e-5
        )
        put_in_place(graph, node, [fused])
    leave_out_unused(graph)


def leave_out_rounding(graph: Graph) -> None:
    """Make float weights of the 8-bit ones, and leave out the rounding of what goes between the
    layers."""
    from onnx import helper

    known = constants(graph)
    same: dict[str, str] = {}
    kept: list[Graph] = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in known:
            axis = next((one.i for one in node.attribute if one.name == "axis"), 1)
            value = dequantised([known[name] for name in node.input], axis)
            add_constant(graph, node.output[0], value)
        elif node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            same[node.output[0]] = node.input[0]
        else:
            kept.append(node)

    def source(name: str) -> str:
        while name in same:
            name = same[name]
        return name

    for node in kept:
        node.input[:] = [source(name) for name in node.input]
    kept += [
        helper.make_node("Identity", [source(entry.name)], [entry.name])
        for entry in graph.output
        if entry.name in same
    ]
    del graph.node[:]
    graph.node.extend(kept)
    leave_out_unused(graph)


def dequantised(parts: list[np.ndarray], axis: int) -> np.ndarray:
    """(value - zero) * scale in float32. parts: value, scale, zero; the last two of one number, or
    of one each along the axis."""
    value, *rest = (part.astype(np.float32) for part in parts)
    shape = [1] * value.ndim
    shape[axis] = -1
    scale, zero = (part.reshape(shape) if part.size > 1 else part.reshape(()) for part in rest)
    made: np.ndarray = (value - zero) * scale
    return made
