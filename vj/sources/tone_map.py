"""HDR as the SDR picture of the same scene, and wide gamuts as that of BT.709.

What is as bright as a white page in HDR, 203 nits (ITU-R BT.2408), becomes nearly the white of SDR;
what is darker keeps its place, and what is brighter shares what is left above it."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from vj.sources.filtering import side_data

WHITE = 203.0
"""Nits of SDR white in HDR (ITU-R BT.2408, reference white)."""
PEAK = 1000.0
"""Nits of the brightest thing in a file that does not say, and in HLG."""
MOST = 10_000.0
"""Nits that PQ has a code for."""
KNEE = 0.93
"""Share of the SDR code values up to which a picture keeps its brightness."""
BLEACHED = 0.12
"""Share of white that the brightest thing takes on: a lamp shows as one, not as flat paint."""

PQ, HLG = 16, 18
"""Transfer characteristics by their numbers in ITU-T H.273: SMPTE ST 2084, ARIB STD-B67."""
BT709, BT2020, P3 = 1, 9, 12
"""Primaries by the same."""

TO_BT709 = {
    BT709: np.eye(3),
    BT2020: np.array(  # ITU-R BT.2407
        [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    ),
    P3: np.array(  # SMPTE EG 432-1 (D65)
        [[1.2249, -0.2249, 0.0], [-0.0420, 1.0420, 0.0], [-0.0196, -0.0786, 1.0983]]
    ),
}
"""Primaries -> the matrix that makes linear RGB of BT.709 of theirs."""
LUMINANCE = np.array([0.2627, 0.6780, 0.0593])
"""Of red, green and blue in BT.2020."""

BLOCK = 2**17
"""Pixels worked on at a time: they stay in the processor's cache."""


def is_hdr(transfer: int) -> bool:
    return transfer in (PQ, HLG)


def primaries_of(primaries: int, transfer: int) -> int:
    """Those that are meant: HDR that does not say has BT.2020; what is nearly BT.709 counts as
    it."""
    if primaries == 2 and is_hdr(transfer):
        return BT2020
    return primaries if primaries in TO_BT709 else BT709


def stated_peak(picture: Any) -> float | None:
    """Nits of the brightest thing in a file, as a decoded frame's metadata say: its MaxCLL, or else
    the peak of the display it was made on. None where they do not."""
    light = side_data(picture, "CONTENT_LIGHT_LEVEL")
    if light is not None:
        (brightest,) = struct.unpack_from("=I", light)
        if brightest:
            return float(brightest)
    display = side_data(picture, "MASTERING_DISPLAY_METADATA")
    if display is not None:
        numerator, denominator, _, known = struct.unpack_from("=4i", display, 72)
        if known and numerator > 0 and denominator > 0:
            return float(numerator / denominator)
    return None


def _encoded(linear: np.ndarray) -> np.ndarray:
    """sRGB, which goes on above 1 as below."""
    bright = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear > 0.0031308, bright, 12.92 * linear)


