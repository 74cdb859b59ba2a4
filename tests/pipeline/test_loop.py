"""A frame's pipeline and the two clocks: what is shown when all goes well, and when something does
not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.tiny_models import make_model
from tests.waiting import PATIENCE, ManualClock, until
from vj.core.clock import FrameClock
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.picture_place import PicturePlace
from vj.diffusion.backends import StreamBackend
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.compositor import LUMA, HostCompositor, Picture, spread
from vj.pipeline.cuda_compositor import area_weights
from vj.pipeline.every_frame import in_order
from vj.pipeline.loop import RenderLoop
from vj.pipeline.preprocess import prepare

SIZE = Size(64, 64)
FPS = 25.0


def picture(number: int, size: Size = SIZE) -> np.ndarray:
    """A square that moves over a gradient."""
    drawn = np.empty((size.height, size.width, 3), np.uint8)
    drawn[...] = np.linspace(20, 200, size.width, dtype=np.uint8)[None, :, None]
    at = (number * 3) % (size.width - 16)
    drawn[20:36, at : at + 16] = (230, 40, 20)
    return drawn


def frames(count: int, draw: Callable[[int], np.ndarray] = picture) -> Iterator[Frame]:
    for number in range(count):
        yield Frame(draw(number), number, number / FPS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = make_model(tmp_path_factory.mktemp("models") / "lcm", "lcm")
    return load_model(ModelSpec(str(folder), vae="full", lcm_lora="off", device="cpu"))


class Awaited(Store):
    """A store that says when the next frame is about to be sampled."""

    before: Callable[[int], object] = staticmethod(lambda number: None)

    def sample(self, time: float, place: PicturePlace | None = None) -> Snapshot:
        self.before(round(time * FPS))
        return super().sample(time, place)


class Rig:
    """A loop offline, with what it published."""

    def __init__(
        self, start: dict[str, Any] | None = None, backend: Any = None, size: Size = SIZE
    ) -> None:
        calm = {"feedback/amount": 0, "blend/smoothing": 0}
        self.store = Awaited({**calm, **(start or {})})
        self.store.before = lambda number: self.on_frame.pop(number, lambda: None)()
        self.metrics = Metrics()
        self.messages: list[str] = []
        self.out: list[Frame] = []
        self.on_frame: dict[int, Callable[[], object]] = {}
        self.loop = RenderLoop(
            size=size,
            fps=FPS,
            fit="crop",
            clock=FrameClock(FPS),
            store=self.store,
            inbox=Mailbox(),
            publish=lambda image, frame: self.out.append(frame),
            metrics=self.metrics,
            on_message=self.messages.append,
        )
        if backend is not None:
            self.loop.offer(backend)

    def render(self, count: int, draw: Callable[[int], np.ndarray] = picture) -> list[np.ndarray]:
        """Render; `on_frame[n]` is called just before frame n is taken."""

        assert self.loop.render(in_order(frames(count, draw))) == count
        assert [frame.number for frame in self.out] == list(range(count))
        return [frame.pixels for frame in self.out]


class Faulty(PassThrough):
    """Paints everything green; fails, or gives NaN, on the calls it is told to."""

    def __init__(self, raises: set[int] = frozenset(), nan: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        super().__init__(SIZE, "faulty")
        self.compositor = HostCompositor(SIZE)
        self.raises, self.nan, self.calls, self.cleared = raises, nan, 0, 0

    def paint(self, entered: Picture, snapshot: Any, context: Any) -> GeneratedImage:
        call, self.calls = self.calls, self.calls + 1
        if call in self.raises:
            raise RuntimeError("out of cheese")
        painted = torch.full((1, 3, *SIZE), -1.0)
        painted[:, 1] = torch.nan if call in self.nan else 1.0
        return GeneratedImage(painted, context)

    def clear(self) -> None:
        self.cleared += 1


GREEN = np.full((64, 64, 3), (0, 255, 0), np.uint8)


def test_without_a_model_and_settings_the_picture_comes_out_as_it_came() -> None:
    out = Rig().render(5)
    for number, seen in enumerate(out):
        assert np.array_equal(seen, picture(number))


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("shape", [(64, 64), (90, 160), (333, 187), (40, 600), (64, 65)])
def test_preparing_never_stretches(fit: Any, shape: tuple[int, int]) -> None:
    height, width = shape
    y, x = np.mgrid[0:height, 0:width]
    radius = min(height, width) * 0.35
    disc = ((x - (width - 1) / 2) ** 2 + (y - (height - 1) / 2) ** 2 < radius**2)[
        ..., None
    ] * np.array([250, 30, 10], np.uint8)
    made = prepare(np.ascontiguousarray(disc.astype(np.uint8)), Size(128, 96), fit)
    assert made.shape == (96, 128, 3)
    rows, columns = np.nonzero(made[..., 0] > 125)
    across, down = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert across > 3
    assert abs(across - down) <= max(3, 0.09 * down), "a disc stays a disc, but for its own pixels"
    assert abs(columns.mean() - 63.5) < 1.5
    assert abs(rows.mean() - 47.5) < 1.5
    assert made[..., 0].max() > 200 > 60 > made[..., 2].max(), "red stays red"


def test_transparency_lies_over_black() -> None:
    pixels = np.full((64, 64, 4), (200, 100, 50, 0), np.uint8)
    pixels[:32, :, 3] = 255
    made = prepare(pixels, SIZE)
    assert tuple(made[0, 0]) == (200, 100, 50)
    assert tuple(made[-1, -1]) == (0, 0, 0)


@pytest.mark.parametrize(
    "steps", [pytest.param(1, marks=pytest.mark.long), 2, pytest.param(4, marks=pytest.mark.long)]
)
def test_offline_as_many_pictures_leave_as_frames_came_and_twice_the_same(
    model: Model, steps: int
) -> None:
    def play() -> list[np.ndarray]:
        rig = Rig(
            {
                "steps": steps,
                "strength": 0.6,
                "feedback/amount": 0.3,
                "blend/smoothing": 0.5,
                "noise/hold": 0.8,
            }
        )
        rig.loop.offer(StreamBackend(model, SIZE, wait=True))
        rig.on_frame[4] = lambda: rig.store.set("prompt/a", "deep ocean")
        rig.on_frame[6] = lambda: rig.store.set("strength", 0.9)
        return rig.render(10)

    first, second = play(), play()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert len({frame.tobytes() for frame in first}) == 10


def test_offline_every_picture_is_made_of_its_own_frame(model: Model) -> None:
    """With strength 0 the input comes out, whatever the delay of the stream: picture n shows frame
    n."""
    for steps in (1, 3):
        rig = Rig({"steps": steps, "strength": 0.0})
        rig.loop.offer(StreamBackend(model, SIZE, wait=True))
        for number, seen in enumerate(rig.render(8)):
            assert np.abs(seen.astype(int) - picture(number)).max() <= 1


def test_offline_nothing_is_lost_when_the_number_of_steps_changes(model: Model) -> None:
    rig = Rig({"steps": 1, "strength": 0.5})
    rig.loop.offer(StreamBackend(model, SIZE, wait=True))
    rig.on_frame = {
        4: lambda: rig.store.set("steps", 4),
        12: lambda: rig.store.set("steps", 2),
        15: lambda: rig.store.set("steps", 1),
    }
    assert len(rig.render(20)) == 20


@pytest.mark.parametrize("steps", [1, 3])
def test_the_package_plays_as_an_engine(model: Model, steps: int) -> None:
    rig = Rig({"steps": steps, "strength": 0.5, "guidance": 1.3, "prompt/a": "gold"})
    rig.loop.offer(StreamDiffusionBackend(model, SIZE, wait=True))
    rig.on_frame[5] = lambda: rig.store.set("strength", 0.8)
    out = rig.render(9)
    assert rig.metrics.faults == 0
    assert not np.array_equal(out[0], picture(0))


def test_the_package_and_our_stream_paint_alike_at_constant_settings(model: Model) -> None:
    """Strength .5990 is t = 599 = its index 20; the package encodes with a drawn latent, ours with
    the mean, hence not to the bit."""
    made = []
    for backend in (
        StreamDiffusionBackend(model, SIZE, wait=True),
        StreamBackend(model, SIZE, wait=True),
    ):
        rig = Rig({"strength": 599 / 999, "prompt/a": "gold"}, backend)
        made.append(rig.render(3)[-1].astype(float))
    assert np.abs(made[0] - made[1]).mean() < 6


@pytest.mark.long
def test_more_strength_goes_further_and_a_fade_to_nothing_has_no_jump(model: Model) -> None:
    rig = Rig({"strength": 0.2}, StreamBackend(model, SIZE, wait=True))
    for number in range(30):
        value = max(0.0, 0.2 - number / 120)
        rig.on_frame[number] = partial(rig.store.set, "strength", value)
    out = rig.render(30, lambda number: picture(0))
    apart = [float(np.abs(seen.astype(int) - picture(0)).mean()) for seen in out]
    steps = [abs(b - a) for a, b in pairwise(apart)]
    assert apart[0] > 10
    assert apart[-1] < 0.01
    assert max(steps) < 0.45 * apart[0], "the fade is spread over frames"


def test_a_model_that_raises_gives_the_last_good_picture_then_the_input_and_recovers() -> None:
    failing = set(range(5, 75))  # 70 frames at 25 fps: 2.8 s
    backend = Faulty(raises=failing)
    rig = Rig(backend=backend)
    out = rig.render(80)
    assert np.array_equal(out[4], GREEN)
    assert np.array_equal(out[5], GREEN)
    assert np.array_equal(out[50], GREEN), "for two seconds the last good one"
    assert np.array_equal(out[60], picture(60)), "then the input"
    assert np.array_equal(out[-1], GREEN)
    assert rig.metrics.faults == len(failing)
    assert backend.cleared == len(failing)
    assert "out of cheese" in rig.messages[0]
    assert "last good picture" in rig.messages[0]
    assert any("input is shown" in line for line in rig.messages)
    assert rig.messages[-1] == "painting again"
    assert len(rig.messages) <= 4, "said, not shouted"


def test_a_frame_that_outlasts_the_end_of_the_show_tells_of_no_fault() -> None:
    """Its threads have ended before it: nobody is to read that the model failed."""
    rig = Rig({"feedback/amount": 0.5}, Faulty())
    rig.on_frame[3] = lambda: rig.loop.pipeline.close()
    rig.render(6)
    assert rig.metrics.faults == 0
    assert rig.messages == []


def test_numbers_that_are_none_never_reach_the_screen_or_the_feedback() -> None:
    rig = Rig(
        {"feedback/amount": 0.9, "blend/smoothing": 0.9, "blend/motion": 0}, Faulty(nan={3, 4})
    )
    out = rig.render(8)
    assert all(np.array_equal(seen, GREEN) for seen in out)
    assert rig.metrics.faults == 2
    assert "NaN" in rig.messages[0]


def test_numbers_that_are_none_from_the_first_frame_on_show_the_input() -> None:
    rig = Rig(backend=Faulty(nan=set(range(100))))
    out = rig.render(60)
    assert np.array_equal(out[0], picture(0))
    assert np.array_equal(out[-1], picture(59))


def test_a_failing_model_does_not_undo_a_blackout() -> None:
    rig = Rig({"output/blackout": 1}, Faulty(raises=set(range(100))))
    assert max(frame.max() for frame in rig.render(60)) == 0


def test_freeze_holds_the_generated_image_and_last_touches_still_work() -> None:
    rig = Rig({"blend/smoothing": 0.8})
    rig.on_frame = {
        5: lambda: rig.store.set("output/freeze", True),
        9: lambda: rig.store.set("output/blackout", 1.0),
    }
    rig.on_frame[15] = lambda: (
        rig.store.set("output/freeze", False),
        rig.store.set("output/blackout", 0.0),
    )
    out = rig.render(24)
    assert np.array_equal(out[5], out[4])
    assert np.array_equal(out[8], out[4])
    assert out[14].max() == 0
    assert (
        np.abs(out[23].astype(int) - picture(23)).mean()
        < np.abs(out[4].astype(int) - picture(23)).mean()
    )


def test_another_painter_fades_in_over_three_frames() -> None:
    rig = Rig()
    rig.on_frame[4] = lambda: rig.loop.pipeline.swap(Faulty())
    out = rig.render(10, lambda number: np.full((64, 64, 3), 0, np.uint8))
    levels = [int(seen[0, 0, 1]) for seen in out]
    assert levels[3] == 0
    assert 0 < levels[4] < levels[5] < levels[6] < 255
    assert levels[-1] == 255


def test_the_model_rests_while_the_input_stands_still_and_wakes() -> None:
    backend = Faulty()
    rig = Rig({"similarity": 0.9}, backend)
    rig.render(60, lambda number: picture(0 if number < 45 else number))
    assert backend.calls < 45, "it rested"
    assert backend.calls > 60 - 45 + 5, "and woke"
    awake = Faulty()
    Rig({"similarity": 0.0}, awake).render(60, lambda number: picture(0))
    assert awake.calls == 60


def test_the_model_does_not_rest_while_a_setting_or_the_feedback_moves() -> None:
    moved = Faulty()
    rig = Rig({"similarity": 0.9}, moved)
    for number in range(60):
        rig.on_frame[number] = partial(rig.store.set, "strength", number / 60)
    rig.render(60, lambda number: picture(0))
    assert moved.calls == 60
    zooming = Faulty()
    Rig({"similarity": 0.9, "feedback/amount": 0.5, "feedback/zoom": 1.01}, zooming).render(
        60, lambda number: picture(0)
    )
    assert zooming.calls == 60


class Live:
    """A live loop on a clock that the test moves: its frames are counted, not timed."""

    def __init__(
        self, fps: float = 50, backend: Any = None, start: dict[str, Any] | None = None
    ) -> None:
        self.period = 1 / fps
        self.clock = ManualClock()
        self.store = Store({"feedback/amount": 0, "blend/smoothing": 0, **(start or {})})
        self.inbox: Mailbox[Frame] = Mailbox()
        self.metrics = Metrics()
        self.out: list[Frame] = []
        self.messages: list[str] = []
        self.fed = 0
        self.loop = RenderLoop(
            size=SIZE,
            fps=fps,
            fit="crop",
            clock=self.clock,
            store=self.store,
            inbox=self.inbox,
            publish=lambda image, frame: self.out.append(frame),
            metrics=self.metrics,
            on_message=self.messages.append,
        )
        if backend is not None:
            self.loop.offer(backend)
        self.loop.start()

    def feed(self) -> None:
        """The source gives its next frame."""
        self.inbox.put(Frame(picture(self.fed), self.fed, self.clock.now()))
        self.fed += 1

    def advance(self, seconds: float) -> None:
        """Move the clock, and wait until the loop has nothing left to do at that time."""
        self.clock.advance(seconds)
        until(lambda: self.clock.asleep(self.loop.thread), lambda: self.messages)

    def play(self, frames: int) -> None:
        """A source at the show's rate."""
        for _ in range(frames):
            self.feed()
            self.advance(self.period)


