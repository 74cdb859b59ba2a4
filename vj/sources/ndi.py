"""NDI in: the picture of another program or machine.

NDI is a registered trademark of Vizrt NDI AB, https://ndi.video. ndi-python brings the library and its licence text.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from vj.errors import Unavailable
from vj.frame import Frame
from vj.sources import Setting

WAIT_MS = 200
"""How long `read` waits for a frame or for news of senders."""

SILENCE = 2.0
"""Seconds without a frame after which the sender is looked for anew: it may have come back under the same name at another address."""


def _library(name: str) -> Any:
    try:
        import NDIlib
    except ImportError as error:
        raise Unavailable(f"{name} needs ndi-python ({error}): pip install ndi-python") from error
    if not NDIlib.initialize():
        raise Unavailable(f"{name}: NDI does not run on this processor (it needs SSE4.2 or NEON); use another computer")
    return NDIlib


def _finder(library: Any, addresses: Sequence[str]) -> Any:
    """Looks by mDNS, at this machine, and at the addresses named."""
    settings = library.FindCreate()
    settings.show_local_sources = True
    settings.extra_ips = ",".join(dict.fromkeys([*addresses, "127.0.0.1"]))
    return library.find_create_v2(settings)


def list_ndi_sources(seconds: float = 1.5, addresses: Sequence[str] = ()) -> list[str]:
    """The full names, `HOST (NAME)`, of all senders heard of in so long. Raises Unavailable without the library."""
    library = _library("ndi:")
    finder = _finder(library, addresses)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        library.find_wait_for_sources(finder, 200)
    found = sorted(source.ndi_name for source in library.find_get_current_sources(finder))
    library.find_destroy(finder)
    return found


class NdiSource:
    """`ndi:NAME`: NAME as the sender gave it, or `HOST (NAME)`, or a part; without one, the first sender heard of.

    Gives the newest frame, never the queue's oldest. A sender may come later, vanish, come back and change its size: `read` gives None
    meanwhile. RGBA when the sender has alpha, else RGB.
    """

    live = True

    def __init__(self, rest: str, setting: Setting) -> None:
        self.name = rest.strip()
        self.connected = ""
        """The full name of the sender that was found."""
        self._setting = setting
        self._library: Any = None
        self._finder: Any = None
        self._receiver: Any = None
        self._number = 0
        self._heard = 0.0

    def open(self) -> None:
        """Begin to look. Raises Unavailable without the library; a sender that is not there yet is no fault."""
        self.close()
        self._library = _library(f"ndi:{self.name}")
        self._finder = _finder(self._library, self._setting.addresses)

    def read(self) -> Frame | None:
        """The newest frame; None when none came within a fifth of a second."""
        assert self._library is not None, "open comes first"
        if self._receiver is None:
            self._library.find_wait_for_sources(self._finder, WAIT_MS)
            self._connect()
            return None
        video = self._newest()
        now = time.monotonic()
        if video is None:
            if now - self._heard > SILENCE:
                self._heard = now
                self._connect()
            return None
        self._heard = now
        frame = Frame(self._pixels(video), self._number, self._setting.clock.now())
        self._library.recv_free_video_v2(self._receiver, video)
        self._number += 1
        return frame

    def close(self) -> None:
        """Let go of the sender."""
        self._disconnect()
        if self._finder is not None:
            finder, self._finder = self._finder, None
            self._library.find_destroy(finder)

    def _disconnect(self) -> None:
        if self._receiver is not None:
            receiver, self._receiver = self._receiver, None
            self._library.recv_destroy(receiver)
        self.connected = ""

    def _connect(self) -> None:
        """To the sender of our name, if it is there."""
        source = self._match(self._library.find_get_current_sources(self._finder))
        if source is None:
            return
        self._disconnect()
        settings = self._library.RecvCreateV3()
        settings.source_to_connect_to = source
        settings.color_format = self._library.RECV_COLOR_FORMAT_BGRX_BGRA
        settings.bandwidth = self._library.RECV_BANDWIDTH_HIGHEST
        settings.allow_video_fields = False
        self._receiver = self._library.recv_create_v3(settings)
        self.connected = source.ndi_name
        self._heard = time.monotonic()

    def _match(self, sources: Sequence[Any]) -> Any:
        """The whole name first, then the sender's own name, then a part of it."""
        wanted = self.name.casefold()
        tests = (
            lambda full: full == wanted,
            lambda full: full.endswith(f"({wanted})"),
            lambda full: wanted in full,
        )
        for test in tests:
            for source in sources:
                if test(source.ndi_name.casefold()):
                    return source
        return None

    def _newest(self) -> Any:
        """Wait for a frame, then take all that lie in the queue and keep the last. The rest, and sound, is given back at once."""
        library, kept, wait = self._library, None, WAIT_MS
        for _ in range(64):
            kind, video, audio, metadata = library.recv_capture_v2(self._receiver, wait)
            if kind == library.FrameType.FRAME_TYPE_VIDEO:
                if kept is not None:
                    library.recv_free_video_v2(self._receiver, kept)
                kept, wait = video, 0
            elif kind == library.FrameType.FRAME_TYPE_AUDIO:
                library.recv_free_audio_v2(self._receiver, audio)
            elif kind == library.FrameType.FRAME_TYPE_METADATA:
                library.recv_free_metadata(self._receiver, metadata)
            elif kind in (library.FrameType.FRAME_TYPE_NONE, library.FrameType.FRAME_TYPE_ERROR):
                break
        return kept

    def _pixels(self, video: Any) -> np.ndarray:
        """A copy of our own, RGB or RGBA. ndi-python gives (yres, xres, 4), its stride taken care of."""
        data = np.asarray(video.data)
        with_alpha = video.FourCC in (self._library.FOURCC_VIDEO_TYPE_BGRA, self._library.FOURCC_VIDEO_TYPE_RGBA)
        turned = video.FourCC in (self._library.FOURCC_VIDEO_TYPE_RGBA, self._library.FOURCC_VIDEO_TYPE_RGBX)
        if with_alpha:
            return data.copy() if turned else cv2.cvtColor(data, cv2.COLOR_BGRA2RGBA)
        return cv2.cvtColor(data, cv2.COLOR_RGBA2RGB if turned else cv2.COLOR_BGRA2RGB)
