"""Ten minutes of strong feedback: does the picture fade, burn out or drift?

    python bench/collapse.py [--seconds 600] [--model pocket] [--size 256x256] [--set NAME=VALUE
    ...]

The test card, feedback .85 with zoom 1.01, offline. Prints for every minute: contrast (deviation of
the brightness) beside the input's, the largest share of any channel that is clipped, and the mean
colour.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.clock import FrameClock
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.opencv import use_one_thread
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.every_frame import in_order
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.loop import RenderLoop
from vj.sources.testcard import DancerScene

FPS = 30


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=int, default=600)
    options.add_argument("--model", default="pocket")
    options.add_argument("--size", type=Size.parse, default=Size(256, 256))
    options.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = options.parse_args()
    asked: dict[str, Value] = dict(text.split("=", 1) for text in given.set)
    base: dict[str, Value] = {
        "feedback/amount": 0.85,
        "feedback/zoom": 1.01,
        "prompt/a": "molten gold, brush strokes",
        "strength": 0.5,
    }
    store = Store({**base, **asked})
    scene = DancerScene(given.size, FPS)
    rows: list[list[float]] = []
    print(
        "| minute | contrast, of the input's | clipped, % at most | R, G, B |\n|---|---|---|---|",
        flush=True,
    )

    def publish(context: FrameContext, frame: Frame) -> None:
        before, after = (
            cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).std() for p in (context.image, frame.pixels)
        )
        ends = [
            float(np.mean((frame.pixels[..., c] == 0) | (frame.pixels[..., c] == 255)))
            for c in range(3)
        ]
        rows.append([after / before, max(ends), *frame.pixels.mean(axis=(0, 1))])
        if len(rows) == 60 * FPS:
            tell(rows)

    def tell(rows: list[list[float]]) -> None:
        contrast, clipped, *colour = np.array(rows).T
        tell.minute += 1  # type: ignore[attr-defined]
        rgb = ", ".join(f"{c.mean():.0f}" for c in colour)
        told = f"{contrast.mean():.2f} ({contrast.min():.2f} to {contrast.max():.2f})"
        print(f"| {tell.minute} | {told} | {100 * clipped.max():.1f} | {rgb} |", flush=True)  # type: ignore[attr-defined]
        rows.clear()

    tell.minute = 0  # type: ignore[attr-defined]
    loop = RenderLoop(
        size=given.size,
        fps=FPS,
        fit="crop",
        clock=FrameClock(FPS),
        store=store,
        inbox=Mailbox(),
        publish=publish,
        metrics=Metrics(),
        on_message=print,
    )
    loop.offer(
        make_backend(
            ModelSpec(given.model), "stream", given.size, store.ahead(0.0), False, lambda text: None
        )
    )
    loop.render(
        in_order(
            Frame(scene.draw(number), number, number / FPS) for number in range(given.seconds * FPS)
        )
    )
    loop.stop()
    if rows:
        tell(rows)


if __name__ == "__main__":
    main()