@pytest.fixture
def live() -> Iterator[Callable[..., Live]]:
    made: list[Live] = []

    def begin(**setting: Any) -> Live:
        made.append(Live(**setting))
        return made[-1]

    yield begin
    for one in made:
        assert one.loop.stop(PATIENCE), "the loop does not end"


def test_live_a_slow_source_is_repainted_at_the_shows_rate(live: Callable[..., Live]) -> None:
    rig = live(fps=50)
    for number in range(60):
        if number % 10 == 0:
            rig.feed()
        rig.advance(1 / 50)
    assert rig.fed == 6
    assert len(rig.out) == 60, "five frames a second came; the feedback goes on in between"


def test_live_a_fast_source_does_not_drive_the_loop_over_its_rate(
    live: Callable[..., Live],
) -> None:
    rig = live(fps=20)
    for _ in range(300):  # 1.5 s of 200 frames a second
        rig.feed()
        rig.advance(1 / 200)
    assert 1.5 * 20 - 1 <= len(rig.out) <= 1.5 * 20 / 0.9 + 1, "at its rate: no more, and no less"
    assert 0 <= rig.fed - len(rig.out) - rig.inbox.dropped <= 1, "every other frame is passed over"


def test_live_a_change_shows_in_the_next_frame(live: Callable[..., Live]) -> None:
    rig = live(fps=25)
    rig.play(15)
    rig.store.set("output/blackout", 1.0)
    count = len(rig.out)
    rig.play(20)
    assert rig.out[count - 1].pixels.max() > 200
    assert rig.out[count].pixels.max() < 0.8 * rig.out[count - 1].pixels.max()
    assert rig.out[-1].pixels.max() == 0


