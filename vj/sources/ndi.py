"""NDI in: the picture of another program or machine.

NDI is a registered trademark of Vizrt NDI AB, https://ndi.video. ndi-python brings the library and
its licence text.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Unavailable
from vj.core.frame import Frame
from vj.sources import SourceSettings

WAIT_MS = 200
"""How long `read` waits for a frame or for news of senders."""

SILENCE = 2.0
"""Seconds without a frame after which the sender is looked for anew: it may have come back under
the same name at another address."""

LOOK = 0.5
"""Seconds between two looks at who is there, while a sender plays."""

SETTLE = 0.7
"""Seconds that a sender waits whose name only holds what is wanted: the one that is meant may be
heard of a moment later."""

HERE = ["127.0.0.1"] if sys.platform == "darwin" else [f"127.0.0.{number}" for number in (1, 2)]
"""This machine, to be asked without mDNS. A connection is answered by one of the programs that
speak NDI here, drawn by lot, which tells of its own senders only (measured with libndi 6.3 on
Linux): one connection is not enough. macOS has the first address alone."""

REFRESH = 1.0
"""Seconds between two finders while somebody is looked for: the connections of one stay with those
that answered first."""

FINDERS = 2
"""How many are kept: the newest, and what has heard of most others; none while the wanted sender
plays, since each address that is asked takes the library two threads."""

CHANCE = 5.0
"""Seconds that a sender gets for its first frame before it takes the place of another one."""


def _library(name: str) -> Any:
    try:
        import NDIlib
    except ImportError as error:
        raise Unavailable(f"{name} needs ndi-python ({error}): pip install ndi-python") from error
    if not NDIlib.initialize():
        raise Unavailable(
            f"{name}: NDI does not run on this processor (it needs SSE4.2 or NEON); use another "
            "computer"
        )
    return NDIlib


@dataclass(slots=True, eq=False)
class Finder:
    """One of the library's finders. others: how many senders it has heard of that are not our
    own."""

    handle: Any
    others: int = 0


def _finder(library: Any, addresses: Sequence[str]) -> Finder:
    """Looks by mDNS, at this machine, and at the addresses named."""
    settings = library.FindCreate()
    settings.show_local_sources = True
    settings.extra_ips = ",".join(dict.fromkeys([*addresses, *HERE]))
    return Finder(library.find_create_v2(settings))


def list_ndi_sources(seconds: float = 1.5, addresses: Sequence[str] = ()) -> list[str]:
    """The full names, `HOST (NAME)`, of all senders heard of in so long. Raises Unavailable without
    the library."""
    library = _library("ndi:")
    finders: list[Finder] = []
    found: set[str] = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        finders.append(_finder(library, addresses))
        library.find_wait_for_sources(finders[-1].handle, 200)
        for finder in finders:
            found.update(
                source.ndi_name for source in library.find_get_current_sources(finder.handle)
            )
        time.sleep(0.05)
    for finder in finders:
        library.find_destroy(finder.handle)
    return sorted(found)


def fit(full: str, wanted: str) -> int | None:
    """How well a sender's full name, `HOST (NAME)`, fits what is wanted: 0 it is just that, 1 NAME
    is, 2 it holds it; None not at all."""
    full, wanted = full.casefold(), wanted.casefold()
    if full == wanted:
        return 0
    if full.partition(" (")[2] == f"{wanted})":
        return 1
    return 2 if wanted in full else None


@dataclass(slots=True)
class Connection:
    """A receiver and the sender it is connected to. fit: how well that one's name fits. since:
    seconds, when it was made."""

    full: str
    fit: int
    receiver: Any
    since: float


class NdiSource:
    """`ndi:NAME`: NAME as the sender gave it, or `HOST (NAME)`, or a part; without one, the first
    sender heard of. Never an output of this very show.

    Gives the newest frame, never the queue's oldest. A sender may come later, vanish, come back and
    change its size: `read` gives None meanwhile. One that has just the name takes over, whenever it
    appears, from one whose name only holds it. RGBA when the sender has alpha, else RGB.
    """

    live = True

    def __init__(self, rest: str, setting: SourceSettings) -> None:
        self.name = rest.strip()
        self._setting = setting
        self._library: Any = None
        self._finders: list[Finder] = []
        """The newest last."""
        self._next_finder = 0.0
        self._playing: Connection | None = None
        self._coming: Connection | None = None
        """Fits better, and takes over with its first frame."""
        self._number = 0
        self._heard = 0.0
        self._looked = 0.0
        self._since: float | None = None
        """When the first sender was heard of whose name holds ours."""
        self._named = False

    @property
    def connected(self) -> str:
        """The full name of the sender that plays; empty without one."""
        return self._playing.full if self._playing is not None else ""

    def open(self) -> None:
        """Begin to look. Raises Unavailable without the library; a sender that is not there yet is
        no fault."""
        self.close()
        self._library = _library(f"ndi:{self.name}")
        self._since = None
        self._refresh(time.monotonic())

    def read(self) -> Frame | None:
        """The newest frame; None when none came within a fifth of a second."""
        assert self._library is not None, "open comes first"
        if self._playing is None:
            if self._finders:
                self._library.find_wait_for_sources(self._finders[-1].handle, WAIT_MS)
            self._look(time.monotonic())
            return None
        if time.monotonic() - self._looked > LOOK:
            self._look(time.monotonic())
            if self._playing is None:
                return None
        video = self._newest(self._playing.receiver, WAIT_MS)
        now = time.monotonic()
        if video is not None:
            self._heard = now
        if self._coming is not None:
            video = self._turn(video, now)
        if video is None:
            return None
        frame = Frame(self._pixels(video), self._number, self._setting.clock.now())
        self._library.recv_free_video_v2(self._playing.receiver, video)
        self._number += 1
        return frame

    def close(self) -> None:
        """Let go of the sender."""
        self._leave()
        self._keep(0)

    def _refresh(self, now: float) -> None:
        """Another finder, in the place of one that has heard of fewer others."""
        self._keep(FINDERS - 1)
        self._finders.append(_finder(self._library, self._setting.addresses))
        self._next_finder = now + REFRESH

    def _keep(self, count: int) -> None:
        """Let go of all finders but so many."""
        while len(self._finders) > count:
            least = min(self._finders, key=lambda finder: finder.others)
            self._finders.remove(least)
            self._library.find_destroy(least.handle)

    def _leave(self) -> None:
        for connection in (self._playing, self._coming):
            if connection is not None:
                self._library.recv_destroy(connection.receiver)
        self._playing = self._coming = None

    def _look(self, now: float) -> None:
        """Who is there, and whether it should play instead of what does."""
        self._looked = now
        own = {name.casefold() for name in self._setting.own()}
        if self.connected.casefold() in own:
            self._leave()
        content = (
            self._playing is not None and self._playing.fit < 2 and now - self._heard <= SILENCE
        )
        if content:
            self._keep(0)
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
        if self._playing is None or now - self._heard > SILENCE:
            if how < 2 or now - self._since >= SETTLE:
                silent = self.connected
                self._leave()
                self._playing, self._heard = self._connect(how, source, now), now
                if silent not in ("", self.connected):
                    self._setting.log(
                        f"ndi:{self.name}: {silent} is silent; {self.connected} plays instead"
                    )
        elif how < self._playing.fit and self._coming is None:
            self._coming = self._connect(how, source, now)
        self._name_them([name for fits, name, _ in found if fits == how])

    def _name_them(self, alike: list[str]) -> None:
        """Log once that it is not clear who is meant."""
        if (
            len(alike) > 1
            and self._playing is not None
            and self._playing.full in alike
            and not self._named
        ):
            self._named = True
            fitting = f"{len(alike)} senders fit: {', '.join(alike)}"
            self._setting.log(
                f"ndi:{self.name}: {fitting}; {self.connected} plays; write out the name of another"
            )

    def _connect(self, how: int, source: Any, now: float) -> Connection:
        settings = self._library.RecvCreateV3()
        settings.source_to_connect_to = source
        settings.color_format = self._library.RECV_COLOR_FORMAT_BGRX_BGRA
        settings.bandwidth = self._library.RECV_BANDWIDTH_HIGHEST
        settings.allow_video_fields = False
        return Connection(source.ndi_name, how, self._library.recv_create_v3(settings), now)

    def _turn(self, video: Any, now: float) -> Any:
        """What plays next: a frame of the sender that is coming, once it has one, which then plays;
        else `video`."""
        playing, coming = self._playing, self._coming
        assert playing is not None
        assert coming is not None
        first = self._newest(coming.receiver, 0)
        if first is None:
            if now - coming.since > CHANCE:
                self._coming = None
                self._library.recv_destroy(coming.receiver)
            return video
        if video is not None:
            self._library.recv_free_video_v2(playing.receiver, video)
        self._library.recv_destroy(playing.receiver)
        self._setting.log(
            f"ndi:{self.name}: {coming.full} is there and plays, instead of {playing.full}"
        )
        self._playing, self._coming, self._heard = coming, None, now
        return first

    def _newest(self, receiver: Any, wait: int) -> Any:
        """Wait for a frame, then take all that lie in the queue and keep the last. The rest, and
        sound, is given back at once. wait: in milliseconds."""
        library, kept = self._library, None
        for _ in range(64):
            kind, video, audio, metadata = library.recv_capture_v2(receiver, wait)
            if kind == library.FrameType.FRAME_TYPE_VIDEO:
                if kept is not None:
                    library.recv_free_video_v2(receiver, kept)
                kept, wait = video, 0
            elif kind == library.FrameType.FRAME_TYPE_AUDIO:
                library.recv_free_audio_v2(receiver, audio)
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
