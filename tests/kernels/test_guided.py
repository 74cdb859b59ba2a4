"""OutputUpscaler led by the real input: the kernels, the way of a guide with its frame, and when
there is no time for it."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.kernels.kernels_as_c import Compiled
from tests.kernels.test_upscale_kernels import drawn
from tests.pipeline.test_optical_flow import shifted, texture
from tests.waiting import until
from vj.app.output_upscale import REST, OutputUpscaler, Patience
from vj.core.frame import BlankFrame, Frame, Guide, OutputFrame, Size, WalkFrame
from vj.core.metrics import Metrics
from vj.kernels import numpy_guided
from vj.kernels.cv_guided import GuidedUpscaler
from vj.kernels.cv_upscale import CvUpscaler
from vj.kernels.guided_body import C_SOURCE
from vj.parameters.store import Store
from vj.pipeline.backend import GeneratedImage
from vj.pipeline.compositor import HostCompositor
from vj.pipeline.frame_context import Shown
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.interpolation import moved_guide, moved_on
from vj.pipeline.preprocess import prepare
from vj.pipeline.upscale import CpuUpscaler, make_upscaler
from vj.pipeline.upscale_guide import RealInput
from vj.show.load import check_show

TRUTH = drawn(256, 2)
SMALL = cv2.resize(TRUTH, (64, 64), interpolation=cv2.INTER_AREA)
LARGE_LUMA, LUMA = numpy_guided.luma(TRUTH), numpy_guided.luma(SMALL)


def by_numpy(p: np.ndarray, g: np.ndarray, large: np.ndarray, strength: float = 0.0) -> np.ndarray:
    return numpy_guided.guided(p, g, large, strength)


def by_opencv(p: np.ndarray, g: np.ndarray, large: np.ndarray, strength: float = 0.0) -> np.ndarray:
    return GuidedUpscaler(*g.shape, *large.shape).upscale(p, g, large, strength)


@pytest.fixture(params=[by_numpy, by_opencv], ids=["numpy", "opencv"])
def way(request: pytest.FixtureRequest) -> Any:
    return request.param


def plain(picture: np.ndarray, size: int = 256) -> np.ndarray:
    return CvUpscaler(size, size).upscale(picture, 0.5)


def edges(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of the strength of edges, of RGB pictures."""
    strengths = []
    for picture in (one, other):
        light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        x, y = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
        strengths.append(np.hypot(x, y).ravel())
    return float(np.corrcoef(*strengths)[0, 1])


def test_at_strength_0_it_comes_nearer_to_the_real_input(way: Any) -> None:
    out = way(SMALL, LUMA, LARGE_LUMA)
    assert cv2.PSNR(out, TRUTH) > cv2.PSNR(plain(SMALL), TRUTH) + 3
    assert edges(out, TRUTH) > 0.97 > 0.9 > edges(plain(SMALL), TRUTH)


