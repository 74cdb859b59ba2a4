"""How training examples are varied: place, light, lines, and what lies around the subject. Every
function is deterministic by the generator that it is given."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vj.translator.conditions import LineStyle

SCALES = (0.8, 1.25)
FARTHER = (0.4, 0.85)
SHIFT = 0.12
"""Share of the picture's side."""
LINE_WIDTHS = (0.65, 1.6)
LINE_DETAIL = 0.22
LINE_CONTRASTS = (0.6, 1.7)


@dataclass(frozen=True, slots=True)
class Geometry:
    """A mirroring, scale and shift: matrix (2, 3) from the old picture's pixels to the new one's;
    whether it mirrors; side, of the square."""

    matrix: np.ndarray
    mirrors: bool
    side: int

    def picture(self, picture: np.ndarray) -> np.ndarray:
        """(S, S) or (S, S, C), new. Beyond the border its outermost pixels go on, of pictures with
        colours softly: mirrored, a second head would grow there, and lines would not end."""
        size = self.side, self.side
        out = cv2.warpAffine(picture, self.matrix, size, borderMode=cv2.BORDER_REPLICATE)
        if picture.ndim == 2:
            return out
        rest = 255 - cv2.warpAffine(np.full(picture.shape[:2], 255, np.uint8), self.matrix, size)
        if cv2.countNonZero(rest) == 0:
            return out
        few = self.side // 4, self.side // 4
        small = cv2.resize(out, few, interpolation=cv2.INTER_AREA)
        soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), few[0] / 12), size)
        return cv2.copyTo(soft, rest, out)

    def points(self, points: np.ndarray) -> np.ndarray:
        """(N, 2), pixels with their middles at .5 -> the same in the new picture."""
        moved = (points - 0.5) @ self.matrix[:, :2].T + self.matrix[:, 2] + 0.5
        return np.asarray(moved, np.float32)


def geometry(rng: np.random.Generator, side: int) -> Geometry:
    """A new one."""
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    mirrors = bool(rng.random() < 0.5)
    across = -scale if mirrors else scale
    middle = (side - 1) / 2
    x, y = middle + rng.uniform(-SHIFT, SHIFT, 2) * side
    matrix = np.array([[across, 0, x - across * middle], [0, scale, y - scale * middle]])
    return Geometry(matrix, mirrors, side)


def nearer(rng: np.random.Generator, side: int, most: float) -> Geometry:
    """A piece of the picture, up to `most` times as large, without anything beyond the border; or
    its mirror image."""
    scale = float(rng.uniform(1, most))
    mirrors = bool(rng.random() < 0.5)
    across = -scale if mirrors else scale
    middle = (side - 1) / 2
    x, y = middle + rng.uniform(-0.5, 0.5, 2) * (scale - 1) * side
    matrix = np.array([[across, 0, x - across * middle], [0, scale, y - scale * middle]])
    return Geometry(matrix, mirrors, side)


