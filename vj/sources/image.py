"""A single picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sources import SourceSettings
from vj.sources.missing import missing
from vj.sources.pacing import Pace


def read_picture(path: str | Path, kind: str) -> np.ndarray:
    """(H, W, 3 or 4) uint8 RGB(A), turned as its EXIF tag says. kind: named in the Fault for a file
    that is missing or no picture."""
    path = Path(path).expanduser()
    try:
        if path.exists() and not path.is_file():  # reading a device or a pipe may never end
            raise Fault(
                f"{kind}:{path}: is {'a folder; name a file in it' if path.is_dir() else 'no file'}"
            )
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except FileNotFoundError:
        raise missing(kind, path) from None
    except OSError as error:
        raise Fault(f"{kind}:{path}: cannot be read ({error.strerror})") from None
    found = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if found is None:
        raise Fault(f"{kind}:{path}: is not a picture OpenCV can read (png, jpg, webp, bmp, tif)")
    plain = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if plain is not None and plain.ndim == 3 and plain.shape[2] == 4 and plain.dtype == np.uint8:
        return cv2.cvtColor(plain, cv2.COLOR_BGRA2RGBA)
    return cv2.cvtColor(found, cv2.COLOR_BGR2RGB)


def moves(path: Path) -> bool:
    """It is a WebP of several pictures, of which `read_picture` gives the first."""
    with path.open("rb") as file:
        head = file.read(21)
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 2)


class Image:
    """`image:PATH`. The same picture again and again, at the show's rate. Turned as its EXIF tag
    says; what is transparent stays so."""

    live = False

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self.path = Path(rest).expanduser()
        self._pace, self._log = Pace(settings), settings.log
        self._pixels: np.ndarray | None = None

    def open(self) -> None:
        """Raises Fault for a file that is missing or no picture."""
        self._pixels = read_picture(self.path, "image")
        if moves(self.path):
            self._log(f"image:{self.path}: only its first picture is shown; as GIF or MP4 it moves")
        self._pace.start()

    def read(self) -> Frame | None:
        """The picture, at the next frame's time."""
        if self._pixels is None:
            raise Fault(f"image:{self.path} is not open")
        return Frame(self._pixels, *self._pace.next())

    def close(self) -> None:
        self._pixels = None
