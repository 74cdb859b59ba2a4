"""Materials: metal, chrome, ice, wax and lava. The luma is a relief that a drawn studio lights.

The picture's luma at several scales is taken for the height of a surface (shape from shading,
turned round), and what that surface mirrors is a curve over its normals, a lit sphere in one
dimension (Sloan et al. 2001). It measures nothing: it has to look like metal.
"""

from __future__ import annotations

import numpy as np

from vj.pocket.patterns import CELL
from vj.pocket.techniques.light import (
    bell,
    broad,
    busy,
    calm_texture,
    clear_luma,
    fetch,
    glint,
)
from vj.pocket.techniques.subject import Painted, Subject, Technique, in_own_colours, step

KEY = (-0.42, -0.62, 0.66)
"""The key light: from the upper left, towards us."""


def _height(
    subject: Subject, scales: tuple[tuple[float, float], ...], texture: np.ndarray
) -> np.ndarray:
    """The luma blurred by several units, weighted, (units, weight) each, and a texture on it.

    The finest one counts only where there is form: polish would show a camera's noise on a wall.
    """
    (finest, first), (second, _) = scales[:2]
    coarse = broad(subject, subject.luma, second)
    form = step(0.006, 0.024, broad(subject, subject.edges(1.2), 4.0))
    total = texture + first * (coarse + form * (subject.blur(subject.luma, finest) - coarse))
    for units, weight in scales[1:]:
        total += weight * (coarse if units == second else broad(subject, subject.luma, units))
    return total


def metal(subject: Subject) -> Painted:
    """Polished cast metal: a statue in a studio with a window above, a dark floor and a key light.

    Its relief is broad (3 and 7 units) with a fine one on it; the luma keeps the greater part of
    the tone, so that hair stays dark and faces stay faces.
    """
    texture = 0.010 * subject.blur(calm_texture(subject, 0.22, 1.0), 0.8)
    height = _height(subject, ((1.2, 0.9), (3.0, 0.8), (7.0, 0.6)), texture)
    normals = subject.normals(height, 50)
    right, up = normals[..., 0], -normals[..., 1]
    # Floor, wall, window, and strips of light at the side.
    room = (
        0.38 + 0.30 * np.tanh(2.0 * up) + 0.34 * bell(up, 0.24, 0.2) - 0.14 * bell(up, -0.34, 0.16)
    )
    room += 0.14 * np.sin(5 * right + 2 * up)
    luma = clear_luma(subject, 0.9, 1.5)
    outline = 2.0 * np.maximum(0, subject.blur(subject.luma, 2.4) - subject.blur(subject.luma, 0.9))
    tone = 0.42 + 0.74 * (luma - 0.5) + 0.46 * (room - 0.40) - np.minimum(outline, 0.35)
    tone += 0.75 * glint(normals, KEY, 18) + 0.12 * glint(normals, KEY, 4)
    tone = np.clip(tone, 0, 1.25)
    return Painted(tone, in_own_colours(subject, tone, 1.0, 0.9))


def chrome(subject: Subject) -> Painted:
    """Chrome as airbrush painters draw it: a pale sky that darkens upwards, white haze, a hard dark
    horizon, a ground that grows light again towards the feet.

    Flat places lie in the even part of the sky: the camera's noise must not tip them over the
    horizon.
    """
    texture = 0.008 * subject.blur(calm_texture(subject, 0.1, 1.0), 1.2)
    height = _height(subject, ((1.5, 1.0), (3.0, 0.7), (6.0, 0.3)), texture)
    normals = subject.normals(height, 26)
    right, up = normals[..., 0], -normals[..., 1]
    horizon = up + 0.26 + 0.12 * right
    sky = 0.62 + 0.38 * bell(horizon, 0.08, 0.12) - 0.30 * step(0.3, 0.62, horizon)
    sky += 0.62 * bell(horizon, 0.80, 0.12)
    ground = 0.10 + 0.62 * step(-0.08, -0.62, horizon)
    above = step(-0.08, 0.08, horizon)
    room = ground + (sky - ground) * above
    # In a face the mirror is dulled, or the horizon would cut it to pieces; contours keep it.
    dull = 0.75 * busy(subject) * (1 - step(0.12, 0.35, subject.edges(1.5)))
    room = room + (0.64 + 0.45 * up - room) * dull
    luma = clear_luma(subject, 0.9, 1.8)
    outline = 2.0 * np.maximum(0, subject.blur(subject.luma, 2.2) - subject.blur(subject.luma, 0.9))
    # The steep curve of polished steel: lights run to white, shades to black.
    tone = room * (0.16 + 0.95 * luma) + 0.36 * (luma - 0.4) - np.minimum(outline, 0.3)
    tone = tone + 0.35 * (step(0.05, 0.95, tone) - tone)
    tone += 0.9 * glint(normals, KEY, 40) + 0.5 * glint(normals, (0.7, -0.2, 0.69), 50)
    tone = np.clip(tone, 0, 1.25)
    colour = in_own_colours(subject, tone, 1.5, 0.35)
    # A blue sky above, a warm ground below.
    tint = np.array([-0.05, 0.0, 0.08], np.float32) * (2 * above - 1)[..., None]
    return Painted(tone, np.clip(colour + tint * np.clip(1.1 - tone, 0, 1)[..., None], 0, 1))


