"""A decoded frame as the picture that a player shows: upright, of square pixels, in RGB, each
picture whole, and in the light of SDR."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from vj.sources import SourceSettings
from vj.sources.deinterlace import Deinterlacer
from vj.sources.filtering import readable, side_data
from vj.sources.image_sequence import StillPicture
from vj.sources.picture import Picture
from vj.sources.picture_file import straight
from vj.sources.tone_map import BT709, HLG, PEAK, PQ, is_hdr, primaries_of, tone_map
from vj.sources.video_file import VideoFile

MATRICES = (0, 1, 2, 4, 5, 6, 7, 9)
"""Of Y'CbCr, by their numbers in ITU-T H.273, those that FFmpeg's scaler knows; 0 is RGB, 2 is
unnamed."""
SPECIAL_MATRICES = {8: "YCgCo", 10: "BT.2020 constant luminance", 14: "ICtCp", 15: "IPT-PQ-C2"}
SPECIAL_LIGHT = {
    8: "linear light",
    9: "logarithmic light",
    10: "logarithmic light",
    17: "DCI X'Y'Z'",
}
"""Transfer characteristics that are shown as if they were those of SDR."""
LARGE = 2560
"""Pixels: HDR that is wider or higher is halved, since each of its pixels costs 15 ns."""

_of_thread = threading.local()
"""`scaler`: for all pictures of a thread. One that a picture makes for itself starts threads, and
has them for as long as the picture is kept."""


class Upright:
    """Makes what is shown of the decoded pictures of one file. For one thread."""

    def __init__(
        self,
        pixel_shape: Fraction | None = None,
        peak: float | None = None,
        once: Callable[[str], None] = lambda text: None,
        premultiplied: bool = False,
    ) -> None:
        """pixel_shape: width of a pixel by its height, as stored; None for a square. peak: nits of
        the brightest thing in HDR, as the file says, see `stated_peak`. once: takes what cannot be
        honoured, and what is done to a picture; it has to leave out what it has said.
        premultiplied: its colours, with its alpha."""
        self._shape, self._peak, self._once = pixel_shape, peak or PEAK, once
        self._premultiplied = premultiplied
        self._deinterlacer = Deinterlacer()

    @classmethod
    def of(cls, file: VideoFile, settings: SourceSettings) -> Upright:
        """For an open file."""

        def once(text: str) -> None:
            settings.once(f"video:{file.path}: {text}")

        return cls(file.pixel_shape, file.peak, once, file.premultiplied)

    def pixels(self, picture: Picture) -> np.ndarray:
        """(H, W, 3) uint8 RGB, or (H, W, 4) with straight alpha where some of it is transparent."""
        pixels = self._upright(picture)
        return straight(pixels) if self._premultiplied and pixels.shape[2] == 4 else pixels

    def _upright(self, picture: Picture) -> np.ndarray:
        if isinstance(picture.decoded, StillPicture):
            return picture.decoded.pixels
        frame = readable(picture.decoded)
        if frame.interlaced_frame:
            self._once("is interlaced; its two fields are made one whole picture (bwdif)")
            frame = self._deinterlacer.picture(picture.before, frame, picture.after)
        pixels = self._in_sdr(frame)
        shape = self._shape
        if shape and shape != 1 and 0.1 < shape < 10:
            width = max(1, round(pixels.shape[1] * shape))
            pixels = cv2.resize(pixels, (width, pixels.shape[0]), interpolation=cv2.INTER_LINEAR)
        matrix = side_data(frame, "DISPLAYMATRIX")
        return pixels if matrix is None else self._turned(pixels, matrix)

    def _turned(self, pixels: np.ndarray, matrix: bytes) -> np.ndarray:
        """matrix: 9 int32, of which a, b, c, d lead from a stored place to the shown one, x' = a x
        + c y, y' = b x + d y, y downwards (ISO/IEC 14496-12, 6.2.2). As FFmpeg's players do, its
        scale is left out."""
        a, b, _, c, d = struct.unpack_from("=5i", matrix)
        straight, across = abs(a) + abs(d), abs(b) + abs(c)
        if min(straight, across) > 0.02 * max(straight, across):
            self._once("is turned by an angle between; it is shown at the nearest quarter turn")
        if straight >= across:
            right, down = a, d
        else:
            pixels, right, down = pixels.swapaxes(0, 1), c, b
        pixels = pixels[:: -1 if down < 0 else 1, :: -1 if right < 0 else 1]
        return np.ascontiguousarray(pixels)

    def _in_sdr(self, frame: Any) -> np.ndarray:
        transfer = int(frame.color_trc)
        primaries = primaries_of(int(frame.color_primaries), transfer)
        self._say_what_is_not_honoured(frame, transfer)
        if not is_hdr(transfer) and primaries == BT709:
            if has_alpha(frame):
                return _seen_through(_scaled(frame, "rgba").to_ndarray())
            return _levelled(frame, _scaled(frame, "rgb24").to_ndarray())
        halved = is_hdr(transfer) and max(frame.width, frame.height) > LARGE
        planes = _planes(_scaled(frame, "gbrp16le", 2 if halved else 1))
        pixels = tone_map(transfer, primaries, self._peak)(*planes)
        if not has_alpha(frame):
            return pixels
        alpha = _scaled(frame, "rgba", 2 if halved else 1).to_ndarray()[..., 3:]
        return _seen_through(np.concatenate([pixels, alpha], axis=2))

    def _say_what_is_not_honoured(self, frame: Any, transfer: int) -> None:
        matrix = int(frame.colorspace)
        if transfer in (PQ, HLG):
            kind = f"PQ, up to {self._peak:.0f} nits" if transfer == PQ else "HLG"
            self._once(f"is HDR ({kind}); shown as SDR, with 203 nits for white")
        elif transfer in SPECIAL_LIGHT:
            self._once(
                f"is in {SPECIAL_LIGHT[transfer]}, which is not converted; its brightness is wrong"
            )
        if matrix not in MATRICES and not frame.format.is_rgb:
            name = SPECIAL_MATRICES.get(matrix, f"a matrix that is not known here ({matrix})")
            self._once(
                f"has colours in {name}, which are not converted; they are wrong. Save it as "
                "ordinary Y'CbCr (BT.709)"
            )
        elif transfer == 2 and side_data(frame, "DOVI_METADATA") is not None:
            self._once(
                "is Dolby Vision without an HDR10 or HLG picture (profile 5); its colours are "
                "wrong. Save it as HDR10 or SDR"
            )


def has_alpha(frame: Any) -> bool:
    """A decoded frame may be transparent somewhere: its pixels have an alpha, or colours out of a
    palette."""
    form = frame.format
    return form.name == "pal8" or any(component.is_alpha for component in form.components)


def _seen_through(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8 -> the same, or (H, W, 3) where all of it is opaque."""
    if cv2.minMaxLoc(cv2.extractChannel(pixels, 3))[0] == 255:
        return cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)
    return pixels


