"""A picture to set up a projector by: a grid, circles that must be round, the corners by name and
number, and which monitor it is."""

from __future__ import annotations

import cv2
import numpy as np

CELLS = 16
"""Squares of the grid along the longer side."""
GREY, LINE, WHITE = (40, 40, 44), (120, 120, 130), (255, 255, 255)
CORNER_COLOURS = ((255, 60, 60), (60, 220, 60), (70, 120, 255), (250, 210, 40))
"""Of the corners 1 to 4: red, green, blue, yellow."""
BARS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255), (255, 0, 255), (255, 255, 0))
FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_pattern(width: int, height: int, title: str) -> np.ndarray:
    """(height, width, 4) uint8 RGBA. title: the monitor's name and size."""
    width, height = max(64, width), max(64, height)
    picture = np.full((height, width, 3), GREY, np.uint8)
    cell = max(width, height) / CELLS
    unit = max(1, round(min(width, height) / 540))
    for steps, along in ((width / cell / 2, 0), (height / cell / 2, 1)):
        # from the middle, so that the squares at opposite edges are cut alike
        for step in range(-int(steps), int(steps) + 1):
            place = round((width, height)[along] / 2 + step * cell)
            ends = ((place, 0), (place, height)) if along == 0 else ((0, place), (width, place))
            cv2.line(picture, *ends, WHITE if step == 0 else LINE, unit)
    middle = width // 2, height // 2
    radius = min(width, height) // 2 - unit
    cv2.circle(picture, middle, radius, WHITE, unit, cv2.LINE_AA)
    cv2.circle(picture, middle, radius // 2, WHITE, unit, cv2.LINE_AA)
    small = min(width, height) // 8
    for corner, colour in enumerate(CORNER_COLOURS):
        right, low = corner in (1, 2), corner in (2, 3)
        x, y = (width - 1 - small if right else small), (height - 1 - small if low else small)
        cv2.circle(picture, (x, y), small - unit, colour, 2 * unit, cv2.LINE_AA)
        _text(picture, str(corner + 1), (x, y - small // 3), small * 0.4, colour)
        words = ("bottom" if low else "top") + (" right" if right else " left")
        _text(picture, words, (x, y + small // 3), small * 0.2, colour)
    for index, colour in enumerate(BARS):  # red, green, blue, and what two of them make
        left = middle[0] + round((index - len(BARS) / 2) * small * 0.7)
        top = middle[1] + round(small * 0.9)
        cv2.rectangle(
            picture, (left, top), (left + round(small * 0.7), top + small // 2), colour, -1
        )
    _text(picture, title, (middle[0], middle[1] - small // 2), small * 0.3, WHITE)
    _text(picture, "up", (middle[0], round(height * 0.12)), small * 0.3, WHITE)
    cv2.rectangle(picture, (0, 0), (width - 1, height - 1), WHITE, max(1, unit))
    return cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)


def _text(
    picture: np.ndarray,
    text: str,
    middle: tuple[int, int],
    tall: float,
    colour: tuple[int, int, int],
) -> None:
    """Letters so many pixels tall about a place, smaller where they would not fit, the grid cleared
    behind them."""
    text = text.encode("ascii", "replace").decode()  # OpenCV's letters are these
    (wide, high), _ = cv2.getTextSize(text, FONT, 1.0, 2)
    scale = min(tall / high, picture.shape[1] * 0.6 / max(wide, 1))
    thick = max(1, round(scale * 2))
    (wide, high), _ = cv2.getTextSize(text, FONT, scale, thick)
    left, low = round(middle[0] - wide / 2), round(middle[1] + high / 2)
    picture[max(0, low - high - thick) : low + 2 * thick, max(0, left) : left + wide] = GREY
    cv2.putText(picture, text, (left, low), FONT, scale, colour, thick, cv2.LINE_AA)
