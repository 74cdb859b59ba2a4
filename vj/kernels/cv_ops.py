"""The pixel maths of numpy_ops.py on a CPU, fast: OpenCV into buffers that are kept.

Floats stay floats until the one rounding at the end, so that nothing piles up; the short cuts are for settings that make a step idle.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from vj.kernels.settings import MOVING, STILL, BlendSettings

_STEPS = (np.arange(256) / 255).astype(np.float32)
_MEAN = np.full((1, 3), 1 / 3, np.float32)
_STAY = np.eye(2, 3, dtype=np.float32)


def _screen(base: np.ndarray, top: np.ndarray, dst: np.ndarray) -> None:
    """1 - (1-b)(1-t) = t + b - bt; `dst` may be neither."""
    cv2.multiply(base, top, dst=dst)
    cv2.subtract(top, dst, dst=dst)
    cv2.add(base, dst, dst=dst)


def _add(base: np.ndarray, top: np.ndarray, dst: np.ndarray) -> None:
    cv2.add(base, top, dst=dst)
    cv2.threshold(dst, 1, 1, cv2.THRESH_TRUNC, dst=dst)


MODES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], object]] = {
    "normal": lambda base, top, dst: np.copyto(dst, top),
    "add": _add,
    "screen": _screen,
    "multiply": lambda base, top, dst: cv2.multiply(base, top, dst=dst),
    "difference": lambda base, top, dst: cv2.absdiff(base, top, dst=dst),
    "lighten": lambda base, top, dst: cv2.max(base, top, dst=dst),
    "darken": lambda base, top, dst: cv2.min(base, top, dst=dst),
}


class Blender:
    """`numpy_ops.feedback` and `blend` for pictures of one size. Belongs to one thread.

    Pictures it returns as uint8 are new ones (or the argument itself), so sinks may keep them. The state `blend` returns lies in one of
    two buffers in turn: it holds until the next `blend` but one.
    """

    def __init__(self, height: int, width: int) -> None:
        self._shape = (height, width, 3)
        self._states = np.zeros((2, *self._shape), np.float32)
        self._one, self._two = np.zeros((2, *self._shape), np.float32)
        self._change, self._keep = np.zeros((2, height, width), np.float32)

    def feedback(self, image: np.ndarray, last: np.ndarray | None, matrix: np.ndarray, amount: float, as_uint8: bool = False) -> np.ndarray:
        """See `numpy_ops.feedback`. With `as_uint8` and nothing to mix in, the image itself comes back."""
        self._check("image", image, np.uint8)
        if last is None or amount == 0:
            return image if as_uint8 else cv2.LUT(image, _STEPS)
        self._check("last", last, np.float32)
        warped = last
        if not np.array_equal(matrix, _STAY):
            height, width = self._shape[:2]
            how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            warped = cv2.warpAffine(last, matrix, (width, height), dst=self._one, flags=how, borderMode=cv2.BORDER_REFLECT_101)
        if as_uint8:
            return cv2.addWeighted(image, 1 - amount, warped, 255 * amount, 0, dtype=cv2.CV_8U)
        return cv2.addWeighted(image, (1 - amount) / 255, warped, amount, 0, dtype=cv2.CV_32F)

    def blend(
        self, painted: np.ndarray, last: np.ndarray | None, image: np.ndarray, settings: BlendSettings
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `numpy_ops.blend`. A uint8 `painted` that nothing changes comes back itself, and so does the image when all is dry."""
        self._check("image", image, np.uint8)
        self._check("painted", painted, np.float32, np.uint8)
        if last is not None:
            self._check("last", last, np.float32)
        state = self._smooth(painted, last, settings)
        if settings.neutral and settings.wet == 0:
            return image, state
        if settings.neutral and settings.wet == 1 and settings.mode == "normal":
            if painted.dtype == np.uint8 and (last is None or settings.smoothing == 0):
                return painted, state
            return cv2.convertScaleAbs(state, alpha=255), state
        return self._finish(state, image, settings), state

    def _check(self, name: str, picture: np.ndarray, *kinds: type) -> None:
        """Raises ValueError. OpenCV would not: given a `dst` that does not fit it makes another, and the buffer keeps an old picture."""
        if picture.shape != self._shape or picture.dtype not in kinds:
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise ValueError(f"{name}: {picture.shape} {picture.dtype} came, {self._shape} {wanted} would be right")

    def _smooth(self, painted: np.ndarray, last: np.ndarray | None, settings: BlendSettings) -> np.ndarray:
        """The new state, in the buffer that does not hold `last`."""
        state = self._states[1 if last is not None and np.may_share_memory(last, self._states[0]) else 0]
        _to_float(painted, state)
        if last is None or settings.smoothing == 0:
            return state
        if settings.motion == 0:
            return cv2.addWeighted(state, 1 - settings.smoothing, last, settings.smoothing, 0, dst=state)
        step = cv2.subtract(last, state, dst=self._one)
        cv2.multiply(step, self._weights(state, last, settings), dst=step)
        return cv2.add(state, step, dst=state)

    def _weights(self, painted: np.ndarray, last: np.ndarray, settings: BlendSettings) -> np.ndarray:
        """(H, W, 3) float32: how much of `last` each pixel keeps. smoothing * (1 - motion * (3t^2 - 2t^3)), t from 0 still to 1 moving."""
        change, keep = self._change, self._keep
        cv2.transform(cv2.absdiff(painted, last, dst=self._two), _MEAN, dst=change)
        span = MOVING - STILL
        change -= np.float32(STILL)
        cv2.threshold(change, 0, 1, cv2.THRESH_TOZERO, dst=change)
        cv2.threshold(change, span, 1, cv2.THRESH_TRUNC, dst=change)
        np.multiply(change, np.float32(-2 / span**3), out=keep)
        keep += np.float32(3 / span**2)
        keep *= change
        keep *= change
        keep *= np.float32(-settings.smoothing * settings.motion)
        keep += np.float32(settings.smoothing)
        return cv2.cvtColor(keep, cv2.COLOR_GRAY2RGB, dst=self._two)

    def _finish(self, state: np.ndarray, image: np.ndarray, settings: BlendSettings) -> np.ndarray:
        """Blend mode, wet/dry and colour; a new (H, W, 3) uint8."""
        mixed = state
        if settings.mode != "normal" or settings.wet < 1:
            base = cv2.LUT(image, _STEPS, dst=self._one)
            mixed = self._two
            MODES[settings.mode](base, state, mixed)
            if settings.wet < 1:
                cv2.addWeighted(base, 1 - settings.wet, mixed, settings.wet, 0, dst=mixed)
        if not settings.neutral:
            mixed = cv2.transform(mixed, settings.colour, dst=self._one)
            cv2.threshold(mixed, 0, 1, cv2.THRESH_TOZERO, dst=mixed)  # convertScaleAbs would turn what is below 0 bright again
        return cv2.convertScaleAbs(mixed, alpha=255)


def _to_float(picture: np.ndarray, dst: np.ndarray) -> None:
    """uint8, or float to be clamped -> float32 0..1 in `dst`."""
    if picture.dtype == np.uint8:
        cv2.LUT(picture, _STEPS, dst=dst)
        return
    cv2.threshold(picture, 0, 1, cv2.THRESH_TOZERO, dst=dst)
    cv2.threshold(dst, 1, 1, cv2.THRESH_TRUNC, dst=dst)


def sharpen(picture: np.ndarray, amount: float) -> np.ndarray:
    """See `numpy_ops.sharpen`. The blurred picture is rounded in between, which moves the result by half a step at most."""
    if amount == 0:
        return picture
    blurred = cv2.GaussianBlur(picture, (3, 3), 0, borderType=cv2.BORDER_REFLECT_101)
    return cv2.addWeighted(picture, 1 + amount, blurred, -amount, 0, dst=blurred)
