"""A pretended NVIDIA card, where there is none: what a frame does on it, and what goes up and down.

The host's tensors are real. Those on the card are torch's fake ones: they have a shape, a type, a
device, and no numbers, and whatever mixes the two raises. A few things of torch ask for a real card
even so (indexing, copies from the host); they are done here in another way.

Not torch's, and stood in for: CuPy's kernels (the launch is noted, nothing is computed, and the
pointers, strides and sizes that they are given are not looked at beyond their device), streams,
events and pinned memory (what is copied from memory that is not pinned is noted), generators of
random numbers (one of the host's stands for the card's). CUDA graphs are not recorded: parts that
would be are called, and `part` says which operators are theirs. Fake numbers can show no rounding,
no overflow, no kernel that a library has not, no time and no memory.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.card_log import HostWaits, Log, Moved, Ran, place
from vj.diffusion import devices

CARD = torch.device("cuda", 0)
WAITS = "item tolist numpy __bool__ __float__ __int__ __index__ __array__ nonzero masked_select"
WAITS += " equal allclose unique bincount is_nonzero _unique2 _local_scalar_dense"
WAITING = tuple(WAITS.split())
"""Functions and operators that the host waits for."""
NO_WORK = (
    "detach view slice select permute expand unsqueeze squeeze alias view_as transpose t split"
)
NO_WORK += " split _unsafe_view split_with_sizes as_strided _reshape_alias chunk unbind device"
NO_WORK += " sym_size sym_stride is_contiguous dim empty empty_like new_empty empty_strided"
BESIDE = "a stream of its own"
"""The part of what is not computed on the frames' own stream."""
IDLE = tuple(NO_WORK.split())
"""Operators that start no kernel."""


def on_card(tensor: Any) -> bool:
    return isinstance(tensor, FakeTensor) and tensor.device.type == "cuda"


class _Operators(TorchDispatchMode):
    """Notes every operator on the card."""

    def __init__(self, card: PretendedCard) -> None:
        super().__init__()
        self.card = card

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        here = any(on_card(one) for one in tree_leaves((args, kwargs)))
        if here and name in WAITING:
            self.card.waits(name)
        made = func(*args, **kwargs)
        if here and name not in IDLE:
            self.card.runs(name, made)
        return made


