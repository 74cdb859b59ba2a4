"""The settings of the pixel maths for one frame: two matrices and the numbers of the blend. Every
path reads the same ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G, B in the brightness one sees (ITU-R BT.601)."""

STILL, MOVING = 0.08, 0.35
"""Mean change of R, G, B (0..1) up to which a pixel counts as still, and from which it counts as
moving. See docs/, temporal coherence."""

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
) -> np.ndarray:
    """(2, 3) float32: where in the last output a pixel of the fed-back picture comes from.

    Coordinates are of pixel centres, (0, 0) the upper left one. Seen forward the picture grows by
    `zoom` about the middle of the frame (above 1 upscales), turns clockwise by `rotate_degrees`,
    then moves by `x` of the width to the right and `y` of the height down.
    """
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = np.array([x * width, y * height])
    turn = math.radians(rotate_degrees)
    back = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) / zoom
    return np.column_stack([back, middle - back @ (middle + shift)]).astype(np.float32)


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
