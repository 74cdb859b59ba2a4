"""How quickly a performer's own translator plays: milliseconds of a frame by part, frames a second
of the whole pipeline.

    python bench/translator.py [--large]

Networks of the size that a performer trains, with random weights, which take as long as trained
ones; --large: of the size that `train --large` makes. Everything of one size is timed in turns;
medians, by the clock and in CPU time, which says what a busy machine would take alone. What finds
people plays beside the picture; its CPU time is among the whole frame's. Prints Markdown for
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "5000")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from painters import in_turns

from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.opencv import use_one_thread
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.texture_noise import HostTextureField, RiddenNoise
from vj.diffusion.translator_backend import TranslatorBackend
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pocket.network import SEEN, Network
from vj.sources.testcard import DancerScene
from vj.translator.card import Card
from vj.translator.conditions import CHANNELS, KINDS, Conditioner, ConditionSettings, softened
from vj.translator.model_folder import TECHNIQUES, save_translator
from vj.translator.plan import LARGE, WIDTHS

SIZES = (Size(256, 256), Size(320, 192), Size(448, 256))


def model_folder(folder: Path, kind: str, widths: tuple[int, ...]) -> str:
    torch.manual_seed(1)
    network = Network(TECHNIQUES, widths, seen=SEEN + CHANNELS[kind])
    torch.nn.init.normal_(network.head.conv.weight, std=0.02)
    save_translator(folder / kind, network, Card(kind, kind, 256, (), 0.0, 0))
    return str(folder / kind)


def conditions(size: Size) -> dict[str, Callable[[], object]]:
    """One condition of each kind, who is found included; those that can be had here."""
    image = DancerScene(size, 30).draw(20)
    made: dict[str, Callable[[], object]] = {}
    for kind in KINDS:
        try:
            conditioner = Conditioner(kind, ConditionSettings(edges=0.02))
        except Fault as fault:
            print(f"{fault}\n")
            continue
        before = (image, image) if kind == "next" else ()
        made[kind] = partial(conditioner.of, image, 0.3, before)
    return made


def whole(
    folder: Path, kinds: tuple[str, ...], widths: tuple[int, ...], size: Size
) -> dict[str, Callable[[], object]]:
    """The next frame of a whole pipeline for each kind, live, everything as it stands in the table
    but for strength; then its parts for the first of them."""
    scene = DancerScene(size, 30)
    frames = [scene.draw(number) for number in range(60)]
    store = Store({"strength": 1.0})
    made: dict[str, Callable[[], object]] = {}
    backends = []
    for kind in kinds:
        pipeline = FramePipeline(size, "crop", Metrics(), lambda text: None, live=True)
        spec, snapshot = ModelSpec(model_folder(folder, kind, widths)), store.sample(0.0)
        backend = make_backend(spec, "stream", size, snapshot, True, lambda text: None)
        assert isinstance(backend, TranslatorBackend)
        backends.append(backend)
        pipeline.swap(backend)

        def step(pipeline: FramePipeline = pipeline, numbers: count[int] = count()) -> object:  # noqa: B008
            number = next(numbers)
            now = number / 30
            return pipeline.process(Frame(frames[number % 60], number, now), store.sample(now))

        made[kind] = step
    model, device = backends[0].model, backends[0].model.device
    field = HostTextureField(size, device)
    rng = np.random.default_rng(0)
    white = rng.standard_normal((size.height, size.width), np.float32)
    picture = rng.random((size.height, size.width, 3), np.float32)
    planes = torch.from_numpy(picture).permute(2, 0, 1)[None] * 2 - 1
    seen = rng.random((size.height, size.width, model.network.seen), np.float32)
    form = torch.zeros(1, 3, size.height, size.width, device=device)
    made["softened"] = lambda: softened(picture, 0.7)
    made["field"] = lambda: field.of(planes, RiddenNoise(white), 1.0, 0.0)
    made["network"] = lambda: model.paint(seen, form, [1.0, 0.3, 0.0, 0.0])
    return made


def table(title: str, rows: dict[str, dict[str, Callable[[], object]]], rate: bool) -> None:
    names = list(next(iter(rows.values())))
    print(f"\n| {title} | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for row, parts in rows.items():
        cells = [
            f"{clock:.1f} ({cpu:.1f})" + (f", {1e3 / clock:.0f} fps" if rate else "")
            for clock, cpu in in_turns(parts)
        ]
        print(f"| {row} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    use_one_thread()
    form = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    options.add_argument("--large", action="store_true", help="as train --large makes them")
    widths = LARGE if options.parse_args().large else WIDTHS
    print(f"channels {widths}, load average {os.getloadavg()[0]:.1f}")
    table("conditions, ms (of CPU time)", {str(size): conditions(size) for size in SIZES}, False)
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            parts = whole(Path(folder), ("lines", "next"), widths, size)
            table("whole frame and parts, ms (of CPU time)", {str(size): parts}, True)
    print(f"\nload average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
