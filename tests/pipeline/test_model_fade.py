"""Another model fades in over the one before, as long as `crossfade` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from vj.core.clock import FrameClock
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.parameters.store import Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.compositor import HostCompositor, Picture
from vj.pipeline.every_frame import in_order
from vj.pipeline.loop import RenderLoop
from vj.pipeline.model_fade import ModelFade, moved_on_card

SIZE = Size(64, 48)
FPS = 20.0


class Flat(PassThrough):
    """Paints one grey, -1..1."""

    def __init__(self, level: float) -> None:
        super().__init__(SIZE, "flat")
        self.compositor = HostCompositor(SIZE)
        self.level = level

    def paint(self, entered: Picture, snapshot: Any, context: Any) -> GeneratedImage:
        return GeneratedImage(torch.full((1, 3, SIZE.height, SIZE.width), self.level), context)


def play(new: PassThrough, start: dict[str, Any], frames: int = 20, at: int = 6) -> list[int]:
    """The grey of each frame: a dark model, another one from frame `at` on."""
    out: list[int] = []
    store = Store({"feedback/amount": 0, "blend/smoothing": 0, **start})
    loop = RenderLoop(
        size=SIZE,
        fps=FPS,
        fit="crop",
        clock=FrameClock(FPS),
        store=store,
        inbox=Mailbox(),
        publish=lambda image, frame: out.append(int(frame.pixels[20, 30, 1])),
        metrics=Metrics(),
        on_message=lambda text: None,
    )
    loop.offer(Flat(-0.8))

    def source() -> Iterator[Frame]:
        for number in range(frames):
            if number == at:
                loop.pipeline.swap(new)
            yield Frame(np.full((48, 64, 3), 200, np.uint8), number, number / FPS)

    loop.render(in_order(source()))
    return out


def test_it_fades_in_evenly_for_as_long_as_crossfade_says() -> None:
    out = play(Flat(1.0), {"crossfade": 0.5})
    dark, steps = out[5], np.diff(out[6:17])
    assert dark < 30
    assert out[6] == dark, "it begins where the one before ended"
    assert (steps > 0).all(), "no step back, none missing"
    assert np.ptp(steps) <= 1, "and no jump"
    assert out[16:] == [255] * 4, "half a second is ten frames"


def test_a_model_that_passes_the_input_on_fades_in_too() -> None:
    out = play(PassThrough(SIZE), {"crossfade": 0.5})
    assert out[6] < 30 < out[9] < out[12] < 199
    assert out[16:] == [200] * 4


@pytest.mark.parametrize("smoothing", [0.0, 0.95])
def test_no_seconds_are_a_cut_whatever_is_smoothed(smoothing: float) -> None:
    out = play(Flat(1.0), {"crossfade": 0, "blend/smoothing": smoothing, "blend/motion": 0})
    assert out[5] < 30
    assert out[6] == 255


def test_what_is_black_stays_black_while_it_fades() -> None:
    assert max(play(Flat(1.0), {"output/blackout": 1.0})) == 0


def test_a_model_does_not_rest_in_the_middle_of_its_fade() -> None:
    assert play(Flat(1.0), {"similarity": 1.0, "crossfade": 0.5}, 60, 40)[-1] == 255


def test_what_lies_over_it_follows_the_motion_on_the_host_and_on_a_card_alike() -> None:
    last = cv2.GaussianBlur(np.random.default_rng(1).random((48, 64, 3), np.float32), (0, 0), 2)
    flow = np.zeros((12, 16, 3), np.float32)
    flow[..., 0], flow[..., 2] = -6, 1  # all of it came from six pixels further left
    fade = ModelFade(last)
    black = torch.full((1, 3, 48, 64), -1.0)
    seen = fade.over(black, 1.0, flow)
    assert isinstance(seen, torch.Tensor)
    picture = seen[0].permute(1, 2, 0).numpy() / 2 + 0.5
    assert np.abs(picture[:, 10:50] - last[:, 4:44]).max() < 1e-4
    model = torch.from_numpy(last).permute(2, 0, 1)[None] * 2 - 1
    assert torch.abs(moved_on_card(model, flow) - seen)[..., 8:-8].max() < 1e-4
    flow[..., 2] = 0
    still = ModelFade(last).over(black, 1.0, flow)
    assert isinstance(still, torch.Tensor)
    assert torch.abs(still - model).max() < 1e-5, "where nothing is known it stays"
