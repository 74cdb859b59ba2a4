"""Cameras, by OpenCV."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.sources import Awaited, SourceSettings, v4l2
from vj.sources.camera_formats import is_nameless, to_rgb
from vj.sources.camera_modes import FORMATS, NEARLY, Mode, Wanted, read_address
from vj.sources.camera_rate import RateMeter, brightness, why
from vj.sources.camera_setting import Granted, agree

FIRST_PICTURE = 3.0
"""Seconds a camera gets for its first picture."""

LOST_AFTER = 2.0
"""Seconds without a picture after which a camera counts as lost."""

FAILURES = 5
"""Readings that fail one after the other before it is given up."""


def backend() -> int:
    """OpenCV's number of this system's camera interface."""
    found: int = {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(
        sys.platform, cv2.CAP_V4L2
    )
    return found


def list_cameras() -> tuple[list[tuple[int, str]], str]:
    """(index, name) of every camera, and why there is none. Opens none of them, and never
    raises."""
    try:
        from cv2_enumerate_cameras import enumerate_cameras

        found = sorted((camera.index, camera.name) for camera in enumerate_cameras(backend()))
    except Exception as error:  # each system has its own way to refuse
        return [], f"cameras cannot be listed: {type(error).__name__}: {error}"
    return found, "" if found else "no camera is connected, or this user may not see it"


def modes_of(index: int) -> list[Mode]:
    """All modes of a camera, where they can be known without starting it: on Linux. Else empty."""
    return v4l2.modes_of(f"/dev/video{index}") if sys.platform == "linux" else []


class Camera:
    """`camera`, `camera:0`, `camera:part of a name`, on Linux `camera:/dev/v4l/by-id/...`; after it
    wishes, as in `camera:0?size=1280x720&fps=60&format=MJPG`. Without them it asks for a picture
    about as large as the show's, and for its rate, in the format that gives both at the least cost.

    A driver may block for many seconds when a camera is unplugged, so it is read on a thread of its
    own, which keeps the newest frame. How many pictures really come is measured, and said when it
    is clearly less than was asked for.
    """

    live = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault for a wish that does not exist."""
        self.name, self._wish = read_address(rest)
        self._settings = settings
        self._capture: _Capture | None = None
        self._number = 0
        self._last_frame_at = 0.0
        self._told: set[str] = set()
        """What has been said, so that it is not said again each time it is opened."""
        self._slowness_said = False
        self._path, self._fastest = "", 0.0

    def open(self) -> None:
        """Raises Awaited when there is no such camera, another program holds it, or it gives no
        picture."""
        self.close()
        device = self._device()
        wanted = self._wish.wanted(self._settings.size, self._settings.fps)
        modes = modes_of(device) if isinstance(device, int) else v4l2.modes_of(device)
        capture = self._start(device, wanted, modes)
        if capture is None and not wanted.format and any(mode.format == "MJPG" for mode in modes):
            # uncompressed pictures of two cameras are more than one USB port carries
            capture = self._start(device, replace(wanted, format="MJPG"), modes)
        if capture is None:
            raise self._no_picture()
        self._capture = capture
        self._path = device if isinstance(device, str) else f"/dev/video{device}"
        played = [mode.rates for mode in modes if mode.format in FORMATS]
        self._fastest = max((max(rates, default=0.0) for rates in played), default=0.0)
        self._last_frame_at = time.monotonic()
        self._say_what_was_granted(wanted, capture.granted, modes)

    def read(self) -> Frame | None:
        """The newest frame. Raises Fault once none has come for `LOST_AFTER` seconds, and for
        pictures that cannot be read."""
        capture = self._capture
        if capture is None:
            raise Fault(f"camera:{self.name} is not open")
        picture = capture.box.get(0.2)
        now = time.monotonic()
        pixels = None if picture is None else self._rgb(capture.granted, picture[0])
        if picture is None or pixels is None:
            if now - self._last_frame_at > LOST_AFTER or capture.box.closed:
                raise Fault(f"camera:{self.name} gives no more pictures; is it still connected?")
            return None
        self._last_frame_at = now
        if capture.measured:
            capture.measured = False
            self._say_how_fast(capture, pixels)
        frame = Frame(pixels, self._number, picture[1])
        self._number += 1
        return frame

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.stop()

    @property
    def mode_in_words(self) -> str:
        """`"MJPG, 12 of 30 a second"`: its format where that is known, and its rate once it has
        been measured. May be empty."""
        capture = self._capture
        if capture is None:
            return ""
        return ", ".join(filter(None, (capture.granted.format, str(capture.meter))))

    def _start(self, device: int | str, wanted: Wanted, modes: Sequence[Mode]) -> _Capture | None:
        """Begin to read it, by its best mode. None when its driver refuses to give a picture.
        Raises Awaited when it does not open, or gives none."""
        opened = cv2.VideoCapture(device, backend())
        if not opened.isOpened():
            opened.release()
            cameras, reason = list_cameras()
            held = f"another program may hold it, or this user may not use it{self._known()}"
            raise Awaited(f"camera:{self.name} does not open: {held if cameras else reason}")
        granted = agree(opened, wanted, modes)
        capture = _Capture(
            opened, granted, RateMeter(wanted.fps), self._settings.clock.now, self._log
        )
        picture = capture.box.get(FIRST_PICTURE)
        if picture is None:
            refused = capture.box.closed
            capture.stop()
            if refused:
                return None
            raise self._no_picture()
        capture.box.put(picture)
        return capture

    def _no_picture(self) -> Awaited:
        return Awaited(
            f"camera:{self.name} opens but gives no picture within {FIRST_PICTURE:g} s; "
            "another program may hold it"
        )

    def _rgb(self, granted: Granted, pixels: np.ndarray) -> np.ndarray | None:
        if is_nameless(pixels, granted.format):
            self._say(
                f"camera:{self.name} does not tell how its colours are ordered, and plays without "
                "them; ?format=YUYV after its name, or whichever it has, brings them"
            )
        try:
            return to_rgb(pixels, granted.format, granted.size, granted.converted)
        except Fault as fault:
            raise Fault(f"camera:{self.name} {fault}") from None

    def _say_what_was_granted(self, wanted: Wanted, got: Granted, modes: Sequence[Mode]) -> None:
        """Only of what somebody has asked for by name."""
        missed = [
            text
            for text, is_missed in (
                (f"{wanted.size}", wanted.exact and got.size not in (wanted.size, Size(0, 0))),
                (
                    f"{wanted.fps:g} a second",
                    self._wish.fps is not None and 0 < got.fps < NEARLY * wanted.fps,
                ),
                (wanted.format, wanted.format and got.format not in (wanted.format, "")),
            )
            if is_missed
        ]
        if missed:
            lists = "; launch.py list shows its modes" if modes else ""
            self._say(f"camera:{self.name} does not do {', '.join(missed)}: it gives {got}{lists}")

    def _say_how_fast(self, capture: _Capture, pixels: np.ndarray) -> None:
        """Once, whatever the rate is later."""
        meter, got = capture.meter, capture.granted
        if not meter.slow or self._slowness_said:
            return
        self._slowness_said = True
        size, remedy = Size(pixels.shape[1], pixels.shape[0]), v4l2.dim_light_remedy(self._path)
        mean = brightness(pixels)
        cause = why(meter, got.fps, self._fastest, got.format, size, mean, remedy)
        self._say(
            f"camera:{self.name} gives {meter.rate:.0f} a second of the {meter.wanted:.0f} asked: "
            f"{cause}"
        )

    def _say(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._settings.log(text)

    def _log(self, text: str) -> None:
        self._settings.log(f"camera:{self.name}: {text}"[:300])

    def _device(self) -> int | str:
        """Its number, or a path that has none. Raises Awaited."""
        if self.name.isdecimal() and len(self.name) < 5:  # a longer one OpenCV cannot take
            return int(self.name)
        if sys.platform == "linux" and self.name.startswith("/"):
            path = os.path.realpath(self.name)
            if not os.path.exists(path):
                raise Awaited(f"camera:{self.name}: there is no such device{self._known()}")
            found = re.fullmatch(r"/dev/video(\d+)", path)
            return int(found[1]) if found else path
        cameras, reason = list_cameras()
        for index, name in cameras:
            if self.name.casefold() in name.casefold():
                return index
        raise Awaited(
            f"camera:{self.name}: no camera's name holds that{self._known()}"
            if cameras
            else f"camera:{self.name}: {reason}"
        )

    def _known(self) -> str:
        cameras, reason = list_cameras()
        return (
            f" (there are: {', '.join(f'{index} {name}' for index, name in cameras)})"
            if cameras
            else f" ({reason})"
        )


class _Capture:
    """An open camera being read, on a thread of its own."""

    def __init__(
        self,
        opened: Any,
        granted: Granted,
        meter: RateMeter,
        now: Callable[[], float],
        log: Callable[[str], None],
    ) -> None:
        """opened: a `cv2.VideoCapture`, released at the end. now: the show's clock, which stamps
        the pictures. log: takes what a driver says as it fails."""
        self.granted, self.meter = granted, meter
        self.box: Mailbox[tuple[np.ndarray, float]] = Mailbox()
        self.measured = False
        """The rate has just been measured."""
        self._opened, self._now, self._log = opened, now, log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """A driver that hangs is left to itself: the camera is released when it comes back."""
        self._stop.set()
        self._thread.join(0.3)

    def _run(self) -> None:
        failures = 0
        try:
            while failures <= FAILURES and not self._stop.is_set():
                pixels = self._read()
                if pixels is None:
                    failures += 1
                    self._stop.wait(0.01)
                    continue
                failures = 0
                self.box.put((pixels, self._now()))
                self.measured |= self.meter.count(time.monotonic())
        # a driver's own: `read` raises Fault, the camera is opened again
        except Exception as error:
            self._log(f"{type(error).__name__}: {error}")
        finally:
            self.box.close()
            self._opened.release()

    def _read(self) -> np.ndarray | None:
        try:
            good, pixels = self._opened.read()
        except cv2.error:  # of an empty or torn JPEG, which webcams send now and then
            return None
        return pixels if good else None
