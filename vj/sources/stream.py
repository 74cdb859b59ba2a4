"""Pictures out of the network: IP cameras, phones, stream servers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.core.packets import packets_of
from vj.sources import Awaited, EndOfSource, SourceSettings
from vj.sources.network import check_address, is_address, without_password
from vj.sources.picture import Picture
from vj.sources.stream_link import SILENT, connect
from vj.sources.tone_map import stated_peak
from vj.sources.upright import Upright

PACED = ("hls", "dash")
"""FFmpeg's formats that come by the piece, several seconds at once; they are shown at their own
pace. So is whatever has an end, but for MJPEG. Of all others the newest picture is shown as soon as
it is there."""

UNTIMED = ("mpjpeg", "mjpeg", "h264", "hevc", "m4v", "mpegvideo")
"""Formats whose pictures have no times; FFmpeg makes up 25 a second."""

AHEAD = 12.0
"""Seconds by which pictures may come earlier than their times say, since a server may begin with
what it has kept. Beyond that it sends a file as fast as it can, which is shown at its own pace."""

LATE = 0.5
"""Seconds of delay after which what is paced does not catch up any more, and goes on from there."""

LEAP = 5.0
"""Seconds between two pictures beyond which their times tell nothing: another piece begins."""

TOO_SLOW = 3.0
"""Seconds without having had to wait for a packet, after which this machine is too slow for the
stream: only key pictures are decoded until it has caught up."""

WAITED = 0.001
"""Seconds that it takes longer to get a packet which was not there yet."""

AGAIN = 0.5
"""Seconds between two requests, at least, of what has an end: a webcam that gives one picture."""


class Came(NamedTuple):
    """captured: seconds on the clock."""

    picture: Picture
    captured: float


class Stream:
    """`stream:ADDRESS`, or the address alone: `rtsp://...`, `http://...` and whatever else FFmpeg
    speaks here. The newest picture of a camera, MJPEG, RTSP, MPEG-TS; HLS at its own pace.
    What has an end begins again, as the settings say.

    It is received and decoded on a thread of its own, which keeps the newest picture, so that the
    delay does not grow where pictures are taken more slowly than they come. A connection that is
    lost, or says nothing, is a Fault: the reader makes another one.
    """

    live = True
    offline = (
        "record it first, or name a file; where a clip lies at the address, write download: before "
        "it"
    )
    """What to do instead of rendering it."""

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault for what is no address."""
        self.address = rest.strip()
        self._name = without_password(self.address)
        if not is_address(self.address):
            raise Fault(f"stream:{self._name}: name an address, such as rtsp://HOST:554/PATH")
        check_address(self.address)
        self._settings = settings
        self._link: _Link | None = None
        self._number = 0

    def open(self) -> None:
        """Raises Fault for an address that is wrong, Awaited for one that does not answer."""
        self.close()
        self._link = _Link(self.address, connect(self.address), self._settings)
        self._link.start()

    def read(self) -> Frame | None:
        """The newest picture. Raises Fault once the connection is lost, EndOfSource at the end of
        what has one and does not loop."""
        if self._link is None:
            raise Fault(f"{self._name} is not open")
        came = self._link.box.get(0.2)
        if came is None:
            if not self._link.box.closed:
                return None
            if self._link.ended:
                raise EndOfSource
            raise self._link.fault or Awaited(f"{self._name}: the stream has ended")
        pixels = self._link.upright(came)
        frame = Frame(pixels, self._number, came.captured)
        self._number += 1
        return frame

    def close(self) -> None:
        """Ends the connection: now, or, where the network hangs, within some seconds."""
        if self._link is not None:
            self._link.stop()
            self._link = None


