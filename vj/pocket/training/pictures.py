"""Pictures to learn from, drawn by us: leaves, clouds, shapes, strokes, rooms with figures, heads
and hands, camera-like light.

What matters is that edges, gradients, greys, near-whites, blur and noise occur at all scales (dead
leaves: Lee, Mumford and Huang 2001), and people as a webcam sees them. The photographs beside them
are in `photographs.py`.
"""

from __future__ import annotations

import cv2
import numpy as np

from vj.pocket.training.portraits import draw_hand, draw_head

Picture = np.ndarray
"""(H, W, 3) float32 in 0..1, sRGB."""


def _colour(rng: np.random.Generator) -> np.ndarray:
    """A random colour; greys, near-whites and skin tones occur more often than chance would have
    them."""
    kind = rng.random()
    if kind < 0.3:
        return np.clip(np.full(3, rng.random()) + rng.normal(0, 0.03, 3), 0, 1)
    if kind < 0.42:
        return np.clip(rng.uniform(0.8, 1.0) + rng.normal(0, 0.03, 3), 0, 1)
    if kind < 0.55:
        return np.clip(
            np.array([0.85, 0.62, 0.5]) * rng.uniform(0.3, 1.15) + rng.normal(0, 0.04, 3), 0, 1
        )
    return rng.random(3)


def _noise(
    rng: np.random.Generator, size: int, octaves: int = 5, roughness: float = 0.55
) -> np.ndarray:
    """Fractal noise (size, size) in about -1..1."""
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        cells = 2 ** (octave + 2)
        grid = rng.normal(0, 1, (cells, cells)).astype(np.float32)
        total += roughness**octave * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
    return total / 1.6


def _leaves(rng: np.random.Generator, size: int) -> Picture:
    image = np.empty((size, size, 3), np.float32)
    image[:] = _colour(rng)
    for _ in range(int(rng.integers(20, 160))):
        radius = min(size * 0.45, 5.0 / rng.random() ** 0.7)
        centre = rng.uniform(-20, size + 20, 2)
        colour = _colour(rng).tolist()
        if rng.random() < 0.5:
            axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.3, 1))))
            cv2.ellipse(
                image,
                (int(centre[0]), int(centre[1])),
                axes,
                rng.uniform(0, 180),
                0,
                360,
                colour,
                -1,
                cv2.LINE_AA,
            )
        else:
            corners = int(rng.integers(3, 7))
            angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
            points = centre + radius * np.stack([np.cos(angles), np.sin(angles)], 1) * rng.uniform(
                0.6, 1, (corners, 1)
            )
            cv2.fillPoly(image, [points.astype(np.int32)], colour, cv2.LINE_AA)
    return image


def _clouds(rng: np.random.Generator, size: int) -> Picture:
    field = np.clip(0.5 + 0.5 * _noise(rng, size, roughness=rng.uniform(0.4, 0.75)), 0, 1)[
        ..., None
    ]
    return field * _colour(rng).astype(np.float32) + (1 - field) * _colour(rng).astype(np.float32)


def _strokes(rng: np.random.Generator, size: int) -> Picture:
    """Stripes, grids and text-like marks on a plain ground."""
    image = np.empty((size, size, 3), np.float32)
    image[:] = _colour(rng)
    for _ in range(int(rng.integers(1, 4))):
        angle, period = rng.uniform(0, np.pi), rng.uniform(5, 40)
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period) > rng.uniform(
            -0.6, 0.6
        )
        x0, y0 = (int(v) for v in rng.uniform(0, size * 0.6, 2))
        x1, y1 = x0 + int(rng.uniform(30, size)), y0 + int(rng.uniform(30, size))
        region = image[y0:y1, x0:x1]
        region[wave[y0:y1, x0:x1]] = _colour(rng)
    for _ in range(int(rng.integers(5, 60))):
        start = rng.uniform(0, size, 2)
        end = start + rng.normal(0, 18, 2)
        cv2.line(
            image,
            (int(start[0]), int(start[1])),
            (int(end[0]), int(end[1])),
            _colour(rng).tolist(),
            int(rng.integers(1, 5)),
            cv2.LINE_AA,
        )
    return image


def _figure(image: Picture, rng: np.random.Generator) -> None:
    """A person of ellipses and thick limbs, head to hips or whole, with a face of a few marks."""
    size = image.shape[0]
    unit = size * rng.uniform(0.06, 0.2)
    x, y = rng.uniform(0.2, 0.8) * size, rng.uniform(0.15, 0.45) * size
    skin = (np.array([0.9, 0.68, 0.56]) * rng.uniform(0.25, 1.1)).clip(0, 1)
    cloth, hair = (
        _colour(rng).tolist(),
        (np.array([0.5, 0.35, 0.2]) * rng.uniform(0.05, 1.2)).tolist(),
    )

    def at(dx: float, dy: float) -> tuple[int, int]:
        return int(x + dx * unit), int(y + dy * unit)

    thick = max(2, int(unit * 0.7))
    for side in (-1, 1):
        elbow = (side * rng.uniform(1.3, 2.4), rng.uniform(1.2, 3.2))
        hand = (elbow[0] - side * rng.uniform(-0.8, 1.6), elbow[1] + rng.uniform(-1.8, 1.4))
        cv2.line(image, at(side * 1.1, 1.7), at(*elbow), cloth, thick, cv2.LINE_AA)
        cv2.line(
            image,
            at(*elbow),
            at(*hand),
            cloth if rng.random() < 0.6 else skin.tolist(),
            max(2, thick - 2),
            cv2.LINE_AA,
        )
        cv2.circle(image, at(*hand), max(1, int(unit * 0.4)), skin.tolist(), -1, cv2.LINE_AA)
        cv2.line(
            image,
            at(side * 0.6, 4.5),
            at(side * 0.8, 9),
            _colour(rng).tolist(),
            thick + 2,
            cv2.LINE_AA,
        )
    cv2.ellipse(
        image, at(0, 3.1), (int(unit * 1.4), int(unit * 2.2)), 0, 0, 360, cloth, -1, cv2.LINE_AA
    )
    cv2.ellipse(
        image, at(0, -0.25), (int(unit * 0.85), int(unit * 1.05)), 0, 0, 360, hair, -1, cv2.LINE_AA
    )
    cv2.ellipse(
        image,
        at(0, 0.1),
        (int(unit * 0.72), int(unit * 0.95)),
        0,
        0,
        360,
        skin.tolist(),
        -1,
        cv2.LINE_AA,
    )
    for side in (-1, 1):
        cv2.circle(
            image,
            at(side * 0.3, -0.05),
            max(1, int(unit * 0.1)),
            (skin * 0.2).tolist(),
            -1,
            cv2.LINE_AA,
        )
    cv2.line(
        image,
        at(0, 0.1),
        at(0.05, 0.4),
        (skin * 0.7).tolist(),
        max(1, int(unit * 0.08)),
        cv2.LINE_AA,
    )
    cv2.line(
        image,
        at(-0.25, 0.6),
        at(0.25, 0.6),
        (skin * [0.8, 0.45, 0.45]).tolist(),
        max(1, int(unit * 0.12)),
        cv2.LINE_AA,
    )


