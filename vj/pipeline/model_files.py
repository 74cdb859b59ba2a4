"""Models in files, for spandrel: what makes a picture larger, cleaner, or a face whole again."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vj.core.errors import Fault, Unavailable, nearest_file
from vj.core.free_memory import memory_room
from vj.pipeline.tiles import Tile, Tiled

ModelCall = Callable[[np.ndarray], np.ndarray]
"""(h, w, 3) uint8 -> (n h, n w, 3) uint8, n its own factor."""
FACES = "FaceSR"
"""What spandrel calls models that restore faces."""
SIGNED = ("GFPGAN",)
"""Architectures that spandrel 0.4.2 gives the picture 0..1 and whose networks take and give -1..1;
their noise is new each time, too, unless they are asked for their own."""


class ModelFile(NamedTuple):
    """call: runs it. faces: it restores faces, of one size, and nothing else."""

    call: ModelCall
    faces: bool


PROBE, ALIVE = 64, 8
"""The side of the picture by which a network's need of memory is estimated, and how many of its
largest results are there at once, at a guess on the safe side."""


def open_model_file(
    what: str,
    name: str,
    device: str,
    tile: Tile = "auto",
    say: Callable[[str], None] = lambda text: None,
) -> ModelFile:
    """A model file that spandrel knows: ESRGAN, Real-ESRGAN, SwinIR, GFPGAN and many more.

    what: the key of the show that names it. device: of torch. tile: see `vj.pipeline.tiles`; what
    restores faces takes them whole. say: told where it begins to go in tiles. Raises Fault.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        raise Fault(f"{what} {name}: there is no such file{nearest_file(path)}")
    try:
        spandrel: Any = importlib.import_module("spandrel")
    except (
        ImportError,
        RuntimeError,
    ) as error:  # the latter from a torchvision made for another build of torch
        raise Unavailable(
            f"{what} {name}: needs spandrel and a torchvision of torch's build ({error}): pip "
            "install spandrel==0.4.2"
        ) from None
    import torch

    try:
        model = spandrel.ModelLoader(device=device).load_from_file(str(path))
    except Exception as error:  # pickle's, torch's and spandrel's own errors
        raise Fault(
            f"{what} {name}: is no model that spandrel knows ({' '.join(str(error).split())[:120]})"
        ) from None
    if (
        not isinstance(model, spandrel.ImageModelDescriptor)
        or model.input_channels != 3
        or model.output_channels != 3
    ):
        raise Fault(
            f"{what} {name}: takes more than a picture, or gives something else; one from RGB to "
            "RGB would be right"
        )
    model.eval()
    run = _signed(model.model) if model.architecture.id in SIGNED else model

    @torch.no_grad()
    def call(picture: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(picture).to(device).permute(2, 0, 1)[None].float() / 255
        out: np.ndarray = (
            run(x)[0].clamp(0, 1).mul(255).round().permute(1, 2, 0).to("cpu", torch.uint8).numpy()
        )
        return out

    if model.purpose == FACES:
        return ModelFile(call, True)
    on_host = device == "cpu"  # a card says when it is full, and a host is only slower and slower
    tiled = Tiled(
        call,
        tile,
        _per_pixel(model.model, call) if on_host and tile == "auto" else 0.0,
        lambda text: say(f"{what} {path.name}: {text}"),
        _usable if on_host else lambda: None,
        torch.cuda.empty_cache,
    )
    return ModelFile(tiled, False)


def _usable() -> int | None:
    room = memory_room()
    return None if room is None else room.usable


def _per_pixel(network: Any, call: ModelCall) -> float:
    """Bytes that a network takes for a pixel, estimated by the largest of its results; 0 where it
    does not take so small a picture."""
    largest = 0

    def seen(module: Any, given: Any, made: Any) -> None:
        nonlocal largest
        if hasattr(made, "element_size"):
            largest = max(largest, made.numel() * made.element_size())

    hooks = []
    try:
        for module in network.modules():
            hooks.append(module.register_forward_hook(seen))
        call(np.zeros((PROBE, PROBE, 3), np.uint8))
    except Exception:  # a scripted one, or so small a picture: it is told when the first one comes
        return 0.0
    finally:
        for hook in hooks:
            hook.remove()
    return ALIVE * largest / PROBE**2


def _signed(network: Any) -> Callable[[Any], Any]:
    """A network of `SIGNED` that takes and gives 0..1, the same for the same picture."""

    def run(picture: Any) -> Any:
        found = network(2 * picture - 1, return_rgb=False, randomize_noise=False)
        return (found[0] + 1) / 2

    return run
