"""An NDI sender in a process of its own: `ndi_sender.py NAME WIDTHxHEIGHT FPS [SECONDS]`.

Draws red, green, blue and white quadrants with the frame's number as 16 black or white squares
along the top, and prints `sending <name>` once it is up. Talks to libndi directly, so that what
reads it is not tested against itself.
"""

from __future__ import annotations

import sys
import time

import NDIlib
import numpy as np

BITS = 16
SQUARE = 8
QUADRANTS = ((230, 20, 30), (25, 220, 40), (35, 45, 210), (240, 240, 240))
"""RGB of top left, top right, bottom left, bottom right."""


def picture(width: int, height: int) -> np.ndarray:
    """The quadrants: (height, width, 4) uint8 BGRX."""
    drawn = np.empty((height, width, 4), np.uint8)
    halves = (
        (slice(0, height // 2), slice(height // 2, height)),
        (slice(0, width // 2), slice(width // 2, width)),
    )
    for index, (red, green, blue) in enumerate(QUADRANTS):
        drawn[halves[0][index // 2], halves[1][index % 2]] = (blue, green, red, 255)
    return drawn


def stamp(drawn: np.ndarray, number: int) -> None:
    """Write `number` into the first row of squares, lowest bit first. In place."""
    for bit in range(BITS):
        drawn[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE, :3] = 255 * (number >> bit & 1)


def coded_number(pixels: np.ndarray) -> int:
    """The number `stamp` wrote, read from (H, W, 3 or 4) pixels."""
    return sum(
        1 << bit
        for bit in range(BITS)
        if pixels[SQUARE // 2, bit * SQUARE + SQUARE // 2, :3].mean() > 127
    )


def main(name: str, size: str, fps: str, seconds: str = "60") -> None:
    width, height = map(int, size.split("x"))
    settings = NDIlib.SendCreate()
    settings.ndi_name, settings.clock_video, settings.clock_audio = name, False, False
    sender = NDIlib.send_create(settings)
    if sender is None:
        raise SystemExit("send_create refused")
    drawn = picture(width, height)
    frame = NDIlib.VideoFrameV2()
    frame.data = drawn
    frame.FourCC = NDIlib.FOURCC_VIDEO_TYPE_BGRX
    frame.xres, frame.yres, frame.line_stride_in_bytes = width, height, width * 4
    frame.frame_rate_N, frame.frame_rate_D = int(float(fps) * 1000), 1000
    print("sending", name, flush=True)
    begun = time.monotonic()
    number = 0
    while (now := time.monotonic()) < begun + float(seconds):
        number = int((now - begun) * float(fps))
        stamp(drawn, number)
        frame.data = drawn
        NDIlib.send_send_video_v2(sender, frame)
        time.sleep(max(0.0, begun + (number + 1) / float(fps) - time.monotonic()))
    NDIlib.send_destroy(sender)


if __name__ == "__main__":
    main(*sys.argv[1:])