class PretendedCard(TorchFunctionMode):
    """While it is entered there is a card, `CARD`."""

    def __init__(self) -> None:
        super().__init__()
        self.fakes = FakeTensorMode(allow_non_fake_inputs=True)
        self.log = Log()
        self._part = ""
        self.excused: tuple[str, ...] = ()
        """Functions of vj that may wait: that they have is noted."""
        self._operators = _Operators(self)
        self._known: dict[str, Callable[..., Any]] = {
            "to": self._to,
            "cuda": lambda tensor, *_, **more: self._to(tensor, CARD, **more),
            "cpu": lambda tensor: self._to(tensor, "cpu"),
            "copy_": self._copy,
            "contiguous": self._contiguous,
            "grid_sample": self._sampled,
            "scaled_dot_product_attention": self._attended,
            "__invert__": torch.bitwise_not,
            "pin_memory": self._pinned,
            "is_pinned": lambda tensor, *_: hasattr(tensor, "pinned"),
            "__getitem__": self._part_of,
            "__setitem__": self._set,
        }

    # What is noted.

    def waits(self, what: str) -> None:
        if place()[0] in self.excused:
            self.log.waits.append(place()[1])
            return
        raise HostWaits(f"{what} waits for the card at {place()[1]}")

    def runs(self, name: str, made: Any) -> None:
        tensors = [one for one in tree_leaves(made) if isinstance(one, Tensor)]
        shapes = tuple((one.dtype, tuple(one.shape)) for one in tensors)
        self.log.ran.append(Ran(name, self._part, *place(), shapes))

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        before, self._part = self._part, self._part or name
        try:
            yield
        finally:
            self._part = before

    def fake(self, like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """One like it, on the card."""
        with self.fakes:
            return torch.empty_strided(
                like.shape, like.stride(), dtype=dtype or like.dtype, device=CARD
            )

    def goes_up(
        self, host: Tensor, dtype: torch.dtype | None = None, later: bool = False
    ) -> Tensor:
        later = later and hasattr(host, "pinned")
        self.log.up.append(Moved(*place(), host.numel() * host.element_size(), later))
        return self.fake(host, dtype)

    # How torch's functions are answered.

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in WAITING and args and on_card(args[0]):
            self.waits(name)
        if name in self._known and args and isinstance(args[0], Tensor):
            return self._known[name](*args, **kwargs)
        if kwargs.pop("pin_memory", False):
            return self._pinned(func(*args, **kwargs))
        if "device" in kwargs and _is_card(kwargs["device"]):
            kwargs.pop("generator", None)
            if func in (torch.tensor, torch.as_tensor):
                return self._made_of(func, *args, **kwargs)
            kwargs["device"] = CARD
            with self.fakes, self._operators:
                made = func(*args, **kwargs)
            if name not in IDLE:
                self.runs(name, made)
            return made
        if func is torch.where and len(args) == 3 and on_card(args[0]):
            with self.fakes:
                return func(*args)
        return func(*args, **kwargs)

    def _made_of(self, func: Any, data: Any, **kwargs: Any) -> Tensor:
        if on_card(data):
            return data.to(kwargs["dtype"]) if kwargs.get("dtype") else data
        kwargs["device"] = "cpu"
        return self.goes_up(func(data, **kwargs))

    def _to(self, tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        kwargs.pop("copy", None)
        if args and isinstance(args[0], Tensor):
            args = (args[0].device, args[0].dtype, *args[1:])
        device, dtype, later, order = torch._C._nn._parse_to(*args, **kwargs)
        more = {} if order is None else {"memory_format": order}
        if on_card(tensor):
            if device is not None and device.type == "cpu":
                return self._below(torch.empty(tensor.shape, dtype=dtype or tensor.dtype), tensor)
            return Tensor.to(tensor, dtype or tensor.dtype, **more)
        if device is None or device.type != "cuda":
            return Tensor.to(tensor, *args, **kwargs)
        return self.goes_up(tensor, dtype, later)

    def _below(self, there: Tensor, tensor: Tensor, later: bool = False) -> Tensor:
        later = later and hasattr(there, "pinned")
        self.log.down.append(Moved(*place(), there.numel() * there.element_size(), later))
        if not later:
            self.waits("a copy down")
        return there.zero_()

    def _copy(self, there: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
        if there.shape != torch.broadcast_shapes(there.shape, source.shape):
            raise ValueError(f"{tuple(source.shape)} into {tuple(there.shape)}")
        if on_card(there) and not on_card(source):
            self.goes_up(source, later=non_blocking)
            return there
        if on_card(source) and not on_card(there):
            return self._below(there, source, non_blocking)
        made: Tensor = torch.ops.aten.copy_(there, source)
        return made

    def _sampled(self, planes: Tensor, grid: Tensor, **how: Any) -> Tensor:
        if not on_card(planes):
            return nn.functional.grid_sample(planes, grid, **how)
        assert on_card(grid)
        assert grid.dtype == planes.dtype
        made = planes.new_empty((*planes.shape[:2], *grid.shape[1:3]))
        self.runs("grid_sampler_2d", made)
        return made

    def _attended(
        self, query: Tensor, key: Tensor, value: Tensor, *more: Any, **how: Any
    ) -> Tensor:
        """A card has kernels for it; without one it would be computed in float32."""
        if not on_card(query):
            attend = nn.functional.scaled_dot_product_attention
            return attend(query, key, value, *more, **how)
        assert all(on_card(one) and one.dtype == query.dtype for one in (key, value))
        assert query.shape[-1] == key.shape[-1]
        assert key.shape[-2] == value.shape[-2]
        made = query.new_empty((*query.shape[:-1], value.shape[-1]))
        self.runs("scaled_dot_product_attention", made)
        return made

    @staticmethod
    def _contiguous(
        tensor: Tensor, memory_format: torch.memory_format = torch.contiguous_format
    ) -> Tensor:
        if not on_card(tensor):
            return Tensor.contiguous(tensor, memory_format=memory_format)
        if tensor.is_contiguous(memory_format=memory_format):
            return tensor
        return torch.clone(tensor, memory_format=memory_format)

    def _pinned(self, tensor: Tensor) -> Tensor:
        made = tensor.view_as(tensor)
        made.pinned = True  # type: ignore[attr-defined]
        return made

    def _part_of(self, tensor: Tensor, place: Any) -> Tensor:
        if not on_card(tensor):
            return Tensor.__getitem__(tensor, place)
        places = list(place) if isinstance(place, tuple) else [place]
        if all(isinstance(one, Tensor) and one.dtype == torch.long for one in places):
            return torch.ops.aten.index.Tensor(tensor, places)
        if any(isinstance(one, (Tensor, list)) for one in places):
            self.waits("a place that a tensor says")
        if Ellipsis in places:
            at = places.index(Ellipsis)
            taken = sum(one is not None for one in places) - 1
            places[at : at + 1] = [slice(None)] * (tensor.dim() - taken)
        dim = 0
        for one in places:
            if one is None:
                tensor = tensor.unsqueeze(dim)
            elif isinstance(one, slice):
                if one != slice(None):
                    tensor = torch.ops.aten.slice.Tensor(
                        tensor, dim, one.start, one.stop, one.step or 1
                    )
            else:
                tensor = tensor.select(dim, int(one))
                dim -= 1
            dim += 1
        return tensor

    def _set(self, tensor: Tensor, place: Any, value: Any) -> None:
        if not on_card(tensor):
            return Tensor.__setitem__(tensor, place, value)
        there = self._part_of(tensor, place)
        if isinstance(value, Tensor):
            self._copy(there, value)
        else:
            there.fill_(value)
        return None

    # What is on the card.

    def move(self, module: nn.Module, dtype: torch.dtype) -> None:
        """A module's numbers go there, in a type."""
        for one in module.modules():
            for name, number in one._parameters.items():
                if number is not None:
                    made = self.fake(number, dtype if number.is_floating_point() else None)
                    one._parameters[name] = nn.Parameter(made, requires_grad=False)
            for name, number in one._buffers.items():
                if number is not None:
                    floats = number.is_floating_point()
                    one._buffers[name] = self.fake(number, dtype if floats else None)

    @contextmanager
    def inserted(self) -> Iterator[PretendedCard]:
        """There is a card meanwhile."""
        with pytest.MonkeyPatch.context() as patch, ExitStack() as modes:
            self._stand_in(patch)
            modes.enter_context(self._operators)
            modes.enter_context(self)
            modes.enter_context(torch.no_grad())
            yield self

    def _stand_in(self, patch: pytest.MonkeyPatch) -> None:
        card = self

        class Event:
            def record(self, *_: Any) -> None: ...

            def synchronize(self) -> None:
                card.log.waits.append(place()[1])

        class Stream:
            def wait_stream(self, other: Any) -> None: ...

            def synchronize(self) -> None:
                card.log.waits.append(place()[1])

        stream = Stream()
        for name, stands_in in {
            "is_available": lambda: True,
            "current_device": lambda: 0,
            "current_stream": lambda *_: stream,
            "default_stream": lambda *_: stream,
            "Stream": lambda *_: Stream(),
            "Event": Event,
            "device": lambda _: nullcontext(),
            "stream": lambda _: self.part(BESIDE),
            "synchronize": lambda *_: card.log.waits.append(place()[1]),
        }.items():
            patch.setattr(torch.cuda, name, stands_in)

        class Generator(torch.Generator):
            def __new__(cls, device: Any = "cpu") -> Any:
                return super().__new__(cls)

        patch.setattr(torch, "Generator", Generator)
        patch.setattr(devices, "_own", threading.local())
        patch.setattr(Tensor, "record_stream", lambda tensor, stream: None)

        def function(name: str) -> Callable[..., None]:
            def run(grid: tuple[int, ...], block: tuple[int, ...], given: tuple[Any, ...]) -> None:
                tensors = [one for one in given if isinstance(one, Tensor)]
                assert tensors
                assert all(on_card(one) for one in tensors), f"{name} is given what is not there"
                card.runs(name, tensors)

            return run

        cupy = ModuleType("cupy")
        vars(cupy).update(
            RawModule=lambda **_: SimpleNamespace(get_function=function),
            from_dlpack=lambda tensor: tensor,
            cuda=SimpleNamespace(Stream=SimpleNamespace(from_external=lambda _: nullcontext())),
        )
        patch.setitem(sys.modules, "cupy", cupy)


def _is_card(device: Any) -> bool:
    return device is not None and torch.device(device).type == "cuda"
