"""Heads and hands to learn from, drawn by us: skin under light, eyes, lips, hair, folds of cloth.

What stands in front of a webcam is a person, and what matters of one is shading: round forms lit
from one side, small dark marks in wide soft gradients, strands, creases. Everything is drawn as
height and colour, then lit (Lambert, with a little gloss).
"""

from __future__ import annotations

import cv2
import numpy as np

SKINS = (
    (0.97, 0.78, 0.68),
    (0.88, 0.66, 0.53),
    (0.72, 0.50, 0.38),
    (0.50, 0.33, 0.25),
    (0.30, 0.20, 0.16),
)
HAIRS = (
    (0.08, 0.06, 0.06),
    (0.22, 0.13, 0.08),
    (0.45, 0.29, 0.15),
    (0.78, 0.60, 0.35),
    (0.55, 0.20, 0.10),
    (0.72, 0.70, 0.70),
)


def _spot(
    x: np.ndarray, y: np.ndarray, at: tuple[float, float], wide: tuple[float, float]
) -> np.ndarray:
    """A Gaussian bump of height 1."""
    out: np.ndarray = np.exp(-(((x - at[0]) / wide[0]) ** 2 + ((y - at[1]) / wide[1]) ** 2))
    return out


def _inside(distance: np.ndarray, soft: float) -> np.ndarray:
    """1 where the distance is below 0, 0 above, over so soft an edge."""
    out: np.ndarray = np.clip(0.5 - distance / soft, 0, 1)
    return out


def _noise(rng: np.random.Generator, size: int, cells: tuple[int, int]) -> np.ndarray:
    """Smooth noise (size, size), about -2..2; cells down and across."""
    grid = rng.standard_normal(cells).astype(np.float32)
    return cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)


