"""The part of a picture that a sink gets, in shares or in words."""

from __future__ import annotations

import math

from vj.core.errors import Fault, nearest
from vj.core.frame import Size

Box = tuple[float, float, float, float]
"""Left, top, width and height as shares of the picture, 0..1."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
THIRD = 1 / 3

WORDS: dict[str, Box] = {
    "left half": (0, 0, 0.5, 1),
    "right half": (0.5, 0, 0.5, 1),
    "top half": (0, 0, 1, 0.5),
    "bottom half": (0, 0.5, 1, 0.5),
    "left third": (0, 0, THIRD, 1),
    "middle third": (THIRD, 0, THIRD, 1),
    "right third": (2 * THIRD, 0, THIRD, 1),
    "top third": (0, 0, 1, THIRD),
    "centre third": (0, THIRD, 1, THIRD),
    "bottom third": (0, 2 * THIRD, 1, THIRD),
    "top left quarter": (0, 0, 0.5, 0.5),
    "top right quarter": (0.5, 0, 0.5, 0.5),
    "bottom left quarter": (0, 0.5, 0.5, 0.5),
    "bottom right quarter": (0.5, 0.5, 0.5, 0.5),
}
"""`middle third` lies between left and right, `centre third` between top and bottom."""
HOWTO = "[left, top, width, height] as shares from 0 to 1, or words such as left half"


def read_crop(given: object) -> Box:
    """Words, four numbers, or a text of four numbers. Raises Fault."""
    if given is None:
        return WHOLE
    if isinstance(given, str):
        words = " ".join(given.lower().replace("-", " ").replace("_", " ").split())
        if words in WORDS:
            return WORDS[words]
        parts: list[object] = list(given.strip("[] ").split(","))
        if len(parts) != 4:
            raise Fault(f"crop {given!r:.60}: no such part{nearest(words, WORDS)} ({HOWTO})")
    elif isinstance(given, list | tuple):
        parts = list(given)
    else:
        raise Fault(f"crop {given!r:.60}: {HOWTO} would be right")
    try:
        if any(isinstance(part, bool) for part in parts):
            raise ValueError
        left, top, width, height = (float(str(part)) for part in parts)
    except ValueError:
        raise Fault(f"crop {given!r:.60}: {HOWTO} would be right") from None
    box = left, top, width, height
    if not all(math.isfinite(share) and 0 <= share <= 1 for share in box):
        raise Fault(f"crop {given!r:.60}: shares lie between 0 and 1: {HOWTO}")
    if not (width > 0 and height > 0 and left + width <= 1.0001 and top + height <= 1.0001):
        raise Fault(
            f"crop {given!r:.60}: reaches out of the picture, or is empty; left + width and "
            "top + height are 1 at most"
        )
    return box


def crop_in_words(box: Box) -> str:
    """As `read_crop` takes it back."""
    for words, known in WORDS.items():
        if all(abs(a - b) < 1e-9 for a, b in zip(box, known, strict=True)):
            return words
    return ",".join(f"{share:g}" for share in box)


def pixels_of(box: Box, size: Size) -> tuple[slice, slice]:
    """Rows and columns of a picture. Parts that meet in the picture meet in pixels too: none is
    left out, none is there twice. Where the picture's side is even, so is the part's: NDI and most
    codecs have half the columns of colour, and an odd one would be lost. At least one pixel each
    way."""
    left, top, width, height = box
    return _span(top, height, size.height), _span(left, width, size.width)


def _span(begin: float, length: float, pixels: int) -> slice:
    step = 2 - pixels % 2
    first = min(step * round(begin * pixels / step), pixels - step)
    end = step * round((begin + length) * pixels / step)
    return slice(first, max(first + step, min(pixels, end)))
