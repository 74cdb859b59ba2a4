"""The pixel maths of numpy_ops.py on a CPU, fast: OpenCV with reused buffers.

Floats stay floats until the one rounding at the end, so that nothing piles up; the short cuts are
for settings that make a step idle.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from vj.kernels.cv_warp import STAY, Grid, seen_rows
from vj.kernels.settings import MOVING, STILL, BlendSettings

_STEPS = (np.arange(256) / 255).astype(np.float32)
_ABOVE_STILL = np.array([[1 / 3, 1 / 3, 1 / 3, -STILL]], np.float32)
_FULL = np.float32(1000)
"""The sum of blendLinear's two weights, which divides by it plus 1e-5: so large that this is below
a float's last bit."""

STRIP_BYTES = 200_000
"""A strip of float32 RGB; some five of them are in use at once (bench/loop.py)."""


def _screen(base: np.ndarray, top: np.ndarray, dst: np.ndarray) -> None:
    """1 - (1-b)(1-t) = t + b - bt; `dst` may be neither."""
    cv2.multiply(base, top, dst=dst)
    cv2.subtract(top, dst, dst=dst)
    cv2.add(base, dst, dst=dst)


def _add(base: np.ndarray, top: np.ndarray, dst: np.ndarray) -> None:
    cv2.add(base, top, dst=dst)
    cv2.threshold(dst, 1, 1, cv2.THRESH_TRUNC, dst=dst)


MODES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], object]] = {
    "add": _add,
    "screen": _screen,
    "multiply": lambda base, top, dst: cv2.multiply(base, top, dst=dst),
    "difference": lambda base, top, dst: cv2.absdiff(base, top, dst=dst),
    "lighten": lambda base, top, dst: cv2.max(base, top, dst=dst),
    "darken": lambda base, top, dst: cv2.min(base, top, dst=dst),
}