def ice(subject: Subject) -> Painted:
    """A block of ice or cast glass with the picture frozen in: its facets refract it, cracks run
    where they meet, rims and bubbles catch the light, deep places are clear and dark."""
    around = busy(subject)
    facet = 1 - 0.8 * around
    chance = subject.pattern("chance")
    texture = calm_texture(subject, 0.3, 0.9)
    height = _height(
        subject, ((1.3, 0.9), (3.0, 0.8), (7.0, 0.6)), 0.012 * subject.blur(texture, 0.8)
    )
    normals = subject.normals(height, 55)
    right, up = normals[..., 0], -normals[..., 1]
    luma = clear_luma(subject, 0.9, 1.8)
    # Refraction: a surface that turns shifts what is seen through it, and every facet by its own.
    x, y = subject.pattern("from_x"), subject.pattern("from_y")
    bent_x = 1.5 * right + 2.6 * facet * np.sin(9 * chance)
    bent_y = -1.5 * up + 2.6 * facet * np.cos(9 * chance)
    through = fetch(subject, luma, bent_x, bent_y)
    wave = subject.blur(subject.texture, 2.0)
    border = CELL * subject.pattern("border") + 1.5 * wave
    open_ = (0.15 + 0.85 * facet) * step(-0.5, 0.4, np.sin(7 * chance))
    crack = bell(border, 0.3, 0.8) * open_
    shade = bell(border, -1.6, 1.6) * open_
    # One plane in each facet, lit by its slope.
    plane = facet * (np.sin(9 * chance) * x + np.cos(9 * chance) * y)
    rim = 1 - normals[..., 2]
    tone = 0.00 + 0.80 * through + 0.07 * facet * np.sin(5 * chance) + 0.16 * plane
    tone += 0.30 * np.tanh(2.2 * up) * (0.35 + rim) + 0.16 * rim
    tone += 0.42 * crack - 0.12 * shade + 0.05 * texture
    tone += 0.7 * glint(normals, (-0.3, -0.75, 0.59), 36) + 0.5 * glint(
        normals, (0.6, -0.3, 0.74), 40
    )
    tone = np.clip(tone, 0, 1.25)
    colour = in_own_colours(subject, 0.10 + 0.9 * tone, 1.5, 0.55)
    # What is deep is blue: ice swallows the red.
    deep = np.clip(1.05 - tone, 0, 1)[..., None]
    return Painted(tone, np.clip(colour + deep * np.array([-0.16, 0.0, 0.12], np.float32), 0, 1))


def wax(subject: Subject) -> Painted:
    """Jade, wax or soap: light goes in and comes out elsewhere (subsurface scattering, Jensen et
    al. 2001), so shadows are soft and thin places glow; the polish shows in few broad lights."""
    cloud = subject.blur(calm_texture(subject, 0.8, 0.5), 2.5)
    height = _height(subject, ((1.6, 0.6), (3.5, 1.0), (7.0, 0.8)), 0.008 * cloud)
    normals = subject.normals(height, 36)
    luma = clear_luma(subject, 1.0, 1.3)
    soft = subject.blur(luma, 4.0)
    inside = 0.75 * luma + 0.25 * soft
    lit = normals @ np.array(KEY, np.float32) - 0.66
    # Thin is what lies beside a contour.
    thin = subject.blur(subject.edges(1.5), 3.0)
    tone = 0.16 + 0.72 * inside + 0.32 * lit + 0.20 * thin + 0.06 * cloud
    tone += 0.42 * glint(normals, KEY, 22) + 0.10 * glint(normals, KEY, 5)
    tone = np.clip(tone, 0.05, 1.1)
    # Light that has been inside is warm and more saturated.
    colour = in_own_colours(subject, tone, 3.0, 1.35)
    return Painted(
        tone, np.clip(colour + thin[..., None] * np.array([0.10, 0.02, -0.08], np.float32), 0, 1)
    )


def lava(subject: Subject) -> Painted:
    """Lava: a dark crust in relief; cracks run along the form and the contours, and open where the
    picture is light, until the lights are molten."""
    around = busy(subject)
    luma = clear_luma(subject, 0.9, 1.3)
    broad = subject.blur(subject.texture, 1.6)
    # A crack is where the smeared noise passes through 0: a thin line along the form.
    ridge = np.exp(-(broad * broad) / 0.06)
    height = _height(subject, ((1.0, 0.9), (3.0, 0.9)), -0.02 * ridge)
    normals = subject.normals(height, 60)
    lit = np.tanh(-2 * normals[..., 1] - normals[..., 0])
    crust = 0.06 + (0.24 + 0.22 * around) * luma + 0.10 * lit * (0.3 + luma) + 0.02 * broad
    fine, wide = subject.blur(subject.luma, 1.0), subject.blur(subject.luma, 2.6)
    contour = step(0.012, 0.09, np.abs(fine - wide))
    near = step(0.0, 0.3, around)
    open_ = ridge * (0.08 + 0.46 * luma) * (0.72 + 0.28 * near - 0.55 * around)
    hot = (
        open_
        + 0.50 * contour * (0.35 + luma)
        + 0.75 * step(0.42, 1.0, luma) * (0.45 + 0.45 * around)
    )
    heat = step(0.10, 1.05, hot)
    glow = subject.blur(heat, 3.0)
    tone = crust + 0.95 * heat + 0.24 * glow
    tone = np.clip(tone, 0, 1.2)
    colour = in_own_colours(subject, tone, 2.0, 1.3)
    ember = (heat * (1.2 - heat))[..., None] * np.array([0.45, 0.0, -0.40], np.float32)
    return Painted(tone, np.clip(colour + ember, 0, 1))


MATERIALS: dict[str, Technique] = {
    "metal": metal,
    "chrome": chrome,
    "ice": ice,
    "wax": wax,
    "lava": lava,
}
