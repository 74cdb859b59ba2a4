"""Does the picture flow, or does it shimmer? The same frames through nothing, a plain average,
ours, and ours with each part off.

    python bench/coherence.py [CLIP ...] [--frames 60] [--pictures FOLDER]

Each clip (without any: the test card, drawn) is repainted by the built-in model at strength 0.5,
with boiling and with held noise, and measured by bench/measures.py. Prints Markdown tables; with
--pictures also strips of neighbouring frames, to be looked at.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "5000")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import measures
import numpy as np

from vj.core.clock import FrameClock
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.opencv import use_one_thread
from vj.diffusion.backends import StreamBackend
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.store import Store
from vj.parameters.table import TABLE, Value
from vj.pipeline.every_frame import in_order
from vj.pipeline.loop import RenderLoop
from vj.pipeline.preprocess import prepare
from vj.sources.testcard import DancerScene

SIZE = Size(256, 256)
NONE: dict[str, Value] = {"feedback/amount": 0.0, "blend/smoothing": 0.0}
OURS: dict[str, Value] = {
    name: TABLE.rows[name].start
    for name in ("feedback/amount", "feedback/flow", "blend/smoothing", "blend/motion")
}
VARIANTS: dict[str, dict[str, Value]] = {
    "none": NONE,
    "plain average": {
        "feedback/amount": 0.0,
        "feedback/flow": 0.0,
        "blend/smoothing": OURS["blend/smoothing"],
        "blend/motion": 0.0,
    },
    "ours": OURS,
    "ours, no flow": {**OURS, "feedback/flow": 0.0},
    "ours, no feedback": {**OURS, "feedback/amount": 0.0},
    "ours, no smoothing": {**OURS, "blend/smoothing": 0.0},
    "ours, motion ignored": {**OURS, "blend/motion": 0.0},
}


def frames_of(path: Path | None, count: int) -> list[np.ndarray]:
    """Prepared inputs: of a clip, from a third of its length on, or of the test card."""
    if path is None:
        card = DancerScene(SIZE, 30)
        return [card.draw(number) for number in range(60, 60 + count)]
    import av

    with av.open(str(path)) as container:
        whole = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    start = max(0, min(len(whole) // 3, len(whole) - count))
    return [prepare(picture, SIZE, "crop") for picture in whole[start : start + count]]


def repaint(
    model: Model,
    inputs: list[np.ndarray],
    start: dict[str, Value],
    hold: float,
    strength: float,
    prompt: str,
) -> list[np.ndarray]:
    """Every frame once, as offline rendering does it."""
    clock = FrameClock(30)
    store = Store({"prompt/a": prompt, "strength": strength, "noise/hold": hold, **start})
    outputs: list[np.ndarray] = []
    loop = RenderLoop(
        size=SIZE,
        fps=30,
        fit="crop",
        clock=clock,
        store=store,
        inbox=Mailbox(),
        publish=lambda image, frame: outputs.append(frame.pixels),
        metrics=Metrics(),
        on_message=print,
    )
    loop.offer(StreamBackend(model, SIZE, wait=True))
    loop.render(
        in_order(Frame(picture, number, number / 30) for number, picture in enumerate(inputs))
    )
    loop.stop()
    return outputs


def figures(outputs: list[np.ndarray], inputs: list[np.ndarray], truth: Any) -> dict[str, float]:
    """The first frames are left out: smoothing has nothing to lean on there."""
    skip = 8
    outs, ins, ways = outputs[skip:], inputs[skip:], truth[skip:]
    return {
        "E_warp x1e3": 1e3 * measures.warping_error(outs, ways),
        "tOF px": measures.flow_difference(outs, ways),
        "SSIM": measures.likeness(outs, ins),
        "edges": measures.edge_correlation(outs, ins),
        "lag": float(measures.lag(outs, ins)),
        "sharpness": measures.sharpness(outs),
    }


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("clips", nargs="*", type=Path)
    options.add_argument("--frames", type=int, default=60)
    options.add_argument("--strength", type=float, default=0.5)
    options.add_argument("--prompt", default="molten gold, brush strokes")
    options.add_argument("--model", default="pocket")
    options.add_argument("--pictures", type=Path)
    given = options.parse_args()
    model = load_model(
        ModelSpec(given.model, vae="full", lcm_lora="off", device="cpu", dtype="float32")
    )
    assert isinstance(model, Model), "a Stable Diffusion model is wanted"
    still = frames_of(None, 1) * 24
    for clip in given.clips or [None]:
        name = clip.name if clip is not None else "the test card"
        inputs = frames_of(clip, given.frames)
        truth = measures.ways(inputs)
        for hold in (0.0, 1.0):
            print(
                f"\n**{name}**, strength {given.strength:g}, noise/hold {hold:g}, {len(inputs)} "
                "frames\n"
            )
            painted = {
                what: repaint(model, inputs, start, hold, given.strength, given.prompt)
                for what, start in VARIANTS.items()
            }
            stills = {
                what: repaint(model, still, start, hold, given.strength, given.prompt)
                for what, start in VARIANTS.items()
            }
            table(painted, stills, inputs, truth)
            if given.pictures is not None:
                given.pictures.mkdir(parents=True, exist_ok=True)
                strip(
                    painted,
                    inputs,
                    given.pictures / f"{Path(name).stem.replace(' ', '_')}_{hold:g}.jpg",
                )


def table(
    painted: dict[str, list[np.ndarray]],
    stills: dict[str, list[np.ndarray]],
    inputs: list[np.ndarray],
    truth: Any,
) -> None:
    """Print one row a variant."""
    head: list[str] = []
    for what, outputs in painted.items():
        row = {
            **figures(outputs, inputs, truth),
            "flicker of a still": measures.flicker(stills[what][8:]),
        }
        if not head:
            head = list(row)
            print(f"| | {' | '.join(head)} |\n|{'---|' * (len(head) + 1)}")
        print(f"| {what} | {' | '.join(f'{value:.3g}' for value in row.values())} |", flush=True)


def strip(
    painted: dict[str, list[np.ndarray]], inputs: list[np.ndarray], path: Path, count: int = 6
) -> None:
    """Neighbouring frames, a row a variant, the input above."""
    middle = len(inputs) // 2
    rows = [
        np.concatenate(pictures[middle : middle + count], axis=1)
        for pictures in (inputs, *painted.values())
    ]
    cv2.imwrite(
        str(path),
        cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, 88],
    )


if __name__ == "__main__":
    main()
