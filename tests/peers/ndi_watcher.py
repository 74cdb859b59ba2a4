"""An NDI receiver in a process of its own: `ndi_watcher.py NAME [SECONDS]`.

Connects to the source called NAME on this machine and prints one line of JSON a frame, until
SECONDS are over or it is ended: `{"size": [w, h], "fourcc": "BGRX", "rate": [n, d], "quadrants":
[[r, g, b, a], ...], "latency_ms": 1.2}`. Talks to libndi directly, so that what sends is not tested
against itself. The latency comes from the time that `stamp` drew into the picture's first rows.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

BITS = 32
SQUARE = 8
TICK = 1e-4
"""Seconds a count of the stamp stands for."""


def ticks() -> int:
    """The machine's monotonic clock, which all its processes share, in stamp counts."""
    return int(time.monotonic() / TICK) % (1 << BITS)


def stamp(drawn: np.ndarray) -> None:
    """Write the time into the first `SQUARE` rows of (H, W >= 256, 3 or 4) pixels as black and
    white squares. In place."""
    now = ticks()
    for bit in range(BITS):
        drawn[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE, :3] = 255 * (now >> bit & 1)


def stamped(pixels: np.ndarray) -> int:
    """The count that `stamp` wrote."""
    row = pixels[SQUARE // 2, SQUARE // 2 : BITS * SQUARE : SQUARE, :3].mean(axis=1)
    return sum(1 << bit for bit in range(BITS) if row[bit] > 127)


def find(library: Any, name: str, seconds: float) -> Any:
    """The source, looked for on this machine without mDNS, by one finder after the other: each asks
    a few of the programs that speak NDI here."""
    wanted = library.FindCreate()
    wanted.show_local_sources = True
    # One connection is answered by any one of these programs, which tells of its own senders only.
    wanted.extra_ips = ",".join(f"127.0.0.{number}" for number in range(1, 5))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        finder = library.find_create_v2(wanted)
        for _ in range(8):
            library.find_wait_for_sources(finder, 200)
            for source in library.find_get_current_sources(finder):
                if source.ndi_name.endswith(f"({name})"):
                    return source  # which the finder holds
        library.find_destroy(finder)
    raise SystemExit(f"no NDI source called {name}")


def seen(library: Any, video: Any) -> dict[str, Any]:
    """What a frame holds, in the words that are printed."""
    arrived = ticks()
    pixels = np.asarray(video.data)
    height, width = video.yres, video.xres
    rows, columns = (height // 4, height * 3 // 4), (width // 4, width * 3 // 4)
    bgra = [pixels[row, column] for row in rows for column in columns]
    late = (arrived - stamped(pixels)) % (1 << BITS) if width >= BITS * SQUARE else 0
    return {
        "size": [width, height],
        "fourcc": "BGRA" if video.FourCC == library.FOURCC_VIDEO_TYPE_BGRA else "BGRX",
        "rate": [video.frame_rate_N, video.frame_rate_D],
        "quadrants": [[int(pixel[channel]) for channel in (2, 1, 0, 3)] for pixel in bgra],
        "latency_ms": late * TICK * 1e3,
    }


def main(name: str, seconds: str = "30") -> None:
    import NDIlib

    NDIlib.initialize()
    source = find(NDIlib, name, 60.0)
    settings = NDIlib.RecvCreateV3()
    settings.source_to_connect_to = source
    settings.color_format = NDIlib.RECV_COLOR_FORMAT_BGRX_BGRA
    receiver = NDIlib.recv_create_v3(settings)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        kind, video, audio, _ = NDIlib.recv_capture_v2(receiver, 100)
        if kind == NDIlib.FrameType.FRAME_TYPE_VIDEO:
            line = seen(NDIlib, video)
            NDIlib.recv_free_video_v2(receiver, video)
            print(json.dumps(line), flush=True)
        elif kind == NDIlib.FrameType.FRAME_TYPE_AUDIO:
            NDIlib.recv_free_audio_v2(receiver, audio)
    NDIlib.recv_destroy(receiver)


if __name__ == "__main__":
    main(*sys.argv[1:])
