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
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from enum import Enum
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

import numpy as np

from vj.core.errors import Fault
from vj.core.shared_bytes import SharedBytes, array_leaf, tensor_leaf

Into = Callable[[object], bool]
"""Whether an object is written down attribute by attribute; others are left."""
HOST = "cpu"
"""The kind of device whose memory tensors and arrays may share; others are written one by one."""
LEFT = ["left"]
NOTHING = object()
SEQUENCES: dict[str, type[Any]] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
MAPPINGS: dict[str, type[Any]] = {"dict": dict, "OrderedDict": OrderedDict}


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
            reading = _Reading(told, found, into)
            for name, root in roots.items():
                reading.value(told["top"][name], root)
    except Fault:
        raise
    except Exception as error:  # of another version, or torn
        raise Fault(f"cannot be taken up ({type(error).__name__}: {error})"[:300]) from error


def _named(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _kind(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def attributes(thing: object) -> dict[str, object]:
    """What an object holds, by name, in slots or not."""
    found = dict(getattr(thing, "__dict__", {}))
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name in ("__dict__", "__weakref__"):
                continue
            held = f"_{kind.__name__.lstrip('_')}{name}" if _is_private(name) else name
            value = getattr(thing, held, NOTHING)
            if value is not NOTHING:
                found[held] = value
    return found


def _constant(thing: object) -> str:
    """The name by which an object's module has it, which others compare with; empty for none."""
    there = vars(importlib.import_module(type(thing).__module__))
    return next((name for name, value in there.items() if value is thing), "")


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def _torch(thing: object) -> str:
    """Of torch's objects what it is: Tensor, Generator; else empty."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return ""
    if isinstance(thing, torch.Tensor):
        return "Tensor"
    return "Generator" if isinstance(thing, torch.Generator) else ""


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
        if (name := _torch(thing)) in ("Tensor", "Generator"):
            return self._of_torch(thing, name)
        if kind.__module__.partition(".")[0] == "cupy" and hasattr(thing, "get"):
            self.arrays.append(thing.get())
            return ["cupy", len(self.arrays) - 1]
        if self._into(thing):
            if name := _constant(thing):
                return ["constant", type(thing).__module__, name]
            held = {name: self.value(one) for name, one in attributes(thing).items()}
            return ["object", _named(kind), held]
        return LEFT

    def _of_torch(self, thing: Any, name: str) -> list[Any]:
        if name == "Generator":
            self.arrays.append(thing.get_state().numpy())
            return ["generator", len(self.arrays) - 1, str(thing.device)]
        if thing.device.type == HOST:
            return ["tensor", self.bytes.add(tensor_leaf(thing.detach()))]
        import torch

        flat = thing.detach().reshape(-1).contiguous()
        self.arrays.append(flat.view(torch.uint8).cpu().numpy())
        form = [list(thing.shape), list(thing.stride()), str(thing.dtype).partition(".")[2]]
        return ["card", len(self.arrays) - 1, *form, str(thing.device)]


class _Reading:
    """Nodes become values, in objects that are there already wherever one fits."""

    def __init__(self, told: dict[str, Any], found: Mapping[str, np.ndarray], into: Into) -> None:
        self._nodes, self._found, self._into = told["nodes"], found, into
        self._shared = SharedBytes.of(told["leaves"], lambda number: found[f"b{number}"])
        self._made: dict[int, object] = {}
        self._taken: dict[int, object] = {}
        """Objects that stand for a node already, by id."""

    def value(self, told: Any, there: object) -> Any:
        """there: what was made anew at this place, NOTHING for nothing."""
        if not isinstance(told, list):
            return told
        number = told[1]
        if number not in self._made:
            self._made[number] = NOTHING
            made = self._value(number, self._nodes[number], there)
            self._made[number] = made
        made = self._made[number]
        if made is NOTHING:
            raise Fault("cannot be taken up (it holds itself)")
        return made

    def _value(self, number: int, node: list[Any], there: Any) -> Any:
        kind, *rest = node
        if kind == "left":
            if there is NOTHING:
                raise Fault("cannot be taken up (something was made while it was rendered)")
            return there
        if kind in SEQUENCES:
            olds = list(there) if isinstance(there, list | tuple) else []
            made = (self.value(one, _at(olds, index)) for index, one in enumerate(rest[0]))
            return self._filled(number, there, SEQUENCES[kind], made)
        if kind in MAPPINGS:
            return self._mapping(number, MAPPINGS[kind], rest[0], there)
        if kind == "deque":
            olds = list(there) if isinstance(there, deque) else []
            values = (self.value(one, _at(olds, index)) for index, one in enumerate(rest[0]))
            return deque(values, maxlen=rest[1])
        if kind == "named":
            olds = list(there) if isinstance(there, tuple) else []
            return _kind(rest[0])(
                *(self.value(one, _at(olds, index)) for index, one in enumerate(rest[1]))
            )
        if kind == "object":
            return self._object(number, rest[0], rest[1], there)
        return self._leaf(kind, rest, there)

    def _filled(self, number: int, there: Any, kind: type[Any], values: Any) -> Any:
        """A list stays the list that it was, since others may hold it."""
        if kind is list and type(there) is list and self._take(there):
            self._made[number] = there
            there[:] = list(values)
            return there
        if kind is list:
            made: list[Any] = []
            self._made[number] = made
            made.extend(values)
            return made
        return kind(values)

    def _mapping(self, number: int, kind: type[Any], pairs: list[Any], there: Any) -> Any:
        old = dict(there) if isinstance(there, dict) else {}
        made = there if type(there) is kind and self._take(there) else kind()
        self._made[number] = made
        held = [(self.value(key, NOTHING), value) for key, value in pairs]
        values = [(key, self.value(value, old.get(key, NOTHING))) for key, value in held]
        made.clear()
        made.update(values)
        return made

    def _object(self, number: int, name: str, held: dict[str, Any], there: Any) -> Any:
        kind = _kind(name)
        same = type(there) is kind
        frozen = getattr(getattr(kind, "__dataclass_params__", None), "frozen", False)
        # what is frozen may be a constant of somebody's
        made = there if same and not frozen and self._take(there) else kind.__new__(kind)
        self._made[number] = made
        old = attributes(there) if same else {}
        values = {name: self.value(one, old.get(name, NOTHING)) for name, one in held.items()}
        for name in old if made is there else ():
            if name not in values:
                object.__delattr__(made, name)
        for name, value in values.items():
            object.__setattr__(made, name, value)
        return made

    def _take(self, there: object) -> bool:
        """Whether an object that is there stands for no other node yet."""
        if id(there) in self._taken:
            return False
        self._taken[id(there)] = there
        return True

    def _leaf(self, kind: str, rest: list[Any], there: Any) -> Any:
        if kind == "array":
            made = self._shared.array(rest[0])
            # the very picture that a source gives may be known by being the same one
            alone = self._shared.alone(rest[0])
            return there if alone and _equal(made, there) and self._take(there) else made
        if kind == "tensor":
            return self._shared.tensor(rest[0])
        if kind == "proxy":
            return MappingProxyType(self.value(rest[0], NOTHING))
        if kind == "number":
            return np.frombuffer(bytes.fromhex(rest[1]), np.dtype(rest[0]))[0]
        if kind == "plain":
            return rest[0]
        if kind == "bytes":
            return bytes.fromhex(rest[0])
        if kind == "constant":
            return getattr(importlib.import_module(rest[0]), rest[1])
        if kind == "path":
            return Path(rest[0])
        if kind == "enum":
            return _kind(rest[0])[rest[1]]
        if kind == "future":
            done: Future[Any] = Future()
            done.set_result(self.value(rest[0], NOTHING))
            return done
        if kind == "random":
            state = json.loads(rest[0])
            random = np.random.Generator(getattr(np.random, state["bit_generator"])())
            random.bit_generator.state = state
            return random
        return self._on_card(kind, self._found[f"a{rest[0]}"], rest[1:], there)

    def _on_card(self, kind: str, array: np.ndarray, rest: list[Any], there: Any) -> Any:
        """Memory of a card is written into, where it is there: graphs that were recorded know its
        address."""
        if kind == "cupy":
            if getattr(there, "shape", None) == array.shape and there.dtype == array.dtype:
                there.set(array)
                return there
            return importlib.import_module("cupy").asarray(array)
        import torch

        if kind == "generator":
            device = torch.device(rest[0])
            generator = there if _torch(there) == "Generator" else torch.Generator(device)
            generator.set_state(torch.from_numpy(array.copy()))
            return generator
        shape, strides, name, device = rest
        dtype: torch.dtype = getattr(torch, name)
        if 0 in shape:
            return torch.empty(shape, dtype=dtype, device=device)
        value = torch.from_numpy(array.copy()).view(dtype).reshape(shape)
        if _torch(there) == "Tensor" and (there.shape, there.dtype) == (value.shape, value.dtype):
            with torch.no_grad():
                return there.copy_(value)
        made = torch.empty_strided(shape, strides, dtype=value.dtype, device=device)
        return made.copy_(value)


def _equal(one: np.ndarray, two: Any) -> bool:
    if type(two) is not np.ndarray or one.dtype != two.dtype or one.shape != two.shape:
        return False
    return one.strides == two.strides and one.tobytes() == two.tobytes()


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else NOTHING
