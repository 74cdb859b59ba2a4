"""Models in files, for spandrel: what makes a picture larger, cleaner, or a face whole again."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vj.core.errors import Fault, Unavailable, nearest_file

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


def open_model_file(what: str, name: str, device: str) -> ModelFile:
    """A model file that spandrel knows: ESRGAN, Real-ESRGAN, SwinIR, GFPGAN and many more.

    what: the key of the show that names it. device: of torch. Raises Fault.
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

    return ModelFile(call, model.purpose == FACES)


def _signed(network: Any) -> Callable[[Any], Any]:
    """A network of `SIGNED` that takes and gives 0..1, the same for the same picture."""

    def run(picture: Any) -> Any:
        found = network(2 * picture - 1, return_rgb=False, randomize_noise=False)
        return (found[0] + 1) / 2

    return run
