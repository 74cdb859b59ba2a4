"""Techniques of light and of lines: neon, contour lines, marble."""

from __future__ import annotations

import numpy as np

from vj.pocket.patterns import CELL
from vj.pocket.techniques.light import bell, broad, busy, calm_texture, clear_luma, fetch, glint
from vj.pocket.techniques.subject import Painted, Subject, in_own_colours, step

LEVELS = 11
"""Contour lines between black and white."""


def neon(subject: Subject) -> Painted:
    """Neon tubes bent along the contours on near black: a white-hot core, saturated glass, light on
    what is near. Hue by the direction of the contour, blended with the picture's brightness."""
    luma = subject.blur(subject.luma, 1.0)
    across, down = subject.slope(luma)
    steep = np.sqrt(across * across + down * down)  # not cv2.magnitude, see `Subject.confidence`
    steep = subject.smear(steep, 2.0)
    # Relative to what is near, so that features of a face burn beside a silhouette.
    near = broad(subject, steep, 5.0)
    tube = step(0.16, 1.0, 0.95 * steep / (0.010 + 1.15 * near)) * step(0.006, 0.022, steep)
    strong = step(0.004, 0.07, steep)
    tube = tube * (0.25 + 0.75 * strong)
    along, aside = subject.form.along_x, subject.form.along_y
    hue = 0.62 + 0.5 * broad(subject, subject.luma, 6.0) + 0.20 * along + 0.16 * aside
    turns = 2 * np.pi * hue
    glass = np.dstack([0.5 + 0.5 * np.cos(turns + np.float32(o)) for o in (0.0, -2.1, 2.1)])
    glass = glass / glass.max(2, keepdims=True)
    lamp = glass * tube[..., None]
    glow = 0.85 * subject.blur(lamp, 1.2) + 0.55 * broad(subject, lamp, 3.5)
    glow += 0.75 * broad(subject, lamp, 8.0)
    core = step(0.45, 1.0, tube) * strong
    dim = clear_luma(subject) * 0.10
    base = np.array([0.025, 0.01, 0.06], np.float32) + dim[..., None] * np.array(
        [0.7, 0.4, 1.2], np.float32
    )
    colour = np.clip(base + glow + 0.65 * core[..., None], 0, 1)
    bright = (
        0.5 * subject.blur(tube, 1.2)
        + 0.35 * broad(subject, tube, 3.5)
        + 0.5 * broad(subject, tube, 8.0)
    )
    tone = np.clip(0.02 + dim + bright + 0.45 * core, 0, 1.25)
    return Painted(tone, colour)


def contour_lines(subject: Subject) -> Painted:
    """A map of the luma: isolines of its soft blur, tinted steps between, each a little lit from
    the upper left as on relief maps (Tanaka 1950); every line as wide as the next."""
    soft = subject.blur(subject.luma, 2.4)
    height = soft + 0.45 * (soft - broad(subject, subject.luma, 7.0))
    height = height + 0.006 * subject.blur(calm_texture(subject, 1.0, 0.2), 3.0)
    level = LEVELS * height
    across, down = subject.slope(subject.blur(level, 0.8))
    steep = np.hypot(across, down)
    below = np.floor(level)
    part = level - below
    # The distance to the nearest isoline in units; flat places have none, nor hard steps: they
    # would dance with the camera's noise.
    away = np.minimum(part, 1 - part) / (steep + 0.02)
    line = (1 - step(0.3, 1.3, away)) * step(0.015, 0.08, steep) * (1 - 0.4 * busy(subject))
    # Where they crowd they would be a smear: the steps say it there.
    line = line * (1 - 0.8 * step(0.35, 0.9, steep))
    # Every step up has a soft edge of about one line's width.
    width = np.clip(np.maximum(0.8 * steep, 0.4 - 4 * steep), 0.06, 0.5)
    up = step(0, 1, 0.5 + part / (2 * width)) + step(0, 1, 0.5 + (part - 1) / (2 * width))
    tint = (below - 0.5 + up) / LEVELS
    lit = np.clip(-(across * 0.6 + down * 0.8) * 0.25, -0.12, 0.12)
    tone = 0.14 + 0.80 * tint + lit
    tone = np.clip(tone * (1 - 0.80 * line), 0, 1)
    return Painted(tone, in_own_colours(subject, tone, 2.5, 1.2))


def marble(subject: Subject) -> Painted:
    """Polished marble: the picture as its clouds, veins along the form, fine and dark with a light
    rim, and a gloss on the relief."""
    around = busy(subject)
    luma = clear_luma(subject)
    texture = subject.texture
    broad = subject.blur(texture, 2.0)
    # Cracks that healed: the large cells' borders, bent by the texture, some open, some not.
    away = CELL * fetch(
        subject, subject.pattern("border"), 4.0 * broad, 4.0 * subject.blur(texture, 3.0)
    )
    open_ = step(-0.4, 0.9, np.sin(6 * subject.pattern("chance")) + 0.6 * broad)
    vein = bell(away, 0.0, 0.9) * (0.15 + 0.85 * open_) + 0.40 * bell(away, 0.8, 2.6) * open_
    # Fine ones run along the form.
    vein = vein + 0.35 * step(0.9, 1.9, np.abs(subject.blur(texture, 0.6)))
    vein = np.minimum(1, vein) * (1 - 0.6 * around)
    height = 0.8 * subject.blur(subject.luma, 1.2) + 0.9 * subject.blur(subject.luma, 3.5)
    height = height + 0.004 * broad
    normals = subject.normals(height, 38)
    tone = 0.20 + 0.70 * luma + 0.05 * broad * (1 - 0.6 * around) - 0.24 * normals[..., 1]
    # White veins in black stone, dark ones in white.
    tone = tone + vein * (0.30 - 0.66 * step(0.1, 0.6, luma))
    tone += 0.35 * glint(normals, (-0.42, -0.62, 0.66), 30)
    tone = np.clip(tone, 0, 1.15)
    colour = in_own_colours(subject, tone, 3.0, 0.6)
    ivory = np.array([0.03, 0.01, -0.03], np.float32) * tone[..., None]
    return Painted(tone, np.clip(colour + ivory, 0, 1))
