"""The bytes of a picture file as pixels: its own transparency, upright, in 8 bits.

OpenCV decodes; FFmpeg, by PyAV, what OpenCV cannot: OpenEXR, DPX and the like, and grey pictures
whose transparency OpenCV leaves out.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np

from vj.sources.ffmpeg_picture import EXR, by_ffmpeg
from vj.sources.picture_light import in_sdr, light_of

PNG = b"\x89PNG\r\n\x1a\n"
JPEG_2000 = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
"""The first bytes of its file, and of its bare stream."""
TIFF_MARKS = {b"II*\x00": "<", b"MM\x00*": ">"}
"""The first bytes of a TIFF, and of what EXIF writes, with the order of its bytes."""

ORIENTATION, SAMPLES_PER_PIXEL, EXTRA_SAMPLES = 0x112, 0x115, 0x152
"""Tags of TIFF 6.0 that are read here."""
ASSOCIATED, UNASSOCIATED = 1, 2
"""Values of EXTRA_SAMPLES: colours multiplied with alpha, and not."""

AVIF_TURNS = {
    (0, None): 1,
    (0, 1): 2,
    (2, None): 3,
    (0, 0): 4,
    (1, 0): 5,
    (3, None): 6,
    (3, 0): 7,
    (1, None): 8,
}
"""Quarter turns against the clock, and the axis that is mirrored about after them (ISO/IEC
23008-12, `irot` and `imir`) -> the orientation of EXIF."""

TIFF_FORMATS = {1: "B", 3: "H", 4: "I"}
"""Types of a TIFF tag whose values are read here: BYTE, SHORT, LONG."""


def decoded(data: bytes) -> np.ndarray | None:
    """The first picture of a file -> (H, W, 3) uint8 RGB, or (H, W, 4) with straight alpha where
    some of it is transparent, C-contiguous, turned as its EXIF or TIFF tag says. None for what is
    no picture.

    16 bits come as the nearest of 8. Floating point is linear light, of which 1 is the display's
    white: it gets the curve of sRGB, and what is brighter is cut off. HDR becomes SDR.
    """
    if not data:
        return None
    tags = tiff_tags(data)
    if _is_for_ffmpeg(data, tags):
        pixels = by_ffmpeg(data)
        orientation = tags.get(ORIENTATION, (1,))[0]
        premultiplied = data[:4] == EXR
    else:
        pixels, orientation = _by_opencv(data)
        extra = tags.get(EXTRA_SAMPLES, (0,))[0]
        # libtiff, by which OpenCV reads 8 bits, multiplies those that were not
        premultiplied = extra == ASSOCIATED or (
            extra == UNASSOCIATED and pixels is not None and pixels.dtype == np.uint8
        )
    if pixels is None:
        return None
    if premultiplied and pixels.shape[2] == 4:
        pixels = straight(pixels)
    pixels = in_8_bits(in_sdr(pixels, *light_of(data)))
    if pixels.shape[2] == 4 and cv2.minMaxLoc(cv2.extractChannel(pixels, 3))[0] == 255:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)
    return np.ascontiguousarray(turned(pixels, orientation))


def _is_for_ffmpeg(data: bytes, tags: dict[int, tuple[int, ...]]) -> bool:
    """EXR, JPEG 2000 (of whose 10 or 12 bits OpenCV makes 16 without more light), and grey with
    transparency in a TIFF, or by a colour of a PNG."""
    if data.startswith(JPEG_2000):
        return True
    if data[:8] == PNG:
        return len(data) > 25 and data[25] == 0 and b"tRNS" in data[: _place(data, b"IDAT")]
    return data[:4] == EXR or tags.get(SAMPLES_PER_PIXEL) == (2,)


def _place(data: bytes, mark: bytes) -> int:
    found = data.find(mark)
    return found if found >= 0 else len(data)


def _by_opencv(data: bytes) -> tuple[np.ndarray | None, int]:
    """(H, W, 3 or 4) RGB(A) of any depth, and the orientation that is left to do; None for what is
    no picture."""
    try:
        found, kinds, texts = cv2.imdecodeWithMetadata(
            np.frombuffer(data, np.uint8), flags=cv2.IMREAD_UNCHANGED
        )
    except cv2.error:  # larger than OpenCV takes
        return None, 1
    if found is None:  # also of a JPEG that is cut off
        written = data[: 2**16].partition(b"Exif\0\0")[2] if data[:2] == b"\xff\xd8" else b""
        return by_ffmpeg(data), tiff_tags(written).get(ORIENTATION, (1,))[0]
    orientation = 1
    if data[4:8] == b"ftyp":
        orientation, top = orientation_of_avif(data), (1 << bits_of_avif(data)) - 1
        if found.dtype == np.uint16:  # 10 or 12 bits, in the lower ones
            found = np.rint(found * (65535 / top)).astype(np.uint16)
    for kind, text in zip(kinds, texts, strict=True):
        if kind == cv2.IMAGE_METADATA_EXIF:
            written = np.asarray(text).tobytes().removeprefix(b"Exif\x00\x00")
            orientation = tiff_tags(written).get(ORIENTATION, (1,))[0]
    if found.ndim == 2:
        return cv2.merge([found] * 3), orientation
    alpha = found.shape[2] == 4
    if found.dtype.name in ("uint8", "uint16", "float32"):
        order = cv2.COLOR_BGRA2RGBA if alpha else cv2.COLOR_BGR2RGB
        return cv2.cvtColor(found, order), orientation
    return found[..., [2, 1, 0, 3] if alpha else [2, 1, 0]], orientation


def orientation_of_avif(data: bytes) -> int:
    """As its properties say, 1..8 of EXIF: libavif leaves that to others."""
    head = data[: _place(data, b"mdat")]
    turns, mirror = (head.find(b"\0\0\0\x09" + name) + 8 for name in (b"irot", b"imir"))
    quarters = head[turns] & 3 if 7 < turns < len(head) else 0
    axis = head[mirror] & 1 if 7 < mirror < len(head) else None
    if axis is not None and (quarters, axis) not in AVIF_TURNS:
        quarters, axis = (quarters + 2) % 4, 1 - axis  # the same, written otherwise
    return AVIF_TURNS[quarters, axis]


def bits_of_avif(data: bytes) -> int:
    """Of each part of a colour, as its decoder is told (AV1 in ISOBMFF, 2.3.3): 8, 10 or 12."""
    at = data.find(b"av1C", 0, _place(data, b"mdat"))
    flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
    return 8 + 2 * (flags >> 6 & 1) + 2 * (flags >> 6 & flags >> 5 & 1)


def straight(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 4), colours multiplied with alpha, of any depth -> the same, not multiplied; where
    nothing is seen, black."""
    if pixels.dtype == np.uint8:  # of a film's frame in a tenth of the time
        red, green, blue, clear = cv2.split(pixels)
        whole = (cv2.divide(one, clear, scale=255) for one in (red, green, blue))
        return cv2.merge([*whole, clear])
    top = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    alpha = pixels[..., 3:].astype(np.float32) / np.float32(top)
    colours = np.divide(
        pixels[..., :3].astype(np.float32),
        alpha,
        out=np.zeros((*pixels.shape[:2], 3), np.float32),
        where=alpha > 0,
    )
    if pixels.dtype.kind != "f":
        colours = np.rint(np.clip(colours, 0, top))
    return np.concatenate([colours.astype(pixels.dtype), pixels[..., 3:]], axis=2)


