"""The pixel maths of one frame, written to be read. cv_ops.py (CPU) and body.py (GPU) do the same,
fast, and are tested against this.

Two passes, because diffusion stands between them: `feedback` mixes the last output into the input,
`blend` makes the output of what the model painted. Pictures are (H, W, 3) RGB, sRGB values: uint8
0..255, or float32 0..1 where said. All numbers are finite: code that takes a picture from a model
checks it there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vj.core.smoothstep import smoothstep
from vj.kernels.settings import LEAST_DEPTH, MOVING, REACH, STILL, BlendSettings

STAY = np.eye(2, 3, dtype=np.float32)

MODES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "normal": lambda base, top: top,
    "add": lambda base, top: np.minimum(base + top, 1),
    "screen": lambda base, top: 1 - (1 - base) * (1 - top),
    "multiply": lambda base, top: base * top,
    "difference": lambda base, top: np.abs(base - top),
    "lighten": np.maximum,
    "darken": np.minimum,
}
"""How a top layer lies over a base, as in every paint program; floats 0..1."""


def to_float(picture: np.ndarray) -> np.ndarray:
    """uint8 0..255 -> float32 0..1; floats are clamped to 0..1."""
    if picture.dtype == np.uint8:
        return picture / np.float32(255)
    return np.clip(picture, 0, 1, dtype=np.float32)


def to_uint8(picture: np.ndarray) -> np.ndarray:
    """float 0..1, clamped -> uint8 0..255, rounded."""
    return (np.clip(picture, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def reflect(index: np.ndarray, size: int) -> np.ndarray:
    """Any integer index -> 0..size-1, mirrored at the middle of the first and last pixel as often
    as needed (cv2's BORDER_REFLECT_101).

    Replicated edges would be drawn out to streaks, a black border would eat the picture frame by
    frame; a mirror does neither.
    """
    period = max(1, 2 * (size - 1))
    folded = np.abs(index) % period
    return np.minimum(folded, period - folded) if size > 1 else folded


def upscale(flow: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w, 3) float32 -> (H, W, 3): bilinear about pixel centres, the border's values beyond
    it."""
    across, down = np.float32(flow.shape[1] / width), np.float32(flow.shape[0] / height)
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5)) * across - np.float32(0.5)
    y = (np.arange(height, dtype=np.float32) + np.float32(0.5)) * down - np.float32(0.5)
    left, top = np.floor(x), np.floor(y)
    columns = [np.clip(left.astype(int) + step, 0, flow.shape[1] - 1) for step in (0, 1)]
    rows = [np.clip(top.astype(int) + step, 0, flow.shape[0] - 1) for step in (0, 1)]
    share_x, share_y = (x - left)[None, :, None], (y - top)[:, None, None]
    (a, b), (c, d) = ([flow[r][:, k] for k in columns] for r in rows)
    upper, lower = a + share_x * (b - a), c + share_x * (d - c)
    return upper + share_y * (lower - upper)


def places_seen(
    matrix: np.ndarray, column: np.ndarray, row: np.ndarray, width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where a matrix of `feedback_matrix` leads from columns and rows: x and y, in pixels. Before a
    turned camera all are within `REACH` of the picture, also what is behind it (`LEAST_DEPTH`)."""
    x, y, *depth = (m[0] * column + m[1] * row + m[2] for m in matrix)
    if not depth:
        return x, y
    far = np.maximum(depth[0], np.float32(LEAST_DEPTH))
    inside = ((v / far, np.float32(side)) for v, side in ((x, width), (y, height)))
    x, y = (np.clip(v, -REACH * side, (REACH + 1) * side) for v, side in inside)
    return x, y


def warp(picture: np.ndarray, matrix: np.ndarray, flow: np.ndarray | None = None) -> np.ndarray:
    """(H, W, 3) float32 seen through `feedback_matrix`'s (2, 3) or (3, 3) float32: a bilinear
    gather, mirrored at the edges.

    flow: (H, W, 2 or more) float32, how far a pixel is moved before the matrix is asked; both are
    one map, and there is one resampling.
    """
    height, width = picture.shape[:2]
    column, row = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    if flow is not None:
        column, row = column + flow[..., 0], row + flow[..., 1]
    x, y = places_seen(matrix, column, row, width, height)
    left, top = np.floor(x), np.floor(y)
    across, down = (x - left)[..., None], (y - top)[..., None]
    columns = [reflect(left.astype(int) + step, width) for step in (0, 1)]
    rows = [reflect(top.astype(int) + step, height) for step in (0, 1)]
    (a, b), (c, d) = ([picture[r, c] for c in columns] for r in rows)
    upper, lower = a + across * (b - a), c + across * (d - c)
    return upper + down * (lower - upper)


def feedback(
    image: np.ndarray,
    last: np.ndarray | None,
    matrix: np.ndarray,
    amount: float,
    as_uint8: bool = False,
    flow: np.ndarray | None = None,
    gain: float = 1.0,
    middle: float = 0.5,
) -> np.ndarray:
    """Before diffusion: a share of the last output in the next input.

    image: (H, W, 3) uint8, the prepared input. last: (H, W, 3) float32 0..1, the state `blend`
    returned, None before the first. matrix: float32 from `feedback_matrix`. amount: 0..0.95; at 0
    the image comes back exactly. flow: (h, w, 3) float32 of any size, see
    `vj.pipeline.optical_flow`: dx and dy in pixels of the picture, from where a pixel is to where
    it was, and a confidence, 0..1; what has none is not fed back. gain: contrast of what is
    fed back, about `middle` (0..1), see `vj.pipeline.feedback_gain`. Returns (H, W, 3) float32
    0..1, or uint8 with `as_uint8`.
    """
    if last is None or amount == 0:
        return image if as_uint8 else to_float(image)
    fresh = to_float(image)
    wide = None if flow is None else upscale(flow, *image.shape[:2])
    share = np.float32(amount) if wide is None else np.float32(amount) * wide[..., 2:]
    seen = warp(last, matrix, wide)
    if gain != 1:
        seen = np.float32(gain) * seen + np.float32((1 - gain) * middle)
    mixed = fresh + share * (seen - fresh)
    if gain != 1:
        mixed = np.clip(mixed, 0, 1)
    return to_uint8(mixed) if as_uint8 else mixed


def _step(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 up to `low`, 1 from `high`, and an S between."""
    return smoothstep(np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1))


