"""Syphon out (macOS): the picture to programs on the same machine, by way of the graphics card.

We have not run this on a Mac ourselves: it follows syphon-python 0.2's documentation and is tested
against a stand-in with its calls.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, Size
from vj.sinks import SinkSettings

ANNOUNCE_PERIOD = 1.0
"""Seconds between announcements."""


class SyphonSink:
    """`syphon:NAME`. A Metal server with RGBA textures at whatever size frames come.

    A program that is started later asks around for servers, and the answer to that would need
    Cocoa's event loop on our main thread, which we do not run; so the server announces itself again
    every second.
    """

    def __init__(self, rest: str, settings: SinkSettings) -> None:
        self.name = rest or "vj"
        self._server: Any = None
        self._texture: Any = None
        self._size = Size(0, 0)
        self._pixels = np.empty((0, 0, 4), np.uint8)
        self._next_announcement = 0.0
        self._watched = False

    def open(self, width: int, height: int, fps: float) -> None:
        """Start the server. Raises Unavailable off macOS or without syphon-python."""
        self.close()
        try:
            import syphon
        except ImportError as error:
            if sys.platform != "darwin":
                raise Unavailable(
                    f"syphon:{self.name}: Syphon is for macOS only; here use ndi:{self.name}"
                ) from error
            raise Unavailable(
                f"syphon:{self.name} needs syphon-python ({error}): python3 launch.py add syphon"
            ) from error
        self._server = syphon.SyphonMetalServer(self.name)

    def send(self, frame: Frame) -> None:
        """Copy one frame to the card and publish it."""
        if self._server is None:
            raise Fault(f"syphon:{self.name} is not open")
        import objc

        with (
            objc.autorelease_pool()
        ):  # a thread of Python's has none of its own, and Metal's buffers would pile up
            self._publish(frame)

    def _publish(self, frame: Frame) -> None:
        from syphon.utils.numpy import copy_image_to_mtl_texture
        from syphon.utils.raw import create_mtl_texture

        pixels, size = frame.pixels, frame.size
        if pixels.shape[2] == 3:
            if self._pixels.shape != (size.height, size.width, 4):
                self._pixels = np.empty((size.height, size.width, 4), np.uint8)
            pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA, dst=self._pixels)
        if size != self._size:
            self._texture = create_mtl_texture(self._server.device, size.width, size.height)
            self._size = size
        copy_image_to_mtl_texture(pixels, self._texture)
        # Syphon counts rows from the bottom, as OpenGL does; ours start at the top.
        self._server.publish_frame_texture(self._texture, is_flipped=True)
        self._watched = bool(self._server.has_clients)
        if time.monotonic() >= self._next_announcement:
            self._next_announcement = time.monotonic() + ANNOUNCE_PERIOD
            self._server.context.broadcastServerAnnounce()

    def close(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            server.stop()
        self._texture, self._size, self._watched = None, Size(0, 0), False

    def state(self) -> str:
        return "watched" if self._watched else "no clients"