def test_live_without_any_frame_it_waits_and_stops_at_once(
    live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, asked = live(), []
    get = rig.inbox.get
    monkeypatch.setattr(
        rig.inbox, "get", lambda patience: (asked.append(patience), get(patience))[1]
    )
    rig.clock.advance(1)
    until(lambda: len(asked) >= 3, lambda: rig.messages)
    assert rig.out == []
    before = len(asked)
    assert rig.loop.stop(PATIENCE)
    assert len(asked) <= before + 2, "it looks for a frame once more at most"
    assert max(asked) <= 0.1, "and never waits long for one"
    assert rig.out == []


def test_live_without_any_frame_it_begins_with_the_first_that_comes(
    live: Callable[..., Live],
) -> None:
    rig = live()
    rig.clock.advance(1)
    rig.feed()
    until(lambda: len(rig.out) == 1, lambda: rig.messages)
    assert np.array_equal(rig.out[0].pixels, picture(0))


def test_live_a_sink_that_throws_does_not_end_the_loop(live: Callable[..., Live]) -> None:
    rig = live()
    calls = []

    def publish(image: np.ndarray, frame: Frame) -> None:
        calls.append(frame)
        if len(calls) < 3:
            raise ValueError("no such thing")

    rig.loop._publish = publish
    rig.play(8)
    assert len(calls) > 5
    assert "please report" in rig.messages[0]


@pytest.mark.long
def test_a_whole_performance_of_the_stream_survives_hostile_settings(
    model: Model, tmp_path: Path
) -> None:
    """Random values for everything, every frame."""
    rig = Rig(backend=StreamBackend(model, SIZE, wait=True))
    rng = np.random.default_rng(3)
    rows = [
        row
        for row in rig.store.table.rows.values()
        if row.kind in ("float", "int", "switch") and row.name != "record"
    ]

    def shake() -> None:
        for row in rng.choice(rows, 6):  # type: ignore[arg-type]
            rig.store.set(
                row.name,
                float(rng.uniform(row.low, row.high))
                if row.kind != "switch"
                else bool(rng.random() < 0.2),
            )

    for number in range(60):
        rig.on_frame[number] = shake
    out = rig.render(60)
    assert rig.metrics.faults == 0, rig.messages
    assert all(seen.shape == (64, 64, 3) and seen.dtype == np.uint8 for seen in out)


def test_the_figures_are_of_the_model_not_of_the_time_before_it(
    live: Callable[..., Live],
) -> None:
    rig = live(fps=50)
    rig.metrics.latency(9.0)
    rig.play(25)
    before = len(rig.out)
    rig.loop.offer(Faulty())
    rig.play(25)
    assert before == 25
    assert len(rig.out) == 50
    assert 24 <= rig.metrics.painted <= 25, "it comes with the turn after the one under way"
    assert rig.metrics.whole_latency()[1] < 9


@pytest.mark.parametrize("size", [Size(160, 96), Size(512, 320), Size(1024, 768)])
def test_a_card_finds_how_light_a_picture_is_as_the_host_does(size: Size) -> None:
    """The small copy that the contrast of feedback is led by, made of matrices as on a card."""
    picture = np.random.default_rng(1).integers(0, 256, (size.height, size.width, 3), np.uint8)
    picture[: size.height // 3, :, 0] = 250  # luma and the channels' mean are not the same
    light = torch.tensordot(torch.from_numpy(picture).float() / 255, torch.tensor(LUMA), 1)
    small = area_weights(size.height) @ light @ area_weights(size.width).T
    found = small.mean().item(), small.std(correction=0).item()
    assert found == pytest.approx(spread(picture), abs=5e-4)