def farther(
    picture: np.ndarray, subject: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A subject that is farther away, if it is whole but for what is below the picture.

    picture: (S, S, 3) uint8. subject: (S, S, 1) float32, 0..1. -> both, new; what is around the
    subject means nothing any more.
    """
    if max(float(edge.mean()) for edge in (subject[0], subject[:, 0], subject[:, -1])) > 0.03:
        return picture, subject
    side = len(picture)
    scale = float(rng.uniform(*FARTHER))
    x = float(rng.uniform(0, 1 - scale)) * side
    matrix = np.array([[scale, 0, x], [0, scale, (1 - scale) * side]])
    soft = cv2.GaussianBlur(picture, (0, 0), 0.5 / scale)
    small = cv2.warpAffine(soft, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return small, cv2.warpAffine(subject, matrix, (side, side))[..., None]


def line_style(rng: np.random.Generator) -> LineStyle:
    """A drawing finer or broader, fuller or emptier than the one that is played."""
    return LineStyle(
        float(np.exp(rng.uniform(*np.log(LINE_WIDTHS)))),
        float(rng.uniform(-LINE_DETAIL, LINE_DETAIL)),
        float(np.exp(rng.uniform(*np.log(LINE_CONTRASTS)))),
    )


def other_light(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture under another light, by another camera: (H, W, 3) uint8 -> the same, new. Tones,
    saturation and tint change, and it is noisy or a little out of focus."""
    x = np.arange(256, dtype=np.float32) / 255
    gamma = np.exp(rng.uniform(-0.5, 0.5))
    low, high = rng.uniform(0, 0.15), rng.uniform(0.75, 1.1)
    tints = np.exp(rng.normal(0, 0.12, 3))
    tables = [np.clip((low + (high - low) * x**gamma) * tint, 0, 1) * 255 for tint in tints]
    table = np.rint(np.stack(tables, -1)).astype(np.uint8)[None]
    out: np.ndarray = cv2.LUT(picture, table)
    if rng.random() < 0.5:
        grey = cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        share = float(rng.uniform(-0.3, 1.0))
        out = cv2.addWeighted(out, 1 - share, grey, share, 0)
    if rng.random() < 0.3:
        out = np.ascontiguousarray(out[..., rng.permutation(3)])
    if rng.random() < 0.3:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.0)) * len(out) / 256 + 0.1)
    if rng.random() < 0.4:
        out = noisy(out, float(rng.uniform(1, 7)), rng)
    return out


