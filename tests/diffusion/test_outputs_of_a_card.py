"""What a show's outputs ask of a card, and what becomes of its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.diffusion.adapter_parts import SIZE, load
from tests.diffusion.leaving import CPU, PAINTED, SAME_SHAPE, WIDE, Frames, Plenty, guide_of
from tests.recycled import Recycled
from tests.waiting import until
from vj.app.output_upscale import OutputUpscaler
from vj.app.outputs import Outputs
from vj.app.sink_group import SinkGroup
from vj.core.clock import WallClock
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.metrics import Metrics
from vj.core.packed import Packed, Packing, rgb_of
from vj.core.supervisor import StageMarker, Supervisor
from vj.diffusion import backends
from vj.diffusion.backends import StreamBackend
from vj.effects.header import header_of
from vj.effects.loaded import LoadedEffect
from vj.effects.played import PlayedEffect
from vj.effects.stages import Effects
from vj.parameters.store import Store
from vj.pipeline.card_upscale import FsrOnCard, FsrUpscaler
from vj.pipeline.coming import WayOut
from vj.pipeline.cuda_compositor import CudaCompositor
from vj.pipeline.frame_context import FrameContext, Shown, seen_through
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.upscale import make_upscaler
from vj.show.load import check_show
from vj.show.schema import Show


@pytest.fixture
def upscaling(memory: Recycled) -> Iterator[tuple[OutputUpscaler, list[Frame], list[str]]]:
    got: list[Frame] = []
    messages: list[str] = []
    made = OutputUpscaler(
        FsrUpscaler(PAINTED, WIDE, "cpu"), got.append, Metrics(), messages.append, painted=PAINTED
    )
    yield made, got, messages
    made.stop()


def test_pictures_leave_in_their_order_whoever_made_them_larger(
    upscaling: tuple[OutputUpscaler, list[Frame], list[str]],
) -> None:
    """What a card made is passed on; what it did not, or for another output, is made here."""
    upscaler, got, messages = upscaling
    frames, view = Frames(), np.zeros((PAINTED.height, PAINTED.width, 3), np.uint8)
    before = FsrOnCard(PAINTED, SAME_SHAPE, CPU)
    for number in range(9):
        on_card = (upscaler.on_card, None, before)[number % 3]
        arrived = frames.paint(number, WayOut(on_card, None, Packing()))
        frame = OutputFrame(arrived.picture, number, 0.0, views={"mask": view}, sent=arrived.sent)
        upscaler.put(frame)
        until(lambda count=number: len(got) == count + 1)  # type: ignore[misc]
        sent = got[-1]
        assert isinstance(sent, OutputFrame)
        assert (sent.number, sent.size, sent.sent, sent.guide) == (number, WIDE, None, None)
        assert sent.views["mask"].shape == (WIDE.height, WIDE.width, 3)
        assert isinstance(sent.picture, Packed) == (number % 3 == 0)
        wanted = FsrUpscaler(PAINTED, WIDE, "cpu").upscale(rgb_of(arrived.picture))
        assert np.array_equal(sent.pixels, wanted)
    upscaler.leave_card(RuntimeError("no memory"))
    upscaler.leave_card(RuntimeError("no memory"))
    assert upscaler.on_card is None
    assert len(messages) == 1
    assert "upscaling on the card failed (RuntimeError: no memory); it is done bes" in messages[0]


def own_effect(at: str) -> PlayedEffect:
    text = f'at = "{at}"\ndef effect(frame, parameters, time):\n    return frame\n'
    loaded = LoadedEffect("mine", header_of(text, "mine.py"))
    return PlayedEffect(loaded, Metrics(), print, live=True)


def test_an_output_says_how_pictures_leave(
    memory: Recycled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packed where they are sent as they come down; larger where an upscaler can do it there."""

    def made(kind: str, painted: Size, wanted: Size, device: str, *more: Any) -> Any:
        if kind == "auto" and wanted != painted:
            return FsrUpscaler(painted, wanted, "cpu", more[1])
        return make_upscaler(kind, painted, wanted, "cpu", print)

    monkeypatch.setattr("vj.app.outputs.make_upscaler", made)
    show = check_show({"source": "testcard", "model": "none", "sinks": "ndi:one"}, "here")
    run = SimpleNamespace(show=show)
    log: list[str] = []
    messages = SimpleNamespace(log=log.append)
    given = {"clock": WallClock(), "metrics": Metrics(), "supervisor": Supervisor(print)}
    given["store"] = Store()
    outputs = Outputs(SimpleNamespace(run=run, messages=messages, **given))  # type: ignore[arg-type]
    context = replace(FrameContext.black(PAINTED), guide=guide_of(1))
    snapshot = Store({"mix/wet": 0.5}).sample(0.0)

    def way(output: Size | None, upscale: str = "auto") -> WayOut:
        played = replace_show(show, output, upscale)
        replacement = outputs.replace_upscaler(played, run.show, PAINTED)
        if replacement is not None:
            replacement.apply()
        run.show = played
        return outputs.way_out(context, snapshot)

    assert (way(None).upscaler, way(None).packed) == (None, Packing(rgb=True))
    larger = way(WIDE)
    assert larger.packed == Packing()
    assert larger.upscaler is not None
    assert larger.upscaler.makes((WIDE.height, WIDE.width, 3))
    assert larger.guide is not None
    assert larger.guide.strength == pytest.approx(0.15), "mixed with its input it has left it less"
    larger.failed(RuntimeError("no memory"))
    assert outputs.way_out(context, snapshot).upscaler is None
    assert not outputs.way_out(context, snapshot).packed, "it is upscaled beside, as RGB"
    assert any("upscaling on the card failed" in line for line in log)
    assert not way(WIDE, "lanczos").packed
    asked = True
    effects = Effects(StageMarker())
    led = SimpleNamespace(preparation=SimpleNamespace(), painter=SimpleNamespace(), effects=effects)
    outputs.lead(led, lambda: asked)  # type: ignore[arg-type]
    assert way(WIDE).packed == Packing(rgb=True), "a snapshot is to be had"
    asked = False
    assert way(WIDE).packed == Packing()
    for at, leaves in (("after", (False, None)), ("end", (True, None)), ("", (True, Packing()))):
        effects.use([own_effect(at)] if at else [])
        found = way(WIDE)
        assert (found.upscaler is not None, found.packed) == leaves, "what its effects want"
    same = way(PAINTED)
    assert (same.upscaler, same.packed) == (None, Packing(rgb=True))
    outputs.stop()


