"""A whole frame as one function of tensors, without a card: recorded once and replayed with the
numbers of each frame, as a CUDA graph would be, it gives what its parts give. The kernels are the
card's own text through the C compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.fx.experimental import proxy_tensor

from tests.diffusion.adapter_parts import SIZE, load, lora
from tests.diffusion.whole_frames import Played, differing, play
from tests.kernels.kernels_as_c import Compiled, stand_in_for_cupy
from vj.core.frame import Frame
from vj.core.metrics import Metrics
from vj.diffusion import backends
from vj.diffusion.backends import StreamBackend
from vj.diffusion.graphs import Captured
from vj.diffusion.model import Model
from vj.kernels import pack_body
from vj.kernels.body import C_SOURCE, CUDA_SOURCE
from vj.kernels.cupy_ops import TemporalKernels
from vj.parameters.store import Store
from vj.pipeline.cuda_compositor import CudaCompositor
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.optical_flow import grid_size

CPU = torch.device("cpu")
KERNELS: list[TemporalKernels] = []
"""Those that the operators below stand for; a recording knows only operators."""


@torch.library.custom_op("vj_test::feedback", mutates_args=("out",))
def feedback_op(
    out: Tensor, image: Tensor, last: Tensor, numbers: Tensor, flow: Tensor | None
) -> None:
    TemporalKernels.feedback_into(KERNELS[0], out, image, last, numbers, flow)


@torch.library.custom_op("vj_test::blend", mutates_args=("out", "state"))
def blend_op(
    out: Tensor,
    state: Tensor,
    painted: Tensor,
    image: Tensor,
    last: Tensor,
    numbers: Tensor,
    flow: Tensor | None,
    mask: Tensor | None,
) -> None:
    TemporalKernels.blend_into(KERNELS[0], out, state, painted, image, last, numbers, flow, mask)


@torch.library.custom_op("vj_test::sharpen", mutates_args=("out",))
def sharpen_op(out: Tensor, picture: Tensor, numbers: Tensor) -> None:
    TemporalKernels.sharpen_into(KERNELS[0], out, picture, numbers)


class Recorded:
    """Stands in for a CUDA graph: the operators of one call, with every number of the host's as it
    was then."""

    def __init__(self, work: Callable[..., Any], given: Sequence[Tensor | None]) -> None:
        self._given = given
        with pytest.MonkeyPatch.context() as patch:
            # shapes that nobody reads: torch makes a FakeTensorMode with a stack trace for each
            patch.setattr(proxy_tensor, "extract_val", lambda *given, **more: None)
            patch.setattr(proxy_tensor, "set_meta", lambda proxy, tensor: proxy)
            self._module = proxy_tensor.make_fx(work)(*given)
        self.out: tuple[Tensor, ...] = self._module(*given)
        self.replays = 0

    def replay(self) -> None:
        self.replays += 1
        for place, made in zip(self.out, self._module(*self._given), strict=True):
            place.copy_(made)


class Recorder:
    """In place of `CudaCapture`."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []

    def __call__(self, work: Callable[..., Any], tensors: Sequence[Tensor | None]) -> Captured:
        given = [None if tensor is None else tensor.clone() for tensor in tensors]
        with torch.no_grad():
            graph = Recorded(work, given)
        self.recorded.append(graph)
        return Captured(graph, given, graph.out)


def captured_by(model: Model, recorder: Recorder | None) -> Model:
    model._capture = recorder  # type: ignore[assignment]
    return model


