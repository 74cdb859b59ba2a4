"""What a source says of its own transparency is a mask: where it is opaque it stays, around it is
painted, at its edge without a seam."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from vj.core.frame import BlankFrame, Frame, Size, WalkFrame
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.preprocess import over_black
from vj.pipeline.transparency import alpha_seen, continued

SIZE = Size(96, 64)
ORANGE, PAINT = (240, 130, 40), (20, 60, 200)
CALM: dict[str, Any] = {
    "mask/mode": "alpha",
    "mask/feather": 0,
    "feedback/amount": 0,
    "blend/smoothing": 0,
}


class Painter(PassThrough):
    """Paints everything in one colour."""

    def paint(self, entered: Any, snapshot: Snapshot, context: Any) -> GeneratedImage | None:
        return GeneratedImage(np.full(entered.shape, PAINT, np.uint8), context)


def disc(size: Size = SIZE, x: float = 0.5, colour: tuple[int, int, int] = ORANGE) -> np.ndarray:
    """A disc with a soft edge, its radius a quarter of the height; what is transparent is white."""
    across, down = np.meshgrid(np.arange(size.width), np.arange(size.height))
    far = np.hypot(across + 0.5 - x * size.width, down + 0.5 - size.height / 2)
    alpha = np.clip(size.height / 4 - far + 0.5, 0, 1)
    pixels = np.full((size.height, size.width, 4), 255, np.uint8)
    pixels[alpha > 0, :3] = colour
    pixels[..., 3] = np.rint(255 * alpha)
    return pixels


class Stage:
    def __init__(self, size: Size = SIZE, fit: Any = "crop", **start: Any) -> None:
        self.said: list[str] = []
        self.store = Store({**CALM, **{key.replace("__", "/"): v for key, v in start.items()}})
        self.pipeline = FramePipeline(size, fit, Metrics(), self.said.append)
        self.pipeline.swap(Painter(size))
        self.number = 0

    def shown(self, pixels: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
        number, self.number = self.number, self.number + 1
        two = None if other is None else Frame(other, number, number / 30)
        frame = Frame(pixels, number, number / 30)
        return self.pipeline.process(frame, self.store.sample(number / 30), two).picture

    def mask(self, pixels: np.ndarray, other: np.ndarray | None = None) -> np.ndarray | None:
        number, self.number = self.number, self.number + 1
        two = None if other is None else Frame(other, number, number / 30)
        frame = Frame(pixels, number, number / 30)
        snapshot = self.store.sample(number / 30)
        return self.pipeline.preparation.of(frame, snapshot, self.pipeline.backend, two).mask


def composed(pixels: np.ndarray, ground: tuple[int, int, int] = PAINT) -> np.ndarray:
    """Porter and Duff's over (1984), of straight alpha."""
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.asarray(pixels[..., :3] * alpha + np.array(ground, np.float32) * (1 - alpha))


def apart(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.abs(one.astype(np.float32) - two).max())


def test_a_figure_stands_on_what_is_painted_without_a_seam() -> None:
    figure = disc()
    assert apart(Stage().shown(figure), composed(figure)) <= 6, "the soft edge too"


def test_inverted_the_figure_is_painted_and_black_stays() -> None:
    figure = disc()
    seen = Stage(mask__invert=True).shown(figure)
    assert (seen[figure[..., 3] == 255] == PAINT).all()
    assert not seen[figure[..., 3] == 0].any()


def test_a_soft_mask_has_no_dark_rim() -> None:
    figure = disc(colour=(250, 250, 250))
    seen = Stage(mask__feather=0.5).shown(figure)
    assert seen.min(axis=2).min() >= min(PAINT) - 2
    assert (seen.max(axis=2) >= max(PAINT) - 3).all(), "nowhere darker than both"


def test_the_untouched_input_comes_back_where_it_is_dry() -> None:
    figure = disc()
    assert apart(Stage(mix__wet=0, mask__feather=0.5).shown(figure), over_black(figure)) <= 1


def test_half_dry_there_is_no_frame_about_the_figure() -> None:
    figure = disc()
    seen = Stage(mix__wet=0.5).shown(figure)
    around = figure[..., 3] == 0
    assert apart(seen[around], np.full((int(around.sum()), 3), PAINT) / 2) <= 1


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("mirror", ["none", "across", "quarters", "kaleidoscope"])
@pytest.mark.parametrize(("zoom", "rotate"), [(1.0, 0.0), (1.7, 20.0), (0.6, -70.0)])
def test_the_mask_lies_where_the_picture_does(
    fit: Any, mirror: str, zoom: float, rotate: float
) -> None:
    """A source whose picture is its own alpha shows where the mask has to be."""
    one = disc(Size(150, 80), 0.45)
    one[:40, 75:, 3] = 190  # a quarter of it is seen through
    one[..., :3] = 255
    stage = Stage(Size(72, 64), fit, input__mirror=mirror, input__zoom=zoom, input__rotate=rotate)
    snapshot = stage.store.sample(0.0)
    context = stage.pipeline.preparation.of(Frame(one, 0, 0.0), snapshot, stage.pipeline.backend)
    assert context.mask is not None
    assert context.image.max() > 200, "it is in the picture"
    assert apart(255 - context.mask, context.image[..., 0]) <= 2


