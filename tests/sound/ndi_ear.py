"""What an NDI receiver sees flash and hears click, by the library alone."""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

import numpy as np

from tests.peers.ndi_watcher import find

TICKS = 10_000_000


class Event(NamedTuple):
    """arrived: seconds on this machine's clock, of a click its own place in what came. timecode:
    seconds."""

    arrived: float
    timecode: float


class NdiEar:
    """Receives until it is ended."""

    def __init__(self, name: str) -> None:
        import NDIlib

        self._library: Any = NDIlib
        NDIlib.initialize()
        self.flashes: list[Event] = []
        self.clicks: list[Event] = []
        self._bright = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(name,), daemon=True)
        self._thread.start()

    def _run(self, name: str) -> None:
        library = self._library
        settings = library.RecvCreateV3()
        settings.source_to_connect_to = self._found(name)
        settings.color_format = library.RECV_COLOR_FORMAT_BGRX_BGRA
        receiver = None if self._stop.is_set() else library.recv_create_v3(settings)
        while not self._stop.is_set():
            kind, video, audio, _ = library.recv_capture_v2(receiver, 50)
            now = time.monotonic()
            if kind == library.FrameType.FRAME_TYPE_VIDEO:
                bright = bool(np.asarray(video.data)[::8, ::8, :3].mean() > 100)
                if bright and not self._bright:
                    self.flashes.append(Event(now, video.timecode / TICKS))
                self._bright = bright
                library.recv_free_video_v2(receiver, video)
            elif kind == library.FrameType.FRAME_TYPE_AUDIO:
                self._hear(np.asarray(audio.data)[0].copy(), now, audio.timecode / TICKS)
                library.recv_free_audio_v2(receiver, audio)
        if receiver is not None:
            library.recv_destroy(receiver)

    def _found(self, name: str) -> Any:
        """Several finders, one after the other: each asks one program of this machine, which knows
        its own senders only."""
        while not self._stop.is_set():
            try:
                return find(self._library, name, 1.0)
            except SystemExit:
                continue
        return None

    def _hear(self, sound: np.ndarray, now: float, timecode: float) -> None:
        loud = np.flatnonzero(np.abs(sound) > 0.35)
        if len(loud):
            later = float(loud[0]) / 48_000
            if not self.clicks or now + later - self.clicks[-1].arrived > 0.05:
                self.clicks.append(Event(now + later, timecode + later))

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)