def _scaled(frame: Any, pixels: str, divisor: int = 1) -> Any:
    """Converted to another form of RGB by FFmpeg's scaler. Pictures of 720 lines and more, or as
    wide as such ones are, that do not name their colours are taken for BT.709, HDR for BT.2020, as
    players do."""
    from av.video.reformatter import Colorspace, VideoReformatter

    if not hasattr(_of_thread, "scaler"):
        _of_thread.scaler = VideoReformatter()
    matrix, colours = int(frame.colorspace), {}
    if matrix == 2 or matrix not in MATRICES:
        if is_hdr(int(frame.color_trc)):
            colours = {"src_colorspace": Colorspace.BT2020}
        elif frame.height >= 720 or frame.width >= 1280:
            colours = {"src_colorspace": Colorspace.ITU709}
        elif matrix != 2:
            colours = {"src_colorspace": Colorspace.ITU601}
    width, height = max(1, frame.width // divisor), max(1, frame.height // divisor)
    return _of_thread.scaler.reformat(frame, width, height, pixels, threads=1, **colours)


def _planes(frame: Any) -> list[np.ndarray]:
    """Of a frame in gbrp16le: green, blue, red, (H, W) uint16."""
    rows = (
        np.frombuffer(plane, np.dtype("<u2")).reshape(-1, plane.line_size // 2)
        for plane in frame.planes
    )
    return [row[: frame.height, : frame.width] for row in rows]


def _levelled(frame: Any, pixels: np.ndarray) -> np.ndarray:
    """Grey of the limited range, which the scaler takes for the full one."""
    if frame.format.name.startswith("gray") and int(frame.color_range) == 1:
        levels = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
        return np.asarray(cv2.LUT(pixels, levels))
    return pixels
