"""A single picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sources import SourceSettings
from vj.sources.ffmpeg_picture import is_film, without_colours
from vj.sources.file_names import local
from vj.sources.missing import missing
from vj.sources.network import is_address, without_password
from vj.sources.pacing import Pace
from vj.sources.picture_file import decoded, moves
from vj.sources.picture_light import light_of
from vj.sources.tone_map import is_hdr

HEIC = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
"""Brands of pictures that are HEVC inside."""

MARKS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"\x76\x2f\x31\x01": "EXR",
}
"""The first bytes of pictures."""


def read_picture(path: str | Path, kind: str) -> np.ndarray:
    """(H, W, 3 or 4) uint8 RGB(A), see `vj.sources.picture_file.decoded`. kind: named in the Fault
    for a file that is missing or no picture."""
    return _decoded(picture_bytes(path, kind), path, kind)


def picture_bytes(path: str | Path, kind: str) -> bytes:
    """What stands in a file. kind: named in the Fault for one that is missing or cannot be read."""
    if is_address(str(path)):
        raise Fault(
            f"{kind}:{without_password(str(path))}: is an address, and only files are taken here; "
            "save the picture, and name the file"
        )
    path = local(path)
    try:
        if path.exists() and not path.is_file():  # reading a device or a pipe may never end
            what = "no file"
            if path.is_dir():
                what = f"a folder; name a file in it, or have its pictures played: video:{path}"
            raise Fault(f"{kind}:{path}: is {what}")
        return path.read_bytes()
    except FileNotFoundError:
        raise missing(kind, path) from None
    except OSError as error:
        raise Fault(f"{kind}:{str(path)[:120]}: cannot be read ({error.strerror})") from None
    except ValueError as error:  # with a NUL in it
        raise Fault(f"{kind}:{str(path)[:120]}: cannot be read ({error})") from None


def _decoded(data: bytes, path: str | Path, kind: str) -> np.ndarray:
    found = decoded(data)
    if found is None:
        raise Fault(f"{kind}:{path}: {_why_not(data, path)}")
    return found


def _why_not(data: bytes, path: str | Path) -> str:
    """Why there is no picture in these bytes, and what helps."""
    if not data:
        return "is empty; copy or save it once more"
    if data[4:8] == b"ftyp" and data[8:12] in HEIC:
        return (
            "is a HEIC picture, which cannot be read here; save it as JPEG (on an iPhone: "
            "Settings, Camera, Formats, Most Compatible)"
        )
    if names := without_colours(data):
        return f"is an EXR that holds {', '.join(names)} and no colours; save it with R, G and B"
    name = "WebP" if data[:4] + data[8:12] == b"RIFFWEBP" else None
    name = next((one for mark, one in MARKS.items() if data.startswith(mark)), name)
    if name is not None:
        return f"is a {name} that is broken, cut off or too large (2^30 pixels are the most)"
    if is_film(data):
        return f"is a film; video:{path} plays it"
    return "is not a picture that OpenCV or FFmpeg can read (png, jpg, webp, bmp, tif, exr, ...)"


class Image:
    """`image:PATH`. The same picture again and again, at the show's rate. Turned as its EXIF tag
    says; what is transparent stays so."""

    live = False

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self.path = local(rest)
        self._pace, self._once = Pace(settings), settings.once
        self._pixels: np.ndarray | None = None

    def open(self) -> None:
        """Raises Fault for a file that is missing or no picture."""
        data = picture_bytes(self.path, "image")
        self._pixels = _decoded(data, self.path, "image")
        if is_hdr(light_of(data)[1]):
            self._once(f"image:{self.path}: is HDR; shown as SDR, with 203 nits for white")
        if moves(data):
            self._once(
                f"image:{self.path}: only its first picture is shown; video:{self.path} plays it"
            )
        self._pace.start()

    def read(self) -> Frame | None:
        """The picture, at the next frame's time."""
        if self._pixels is None:
            raise Fault(f"image:{self.path} is not open")
        return Frame(self._pixels, *self._pace.next())

    def close(self) -> None:
        self._pixels = None
