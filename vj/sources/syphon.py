"""Syphon in (macOS): the picture of another program on the same machine, by way of the graphics
card.

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
from vj.core.frame import Frame
from vj.sources import Awaited, SourceSettings

POLL = 0.004
"""Seconds between two looks for a new frame."""

RGBA8 = 70
"""Metal's MTLPixelFormatRGBA8Unorm. What comes through Syphon is the other one that syphon-python
reads, blue first, whatever the server was given (its tests/test_metal_integration.py)."""


class SyphonSource:
    """`syphon:NAME`: a server's or its program's name, or a part; without one, the first. RGBA."""

    live = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self.name = rest.strip()
        self._settings = settings
        self._client: Any = None
        self._number = 0

    def open(self) -> None:
        """Connect. Raises Unavailable off macOS or without syphon-python, Awaited when no server
        has the name."""
        self.close()
        try:
            import syphon
        except ImportError as error:
            if sys.platform != "darwin":
                raise Unavailable(
                    f"syphon:{self.name}: Syphon is for macOS only; NDI plays here"
                ) from error
            raise Unavailable(
                f"syphon:{self.name} needs syphon-python ({error}): python3 launch.py add syphon"
            ) from error
        servers = list(syphon.SyphonServerDirectory().servers)
        wanted = self.name.casefold()
        for server in servers:
            if wanted in f"{server.app_name} {server.name}".casefold():
                self._client = syphon.SyphonMetalClient(server)
                return
        known = ", ".join(f"{server.app_name} {server.name}".strip() for server in servers)
        raise Awaited(
            f"syphon:{self.name}: no such server "
            f"({f'there are: {known}' if known else 'there is none'})"
        )

    def read(self) -> Frame | None:
        """The newest frame; None when none came within a fifth of a second. Raises Fault when the
        server has gone: the same program started again is another one."""
        import objc

        assert self._client is not None, "open comes first"
        end = time.monotonic() + 0.2
        while not self._client.has_new_frame:
            if not self._client.is_valid:
                raise Fault(f"syphon:{self.name}: the server has gone")
            if time.monotonic() > end:
                return None
            time.sleep(POLL)
        with (
            objc.autorelease_pool()
        ):  # a thread of Python's has none of its own, and Metal's textures would pile up
            pixels = _rgba(self._client.new_frame_image)
        if pixels is None:
            return None
        frame = Frame(pixels, self._number, self._settings.clock.now())
        self._number += 1
        return frame

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.stop()


def _rgba(texture: Any) -> np.ndarray | None:
    """A Metal texture -> (H, W, 4) uint8, our own; None where there is none yet."""
    from syphon.utils.numpy import copy_mtl_texture_to_image

    if texture is None:
        return None
    # Syphon counts rows from the bottom; ours start at the top.
    pixels = np.flipud(copy_mtl_texture_to_image(texture))
    if texture.pixelFormat() == RGBA8:
        return np.ascontiguousarray(pixels)
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_BGRA2RGBA)
