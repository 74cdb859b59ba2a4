"""What objects hold, written down as plain data, and put back into others that were made anew.

A rendering that was killed goes on with it: everything that frames have left in the pipeline and
its models, whoever keeps it, so that what is added to them later is kept as well. What cannot be
written down and need not be (networks, threads, locks, functions) is left as it was made anew; it
is met at the same place, by its path from the roots.

Arrays that share memory share it again. Nothing of it can run code: the file holds JSON and bytes.
"""

from __future__ import annotations

import importlib
import io
import json
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from enum import Enum
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

import numpy as np

from vj.core.errors import Fault
from vj.core.object_reading import (
    MAPPINGS,
    SEQUENCES,
    MadeAgain,
    ObjectReading,
    attributes,
    of_torch,
)
from vj.core.shared_bytes import SharedBytes, array_leaf, tensor_leaf

Into = Callable[[object], bool]
"""Whether an object is written down attribute by attribute; others are left."""
HOST = "cpu"
"""The kind of device whose memory tensors and arrays may share; others are written one by one."""
LEFT = ["left"]
AGAIN = ["again"]


def saved(roots: Mapping[str, object], into: Into) -> bytes:
    """What the roots hold, and what is reached from them."""
    writing = _Writing(into)
    top = {name: writing.value(root) for name, root in roots.items()}
    arrays = {f"b{number}": raw for number, raw in enumerate(writing.bytes.buffers())}
    arrays |= {f"a{number}": array for number, array in enumerate(writing.arrays)}
    told = {"top": top, "nodes": writing.nodes, "leaves": writing.bytes.places()}
    table = np.frombuffer(json.dumps(told).encode(), np.uint8)
    out = io.BytesIO()
    np.savez(out, table=table, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def restore(raw: bytes, roots: Mapping[str, object], into: Into) -> None:
    """Put it back into roots that were made anew. Raises Fault where they are not of that kind;
    they are of no use then."""
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as found:
            told = json.loads(found["table"].tobytes())
            reading = ObjectReading(told, found)
            for name, root in roots.items():
                reading.pair(told["top"][name], root)
            for name, root in roots.items():
                reading.value(told["top"][name], root)
    except Fault:
        raise
    except Exception as error:  # of another version, or torn
        raise Fault(f"cannot be taken up ({type(error).__name__}: {error})"[:300]) from error


def _named(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _constant(thing: object) -> str:
    """The name by which an object's module has it, which others compare with; empty for none."""
    there = vars(importlib.import_module(type(thing).__module__))
    return next((name for name, value in there.items() if value is thing), "")


class _Writing:
    """Values become JSON: what is no number or text is ["i", number of a node]."""

    def __init__(self, into: Into) -> None:
        self._into = into
        self.nodes: list[Any] = []
        self.bytes = SharedBytes()
        self.arrays: list[np.ndarray] = []
        self._known: dict[int, tuple[object, int]] = {}

    def value(self, thing: object) -> Any:
        if thing is None or type(thing) in (bool, int, float, str):
            return thing
        known = self._known.get(id(thing))
        if known is not None:
            return ["i", known[1]]
        number = len(self.nodes)
        self.nodes.append(LEFT)
        self._known[id(thing)] = thing, number  # held, so that no other gets its id
        self.nodes[number] = self._node(thing)
        return ["i", number]

    def _node(self, thing: Any) -> list[Any]:
        kind = type(thing)
        if kind.__name__ in SEQUENCES and kind in SEQUENCES.values():
            return [kind.__name__, [self.value(one) for one in thing]]
        if kind in MAPPINGS.values():
            return [kind.__name__, [[self.value(k), self.value(v)] for k, v in thing.items()]]
        if kind is MappingProxyType:
            return ["proxy", self.value(dict(thing))]
        if kind is deque:
            return ["deque", [self.value(one) for one in thing], thing.maxlen]
        if isinstance(thing, tuple) and hasattr(thing, "_fields"):
            return ["named", _named(kind), [self.value(one) for one in thing]]
        if isinstance(thing, tuple):  # torch's sizes
            return ["tuple", [self.value(one) for one in thing]]
        if isinstance(thing, np.ndarray) and not thing.dtype.hasobject:
            return ["array", self.bytes.add(array_leaf(thing))]
        if isinstance(thing, np.generic):
            return ["number", thing.dtype.str, thing.tobytes().hex()]
        if isinstance(thing, bool | int | float | str) and not isinstance(thing, Enum):
            base = next(one for one in (bool, int, float, str) if isinstance(thing, one))
            return ["plain", base(thing)]  # of a kind of its own, such as a time with a number
        if isinstance(thing, bytes):
            return ["bytes", thing.hex()]
        if isinstance(thing, PurePath):
            return ["path", str(thing)]
        if isinstance(thing, Enum):
            return ["enum", _named(kind), thing.name]
        if kind is Future:
            return ["future", self.value(thing.result())]
        if isinstance(thing, np.random.Generator):
            return ["random", json.dumps(thing.bit_generator.state, default=np.ndarray.tolist)]
        if name := of_torch(thing):
            return self._of_torch(thing, name)
        if kind.__module__.partition(".")[0] == "cupy" and hasattr(thing, "get"):
            self.arrays.append(thing.get())
            return ["cupy", len(self.arrays) - 1]
        if isinstance(thing, MadeAgain):
            return AGAIN
        if self._into(thing):
            if name := _constant(thing):
                return ["constant", type(thing).__module__, name]
            held = {name: self.value(one) for name, one in attributes(thing).items()}
            return ["object", _named(kind), held]
        return LEFT

    def _of_torch(self, thing: Any, name: str) -> list[Any]:
        if name in ("device", "dtype"):
            return ["torch", name, str(thing).removeprefix("torch.")]
        if name == "Generator":
            self.arrays.append(thing.get_state().numpy())
            return ["generator", len(self.arrays) - 1, str(thing.device)]
        if thing.device.type == HOST:
            return ["tensor", self.bytes.add(tensor_leaf(thing.detach()))]
        import torch

        flat = thing.detach().reshape(-1).contiguous()
        flat = flat.as_strided(flat.shape, (1,))  # one number may have any stride and be contiguous
        self.arrays.append(flat.view(torch.uint8).cpu().numpy())
        form = [list(thing.shape), list(thing.stride()), str(thing.dtype).partition(".")[2]]
        return ["card", len(self.arrays) - 1, *form, str(thing.device)]
