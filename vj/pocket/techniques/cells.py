"""Techniques of cells, dots, lines and lattices: the patterns of `lattice` bent to a picture.

A cell's colour is the picture's at the cell's own point (Haeberli 1990, "Paint by numbers"); where
the picture is busy, cells let more of it through, so that a face of a few cells stays a face.
"""

from __future__ import annotations

import numpy as np

from vj.pocket.patterns import CELL, DOT
from vj.pocket.techniques.light import bell, busy, clear_luma, fetch, glint
from vj.pocket.techniques.lines import contour_lines, marble, neon
from vj.pocket.techniques.subject import LUMA, Painted, Subject, Technique, in_own_colours, step

PAPER = np.array([0.965, 0.945, 0.90], np.float32)
"""Warm white."""
CMY = (
    np.array([0.05, 0.62, 0.86], np.float32),
    np.array([0.90, 0.10, 0.50], np.float32),
    np.array([0.98, 0.86, 0.08], np.float32),
)
"""Printer's cyan, magenta and yellow."""


def _clear_picture(subject: Subject, soft: float = 1.0) -> np.ndarray:
    """(H, W, 3): the picture, blurred by so many units, with weak local contrast raised."""
    soft_picture = subject.blur(subject.image, soft)
    more = clear_luma(subject, soft) - soft_picture @ LUMA
    out: np.ndarray = np.clip(soft_picture + more[..., None], 0, 1)
    return out


def _lead(subject: Subject, soft: float, low: float, high: float) -> np.ndarray:
    """(H, W) 0..1: thin lines on the dark side of the picture's contours (difference of Gaussians,
    Winnemoeller et al. 2012), relative to the contrast about them."""
    fine = subject.blur(subject.luma, soft)
    wide = subject.blur(subject.luma, 1.8 * soft)
    lines: np.ndarray = step(low, high, (wide - fine) / (0.25 + wide))
    return lines


def _turned(picture: np.ndarray, chance: np.ndarray, turn: float, chroma: float) -> np.ndarray:
    """The picture's colours with their hues turned by turn * chance (radians) and their chroma
    multiplied; the luma stays."""
    luma = picture @ LUMA
    red, blue = picture[..., 0] - luma, picture[..., 2] - luma
    cos, sin = chroma * np.cos(turn * chance), chroma * np.sin(turn * chance)
    new_red, new_blue = cos * red - sin * blue, sin * red + cos * blue
    green = -(LUMA[0] * new_red + LUMA[2] * new_blue) / LUMA[1]
    return np.dstack([luma + new_red, luma + green, luma + new_blue])


def pointillism(subject: Subject) -> Painted:
    """Dots of unmixed colour on primed canvas, as Seurat and Signac set them: every dot one colour,
    its hue off to one side or the other of what it stands for."""
    around = busy(subject)
    x, y = subject.pattern("dot_x"), subject.pattern("dot_y")
    chance, grain = subject.pattern("dot_chance"), subject.pattern("grain")
    keep = DOT * 0.9 * (1 - 0.8 * around)
    picture = _clear_picture(subject, 0.9)
    colour = fetch(subject, picture, -keep * x, -keep * y)
    dark = 1 - colour @ LUMA
    radius = 2.8 + 0.45 * chance + 0.7 * dark
    far = DOT * np.hypot(x, y)
    disc = step(0.7, -0.7, far - radius) * step(0.1, 1.0, DOT * subject.pattern("dot_border"))
    colour = _turned(colour, chance, 0.5, 1.6) + (0.13 * chance + 0.05 * grain)[..., None]
    # Some dots are of the other colour: warm light among cool shade, and the reverse.
    warm = (
        np.array([0.16, 0.02, -0.20], np.float32)
        * (bell(chance, 0.75, 0.3) * (1 - 0.6 * around))[..., None]
    )
    cool = (
        np.array([-0.14, 0.0, 0.20], np.float32)
        * (bell(chance, -0.75, 0.3) * (1 - 0.6 * around))[..., None]
    )
    colour = colour + warm + cool
    bare = ((0.3 + 0.5 * (picture @ LUMA)) * (1 - 0.5 * around))[..., None]
    ground = bare * PAPER + (1 - bare) * picture
    colour = np.clip(ground + (colour - ground) * disc[..., None], 0, 1)
    return Painted(colour @ LUMA, colour)


