"""Where a model computes, and in which number type. PyTorch is imported once that is asked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from vj.core.errors import Fault
from vj.diffusion.model_spec import ModelSpec

if TYPE_CHECKING:
    import torch

DTYPES = ("float32", "float16", "bfloat16")


def best_device(wish: str = "auto") -> torch.device:
    """cuda, then mps, then cpu. Raises Fault for a wish that cannot be had."""
    import torch

    if wish != "auto":
        kind = torch.device(wish).type
        if (kind == "cuda" and not torch.cuda.is_available()) or (
            kind == "mps" and not torch.backends.mps.is_available()
        ):
            raise Fault(
                f"model device {wish}: not available here (this machine has: {best_device()}); "
                "leave device out to take the best"
            )
        return torch.device(wish)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def best_device_name(wish: str = "auto") -> str:
    """The same, as text, for what computes beside the model: a show whose model needs no PyTorch
    does not import it where it has come without a card's libraries."""
    without = sys.platform != "darwin" and version("torch").endswith("+cpu")
    if wish == "auto" and without and sys.modules.get("torch") is None:
        return "cpu"
    return str(best_device(wish))


def device_and_dtype(spec: ModelSpec) -> tuple[torch.device, torch.dtype]:
    """What a show asks for, or the best there is: float16 on a GPU, float32 on a CPU. Raises Fault
    for what cannot be had."""
    import torch

    device = best_device(spec.device)
    if spec.dtype != "auto" and spec.dtype not in DTYPES:
        raise Fault(f"model dtype {spec.dtype!r}: one of auto, {', '.join(DTYPES)}")
    best = torch.float32 if device.type == "cpu" else torch.float16
    return device, best if spec.dtype == "auto" else getattr(torch, spec.dtype)


def sent(host: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A host's tensor on the device. A card takes it in turn, and nobody waits for what it computes
    before."""
    if device.type == "cuda":
        return host.pin_memory().to(device, non_blocking=True)
    return host.to(device)


_own = threading.local()


@contextmanager
def beside(device: torch.device) -> Iterator[None]:
    """What a thread computes on a card meanwhile goes to a stream of its own, so that no frame
    queues up behind it; at the end it is done. On other devices nothing changes."""
    if device.type != "cuda":
        yield
        return
    import torch

    if not hasattr(_own, "stream"):
        _own.stream = torch.cuda.Stream(device)
    before = torch.cuda.current_stream(device)
    if before == _own.stream:  # within another
        yield
        return
    _own.stream.wait_stream(before)
    try:
        with torch.cuda.stream(_own.stream):
            yield
    finally:
        _own.stream.synchronize()


def handed_over(tensor: torch.Tensor) -> torch.Tensor:
    """One that was made `beside` and is used where frames are computed: its memory is not given
    away before they have."""
    import torch

    if tensor.is_cuda:
        tensor.record_stream(torch.cuda.default_stream(tensor.device))
    return tensor


def short(dtype: torch.dtype) -> str:
    """`float32` for torch.float32."""
    return str(dtype).removeprefix("torch.")
