"""Parts of a model as CUDA graphs: captured once for each signature and then replayed, one launch
in place of a thousand.

A UNet of one step at 512x512 keeps a large card waiting for the host between its kernels: on an
H100 it takes 24.5 ms launched kernel by kernel and 7.3 ms as a graph. What a graph reads and writes
has fixed addresses, so the tensors of a call are copied into its own before, and its result is
copied out after.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vj.core.object_reading import MadeAgain

Made = Tensor | tuple[Tensor, ...]
Work = Callable[..., Any]
"""Tensors, some of which may be None -> a tensor, or several."""
Given = Sequence[Tensor | None]
Rehearsed = Callable[[Given], Given] | None
"""Of the tensors of a call those of one that leaves nothing behind, for work that does: it runs
with them to be captured. None for work that leaves nothing."""
Signature = tuple[Hashable, ...]

KEPT = 12
"""Graphs of one part, at most: the least recently replayed goes."""
WARM = 3
"""Times a part runs before it is captured: libraries choose their kernels in the first."""
STEADY = 15
"""Calls in a row with one signature before it is captured while a show plays: a LoRA's weight that
is being played changes it with every frame."""


@dataclass(slots=True)
class Captured:
    """graph: has `replay`. given: its own copies of the tensors of a call. made: what it writes.
    alone: to be held while it is played, since graphs that share memory must not be played at
    once."""

    graph: Any
    given: list[Tensor | None]
    made: Made
    alone: AbstractContextManager[object] = field(default_factory=nullcontext)

    def play(self, tensors: Sequence[Tensor | None]) -> Any:
        with self.alone:
            return self._play(tensors)

    def _play(self, tensors: Sequence[Tensor | None]) -> Any:
        for own, tensor in zip(self.given, tensors, strict=True):
            if own is not None and tensor is not None:
                own.copy_(tensor, non_blocking=True)
        self.graph.replay()
        if isinstance(self.made, Tensor):
            return self.made.clone()
        return tuple(part.clone() for part in self.made)


Capture = Callable[[Work, Given], Captured]
"""Captures work, called with these tensors. Raises RuntimeError."""


class OneAfterAnother:
    """Held while a graph of a model is played, which share memory: on the card one goes after the
    other, whatever stream the caller's is."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._lock = threading.Lock()
        self._before: Any = None
        self._within: Any = None

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            mine, all_use = (
                torch.cuda.current_stream(self._device),
                torch.cuda.default_stream(self._device),
            )
            self._before = None if mine == all_use else mine
            if self._before is not None:
                all_use.wait_stream(mine)
                self._within = torch.cuda.stream(all_use)
                self._within.__enter__()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            if self._before is not None:
                self._within.__exit__(None, None, None)
                self._before.wait_stream(torch.cuda.default_stream(self._device))
        finally:
            self._before = self._within = None
            self._lock.release()