def stained_glass(subject: Subject) -> Painted:
    """Leaded glass, lit from behind: panes of deep colour, brightest in their middles, black came
    between them and along the picture's contours; in faces the came is painted line, as in churches
    (grisaille)."""
    around = busy(subject)
    x, y = subject.pattern("from_x"), subject.pattern("from_y")
    border, chance = CELL * subject.pattern("border"), subject.pattern("chance")
    reach = CELL * 0.8 * (1 - around)
    picture = _clear_picture(subject, 1.5)
    pane = fetch(subject, picture, -reach * x, -reach * y)
    luma = pane @ LUMA
    glow = 0.80 + 0.30 * step(0.5, 7.0, border)
    pane = _turned(pane, chance * (1 - 0.7 * around), 0.4, 2.1)
    tint = 0.13 * (1 - 0.85 * around) * chance
    pane = (pane + np.dstack([tint, 0 * tint, -tint])) * (1 + 0.26 * chance * (1 - 0.8 * around))[
        ..., None
    ]
    streak = 0.035 * subject.texture * (1 - 0.5 * around)
    came = 1 - step(0.7, 1.9, border)
    line = _lead(subject, 1.3, 0.025, 0.085)
    dark = np.maximum(came * (1 - 0.72 * around), line)
    lit = (glow + streak) * (0.9 + 0.25 * luma)
    colour = np.clip(pane * lit[..., None], 0, 1) * (1 - 0.96 * dark)[..., None]
    shine = 0.10 * bell(border, 1.2, 0.6) * (1 - around)
    colour = np.clip(colour + (shine * (1 - line))[..., None] + 0.02, 0, 1)
    tone = np.clip(0.08 + 1.05 * (colour @ LUMA) * (1 + 0.25 * step(0.6, 1.0, luma)), 0, 1.1)
    return Painted(tone * (1 - 0.9 * dark), colour)


def mosaic(subject: Subject) -> Painted:
    """Roman tesserae: small square stones, turned along the contours (opus vermiculatum; after
    Hausner 2001), each of one colour, bevelled, in grey mortar."""
    around = busy(subject)
    x, y = subject.pattern("dot_x"), subject.pattern("dot_y")
    chance, border = subject.pattern("dot_chance"), DOT * subject.pattern("dot_border")
    # A square looks the same after a quarter turn: four times the angle has no sign to mind. Where
    # the picture has no direction the squares stand upright.
    cos, sin = subject.form.along_x, subject.form.along_y
    turned = cos * cos - sin * sin + 1 - np.minimum(1, cos * cos + sin * sin)
    angle = 0.25 * np.arctan2(2 * cos * sin, turned)
    along, aside = np.cos(angle), np.sin(angle)
    u, v = x * along + y * aside, y * along - x * aside
    square = DOT * np.maximum(np.abs(u), np.abs(v))
    inside = np.minimum(3.5 - square, border)
    keep = DOT * 0.95 * (1 - 0.8 * around)
    picture = _clear_picture(subject, 0.9)
    stone = fetch(subject, picture, -keep * x, -keep * y)
    stone = (
        _turned(stone, chance, 0.22, 1.5) + (0.11 * chance * (1 - 0.5 * around))[..., None] + 0.03
    )
    # A bevel: light on the upper left, shade on the lower right.
    edge = 1 - step(0.6, 2.2, inside)
    bevel = edge * np.tanh(-3 * (x + y)) * 0.13
    mortar = (1 - step(0.0, 1.0, inside)) * (1 - 0.45 * around)
    mortar = np.maximum(mortar, 0.85 * _lead(subject, 1.0, 0.03, 0.10))
    bed = 0.06 + 0.42 * (picture @ LUMA)
    stone = stone + bevel[..., None]
    colour = np.clip(stone + (bed[..., None] - stone) * mortar[..., None], 0, 1)
    return Painted(np.clip(1.06 * (colour @ LUMA) - 0.02, 0, 1.1), colour)


