"""Frame rates as the exact fractions that video is made of."""

from __future__ import annotations

from fractions import Fraction


def exact_rate(fps: float) -> Fraction:
    """`29.97` -> 30000/1001, `25.0` -> 25/1. fps: frames a second, above 0.

    NTSC rates are written with two or three decimals by everyone and mean n * 1000/1001; a stream
    that says 2997/100 instead drifts from its partners by a frame every few hours.
    """
    whole = round(fps)
    if whole > 0 and abs(fps - whole) < 0.0005:
        return Fraction(whole)
    ntsc = Fraction(1000 * round(fps * 1.001), 1001)
    if ntsc > 0 and abs(fps - ntsc) < 0.005:
        return ntsc
    return Fraction(fps).limit_denominator(1001)
