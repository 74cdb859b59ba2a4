"""Four pictures drawn by code, which the picture model takes as its style where a show names none:
it paints at once. Chosen by eye among others: colours, strokes and outlines carry over, and a face
stays one."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

SIDE = 256
SHIFT = 3
"""Bits of a pixel's fraction in OpenCV's drawing, whose numbers are whole: it is the same
everywhere."""

Picture = np.ndarray


@cache
def own_styles() -> dict[str, Picture]:
    """Name -> (256, 256, 3) uint8 RGB. Not to be written to."""
    made = {
        "cut paper": _cut_paper(),
        "night sky": _night_sky(),
        "woodcut": _woodcut(),
        "ink waves": _ink_waves(),
    }
    for picture in made.values():
        picture.flags.writeable = False
    return made


def _night_sky() -> Picture:
    """Short strokes of blue that swirl around four lights."""
    rng = np.random.default_rng(3)
    lights = np.array([(70, 80, 60), (180, 60, 45), (150, 170, 70), (40, 200, 40)])  # x, y, radius
    cold = np.array([(18, 38, 96), (33, 84, 152), (64, 132, 190), (120, 180, 205), (24, 58, 120)])
    warm = np.array([(250, 214, 90), (240, 170, 50), (255, 240, 170)])
    count = 2600
    at = rng.uniform(0, SIDE, (count, 2))
    away = at[:, None] - lights[None, :, :2]
    near = (np.hypot(away[..., 0], away[..., 1]) / lights[:, 2]).min(1)
    lit = (near < 0.32) | (rng.random(count) < 0.05)
    colours = np.where(
        lit[:, None], warm[rng.integers(0, 3, count)], cold[rng.integers(0, 5, count)]
    )
    colours = (colours + rng.uniform(-17, 17, (count, 3))).clip(0, 255)
    widths = rng.integers(2, 5, count)
    points = [at]
    for _ in range(5):
        along = 1.0, 0.25 * np.sin(points[-1][:, 0] / 25)
        for x, y, radius in lights:
            dx, dy = points[-1][:, 0] - x, points[-1][:, 1] - y
            far = np.hypot(dx, dy) + 1e-3
            pull = 3 * np.exp(-2 * (far / radius) ** 2) / far
            along = along[0] - dy * pull, along[1] + dx * pull
        length = np.hypot(*along)
        step = np.stack([along[0] / length, along[1] / length], 1)
        points.append(points[-1] + 3.5 * step)
    made = np.full((SIDE, SIDE, 3), (30, 40, 90), np.uint8)
    for stroke, colour, width in zip(
        _fixed(np.stack(points, 1)), colours.tolist(), widths.tolist(), strict=True
    ):
        cv2.polylines(made, [stroke], False, colour, width, cv2.LINE_AA, SHIFT)
    return made


def _cut_paper() -> Picture:
    """Scraps of coloured paper with dark edges on a light sheet."""
    rng = np.random.default_rng(8)
    colours = ((230, 57, 70), (29, 53, 87), (69, 123, 157), (244, 162, 97), (42, 157, 143))
    made = np.full((SIDE, SIDE, 3), (245, 235, 215), np.uint8)
    for _ in range(60):
        centre, radius = rng.uniform(0, SIDE, 2), rng.uniform(12, 50)
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
        scrap = _fixed(centre + radius * np.stack([np.cos(angles), np.sin(angles)], 1))
        colour = (*colours, (20, 20, 20))[int(rng.integers(6))]
        cv2.fillPoly(made, [scrap], colour, cv2.LINE_AA, SHIFT)
        cv2.polylines(made, [scrap], True, (15, 15, 15), 2, cv2.LINE_AA, SHIFT)
    return made


def _woodcut() -> Picture:
    """Dark lines on paper, broader where it is darker, that turn with the form."""
    rng = np.random.default_rng(2)
    tone, turn = _smooth(rng, 5), _smooth(rng, 3) * 6
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
    line = np.sin((x * np.cos(turn) + y * np.sin(turn)) / 3)
    return _inked((line - (tone - 0.5) * 3) * 3 + 0.5, (236, 222, 190), (28, 22, 24))


def _ink_waves() -> Picture:
    """Broad waves of blue ink on warm paper."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
    wave = np.sin(y / 7 + 5 * np.sin(x / 31) + 2 * np.sin(x / 11 + y / 23))
    return _inked(0.5 - wave * 2.5, (240, 225, 190), (24, 44, 92))


def _inked(share: np.ndarray, paper: tuple[int, ...], ink: tuple[int, ...]) -> Picture:
    """share: (H, W), of ink; what is beyond 0 .. 1 is clipped."""
    part = share.clip(0, 1)[..., None]
    return (np.array(paper) * (1 - part) + np.array(ink) * part).round().astype(np.uint8)


def _smooth(rng: np.random.Generator, cells: int) -> np.ndarray:
    """Random hills, (256, 256), about 0 .. 1."""
    return cv2.resize(
        rng.random((cells + 1, cells + 1)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
    )


def _fixed(points: np.ndarray) -> np.ndarray:
    """Points as OpenCV draws them between pixels."""
    return np.round(points * 2**SHIFT).astype(np.int32)
