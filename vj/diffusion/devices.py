"""Where a model computes, and in which number type."""

from __future__ import annotations

import torch

from vj.core.errors import Fault
from vj.diffusion.model_spec import ModelSpec

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def best_device(wish: str = "auto") -> torch.device:
    """cuda, then mps, then cpu. Raises Fault for a wish that cannot be had."""
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


def device_and_dtype(spec: ModelSpec) -> tuple[torch.device, torch.dtype]:
    """What a show asks for, or the best there is: float16 on a GPU, float32 on a CPU. Raises Fault
    for what cannot be had."""
    device = best_device(spec.device)
    if spec.dtype != "auto" and spec.dtype not in DTYPES:
        raise Fault(f"model dtype {spec.dtype!r}: one of auto, {', '.join(DTYPES)}")
    return device, DTYPES.get(spec.dtype, torch.float32 if device.type == "cpu" else torch.float16)


def short(dtype: torch.dtype) -> str:
    """`float32` for torch.float32."""
    return str(dtype).removeprefix("torch.")
