"""The pixel maths of numpy_ops.py on an NVIDIA card: one fused kernel a pass, on torch's stream,
with reused buffers.

Two passes and not one, because diffusion stands between them. Within a pass everything is one
kernel: each value is read and written once, where a chain of array operations would go through
memory for every step (docs/, one kernel on the GPU).

Needs cupy, which is imported when a `TemporalKernels` is made and not before.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import torch

from vj.core.errors import Unavailable
from vj.kernels.body import CUDA_SOURCE
from vj.kernels.preamble import BLOCK
from vj.kernels.settings import BlendSettings, blend_numbers, feedback_numbers

_BLOCK = BLOCK
_HALF_OPTION = {
    torch.float16: ("-DVJ_HALF",),
    torch.bfloat16: ("-DVJ_BF16",),
    torch.float32: (),
}
_KNOWN = "torch.float16, torch.bfloat16 or torch.float32"


def _cupy() -> ModuleType:
    """cupy, or Unavailable with the command that installs the one for torch's CUDA."""
    try:
        return importlib.import_module("cupy")
    except ImportError as error:
        major = (torch.version.cuda or "12").split(".")[0]
        raise Unavailable(
            f"the GPU's pixel maths needs cupy ({error}): pip install cupy-cuda{major}x==14.2.0"
        ) from error


def as_bits(tensor: torch.Tensor) -> torch.Tensor:
    """As CuPy and NumPy take it: they have no bfloat16, of which the kernels read the bits."""
    plain = tensor.detach()
    return plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain


class TemporalKernels:
    """`feedback` before diffusion, `blend` and `sharpen` after it, for pictures of one size on one
    device; holds the state between.

    height, width: pixels. device: a CUDA device. dtype: of the model's tensors, float16, bfloat16
    or float32. outputs: how many pictures the ring holds, at least 2; one that `blend` or `sharpen`
    returned is overwritten when as many more were made, so take it to the host before.

    All work goes onto torch's current stream and nothing here waits for it. So a tensor may be
    dropped right after a call: torch hands its memory on in the order of that stream. Nothing is
    allocated on the card after the start. Raises Unavailable, ValueError.
    """

    def __init__(
        self,
        height: int,
        width: int,
        device: torch.device | str = "cuda",
        dtype: torch.dtype = torch.float16,
        outputs: int = 4,
    ) -> None:
        if dtype not in _HALF_OPTION:
            raise ValueError(f"dtype: {dtype} came, {_KNOWN} would be right")
        self._cupy = _cupy()
        if not torch.cuda.is_available():
            raise Unavailable(
                "the GPU's pixel maths needs an NVIDIA card and a torch built for CUDA; "
                "vj.kernels.cv_ops runs without"
            )
        self.device, self.dtype = torch.device(device), dtype
        if self.device.type == "cuda" and self.device.index is None:
            self.device = torch.device("cuda", torch.cuda.current_device())
        self._shape = (height, width, 3)
        self._size = np.int32(width), np.int32(height)
        self._grid = -(-width // _BLOCK[0]), -(-height // _BLOCK[1])
        self._states = torch.zeros((2, *self._shape), dtype=torch.float32, device=self.device)
        self._outputs = torch.zeros((outputs, *self._shape), dtype=torch.uint8, device=self.device)
        self._none = torch.zeros((1, 1, 3), dtype=torch.float32, device=self.device)
        self._state_turn = self._output_turn = 0
        self._started = False
        self._places: dict[tuple[str, int], torch.Tensor] = {}
        """On the card, of numbers that are sent, by how many there are."""
        module = self._cupy.RawModule(
            code=CUDA_SOURCE, options=_HALF_OPTION[dtype], backend="nvrtc"
        )
        with torch.cuda.device(self.device):
            self._kernels = {
                name: module.get_function(name)
                for name in ("vj_feedback", "vj_blend", "vj_sharpen")
            }

    @property
    def state(self) -> torch.Tensor | None:
        """(H, W, 3) float32 0..1, the last painting, or None before the first; overwritten by the
        next `blend` but one."""
        return self._states[self._state_turn] if self._started else None

    @property
    def place(self) -> torch.Tensor:
        """Where `state` is, or will be, on the card; before the first painting nothing reads it."""
        return self._states[self._state_turn]

    def reset(self) -> None:
        """Forget the last painting: the next frame is taken as it comes, as the first one was."""
        self._started = False

    def restore(self, state: torch.Tensor) -> None:
        """Go on from a painting made elsewhere, (H, W, 3) float32 0..1."""
        self._states[self._state_turn].copy_(state)
        self._started = True

    def warm(self) -> None:
        """Compile and run every kernel once, so that the first frame does not stutter. Forgets the
        last painting."""
        height, width = self._shape[:2]
        model = torch.zeros((3, height, width), dtype=self.dtype, device=self.device)
        image = torch.zeros(self._shape, dtype=torch.uint8, device=self.device)
        for _ in range(2):  # the second time there is a last painting to read
            self.feedback(image, model, np.eye(2, 3, dtype=np.float32), 0.5)
            self.sharpen(self.blend(model, image, BlendSettings(0.5, 0.5)), 0.5)
        torch.cuda.synchronize(self.device)
        self.reset()

    def feedback(
        self,
        image: torch.Tensor,
        out: torch.Tensor,
        matrix: np.ndarray,
        amount: float,
        flow: torch.Tensor | None = None,
        gain: float = 1.0,
        middle: float = 0.5,
        last: torch.Tensor | None = None,
    ) -> None:
        """Before diffusion, see `numpy_ops.feedback`: the model's input into `out`, with the last
        painting mixed in once there is one.

        image: (H, W, 3) uint8, the prepared input. out: (3, H, W) or (1, 3, H, W), any strides, the
        model's dtype, gets -1..1. matrix: float32 from `feedback_matrix`. amount: 0..0.95. flow:
        (h, w, 3) float32 on the card, or None. last: (H, W, 3) float32 0..1 on the card, in place
        of the last painting.
        """
        share = amount if self._started else 0.0
        last = self._states[self._state_turn] if last is None else last
        numbers = self.sent(feedback_numbers(matrix, share, gain, middle))
        self.feedback_into(out, image, last, numbers, flow)

    def feedback_into(
        self,
        out: torch.Tensor,
        image: torch.Tensor,
        last: torch.Tensor,
        numbers: torch.Tensor,
        flow: torch.Tensor | None = None,
    ) -> None:
        """The same of tensors alone, so that it may be part of a CUDA graph. numbers: (12,) float32
        on the card, see `settings.feedback_numbers`."""
        self._check_picture("image", image)
        self._check_model("out", out)
        self._launch(
            "vj_feedback",
            image,
            last,
            out,
            *self._strides(out),
            *self._size,
            *self._flow(flow),
            numbers,
        )

    def blend(
        self,
        painted: torch.Tensor,
        image: torch.Tensor,
        settings: BlendSettings,
        flow: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """After diffusion, see `numpy_ops.blend`: (H, W, 3) uint8 in the ring of outputs, and the
        new state.

        painted: (3, H, W) or (1, 3, H, W), any strides, the model's dtype, -1..1. image: (H, W, 3)
        uint8, the untouched input. flow: as in `feedback`. mask: (H, W) uint8 on the card, or None.
        """
        last, state = self._states[self._state_turn], self._states[1 - self._state_turn]
        smoothing = settings.smoothing if self._started else 0
        numbers = self.sent(blend_numbers(settings, smoothing))
        out = self._next_output()
        self.blend_into(out, state, painted, image, last, numbers, flow, mask)
        self._state_turn, self._started = 1 - self._state_turn, True
        return out

    def blend_into(
        self,
        out: torch.Tensor,
        state: torch.Tensor,
        painted: torch.Tensor,
        image: torch.Tensor,
        last: torch.Tensor,
        numbers: torch.Tensor,
        flow: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> None:
        """The same of tensors alone: the picture into `out`, the new state into `state`. numbers:
        (16,) float32 on the card, see `settings.blend_numbers`."""
        self._check_model("painted", painted)
        self._check_picture("image", image)
        self._launch(
            "vj_blend",
            painted,
            *self._strides(painted),
            last,
            image,
            state,
            out,
            *self._size,
            *self._flow(flow),
            *self._mask(mask),
            numbers,
        )

    def sharpen(self, picture: torch.Tensor, amount: float) -> torch.Tensor:
        """See `numpy_ops.sharpen`: (H, W, 3) uint8 in the ring of outputs, or the picture itself at
        amount 0."""
        if amount == 0:
            return picture
        out = self._next_output()
        self.sharpen_into(out, picture, self.sent(np.array([amount], np.float32)))
        return out

    def sharpen_into(self, out: torch.Tensor, picture: torch.Tensor, numbers: torch.Tensor) -> None:
        """The same of tensors alone. numbers: (1,) float32 on the card, the amount."""
        self._check_picture("picture", picture)
        self._launch("vj_sharpen", picture, out, *self._size, numbers)

    def sent(self, numbers: np.ndarray, of: str = "") -> torch.Tensor:
        """Numbers of a frame, (n,) float32, on the card, in turn with the kernels. They lie where
        as many of the same lie always. of: what they are of, where others of a frame may be as
        many."""
        host = torch.empty(numbers.shape, pin_memory=self.device.type == "cuda")
        host.numpy()[...] = numbers
        place = self._places.get((of, len(numbers)))
        if place is None:
            place = self._places[of, len(numbers)] = torch.empty_like(host, device=self.device)
        return place.copy_(host, non_blocking=True)

    def _flow(self, flow: torch.Tensor | None) -> tuple[torch.Tensor, np.int32, np.int32]:
        """The grid and its size, as the kernels take them."""
        if flow is None:
            return self._none, np.int32(0), np.int32(0)
        if (
            flow.ndim != 3
            or flow.shape[2] != 3
            or flow.dtype != torch.float32
            or flow.device != self.device
            or not flow.is_contiguous()
        ):
            came = f"{tuple(flow.shape)} {flow.dtype} on {flow.device}"
            raise ValueError(
                f"flow: {came} came, contiguous (h, w, 3) torch.float32 on {self.device} would be "
                "right"
            )
        return flow, np.int32(flow.shape[1]), np.int32(flow.shape[0])

    def _mask(self, mask: torch.Tensor | None) -> tuple[torch.Tensor, np.int32]:
        """The mask and whether there is one, as the kernel takes them."""
        if mask is None:
            return self._outputs[0], np.int32(0)
        if (
            mask.shape != self._shape[:2]
            or mask.dtype != torch.uint8
            or mask.device != self.device
            or not mask.is_contiguous()
        ):
            came = f"{tuple(mask.shape)} {mask.dtype} on {mask.device}"
            raise ValueError(
                f"mask: {came} came, contiguous {self._shape[:2]} torch.uint8 on {self.device} "
                "would be right"
            )
        return mask, np.int32(1)

    def _next_output(self) -> torch.Tensor:
        self._output_turn = (self._output_turn + 1) % len(self._outputs)
        return self._outputs[self._output_turn]

    def _launch(self, name: str, *arguments: Any) -> None:
        """Run a kernel over all pixels on torch's current stream; tensors go in by DLPack, numbers
        by value."""
        stream = torch.cuda.current_stream(self.device)
        with torch.cuda.device(self.device), self._cupy.cuda.Stream.from_external(stream):
            views = [
                self._cupy.from_dlpack(as_bits(a)) if isinstance(a, torch.Tensor) else a
                for a in arguments
            ]
            self._kernels[name](self._grid, _BLOCK, tuple(views))

    @staticmethod
    def _strides(model: torch.Tensor) -> tuple[np.int32, ...]:
        """plane, row and step of (..., 3, H, W), in numbers."""
        return tuple(np.int32(stride) for stride in model.stride()[-3:])

    def _check_model(self, name: str, model: torch.Tensor) -> None:
        height, width = self._shape[:2]
        if (
            model.shape not in ((3, height, width), (1, 3, height, width))
            or model.dtype != self.dtype
            or model.device != self.device
        ):
            came = f"{tuple(model.shape)} {model.dtype} on {model.device}"
            raise ValueError(
                f"{name}: {came} came, (3, {height}, {width}) {self.dtype} on {self.device} would "
                "be right"
            )

    def _check_picture(self, name: str, picture: torch.Tensor) -> None:
        fits = (
            tuple(picture.shape) == self._shape
            and picture.dtype == torch.uint8
            and picture.device == self.device
        )
        if not (fits and picture.is_contiguous()):
            came = (
                f"{tuple(picture.shape)} {picture.dtype} on {picture.device}, strides "
                f"{picture.stride()}"
            )
            raise ValueError(
                f"{name}: {came} came, contiguous {self._shape} torch.uint8 on {self.device} "
                "would be right"
            )
