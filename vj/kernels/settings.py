"""The settings of the pixel maths for one frame: two matrices and the numbers of the blend. Every
path reads the same ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from vj.core.kinds import BLEND_MODES

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G, B in the brightness one sees (ITU-R BT.601)."""

STILL, MOVING = 0.08, 0.35
"""Mean change of R, G, B (0..1) up to which a pixel counts as still, and from which it counts as
moving. See docs/, temporal coherence."""

LEAST_DEPTH = 1 / 16
"""How near to the camera, as a share of what is in the middle of the view, a place counts as. What
would lie nearer, or behind the camera, is looked for there: far beyond the edge, where the mirrored
border is."""
REACH = 2
"""How far beyond the edges the mirrored border goes on before a turned camera, in pictures; farther
away its last pixels stand for the rest. Towards a horizon it would become noise."""

NEUTRAL = np.eye(3, 4, dtype=np.float32)
"""The colour matrix that changes nothing."""
NEUTRAL.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class BlendSettings:
    """The numbers of one frame's blend.

    smoothing: 0..0.99, weight of the last output where nothing moves. motion: 0..1, how strongly
    movement cancels smoothing. wet: 0..1, below 1 the untouched input fades in. mode: one of
    `vj.core.kinds.BLEND_MODES`. colour: (3, 4) float32, an affine map of (R, G, B, 1), made
    by `colour_matrix`.
    """

    smoothing: float = 0.0
    motion: float = 0.0
    wet: float = 1.0
    mode: str = "normal"
    colour: np.ndarray = field(default_factory=lambda: NEUTRAL)

    @property
    def neutral(self) -> bool:
        """True where the colour matrix changes nothing."""
        return self.colour is NEUTRAL or np.array_equal(self.colour, NEUTRAL)


def feedback_matrix(
    width: int,
    height: int,
    zoom: float = 1.0,
    rotate_degrees: float = 0.0,
    x: float = 0.0,
    y: float = 0.0,
    *,
    yaw_degrees: float = 0.0,
    pitch_degrees: float = 0.0,
    dolly: float = 0.0,
    fov_degrees: float = 60.0,
) -> np.ndarray:
    """(2, 3) float32: where in the last output a pixel of the fed-back picture comes from; (3, 3)
    where the camera is turned, a homography.

    Coordinates are of pixel centres, (0, 0) the upper left one. Seen forward the picture grows by
    `zoom` about the middle of the frame (above 1 upscales), turns clockwise by `rotate_degrees`,
    then moves by `x` of the width to the right and `y` of the height down. Then it is a wall before
    a camera whose view is `fov_degrees` high: the camera moves towards it by `dolly` (below 1) of
    the distance, and looks to the right by `yaw_degrees` and up by `pitch_degrees` (below 90), so
    that the picture moves to the left and down. The last row is scaled so that the middle of the
    view has depth 1, see `LEAST_DEPTH`.
    """
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = np.array([x * width, y * height])
    turn = math.radians(rotate_degrees)
    back = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) / zoom
    flat = np.column_stack([back, middle - back @ (middle + shift)])
    if yaw_degrees == pitch_degrees == dolly == 0:
        return flat.astype(np.float32)
    seen = np.vstack([flat, [0, 0, 1]]) @ _wall_seen(
        height, middle, math.radians(yaw_degrees), math.radians(pitch_degrees), dolly, fov_degrees
    )
    seen /= seen[2] @ [*middle, 1]
    return (seen if seen[2, :2].any() else seen[:2]).astype(np.float32)


def _wall_seen(
    height: int, middle: np.ndarray, yaw: float, pitch: float, dolly: float, fov_degrees: float
) -> np.ndarray:
    """(3, 3): the place on a wall that a camera before it sees at a pixel. yaw, pitch: radians."""
    far = height / 2 / math.tan(math.radians(fov_degrees) / 2)
    to_right = np.array(
        [[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]]
    )
    upwards = np.array(
        [[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]]
    )
    ray = to_right @ upwards @ np.diag([1 / far, 1 / far, 1]) @ _shifted(-middle)
    return _shifted(middle) @ np.diag([far * (1 - dolly), far * (1 - dolly), 1]) @ ray


def _shifted(by: np.ndarray) -> np.ndarray:
    """(3, 3): everything moved by (x, y)."""
    return np.array([[1, 0, by[0]], [0, 1, by[1]], [0, 0, 1]])


def colour_matrix(
    brightness: float = 0.0,
    contrast: float = 1.0,
    saturation: float = 1.0,
    hue_degrees: float = 0.0,
) -> np.ndarray:
    """(3, 4) float32, an affine map of (R, G, B, 1) in 0..1: first hue, then saturation, contrast,
    brightness.

    brightness: -1..1, added. contrast: 0..2, about middle grey. saturation: 0..2, about luma.
    hue_degrees: -180..180, a turn of the RGB cube about its grey diagonal (Rodrigues' formula), so
    that greys stay; 120 takes red to green. The starts give exactly `NEUTRAL`.
    """
    turn = math.radians(hue_degrees)
    across = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3)
    hue = math.cos(turn) * np.eye(3) + (1 - math.cos(turn)) / 3 + math.sin(turn) * across
    colourful = saturation * np.eye(3) + (1 - saturation) * np.array([LUMA] * 3)
    linear = contrast * (colourful @ hue)
    offset = np.full(3, 0.5 * (1 - contrast) + brightness)
    return np.column_stack([linear, offset]).astype(np.float32)


def feedback_numbers(matrix: np.ndarray, amount: float, gain: float, middle: float) -> np.ndarray:
    """(12,) float32, what the kernel of feedback reads: `matrix` (2 or 3, 3) by rows, `amount`,
    `gain`, `middle`."""
    whole = matrix if len(matrix) == 3 else np.vstack([matrix, [0, 0, 1]])
    return np.array([*np.float32(whole).ravel(), amount, gain, middle], np.float32)


def blend_numbers(settings: BlendSettings, smoothing: float) -> np.ndarray:
    """(16,) float32, what the kernel of blending reads. smoothing: in place of the settings'."""
    mode = BLEND_MODES.index(settings.mode)
    colour = settings.colour.ravel()
    return np.array([smoothing, settings.motion, settings.wet, mode, *colour], np.float32)