class _Link:
    """One connection and the thread that receives it."""

    def __init__(self, address: str, container: Any, settings: SourceSettings) -> None:
        self.box: Mailbox[Came] = Mailbox()
        self.fault: Fault | None = None
        self.ended = False
        """It came to its end, and does not loop."""
        self._upright: Upright | None = None
        self._address, self._name = address, without_password(address)
        self._settings = settings
        self._stop = threading.Event()
        kind = container.format.name.split(",")[0]
        self._finite = bool(container.duration) or container.size > 0
        # some cameras say a length, since their web server has to; no film comes as JPEGs in parts
        self._paced = kind in PACED or (self._finite and kind != "mpjpeg")
        self._timed = kind not in UNTIMED
        self._begin(container)
        self._ahead, self._came_at = 0.0, 0.0
        self._due_at: float | None = None
        """Seconds on the clock at which a picture of time 0 is due; None before the first."""
        self._last_time: float | None = None
        self._over_at = 0.0
        """Seconds on the clock at which the picture that was shown last has been seen."""
        self._thread = threading.Thread(target=self._run, name=f"stream {self._name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self.box.close()
        self._thread.join(0.3)  # where the network hangs, it ends after `SILENT`

    def upright(self, came: Came) -> np.ndarray:
        """(H, W, 3) uint8 RGB of a picture, as a player shows it. From the thread of `read`."""
        if self._upright is None:
            peak = stated_peak(came.picture.decoded)
            self._upright = Upright(self._pixel_shape, peak, self._say)
        return self._upright.pixels(came.picture)

    def _say(self, text: str) -> None:
        self._settings.once(f"{self._name}: {text}")

    def _begin(self, container: Any) -> None:
        from av.stream import Discard

        self._container = container
        self._stream = container.streams.best("video") or container.streams.video[0]
        for other in container.streams:
            if other is not self._stream:
                other.discard = Discard.all  # HLS would fetch each of its sizes, and the sound
        self._pixel_shape = self._stream.sample_aspect_ratio
        # of several frames that are decoded at once each is later by the number of the others
        self._stream.thread_type = "AUTO" if self._paced else "SLICE"

    def _run(self) -> None:
        import av

        try:
            while not self._stop.is_set():
                begun = time.monotonic()
                pictures = self._play()
                if not self._finite or self._stop.is_set():
                    break
                if not self._settings.loop:
                    self.ended = True
                    break
                self._stop.wait(AGAIN - (time.monotonic() - begun))
                self._rewind(anew=pictures < 2)
        except Fault as fault:
            self.fault = fault
        except av.error.ExitError:
            self.fault = Awaited(f"{self._name}: has sent nothing for {SILENT:g} s")
        except (av.FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            self.fault = Awaited(f"{self._name}: the connection was broken off ({reason})")
        except Exception as error:  # whatever a library raises, the source is opened again
            self.fault = Fault(f"{self._name}: {type(error).__name__}: {error}"[:300])
        finally:
            self.box.close()
            self._container.close()

    def _play(self) -> int:
        """Whatever comes, until the end. How many pictures that was."""
        before, count = None, 0
        for decoded in self._pictures():
            if self._stop.is_set():
                break
            if self._paced or self._is_ahead(decoded.time):
                self._paced = True
                self._wait_for(decoded.time)
            # without the one after it, which would be waited for
            picture = Picture(decoded.time or 0.0, decoded, before=before)
            self.box.put(Came(picture, self._settings.clock.now()))
            before, count = decoded, count + 1
        return count

    def _pictures(self) -> Iterator[Any]:
        import av

        context = self._stream.codec_context
        packets = packets_of(self._container, self._stream)
        caught_up = time.monotonic()
        while not self._stop.is_set():
            asked = time.monotonic()
            packet = next(packets, None)
            if packet is None:
                return
            now = time.monotonic()
            if self._paced or now - asked > WAITED:
                caught_up = now
            context.skip_frame = "NONKEY" if now - caught_up > TOO_SLOW else "DEFAULT"
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                continue  # the first packets may be of a picture whose beginning was missed

    def _is_ahead(self, moment: float | None) -> bool:
        """It comes faster than it is to be seen. moment: of the next picture, in seconds."""
        if moment is None or not self._timed:
            return False
        last, self._last_time = self._last_time, moment
        before, self._came_at = self._came_at, time.monotonic()
        if last is not None and 0 <= moment - last < LEAP:
            self._ahead += moment - last - (self._came_at - before)
        return self._ahead > AHEAD

    def _wait_for(self, moment: float | None) -> None:
        """Until a picture of this time, in seconds, is due."""
        clock = self._settings.clock
        if moment is None:
            return
        last, self._last_time = self._last_time, moment
        now = clock.now()
        leaps = last is None or not -LEAP < moment - last < LEAP
        if self._due_at is None:
            self._due_at = max(now, min(self._over_at, now + 1.0)) - moment
        elif leaps or now - (self._due_at + moment) > LATE:
            self._due_at = now - moment
        self._over_at = self._due_at + moment + float(1 / (self._stream.average_rate or 25))
        clock.wait_until(self._due_at + moment, self._stop)

    def _rewind(self, anew: bool) -> None:
        """anew: ask the server for it; else only where one cannot go back within it."""
        import av

        self._due_at = self._last_time = None
        try:
            if not anew:
                self._container.seek(0)
                return
        except (av.FFmpegError, OSError):
            pass
        self._container.close()
        self._begin(connect(self._address))