def in_8_bits(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4) of any depth -> uint8: whole numbers to the nearest, floating point as linear
    light by the curve of sRGB (IEC 61966-2-1), its alpha as it is."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind != "f":
        top = float(np.iinfo(pixels.dtype).max)
        return np.rint(np.clip(pixels, 0, None) * (255 / top)).astype(np.uint8)
    light = np.clip(np.nan_to_num(pixels.astype(np.float32), nan=0.0, posinf=1.0), 0, 1)
    seen = light[..., :3]
    curve = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return np.rint(np.concatenate([curve, light[..., 3:]], axis=2) * 255).astype(np.uint8)


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """(H, W, ...) as stored -> as it is to be seen. orientation: 1..8 of EXIF 2.3, 4.6.4; others
    mean 1."""
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def tiff_tags(data: bytes) -> dict[int, tuple[int, ...]]:
    """The whole numbers that the first directory of a TIFF holds, or of an EXIF block; {} for other
    bytes."""
    order = TIFF_MARKS.get(data[:4])
    if order is None:
        return {}
    found: dict[int, tuple[int, ...]] = {}
    try:
        (at,) = struct.unpack_from(order + "I", data, 4)
        (entries,) = struct.unpack_from(order + "H", data, at)
        for number in range(entries):
            place = at + 2 + 12 * number
            tag, kind, count = struct.unpack_from(order + "HHI", data, place)
            form = TIFF_FORMATS.get(kind)
            if form is None or not 0 < count <= 8:
                continue
            form = f"{order}{count}{form}"
            where = place + 8
            if struct.calcsize(form) > 4:
                (where,) = struct.unpack_from(order + "I", data, where)
            found[tag] = struct.unpack_from(form, data, where)
    except struct.error:
        pass  # cut off: what was there counts
    return found


def moves(data: bytes) -> bool:
    """It holds several pictures that are to be shown one after the other, of which `decoded` gives
    the first: GIF, APNG, WebP, AVIF."""
    if data[:8] == PNG:
        return b"acTL" in data[: _place(data, b"IDAT")]
    if data[:4] == b"RIFF":
        return data[8:16] == b"WEBPVP8X" and data[20:21] > b"" and bool(data[20] & 2)
    if data[4:12] == b"ftypavis":
        return True
    return data[:4] == b"GIF8" and _images_of_gif(data) > 1


def _images_of_gif(data: bytes) -> int:
    """0, 1 or 2, which stands for more (GIF89a, appendix A)."""
    count, at = 0, 13 + _table(data, 10)
    while at < len(data) and count < 2:
        if data[at] == 0x2C:
            count += 1
            at += 11 + _table(data, at + 9)
        elif data[at] == 0x21:
            at += 2
        else:
            break
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return count


def _table(data: bytes, flags: int) -> int:
    """Bytes of a table of colours, whose flags stand at this place."""
    packed = data[flags] if flags < len(data) else 0
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0
