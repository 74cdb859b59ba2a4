"""Objects that were written down (`vj.core.object_state`), put back into others that were made
anew."""

from __future__ import annotations

import importlib
import json
import sys
from collections import OrderedDict, deque
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np

from vj.core.errors import Fault
from vj.core.shared_bytes import SharedBytes

NOTHING = object()
SEQUENCES: dict[str, type[Any]] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
MAPPINGS: dict[str, type[Any]] = {"dict": dict, "OrderedDict": OrderedDict}


@runtime_checkable
class MadeLater(Protocol):
    """What makes some of what it holds when that is asked for first."""

    def make_later(self, name: str, held: Mapping[str, Any]) -> object:
        """What its attribute of this name, still None, has to be before that is put back; None
        where nothing has to be made. held: the attributes before it, put back."""


class MadeAgain:
    """What holds nothing of frames, and is made whenever it is asked for and not there: it stays
    what it was made anew, which may be None."""

    __slots__ = ()


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


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def of_torch(thing: object) -> str:
    """Of torch's objects what it is: Tensor, Generator, device, dtype; else empty."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return ""
    kinds = ("Tensor", "Generator", "device", "dtype")
    return next((name for name in kinds if isinstance(thing, getattr(torch, name))), "")


class ObjectReading:
    """Nodes become values, in objects that are there already wherever one fits."""

    def __init__(self, told: dict[str, Any], found: Mapping[str, np.ndarray]) -> None:
        self._nodes, self._found = told["nodes"], found
        self._shared = SharedBytes.of(told["leaves"], lambda number: found[f"b{number}"])
        self._made: dict[int, object] = {}
        self._taken: dict[int, object] = {}
        """Objects that stand for a node already, by id."""
        self._paired: dict[int, object] = {}
        self._met: set[tuple[int, int]] = set()

    def pair(self, told: Any, there: object) -> None:
        """Find what stands for each node, at whatever place it is there: at another one, where it
        is met first, it may not have been asked for yet."""
        if not isinstance(told, list) or there is None or there is NOTHING:
            return
        number = told[1]
        if (number, id(there)) in self._met:
            return
        self._met.add((number, id(there)))
        kind, *rest = self._nodes[number]
        if kind in SEQUENCES and isinstance(there, list | tuple):
            for one, old in zip(rest[0], there, strict=False):
                self.pair(one, old)
        elif kind in MAPPINGS and isinstance(there, dict):
            for key, one in rest[0]:
                self.pair(one, NOTHING if isinstance(key, list) else there.get(key, NOTHING))
        elif kind in ("left", "again"):
            self._paired.setdefault(number, there)
        elif kind == "object" and type(there) is _kind(rest[0]):
            self._paired.setdefault(number, there)
            old = attributes(there)
            for name, one in rest[1].items():
                self.pair(one, old.get(name, NOTHING))

    def value(self, told: Any, there: object) -> Any:
        """there: what was made anew at this place, NOTHING for nothing."""
        if not isinstance(told, list):
            return told
        number = told[1]
        if number not in self._made:
            self._made[number] = NOTHING
            if there is None or there is NOTHING:
                there = self._paired.get(number, there)
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
        if kind == "again":
            return None if there is NOTHING else there
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
        values: dict[str, Any] = {}
        for name, one in held.items():
            before = old.get(name, NOTHING)
            if before is None and one is not None and isinstance(made, MadeLater):
                before = made.make_later(name, values)
            values[name] = self.value(one, before)
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
        if kind == "torch":
            torch = importlib.import_module("torch")
            return torch.device(rest[1]) if rest[0] == "device" else getattr(torch, rest[1])
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
            generator = there if of_torch(there) == "Generator" else torch.Generator(device)
            generator.set_state(torch.from_numpy(array.copy()))
            return generator
        shape, strides, name, device = rest
        dtype: torch.dtype = getattr(torch, name)
        if 0 in shape:
            return torch.empty(shape, dtype=dtype, device=device)
        value = torch.from_numpy(array.copy()).view(dtype).reshape(shape)
        if of_torch(there) == "Tensor" and (there.shape, there.dtype) == (value.shape, value.dtype):
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