def _lit(
    height: np.ndarray, light: np.ndarray, ambient: float, gloss: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Shade and gloss, (H, W) each, of a surface. height: in pixels. light: to the light, (3,)."""
    down, across = np.gradient(height)
    length = np.sqrt(across**2 + down**2 + 1)
    facing = (-across * light[0] - down * light[1] + light[2]) / length
    half = light + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half)
    shine = np.clip((-across * half[0] - down * half[1] + half[2]) / length, 0, 1) ** 24
    return ambient + (1 - ambient) * np.clip(facing, 0, 1), gloss * shine


def _light(rng: np.random.Generator) -> np.ndarray:
    light = np.array([rng.normal(0, 0.6), rng.normal(-0.35, 0.4), rng.uniform(0.35, 1.1)])
    out: np.ndarray = light / np.linalg.norm(light)
    return out


def _over(image: np.ndarray, colour: np.ndarray, share: np.ndarray) -> None:
    """Lays a colour, (H, W, 3) or (3,), over the image where the share is, in place."""
    image += share[..., None] * (colour - image)


def _cloth(
    image: np.ndarray,
    rng: np.random.Generator,
    share: np.ndarray,
    light: np.ndarray,
    body: np.ndarray,
) -> None:
    """Cloth with creases over a body whose height, in pixels, is given."""
    size = image.shape[0]
    creases = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        wave = _noise(rng, size, (int(rng.integers(2, 7)), int(rng.integers(3, 12))))
        creases += size * rng.uniform(0.004, 0.02) * np.abs(wave)
    shade, shine = _lit(body - creases, light, rng.uniform(0.15, 0.4), rng.uniform(0, 0.25))
    colour = np.broadcast_to(rng.random(3) * rng.uniform(0.2, 1.1), image.shape).copy()
    if rng.random() < 0.3:
        stripes = np.sin(
            np.arange(size) * 2 * np.pi / rng.uniform(size * 0.03, size * 0.12)
        ) > rng.uniform(-0.5, 0.7)
        colour[stripes] = rng.random(3)
        colour = colour.transpose(1, 0, 2) if rng.random() < 0.5 else colour
    _over(image, colour * shade[..., None] + shine[..., None], share)


def draw_head(image: np.ndarray, rng: np.random.Generator) -> None:
    """A head and shoulders over the image (S, S, 3) float32, in place."""
    size = image.shape[0]
    unit = size * float(np.exp(rng.uniform(np.log(0.09), np.log(0.3))))
    x0, y0 = size * rng.uniform(0.25, 0.75), size * rng.uniform(0.25, 0.55)
    lean, turn = rng.normal(0, 0.15), rng.normal(0, 0.22)
    pixel_y, pixel_x = np.mgrid[0:size, 0:size].astype(np.float32)
    u = ((pixel_x - x0) * np.cos(lean) + (pixel_y - y0) * np.sin(lean)) / unit
    v = ((pixel_y - y0) * np.cos(lean) - (pixel_x - x0) * np.sin(lean)) / unit
    soft = 2.0 / unit
    light, ambient = _light(rng), rng.uniform(0.15, 0.6)
    skin = np.asarray(SKINS[int(rng.integers(len(SKINS)))]) * rng.uniform(0.85, 1.1)
    hair = np.asarray(HAIRS[int(rng.integers(len(HAIRS)))]) * rng.uniform(0.7, 1.3)

    long = rng.random() < 0.5
    fall = rng.uniform(1.6, 3.2) if long else 0.6
    strands = _strands(rng, u, v, size)
    if rng.random() < 0.9:
        back = (
            np.hypot(
                u / 1.02, np.maximum(-(v + 0.1) / 1.22, (v + 0.1) / (1.2 + fall) if long else v)
            )
            - 1.02
        )
        _over(
            image,
            hair * (0.5 + 0.35 * strands)[..., None],
            _inside(back + 0.04 * strands, 2 * soft),
        )

    body_y = pixel_y - (y0 + 1.45 * unit)
    wide = unit * rng.uniform(1.9, 2.7)
    shoulder = np.abs(pixel_x - x0) / wide
    body = _inside(shoulder**2.5 * unit * 0.9 - body_y, 2.0) * (shoulder < 1)
    bulge = wide * 0.5 * np.sqrt(np.clip(1 - shoulder**2, 0.02, 1))
    neck = _inside(np.abs(u) - 0.5, soft) * (v > 0.3) * _inside(v - 1.75, soft)
    shade, _ = _lit(
        unit * 0.5 * np.sqrt(np.clip(1 - (u / 0.55) ** 2, 0.02, 1)), light, ambient * 0.8
    )
    _cloth(image, rng, body, light, bulge)
    _over(image, skin * (0.85 * shade)[..., None], neck)

    s = u + turn * np.sqrt(np.clip(1 - (u / 0.8) ** 2, 0, 1))
    face = np.hypot(u / 0.76, np.where(v < 0, v / 1.0, v / rng.uniform(1.0, 1.12))) - 1
    round_ = 0.8 * np.sqrt(np.clip(1 - (u / 0.82) ** 2 - (v / 1.15) ** 2, 0.01, 1))
    nose = 0.2 * _spot(s, v, (0, 0.2), (0.11, 0.14)) + 0.1 * _spot(s, v, (0, -0.05), (0.09, 0.28))
    brow = 0.05 * (
        _spot(s, v, (-0.32, -0.26), (0.26, 0.08)) + _spot(s, v, (0.32, -0.26), (0.26, 0.08))
    )
    sockets = 0.09 * (
        _spot(s, v, (-0.32, -0.12), (0.2, 0.12)) + _spot(s, v, (0.32, -0.12), (0.2, 0.12))
    )
    lips = 0.06 * (_spot(s, v, (0, 0.5), (0.26, 0.06)) + _spot(s, v, (0, 0.6), (0.22, 0.06)))
    cheeks = 0.06 * (
        _spot(s, v, (-0.42, 0.25), (0.2, 0.22)) + _spot(s, v, (0.42, 0.25), (0.2, 0.22))
    )
    chin = 0.07 * _spot(s, v, (0, 0.88), (0.22, 0.12)) - 0.04 * _spot(s, v, (0, 0.72), (0.25, 0.05))
    height = round_ + nose + brow - sockets + lips + cheeks + chin
    pores = _noise(rng, size, (size // 3, size // 3)) * rng.uniform(0, 0.12) / unit
    shade, shine = _lit(unit * (height + pores), light, ambient, rng.uniform(0, 0.35))
    flesh = np.broadcast_to(skin, image.shape).copy()
    rosy = cheeks * 6 + _spot(s, v, (0, 0.22), (0.12, 0.12)) * 0.5
    flesh *= 1 - 0.14 * rosy[..., None] * np.array([0.0, 1.0, 0.9])
    if rng.random() < 0.35:
        beard = np.clip(_spot(s, v, (0, 0.8), (0.7, 0.32)) * 1.4, 0, 1) * (
            1 - _spot(s, v, (0, 0.55), (0.26, 0.11))
        )
        _over(flesh, 0.6 * hair, rng.uniform(0.3, 0.9) * beard * np.clip(0.7 + 0.4 * strands, 0, 1))
    _over(image, flesh * shade[..., None] + shine[..., None], _inside(face, soft * 1.5))
    _features(image, rng, s, v, soft, shade, skin, hair, strands)

    line = rng.uniform(-0.75, -0.45) + 0.15 * np.cos(3 * u + rng.normal()) + 0.06 * strands
    cap = np.hypot(u / 0.86, (v + 0.08) / 1.12) - 1 + 0.05 * strands
    if rng.random() < 0.9:
        bright = 0.45 + 0.35 * strands + 0.35 * _spot(u, v, (light[0], -0.75), (0.5, 0.2))
        over = _inside(cap, 2 * soft) * _inside(v - line - 0.5 * u**2, 2 * soft)
        _over(image, hair * np.clip(bright, 0.1, 2)[..., None], over)


def _strands(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, size: int) -> np.ndarray:
    """Noise along strands that fall from a parting, about -1..1."""
    angle = np.arctan2(u - rng.normal(0, 0.2), 1.2 - v)
    along = np.hypot(u, v + 0.9)
    rough = rng.uniform(0, 0.25) * _noise(rng, size, (5, 5))
    across = (angle + rough * 0.3) * rng.uniform(14, 34)
    table = rng.standard_normal((8, 256)).astype(np.float32)
    column = (across * 4).astype(np.float32) % 255
    row = np.clip(along * 2, 0, 7).astype(np.float32)
    return 0.6 * cv2.remap(table, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _features(
    image: np.ndarray,
    rng: np.random.Generator,
    s: np.ndarray,
    v: np.ndarray,
    soft: float,
    shade: np.ndarray,
    skin: np.ndarray,
    hair: np.ndarray,
    strands: np.ndarray,
) -> None:
    """Eyes, brows, nostrils, mouth, and sometimes glasses. s, v: places on the face, in heads."""
    opened = rng.uniform(0.05, 0.085) if rng.random() < 0.88 else 0.008
    iris = np.asarray(
        ((0.2, 0.12, 0.08), (0.3, 0.42, 0.55), (0.3, 0.36, 0.2))[int(rng.integers(3))]
    )
    look = rng.normal(0, 0.03)
    for side in (-0.32, 0.32):
        x, y = s - side, v + 0.12
        lid = np.abs(y + 0.3 * x**2) - opened * np.sqrt(np.clip(1 - (x / 0.16) ** 2, 0, 1))
        eye = _inside(lid, soft) * (np.abs(x) < 0.16)
        _over(image, np.array([0.9, 0.88, 0.86]) * (0.35 + 0.6 * shade)[..., None], eye)
        ball = np.hypot(x - look, y)
        _over(image, iris * (0.5 + 0.6 * shade)[..., None], eye * _inside(ball - 0.075, soft))
        _over(image, np.full(3, 0.02), eye * _inside(ball - 0.034, soft))
        _over(
            image,
            np.full(3, 1.0),
            0.8 * eye * _inside(np.hypot(x - look - 0.025, y + 0.025) - 0.014, soft),
        )
        upper = np.abs(y + opened + 0.3 * x**2 - 1.5 * x**2) - 0.014
        _over(image, 0.15 * skin, 0.85 * _inside(upper, soft * 1.2) * (np.abs(x) < 0.17))
        fold = np.abs(y + opened + 0.06) - 0.008
        _over(image, 0.5 * skin, 0.4 * _inside(fold, soft * 1.5) * (np.abs(x) < 0.14))
        brow = np.abs(y + 0.19 - 0.35 * x * np.sign(side) * (x * np.sign(side) > 0.04)) - 0.026
        _over(
            image,
            0.6 * hair,
            np.clip(0.8 + 0.5 * strands, 0, 1) * _inside(brow, soft * 2) * (np.abs(x) < 0.19),
        )
        nostril = np.hypot((s - 0.2 * side) / 1.4, v - 0.3) - 0.026
        _over(image, 0.25 * skin, 0.8 * _inside(nostril, soft * 1.5))
    smile = rng.normal(0, 0.35)
    bow = v - 0.55 + smile * s**2
    wide = rng.uniform(0.2, 0.3)
    there = np.sqrt(np.clip(1 - (s / wide) ** 2, 0, 1))
    mouth = rng.uniform(0.04, 0.13) if rng.random() < 0.35 else 0.006
    lips = _inside(np.abs(bow) - (0.06 + mouth * 0.6) * there, soft) * (np.abs(s) < wide)
    rouge = skin * np.array([0.9, 0.6, 0.6]) if rng.random() < 0.7 else np.array([0.7, 0.12, 0.18])
    _over(image, rouge * (0.2 + 0.85 * shade)[..., None], 0.8 * lips)
    inner = _inside(np.abs(bow) - mouth * there, soft) * (np.abs(s) < wide)
    _over(image, np.array([0.18, 0.05, 0.05]), 0.9 * inner)
    if mouth > 0.05:
        teeth = inner * _inside(bow + 0.2 * mouth, soft)
        _over(image, np.array([0.92, 0.9, 0.85]) * (0.4 + 0.6 * shade)[..., None], teeth)
    if rng.random() < 0.25:
        for side in (-0.33, 0.33):
            ring = np.abs(np.hypot((s - side) / 0.22, (v + 0.1) / 0.17) - 1) * 0.18 - 0.014
            _over(image, np.full(3, rng.uniform(0, 0.3)), 0.9 * _inside(ring, soft))
        _over(
            image,
            np.full(3, 0.1),
            0.9 * _inside(np.maximum(np.abs(v + 0.13) - 0.014, np.abs(s) - 0.1), soft),
        )


def draw_hand(image: np.ndarray, rng: np.random.Generator) -> None:
    """A hand of five fingers and a forearm over the image, in place."""
    size = image.shape[0]
    unit = size * float(np.exp(rng.uniform(np.log(0.05), np.log(0.16))))
    x0, y0, lean = size * rng.uniform(0.15, 0.85), size * rng.uniform(0.3, 0.85), rng.normal(0, 0.7)
    light, ambient = _light(rng), rng.uniform(0.15, 0.45)
    skin = np.asarray(SKINS[int(rng.integers(len(SKINS)))]) * rng.uniform(0.85, 1.1)
    pixel_y, pixel_x = np.mgrid[0:size, 0:size].astype(np.float32)
    flip = 1 if rng.random() < 0.5 else -1
    u = flip * ((pixel_x - x0) * np.cos(lean) + (pixel_y - y0) * np.sin(lean)) / unit
    v = ((pixel_y - y0) * np.cos(lean) - (pixel_x - x0) * np.sin(lean)) / unit
    spread = rng.uniform(0.04, 0.22)
    parts = [((0.0, 0.9), (0.0, 14.0), 0.62)]
    for number, length in enumerate((1.25, 1.5, 1.4, 1.05)):
        angle = spread * (number - 1.5) + rng.normal(0, 0.04)
        length *= rng.uniform(0.5, 1.0) if rng.random() < 0.3 else rng.uniform(0.9, 1.1)
        root = (0.42 * (number - 1.5), -0.75 + 0.08 * abs(number - 1.5))
        parts.append(
            (root, (root[0] + length * np.sin(angle), root[1] - length * np.cos(angle)), 0.2)
        )
    thumb = rng.uniform(0.4, 1.1)
    parts.append(((-0.6, 0.3), (-0.6 - 1.1 * np.sin(thumb), 0.3 - 1.1 * np.cos(thumb)), 0.24))
    palm = (((0.0, -0.3), (0.0, 0.5), 0.8),)
    for start, end, thick in (*parts[:1], *palm, *parts[1:]):
        along = np.subtract(end, start)
        share = np.clip(
            ((u - start[0]) * along[0] + (v - start[1]) * along[1]) / (along @ along), 0, 1
        )
        far = np.hypot(u - start[0] - share * along[0], v - start[1] - share * along[1]) / thick
        height = (
            unit * thick * np.sqrt(np.clip(1 - far**2, 0.03, 1)) * (0.5 if thick > 0.5 else 1.0)
        )
        shade, shine = _lit(height, light, ambient, 0.15)
        covered = _inside(far - 1, 2.0 / (unit * thick))
        _over(
            image, np.asarray(0.25 * skin), 0.5 * np.clip(_inside(far - 1.12, 0.3) - covered, 0, 1)
        )
        rosy = 1 - 0.12 * (share * (thick < 0.5))[..., None] * np.array([0.0, 1.0, 1.0])
        _over(image, skin * rosy * shade[..., None] + shine[..., None], covered)
        if thick < 0.22:
            nail = np.hypot((share - 0.9) * 6, far * 1.9) - 1
            _over(image, np.minimum(1, skin * 1.15), 0.45 * _inside(nail, 0.4))
