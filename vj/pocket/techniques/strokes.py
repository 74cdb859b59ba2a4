"""Techniques of strokes that follow the form, wet ones; the dry ones are in `dry_media`.

All share three things. The *light* of a picture: its luma with low local contrast raised, so that a
face against a window is still a face. The *calm*: strokes are loud about what the picture shows,
low on blank walls and in fine detail. And *lines*: the texture field as lines of one amplitude.
"""

from __future__ import annotations

import numpy as np

from vj.pocket.techniques.dry_media import charcoal, engraving, pastel, pencil, woodcut
from vj.pocket.techniques.forms import (
    PERIOD,
    calm,
    dragged,
    fine,
    laid_on,
    light,
    mixed,
    noise,
    outline,
    shifted,
    stairs,
    streaks,
)
from vj.pocket.techniques.subject import LUMA, Painted, Subject, Technique, in_own_colours, step

LAMP = np.array([-0.50, -0.60, 0.62], np.float32)
"""Where the light comes from: the upper left, half above the canvas."""


def _lit(subject: Subject, height: np.ndarray, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """How much brighter than flat canvas the surface is, about -.6..+.4, and its gloss, 0..1."""
    facing = subject.normals(height, depth) @ LAMP
    return facing - LAMP[2], step(0.86, 1.0, facing)


def _paint(subject: Subject, broad: float, drag: float, depth: float, planes: float) -> Painted:
    """Paint laid on in strokes: colour dragged along the form, ridges lit from the upper left.

    broad: units, the bristles. drag: units, how far a stroke carries its colour. planes: 0..1, how
    far its tones are cut into few, as a knife does.
    """
    bristles = noise(subject, broad)
    carried = subject.blur(dragged(subject, subject.image, drag), 0.4 * broad)
    around = subject.blur(carried, 1.5 + broad)
    loud = calm(subject, 0.26) * (1 - 0.6 * fine(subject))
    # A stroke picks up what lies beside it: ragged borders where colours meet.
    borrowed = np.clip(0.5 * bristles, -0.6, 0.9)[..., None] * (around - carried)
    sharp = carried @ LUMA
    sharp = 0.9 * (sharp - subject.blur(sharp, 2.0 + broad))[..., None]
    colour = carried + borrowed + sharp
    grey = (colour @ LUMA)[..., None]
    colour = grey + 1.45 * (colour - grey)
    tone = light(subject)
    cut = stairs(tone + 0.07 * loud * bristles, 4.5)
    tone = tone + planes * (cut - tone)
    colour += 0.6 * (tone - subject.luma)[..., None]
    # No two strokes were mixed alike: one warmer, one cooler, one lighter.
    colour *= 1 + (0.13 * loud * bristles)[..., None] * np.array([1.2, 1.0, 0.7], np.float32)
    shade, shine = _lit(subject, loud * np.tanh(0.9 * bristles) + 0.8 * tone, depth)
    relief = 0.55 * shade + 0.26 * shine * loud
    colour = np.clip(colour + relief[..., None], 0, 1)
    return Painted(np.clip(0.97 * tone + 0.10 * loud * bristles + relief, 0, 1.2), colour)


def oil(subject: Subject) -> Painted:
    """Oil on canvas: strokes along the form, fine ridges of paint lit from the upper left."""
    return _paint(subject, broad=0.7, drag=3.5, depth=1.8, planes=0.3)


def impasto(subject: Subject) -> Painted:
    """Paint laid on thickly with a knife: oil, broader, flatter in colour, deep in relief."""
    return _paint(subject, broad=2.0, drag=5, depth=5.0, planes=1.0)


def ink(subject: Subject) -> Painted:
    """Brush and ink (sumi-e): black strokes where it is dark, a grey wash between, bare paper."""
    tone, brush = light(subject), noise(subject, 0.6)
    loud = calm(subject, 0.6)
    dark = 1 - tone + 0.2 * outline(subject)
    wet = step(0.40, 0.80, dark + 0.20 * (loud - 0.25) * (1 - 0.6 * fine(subject)) * brush)
    # Dry brush: bare paper streaks within the black.
    dry = step(0.7, 2.0, -brush) * step(1.1, 0.7, dark)
    wash = 0.34 * step(0.30, 0.72, dark + 0.04 * loud * noise(subject, 3.0))
    wash *= 1 + 0.15 * subject.pattern("grain")
    cover = np.clip(np.maximum(wet * (1 - 0.5 * dry), wash), 0, 1)
    black = 0.06 + 0.25 * mixed(subject, 2.0, 1.0) * (1 - wet)[..., None]
    return Painted(1 - cover, laid_on(np.array([0.96, 0.94, 0.89], np.float32), black, cover))


def watercolour(subject: Subject) -> Painted:
    """Watercolour: transparent washes on white paper, dark where a wash dried at its edge, pigment
    settled in the paper's grain, blooms (after Bousseau, Kaplan, Thollot and Sillion 2006)."""
    grain = subject.pattern("grain")
    pool = 8.0 * subject.blur(grain, 5.0)
    # Wet borders run a little, not where small things are drawn.
    run = 1.5 * (1 - np.minimum(1, 1.4 * fine(subject)))
    over, down = run * np.tanh(2.5 * subject.blur(grain, 1.6)), run * np.tanh(noise(subject, 1.6))
    tone = shifted(subject, light(subject), over, down)
    wash = subject.blur(shifted(subject, dragged(subject, subject.image, 4), over, down), 1.0)
    near, far = subject.blur(tone, 1.0), subject.blur(tone, 3.5)
    edge = np.abs(near - far)
    bloom = np.exp(-(((pool - 0.5) / 0.16) ** 2))
    # Glazes, one over the other, each darker along its edge.
    glazed = near + 0.05 * pool
    rim = np.float32(0.5) - 0.5 * np.cos(PERIOD * 3.5 * glazed + 0.9)
    tone = tone + 0.8 * (stairs(glazed, 3.5) - near)
    density = 1 + 0.16 * np.tanh(1.5 * pool) + 0.09 * grain + 3.4 * edge + 0.14 * bloom
    density += 0.24 * rim * rim
    # Beer and Lambert: the paper's white, less what the pigment of its thickness takes away.
    grey = (wash @ LUMA)[..., None]
    dye = np.clip(grey + 1.6 * (wash - grey) + 0.75 * (tone[..., None] - grey), 0.09, 1)
    thick = np.clip(density, 0.25, 2.4) * 0.80
    bare = step(0.45, 0.92, near)
    colour = np.exp(np.log(dye) * (thick * (1 - 0.65 * bare))[..., None])
    colour = colour * np.array([1.0, 0.99, 0.965], np.float32)
    flat = np.exp(np.log(np.clip(tone, 0.06, 1)) * thick * (1 - 0.65 * bare))
    return Painted(flat, np.clip(colour, 0, 1))


def feathers(subject: Subject) -> Painted:
    """Plumage: fine barbs along the form, in vanes that overlap and shade one another, a sheen."""
    barbs, vanes = streaks(subject, 0.0, 5), noise(subject, 2.6)
    loud = calm(subject, 0.25) * (1 - 0.75 * fine(subject))
    tone = dragged(subject, light(subject), 4)
    tone = np.clip(tone + 0.5 * (tone - subject.blur(tone, 2.0)), 0, 1)
    tone = tone * (0.80 + 0.18 * tone)  # velvet: feathers swallow light but for their sheen
    fluff = np.tanh(vanes)
    sheen = step(0.2, 1.6, vanes) * step(0.12, 0.7, tone)
    out = tone * (0.92 + 0.34 * loud * fluff)
    out += loud * (0.16 * barbs * (0.35 + tone) + 0.26 * sheen)
    apart = dragged(subject, subject.image - subject.luma[..., None], 6)
    colour = out[..., None] + 1.3 * apart
    # Feathers shimmer: a little teal in the sheen, a little violet in the shade.
    hue = np.array([-0.09, 0.03, 0.09], np.float32)
    colour += (loud * fluff * (0.3 + tone))[..., None] * hue
    return Painted(np.clip(out, 0, 1.2), np.clip(colour, 0, 1))


def flames(subject: Subject) -> Painted:
    """Fire: tongues along the form, hottest on the picture's lights and at its contours."""
    tongues, licks = noise(subject, 0.8), noise(subject, 2.8)
    loud = calm(subject, 0.34) * (1 - 0.6 * fine(subject))
    tone = light(subject)
    # Blank walls would burn brightest: what stands out from its surroundings does.
    stands = tone - subject.blur(tone, 7.0)
    heat = 0.07 + 0.26 * tone + 0.28 * tone * tone + 0.7 * stands
    rim = dragged(subject, subject.edges(1.2), 5)
    fire = heat + loud * (0.16 * tongues + 0.14 * licks) * (0.55 + 0.8 * tone)
    fire += 0.45 * rim * (0.5 + tone)
    fire = np.clip(fire - 0.5 * outline(subject), 0, 1.25)
    apart = subject.blur(subject.image - subject.luma[..., None], 2.0)
    hue = np.clip(np.array([0.78, 0.42, 0.16], np.float32) + 2.2 * apart, 0.03, 1)
    # As a body glows: its colour first, then white.
    glow = (np.clip(fire, 0, 1) * (0.9 + 1.4 * fire))[..., None] * hue
    glow += step(0.62, 1.15, fire)[..., None]
    return Painted(fire, np.clip(glow, 0, 1))


def smoke(subject: Subject) -> Painted:
    """Smoke against the dark: the lights of the picture drawn out into wisps along the form."""
    curl = 3.0 * (1 - fine(subject))
    over = curl * np.tanh(noise(subject, 2.6))
    down = curl * np.tanh(4 * subject.blur(subject.pattern("grain"), 2.6))
    tone = shifted(subject, light(subject), over, down)
    drawn = subject.blur(dragged(subject, dragged(subject, tone, 7), 3.5), 0.9)
    wisps = 0.20 * np.tanh(noise(subject, 3.4)) + 0.11 * np.tanh(noise(subject, 1.4))
    loud = calm(subject, 0.35)
    thick = drawn * (0.25 + 0.50 * drawn) * (1 + 1.6 * loud * wisps)
    thick += 0.7 * (drawn - subject.blur(drawn, 5.0))
    thick += 0.09 * loud * step(-0.2, 1.6, noise(subject, 2.0))
    tone = np.clip(0.04 + 1.2 * thick, 0, 1.1)
    return Painted(tone, in_own_colours(subject, tone, blur=4.0, chroma=0.8))


STROKES: dict[str, Technique] = {
    "oil": oil,
    "impasto": impasto,
    "ink": ink,
    "engraving": engraving,
    "woodcut": woodcut,
    "pencil": pencil,
    "charcoal": charcoal,
    "watercolour": watercolour,
    "pastel": pastel,
    "feathers": feathers,
    "flames": flames,
    "smoke": smoke,
}
"""Name -> what draws it."""
