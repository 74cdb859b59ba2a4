"""After a hard cut a show goes on as from a fresh start, to the byte, whatever paints it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.diffusion.adapter_parts import load
from tests.diffusion.translators import model_of
from tests.fetched import needs
from tests.scenes import Scene
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.packed import rgb_of
from vj.diffusion.backends import StreamBackend
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.translator_backend import TranslatorBackend
from vj.painters.networks import STYLES
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.frame_pipeline import FramePipeline

SIZE = Size(96, 64)
FPS = 30
CUT, FRAMES = 6, 5
"""Frames of the scene before, and of the one that is compared."""
BEFORE, AFTER = Scene(1, SIZE), Scene(2, SIZE)
BUSY: dict[str, Value] = {
    "prompt/a": "gold leaf",
    "strength": 0.7,
    "noise/hold": 0.6,
    "feedback/amount": 0.6,
    "feedback/zoom": 1.02,
    "blend/smoothing": 0.6,
    "similarity": 0.3,
    "mask/mode": "motion",
    "mask/steady": 0.9,
    "mask/clean": 1.0,
}
"""Everything that frames leave something in."""
MEMORY: dict[str, Value] = {"memory/amount": 0.8, "memory/match": 0.5, "memory/every": 2}


def built_in(parts: Path) -> Backend:
    spec = ModelSpec("pocket", dtype="float32")
    return make_backend(spec, "stream", SIZE, Store(BUSY).sample(0.0), True, print)


def styles(parts: Path) -> Backend:
    return make_backend(ModelSpec("styles"), "stream", SIZE, Store(BUSY).sample(0.0), True, print)


def package(parts: Path) -> Backend:
    pytest.importorskip("streamdiffusion", reason="the package streamdiffusion is not installed")
    from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend

    return StreamDiffusionBackend(load(parts), SIZE, True)


PAINTERS: dict[str, Callable[[Path], Backend]] = {
    "none": lambda parts: PassThrough(SIZE),
    "built-in": built_in,
    "stable diffusion": lambda parts: StreamBackend(load(parts), SIZE, True),
    "translator": lambda parts: TranslatorBackend(model_of("lines"), SIZE, True),
    "styles": styles,
    "streamdiffusion": package,
}


def played(
    backend: Backend, first: int, values: dict[str, Value], cut: int = CUT
) -> dict[int, np.ndarray]:
    """The pictures by the numbers of their frames. first: number of the first frame."""
    backend.rest()  # of the black frames that it may have been warmed with
    backend.compositor.reset()
    pipeline = FramePipeline(SIZE, "crop", Metrics(), print)
    pipeline.exchange(PassThrough(SIZE))
    pipeline.exchange(backend)
    store, out, scenes = Store(values), {}, []
    for number in range(first, cut + FRAMES):
        scene = BEFORE if number < cut else AFTER
        frame = Frame(scene.at(number), number, number / FPS)
        shown = pipeline.process(frame, store.sample(number / FPS))
        scenes.append(shown.context.scene)
        if not shown.waiting:
            out[shown.context.number] = rgb_of(shown.picture)
    while (late := pipeline.drain(store.sample((cut + FRAMES) / FPS))) is not None:
        out[late.context.number] = rgb_of(late.picture)
    pipeline.release_backend()
    return out


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("none", {}),
        ("none", {"mask/mode": "plate", "background/source": "plate"}),
        ("built-in", {"noise/ride": 1.0}),
        ("stable diffusion", {"noise/ride": 1.0, "latent/morph": 200.0}),
        pytest.param("stable diffusion", {"steps": 3, "guidance": 1.5}, marks=pytest.mark.long),
        ("stable diffusion", MEMORY),
        pytest.param("stable diffusion", {"steps": 2, **MEMORY}, marks=pytest.mark.long),
        ("translator", {}),
        pytest.param("styles", {}, marks=needs(STYLES)),
        ("streamdiffusion", {}),
    ],
)
def test_after_a_hard_cut_it_paints_as_from_a_fresh_start(
    name: str, more: dict[str, Value], parts: Path
) -> None:
    backend = PAINTERS[name](parts)
    values = {**BUSY, **more}
    came, wanted = played(backend, 0, values), played(backend, CUT, values)
    assert list(came) == list(range(CUT + FRAMES)), "every frame comes out, those in flight too"
    for number in range(CUT, CUT + FRAMES):
        apart = np.abs(came[number].astype(int) - wanted[number]).max()
        # With several steps the network is run for frames of both scenes at once, and sums of
        # floats depend on how many there are.
        assert apart <= (0 if values.get("steps", 1) == 1 else 1), number
    uncut = played(backend, CUT - 1, values, CUT + FRAMES)
    assert not np.array_equal(uncut[CUT + 1], wanted[CUT + 1])
    backend.close()
