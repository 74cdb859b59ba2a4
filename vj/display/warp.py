"""Where a picture lies on a screen: the homography of four corners, and how a picture is fitted,
turned and mirrored within them. Matrices are (3, 3) float64 and take column vectors (x, y, 1), with
x to the right and y down."""

from __future__ import annotations

import numpy as np

Point = tuple[float, float]
Corners = tuple[Point, Point, Point, Point]
"""Top left, top right, bottom right, bottom left, in shares of the screen."""

SQUARE: Corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
NAMES = ("top-left", "top-right", "bottom-right", "bottom-left")
FITS = ("contain", "cover", "stretch")
FLIPS = ("none", "across", "down", "both")
TURNS = (0, 90, 180, 270)
REACH = 0.5
"""How far a corner may lie beyond the screen, in shares of it."""
LEAST = 1e-3
"""The area that each three corners have to span at least, in shares of the screen."""


def homography(corners: Corners) -> np.ndarray:
    """The projective map of the unit square to four corners: of a place in the picture's canvas to
    one on the screen. Heckbert 1989, `Fundamentals of Texture Mapping and Image Warping`, 2.2.3.
    The corners must be `convex`."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    sum_x, sum_y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    dx1, dx2, dy1, dy2 = x1 - x2, x3 - x2, y1 - y2, y3 - y2
    whole = dx1 * dy2 - dx2 * dy1
    g = (sum_x * dy2 - dx2 * sum_y) / whole
    h = (dx1 * sum_y - sum_x * dy1) / whole
    return np.array(
        [
            [x1 - x0 + g * x1, x3 - x0 + h * x3, x0],
            [y1 - y0 + g * y1, y3 - y0 + h * y3, y0],
            [g, h, 1.0],
        ]
    )


def to_canvas(corners: Corners) -> np.ndarray:
    """The inverse of `homography`: a place on the screen to one in the canvas."""
    return np.linalg.inv(homography(corners))


def convex(corners: Corners) -> bool:
    """Whether four corners make a picture that is neither folded, mirrored nor flat."""
    for index in range(4):
        (ax, ay), (bx, by), (cx, cy) = (corners[(index + step) % 4] for step in range(3))
        if (bx - ax) * (cy - by) - (by - ay) * (cx - bx) < LEAST:
            return False
    return True


def to_picture(
    canvas: tuple[int, int], picture: tuple[int, int], fit: str, turn: int, flip: str
) -> np.ndarray:
    """The affine map of a place in the canvas (0..1) to one in the picture (0..1); outside of 0..1
    the canvas is black.

    canvas, picture: (width, height) in pixels. fit: one of `FITS`. turn: degrees clockwise by which
    the picture is seen turned. flip: one of `FLIPS`, after turning, as a mirror before the lens.
    """
    width, height = picture if turn % 180 == 0 else picture[::-1]
    scales = canvas[0] / width, canvas[1] / height
    if fit == "stretch":
        across, down = scales
    else:
        across = down = (min if fit == "contain" else max)(scales)
    # canvas -> the turned picture, about the middles
    x, y = canvas[0] / (across * width), canvas[1] / (down * height)
    if flip in ("across", "both"):
        x = -x
    if flip in ("down", "both"):
        y = -y
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    back = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[turn]
    turned = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]])
    return shift @ turned @ np.diag([x, y, 1.0]) @ back
