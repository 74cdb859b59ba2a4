"""A picture that a page sends in a request, as a data URL."""

from __future__ import annotations

import base64
import binascii
import io
import warnings

import numpy as np

from vj.core.errors import Fault
from vj.painters.style_pictures import pixels

LARGEST = 4096
"""Pixels of a side of a picture, at most; a page sends 1024."""


def decoded(image: object, what: str) -> np.ndarray:
    """As (H, W, 3) uint8 RGB, turned as its EXIF tag says, what is transparent on white. what:
    named in the Fault, raised for anything but a JPEG, PNG or WebP of at most `LARGEST` a side."""
    from PIL import Image  # slow to import, and a show may get none

    head, comma, body = image.partition(",") if isinstance(image, str) else ("", "", "")
    if not (head.startswith("data:image/") and head.endswith(";base64") and comma):
        raise Fault(f"{what}: a picture comes as a data URL, data:image/jpeg;base64,...")
    most = f"is too large; {LARGEST} a side can be sent"
    try:
        raw = base64.b64decode(body, validate=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about size, which is looked at here; about EXIF
            with Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as opened:
                # A few kilobytes may decode to gigabytes, so its header comes first.
                if max(opened.size) > LARGEST:
                    raise Fault(f"{what}: {opened.width}x{opened.height} {most}")
                return pixels(opened, LARGEST)
    except Fault:
        raise
    except Image.DecompressionBombError:
        raise Fault(f"{what}: this picture {most}") from None
    except (binascii.Error, OSError, SyntaxError, ValueError):  # as Pillow raises for broken files
        raise Fault(f"{what}: this picture cannot be read; JPEG, PNG and WebP can") from None
