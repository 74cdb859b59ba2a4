"""The loop without a model beside a plain loop as small tools in this field write it: frames per
CPU second, to NDI.

    python bench/loop.py [--frames 300] [--rounds 5]

ours: crop and fit, feedback (zoomed), motion-adaptive smoothing, wet/dry, then NDI, by the parts a
show with `--model none` uses. plain: BGRX bytes -> float tensor -> resize -> PIL and back -> NDI,
the way the examples of these tools do it, with no feedback, no smoothing and no mixing at all. Both
read the same frames and send to a real NDI receiver. CPU seconds are this process's, all threads;
rounds alternate, and the ratio is taken within each round.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.clock import WallClock
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.opencv import use_one_thread
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.sinks import SinkSettings
from vj.sinks.ndi import NdiSink
from vj.sources.testcard import DancerScene

WATCHER = Path(__file__).parents[1] / "tests" / "peers" / "ndi_watcher.py"


@contextlib.contextmanager
def plain_sender(name: str) -> Iterator[Callable[[np.ndarray], None]]:
    """NDI as in the library's example: a new array for every frame, sent synchronously."""
    import NDIlib

    NDIlib.initialize()
    settings = NDIlib.SendCreate()
    settings.ndi_name, settings.clock_video = name, False
    sender = NDIlib.send_create(settings)
    video = NDIlib.VideoFrameV2()

    def send(bgrx: np.ndarray) -> None:
        video.data = bgrx
        video.FourCC = NDIlib.FOURCC_VIDEO_TYPE_BGRX
        NDIlib.send_send_video_v2(sender, video)

    yield send
    NDIlib.send_destroy(sender)


def plain_frame(bgrx: np.ndarray, size: Size) -> np.ndarray:
    """BGRX -> tensor in 0..1 -> resized -> PIL image (where a pipeline would paint) -> BGRX."""
    rgb = bgrx[:, :, [2, 1, 0]]
    tensor = torch.from_numpy(np.ascontiguousarray(rgb)).float().permute(2, 0, 1)[None] / 255
    tensor = functional.interpolate(
        tensor, (size.height, size.width), mode="bilinear", align_corners=False
    )
    image = Image.fromarray((tensor[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8))
    painted = torch.from_numpy(np.array(image)).float().permute(2, 0, 1) / 255
    out = (painted.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
    return np.ascontiguousarray(np.dstack([out[:, :, ::-1], np.full(out.shape[:2], 255, np.uint8)]))


def cpu_per_frame(work: Callable[[int], object], frames: int) -> float:
    """CPU seconds of a frame, all threads of this process."""
    work(0)
    begun = time.process_time()
    for number in range(frames):
        work(number)
    return (time.process_time() - begun) / frames


def watched(name: str) -> Any:
    """A receiver in a process of its own, so that frames are really sent."""
    return subprocess.Popen([sys.executable, str(WATCHER), name, "600"], stdout=subprocess.DEVNULL)


def measure(size: Size, frames: int, count: int, follow: float) -> None:
    """One line of the table. follow: feedback/flow; without it ours does what the plain loop could
    at most be asked for, with it more."""
    source = Size(640, 480) if size.width == 512 else Size(1920, 1080)
    scene = DancerScene(source, 30)
    rgb = [scene.draw(number) for number in range(30)]
    bgrx = [
        np.dstack([picture[:, :, ::-1], np.full(picture.shape[:2], 255, np.uint8)])
        for picture in rgb
    ]
    store = Store(
        {
            "feedback/amount": 0.3,
            "feedback/zoom": 1.01,
            "blend/smoothing": 0.5,
            "mix/wet": 0.9,
            "feedback/flow": follow,
        }
    )
    pipeline = FramePipeline(size, "crop", Metrics(), print)
    clock = WallClock()
    names = f"vj bench ours {size}", f"vj bench plain {size}"
    sink = NdiSink(names[0], SinkSettings(clock))
    sink.open(*size, 30)
    peers = [watched(name) for name in names]

    def ours(number: int) -> None:
        frame = Frame(rgb[number % 30], number, clock.now())
        shown = pipeline.process(frame, store.sample(clock.now()))
        sink.send(Frame(shown.picture, number, shown.context.captured))

    def plain(number: int) -> None:
        send(plain_frame(bgrx[number % 30], size))

    with plain_sender(names[1]) as send:
        time.sleep(4)
        rounds = [(cpu_per_frame(ours, frames), cpu_per_frame(plain, frames)) for _ in range(count)]
    assert sink.receivers, "the receiver has to be there, or nothing is sent"
    for peer in peers:
        peer.kill()
    sink.close()
    mine, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(b / a for a, b in rounds)
    print(
        f"| {size}{', following the motion' if follow else ''} | {1 / mine:.0f} | "
        f"{1 / theirs:.0f} | {ratio:.2f} |"
    )


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--frames", type=int, default=300)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    print("| size | ours, frames a CPU s | plain | ratio |\n|---|---|---|---|")
    for size in (Size(512, 512), Size(1280, 720)):
        for follow in (0.0, 1.0):
            measure(size, given.frames, given.rounds, follow)


if __name__ == "__main__":
    main()
