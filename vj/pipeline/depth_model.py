"""A depth model that a show names: any ONNX file in the convention of Depth Anything V2 (Yang et
al. 2024, arXiv 2406.09414).

In: one picture (1, 3, H, W) by ImageNet's mean and deviation, its sides multiples of 14. Out:
(1, H, W) relative inverse depth, larger is nearer, without a unit.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.pipeline.network_thread import NetworkWords
from vj.pipeline.onnx_file import open_onnx
from vj.pipeline.person_segmentation import DEVIATION, MEAN

PATCH = 14
"""Sides of the squares that the network looks at: those of its input are multiples of it."""
SIDE = 252
"""The shorter side of the input of a model that leaves it open. It was trained at 518, which takes
four times as long and finds finer parts."""
LONGEST = 4
"""A picture is taken to be no longer than so many times its height, or higher."""
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
DEPTH = NetworkWords(
    "the depth model",
    "depth",
    "nothing is known to be near",
    "the last depth stays",
)


class DepthModel:
    """One model. Raises Unavailable without onnxruntime, Fault for a file that is missing or of
    another kind."""

    def __init__(self, path: Path, side: int = SIDE) -> None:
        """side: of a model that leaves the size of its input open, the shorter one."""
        self._session = open_onnx("depth", path)
        inputs, self._side = self._session.get_inputs(), side
        right = (
            len(inputs) == 1
            and len(inputs[0].shape) == 4
            and inputs[0].type in TYPES
            and (inputs[0].shape[1] == 3 or not isinstance(inputs[0].shape[1], int))
        )
        if not right:
            came = ", ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)
            raise Fault(
                f"depth {path}: takes {came}; one float picture (1, 3, H, W) would be right, as "
                "Depth Anything V2 takes it"
            )
        self._name, self._type = inputs[0].name, TYPES[inputs[0].type]
        self._fixed = tuple(
            axis if isinstance(axis, int) and axis > 0 else None for axis in inputs[0].shape[2:]
        )

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width at which a picture of this size is looked at."""
        scale = self._side / min(height, width)
        sides = tuple(
            fixed or PATCH * max(1, round(min(scale * side, LONGEST * self._side) / PATCH))
            for fixed, side in zip(self._fixed, (height, width), strict=True)
        )
        return sides[0], sides[1]

    def find(self, image: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (h, w) float32, the larger the nearer. Raises whatever the runtime
        does, Fault when what the model gives is no depth."""
        height, width = self.size(*image.shape[:2])
        shrinks = height < len(image)
        small = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
        x = (small.astype(np.float32) / np.float32(255) - MEAN) / DEVIATION
        x = np.ascontiguousarray(x.transpose(2, 0, 1), self._type)[None]
        outputs = [np.asarray(out) for out in self._session.run(None, {self._name: x})]
        for out in outputs:
            depth = out.reshape(out.shape[-2:]) if _one_plane(out) else None
            if depth is not None:
                if not np.isfinite(depth).all():
                    raise Fault("the depth model gives numbers that are none (NaN)")
                return depth.astype(np.float32)
        shapes = ", ".join(str(out.shape) for out in outputs)
        raise Fault(f"the depth model gives {shapes}; one depth (1, H, W) would be right")


def _one_plane(out: np.ndarray) -> bool:
    return (
        out.ndim in (2, 3, 4)
        and out.dtype.kind == "f"
        and min(out.shape[-2:]) > 1
        and out.size == out.shape[-2] * out.shape[-1]
    )
