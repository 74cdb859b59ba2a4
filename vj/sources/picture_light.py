"""The light and the primaries that a picture file names by their numbers: HDR and wide gamuts as
the SDR picture of BT.709, as those of films."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from vj.sources.tone_map import BT709, PEAK, is_hdr, primaries_of, tone_map

SDR = BT709, 13
"""BT.709's primaries with the transfer of sRGB, which pictures have that do not say."""


def light_of(data: bytes) -> tuple[int, int]:
    """Primaries and transfer by their numbers in ITU-T H.273, as a PNG (`cICP`) or an AVIF (`nclx`)
    names them; `SDR` where it does not."""
    if data[:4] == b"\x89PNG":
        name, end, form = b"cICP", b"IDAT", ">BB"
    elif data[4:8] == b"ftyp":
        name, end, form = b"colrnclx", b"mdat", ">HH"
    else:
        return SDR
    _, found, rest = data.partition(end)[0].partition(name)
    if not found or len(rest) < struct.calcsize(form):
        return SDR
    primaries, transfer = struct.unpack_from(form, rest)
    return primaries_of(primaries, transfer), transfer


def in_sdr(pixels: np.ndarray, primaries: int, transfer: int) -> np.ndarray:
    """(H, W, 3 or 4) uint8 or uint16, RGB(A) of such light -> uint8 RGB(A). What is SDR in BT.709
    comes back as it is."""
    if pixels.dtype.kind != "u" or (primaries == BT709 and not is_hdr(transfer)):
        return pixels
    deep = pixels.astype(np.uint16) * np.uint16(257) if pixels.dtype == np.uint8 else pixels
    red, green, blue, *alpha = cv2.split(deep)
    seen = tone_map(transfer, primaries, PEAK)(green, blue, red)
    return cv2.merge([*cv2.split(seen), *(cv2.convertScaleAbs(a, alpha=1 / 257) for a in alpha)])
