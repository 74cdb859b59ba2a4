"""What a page can ask a live show for (`vj.web.page_socket.Action`): each takes the request and
returns the reply. Strokes and keys are taken on the page's thread, the others on threads of their
own."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from vj.app.choosers import Choosers
from vj.app.show_writer import ShowWriter
from vj.control.session import ControlSession
from vj.core.canvas import Canvas
from vj.core.errors import Fault
from vj.show.validate import KEYS
from vj.web.page_requests import Action

Json = dict[str, Any]
LARGEST = 4096
"""Pixels of a side of an imported picture, at most; a page sends 1024."""
UNREADABLE = "canvas: this picture cannot be read; JPEG, PNG and WebP can"


def page_actions(
    session: ControlSession, writer: ShowWriter, choosers: Choosers, canvas: Canvas
) -> Mapping[str, Action]:
    """Requests by their type, see docs/page_protocol.md."""

    def key(asked: Json) -> Json:
        pressed = asked.get("key")
        if not isinstance(pressed, str) or not (len(pressed) == 1 or pressed in KEYS):
            raise Fault(f"key {pressed!r:.40}: one letter, a digit, or {', '.join(KEYS)}")
        session.key(pressed)
        return {}

    def stroke(asked: Json) -> Json:
        canvas.stroke(asked["person"], asked)
        return {}

    def on_canvas(asked: Json) -> Json:
        what = asked.get("do")
        if what == "undo":
            canvas.undo(asked["person"])
        elif what == "clear":
            canvas.clear()
        elif what == "import":
            canvas.import_picture(decoded(asked.get("image")))
        else:
            raise Fault(f"canvas {what!r:.40}: undo, clear or import can be done")
        return {}

    return {
        "key": key,
        "stroke": stroke,
        "canvas": on_canvas,
        "learn": writer.learn,
        "mappings": writer.mappings,
        "unmap": writer.unmap,
        "range": writer.range,
        "save_as": writer.save_as,
        "devices": lambda asked: dict(choosers.devices()),
        "choose": lambda asked: choosers.choose(asked.get("what"), asked.get("value")),
    }


def decoded(image: object) -> np.ndarray:
    """A picture in a data URL, as (H, W, 3) uint8 RGB. Raises Fault."""
    head, comma, body = image.partition(",") if isinstance(image, str) else ("", "", "")
    if not (head.startswith("data:image/") and head.endswith(";base64") and comma):
        raise Fault("canvas: a picture comes as a data URL, data:image/jpeg;base64,...")
    try:
        raw = base64.b64decode(body, validate=True)
        width, height = _stated_size(raw)
    except (binascii.Error, OSError, SyntaxError, ValueError):  # as Pillow raises for broken files
        raise Fault(UNREADABLE) from None
    if max(width, height) > LARGEST:
        raise Fault(f"canvas: {width}x{height} is too large; {LARGEST} a side can be imported")
    try:
        found = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        found = None
    if found is None:
        raise Fault(UNREADABLE)
    return cv2.cvtColor(found, cv2.COLOR_BGR2RGB)


def _stated_size(raw: bytes) -> tuple[int, int]:
    """Width and height that a picture's header names. A few kilobytes may decode to gigabytes, so
    this comes first. Raises OSError and the like for what is no JPEG, PNG or WebP."""
    from PIL import Image  # comes with diffusers; wanted here alone

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")).size
        except Image.DecompressionBombError as error:
            raise Fault(f"canvas: {error}"[:200]) from None
