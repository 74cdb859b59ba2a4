"""What an NDI receiver sees flash and hears click, by the library alone."""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

import numpy as np

from vj.sources.ndi_senders import make_finder

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
        settings.color_format = library.RECV_COLOR_FORMAT_BGRX_BGRA
        receiver = self._receiver(name, settings)
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

    def _receiver(self, name: str, settings: Any) -> Any:
        """Of several finders, one after the other: each asks one program of this machine, which
        knows its own senders only."""
        library, receiver = self._library, None
        while receiver is None and not self._stop.is_set():
            finder = make_finder(library, ())
            library.find_wait_for_sources(finder.handle, 500)
            time.sleep(0.2)
            for source in library.find_get_current_sources(finder.handle):
                if source.ndi_name.endswith(f"({name})"):
                    settings.source_to_connect_to = source
                    receiver = library.recv_create_v3(settings)
            library.find_destroy(finder.handle)
        return receiver

    def _hear(self, sound: np.ndarray, now: float, timecode: float) -> None:
        loud = np.flatnonzero(np.abs(sound) > 0.35)
        if len(loud):
            later = float(loud[0]) / 48_000
            if not self.clicks or now + later - self.clicks[-1].arrived > 0.05:
                self.clicks.append(Event(now + later, timecode + later))

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)
