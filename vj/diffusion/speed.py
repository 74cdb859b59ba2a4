"""How the networks of a Stable Diffusion model are computed on a card: `model: {speed: ...}`.

eager launches every kernel from the host. graph, which auto is, plays them as CUDA graphs. compile
has torch.compile make kernels of its own for them, and tensorrt NVIDIA's TensorRT; both are then
played as graphs, too. What cannot be made so is computed as it is, with a line that says why.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Hashable
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from vj.core.errors import told
from vj.diffusion.graphs import MadeReady

Network = Callable[..., Any]
Build = Callable[[Any], Network]
"""Of a module a faster way to call it. Raises whatever keeps it from being made."""
LONG = ("compile", "tensorrt")
"""What takes about a minute to be made ready."""


def missing(speed: str) -> str:
    """What this installation lacks for a speed, with the command that installs it; empty for
    nothing."""
    if speed == "compile" and importlib.util.find_spec("triton") is None:
        return "torch.compile needs Triton (pip install triton; on Windows triton-windows)"
    if speed == "tensorrt" and importlib.util.find_spec("torch_tensorrt") is None:
        return "torch_tensorrt is not installed (pip install torch-tensorrt)"
    return ""


def builder(speed: str) -> Build | None:
    """How `compile` or `tensorrt` makes a network faster; None for the others."""
    return {"compile": _compiled, "tensorrt": _tensorrt}.get(speed)


def _compiled(module: Any) -> Network:
    made: Network = torch.compile(module.forward, dynamic=False)
    return made


def _tensorrt(module: Any) -> Network:
    made: Network = importlib.import_module("torch_tensorrt").MutableTorchTensorRTModule(
        module, use_explicit_typing=True, immutable_weights=False
    )
    return made


class FastForward(MadeReady):
    """In place of a module's forward: what was made of it for calls of one shape, where there is
    such; otherwise its own. Making takes long, so it is done for what one thread asks for while it
    makes the model ready, and never while a frame waits."""

    def __init__(
        self, name: str, module: Any, build: Build, log: Callable[[str], None] = lambda text: None
    ) -> None:
        """name: of the part, for messages. log: told once when it cannot be made."""
        super().__init__()
        self._name, self._module, self._build, self._log = name, module, build, log
        self._own: Network = module.forward
        self._made: dict[Hashable, Network] = {}
        self._failed = False
        self.aside: Callable[[], bool] = lambda: False
        """Asked with every call: True, and it is computed as it is."""

    @property
    def made(self) -> int:
        """For how many shapes there is something faster."""
        return len(self._made)

    def __call__(self, *given: Any, **more: Any) -> Any:
        if self.aside():
            return self._own(*given, **more)
        shape = _shape(given, more)
        fast = self._made.get(shape)
        if fast is not None:
            return fast(*given, **more)
        if self._failed or not self.is_made_here:
            return self._own(*given, **more)
        try:
            # its own forward while it is made: what is built may call the module
            self._module.forward = self._own
            fast = self._build(self._module)
            result = fast(*given, **more)
        except Exception as error:  # whatever a compiler throws
            self._failed = True
            self._log(f"{self._name} is computed as it is ({told(error)})"[:300])
            return self._own(*given, **more)
        finally:
            self._module.forward = self
        self._made[shape] = fast
        return result


def _shape(given: tuple[Any, ...], more: dict[str, Any]) -> Hashable:
    return tuple(
        (leaf.dtype, leaf.shape, leaf.stride()) if isinstance(leaf, Tensor) else leaf
        for leaf in tree_leaves((given, more))
    )


def make_fast(
    speed: str, parts: dict[str, Any], log: Callable[[str], None] = lambda text: None
) -> list[FastForward]:
    """Have modules computed at a speed from now on; parts: by their names. Empty where nothing is
    made of them."""
    build = builder(speed)
    if build is None:
        return []
    lacks = missing(speed)
    if lacks:
        log(f"speed {speed}: {lacks}; CUDA graphs are played")
        return []
    made = []
    for name, module in parts.items():
        module.forward = FastForward(name, module, build, log)
        made.append(module.forward)
    return made


def made_fast(
    speed: str, name: str, pipe: Any, has_loras: bool, log: Callable[[str], None]
) -> list[FastForward]:
    """The same of a diffusers pipeline's UNet, encoder and decoder. has_loras: their weights are
    played, which a compiled network does not follow."""
    if speed in LONG and has_loras:
        log(f"speed {speed}: the weights of LoRAs are played; CUDA graphs are, too")
        return []
    parts = {
        "UNet": pipe.unet,
        "encoder": getattr(pipe.vae, "encoder", None),
        "decoder": getattr(pipe.vae, "decoder", None),
    }
    there = {f"{name}'s {part}": module for part, module in parts.items() if module is not None}
    return make_fast(speed, there, log)
