"""Clips under the hand: CPU milliseconds of a frame forwards, backwards and at random, beside plain
reading.

    python bench/clips.py [--frames 260] [--rounds 3]

plain: FFmpeg decodes on and every picture becomes RGB, without a transport. forwards, backwards:
what a transport with speed 1 or -1 shows, a frame of the clip at each moment, over all of it.
scrub: seeks to random places with speed 0. All as rendering offline does it, so that nothing waits;
in brackets the ratio to plain within the same round, median of the rounds. CPU time is this
process's, all threads. most: live, backwards, the most CPU milliseconds of one read; where a long
group of pictures begins, only the few of the last one are left in which to decode it. The clip is
drawn here, H.264 with B-frames; its key pictures are 12 or 250 frames apart. Prints a Markdown
table for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import functools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.clock import FrameClock, WallClock
from vj.core.frame import Size
from vj.core.opencv import use_one_thread
from vj.sources import SourceSettings
from vj.sources.drawn import make_scene
from vj.sources.transport import Transport, TransportControl
from vj.sources.video import Video

SIZES = (Size(256, 256), Size(640, 480), Size(1280, 720), Size(1920, 1080))
GROUPS = (12, 250)
RATE = 30
SEEKS = 40


def clip(path: Path, size: Size, frames: int, group: int) -> Path:
    """The kissing couple of `drawn:kisses`, which moves all over."""
    scene = make_scene("kisses", Size(480, 480 * size.height // size.width))
    with av.open(str(path), "w") as file:
        options = {"preset": "veryfast", "g": str(group), "bf": "2", "sc_threshold": "0"}
        track = file.add_stream("libx264", rate=RATE, options=options)
        track.width, track.height, track.pix_fmt = size.width, size.height, "yuv420p"
        for number in range(frames):
            drawn = cv2.resize(scene.draw(number / RATE), size).astype(np.uint8, copy=False)
            frame = av.VideoFrame.from_ndarray(drawn, format="rgb24")
            frame.time_base, frame.pts = Fraction(1, RATE), number
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path


def each(path: Path, frames: int, transport: Transport | None, seeks: int = 0) -> float:
    """CPU milliseconds of one frame. seeks: so many at random, in place of all frames."""
    clock = FrameClock(RATE)
    control = None if transport is None else TransportControl(transport)
    video = Video(str(path), SourceSettings(clock, RATE, transport=control))
    video.open()
    places = random.Random(1)
    begun = time.process_time()
    for _ in range(seeks or frames):
        if seeks and control is not None:
            control.seek(places.random())
        video.read()
        clock.advance()
    taken = time.process_time() - begun
    video.close()
    return 1e3 * taken / (seeks or frames)


def most(path: Path, frames: int) -> float:
    """Live, backwards: the most CPU milliseconds of one read after the first."""
    control = TransportControl(Transport(-1.0))
    video = Video(str(path), SourceSettings(WallClock(), RATE, transport=control))
    video.open()
    video.read()
    taken = []
    for _ in range(frames):
        begun = time.process_time()
        video.read()
        taken.append(time.process_time() - begun)
    video.close()
    return 1e3 * max(taken)


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--frames", type=int, default=260)
    given.add_argument("--rounds", type=int, default=3)
    asked = given.parse_args()
    use_one_thread()
    print("| clip | plain | forwards | backwards | scrub | most |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            for group in GROUPS:
                path = clip(Path(folder) / f"{size}-{group}.mp4", size, asked.frames, group)
                count = asked.frames
                way = functools.partial(each, path, count)
                ways: list[Callable[[], float]] = [
                    functools.partial(way, None),
                    functools.partial(way, Transport()),
                    functools.partial(way, Transport(-1.0)),
                    functools.partial(way, Transport(0.0), SEEKS),
                ]
                rounds = [[measured() for measured in ways] for _ in range(asked.rounds)]
                cells = [f"{statistics.median(one[0] for one in rounds):.2f}"]
                for index in range(1, len(ways)):
                    taken = statistics.median(one[index] for one in rounds)
                    ratio = statistics.median(one[index] / one[0] for one in rounds)
                    cells.append(f"{taken:.2f} ({ratio:.2f})")
                cells.append(f"{most(path, count):.0f}")
                print(f"| {size}, key every {group} | {' | '.join(cells)} |", flush=True)
                path.unlink()


if __name__ == "__main__":
    main()