def _room(rng: np.random.Generator, size: int) -> Picture:
    """A wall, a floor, a few flat things, camera-like light, and usually somebody in it."""
    wall = (
        np.clip(rng.uniform(0.45, 1.0) + rng.normal(0, 0.05, 3), 0, 1)
        if rng.random() < 0.7
        else _colour(rng)
    )
    image = np.empty((size, size, 3), np.float32)
    image[:] = wall
    horizon = int(size * rng.uniform(0.45, 1.1))
    image[horizon:] = _colour(rng)
    for _ in range(int(rng.integers(0, 6))):
        x, y = rng.uniform(0, size, 2)
        w, h = rng.uniform(10, size * 0.4, 2)
        cv2.rectangle(
            image,
            (int(x), int(y)),
            (int(x + w), int(y + h)),
            _colour(rng).tolist(),
            -1 if rng.random() < 0.7 else 3,
        )
    for _ in range(int(rng.integers(0, 3))):
        _figure(image, rng)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    light = (
        1 + rng.normal(0, 0.35) * x + rng.normal(0, 0.35) * y - rng.uniform(0, 0.6) * (x**2 + y**2)
    )
    return image * light[..., None]


def _window(image: Picture, rng: np.random.Generator) -> Picture:
    """Light from behind: a pane that is too bright, its glow, and everything before it dark."""
    size = image.shape[0]
    pane = np.zeros((size, size), np.float32)
    x, y, wide, high = rng.uniform([0, 0, 0.15, 0.2], [0.7, 0.4, 0.5, 0.6]) * size
    cv2.rectangle(pane, (int(x), int(y)), (int(x + wide), int(y + high)), 1.0, -1)
    for at in np.linspace(x, x + wide, int(rng.integers(2, 5))):
        cv2.line(pane, (int(at), int(y)), (int(at), int(y + high)), 0.0, max(1, size // 60))
    colour = np.array([1.0, 0.97, 0.9]) * rng.uniform(0.9, 1.2)
    dark = image * rng.uniform(0.2, 0.7)
    behind = np.abs(image - np.median(image, (0, 1))).mean(2) < 0.2
    lit = dark + (pane * behind)[..., None] * (colour.astype(np.float32) - dark)
    glow = cv2.GaussianBlur(pane, (0, 0), size * rng.uniform(0.03, 0.1))
    return lit + rng.uniform(0.1, 0.4) * glow[..., None]


def _portrait(rng: np.random.Generator, size: int) -> Picture:
    """Somebody near the camera: one head or two, sometimes a hand, before a room out of focus."""
    image = (
        _room(rng, size)
        if rng.random() < 0.6
        else _clouds(rng, size)
        if rng.random() < 0.6
        else _leaves(rng, size)
    )
    image = np.ascontiguousarray(image, np.float32)
    if rng.random() < 0.7:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 6))
    if rng.random() < 0.15:
        draw_head(image, rng)
    if rng.random() < 0.9:
        draw_head(image, rng)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.5, 0.35, 0.15]))):
        draw_hand(image, rng)
    return image


def draw_picture(rng: np.random.Generator, size: int = 288) -> np.ndarray:
    """One picture, (size, size, 3) uint8 sRGB."""
    kind = rng.random()
    if kind < 0.3:
        image = _room(rng, size)
    elif kind < 0.65:
        image = _portrait(rng, size)
    elif kind < 0.84:
        image = _leaves(rng, size)
    elif kind < 0.91:
        image = _clouds(rng, size)
    else:
        image = _strokes(rng, size)
    if kind < 0.65 and rng.random() < 0.12:
        image = _window(image, rng)
    if rng.random() < 0.5:
        image = image * (1 + 0.25 * rng.random() * _noise(rng, size)[..., None])
    if rng.random() < 0.6:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.8))
    if rng.random() < 0.3:
        image = image ** rng.uniform(0.6, 1.6) if image.min() >= 0 else image
    image = image + rng.normal(0, rng.uniform(0, 0.012), image.shape)
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def draw_pictures(count: int, seed: int, size: int = 288) -> np.ndarray:
    """`count` pictures, (count, size, size, 3) uint8; the same seed draws the same ones."""
    rng = np.random.default_rng(seed)
    return np.stack([draw_picture(rng, size) for _ in range(count)])
