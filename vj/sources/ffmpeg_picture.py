"""Still pictures that FFmpeg decodes, by PyAV: OpenEXR with its layers, DPX, grey with alpha."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from vj.core.media_file import opened

EXR = b"\x76\x2f\x31\x01"
"""The first bytes of an OpenEXR file."""

MAIN = ("combined", "beauty", "rgba", "rgb")
"""What programs call the layer that is the picture; others hold depth, normals, single lights."""

TARGA_KINDS, TARGA_BITS = (1, 2, 3, 9, 10, 11), (8, 15, 16, 24, 32)
"""Numbers in the third byte of a TGA, and in the seventeenth."""

WITH_ALPHA = {"ya8": "u1", "ya16le": "<u2", "ya16be": ">u2", "yaf16le": "<f2", "yaf32le": "<f4"}
"""Pixel formats of grey with alpha side by side, and the numbers in them."""


def by_ffmpeg(data: bytes) -> np.ndarray | None:
    """(H, W, 3 or 4) RGB(A) of any depth, floating point as float32; None for what is no still
    picture."""
    import av

    try:
        with opened(io.BytesIO(data)) as file:
            if not file.streams.video or not file.format.name.endswith("_pipe"):
                return None
            layer = exr_layer(data)
            if layer:
                file.streams.video[0].codec_context.options = {"layer": layer}
            frame = next(file.decode(video=0), None)
    except (av.FFmpegError, OSError, ValueError):
        frame = _targa(data)
    return None if frame is None else _pixels(frame)


def _targa(data: bytes) -> Any:
    """A frame of a TGA, which has no mark by which FFmpeg would know it; None for other bytes."""
    import av

    if len(data) < 18 or data[1] > 1 or data[2] not in TARGA_KINDS or data[16] not in TARGA_BITS:
        return None
    try:
        frame = next(iter(av.CodecContext.create("targa", "r").decode(av.Packet(data))), None)
    except (av.FFmpegError, ValueError):
        return None
    has_alpha = data[17] & 15
    return frame if frame is None or has_alpha else frame.reformat(format="rgb24")


def is_film(data: bytes) -> bool:
    """The bytes are of a file with moving pictures, whatever it is called."""
    import av

    try:
        with opened(io.BytesIO(data)) as file:
            return bool(file.streams.video) and not file.format.name.endswith("_pipe")
    except (av.FFmpegError, OSError, ValueError):
        return False


def _pixels(frame: Any) -> np.ndarray:
    name = frame.format.name
    if name in WITH_ALPHA:  # FFmpeg's own conversion has no pure white
        both = _plane(frame, 0, WITH_ALPHA[name], 2)
        return both[..., [0, 0, 0, 1]]
    if "f16" in name or "f32" in name:
        kind = "<f2" if "f16" in name else "<f4"
        planes = [_plane(frame, number, kind, 1) for number in range(len(frame.planes))]
        if len(planes) == 1:
            return np.dstack(planes * 3)
        green, blue, red, *alpha = planes
        return np.dstack([red, green, blue, *alpha])
    clear = any(component.is_alpha for component in frame.format.components)
    deep = any(component.bits > 8 for component in frame.format.components)
    wanted = ("rgba64le" if clear else "rgb48le") if deep else ("rgba" if clear else "rgb24")
    found: np.ndarray = frame.to_ndarray(format=wanted)
    return found


def _plane(frame: Any, number: int, kind: str, each: int) -> np.ndarray:
    """(H, W, each), its numbers in this machine's order; half as float32. each: numbers a pixel."""
    rows = np.frombuffer(bytes(frame.planes[number]), kind).reshape(frame.height, -1)
    found = rows[:, : each * frame.width].reshape(frame.height, frame.width, each)
    wanted = np.dtype(np.float32) if found.dtype.kind == "f" else found.dtype.newbyteorder("=")
    return found.astype(wanted)


def exr_layer(data: bytes) -> str:
    """The layer of an OpenEXR file that is its picture; empty where that has no name, and for other
    files."""
    if data[:4] != EXR:
        return ""
    names = _channels(data)
    if {"R", "G", "B"} <= names or "Y" in names:
        return ""
    layers = sorted(name[:-2] for name in names if name.endswith(".R"))
    layers = [one for one in layers if {f"{one}.G", f"{one}.B"} <= names]
    main = [one for one in layers if one.rpartition(".")[2].lower() in MAIN]
    return next(iter(main or layers), "")


def without_colours(data: bytes) -> list[str]:
    """The channels of an OpenEXR file that has none of a picture; empty for other files."""
    names = sorted(_channels(data)) if data[:4] == EXR else []
    return [] if any(name.rpartition(".")[2] in ("R", "G", "B", "Y") for name in names) else names


def _channels(data: bytes) -> set[str]:
    """Their names, of the first part."""
    at = data.find(b"channels\0chlist\0")
    names: set[str] = set()
    at += 20
    while 20 <= at < len(data) and data[at]:
        stop = data.find(b"\0", at)
        if stop < 0:
            break
        names.add(data[at:stop].decode("utf-8", "replace"))
        at = stop + 17  # after its type, whether it is linear, and its sampling
    return names
