"""A virtual camera, so that meetings, browsers and OBS can pick the picture as if it were a webcam.

Not yet run against a real driver by us: the tests have a stand-in for pyvirtualcam.
"""

from __future__ import annotations

import sys
from typing import Any

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, Size
from vj.sinks import SinkSettings
from vj.sinks.fit import fitted, opaque

DEVICE_REMEDY = (
    "load v4l2loopback: sudo modprobe v4l2loopback exclusive_caps=1 card_label=vj"
    if sys.platform.startswith("linux")
    else "install OBS Studio and start its virtual camera once"
)


class VirtualCamera:
    """`virtualcam` or `virtualcam:DEVICE` (`/dev/video10`, `OBS Virtual Camera`). A camera has one
    size, that of the first frame; frames of another size are fitted into it. Alpha is left out, as
    webcams have none.
    """

    def __init__(self, rest: str, settings: SinkSettings) -> None:
        self.device = rest
        self._camera: Any = None
        self._size = Size(0, 0)
        self._name = ""

    def open(self, width: int, height: int, fps: float) -> None:
        """Raises Unavailable without pyvirtualcam or without a device for it to feed."""
        self.close()
        try:
            import pyvirtualcam
        except ImportError as error:
            raise Unavailable(
                f"virtualcam needs pyvirtualcam ({error}): python3 launch.py add virtualcam; then "
                f"{DEVICE_REMEDY}"
            ) from error
        size = Size(
            width + width % 2, height + height % 2
        )  # the drivers' own formats have half the colour resolution
        try:
            camera = pyvirtualcam.Camera(
                size.width,
                size.height,
                fps,
                fmt=pyvirtualcam.PixelFormat.RGB,
                device=self.device or None,
            )
        except (RuntimeError, OSError, ValueError) as error:
            report = " ".join(str(error).split())
            raise Unavailable(
                f"virtualcam: no camera at {self.device or 'any device'} ({report}); "
                f"{DEVICE_REMEDY}"
            ) from error
        self._camera, self._size, self._name = camera, size, str(camera.device)

    def send(self, frame: Frame) -> None:
        """frame.pixels: (H, W, 3 or 4). Raises Fault when the driver gives up."""
        if self._camera is None:
            raise Fault("virtualcam is not open")
        try:
            self._camera.send(fitted(opaque(frame.pixels), self._size))
        except (RuntimeError, OSError) as error:
            raise Fault(
                f"virtualcam: {self._name} took no picture ({error}); {DEVICE_REMEDY}"
            ) from error

    def close(self) -> None:
        if self._camera is not None:
            camera, self._camera = self._camera, None
            camera.close()

    def state(self) -> str:
        return f"{self._name} {self._size}" if self._camera is not None else "not open"
