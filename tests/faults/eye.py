"""Who looks at the picture: an NDI receiver, or where NDI is missing the page's picture, in the
words of somebody in the audience."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

LONGEST = 0.5
"""Seconds for which the picture may stand, or not come."""
BLACK, EVEN = 20, 1.0
"""The brightest value of a black picture; the spread of a picture that is one even colour."""
SAME = 0.02
"""Mean difference, of 255, between two small copies of what counts as one picture."""
SMALL = (48, 48)
POLL = 0.05
KEPT = 20_000
LATE = 0.2
"""Seconds by which this very process may be late before the machine counts as too busy to judge
by."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture. at: seconds of the steady clock when it was sent, as far as that is told, else
    when it came."""

    at: float
    moved: float
    brightest: int
    spread: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the picture over a while. Times in seconds."""

    pictures: int
    seconds: float
    gap: float
    stood: float
    black: int
    even: int

    @property
    def wrong(self) -> set[str]:
        """`gap`, `frozen`, `black`, `even`."""
        found = {"gap"} if self.gap > LONGEST else set()
        found |= {"frozen"} if self.stood > LONGEST else set()
        return found | ({"black"} if self.black else set()) | ({"even"} if self.even else set())

    def __str__(self) -> str:
        parts = [
            f"{self.pictures / max(self.seconds, 1e-9):.0f} pictures a second",
            f"longest gap {self.gap:.2f} s",
        ]
        if self.stood > LONGEST:
            parts.append(f"stood for {self.stood:.1f} s")
        if self.black:
            parts.append(f"{self.black} black")
        if self.even:
            parts.append(f"{self.even} of one even colour")
        return ", ".join(parts)


def judged(seen: Sequence[Seen], begin: float, end: float) -> Verdict:
    """What was seen between two moments; the pictures just before and just after bound the gaps at
    the ends."""
    inside = [one for one in seen if begin <= one.at <= end]
    moments = [begin, *(one.at for one in inside), end]
    gap = max(b - a for a, b in itertools.pairwise(moments))
    stood, since = 0.0, begin
    for one in inside:
        if one.moved > SAME:
            since = one.at
        stood = max(stood, one.at - since)
    black = sum(one.brightest <= BLACK for one in inside)
    even = sum(one.spread < EVEN and one.brightest > BLACK for one in inside)
    return Verdict(len(inside), end - begin, gap, stood, black, even)


class Eye:
    """Looks for a sender, and looks at it, on a thread of its own, until it is closed. Finds it
    again when it comes back."""

    def __init__(self, name: str, page: str = "") -> None:
        """name: of the NDI sender on this machine. page: where the page is, for machines without
        NDI."""
        self.seen: deque[Seen] = deque(maxlen=KEPT)
        self.late = 0.0
        """The longest for which this process itself was held up since it was last asked."""
        self._name, self._page = name, page
        self._before: np.ndarray | None = None
        self._stop = threading.Event()
        try:
            import NDIlib

            self._library: Any = NDIlib
            NDIlib.initialize()
        except ImportError:
            self._library = None
        self.way = (
            "NDI"
            if self._library is not None
            else "the page's picture, since ndi-python is missing"
        )
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._look, self._pulse)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(2)

    def verdict(self, begin: float, end: float) -> Verdict:
        """See `judged`. Times of `time.monotonic`."""
        return judged(list(self.seen), begin, end)

    def held_up(self) -> float:
        """Seconds for which this process was held up at most since the last time this was asked."""
        late, self.late = self.late, 0.0
        return late

    def wait(self, pictures: int, seconds: float) -> bool:
        """Have so many come? Waits for them."""
        begin, end = time.monotonic(), time.monotonic() + seconds
        while time.monotonic() < end:
            if sum(one.at >= begin for one in list(self.seen)[-pictures - 1 :]) >= pictures:
                return True
            time.sleep(0.01)
        return False

    def _pulse(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(0.02):
            now = time.monotonic()
            self.late = max(self.late, now - before - 0.02)
            before = now

    def _look(self) -> None:
        while not self._stop.is_set():
            if self._library is None:
                self._poll()
                continue
            source = self._find()
            if source is not None:
                self._receive(source)

    def _find(self) -> Any:
        wanted = self._library.FindCreate()
        # One connection is answered by any one of the programs that speak NDI here, which tells of
        # its own senders only.
        wanted.show_local_sources = True
        wanted.extra_ips = ",".join(f"127.0.0.{number}" for number in range(1, 5))
        finder = self._library.find_create_v2(wanted)
        try:
            while not self._stop.is_set():
                self._library.find_wait_for_sources(finder, 100)
                for source in self._library.find_get_current_sources(finder):
                    if source.ndi_name.endswith(f"({self._name})"):
                        return source
            return None
        finally:
            self._library.find_destroy(finder)

    def _receive(self, source: Any) -> None:
        library = self._library
        settings = library.RecvCreateV3()
        settings.source_to_connect_to = source
        settings.color_format = library.RECV_COLOR_FORMAT_BGRX_BGRA
        receiver = library.recv_create_v3(settings)
        heard = time.monotonic()
        try:
            while not self._stop.is_set():
                kind, video, audio, _ = library.recv_capture_v2(receiver, 50)
                now = time.monotonic()
                if kind == library.FrameType.FRAME_TYPE_VIDEO:
                    heard = now
                    sent = video.timestamp / 1e7 - time.time() + now if video.timestamp > 0 else now
                    pixels = np.array(np.asarray(video.data)[: video.yres, : video.xres, :3])
                    library.recv_free_video_v2(receiver, video)
                    self._saw(pixels, sent if 0 <= now - sent < 2 else now)
                elif kind == library.FrameType.FRAME_TYPE_AUDIO:
                    library.recv_free_audio_v2(receiver, audio)
                elif now - heard > 1 and library.recv_get_no_connections(receiver) == 0:
                    return
        finally:
            library.recv_destroy(receiver)

    def _poll(self) -> None:
        with contextlib.suppress(OSError, cv2.error):
            with urllib.request.urlopen(f"{self._page}output.jpg", timeout=2) as answer:
                pixels = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
            if pixels is not None:
                self._saw(pixels, time.monotonic())
        self._stop.wait(POLL)

    def _saw(self, pixels: np.ndarray, at: float) -> None:
        small = cv2.resize(pixels, SMALL, interpolation=cv2.INTER_AREA)
        moved = 255.0 if self._before is None else float(cv2.absdiff(small, self._before).mean())
        self._before = small
        self.seen.append(Seen(at, moved, int(pixels.max()), float(small.std(axis=(0, 1)).max())))
