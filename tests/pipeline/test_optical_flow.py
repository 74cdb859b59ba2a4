"""Flow of pictures whose movement is known."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.waiting import until
from vj.app.setup import flow_finder
from vj.core.beside import Beside
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.kernels import numpy_ops
from vj.parameters.store import Store
from vj.pipeline import optical_flow
from vj.pipeline.flow_backends import make_flow
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.optical_flow import FlowFinder, FlowThread, Motion
from vj.show.load import ShowFaults, check_show
from vj.sources.testcard import DancerScene


def texture(height: int = 256, width: int = 256, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    soft = (soft - soft.min()) / np.ptp(soft)
    return (soft * 255).astype(np.uint8)


def shifted(picture: np.ndarray, dx: float, dy: float) -> np.ndarray:
    matrix = np.float32([[1, 0, dx], [0, 1, dy]])
    return cv2.warpAffine(
        picture,
        matrix,
        picture.shape[1::-1],
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )


@pytest.mark.parametrize("size", [(256, 256), (288, 512), (512, 512), (192, 108)])
@pytest.mark.parametrize(("dx", "dy"), [(4, 0), (-3, 2), (0, -6), (0.5, 0.5)])
def test_a_shift_is_found_where_it_came_from(size: tuple[int, int], dx: float, dy: float) -> None:
    old = texture(*size)
    motion = FlowFinder().find(shifted(old, dx, dy), old)
    middle = motion.grid[20:-20, 20:-20]
    assert np.median(middle[..., 0]) == pytest.approx(-dx, abs=0.4)
    assert np.median(middle[..., 1]) == pytest.approx(-dy, abs=0.4)
    assert middle[..., 2].mean() > 0.8
    assert not motion.cut


def test_a_still_picture_has_no_flow_and_no_doubt() -> None:
    picture = texture()
    grid = FlowFinder().find(picture, picture.copy()).grid
    assert np.abs(grid[..., :2]).max() == 0
    assert grid[..., 2].min() == 1


def test_what_was_hidden_before_is_not_sure() -> None:
    """A square of another texture moves over the ground: the ground it uncovers was nowhere."""
    ground, square = (
        cv2.resize(texture(128, 128, seed), (256, 256), interpolation=cv2.INTER_CUBIC)
        for seed in (1, 2)
    )
    square = square[:80, :80]
    old, new = ground.copy(), ground.copy()
    old[90:170, 90:170] = square
    new[90:170, 102:182] = square
    grid = cv2.resize(FlowFinder().find(new, old).grid, (256, 256))
    assert grid[100:160, 92:100, 2].mean() < 0.5, "uncovered"
    assert grid[100:160, 112:172, 2].mean() > 0.7, "the square"
    assert np.median(grid[110:150, 120:165, 0]) == pytest.approx(-12, abs=2.5)
    assert grid[200:250, 20:80, 2].mean() > 0.9, "the ground"


def test_a_cameras_noise_on_an_even_wall_is_no_movement_and_who_walks_before_it_is() -> None:
    """What was fed back and smoothed crawled along the wall."""
    rng = np.random.default_rng(0)
    wall = np.full((256, 256, 3), 170, np.uint8)

    def seen(place: int) -> np.ndarray:
        picture = wall.copy()
        picture[90:170, place : place + 80] = texture(80, 80, 2)
        return np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)

    grid = cv2.resize(FlowFinder().find(seen(102), seen(90)).grid, (256, 256))
    far = np.hypot(grid[..., 0], grid[..., 1])
    assert far[180:, :].mean() < 1.2
    assert far[:80, :].mean() < 1.2, "it was seven pixels"
    assert grid[180:, :, 2].mean() > 0.7, "it was an eighth"
    assert np.median(grid[110:150, 120:165, 0]) == pytest.approx(-12, abs=2.5)


def test_where_the_camera_pans_the_noisy_wall_pans_too() -> None:
    rng = np.random.default_rng(0)
    room = texture()
    room[:100] = 170

    def seen(picture: np.ndarray) -> np.ndarray:
        return np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)

    grid = FlowFinder().find(seen(shifted(room, 4, 0)), seen(room)).grid
    assert np.median(grid[70:110, 20:-20, 0]) == pytest.approx(-4, abs=0.4)
    assert np.abs(grid[10:40, 20:-20, 0]).mean() > 0.5, "it is not held still"


def test_a_hard_cut_is_noticed_and_movement_and_flashes_are_none() -> None:
    finder = FlowFinder()
    card = DancerScene(Size(256, 256), 30)
    assert finder.find(card.draw(100), texture(seed=5)).cut
    assert finder.find(texture(seed=6), texture(seed=7)).cut
    for number in range(20, 60):
        assert not finder.find(card.draw(number), card.draw(number - 1)).cut
    assert not finder.find(shifted(texture(), 12, 5), texture()).cut


def test_following_less_moves_less_and_doubts_less() -> None:
    motion = Motion(np.float32([[[4, 2, 0.5]]]), False)
    assert motion.scaled(0) is None
    assert motion.scaled(1) is motion.grid
    half = motion.scaled(0.5)
    assert half is not None
    assert half[0, 0].tolist() == [2, 1, 0.75]
    assert motion.grid[0, 0].tolist() == [4, 2, 0.5], "the motion itself stays"


def test_smoothing_along_the_flow_is_sharper_than_smoothing_in_place() -> None:
    """A texture that moves under shimmering noise: followed, it stays sharp; in place, it
    smears."""
    rng = np.random.default_rng(0)
    ground = texture(256, 400).astype(np.float32) / 255
    finder = FlowFinder()
    from vj.kernels.settings import BlendSettings

    plain = scaled = None
    errors: list[tuple[float, float]] = []
    before: np.ndarray | None = None
    for turn in range(24):
        clean = ground[:, 4 * turn : 4 * turn + 256]
        image = (clean * 255).astype(np.uint8)
        painted = np.clip(clean + rng.normal(0, 0.08, clean.shape).astype(np.float32), 0, 1).astype(
            np.float32
        )
        flow = None if before is None else finder.find(image, before).grid
        settings = BlendSettings(0.8, 0.0)
        plain = numpy_ops.blend(painted, plain, image, settings)[1]
        scaled = numpy_ops.blend(painted, scaled, image, settings, flow)[1]
        before = image
        errors.append((float(np.abs(plain - clean).mean()), float(np.abs(scaled - clean).mean())))
    in_place, along = np.mean(errors[12:], axis=0)
    assert along < 0.6 * in_place


def test_the_thread_finds_each_pair_once() -> None:
    before, thread = set(threading.enumerate()), FlowThread()
    new, old = texture(seed=1), texture(seed=2)
    first = thread.ask(new, old)
    assert thread.ask(new, old) is first
    assert thread.ask(old, new) is not first
    assert thread.ask(new, old) is first, "with several steps it is asked for again later"
    carefully = thread.ask(new, old, careful=True)
    assert carefully is not first
    assert thread.ask(new, old, careful=True) is carefully
    other = texture(seed=3)
    assert thread.ask(other, new, careful=True) is thread.ask(other, new), "it does for both"
    assert isinstance(first.result(60), Motion)
    thread.close()
    with pytest.raises(RuntimeError, match="has ended"):
        thread.ask(texture(seed=4), new)
    until(lambda: not set(threading.enumerate()) - before)


@pytest.mark.parametrize("careful", [False, True])
def test_both_ways_at_the_same_time_are_the_same_flow(
    careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optical_flow, "MANY_CORES", True)
    scene, beside = DancerScene(Size(160, 160), 30), Beside("back")
    alone, both = FlowFinder(), FlowFinder(beside=beside)
    for number in range(1, 4):
        pair = shifted(scene.draw(number), number, -1), scene.draw(number - 1)
        one, two = (finder.find(*pair, careful) for finder in (alone, both))
        assert np.array_equal(one.grid, two.grid)
        assert one.grid[..., :2].any()
    assert beside.begun
    held = threading.Event()
    busy = beside.do(lambda: held.wait(60))
    one, two = (finder.find(*pair[::-1], careful) for finder in (alone, both))
    assert np.array_equal(one.grid, two.grid), "whatever else the other thread has to do"
    assert not busy.done()
    held.set()
    beside.close()


def test_a_show_that_names_no_other_way_is_as_careful_as_riding_noise_wants_it() -> None:
    """It was given a quick DIS by name, which was then taken for both."""
    messages: list[str] = []
    show = check_show({"flow": "dis"}, "here")
    finder = FlowFinder(flow_finder(show, messages.append))
    scene = DancerScene(Size(128, 128), 30)
    pair = shifted(scene.draw(9), 3, 2), scene.draw(8)
    wanted = FlowFinder().find(*pair, careful=True).grid
    assert np.array_equal(finder.find(*pair, careful=True).grid, wanted)
    assert not messages


def through_the_loop(clip: list[np.ndarray], **start: float) -> list[np.ndarray]:
    """What becomes of a clip without a model: feedback and smoothing alone."""
    from vj.core.clock import FrameClock
    from vj.core.frame import Frame
    from vj.core.mailbox import Mailbox
    from vj.core.metrics import Metrics
    from vj.parameters.store import Store
    from vj.pipeline.every_frame import in_order
    from vj.pipeline.loop import RenderLoop

    made: list[np.ndarray] = []
    height, width = clip[0].shape[:2]
    loop = RenderLoop(
        size=Size(width, height),
        fps=30,
        fit="crop",
        clock=FrameClock(30),
        store=Store({name.replace("__", "/"): value for name, value in start.items()}),
        inbox=Mailbox(),
        publish=lambda image, frame: made.append(frame.pixels),
        metrics=Metrics(),
        on_message=print,
    )
    loop.render(
        in_order(Frame(picture, number, number / 30) for number, picture in enumerate(clip))
    )
    loop.stop()
    return made


@pytest.mark.parametrize("follow", [0.0, 1.0])
def test_after_a_hard_cut_there_are_no_ghosts(follow: float) -> None:
    card = DancerScene(Size(256, 256), 30)
    other = texture(seed=9)
    clip = [card.draw(n) for n in range(20)] + [other.copy() for _ in range(8)]
    seen = through_the_loop(
        clip, feedback__amount=0.6, feedback__flow=follow, blend__smoothing=0.9, blend__motion=0.0
    )
    for number in (20, 21, 22):
        assert np.abs(seen[number].astype(int) - clip[number]).mean() < 3, number


def test_the_first_frames_are_the_input_and_not_junk() -> None:
    card = DancerScene(Size(256, 256), 30)
    clip = [card.draw(n) for n in range(4)]
    seen = through_the_loop(clip, feedback__amount=0.9, blend__smoothing=0.9)
    for one, other in zip(seen, clip, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 6


def test_a_moving_picture_does_not_trail_when_feedback_follows_it() -> None:
    ground = texture(256, 512, seed=4)
    clip = [ground[:, 4 * n : 4 * n + 256].copy() for n in range(20)]
    settings = {"feedback__amount": 0.7, "blend__smoothing": 0.7, "blend__motion": 0.0}
    apart = [
        np.abs(
            through_the_loop(clip, feedback__flow=follow, **settings)[-1][:, :240].astype(int)
            - clip[-1][:, :240]
        ).mean()
        for follow in (0.0, 1.0)
    ]
    assert apart[1] < 0.35 * apart[0]


@pytest.mark.parametrize(("amount", "follow"), [(0.9, 1.0), (0.95, 0.0)])
@pytest.mark.long
def test_strong_feedback_neither_fades_nor_runs_away(amount: float, follow: float) -> None:
    """Twenty seconds of a zooming tunnel keep the input's contrast within a quarter, and clip no
    more than 5 %."""
    card = DancerScene(Size(128, 128), 30)
    clip = [card.draw(n) for n in range(600)]
    seen = through_the_loop(
        clip, feedback__amount=amount, feedback__zoom=1.01, feedback__flow=follow
    )
    for number in (200, 400, 599):
        contrast = seen[number].mean(2).std() / clip[number].mean(2).std()
        assert 0.75 < contrast < 1.25, number
        clipped = ((seen[number] == 0) | (seen[number] == 255)).mean((0, 1))
        assert clipped.max() < 0.06, number
        assert np.abs(seen[number].mean((0, 1)) - clip[number].mean((0, 1))).max() < 20, (
            "no drift to a colour"
        )


def test_the_gain_follows_slowly_and_keeps_its_bounds() -> None:
    from vj.pipeline.feedback_gain import LEAST, FeedbackGain

    gain = FeedbackGain()
    for _ in range(200):
        gain.observe(0.2, 0.1, 0.5, 0.5)
    assert gain.gain == pytest.approx((1 - 0.5 / 1.1) / 0.5), (
        "a wall that goes round may gain a tenth"
    )
    for _ in range(200):
        gain.observe(0.1, 0.3, 0.5, 0.5)
    assert gain.gain == LEAST
    for _ in range(200):
        gain.observe(0.001, 0.3, 0.5, 0.5)
    assert gain.gain == pytest.approx(1), "an even input says nothing"


@pytest.mark.parametrize("kind", ["dis", "farneback"])
def test_each_way_finds_a_known_shift(kind: str) -> None:
    rng = np.random.default_rng(2)
    texture = cv2.GaussianBlur(rng.integers(0, 255, (160, 160)).astype(np.uint8), (0, 0), 3)
    texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
    here, there = texture[10:138, 10:138], texture[10:138, 13:141]
    found = make_flow(kind)(np.ascontiguousarray(here), np.ascontiguousarray(there))
    assert found.shape == (128, 128, 2)
    assert np.median(found[16:-16, 16:-16], axis=(0, 1)) == pytest.approx([-3, 0], abs=0.3)


def test_raft_plays_with_weights_that_one_names(tmp_path: Path) -> None:
    """Random weights: shapes, both sizes, any picture's size; what trained ones would find cannot
    be tried here."""
    try:
        models = importlib.import_module("torchvision.models.optical_flow")
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"no torchvision that fits this torch ({error})")
    for make in (models.raft_small, models.raft_large):
        torch.save(make(weights=None).state_dict(), tmp_path / "raft.pth")
        found = make_flow(f"raft:{tmp_path}/raft.pth")(
            np.zeros((90, 120), np.uint8), np.full((90, 120), 200, np.uint8)
        )
        assert (found.shape, found.dtype) == ((90, 120, 2), np.float32)
        assert np.isfinite(found).all()


def test_a_way_that_cannot_be_had_says_why_and_dis_plays(tmp_path: Path) -> None:
    (tmp_path / "raft.pth").write_bytes(b"junk")
    try:
        fits = importlib.import_module("torchvision") is not None
    except (ImportError, RuntimeError):
        fits = False
    junk = f"raft:{tmp_path}/raft.pth"
    for asked, words in (
        ("raft:", "no such file"),
        (junk, "is not RAFT's weights"),
        ("nvidia", "not built with CUDA"),
    ):
        words = "needs torchvision" if asked.startswith("raft") and not fits else words
        messages: list[str] = []
        finder = flow_finder(check_show({"flow": asked}, "here"), messages.append)
        assert words in messages[0]
        assert finder is None, "dis"
    with pytest.raises(ShowFaults, match="did you mean farneback"):
        check_show({"flow": "farnebach"}, "here")


def test_a_way_that_fails_in_mid_show_gives_its_place_to_dis() -> None:
    messages: list[str] = []

    def broken(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        raise RuntimeError("the card has gone")

    pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), messages.append, flow=broken)
    store = Store({"feedback/amount": 0, "blend/smoothing": 0.5})
    for number in range(10):
        frame = Frame(texture(64, 64, number // 5), number, number / 30)
        assert pipeline.process(frame, store.sample(number / 30)).picture.std() > 10
    pipeline.close()
    assert messages == ["flow: RuntimeError: the card has gone; dis is used from here on"]
