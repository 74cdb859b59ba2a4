"""People in the picture: a model on a thread beside it, and the models that a show names: any ONNX
file that makes one mask of one picture, run by onnxruntime. What is found without one is in
`vj.pipeline.selfie_segmentation`.

Models disagree about the range of their input; the show says which: unit (0..1, as MediaPipe's
selfie segmentation wants it), signed (-1..1, as MODNet), imagenet (its mean and deviation, as
U2-Net). Order of the axes and size are read from the file.
"""

from __future__ import annotations

import importlib
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from vj.core.clock import wait_for
from vj.core.errors import Fault, Unavailable, nearest_file, told
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.pipeline.flow_backends import Calculate, make_flow

InputRange = Literal["unit", "signed", "imagenet"]

DEFAULT_SIDE = 256
"""Sides of the input of a model that leaves them open."""
PATIENCE = 0.025
"""Seconds that the render loop waits for the mask of its frame, if the last one took no longer. A
mask of the frame before leaves a rim of wall about whatever moves: 1.6 % of the subject's area, and
7 % at a quick gesture, against nothing."""
SHARE, LONGEST = 0.25, 0.1
"""Where frames come slowly, it waits for this share of the time between two, up to so many
seconds: the further apart they are, the more a late mask has wrong."""
MOVED_SIDE = 256
"""The longest side on which a late mask is moved."""
_MEAN, _DEVIATION = (
    np.array([0.485, 0.456, 0.406], np.float32),
    np.array([0.229, 0.224, 0.225], np.float32),
)


class PersonModel:
    """One model. Raises Unavailable without onnxruntime, Fault for a file that is missing or of
    another kind."""

    def __init__(self, path: Path, input_range: InputRange = "unit") -> None:
        try:
            runtime: Any = importlib.import_module("onnxruntime")
        except ImportError:
            raise Unavailable(
                f"person {path}: needs onnxruntime: python3 launch.py add person"
            ) from None
        if not path.is_file():
            raise Fault(f"person {path}: there is no such file{nearest_file(path)}")
        wanted = [
            name
            for name in ("CUDAExecutionProvider", "CPUExecutionProvider")
            if name in runtime.get_available_providers()
        ]
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1  # the other cores are the model's
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=wanted)
        except Exception as error:  # onnxruntime's own exceptions have no common base
            raise Fault(
                f"person {path}: is not an ONNX model that can be run "
                f"({' '.join(str(error).split())[:160]})"
            ) from None
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
            small = (small - _MEAN) / _DEVIATION
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


class PersonThread:
    """A person model on a thread of its own. The render loop waits a little for the mask of its
    frame where the model is quick, and takes the mask before, moved along, where it is not."""

    def __init__(
        self,
        find: Callable[[np.ndarray], np.ndarray],
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """patience: see `PATIENCE`."""
        self._supervisor = supervisor or Supervisor(on_message)
        self._find, self._log, self._patience = find, on_message, patience
        self._worker = NewestWorker(self._supervisor, "the person model", self._look)
        self._failed = ""
        """How it failed last, in words."""
        self._changed = threading.Condition()
        self._done: np.ndarray | None = None
        """The picture that the model was given last."""
        self._newest: tuple[np.ndarray, np.ndarray] | None = None
        """The newest mask, and the picture it was found on."""
        self._took = math.inf
        """Seconds that the last mask took."""
        self._asked = time.perf_counter()
        """When the last picture came."""
        self._flow = make_flow()

    def __call__(self, image: np.ndarray) -> np.ndarray | None:
        """(H, W, 3) uint8, which is not written to any more -> the mask of it, or the newest one
        moved to where things are in it; None before the first."""
        now, asked = time.perf_counter(), self._asked
        self._asked = now
        patience = max(self._patience, min(LONGEST, SHARE * (now - asked)))
        self._worker.put(image)
        with self._changed:
            if self._took <= patience:
                wait_for(
                    self._changed, lambda: self._done is image or self._worker.closed, patience
                )
            newest = self._newest
        if newest is None:
            return None
        mask, seen = newest
        return mask if seen is image else moved(mask, seen, image, self._flow)

    def _look(self, image: np.ndarray) -> None:
        mask, began = None, time.perf_counter()
        try:
            mask = self._find(image)
        except Exception as error:  # a foreign model: the picture goes on with the mask it has
            self._supervisor.count("the person model")
            then = "nobody is found" if self._newest is None else "the last mask stays"
            if self._failed != (message := f"mask/mode person: {told(error)}; {then}"):
                self._failed = message
                self._log(message)
        with self._changed:
            self._done, self._took = image, math.inf
            if mask is not None:
                self._newest, self._took = (mask, image), time.perf_counter() - began
            self._changed.notify_all()

    def close(self) -> None:
        """End, without waiting for a mask under way."""
        self._worker.close()
        with self._changed:
            self._changed.notify_all()


def moved(mask: np.ndarray, old: np.ndarray, new: np.ndarray, flow: Calculate) -> np.ndarray:
    """A mask of `old`, where its things are in `new`.

    mask: (h, w) float32. old, new: (H, W, 3) uint8. flow: from `vj.pipeline.flow_backends`. -> the
    same, of at most `MOVED_SIDE`. On performers who wave their hands half of what is wrong with a
    mask of the frame before is gone.
    """
    if old.shape != new.shape or old is new:
        return mask
    height, width = (min(max(side, 16), MOVED_SIDE) for side in mask.shape)  # DIS wants 12
    there, here = (
        cv2.cvtColor(
            cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
        )
        for one in (old, new)
    )
    way_x, way_y = cv2.split(flow(here, there))
    way_x = way_x + np.arange(width, dtype=np.float32)
    way_y = way_y + np.arange(height, dtype=np.float32)[:, None]
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    out: np.ndarray = cv2.remap(
        small, way_x, way_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return out
