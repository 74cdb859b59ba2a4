"""Does the picture flow, or does it shimmer? Does its texture go with what moves, or stand before
it like a pane of glass? The same frames painted with each way to hold them together.

    python bench/coherence.py [CLIP ...] [--frames 50] [--model pocket] [--strips FOLDER]

Drawn scenes that know how they move and the test card come first (--only-clips leaves them out),
then each clip. All are repainted at strength 0.5 and measured by bench/measures.py. `--model
random` makes a Stable Diffusion of a few thousand random numbers on the spot, for the rows of what
only such a model has. Prints Markdown tables; with --strips also strips of neighbouring frames, to
be looked at.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "5000")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import measures
import numpy as np
import torch
from moving_scenes import SCENES

from vj.core.clock import FrameClock
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.opencv import use_one_thread
from vj.core.packed import rgb_of
from vj.diffusion.backends import StreamBackend
from vj.diffusion.built_in import BuiltIn
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.parameters.store import Store
from vj.parameters.table import TABLE, Value
from vj.pipeline.every_frame import in_order
from vj.pipeline.loop import RenderLoop
from vj.pipeline.preprocess import prepare
from vj.sources.testcard import DancerScene

SIZE = Size(256, 256)
NONE: dict[str, Value] = {"feedback/amount": 0.0, "blend/smoothing": 0.0}
FLOW: dict[str, Value] = {
    name: TABLE.rows[name].start
    for name in ("feedback/amount", "feedback/flow", "blend/smoothing", "blend/motion")
}
AVERAGE: dict[str, Value] = {
    "feedback/amount": 0.0,
    "feedback/flow": 0.0,
    "blend/smoothing": FLOW["blend/smoothing"],
    "blend/motion": 0.0,
}
BOILS: dict[str, Value] = {"noise/hold": 0.0}
RIDES: dict[str, Value] = {"noise/hold": 1.0, "noise/ride": 1.0}
HELD: dict[str, Value] = {"noise/hold": 1.0, "noise/ride": 0.0}
VARIANTS: dict[str, dict[str, Value]] = {
    "none, noise boils": {**NONE, **BOILS},
    "average, noise boils": {**AVERAGE, **BOILS},
    "flow, noise boils": {**FLOW, **BOILS},
    "none, noise held": {**NONE, **HELD},
    "flow, noise held": {**FLOW, **HELD},
    "ride": {**NONE, **RIDES},
    "ride + flow": {**FLOW, **RIDES},
}
OF_STABLE_DIFFUSION: dict[str, dict[str, Value]] = {
    "memory, noise boils": {**NONE, **BOILS, "memory/amount": 1.0},
    "morph, noise boils": {**NONE, **BOILS, "latent/morph": 133.0},
    "memory + ride": {**NONE, **RIDES, "memory/amount": 1.0},
    "morph + ride": {**NONE, **RIDES, "latent/morph": 133.0},
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
    model: Model, inputs: list[np.ndarray], start: dict[str, Value], strength: float, prompt: str
) -> list[np.ndarray]:
    """Every frame once, as offline rendering does it."""
    clock = FrameClock(30)
    store = Store({"prompt/a": prompt, "strength": strength, **start})
    outputs: list[np.ndarray] = []
    loop = RenderLoop(
        size=SIZE,
        fps=30,
        fit="crop",
        clock=clock,
        store=store,
        inbox=Mailbox(),
        publish=lambda image, frame: outputs.append(rgb_of(frame.pixels)),
        metrics=Metrics(),
        on_message=print,
    )
    backend = PocketBackend if isinstance(model, BuiltIn) else StreamBackend
    loop.offer(backend(model, SIZE, wait=True))
    loop.render(
        in_order(Frame(picture, number, number / 30) for number, picture in enumerate(inputs))
    )
    loop.stop()
    return outputs


def figures(outputs: list[np.ndarray], inputs: list[np.ndarray], truth: Any) -> dict[str, float]:
    """The first frames are left out: smoothing has nothing to lean on there."""
    skip = 8
    outs, ins, ways = outputs[skip:], inputs[skip:], truth[skip:]
    lock, door = measures.texture_lock(outs, ways)
    return {
        "E_warp x1e3": 1e3 * measures.warping_error(outs, ways),
        "tOF px": measures.flow_difference(outs, ways),
        "SSIM": measures.likeness(outs, ins),
        "edges": measures.edge_correlation(outs, ins),
        "lag": float(measures.lag(outs, ins)),
        "sharpness": measures.sharpness(outs),
        "lock": lock,
        "door": door,
    }


def scenes(clips: list[Path], frames: int, only_clips: bool) -> Iterator[tuple[str, Any, Any]]:
    """Name, inputs and truth of each."""
    if not only_clips:
        for name, make in SCENES.items():
            scene = make(SIZE.height)
            yield f"drawn: {name}", scene.frames(frames), scene.true_ways(frames)
        inputs = frames_of(None, frames)
        yield "the test card", inputs, measures.ways(inputs)
    for clip in clips:
        inputs = frames_of(clip, frames)
        yield clip.name, inputs, measures.ways(inputs)


@contextmanager
def model_of(name: str) -> Iterator[Model]:
    """What is to paint. `random`: a tiny Stable Diffusion that nobody has trained."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "random":
            from tests.tiny_models import make_model

            torch.manual_seed(3)
            name = str(Path(folder) / "turbo")
            make_model(Path(name), "turbo")
        spec = ModelSpec(name, vae="full", lcm_lora="off", device="cpu", dtype="float32")
        model = load_model(spec)
        assert isinstance(model, Model | BuiltIn), "a Stable Diffusion model is wanted"
        yield model  # type: ignore[misc]


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("clips", nargs="*", type=Path)
    options.add_argument("--frames", type=int, default=50)
    options.add_argument("--strength", type=float, default=0.5)
    options.add_argument("--prompt", default="molten gold, brush strokes")
    options.add_argument("--model", default="pocket")
    options.add_argument("--only-clips", action="store_true")
    options.add_argument("--strips", type=Path)
    given = options.parse_args()
    with model_of(given.model) as model:
        variants = VARIANTS if isinstance(model, BuiltIn) else {**VARIANTS, **OF_STABLE_DIFFUSION}
        still = frames_of(None, 1) * 24
        stills = {
            what: repaint(model, still, start, given.strength, given.prompt)
            for what, start in variants.items()
        }
        for name, inputs, truth in scenes(given.clips, given.frames, given.only_clips):
            print(f"\n**{name}**, {len(inputs)} frames\n")
            painted = {
                what: repaint(model, inputs, start, given.strength, given.prompt)
                for what, start in variants.items()
            }
            table(painted, stills, inputs, truth)
            if given.strips is not None:
                given.strips.mkdir(parents=True, exist_ok=True)
                file = f"{Path(name).stem.replace(' ', '_').replace(':', '')}.jpg"
                strip(painted, inputs, given.strips / file)


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
