"""Prints and dry media: burin, gouge, graphite, charcoal and chalk, along the form."""

from __future__ import annotations

import numpy as np

from vj.pocket.techniques.forms import (
    THIRD,
    calm,
    chalked,
    dragged,
    fine,
    laid_on,
    light,
    mixed,
    noise,
    outline,
    streaks,
)
from vj.pocket.techniques.subject import Painted, Subject, step

WHITE = np.array([0.97, 0.96, 0.93], np.float32)
CREAM = np.array([0.95, 0.91, 0.82], np.float32)
TONED = np.array([0.44, 0.38, 0.36], np.float32)
"""Papers."""


def engraving(subject: Subject) -> Painted:
    """Copperplate: fine lines along the form whose width is the tone, crossed in the darkest."""
    tone = light(subject)
    lines = streaks(subject, 0.5, 6)
    dark = 1 - tone + 0.4 * outline(subject)
    # The part of a period that is inked grows with the dark: none on white, all on black.
    # In fine detail the tone itself is cut, or a face would be lost between two lines.
    level = 3.0 * (dark - 0.56)
    cut = step(-0.95, 0.95, level + calm(subject, 0.68) * (1.1 - 0.9 * fine(subject)) * lines)
    cut = cut * step(0.14, 0.50, dark)
    crossed = np.abs(subject.pattern("screen"))
    cross = step(0.62, 0.95, dark) * step(0.34, 0.04, crossed)
    cover = np.maximum(cut, 0.9 * cross)
    paint = np.array([0.09, 0.08, 0.11], np.float32) + 0.16 * mixed(subject, 2.0, 2.0)
    return Painted(1 - cover, laid_on(WHITE, paint, cover))


def woodcut(subject: Subject) -> Painted:
    """Woodcut with colour blocks: bold carved lines along the form, black, paper, few greys."""
    tone = light(subject)
    lines = streaks(subject, 1.5, 6)
    loud = calm(subject, 0.75) * (1 - 0.7 * fine(subject))
    level = 7.0 * (tone - 0.44) - 2.0 * outline(subject)
    cover = step(0.9, -0.9, level + 1.35 * loud * lines)
    blocks = subject.blur(subject.image, 1.0)
    value = 0.62 + 0.38 * subject.blur(tone, 1.0)
    paper = CREAM * chalked(value, 1.5 * (blocks - (blocks @ THIRD)[..., None]))
    black = np.array([0.07, 0.06, 0.07], np.float32)
    return Painted(1 - 0.97 * cover, laid_on(paper, black, cover))


def pencil(subject: Subject) -> Painted:
    """Graphite: light hatching along the form, soft greys, firm outlines, the paper's tooth."""
    tone, grain = light(subject), subject.pattern("grain")
    lines = streaks(subject, 0.3, 6)
    dark = 1 - tone
    hatch = 0.5 + 0.5 * lines * (1 - 0.5 * fine(subject))
    cover = step(0.04, 1.0, dark) * (1 - (1 - hatch) * (0.60 - 0.34 * dark))
    cover += 0.5 * outline(subject)
    cover *= 1 + 0.30 * grain * (1 - cover)
    cover = np.clip(cover, 0, 0.92)
    lead = mixed(subject, 0.7, 1.9)
    paint = 0.14 + 0.75 * (lead - (lead @ THIRD)[..., None]) + 0.22 * lead
    return Painted(1 - cover, laid_on(WHITE, paint, cover))


def charcoal(subject: Subject) -> Painted:
    """Charcoal: rubbed soft along the form, then drawn into with broad grainy blacks."""
    tone, grain = light(subject), subject.pattern("grain")
    broad = noise(subject, 1.8)
    loud = calm(subject, 0.5)
    rubbed = subject.blur(dragged(subject, tone, 6), 1.0)
    smudge = 0.78 * step(0.0, 1.1, 1 - rubbed)
    dark = 1 - tone + 0.55 * outline(subject)
    drawn = step(0.44, 1.0, dark + 0.12 * loud * broad + 0.10 * loud * grain)
    cover = np.clip(smudge + (1 - smudge) * drawn * 1.05, 0, 0.97)
    cover = np.clip(cover + 0.24 * grain * cover * (1.05 - cover), 0, 0.97)
    paint = 0.05 + 0.5 * (mixed(subject, 2.0, 1.0) - subject.blur(subject.luma, 2.0)[..., None])
    return Painted(1 - cover, laid_on(CREAM, paint, cover))


def pastel(subject: Subject) -> Painted:
    """Soft pastel on toned paper: chalk in broken strokes, saturated, the paper's grain between."""
    tone, grain = light(subject), subject.pattern("grain")
    loud = calm(subject, 0.30) * (1 - 0.6 * fine(subject))
    strokes = 0.6 * streaks(subject, 1.0, 5) + 0.3 * noise(subject, 1.0)
    soft = subject.blur(dragged(subject, subject.image, 5), 0.8)
    apart = 1.7 * (soft - (soft @ THIRD)[..., None])
    # Two layers: chalk rubbed into the paper, and on its tooth lighter strokes that skip the pits.
    under = 0.15 + 0.66 * tone
    over = np.clip(0.27 + 0.78 * tone, 0, 1)
    held = step(-0.85, 0.85, (0.15 + loud) * (strokes + 0.4 * grain) + 0.2)
    pits = step(0.1, 1.0, -grain) * (0.16 + 0.12 * loud)
    pits *= 1 - 0.8 * fine(subject)
    value = (under + held * (over - under)) * (1 - pits) + pits * TONED.mean()
    colour = laid_on(chalked(under, 1.15 * apart), chalked(over, apart), held)
    return Painted(np.clip(value, 0, 1), laid_on(colour, TONED, pits))