@pytest.mark.parametrize(
    ("steps", "late"),
    [(1, False), (1, True), pytest.param(2, False, marks=pytest.mark.long)],
    ids=["whole", "whole and late", "in steps"],
)
def test_through_the_pipeline_it_is_what_the_host_would_send(
    parts: Path, memory: Recycled, monkeypatch: pytest.MonkeyPatch, steps: int, late: bool
) -> None:
    """Whole frames and those in steps, with an input that is finer than what is painted; frozen
    between, which is made larger on the host."""
    monkeypatch.setattr(backends, "make_compositor", lambda size, *_: on_cpu(size))
    packing = Packing("UYVY", rgb=True)
    fsr, host = (one(SIZE, WIDE) for one in (leading, beside))
    shown: list[list[Shown]] = []
    for leaves in (True, False):
        start = {"prompt/a": "gold", "feedback/amount": 0.4, "steps": steps, "output/late": late}
        store = Store(start)
        pipeline = FramePipeline(SIZE, "crop", Metrics(), print, live=True)
        if leaves:
            pipeline.painter.way_out = lambda context, values: WayOut(
                fsr, seen_through(context.guide, values), packing
            )
        pipeline.swap(StreamBackend(load(parts, "turbo"), SIZE, wait=True))
        made: list[Shown] = []
        for number in range(8):
            store.set("output/freeze", number == 5, "test")
            fine = cv2.resize(guide_of(number).pixels, (256, 256))
            frame = Frame(fine, number, number / 30)
            made.append(pipeline.process(frame, store.sample(number / 30)))
        pipeline.close()
        shown.append(made)
    sent = 0
    for ours, plain in zip(*shown, strict=True):
        assert np.array_equal(ours.pixels, plain.pixels)
        assert plain.sent is None
        if ours.sent is not None:
            sent += 1
            large = host.upscale(plain.pixels, plain.context.guide)
            assert np.array_equal(rgb_of(ours.sent), rgb_of(large))
    assert shown[0][5].sent is None
    assert sent >= 4


def on_cpu(size: Size) -> CudaCompositor:
    return CudaCompositor(size, CPU, torch.float32)


def leading(painted: Size, wanted: Size) -> FsrOnCard:
    return FsrOnCard(painted, wanted, CPU, Plenty())


def beside(painted: Size, wanted: Size) -> FsrUpscaler:
    return FsrUpscaler(painted, wanted, "cpu")


@pytest.mark.parametrize(
    ("uris", "packing"),
    [
        (["ndi:one", "record:out.mp4"], Packing()),
        (["ndi:one?crop=left-half"], None),
        (["ndi:one?show=mask", "record:out.mp4"], None),
        (["record:out.mp4"], None),
        ([], None),
        (["ndi:one?pixels=uyvy"], Packing("UYVY")),
        (["ndi:one?pixels=uyvy", "ndi:two?pixels=uyvy", "ndi:key?show=mask"], Packing("UYVY")),
        (["ndi:one?pixels=uyvy", "ndi:two"], Packing("UYVY", rgb=True)),
        (["ndi:one?pixels=uyvy", "record:out.mp4"], Packing("UYVY", rgb=True)),
    ],
)
def test_pictures_are_packed_as_the_sinks_take_them_whole(
    uris: list[str], packing: Packing | None
) -> None:
    assert SinkGroup(uris, 30.0, WallClock(), Metrics(), print).packing() == packing


def replace_show(show: Show, output: Size | None, upscale: str) -> Show:
    return show.model_copy(update={"output": output, "upscale": upscale})