def _decoded(code: np.ndarray) -> np.ndarray:
    bright = ((np.maximum(code, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.where(code > 0.04045, bright, code / 12.92)


def _pq(code: np.ndarray) -> np.ndarray:
    """Code values 0..1 -> shares of `WHITE` (SMPTE ST 2084)."""
    root = code ** (32 / 2523)
    ratio = np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)
    return np.asarray(ratio ** (8192 / 1305) * (MOST / WHITE))


def _hlg(code: np.ndarray) -> np.ndarray:
    """Code values 0..1 -> light in the scene, 0..1 (ITU-R BT.2100, the inverse of HLG's OETF)."""
    bright = (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(code > 0.5, bright, code**2 / 3)


def shoulder(code: np.ndarray, most: float) -> np.ndarray:
    """Code values where 1 is white -> 0..1. Up to `KNEE` they stay; from there they approach 1,
    which `most` reaches, without a bend."""
    if most <= 1:
        return np.minimum(code, 1.0)
    above = np.clip((code - KNEE) / (most - KNEE), 0.0, 1.0)
    steep = (most - KNEE) / (1 - KNEE)
    return np.where(
        code > KNEE, KNEE + (1 - KNEE) * steep * above / (1 + (steep - 1) * above), code
    )


def _tables(brightest: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
    """By what a pixel is to be multiplied whose largest part is this bright, and what is to be
    added then; float32, in levels of 0..65535. most: the brightest thing. In shares of white."""
    code, end = _encoded(brightest), float(_encoded(np.array(most)))
    shown = _decoded(shoulder(code, end))
    white = BLEACHED * np.clip((code - 1) / max(end - 1, 1e-6), 0, 1) if end > 1 else 0 * code
    gain = np.where(code > KNEE, shown / np.maximum(brightest, 1e-9) * (1 - white), 1.0)
    return (65535 * gain).astype(np.float32), (65535 * white * shown).astype(np.float32)


class ToneMap:
    """Makes SDR in BT.709 of pictures of one kind. From any thread."""

    def __init__(self, transfer: int, primaries: int, peak: float) -> None:
        """transfer, primaries: numbers of H.273, see `primaries_of`; a transfer that is not HDR's
        is taken for that of SDR. peak: nits of the brightest thing, of PQ."""
        codes = np.linspace(0, 1, 2**16)
        decoders = {PQ: _pq, HLG: _hlg}
        self._linear = decoders.get(transfer, _decoded)(codes).astype(np.float32)
        self._matrix = TO_BT709[primaries].tolist()
        self._hlg: np.ndarray | None = None
        if transfer == HLG:  # the OOTF of a display of 1000 nits: gamma 1.2 of the luminance
            self._hlg = ((codes**2) ** 0.2 * (PEAK / WHITE)).astype(np.float32)
        self._range = 2 * (MOST if is_hdr(transfer) else WHITE) / WHITE
        """Above all that the matrix can make."""
        most = {PQ: min(max(peak, WHITE), MOST), HLG: PEAK}.get(transfer, WHITE) / WHITE
        self._gain, self._added = _tables(self._range * codes**2, most)
        self._encoded = np.rint(255 * _encoded(codes)).astype(np.uint8)

    def __call__(self, green: np.ndarray, blue: np.ndarray, red: np.ndarray) -> np.ndarray:
        """Planes (H, W) uint16, of the full range -> (H, W, 3) uint8 RGB."""
        height, width = red.shape
        out = np.empty((height, width, 3), np.uint8)
        rows = max(1, BLOCK // width)
        for top in range(0, height, rows):
            part = slice(top, top + rows)
            planes = [
                cv2.LUT(np.ascontiguousarray(p[part]), self._linear) for p in (red, green, blue)
            ]
            cv2.merge(self._mapped(planes), out[part])
        return out

    def _mapped(self, planes: list[Any]) -> list[Any]:
        """Linear red, green and blue -> encoded ones."""
        if self._hlg is not None:
            gain = _looked_up(self._hlg, _mixed(planes, LUMINANCE.tolist()), 1.0)
            planes = [cv2.multiply(plane, gain) for plane in planes]
        planes = [_mixed(planes, row) for row in self._matrix]
        brightest = cv2.max(cv2.max(planes[0], planes[1]), planes[2])
        gain = _looked_up(self._gain, brightest, self._range)
        added = _looked_up(self._added, brightest, self._range)
        levels = [
            cv2.add(cv2.multiply(plane, gain), added, dtype=cv2.CV_16U)  # below 0 becomes 0
            for plane in planes
        ]
        return [cv2.LUT(level, self._encoded) for level in levels]


def _mixed(planes: list[Any], weights: list[float]) -> Any:
    """The weighted sum of three planes."""
    two = cv2.addWeighted(planes[0], weights[0], planes[1], weights[1], 0)
    return cv2.addWeighted(two, 1, planes[2], weights[2], 0)


def _looked_up(table: np.ndarray, values: Any, most: float) -> Any:
    """Of a table over the square roots of 0..most."""
    roots = cv2.sqrt(np.maximum(values, 0))
    return cv2.LUT(cv2.addWeighted(roots, 65535 / most**0.5, roots, 0, 0, dtype=cv2.CV_16U), table)


@lru_cache(maxsize=8)
def tone_map(transfer: int, primaries: int, peak: float) -> ToneMap:
    """One for all pictures of a kind: its tables are made once."""
    return ToneMap(transfer, primaries, peak)
