"""A picture that a page sends in a request, as a data URL."""

from __future__ import annotations

import base64
import binascii
import io
import warnings

import cv2
import numpy as np

from vj.core.errors import Fault

LARGEST = 4096
"""Pixels of a side of a picture, at most; a page sends 1024."""


def decoded(image: object, what: str) -> np.ndarray:
    """As (H, W, 3) uint8 RGB. what: named in the Fault, raised for anything but a JPEG, PNG or WebP
    of at most `LARGEST` a side."""
    head, comma, body = image.partition(",") if isinstance(image, str) else ("", "", "")
    if not (head.startswith("data:image/") and head.endswith(";base64") and comma):
        raise Fault(f"{what}: a picture comes as a data URL, data:image/jpeg;base64,...")
    unreadable = Fault(f"{what}: this picture cannot be read; JPEG, PNG and WebP can")
    try:
        raw = base64.b64decode(body, validate=True)
        width, height = _stated_size(raw, what)
    except (binascii.Error, OSError, SyntaxError, ValueError):  # as Pillow raises for broken files
        raise unreadable from None
    if max(width, height) > LARGEST:
        raise Fault(f"{what}: {width}x{height} is too large; {LARGEST} a side can be sent")
    try:
        found = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        found = None
    if found is None:
        raise unreadable
    return cv2.cvtColor(found, cv2.COLOR_BGR2RGB)


def _stated_size(raw: bytes, what: str) -> tuple[int, int]:
    """Width and height that a picture's header names. A few kilobytes may decode to gigabytes, so
    this comes first. Raises OSError and the like for what is no JPEG, PNG or WebP."""
    from PIL import Image  # comes with diffusers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")).size
        except Image.DecompressionBombError as error:
            raise Fault(f"{what}: {error}"[:200]) from None