def test_a_generated_image_in_other_colours_gets_the_inputs_edges_in_its_own(way: Any) -> None:
    """Darker, bluer, and with one channel turned round, which a palette may do."""

    def shade(p: np.ndarray) -> np.ndarray:
        return np.dstack([p[..., 0] // 2, 255 - p[..., 1], 128 + p[..., 2] // 3])

    light = LARGE_LUMA[..., None].repeat(3, 2)
    painted = shade(LUMA[..., None].repeat(3, 2)).astype(np.uint8)
    truth = shade(light).astype(np.uint8)
    assert cv2.PSNR(way(painted, LUMA, LARGE_LUMA), truth) > cv2.PSNR(plain(painted), truth) + 6


def test_no_ghosts_of_the_input_where_the_generated_image_has_nothing(way: Any) -> None:
    flat = np.full((64, 64, 3), (200, 30, 90), np.uint8)
    for strength in (0.0, 0.3):
        assert np.abs(way(flat, LUMA, LARGE_LUMA, strength).astype(int) - (200, 30, 90)).max() <= 1


def test_what_is_faded_to_black_stays_black(way: Any) -> None:
    assert not way(np.zeros_like(SMALL), LUMA, LARGE_LUMA, 0.3).any()


def test_where_the_input_has_nothing_the_generated_image_is_upscaled_the_plain_way(
    way: Any,
) -> None:
    nothing = np.full((64, 64), 90, np.uint8), np.full((256, 256), 90, np.uint8)
    for strength in (0.0, 0.3, 1.0):
        out = way(SMALL, *nothing, strength)
        assert cv2.PSNR(out, plain(SMALL)) > 36
    assert np.array_equal(way(SMALL, *nothing, 0.3), way(SMALL, LUMA, LARGE_LUMA, 1.0))


def test_where_the_generated_image_contradicts_the_input_little_of_the_input_is_seen(
    way: Any,
) -> None:
    """A generated image of its own: what leads must not show through it."""
    own = texture(64, 64, seed=7)
    out, alone = way(own, LUMA, LARGE_LUMA, 0.3), way(own, LUMA, LARGE_LUMA, 1.0)
    real, without = edges(out, TRUTH), edges(alone, TRUTH)
    assert real < without + 0.1
    assert cv2.PSNR(out, alone) > 30


def test_an_edge_gets_as_hard_as_the_inputs_without_a_halo(way: Any) -> None:
    """The generated image is softer than the input, as generated images are."""
    hard = np.full((256, 256), 60, np.uint8)
    hard[:, 130:] = 180
    small = cv2.resize(hard, (64, 64), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (5, 5), 1.0)[..., None].repeat(3, 2)
    row = way(soft, small, hard, 0.3)[128, :, 0].astype(int)
    before = plain(soft)[128, :, 0].astype(int)
    assert np.diff(row).max() > 2.5 * np.diff(before).max()
    assert row.min() >= 60 - 8
    assert row.max() <= 180 + 8


def test_the_guide_fades_out_with_strength() -> None:
    assert [numpy_guided.fade(s) for s in (0.0, 0.3, 0.8, 1.0)] == [1, 1, 0, 0]
    assert numpy_guided.fade(0.55) == pytest.approx(0.5)
    with_half = by_numpy(SMALL, LUMA, LARGE_LUMA, 0.55)
    nearness = [
        cv2.PSNR(p, TRUTH) for p in (plain(SMALL), with_half, by_numpy(SMALL, LUMA, LARGE_LUMA))
    ]
    assert nearness == sorted(nearness)


@pytest.mark.parametrize(
    ("size", "large"), [((64, 64), (256, 256)), ((37, 53), (90, 151)), ((40, 64), (70, 100))]
)
@pytest.mark.parametrize("strength", [0.0, 0.1, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("masked", [False, True])
def test_opencv_does_what_numpy_does(
    size: tuple[int, int], large: tuple[int, int], strength: float, masked: bool
) -> None:
    rng = np.random.default_rng(3)
    truth = cv2.resize(TRUTH, large[::-1], interpolation=cv2.INTER_AREA)
    image = cv2.resize(truth, size[::-1], interpolation=cv2.INTER_AREA)
    painted = cv2.addWeighted(image, 0.6, texture(*size), 0.4, 10)
    mask = rng.integers(0, 256, size).astype(np.uint8) if masked else None
    lumas = numpy_guided.luma(image), numpy_guided.luma(truth)
    assert np.array_equal(lumas[0], cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    out = GuidedUpscaler(*size, *large).upscale(painted, *lumas, strength, mask)
    wanted = numpy_guided.guided(painted, *lumas, strength, mask)
    off = np.abs(out.astype(int) - wanted)
    assert off.max() <= 5
    assert (off > 1).mean() < 0.05


def test_under_a_mask_the_input_shows_and_is_led_in_full() -> None:
    mask = np.full((64, 64), 255, np.uint8)
    mask[:, :32] = 0
    out = GuidedUpscaler(64, 64, 256, 256).upscale(SMALL, LUMA, LARGE_LUMA, 1.0, mask)
    assert (
        cv2.PSNR(out[:, :110], TRUTH[:, :110]) > cv2.PSNR(plain(SMALL)[:, :110], TRUTH[:, :110]) + 3
    )
    assert np.array_equal(out[:, 150:], by_opencv(SMALL, LUMA, LARGE_LUMA, 1.0)[:, 150:])


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(64, 64\) and \(256, 256\) would be right"):
        GuidedUpscaler(64, 64, 256, 256).upscale(SMALL[:60], LUMA, LARGE_LUMA, 0.0)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return Compiled(tmp_path_factory.mktemp("guided"), C_SOURCE).library


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("size", "large"), [((32, 48), (75, 128)), ((33, 47), (64, 94))])
def test_the_kernels_text_is_numpys(
    library: ctypes.CDLL, size: tuple[int, int], large: tuple[int, int], masked: bool
) -> None:
    """The four kernels as CuPy calls them (vj/kernels/cupy_guided.py), in their order."""
    rng = np.random.default_rng(5)
    truth = cv2.resize(TRUTH, large[::-1], interpolation=cv2.INTER_AREA)
    image = cv2.resize(truth, size[::-1], interpolation=cv2.INTER_AREA)
    picture = cv2.addWeighted(image, 0.6, texture(*size), 0.4, 10)
    mask = rng.integers(0, 256, size).astype(np.uint8)
    guide, large_guide = numpy_guided.luma(image), numpy_guided.luma(truth)
    upscaled = cv2.resize(picture, large[::-1], interpolation=cv2.INTER_LANCZOS4)
    fitted = numpy_guided.grid(*size)
    first, mean = np.zeros((2, *fitted, 7), np.float32)
    led, out = np.zeros_like(picture), np.zeros_like(truth)
    at = lambda a: ctypes.c_void_p(a.ctypes.data)  # noqa: E731
    strength = 0.45
    amount, share = (
        ctypes.c_float(f(strength)) for f in (numpy_guided.fade, numpy_guided.replaced)
    )
    sides = [ctypes.c_int(n) for n in (*size[::-1], *fitted[::-1], *large[::-1])]
    library.vj_guide_fit(at(picture), at(guide), at(first), *sides[:4])
    library.vj_guide_mean(
        at(first), at(mean), *sides[2:4], at(mask), ctypes.c_int(masked), *sides[:2], amount
    )
    library.vj_guide_led(at(picture), at(guide), at(mean), at(led), *sides[:4], share)
    library.vj_guided(
        at(picture), at(led), at(guide), at(large_guide), at(upscaled), at(mean), at(out), *sides
    )
    shown = mask if masked else None
    truths = numpy_guided.fit(picture, guide, numpy_guided.fade(strength), shown)
    wanted = np.concatenate([truths.slope, truths.offset, truths.trust[..., None]], axis=2)
    assert np.abs(mean - wanted).max() < 2e-3
    right = numpy_guided.guided(picture, guide, large_guide, strength, shown, upscaled)
    off = np.abs(out.astype(int) - right)
    assert off.max() <= 1
    assert (off > 0).mean() < 0.01
    assert np.abs(led.astype(int) - picture).max() > 5, "there is something to lead"


# The guide of a frame: cropped and padded as the generated image is.


def guide_of(pixels: np.ndarray, size: Size, fit: str = "crop", strength: float = 0.0) -> Guide:
    return Guide(pixels, prepare(pixels, size, "pad" if fit == "pad" else "crop"), fit, strength)


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("came", [(480, 640), (300, 300), (405, 720), (1080, 1900)])
@pytest.mark.parametrize("wanted", [Size(512, 288), Size(512, 512)])
def test_what_leads_lies_where_the_generated_image_lies(
    came: tuple[int, int], fit: str, wanted: Size
) -> None:
    scene = cv2.resize(texture(60, 60), came[::-1], interpolation=cv2.INTER_CUBIC)
    small, large = RealInput(wanted).lumas(guide_of(scene, Size(128, 128), fit))
    assert large.shape == (wanted.height, wanted.width)
    assert small.shape == ((72, 128) if wanted.height == 288 else (128, 128))
    again = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(again.astype(int) - small)[4:-4, 4:-4].mean() < 1.5
    off, _ = cv2.phaseCorrelate(*(p.astype(np.float32) for p in (again, small)))
    assert np.hypot(*off) < 0.15


def test_what_is_transparent_leads_as_it_is_painted_over_black() -> None:
    clear = np.dstack([TRUTH, np.zeros((256, 256), np.uint8)])
    small, large = RealInput(Size(256, 256)).lumas(guide_of(clear, Size(64, 64)))
    assert small.max() == large.max() == 0


def test_what_was_moved_on_is_led_by_an_input_moved_alike() -> None:
    scene = texture(256, 256, seed=2)
    flow = np.zeros((32, 32, 3), np.float32)
    flow[...] = (8, 0, 1)
    still = guide_of(scene, Size(128, 128))
    led = moved_guide(still, flow, 0.5)
    assert led is not None
    reader = RealInput(Size(512, 512))
    _, before = reader.lumas(still)
    small, large = reader.lumas(led)
    wanted = shifted(before[..., None].repeat(3, 2), -16, 0)[..., 0]
    assert np.abs(large.astype(int) - wanted)[:, 40:-40].mean() < 2
    picture = cv2.cvtColor(moved_on(still.image, flow, 0.5), cv2.COLOR_RGB2GRAY)
    assert np.abs(small.astype(int) - picture)[:, 10:-10].mean() < 1
    assert moved_guide(None, flow, 0.5) is None


def test_the_upscaler_follows_a_guide_and_without_one_stays_as_it_was() -> None:
    upscaler = make_upscaler("auto", Size(64, 64), Size(256, 256), "cpu", print)
    assert isinstance(upscaler, CpuUpscaler)
    led = upscaler.upscale(SMALL, guide_of(TRUTH, Size(64, 64)))
    assert cv2.PSNR(led, TRUTH) > cv2.PSNR(plain(SMALL), TRUTH) + 3
    for guide in (None, guide_of(TRUTH, Size(64, 64), strength=0.9)):
        assert np.array_equal(upscaler.upscale(SMALL, guide), plain(SMALL))


# A guide travels with its frame.


class Late:
    """A backend with frames in flight, as a stream of several steps has; turns pictures round."""

    name = "late"
    settled = True
    guides: tuple[str, ...] = ()
    mixes_latents = False

    def __init__(self, size: Size, delay: int) -> None:
        self.compositor = HostCompositor(size, plain=True)
        self._flight: list[GeneratedImage] = []
        self._delay = delay

    def paint(self, entered: Any, snapshot: Any, context: Any) -> GeneratedImage | None:
        self._flight.append(GeneratedImage(255 - entered, context))
        return self._flight.pop(0) if len(self._flight) > self._delay else None

    def drain(self) -> GeneratedImage | None:
        return self._flight.pop(0) if self._flight else None

    def clear(self) -> None:
        self._flight.clear()

    def close(self) -> None: ...


class Trip:
    """Frames of 128x128 through a pipeline at 64x64."""

    def __init__(self, delay: int = 0, backend: bool = True, **settings: Any) -> None:
        still = {"feedback/amount": 0.0, "blend/smoothing": 0.0}
        self.store = Store(
            still | {name.replace("_", "/", 1): value for name, value in settings.items()}
        )
        self.pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), print)
        if backend:
            self.pipeline.swap(Late(Size(64, 64), delay))  # type: ignore[arg-type]
        self.frames: list[Frame] = []

    def go(self, kind: type[Frame] = Frame, *more: Any) -> Shown:
        number = len(self.frames)
        self.frames.append(kind(texture(128, 128, seed=number), number, number / 10, *more))
        return self.pipeline.process(self.frames[-1], self.store.sample(number / 10))


def test_a_guide_is_that_of_the_frame_however_long_it_was_under_way() -> None:
    trip = Trip(delay=2, strength=0.2)
    for number in range(5):
        trip.store.set("strength", number / 10)
        shown = trip.go()
    assert shown.context.guide is not None
    assert shown.context.guide.pixels is trip.frames[2].pixels
    assert shown.context.guide.image is shown.context.image
    assert shown.context.guide.strength == pytest.approx(0.2), "with the strength it came in with"
    trip.pipeline.close()


def test_frozen_the_guide_is_that_of_the_picture_that_stands() -> None:
    trip = Trip()
    trip.go()
    trip.store.set("output/freeze", True)
    for _ in range(3):
        shown = trip.go()
        assert shown.context.guide is not None
        assert shown.context.guide.pixels is trip.frames[0].pixels
    trip.pipeline.close()


def test_before_anything_is_painted_the_input_leads_itself() -> None:
    trip = Trip(delay=1, strength=0.9)
    shown = trip.go()
    assert shown.waiting
    assert shown.context.guide is not None
    assert (shown.context.guide.pixels is trip.frames[0].pixels, shown.context.guide.strength) == (
        True,
        0,
    )
    bare = Trip(backend=False, strength=0.9).go()
    assert bare.context.guide is not None
    assert bare.context.guide.strength == 0


def test_the_input_mixed_in_counts_as_less_strength() -> None:
    shown = Trip(strength=0.8, mix_wet=0.5).go()
    assert shown.context.guide is not None
    assert shown.context.guide.strength == pytest.approx(0.4)


def test_without_a_real_input_there_is_no_guide() -> None:
    assert Trip().go(BlankFrame).context.guide is None
    assert Trip().go(WalkFrame, (TRUTH, 255 - TRUTH)).context.guide is None
    same = FramePipeline(Size(128, 128), "crop", Metrics(), print)
    store = Store()
    assert same.process(Frame(texture(128, 128), 0, 0.0), store.sample(0.0)).context.guide is None
    same.close()


def test_a_show_leaves_with_the_inputs_edges(tmp_path: Path) -> None:
    from vj.app.offline import Rendering

    cv2.imwrite(str(tmp_path / "in.png"), TRUTH[..., ::-1])
    tree = {
        "source": f"image:{tmp_path}/in.png",
        "model": "none",
        "size": "64x64",
        "output": "256x256",
        "sinks": f"record:{tmp_path}/out/",
        "slow": 2,
    }
    Rendering(check_show(tree, "here"), print, 0.1).run()
    made = [cv2.imread(str(file))[..., ::-1] for file in sorted((tmp_path / "out").glob("*.png"))]
    assert len(made) >= 3
    for picture in made:
        assert cv2.PSNR(picture, TRUTH) > cv2.PSNR(plain(SMALL), TRUTH) + 3


# No time for it.


def test_late_is_what_would_leave_after_its_turn() -> None:
    patience = Patience(0.033)
    assert not patience.late(came=0.0, now=0.001)
    patience.took(0.02)
    assert not patience.late(came=10.0, now=10.01)
    assert patience.late(came=11.0, now=11.02)
    assert not patience.late(came=11.1, now=11.1), "one is no reason to stop"
    assert patience.late(came=11.2, now=11.23)
    assert patience.late(came=12.0, now=12.0), "two within a second are, for a while"
    assert not patience.late(came=12.0 + REST, now=12.0 + REST)


class Slow:
    """An upscaler that takes 60 ms for a guide, of a time that it moves on itself."""

    name = "slow"

    def __init__(self) -> None:
        self.led = 0
        self.now = 0.0

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> np.ndarray:
        if guide is not None:
            self.led += 1
            self.now += 0.06
        return picture.repeat(2, axis=0).repeat(2, axis=1)

    def close(self) -> None: ...


def test_live_a_late_picture_is_upscaled_the_plain_way_and_that_is_logged_once() -> None:
    got: list[OutputFrame] = []
    messages: list[str] = []
    way = Slow()
    output_upscaler = OutputUpscaler(
        way, got.append, Metrics(), messages.append, period=0.03, now=lambda: way.now
    )
    guide = guide_of(TRUTH, Size(64, 64))
    for number in range(6):
        output_upscaler.put(OutputFrame(SMALL, number, 0.0, guide))
        until(lambda count=number + 1: len(got) == count)  # type: ignore[misc]
        way.now += 0.08
    output_upscaler.stop()
    assert [frame.number for frame in got] == list(range(6)), "none is lost"
    assert (way.led, output_upscaler.plain) == (1, 5)
    assert all(frame.guide is None for frame in got), "nobody keeps the input for longer"
    assert len(messages) == 1
    assert "plain way" in messages[0]
    assert replace(got[0], guide=guide).guide is guide


def test_pictures_of_one_size_after_another_are_all_led() -> None:
    """`size: auto` begins with one size and goes on with another; old pictures may still come."""
    upscaler = CpuUpscaler(Size(512, 512))
    pixels = drawn(512)
    for size in (Size(256, 256), Size(192, 192), Size(256, 256)):
        guide = guide_of(pixels, size)
        led = upscaler.upscale(guide.image, guide)
        assert led.shape == (512, 512, 3)
        bare = upscaler.upscale(guide.image)
        assert np.abs(led.astype(int) - pixels).mean() < np.abs(bare.astype(int) - pixels).mean()
