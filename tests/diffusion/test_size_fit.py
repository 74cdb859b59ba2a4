"""`size: auto`: the largest size that this machine paints in time, by the source's shape."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from tests.conftest import StartShow
from tests.waiting import Stopwatch
from vj.app.setup import painted_size
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion import size_fit as fitting
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.show.load import ShowFaults, check_show

Sleep = Callable[[float], None]


class Slow(PassThrough):
    """A model that takes so many seconds for a megapixel, by a watch or by the wall."""

    def __init__(self, size: Size, seconds: float, sleep: Sleep = time.sleep) -> None:
        super().__init__(size, f"slow {size}")
        self.closed = False
        self._sleep = sleep
        self._takes = seconds * size.width * size.height / 1e6

    def paint(self, entered: object, snapshot: Snapshot, context: object) -> GeneratedImage:
        self._sleep(self._takes)
        return super().paint(entered, snapshot, context)  # type: ignore[arg-type]

    def close(self) -> None:
        self.closed = True


def test_wide_sources_get_wide_sizes() -> None:
    assert fitting.sizes_for(Size(1280, 720))[0] == Size(320, 192)
    assert fitting.sizes_for(Size(640, 480))[-1] == Size(512, 288)
    assert fitting.sizes_for(Size(1080, 1080)) == (Size(256, 256), Size(384, 384))
    assert fitting.sizes_for(Size(720, 1280))[0].width == 256


@pytest.mark.parametrize(("seconds", "wanted"), [(0.01, Size(512, 288)), (2.0, Size(320, 192))])
def test_the_largest_that_is_in_time_is_taken_and_the_others_are_let_go(
    seconds: float, wanted: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Slow] = []
    watch = Stopwatch()
    monkeypatch.setattr("vj.diffusion.size_fit.time", watch)

    def backend_at(size: Size) -> Slow:
        made.append(Slow(size, seconds, watch.sleep))
        return made[-1]

    messages: list[str] = []
    snapshot = Store({}).sample(0.0)
    size, backend = fitting.fitted(fitting.WIDE, backend_at, "crop", snapshot, messages.append)
    assert size == wanted == backend.compositor.size
    assert [one.closed for one in made] == [one is not backend for one in made]
    assert f"size: auto is {wanted}" in messages[0]


def test_a_backend_of_another_size_goes_on_from_the_last_image() -> None:
    """A show begins small, while the model loads, and grows without a cut."""
    pipeline = FramePipeline(Size(320, 192), "crop", Metrics(), print)
    store = Store({"feedback/amount": 0, "blend/smoothing": 0})
    picture = cv2.resize(
        np.random.default_rng(1).integers(0, 255, (9, 16, 3), np.uint8), (1024, 576)
    )
    pipeline.process(Frame(picture, 0, 0.0), store.sample(0.0))
    small = pipeline.backend.compositor.last()
    pipeline.swap(PassThrough(Size(512, 288)))
    taken = pipeline.backend.compositor.last()
    assert small is not None
    assert taken is not None
    assert taken.shape == (288, 512, 3)
    assert np.abs(cv2.resize(taken, (320, 192)) - small).mean() < 0.02
    shown = pipeline.process(Frame(picture, 1, 0.1), store.sample(0.1))
    assert shown.picture.shape == (288, 512, 3)
    pipeline.close()


def test_a_show_may_leave_its_size_open() -> None:
    show = check_show({"show": "open", "size": "auto"}, "open.yaml")
    assert painted_size(show, print) == Size(512, 288), "offline, where nothing has to be in time"
    show = check_show(
        {"show": "open", "size": "auto", "model": "stabilityai/sd-turbo"}, "open.yaml"
    )
    assert painted_size(show, print).width > 512, "near a Stable Diffusion model's own area"
    with pytest.raises(ShowFaults, match="or auto"):
        check_show({"show": "open", "size": "large"}, "open.yaml")


@pytest.mark.long
def test_live_the_first_show_finds_its_size_and_says_it(start_show: StartShow) -> None:
    one = start_show("first_show", "--source", "testcard", "--sink", "preview")
    one.until_playing()
    assert one.status("model")[0].startswith("drawn")
    one.until_line("|".join(f"size: auto is {size}" for size in fitting.WIDE))
    assert "sent at 1280x720" in one.text