@pytest.fixture(scope="module")
def kernels_in_c(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return Compiled(tmp_path_factory.mktemp("kernels"), C_SOURCE)


@pytest.fixture(scope="module")
def packing_in_c(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return Compiled(tmp_path_factory.mktemp("packing"), pack_body.C_SOURCE)


@pytest.fixture
def on_card(
    monkeypatch: pytest.MonkeyPatch, kernels_in_c: Compiled, packing_in_c: Compiled
) -> None:
    """A backend has the card's compositor, on the CPU."""
    packing = pack_body.CUDA_SOURCE, packing_in_c
    stand_in_for_cupy(monkeypatch, kernels_in_c, CUDA_SOURCE, torch.float32, SIZE, packing=packing)

    def compositor(size: Any, device: torch.device, dtype: torch.dtype) -> CudaCompositor:
        made = CudaCompositor(size, device, dtype)
        KERNELS[:] = [made.kernels]
        monkeypatch.setattr(made.kernels, "feedback_into", with_flow(feedback_op, 5))
        monkeypatch.setattr(made.kernels, "blend_into", with_flow(blend_op, 8))
        monkeypatch.setattr(made.kernels, "sharpen_into", sharpen_op)
        return made

    monkeypatch.setattr(backends, "make_compositor", compositor)


def with_flow(op: Callable[..., None], count: int) -> Callable[..., None]:
    """Operators take all their arguments."""
    return lambda *given: op(*given, *[None] * (count - len(given)))


@pytest.mark.parametrize("frames", [36, pytest.param(200, marks=pytest.mark.long)])
def test_replayed_with_the_numbers_of_each_frame_it_is_the_same_bit_for_bit(
    parts: Path, on_card: None, frames: int
) -> None:
    """Everything is played in every frame."""
    recorder = Recorder()
    ways = {
        name: Played(captured_by(load(parts, "lcm", loras=(lora(parts, "ink", 0.5),)), way))
        for name, way in (("by its parts", None), ("as one graph", recorder))
    }
    pictures: dict[str, list[np.ndarray]] = {}
    for name, way in ways.items():
        for number in range(frames):
            play(way.store, number)
            way.ink = 0.5 if number < 0.75 * frames else 1.0
            made = way.frame(number, flow=number % 50 > 20, mask=number % 70 > 40)
            assert made is not None
            pictures.setdefault(name, []).append(made)
    assert differing(*pictures.values()) == []
    lasts = [way.backend.compositor.last() for way in ways.values()]
    assert np.array_equal(*lasts)  # type: ignore[arg-type]
    played = sum(graph.replays for graph in recorder.recorded)
    assert played > 0.3 * frames, f"{len(recorder.recorded)} graphs were replayed {played} times"
    moved = [
        np.abs(one.astype(int) - two).mean()
        for one, two in zip(pictures["as one graph"], pictures["as one graph"][1:], strict=False)
    ]
    assert min(moved) > 1


def test_it_paints_what_the_steps_paint(parts: Path, on_card: None) -> None:
    """The whole frame beside preprocess, paint and postprocess, one after the other."""
    whole, steps = (Played(load(parts, "turbo")) for _ in range(2))
    for number in range(30):
        for one in (whole, steps):
            play(one.store, number)
            one.store.set("guidance", 1.0, "test")
        made = whole.frame(number)
        rng = steps.rng
        image = rng.integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
        columns, rows = grid_size(SIZE)
        rng.uniform((-3, -3, 0), (3, 3, 1), (rows, columns, 3))
        snapshot = steps.store.sample(number / 30)
        compositor = steps.backend.compositor
        entered = compositor.preprocess(image, snapshot)
        generated = steps.backend.paint(entered, snapshot, FrameContext.black(SIZE))
        assert generated is not None
        seen = compositor.postprocess(generated.picture, image, snapshot).result()
        assert made is not None
        assert seen is not None
        apart = np.abs(made.astype(int) - seen)
        assert apart.max() <= 3  # sharpening lifts what rounding does
        assert apart.mean() < 0.01


def test_nan_is_kept_out_and_the_next_frame_is_painted(parts: Path, on_card: None) -> None:
    model = load(parts, "turbo")
    played = Played(model)
    first = played.frame(0)
    kept = played.backend.compositor.last()
    decode = model._decode
    model._decode = lambda latents: decode(latents) * torch.nan  # type: ignore[method-assign]
    assert played.frame(1) is None
    assert np.array_equal(played.backend.compositor.last(), kept)  # type: ignore[arg-type]
    model._decode = decode  # type: ignore[method-assign]
    assert first is not None
    assert played.frame(2) is not None


@pytest.mark.parametrize("live", [True, False], ids=["live", "offline"])
def test_late_pictures_are_the_same_one_frame_later(parts: Path, on_card: None, live: bool) -> None:
    """And never offline, where each frame has its own picture."""
    shown: dict[bool, list[np.ndarray]] = {False: [], True: []}
    for late, made in shown.items():
        store = Store({"prompt/a": "gold", "output/late": late, "feedback/amount": 0.0})
        pipeline = FramePipeline(SIZE, "crop", Metrics(), print, live=live)
        pipeline.swap(StreamBackend(load(parts, "turbo"), SIZE, wait=True))
        rng = np.random.default_rng(1)
        for number in range(9):
            store.set("strength", 0.3 + 0.05 * number, "test")
            store.set("output/freeze", number == 7, "test")
            image = rng.integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
            frame = Frame(image, number, number / 30)
            made.append(pipeline.process(frame, store.sample(number / 30)).picture.copy())
        pipeline.close()
    behind = 1 if live else 0
    for number in range(4, 6):
        assert np.array_equal(shown[False][number], shown[True][number + behind])
    assert not np.array_equal(shown[False][4], shown[False][5])
    assert not np.array_equal(shown[True][6], shown[True][7]) or not live


def test_on_a_host_nothing_comes_late(parts: Path) -> None:
    pictures = []
    for late in (False, True):
        store = Store({"prompt/a": "gold", "output/late": late})
        pipeline = FramePipeline(SIZE, "crop", Metrics(), print, live=True)
        pipeline.swap(StreamBackend(load(parts, "turbo"), SIZE, wait=True))
        image = np.full((SIZE.height, SIZE.width, 3), 90, np.uint8)
        for number in range(3):
            image = image + np.uint8(number)
            shown = pipeline.process(Frame(image, number, number / 30), store.sample(number / 30))
        pictures.append(shown.picture)
        pipeline.close()
    assert np.array_equal(*pictures)
