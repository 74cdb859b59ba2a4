"""A picture painted again, in strokes of a brush."""

from __future__ import annotations

import math

import cv2
import numpy as np

from vj.sources.drawn.canvas import blur

LAYERS = ((0.05, 0.02, 900), (0.032, 0.012, 2600), (0.018, 0.007, 5200))
"""Length and width of the strokes in units, and how many: from the broad brush to the fine one."""


def in_strokes(picture: np.ndarray, seed: int) -> np.ndarray:
    """(H, W, 3) uint8 painted again in strokes that run along what is alike (after Hertzmann
    1998)."""
    height, width = picture.shape[:2]
    unit = min(height, width)
    generator = np.random.default_rng(seed)
    out: np.ndarray = blur(picture, 0.01 * unit).copy()
    light = blur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), 0.012 * unit)
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    for long, wide, count in LAYERS:
        source = blur(picture, 0.25 * wide * unit)
        for _ in range(round(count * width * height / unit**2)):
            x, y = int(generator.integers(width)), int(generator.integers(height))
            turn = math.atan2(across[y, x], -down[y, x]) + generator.normal(0, 0.25)
            if math.hypot(across[y, x], down[y, x]) < 1.0:
                turn = generator.normal(0, 0.5)
            reach = 0.5 * long * unit * generator.uniform(0.6, 1.2)
            colour = np.clip(
                source[y, x] * generator.uniform(0.9, 1.1) + generator.normal(0, 5, 3), 0, 255
            )
            ends = [
                (
                    round((x + s * reach * math.cos(turn)) * 16),
                    round((y + s * reach * math.sin(turn)) * 16),
                )
                for s in (-1, 1)
            ]
            cv2.line(
                out,
                ends[0],
                ends[1],
                colour.tolist(),
                max(1, round(wide * unit * generator.uniform(0.6, 1.0))),
                cv2.LINE_AA,
                4,
            )
    return out