class Blender:
    """`numpy_ops.feedback` and `blend` for pictures of one size. Belongs to one thread.

    Works in strips of rows whose buffers stay in a core's cache: whole pictures of floats would go
    out to memory and back at every step.

    Pictures it returns as uint8 are new ones (or the argument itself), so sinks may keep them. The
    state `blend` returns lies in one of two buffers in turn: it holds until the next `blend` but
    one.
    """

    def __init__(self, height: int, width: int) -> None:
        self._shape = (height, width, 3)
        self._states = np.zeros((2, *self._shape), np.float32)
        rows = min(height, max(8, STRIP_BYTES // (12 * width)))
        self._strips = [slice(top, min(height, top + rows)) for top in range(0, height, rows)]
        self._one, self._two = np.zeros((2, rows, width, 3), np.float32)
        self._change, self._keep = np.zeros((2, rows, width), np.float32)
        self._wide, self._warped = (
            np.zeros((height, width, 4), np.float32),
            np.zeros((rows, width, 4), np.float32),
        )
        self._grid: Grid | None = None
        self._wide_of: np.ndarray | None = None

    def feedback(
        self,
        image: np.ndarray,
        last: np.ndarray | None,
        matrix: np.ndarray,
        amount: float,
        as_uint8: bool = False,
        flow: np.ndarray | None = None,
        gain: float = 1.0,
        middle: float = 0.5,
    ) -> np.ndarray:
        """See `numpy_ops.feedback`. With `as_uint8` and nothing to mix in, the image itself comes
        back."""
        self._check("image", image, np.uint8)
        if last is None or amount == 0:
            return image if as_uint8 else cv2.LUT(image, _STEPS)
        self._check("last", last, np.float32)
        out = np.empty(self._shape, np.uint8 if as_uint8 else np.float32)
        moves = not np.array_equal(matrix, STAY) or flow is not None
        grid = self._upscaled(flow)
        if moves:
            self._widen(last)
        unit, kind = (1, cv2.CV_8U) if as_uint8 else (255, cv2.CV_32F)
        for rows in self._strips:
            if grid is not None:
                self._mix_moved(image[rows], grid, matrix, amount, rows, out[rows], gain, middle)
                continue
            warped = (
                seen_rows(self._wide, matrix, rows, self._warped, self._one)
                if moves
                else last[rows]
            )
            much, more = amount * gain * 255 / unit, amount * (1 - gain) * middle * 255 / unit
            cv2.addWeighted(
                image[rows], (1 - amount) / unit, warped, much, more, dst=out[rows], dtype=kind
            )
            if gain != 1 and not as_uint8:
                _clamp(out[rows])
        return out

    def _widen(self, last: np.ndarray) -> None:
        """The last state with a fourth channel: OpenCV gathers four in less than half the time of
        three. Once a frame: feedback and blend look at the same one. (The buffers take turns, but
        every state is an array object of its own.)"""
        if self._wide_of is not last:
            cv2.cvtColor(last, cv2.COLOR_RGB2RGBA, dst=self._wide)
            self._wide_of = last

    def _upscaled(self, flow: np.ndarray | None) -> Grid | None:
        """The flow at the picture's size; once a frame."""
        if flow is None:
            return None
        if self._grid is None:
            self._grid = Grid(*self._shape[:2])
        self._grid.take(flow)
        return self._grid

    def _mix_moved(
        self,
        image: np.ndarray,
        grid: Grid,
        matrix: np.ndarray,
        amount: float,
        rows: slice,
        out: np.ndarray,
        gain: float,
        middle: float,
    ) -> None:
        """A strip of feedback that follows the flow."""
        warped = grid.gather(self._wide, matrix, rows, self._warped, self._one)
        if gain != 1:
            cv2.addWeighted(warped, gain, warped, 0, (1 - gain) * middle, dst=warped)
        fresh = cv2.LUT(image, _STEPS, dst=self._two[: len(image)])
        keep = np.multiply(
            grid.confidence[rows], _FULL * np.float32(amount), out=self._keep[: len(image)]
        )
        rest = np.subtract(_FULL, keep, out=self._change[: len(image)])
        if out.dtype == np.uint8:
            cv2.blendLinear(fresh, warped, rest, keep, dst=fresh)
            if gain != 1:
                _clamp(fresh)  # convertScaleAbs would turn what is below 0 bright again
            cv2.convertScaleAbs(fresh, alpha=255, dst=out)
        else:
            cv2.blendLinear(fresh, warped, rest, keep, dst=out)
            if gain != 1:
                _clamp(out)

    def blend(
        self,
        painted: np.ndarray,
        last: np.ndarray | None,
        image: np.ndarray,
        settings: BlendSettings,
        flow: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `numpy_ops.blend`. A uint8 `painted` that nothing changes comes back itself, and so
        does the image when all is dry."""
        self._check("image", image, np.uint8)
        self._check("painted", painted, np.float32, np.uint8)
        if last is not None:
            self._check("last", last, np.float32)
        if mask is not None and (mask.shape != self._shape[:2] or mask.dtype != np.uint8):
            raise ValueError(
                f"mask: {mask.shape} {mask.dtype} came, {self._shape[:2]} uint8 would be right"
            )
        state = self._states[
            1 if last is not None and np.may_share_memory(last, self._states[0]) else 0
        ]
        smoothing = 0 if last is None else settings.smoothing
        colour = None if settings.neutral else settings.colour
        out: np.ndarray | None = None
        if colour is None and settings.wet == 0:
            ready = image
        elif (
            colour is None
            and mask is None
            and _as_painted(settings)
            and painted.dtype == np.uint8
            and smoothing == 0
        ):
            ready = painted
        else:
            ready = out = np.empty(self._shape, np.uint8)
        grid = self._upscaled(flow) if smoothing > 0 else None
        if grid is not None and last is not None:
            self._widen(last)
        for rows in self._strips:
            _to_float(painted[rows], state[rows])
            if grid is not None:
                was = grid.gather(self._wide, STAY, rows, self._warped, self._one)
                self._smooth(state[rows], was, settings, grid.confidence[rows])
            elif last is not None and smoothing > 0:
                self._smooth(state[rows], last[rows], settings)
            if out is not None:
                self._finish(
                    state[rows],
                    image[rows],
                    out[rows],
                    settings,
                    colour,
                    None if mask is None else mask[rows],
                )
        return ready, state

    def _check(self, name: str, picture: np.ndarray, *kinds: type) -> None:
        """Raises ValueError. OpenCV would not: given a `dst` that does not fit it makes another,
        and the buffer keeps an old picture."""
        if picture.shape != self._shape or picture.dtype not in kinds:
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise ValueError(
                f"{name}: {picture.shape} {picture.dtype} came, {self._shape} {wanted} would be "
                "right"
            )

    def _smooth(
        self,
        state: np.ndarray,
        last: np.ndarray,
        settings: BlendSettings,
        confidence: np.ndarray | None = None,
    ) -> None:
        """A strip of the new state, in place."""
        if settings.motion == 0 and confidence is None:
            cv2.addWeighted(state, 1 - settings.smoothing, last, settings.smoothing, 0, dst=state)
            return
        keep = self._weights(state, last, settings)
        if confidence is not None:
            keep *= confidence
        fresh = np.subtract(_FULL, keep, out=self._change[: len(keep)])
        cv2.blendLinear(state, last, fresh, keep, dst=state)

    def _weights(
        self, painted: np.ndarray, last: np.ndarray, settings: BlendSettings
    ) -> np.ndarray:
        """(rows, W) float32: how much of `last` each pixel keeps, times `_FULL`.

        smoothing * (1 - motion * (3t^2 - 2t^3)), t from 0 still to 1 moving.
        """
        change, keep = self._change[: len(painted)], self._keep[: len(painted)]
        cv2.transform(
            cv2.absdiff(painted, last, dst=self._two[: len(painted)]), _ABOVE_STILL, dst=change
        )
        span = MOVING - STILL
        np.clip(change, 0, np.float32(span), out=change)
        most = float(_FULL) * settings.smoothing
        np.multiply(change, np.float32(2 / span**3 * most * settings.motion), out=keep)
        keep -= np.float32(3 / span**2 * most * settings.motion)
        keep *= change
        keep *= change
        keep += np.float32(most)
        return keep

    def _finish(
        self,
        state: np.ndarray,
        image: np.ndarray,
        out: np.ndarray,
        settings: BlendSettings,
        colour: np.ndarray | None,
        mask: np.ndarray | None,
    ) -> None:
        """Blend mode, wet/dry and colour of a strip, rounded into `out`."""
        mixed, wet = state, settings.wet
        if settings.mode != "normal":
            base, mixed = cv2.LUT(image, _STEPS, dst=self._one[: len(out)]), self._two[: len(out)]
            MODES[settings.mode](base, state, mixed)
        if mask is not None:
            shown = cv2.LUT(mask, _STEPS * (_FULL * np.float32(wet)), dst=self._keep[: len(out)])
            hidden = np.subtract(_FULL, shown, out=self._change[: len(out)])
            base = cv2.LUT(image, _STEPS, dst=self._one[: len(out)])
            mixed = cv2.blendLinear(base, mixed, hidden, shown, dst=self._two[: len(out)])
            wet = 1.0
        if wet < 1 and colour is None:
            cv2.addWeighted(image, 1 - wet, mixed, wet * 255, 0, dst=out, dtype=cv2.CV_8U)
            return
        if wet < 1:
            mixed = cv2.addWeighted(
                image, (1 - wet) / 255, mixed, wet, 0, dst=self._two[: len(out)], dtype=cv2.CV_32F
            )
        if colour is not None:
            mixed = cv2.transform(mixed, colour, dst=self._one[: len(out)])
            cv2.threshold(
                mixed, 0, 1, cv2.THRESH_TOZERO, dst=mixed
            )  # convertScaleAbs would turn what is below 0 bright again
        cv2.convertScaleAbs(mixed, alpha=255, dst=out)


def _as_painted(settings: BlendSettings) -> bool:
    return settings.wet == 1 and settings.mode == "normal"


def _to_float(picture: np.ndarray, dst: np.ndarray) -> None:
    """uint8, or float to be clamped -> float32 0..1 in `dst`."""
    if picture.dtype == np.uint8:
        cv2.LUT(picture, _STEPS, dst=dst)
        return
    cv2.threshold(picture, 0, 1, cv2.THRESH_TOZERO, dst=dst)
    cv2.threshold(dst, 1, 1, cv2.THRESH_TRUNC, dst=dst)


def _clamp(picture: np.ndarray) -> None:
    """Floats to 0..1, in place."""
    cv2.threshold(picture, 0, 1, cv2.THRESH_TOZERO, dst=picture)
    cv2.threshold(picture, 1, 1, cv2.THRESH_TRUNC, dst=picture)


def sharpen(picture: np.ndarray, amount: float) -> np.ndarray:
    """See `numpy_ops.sharpen`. The blurred picture is rounded in between, which moves the result by
    half a step at most."""
    if amount == 0:
        return picture
    blurred = cv2.GaussianBlur(picture, (3, 3), 0, borderType=cv2.BORDER_REFLECT_101)
    return cv2.addWeighted(picture, 1 + amount, blurred, -amount, 0, dst=blurred)
