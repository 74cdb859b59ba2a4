"""The S-curve of the whole program, for a number, an array or a tensor."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def smoothstep(u: T) -> T:
    """0..1 -> 0..1, flat at both ends: 3 u^2 - 2 u^3 (Hermite; GLSL's smoothstep). What lies
    outside is to be clipped before. Keeps the type, and the kind of numbers in it."""
    return u * u * (3 - 2 * u)  # type: ignore[operator, no-any-return]
