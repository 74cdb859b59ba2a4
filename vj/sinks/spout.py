"""Spout out (Windows): the picture to programs on the same machine, by way of the graphics card.

We have not run this on Windows ourselves: it is tested against a stand-in with SpoutGL's calls.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame
from vj.sinks import SinkSettings

GL_RGBA = 0x1908
"""OpenGL's name of the format, written out so that PyOpenGL is not needed for one number."""
TWO_GPUS = (
    "on a laptop with two GPUs this program and the receiver must use the same one: Windows "
    "Settings, System, Display, Graphics, "
    "give both python.exe and the receiver 'High performance'"
)


class SpoutSink:
    """`spout:NAME`. RGBA at whatever size frames come. `open`, `send` and `close` belong on one
    thread: the first `sendImage` makes a hidden OpenGL context, which belongs to the thread that
    made it.
    """

    def __init__(self, rest: str, settings: SinkSettings) -> None:
        self.name = rest or "vj"
        self._sender: Any = None
        self._open = ExitStack()
        self._pixels = np.empty((0, 0, 4), np.uint8)

    def open(self, width: int, height: int, fps: float) -> None:
        """Make the sender; others see it from the first frame on. Raises Unavailable off Windows or
        without SpoutGL."""
        self.close()
        try:
            import SpoutGL
        except ImportError as error:
            if sys.platform != "win32":
                raise Unavailable(
                    f"spout:{self.name}: Spout is for Windows only; here use ndi:{self.name}"
                ) from error
            raise Unavailable(
                f"spout:{self.name} needs SpoutGL ({error}): python3 launch.py add spout"
            ) from error
        self._sender = self._open.enter_context(SpoutGL.SpoutSender())
        self._sender.setSenderName(self.name)

    def send(self, frame: Frame) -> None:
        """Copy one frame to the card. Raises Fault when Spout refuses it."""
        if self._sender is None:
            raise Fault(f"spout:{self.name} is not open")
        pixels = frame.pixels
        height, width, channels = pixels.shape
        if channels == 3:
            if self._pixels.shape != (height, width, 4):
                self._pixels = np.empty((height, width, 4), np.uint8)
            pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA, dst=self._pixels)
        # By position: SpoutGL 0.1.1 calls these two height, width but takes width first. False: our
        # first row is the top one.
        if not self._sender.sendImage(
            np.ascontiguousarray(pixels), width, height, GL_RGBA, False, 0
        ):
            raise Fault(f"spout:{self.name}: Spout did not take the picture; {TWO_GPUS}")
        self._sender.setFrameSync(self.name)

    def close(self) -> None:
        self._sender = None
        self._open.close()

    def state(self) -> str:
        return "sending" if self._sender is not None else "not open"