def crystal(subject: Subject) -> Painted:
    """Cut crystal: every cell a gem of five flat facets, each mirroring another part of
    the picture and the light, with bright ridges between."""
    around = busy(subject)
    x, y = subject.pattern("from_x"), subject.pattern("from_y")
    chance, border = subject.pattern("chance"), CELL * subject.pattern("border")
    turn = 3.0 * chance
    best = np.full_like(x, -9)
    second = best.copy()
    facet_x, facet_y = np.zeros_like(x), np.zeros_like(x)
    for number in range(5):
        angle = turn + np.float32(2 * np.pi / 5 * number)
        toward_x, toward_y = np.cos(angle), np.sin(angle)
        far = x * toward_x + y * toward_y
        closer = far > best
        second = np.where(closer, best, np.maximum(second, far))
        facet_x, facet_y = np.where(closer, toward_x, facet_x), np.where(closer, toward_y, facet_y)
        best = np.maximum(best, far)
    ridge = CELL * 0.85 * (best - second)
    light = -0.55 * facet_x - 0.75 * facet_y
    picture = _clear_picture(subject, 1.2)
    reach = 1 - 0.9 * around
    there_x = reach * (-CELL * x + 5.0 * facet_x)
    there_y = reach * (-CELL * y + 5.0 * facet_y)
    seen = _turned(fetch(subject, picture, there_x, there_y), chance, 0.2, 1.2)
    luma = seen @ LUMA
    # The facets' ridges and the cells' borders are soft steps, not jumps.
    soft = step(0.0, 1.6, np.minimum(ridge, border))
    shade = (0.30 - 0.17 * around) * light * soft + 0.10 * chance * (1 - around)
    bright = 0.24 * bell(ridge, 0, 0.9) * step(0.5, 3, border) + 0.42 * bell(border, 0, 0.9)
    bright = bright * (1 - 0.6 * around)
    tone = 0.06 + 0.92 * luma + shade * (0.35 + 0.65 * luma) + bright * (0.35 + 0.5 * luma)
    tone += 0.35 * step(0.72, 0.9, light * soft + 0.25 * chance) * (1 - around)
    tone = np.clip(tone - 0.4 * _lead(subject, 1.1, 0.05, 0.14), 0, 1.2)
    colour = np.clip(np.minimum(tone, 1.1)[..., None] + seen - luma[..., None], 0, 1)
    return Painted(tone, colour)