def noisy(picture: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """A camera's noise of so many steps of 255, (H, W, 3) uint8, new."""
    noise = rng.standard_normal(picture.shape, np.float32) * np.float32(amount)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def clouds(rng: np.random.Generator, side: int, cells: int) -> np.ndarray:
    """Soft noise, (side, side) float32, about N(0, .7)."""
    coarse = rng.standard_normal((cells, cells), np.float32)
    out: np.ndarray = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    return out


def disturbed(drawing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A line drawing (S, S) float32, 1 paper, 0 ink, with lines broken, dropped in places, and some
    that mean nothing. New."""
    side = len(drawing)
    out = drawing.copy()
    if rng.random() < 0.35:  # whole regions have lost their lines
        lost = clouds(rng, side, int(rng.integers(3, 7))) > rng.uniform(0.7, 1.3)
        out[lost] = 1
    if rng.random() < 0.35:  # lines with gaps, as where light and contrast give out
        fine = max(8, side // int(rng.integers(6, 14)))
        gaps = np.clip(3 * (clouds(rng, side, fine) - rng.uniform(0.5, 1.2)), 0, 1)
        out += gaps * (1 - out)
    if rng.random() < 0.3:  # paler ink
        out = 1 - (1 - out) * np.float32(rng.uniform(0.55, 1.0))
    if rng.random() < 0.4:
        _scribble(out, rng)
    return out


def _scribble(drawing: np.ndarray, rng: np.random.Generator) -> None:
    """Draw strokes and specks that belong to nothing, in place."""
    side = len(drawing)
    ink = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 7))):
        count = int(rng.integers(2, 6))
        steps = rng.normal(0, side * rng.uniform(0.01, 0.08), (count, 2))
        points = np.cumsum(steps, 0) + rng.uniform(0, side, 2)
        thick = max(1, round(rng.uniform(0.5, 3) * side / 256))
        line = np.rint(points * 16).astype(np.int32)[:, None]
        cv2.polylines(ink, [line], False, 255, thick, cv2.LINE_AA, 4)
    for x, y in rng.integers(0, side, (int(rng.integers(0, 40)), 2)).tolist():
        ink[y, x] = 255
    drawing *= 1 - np.float32(rng.uniform(0.5, 1.0) / 255) * ink


def shapes(rng: np.random.Generator, side: int) -> np.ndarray:
    """A place that is not the clip's, (side, side, 3) uint8: flat and soft shapes over each other
    (dead leaves), some with stripes."""
    out = np.empty((side, side, 3), np.uint8)
    out[:] = _colour(rng)
    for _ in range(int(rng.integers(4, 28))):
        colour = _colour(rng).tolist()
        x, y = rng.integers(0, side, 2).tolist()
        wide, high = np.maximum(2, side * np.exp(rng.uniform(-3.2, -0.7, 2))).astype(int).tolist()
        which = rng.random()
        if which < 0.4:
            box = cv2.boxPoints(
                ((x, y), (wide, high), float(rng.choice([0, 0, rng.uniform(0, 90)])))
            )
            cv2.fillConvexPoly(out, np.rint(box * 16).astype(np.int32), colour, cv2.LINE_AA, 4)
        elif which < 0.7:
            angle = float(rng.uniform(0, 180))
            cv2.ellipse(out, (x, y), (wide, high), angle, 0, 360, colour, -1, cv2.LINE_AA)
        elif which < 0.85:
            points = np.rint(rng.normal((x, y), wide, (5, 2))).astype(np.int32)
            cv2.fillPoly(out, [points], colour, cv2.LINE_AA)
        else:
            step = max(3, side // int(rng.integers(12, 50)))
            for place in range(x, min(side, x + wide), step):
                cv2.line(out, (place, y), (place, min(side, y + high)), colour, 1, cv2.LINE_AA)
    soft = rng.uniform(0, 1.2) * side / 256
    return cv2.GaussianBlur(out, (0, 0), soft) if soft > 0.3 else out


def plain(rng: np.random.Generator, side: int) -> np.ndarray:
    """A wall: one colour, or from one to another. (side, side, 3) uint8."""
    one, two = _colour(rng), _colour(rng)
    if rng.random() < 0.5:
        two = one
    two = one + 0.35 * (two - one)
    corners = np.stack([one, two, one, two]).reshape(2, 2, 3).astype(np.float32)
    if rng.random() < 0.5:
        corners = corners.transpose(1, 0, 2)
    wall = cv2.resize(np.ascontiguousarray(corners), (side, side), interpolation=cv2.INTER_LINEAR)
    return np.clip(np.rint(wall), 0, 255).astype(np.uint8)


def _colour(rng: np.random.Generator) -> np.ndarray:
    grey = rng.uniform(10, 245)
    return np.clip(grey + rng.normal(0, 25, 3), 0, 255)


def painted(
    frames: list[np.ndarray], rng: np.random.Generator, amount: float = 1.0
) -> list[np.ndarray]:
    """Frames (H, W, 3) uint8 as if a network had painted them: soft, noisy, their tones and colours
    off by a little, all alike. amount: of all that, 0..1. New."""
    soft, noise = (amount * rng.uniform(0, most) for most in (1.3 * len(frames[0]) / 256, 6))
    x = np.arange(256, dtype=np.float32) / 255
    tones = [
        x ** np.exp(rng.normal(0, 0.08 * amount)) + rng.normal(0, 0.025 * amount) for _ in range(3)
    ]
    table = np.clip(np.rint(np.stack(tones, -1) * 255), 0, 255).astype(np.uint8)[None]
    if rng.random() < 0.25:
        return frames
    out = [cv2.LUT(frame, table) for frame in frames]
    if soft > 0.3:
        out = [cv2.GaussianBlur(frame, (0, 0), soft) for frame in out]
    return [noisy(frame, float(noise), rng) for frame in out]


def unsteady(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points (N, 2) of a face or a body, off by a little: their proportions by a percent, their
    place and each of them by a few thousandths of their size. More would make what is painted
    soft."""
    middle = points.mean(0)
    size = float(np.ptp(points, axis=0).max())
    turn = np.eye(2) + rng.normal(0, 0.01, (2, 2))
    off = rng.normal(0, 0.003, 2) * size + rng.normal(0, 0.001, points.shape) * size
    return np.asarray((points - middle) @ turn + middle + off, np.float32)
