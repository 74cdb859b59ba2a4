"""NDI in: the picture of another program or machine.

NDI is a registered trademark of Vizrt NDI AB, https://ndi.video. ndi-python brings the library and
its licence text.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vj.core.frame import Frame
from vj.sound.sound_line import SoundLine
from vj.sources import SourceSettings
from vj.sources.ndi_senders import Finder, fit, make_finder, ndi_library
from vj.sources.ndi_sound import NdiSound

WAIT_MS = 200
"""How long `read` waits for a frame or for changes among the senders."""

SILENCE = 2.0
"""Seconds without a frame after which the sender is searched for again: it may have come back under
the same name at another address."""

SCAN_PERIOD = 0.5
"""Seconds between two scans for senders, while one plays."""

SETTLE = 0.7
"""Seconds to wait before connecting to a sender whose name only contains the wanted one: the sender
that is meant may be discovered a moment later."""

REFRESH = 1.0
"""Seconds between two finders while a sender is searched for: the connections of one finder stay
with the programs that answered first."""

FINDERS = 2
"""How many finders are kept: the newest, and the one that knows most other senders; none while the
wanted sender plays, since each address asked costs the library two threads."""

FIRST_FRAME_TIMEOUT = 5.0
"""Seconds that a better matching sender gets for its first frame before it is given up."""


@dataclass(slots=True)
class Connection:
    """A receiver and the sender it is connected to. fit: see `fit`. since: seconds, when it was
    made."""

    full: str
    fit: int
    receiver: Any
    since: float


class NdiSource:
    """`ndi:NAME`: NAME as the sender gave it, or `HOST (NAME)`, or a part; without one, the first
    sender discovered. Never an output of this very show.

    Gives the newest frame, never the queue's oldest. A sender may appear later, disappear, come
    back and change its size: `read` gives None meanwhile. One with exactly the name takes over,
    whenever it appears, from one whose name only contains it. RGBA when the sender has alpha, else
    RGB. Its sound lies in `sound`, each sample at the moment of the picture that it goes with.
    """

    live = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self.name = rest.strip()
        self._settings = settings
        self._library: Any = None
        self._finders: list[Finder] = []
        """The newest last."""
        self._next_finder = 0.0
        self._playing: Connection | None = None
        self._next: Connection | None = None
        """Matches better, and takes over with its first frame."""
        self._number = 0
        self._last_frame_at = 0.0
        self._scanned_at = 0.0
        self._since: float | None = None
        """When the first sender was discovered whose name contains ours."""
        self._ambiguity_logged = False
        self._sound = NdiSound()

    @property
    def sound(self) -> SoundLine | None:
        """What the sender sounds like; None until it does. From any thread."""
        return self._sound.line

    @property
    def connected(self) -> str:
        """The full name of the sender that plays; empty without one."""
        return self._playing.full if self._playing is not None else ""

    def open(self) -> None:
        """Begin to search. Raises Unavailable without the library; a sender that does not exist yet
        is no fault."""
        self.close()
        self._library = ndi_library(f"ndi:{self.name}")
        self._since = None
        self._refresh(time.monotonic())

    def read(self) -> Frame | None:
        """The newest frame; None when none came within a fifth of a second."""
        assert self._library is not None, "open comes first"
        if self._playing is None:
            if self._finders:
                self._library.find_wait_for_sources(self._finders[-1].handle, WAIT_MS)
            self._scan(time.monotonic())
            return None
        if time.monotonic() - self._scanned_at > SCAN_PERIOD:
            self._scan(time.monotonic())
            if self._playing is None:
                return None
        video = self._newest(self._playing.receiver, WAIT_MS)
        now = time.monotonic()
        if video is not None:
            self._last_frame_at = now
        if self._next is not None:
            video = self._switch(video, now)
        if video is None:
            return None
        frame = Frame(self._pixels(video), self._number, self._settings.clock.now())
        self._sound.picture(video.timecode, frame.captured)
        self._library.recv_free_video_v2(self._playing.receiver, video)
        self._number += 1
        return frame

    def close(self) -> None:
        """Disconnect from the sender."""
        self._disconnect()
        self._keep_finders(0)

    def _refresh(self, now: float) -> None:
        """Make another finder, in place of the one that knows fewest other senders."""
        self._keep_finders(FINDERS - 1)
        self._finders.append(make_finder(self._library, self._settings.addresses))
        self._next_finder = now + REFRESH

    def _keep_finders(self, count: int) -> None:
        """Destroy all finders but `count`."""
        while len(self._finders) > count:
            least = min(self._finders, key=lambda finder: finder.others)
            self._finders.remove(least)
            self._library.find_destroy(least.handle)

    def _disconnect(self) -> None:
        for connection in (self._playing, self._next):
            if connection is not None:
                self._library.recv_destroy(connection.receiver)
        self._playing = self._next = None
        self._sound.begin_again()

    def _scan(self, now: float) -> None:
        """Find the senders, and connect to one that should play instead of the present one."""
        self._scanned_at = now
        own = {name.casefold() for name in self._settings.own()}
        if self.connected.casefold() in own:
            self._disconnect()
        content = (
            self._playing is not None
            and self._playing.fit < 2
            and now - self._last_frame_at <= SILENCE
        )
        if content:
            self._keep_finders(0)
        elif now >= self._next_finder or not self._finders:
            self._refresh(now)
        there: dict[str, Any] = {}
        for finder in self._finders:
            sources = {
                source.ndi_name: source
                for source in self._library.find_get_current_sources(finder.handle)
            }
            others = {
                name: source for name, source in sources.items() if name.casefold() not in own
            }
            finder.others = len(others)
            there.update(others)
        fitting = [(fit(name, self.name), name, source) for name, source in there.items()]
        found = [(how, name, source) for how, name, source in fitting if how is not None]
        found.sort(key=lambda one: (one[0], one[1] != self.connected, one[1]))
        if not found:
            return
        if self._since is None:
            self._since = now
        how, _, source = found[0]
        if self._playing is None or now - self._last_frame_at > SILENCE:
            if how < 2 or now - self._since >= SETTLE:
                silent = self.connected
                self._disconnect()
                self._playing, self._last_frame_at = self._connect(how, source, now), now
                if silent not in ("", self.connected):
                    self._settings.log(
                        f"ndi:{self.name}: {silent} is silent; {self.connected} plays instead"
                    )
        elif how < self._playing.fit and self._next is None:
            self._next = self._connect(how, source, now)
        self._log_ambiguity([name for fits, name, _ in found if fits == how])

    def _log_ambiguity(self, alike: list[str]) -> None:
        """Log once that the name matches several senders."""
        if (
            len(alike) > 1
            and self._playing is not None
            and self._playing.full in alike
            and not self._ambiguity_logged
        ):
            self._ambiguity_logged = True
            fitting = f"{len(alike)} senders fit: {', '.join(alike)}"
            self._settings.log(
                f"ndi:{self.name}: {fitting}; {self.connected} plays; write out the name of another"
            )

    def _connect(self, how: int, source: Any, now: float) -> Connection:
        settings = self._library.RecvCreateV3()
        settings.source_to_connect_to = source
        settings.color_format = self._library.RECV_COLOR_FORMAT_BGRX_BGRA
        settings.bandwidth = self._library.RECV_BANDWIDTH_HIGHEST
        settings.allow_video_fields = False
        return Connection(source.ndi_name, how, self._library.recv_create_v3(settings), now)

    def _switch(self, video: Any, now: float) -> Any:
        """Switch to the next sender once it has a frame, and return that; else return `video`."""
        playing, coming = self._playing, self._next
        assert playing is not None
        assert coming is not None
        first = self._newest(coming.receiver, 0)
        if first is None:
            if now - coming.since > FIRST_FRAME_TIMEOUT:
                self._next = None
                self._library.recv_destroy(coming.receiver)
            return video
        if video is not None:
            self._library.recv_free_video_v2(playing.receiver, video)
        self._library.recv_destroy(playing.receiver)
        self._settings.log(
            f"ndi:{self.name}: {coming.full} is there and plays, instead of {playing.full}"
        )
        self._playing, self._next, self._last_frame_at = coming, None, now
        self._sound.begin_again()
        return first

    def _newest(self, receiver: Any, wait: int) -> Any:
        """Wait for a frame, then empty the queue and keep the last one. The others are freed at
        once, and sound when it was heard; that of a sender which does not play yet goes nowhere.
        wait: in milliseconds."""
        library, kept = self._library, None
        heard = self._playing is not None and receiver is self._playing.receiver
        patience = time.monotonic() + wait / 1000
        for _ in range(64):
            kind, video, audio, metadata = library.recv_capture_v2(receiver, wait)
            if kind == library.FrameType.FRAME_TYPE_VIDEO:
                if kept is not None:
                    library.recv_free_video_v2(receiver, kept)
                kept, wait = video, 0
            elif kind == library.FrameType.FRAME_TYPE_AUDIO:
                if heard:
                    self._sound.hear(audio, self._settings.clock.now())
                library.recv_free_audio_v2(receiver, audio)
                if wait and time.monotonic() > patience:
                    break  # there is sound alone
            elif kind == library.FrameType.FRAME_TYPE_METADATA:
                library.recv_free_metadata(receiver, metadata)
            elif kind in (library.FrameType.FRAME_TYPE_NONE, library.FrameType.FRAME_TYPE_ERROR):
                break
        return kept

    def _pixels(self, video: Any) -> np.ndarray:
        """A copy of our own, RGB or RGBA. ndi-python gives (yres, xres, 4), its stride taken care
        of."""
        data = np.asarray(video.data)
        with_alpha = video.FourCC in (
            self._library.FOURCC_VIDEO_TYPE_BGRA,
            self._library.FOURCC_VIDEO_TYPE_RGBA,
        )
        turned = video.FourCC in (
            self._library.FOURCC_VIDEO_TYPE_RGBA,
            self._library.FOURCC_VIDEO_TYPE_RGBX,
        )
        if with_alpha:
            return data.copy() if turned else cv2.cvtColor(data, cv2.COLOR_BGRA2RGBA)
        return cv2.cvtColor(data, cv2.COLOR_RGBA2RGB if turned else cv2.COLOR_BGRA2RGB)