def smooth(
    painted: np.ndarray,
    last: np.ndarray,
    smoothing: float,
    motion: float,
    confidence: np.ndarray | None = None,
) -> np.ndarray:
    """The new state, (H, W, 3) float32: painted, with the last state kept by `smoothing` where the
    two are alike. confidence: (H, W), 0..1, of which less is kept.

    Written as painted + keep * (last - painted), so that smoothing 0 is painted to the bit.
    """
    change = np.abs(painted - last)
    change = (change[..., 0] + change[..., 1] + change[..., 2]) / np.float32(3)
    keep = np.float32(smoothing) * (1 - np.float32(motion) * _step(STILL, MOVING, change))
    if confidence is not None:
        keep = keep * confidence
    return painted + keep[..., None] * (last - painted)


def blend(
    painted: np.ndarray,
    last: np.ndarray | None,
    image: np.ndarray,
    settings: BlendSettings,
    flow: np.ndarray | None = None,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """After diffusion: temporal smoothing, blend mode, wet/dry, colour.

    painted: (H, W, 3), what the model made, float 0..1 (clamped here) or uint8. last: (H, W, 3)
    float32 0..1, the state of the frame before, None before the first. image: (H, W, 3) uint8, the
    untouched input. flow: as in `feedback`; the last state is looked at where each pixel was. mask:
    (H, W) uint8, 255 where the generated image shows, 0 where the input stays; None for 255
    everywhere. Returns the picture, (H, W, 3) uint8, and the new state, (H, W, 3) float32 0..1: the
    generated image from *before* wet/dry and colour, since those would otherwise be applied again
    with every turn of the feedback. The state is float32 because slow smoothing moves it by less
    than a step of uint8, and of half precision: it would stick.
    """
    fresh, base = to_float(painted), to_float(image)
    state = fresh
    if last is not None and flow is None:
        state = smooth(fresh, last, settings.smoothing, settings.motion)
    elif last is not None and settings.smoothing > 0:
        wide = upscale(flow, *image.shape[:2])  # type: ignore[arg-type]
        state = smooth(
            fresh, warp(last, STAY, wide), settings.smoothing, settings.motion, wide[..., 2]
        )
    wet = (
        np.float32(settings.wet)
        if mask is None
        else np.float32(settings.wet) * to_float(mask)[..., None]
    )
    mixed = base + wet * (MODES[settings.mode](base, state) - base)
    if not settings.neutral:
        mixed = mixed @ settings.colour[:, :3].T + settings.colour[:, 3]
    return to_uint8(mixed), state


def sharpen(picture: np.ndarray, amount: float) -> np.ndarray:
    """(H, W, 3) uint8 -> the same with edges lifted: an unsharp mask of 3x3 pixels (1 2 1 both
    ways). amount: 0..1; 0 changes nothing.

    For the very last picture only: in the feedback loop it would build up.
    """
    if amount == 0:
        return picture
    wide = np.pad(picture.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="reflect")
    rows = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    blurred = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(16)
    sharp = picture + np.float32(amount) * (picture - blurred)
    return (np.clip(sharp, 0, 255) + np.float32(0.5)).astype(np.uint8)
