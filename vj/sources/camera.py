"""Cameras, by OpenCV."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import cv2

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.sources import Awaited, SourceSettings

FIRST_PICTURE = 3.0
"""Seconds a camera gets for its first picture."""

LOST_AFTER = 2.0
"""Seconds without a picture after which a camera counts as lost."""


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

        found = [(camera.index, camera.name) for camera in enumerate_cameras(backend())]
    except Exception as error:  # each system has its own way to refuse
        return [], f"cameras cannot be listed: {type(error).__name__}: {error}"
    return found, "" if found else "no camera is connected, or this user may not see it"


class Camera:
    """`camera`, `camera:0` or `camera:part of a name`. Asks for a picture about as large as the
    show's, and for its rate.

    A driver may block for many seconds when a camera is unplugged, so it is read on a thread of its
    own, which keeps the newest frame.
    """

    live = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self.name = rest.strip() or "0"
        self._settings = settings
        self._capture: Any = None
        self._mailbox: Mailbox[Any] = Mailbox()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._number = 0
        self._last_frame_at = 0.0

    def open(self) -> None:
        """Raises Awaited when there is no such camera, another program holds it, or it gives no
        picture."""
        self.close()
        index = self._index()
        capture = cv2.VideoCapture(index, backend())
        if not capture.isOpened():
            capture.release()
            raise Awaited(
                f"camera:{self.name} does not open; another program may hold it, or this user may "
                f"not use it{self._known()}"
            )
        size = self._settings.size
        for name, value in (
            (cv2.CAP_PROP_BUFFERSIZE, 1),
            (cv2.CAP_PROP_FRAME_WIDTH, max(640, size.width)),
            (cv2.CAP_PROP_FRAME_HEIGHT, max(480, size.height)),
            (cv2.CAP_PROP_FPS, self._settings.fps),
        ):
            capture.set(name, value)
        self._capture, self._mailbox, self._stop = capture, Mailbox(), threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(capture, self._mailbox, self._stop), name="camera", daemon=True
        )
        self._thread.start()
        self._last_frame_at = time.monotonic()
        picture = self._mailbox.get(FIRST_PICTURE)
        if picture is None:
            self.close()
            raise Awaited(
                f"camera:{self.name} opens but gives no picture within {FIRST_PICTURE:g} s; "
                "another program may hold it"
            )
        self._mailbox.put(picture)

    def read(self) -> Frame | None:
        """The newest frame. Raises Fault once none has come for `LOST_AFTER` seconds."""
        if self._capture is None:
            raise Fault(f"camera:{self.name} is not open")
        picture = self._mailbox.get(0.2)
        now = time.monotonic()
        if picture is None:
            if now - self._last_frame_at > LOST_AFTER or self._mailbox.closed:
                raise Fault(f"camera:{self.name} gives no more pictures; is it still connected?")
            return None
        self._last_frame_at = now
        pixels, captured = picture
        frame = Frame(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), self._number, captured)
        self._number += 1
        return frame

    def close(self) -> None:
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(
                0.3
                # a driver that hangs is left to itself; the thread releases the camera when it
                # comes back
            )
        self._capture = None

    def _run(self, capture: Any, box: Mailbox[Any], stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                good, pixels = capture.read()
                if not good or pixels is None:
                    break
                box.put((pixels, self._settings.clock.now()))
        except (
            Exception
        ) as error:  # a driver's own: `read` raises Fault, the camera is opened again
            self._settings.log(f"camera:{self.name}: {type(error).__name__}: {error}"[:300])
        finally:
            box.close()
            capture.release()

    def _index(self) -> int:
        if self.name.isdecimal():
            return int(self.name)
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