def _dots(screen: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """(H, W) 0..1: a screen's dots where so much ink, 0..1, is asked for. The cosine makes their
    area about right."""
    soft = 0.42
    threshold = 1.04 * np.cos(np.pi * np.clip(ink, 0, 1))
    return step(-soft, soft, screen - threshold) * step(0.01, 0.10, ink)


def halftone(subject: Subject) -> Painted:
    """Newsprint: black dots on paper that grow with the darkness; in its own colours one screen
    each of cyan, magenta, yellow, set beside each other, and a black one."""
    luma = clear_luma(subject, 0.8, 1.2)
    screen = subject.pattern("screen")
    black = _dots(screen, np.clip(1.04 - 1.02 * luma, 0, 1))
    tone = 0.98 - 0.96 * black
    # More colour than the picture has: newsprint has no greys but the black dots.
    picture = _turned(subject.blur(subject.image, 1.2), np.zeros_like(luma), 0.0, 1.5)
    picture = picture + (luma - picture @ LUMA)[..., None]
    colour = np.broadcast_to(PAPER, picture.shape).copy()
    half = 2.5
    for channel, (away_x, away_y) in enumerate(((half, 0.0), (0.0, half), (-half, 0.0))):
        moved = fetch(subject, screen, np.full_like(luma, away_x), np.full_like(luma, away_y))
        ink = np.clip(0.95 - 0.95 * picture[..., channel], 0, 1)
        dots = 0.9 * _dots(moved, ink)
        colour *= 1 - dots[..., None] * (1 - CMY[channel])
    key = _dots(screen, np.clip(0.75 - 1.5 * luma, 0, 1))
    colour *= 1 - 0.88 * key[..., None]
    return Painted(tone, colour)


def circuit(subject: Subject) -> Painted:
    """A circuit board at night: conductors glow as bright as the picture is, its contours are
    conductors too, the board shows the rest dimly."""
    luma = clear_luma(subject, 1.0, 1.3)
    around = busy(subject)
    away = 4.0 * subject.pattern("trace")
    wire = 1 - step(0.3, 1.4, away)
    halo = bell(away, 0.0, 2.4)
    contour = step(0.10, 0.5, subject.edges(0.9) / (0.5 + subject.blur(subject.edges(0.9), 4)))
    contour *= step(0.03, 0.10, subject.edges(1.2))
    live = 0.06 + 1.0 * luma * luma
    board = 0.03 + 0.37 * luma * (1 + 1.3 * around)
    tone = board + (wire * 0.52 + 0.18 * halo) * live * (1 - 0.65 * around)
    tone += 0.42 * contour * (0.35 + live)
    tone += 0.16 * bell(away, 0, 0.7) * step(0.55, 0.95, luma) * (1 - around)
    tone = np.clip(tone, 0, 1.2)
    colour = in_own_colours(subject, tone, 2.0, 1.3)
    # Solder mask is green, what glows on it is too, paler.
    green = np.array([-0.06, 0.07, 0.0], np.float32) * (1 - wire)[..., None]
    green += np.array([-0.12, 0.16, 0.02], np.float32) * (wire * live * (1 - around))[..., None]
    return Painted(tone, np.clip(colour + green, 0, 1))


def scales(subject: Subject) -> Painted:
    """Scales of a fish or a dragon: overlapping, domed and glossy, lying over the picture's own
    relief."""
    # The pattern jumps at the rims; a blur of less than a unit makes steps of it.
    away = subject.blur(subject.pattern("scale"), 0.7)
    around = busy(subject)
    luma = clear_luma(subject, 0.9, 1.2)
    dome = np.sqrt(np.maximum(0.03, 1.05 - away * away))
    height = 0.045 * (1 - 0.55 * around) * dome
    height = height + 0.6 * subject.blur(subject.luma, 1.2) + 0.5 * subject.blur(subject.luma, 4)
    normals = subject.normals(height, 45)
    right, up = normals[..., 0], -normals[..., 1]
    lies = 1 - 0.6 * around
    rim = step(0.74, 0.94, away) * lies
    tone = 0.05 + 0.84 * luma + 0.20 * np.tanh(2 * up - right) + 0.16 * (0.5 - away) * lies
    tone = tone * (1 - 0.6 * rim)
    tone += (
        0.6 * glint(normals, (-0.25, -0.66, 0.71), 22) + 0.14 * bell(away, 0.62, 0.1) * lies * luma
    )
    tone = np.clip(tone, 0, 1.2)
    # Iridescence: the hue turns from the root of a scale to its rim.
    seen = _turned(subject.blur(subject.image, 1.5), (away - 0.5) * lies, 0.5, 1.4)
    shimmer = np.dstack([0.12 * (away - 0.5), 0 * away, 0.14 * (0.5 - away)]) * lies[..., None]
    apart = seen - (seen @ LUMA)[..., None]
    return Painted(tone, np.clip(np.minimum(tone, 1)[..., None] + apart + shimmer, 0, 1))


CELLS: dict[str, Technique] = {
    "pointillism": pointillism,
    "stained glass": stained_glass,
    "mosaic": mosaic,
    "crystal": crystal,
    "halftone": halftone,
    "circuit": circuit,
    "scales": scales,
    "neon": neon,
    "contour lines": contour_lines,
    "marble": marble,
}
