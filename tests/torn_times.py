"""Recordings of a weak signal: a time in them is far from the others."""

from __future__ import annotations

import re

FAR = 40 * 90_000
"""As MPEG counts: forty seconds."""


def torn(film: bytes, kind: bytes, share: float) -> bytes:
    """An MPEG transport stream in which one packet of so many has another time, and all that was
    sent with it. kind: the packets' number, 0xe0 for pictures, 0xc0 for sound. share: which one,
    of them all."""
    sent = [found.start() for found in re.finditer(b"\0\0\1" + kind, film)]
    at = sent[round(share * len(sent))] + 9
    head = film[at] & 0xF0 | FAR >> 29 & 14 | 1
    stamp = (head, FAR >> 22 & 255, 1 | FAR >> 14 & 254, FAR >> 7 & 255, 1 | FAR << 1 & 254)
    return film[:at] + bytes(stamp) + film[at + 5 :]
