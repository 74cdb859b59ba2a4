"""People in the picture: the models that a show names, any ONNX file that makes one mask of one
picture. What is found without one is in `vj.pipeline.selfie_segmentation`; both run on a thread
beside the picture, `vj.pipeline.network_thread`.

Models disagree about the range of their input; the show says which: unit (0..1, as MediaPipe's
selfie segmentation wants it), signed (-1..1, as MODNet), imagenet (its mean and deviation, as
U2-Net). Order of the axes and size are read from the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.pipeline.onnx_file import open_onnx

InputRange = Literal["unit", "signed", "imagenet"]

DEFAULT_SIDE = 256
"""Sides of the input of a model that leaves them open."""
MEAN, DEVIATION = (
    np.array([0.485, 0.456, 0.406], np.float32),
    np.array([0.229, 0.224, 0.225], np.float32),
)
"""Of ImageNet's pictures, 0..1."""


class PersonModel:
    """One model. Raises Unavailable without onnxruntime, Fault for a file that is missing or of
    another kind."""

    def __init__(self, path: Path, input_range: InputRange = "unit") -> None:
        self._session = open_onnx("person", path)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type != "tensor(float)":
            came = ", ".join(f"{i.name} {i.shape} {i.type}" for i in inputs)
            raise Fault(
                f"person {path}: takes {came}; one float picture (1, 3, H, W) or (1, H, W, 3) "
                "would be right"
            )
        self._name, shape = inputs[0].name, inputs[0].shape
        self._planes = shape[1] == 3
        sides = shape[2:] if self._planes else shape[1:3]
        self._size = tuple(side if isinstance(side, int) else DEFAULT_SIDE for side in sides)
        self._range = input_range

    def find(self, image: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (h, w) float32 0..1, the confidence that a place belongs to a person.
        Raises whatever the runtime does, Fault when nothing the model gives is a mask."""
        height, width = self._size
        small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(
            np.float32
        ) / np.float32(255)
        if self._range == "signed":
            small = small * 2 - 1
        elif self._range == "imagenet":
            small = (small - MEAN) / DEVIATION
        x = np.ascontiguousarray(small.transpose(2, 0, 1) if self._planes else small)[None]
        outputs = self._session.run(None, {self._name: x})
        for out in outputs:
            mask = np.asarray(out, np.float32)
            if mask.ndim == 4 and mask.shape[1] in (1, 2):
                mask = mask[0]
            elif mask.ndim == 4 and mask.shape[3] in (1, 2):
                mask = mask[0].transpose(2, 0, 1)
            elif mask.ndim == 3 and mask.shape[0] == 1:
                pass
            else:
                continue
            if len(mask) == 2:  # background and person
                return 1 / (1 + np.exp(np.clip(mask[0] - mask[1], -30, 30)))
            mask = mask[0]
            return (
                mask
                if mask.min() >= 0 and mask.max() <= 1
                else 1 / (1 + np.exp(-np.clip(mask, -30, 30)))
            )
        shapes = ", ".join(str(np.shape(out)) for out in outputs)
        raise Fault(
            f"the person model gives {shapes}; a mask (1, 1, H, W) or (1, H, W, 1) would be right"
        )
