"""Arrays and tensors as the bytes that they lie in, so that those that share some share them
again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

ALIGNED = 64
"""Bytes: where in a line of a CPU's cache an array begins stays as it was, since sums may be added
up in another order otherwise."""


class Leaf(NamedTuple):
    """An array or a tensor. low, high: the addresses between which it lies. first: that of its
    first number. strides: in bytes."""

    low: int
    high: int
    first: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str
    writeable: bool
    holds: Any


def array_leaf(array: np.ndarray) -> Leaf:
    first = int(array.__array_interface__["data"][0])
    return _leaf(
        first,
        array.shape,
        array.strides,
        array.itemsize,
        array.dtype.str,
        array.flags.writeable,
        array,
    )


def tensor_leaf(tensor: Any) -> Leaf:
    size = tensor.element_size()
    strides = tuple(size * step for step in tensor.stride())
    name = str(tensor.dtype).partition(".")[2]
    return _leaf(tensor.data_ptr(), tuple(tensor.shape), strides, size, name, True, tensor)


def _leaf(
    first: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    size: int,
    dtype: str,
    writeable: bool,
    holds: object,
) -> Leaf:
    if 0 in shape:
        return Leaf(0, 0, 0, shape, strides, dtype, writeable, holds)
    reach = [(side - 1) * stride for side, stride in zip(shape, strides, strict=True)]
    low = first + sum(step for step in reach if step < 0)
    high = first + sum(step for step in reach if step > 0) + size
    return Leaf(low, high, first, shape, strides, dtype, writeable, holds)


class SharedBytes:
    """Collects leaves, or gives them back."""

    def __init__(self) -> None:
        self._leaves: list[Leaf] = []
        self._places: list[Any] = []
        self._counts: Counter[int] = Counter()
        """Leaves in each block."""
        self._buffers: dict[int, np.ndarray] = {}
        self._raw: Callable[[int], np.ndarray] = lambda number: np.empty(0, np.uint8)

    def add(self, leaf: Leaf) -> int:
        """Returns its number."""
        self._leaves.append(leaf)
        return len(self._leaves) - 1

    def _blocks(self) -> list[tuple[int, int]]:
        """Stretches of memory in which leaves lie, none touching another."""
        found: list[tuple[int, int]] = []
        for low, high in sorted({(leaf.low, leaf.high) for leaf in self._leaves if leaf.high}):
            if found and low < found[-1][1]:
                found[-1] = found[-1][0], max(found[-1][1], high)
            else:
                found.append((low, high))
        return found

    def buffers(self) -> Iterable[np.ndarray]:
        """The bytes of each block, (n,) uint8, made up of what the leaves in it cover."""
        blocks = self._blocks()
        made = [np.zeros(high - low, np.uint8) for low, high in blocks]
        for leaf, place in zip(self._leaves, self.places(), strict=True):
            if leaf.high:
                block = place[0]
                into = _view(made[block], leaf.first - blocks[block][0], leaf)
                into[...] = _numbers(leaf.holds)
        return made

    def places(self) -> list[Any]:
        """Of each leaf: the block, where in it, and how."""
        blocks = self._blocks()
        out: list[Any] = []
        for leaf in self._leaves:
            block = next((n for n, (low, high) in enumerate(blocks) if low <= leaf.low < high), 0)
            low = blocks[block][0] if leaf.high else 0
            more = [low % ALIGNED, list(leaf.shape), list(leaf.strides), leaf.dtype, leaf.writeable]
            out.append([block, leaf.first - low if leaf.high else 0, *more])
        return out

    @classmethod
    def of(cls, places: list[Any], raw: Callable[[int], np.ndarray]) -> SharedBytes:
        """What was written. raw: the number of a block -> its bytes."""
        made = cls()
        made._places, made._raw = places, raw
        made._counts = Counter(place[0] for place in places if 0 not in place[3])
        return made

    def _buffer(self, block: int, aligned: int) -> np.ndarray:
        if block not in self._buffers:
            raw = self._raw(block)
            room = np.empty(len(raw) + 2 * ALIGNED, np.uint8)
            begin = (aligned - room.__array_interface__["data"][0]) % ALIGNED
            self._buffers[block] = room[begin : begin + len(raw)]
            self._buffers[block][:] = raw
        return self._buffers[block]

    def alone(self, number: int) -> bool:
        """No other leaf lies in the same bytes."""
        return self._counts[self._places[number][0]] == 1

    def array(self, number: int) -> np.ndarray:
        """An array anew."""
        block, offset, aligned, shape, strides, dtype, writeable = self._places[number]
        if 0 in shape:
            return np.empty(shape, dtype)
        buffer = self._buffer(block, aligned)
        made: np.ndarray = np.ndarray(
            shape,
            np.dtype(dtype),
            buffer.data,
            offset,
            strides,  # type: ignore[arg-type]
        )
        made.flags.writeable = writeable
        return made

    def tensor(self, number: int) -> Any:
        """A tensor anew, on the host."""
        import torch

        block, offset, aligned, shape, strides, dtype, _ = self._places[number]
        kind = getattr(torch, dtype)
        if 0 in shape:
            return torch.empty(shape, dtype=kind)
        size = torch.empty(0, dtype=kind).element_size()
        part = self._buffer(block, aligned)[offset:]
        flat = torch.from_numpy(part[: len(part) // size * size]).view(kind)
        return flat.as_strided(shape, [step // size for step in strides])


def _numbers(holds: Any) -> np.ndarray:
    """The numbers of an array or a tensor as bytes of numpy's, in their shape."""
    if isinstance(holds, np.ndarray):
        return holds
    import torch

    flat = holds.detach()
    kinds = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return np.asarray(flat.contiguous().view(kinds[flat.element_size()]))


def _view(buffer: np.ndarray, offset: int, leaf: Leaf) -> np.ndarray:
    numbers = _numbers(leaf.holds)
    return np.ndarray(
        leaf.shape,
        numbers.dtype,
        buffer.data,
        offset,
        leaf.strides,  # type: ignore[arg-type]
    )