class CudaCapture:
    """Captures on a stream of its own, whichever thread asks, while others go on computing."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: Any = None
        self._pool: Any = None
        self._lock = threading.Lock()
        self._alone = OneAfterAnother(device)

    def __call__(self, work: Work, tensors: Sequence[Tensor | None]) -> Captured:
        """Raises RuntimeError for work that cannot be captured, and when memory is short."""
        with self._lock:
            return self._captured(work, tensors)

    def _captured(self, work: Work, tensors: Sequence[Tensor | None]) -> Captured:
        if self._stream is None:
            self._stream = torch.cuda.Stream(self._device)
            self._pool = torch.cuda.graph_pool_handle()
        given = [None if tensor is None else tensor.clone() for tensor in tensors]
        graph = torch.cuda.CUDAGraph()
        stream = self._stream
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.no_grad(), torch.cuda.stream(stream):
            for _ in range(WARM):
                work(*given)
            stream.synchronize()
            # torch.cuda.graph would also collect garbage and empty the cache: the picture stops.
            graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
            try:
                made = work(*given)
            finally:
                graph.capture_end()
        torch.cuda.current_stream(self._device).wait_stream(stream)
        return Captured(graph, given, made, self._alone)


class Graphs(dict[str, "GraphedPart"], MadeAgain):
    """The parts of a model that are played as graphs, by name."""

    @contextmanager
    def made_ready(self) -> Iterator[None]:
        """What they are asked for meanwhile, on this thread, becomes graphs at once."""
        with ExitStack() as parts:
            for part in self.values():
                parts.enter_context(part.made_ready())
            yield


def rehearsing(capture: Capture, rehearsed: Rehearsed) -> Capture:
    """The same, with other tensors than those of the call."""
    if rehearsed is None:
        return capture
    return lambda work, tensors: capture(work, rehearsed(tensors))


class MadeReady:
    """Something that one thread makes ready, while others may use it already."""

    def __init__(self) -> None:
        self._ready_on: int | None = None

    @contextmanager
    def made_ready(self) -> Iterator[None]:
        """What this thread asks for meanwhile is made at once, however long it takes."""
        self._ready_on = threading.get_ident()
        try:
            yield
        finally:
            self._ready_on = None

    @property
    def is_made_here(self) -> bool:
        """This thread makes it ready."""
        return self._ready_on == threading.get_ident()


class GraphedPart(MadeReady, MadeAgain):
    """Calls a part of a model, by a graph where there is one. Not from two threads at once, but for
    the capturing, which goes on beside."""

    def __init__(
        self,
        name: str,
        work: Work,
        capture: Capture,
        log: Callable[[str], None] = lambda text: None,
        without: Work | None = None,
        first_at_once: bool = True,
    ) -> None:
        """name: of the part, for messages. log: told once when it cannot be captured; it is then
        called as it is. without: called where there is no graph, in place of `work`; it makes the
        same, by graphs of its own parts. first_at_once: the first graph is made where it is asked
        for, and not beside the picture as the later ones are."""
        super().__init__()
        self.name = name
        self._work, self._capture, self._log = work, capture, log
        self._without = without or work
        self._first_at_once = first_at_once
        self._graphs: OrderedDict[Signature, Captured] = OrderedDict()
        self._lock = threading.Lock()
        self._last: Signature | None = None
        self._steady = 0
        self._thread: threading.Thread | None = None
        self.off = False
        """It cannot be captured, or is not to be."""
        self.beside = True
        """Captured on a thread of its own, while the picture goes on; else between two frames."""

    def __call__(self, *tensors: Tensor | None, key: Hashable = ()) -> Any:
        """key: what else decides the result and is no tensor. The result is the caller's."""
        signature: Signature = (
            key,
            *(
                None if tensor is None else (tensor.dtype, tensor.shape, tensor.stride())
                for tensor in tensors
            ),
        )
        if self.off:
            return self._without(*tensors)
        with self._lock:
            found = self._graphs.get(signature)
            if found is not None:
                self._graphs.move_to_end(signature)
                return found.play(tensors)
            first = self._first_at_once and not self._graphs and self._thread is None
            first = first or self.is_made_here
        self._steady = self._steady + 1 if signature == self._last else 0
        self._last = signature
        if first or (self._steady >= STEADY and not self.beside):
            self._make(signature, tensors)
        elif self._steady >= STEADY and not self.capturing:
            copies = [None if tensor is None else tensor.clone() for tensor in tensors]
            self._thread = threading.Thread(
                target=self._make, args=(signature, copies), name=f"graph {self.name}", daemon=True
            )
            self._thread.start()
        return self._without(*tensors)

    @property
    def graphs(self) -> int:
        """How many there are."""
        return len(self._graphs)

    @property
    def capturing(self) -> bool:
        """One is being made beside the picture."""
        return self._thread is not None and self._thread.is_alive()

    def forget(self) -> list[Captured]:
        """The part computes in another type, or with other weights, from now on. Returns what there
        was, to be held as long as the card may still play it."""
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            gone = list(self._graphs.values())
            self._graphs.clear()
        self._thread, self._last, self._steady = None, None, 0
        return gone

    def _make(self, signature: Signature, tensors: Sequence[Tensor | None]) -> None:
        try:
            made = self._capture(self._work, tensors)
        except RuntimeError as error:  # torch's own for memory, too
            self.off = True
            self._log(
                f"{self.name} plays without a CUDA graph ({str(error).splitlines()[0]})"[:300]
            )
            return
        with self._lock:
            self._graphs[signature] = made
            while len(self._graphs) > KEPT:
                self._graphs.popitem(last=False)