def test_what_is_padded_is_painted() -> None:
    for channels in (3, 4):
        opaque = np.full((40, 40, channels), 255, np.uint8)
        mask = Stage(Size(96, 64), "pad").mask(opaque)
        assert mask is not None
        assert (mask[:, :10] == 255).all()
        assert not mask[:, 40:56].any()
        stage = Stage(Size(64, 64), "pad")
        assert stage.mask(opaque) is not None
        assert not stage.mask(opaque).any(), "there is nothing beside it"  # type: ignore[union-attr]


def test_an_opaque_source_stays_and_that_is_said_once() -> None:
    stage = Stage()
    plain = np.full((64, 96, 3), 90, np.uint8)
    for _ in range(50):
        stage.shown(plain)
    stage.shown(disc())
    for _ in range(50):
        assert (stage.shown(plain) == 90).all()
    assert not stage.said, "it may come"
    for _ in range(30):
        stage.shown(plain)
    stage.store.set("mask/mode", "none")
    stage.shown(plain)
    stage.store.set("mask/mode", "alpha")
    for _ in range(70):
        stage.shown(plain)
    assert [line for line in stage.said if "alpha" in line] == [
        "mask/mode alpha: the source has no transparency: nothing is painted (PNG, WebM, ProRes "
        "4444 and NDI can have it)"
    ]
    stage.store.set("mask/invert", True)
    assert (stage.shown(plain) == PAINT).all()


def test_without_a_picture_everything_is_painted() -> None:
    stage = Stage()
    grey = BlankFrame(np.full((64, 96, 3), 127, np.uint8), 0, 0.0)
    seen = stage.pipeline.process(grey, stage.store.sample(0.0)).picture
    assert (seen == PAINT).all()
    assert not stage.said


def test_nothing_stays_behind_a_figure_that_moves() -> None:
    stage = Stage(mask__steady=0.9)
    stage.shown(disc(x=0.3))
    seen = stage.shown(disc(x=0.7))
    assert apart(seen[:, :40], np.full((64, 40, 3), PAINT)) == 0


@pytest.mark.parametrize(
    ("mode", "right", "left"),
    [
        ("normal", 128, 128),
        ("add", 255, 255),
        ("multiply", 0, 0),
        ("wipe-right", 0, 0),
        ("wipe-left", 255, 255),
        ("luma", None, None),
    ],
)
def test_two_decks_mix_their_transparency_as_their_pictures(
    mode: str, right: int | None, left: int | None
) -> None:
    """The first deck shows the left half, the second the right one; where a wipe goes to the right
    the second comes from the left, and has nothing there."""
    one, two = (np.full((64, 96, 4), 255, np.uint8) for _ in range(2))
    one[:, 48:, 3], two[:, :48, 3] = 0, 0
    stage = Stage(deck__mix=0.5, deck__mode=mode)
    snapshot = stage.store.sample(0.0)
    pair = Frame(one, 0, 0.0), Frame(two, 0, 0.0)
    context = stage.pipeline.preparation.of(pair[0], snapshot, stage.pipeline.backend, pair[1])
    assert context.mask is not None
    alpha = 255 - context.mask
    if right is None or left is None:
        assert apart(alpha, context.image[..., 0]) <= 2, "white pictures are their own alpha"
        return
    assert abs(int(alpha[32, 8]) - left) <= 1
    assert abs(int(alpha[32, 88]) - right) <= 1


def test_one_deck_without_transparency_is_opaque() -> None:
    stage = Stage(deck__mix=0.25)
    clear = np.zeros((64, 96, 4), np.uint8)
    mask = stage.mask(np.full((64, 96, 3), 200, np.uint8), clear)
    assert mask is not None
    assert apart(255 - mask, np.full((64, 96), 191)) <= 1
    assert not stage.said


def test_a_walk_takes_its_transparency_along() -> None:
    """From a figure on the left to an opaque picture."""
    chain = disc(x=0.3), np.full((64, 96, 3), 80, np.uint8)
    for position in (0.0, 0.5, 1.0):
        stage = Stage(walk__leg=0, walk__position=position)
        frame = WalkFrame(chain[0], 0, 0.0, chain)
        context = stage.pipeline.preparation.of(
            frame, stage.store.sample(0.0), stage.pipeline.backend
        )
        if position == 1.0:
            assert context.mask is not None
            assert not context.mask.any()
            continue
        assert context.mask is not None
        assert abs(int(context.mask[32, 80]) - 255 * (1 - position)) <= 1
        assert context.mask[32, 29] == 0


def test_what_is_opaque_is_not_touched_by_what_goes_on_beyond_it() -> None:
    figure = disc()
    image, alpha = over_black(figure), figure[..., 3]
    beyond = continued(image, alpha, 4.0, 1.0)
    assert np.array_equal(beyond[alpha == 255], image[alpha == 255])
    ring = (alpha == 0) & (cv2.dilate(alpha, np.ones((5, 5), np.uint8)) > 0)
    assert apart(beyond[ring], np.full((int(ring.sum()), 3), ORANGE)) <= 4
    assert np.array_equal(continued(image, alpha, 4.0, 0.0), image)
    assert alpha_seen(image, SIZE, "crop") is None
