"""NDI out: the picture on the network, for Resolume, TouchDesigner, OBS and every other program
that speaks NDI.

NDI is a registered trademark of Vizrt NDI AB, https://ndi.video. ndi-python brings the library and
its licence text.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame
from vj.sinks import SinkSettings
from vj.sinks.mark import Mark, ndi_metadata
from vj.sinks.ndi_order import NdiOrder
from vj.sinks.rate import exact_rate
from vj.sound import RATE

EPOCH = time.time()
"""What makes the show's clock about a time of day, the same for all senders."""
TICKS = 10_000_000
"""NDI counts tenths of a microsecond."""
IDLE_PERIOD = 0.5
"""Seconds between frames while nobody is connected."""


@dataclass(slots=True)
class FrameBuffer:
    """A frame as NDI describes it, and the memory it points to. (Reading `video.data` back gives a
    copy.) own: (h, w, 4) uint8, to convert into."""

    video: Any
    pixels: np.ndarray
    own: np.ndarray


class NdiSink:
    """`ndi:NAME`. Sends BGRX (or UYVY, `pixels: uyvy`) for RGB frames, BGRA (straight alpha) for
    RGBA ones, at whatever size they come. What a card has packed goes out from the memory into
    which it came down, without a copy; that memory is held until NDI no longer reads it, and is
    nobody's before.

    While nobody is connected, converting is wasted work, so only one frame every half second goes
    out: the library counts a receiver a moment after it has connected, and this bounds how long a
    new one could be without a picture. Asking for the count costs 0.2 us, so every frame asks, and
    the full rate starts with the first frame after a connection.

    The timecode is when the frame's input was taken: what two senders show of one frame, a key and
    its fill, has the same. So has sound of the moment at which it was taken, and it is sent when
    that picture is: receivers that go by time codes and those that play what comes are both in
    time.

    The settings' mark goes to every receiver as connection metadata, again whenever it changes.
    """

    sound_by_capture = True

    full_name: str | None
    """How others see it, `"HOST (vj)"`, once open."""

    def __init__(self, rest: str, settings: SinkSettings) -> None:
        self.name = rest or "vj"
        self.full_name = None
        self.receivers = 0
        self._asked_mark = settings.mark
        self._order = NdiOrder(settings.pixels == "uyvy")
        self._mark: Mark | None = None
        self._library: Any = None
        self._sender: Any = None
        self._buffers: list[FrameBuffer] = []
        self._buffer_index = 0
        self._next_idle = 0.0
        self._timecode = 0

    def open(self, width: int, height: int, fps: float) -> None:
        """Announce the source. Raises Unavailable without ndi-python, Fault when NDI refuses the
        name."""
        self.close()
        try:
            import NDIlib
        except ImportError as error:
            raise Unavailable(
                f"ndi:{self.name} needs ndi-python ({error}): python3 launch.py add ndi"
            ) from error
        if not NDIlib.initialize():
            raise Unavailable(
                f"ndi:{self.name}: NDI does not run on this processor (it needs SSE4.2 or NEON); "
                "use another computer"
            )
        # Never NDIlib.destroy(): it would end the NDI sources and other sinks of this process too.
        settings = NDIlib.SendCreate()
        settings.ndi_name = self.name
        settings.clock_video = (
            False  # the render loop keeps time; a second clock would fight with it
        )
        settings.clock_audio = False
        sender = NDIlib.send_create(settings)
        if sender is None:
            raise Fault(
                f"ndi:{self.name}: NDI refused to send under this name; another program here may "
                "hold it, use another name"
            )
        self._library, self._sender = NDIlib, sender
        self.full_name = NDIlib.send_get_source_name(sender).ndi_name
        rate = exact_rate(fps)
        self._buffers = []
        for _ in range(2):
            video = NDIlib.VideoFrameV2()
            video.frame_rate_N, video.frame_rate_D = rate.numerator, rate.denominator
            video.frame_format_type = NDIlib.FRAME_FORMAT_TYPE_PROGRESSIVE
            empty = np.empty((0, 0, 4), np.uint8)
            self._buffers.append(FrameBuffer(video, empty, empty))
        self._buffer_index = 0
        self._next_idle = 0.0
        self._mark = None

    def send(self, frame: Frame) -> None:
        """Hand one frame over; it is compressed on NDI's own threads. frame.picture: (H, W, 3 or 4)
        of any size, or packed."""
        if self._sender is None:
            raise Fault(f"ndi:{self.name} is not open")
        self._follow_mark()
        self.receivers = self._library.send_get_no_connections(self._sender, 0)
        if not self.receivers:
            now = time.monotonic()
            if now < self._next_idle:
                return
            self._next_idle = now + IDLE_PERIOD
        # NDI reads the buffer it was given last until the next send returns, so only the other one
        # may be written or replaced.
        buffer = self._buffers[self._buffer_index]
        lines = self._order.of(frame.picture, buffer.own)
        buffer.pixels, buffer.own = lines.memory, lines.own
        # A frame that is shown again is a little later: a receiver may leave out what it has had.
        self._timecode = max(round((EPOCH + frame.captured) * TICKS), self._timecode + 1)
        buffer.video.timecode = self._timecode
        buffer.video.data = buffer.pixels
        buffer.video.xres, buffer.video.yres = frame.size
        buffer.video.line_stride_in_bytes = lines.stride
        buffer.video.FourCC = getattr(self._library, f"FOURCC_VIDEO_TYPE_{lines.fourcc}")
        self._library.send_send_video_async_v2(self._sender, buffer.video)
        self._buffer_index = 1 - self._buffer_index

    def send_sound(self, moment: float, samples: np.ndarray) -> None:
        """Hand sound over. moment: of the frames that were captured as it was, on the show's clock.
        samples: (n, 2) float32."""
        if self._sender is None or not self.receivers:
            return
        planes = np.ascontiguousarray(samples.T, np.float32)  # read until the call returns
        audio = self._library.AudioFrameV2()
        audio.sample_rate, audio.no_channels, audio.no_samples = RATE, *planes.shape
        audio.data = planes
        audio.channel_stride_in_bytes = planes.strides[0]
        audio.timecode = round((EPOCH + moment) * TICKS)
        self._library.send_send_audio_v2(self._sender, audio)

    def _follow_mark(self) -> None:
        """Tell receivers, those to come too, how the pictures that are sent now were made."""
        mark = self._asked_mark()
        if mark == self._mark:
            return
        self._mark = mark
        self._library.send_clear_connection_metadata(self._sender)
        for text in () if mark is None else ndi_metadata(mark):
            element = self._library.MetadataFrame()
            element.data = text
            self._library.send_add_connection_metadata(self._sender, element)

    def close(self) -> None:
        """Stop sending; the source disappears from the network."""
        if self._sender is not None:
            sender, self._sender = self._sender, None
            self._library.send_send_video_async_v2(
                sender, None
            )  # wait until NDI no longer reads our memory
            self._library.send_destroy(sender)
        self._buffers = []
        self.full_name = None
        self.receivers = 0

    def state(self) -> str:
        """`"no receivers"`, `"1 receiver"`, `"2 receivers"`, as of the last frame."""
        return f"{self.receivers or 'no'} receiver{'' if self.receivers == 1 else 's'}"
