"""The texture field: it follows form, is as strong as white noise, steady, alike at every size."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from vj.core.frame import Size
from vj.kernels import numpy_field
from vj.kernels.cv_field import FieldMaker
from vj.kernels.numpy_field import Field
from vj.sources.testcard import DancerScene

SIZES = [(256, 256), (192, 320), (256, 448), (192, 192), (90, 160), (91, 163), (512, 512)]


NAMES = ("texture", "along_x", "along_y")
Draw = Callable[[int, int], np.ndarray]


def grain(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)


def scene(height: int, width: int, number: int = 10) -> np.ndarray:
    """The test card's dancer, drawn large and reduced, as luma 0..1."""
    large = DancerScene(Size(2 * width, 2 * height), 30).draw(number)
    grey = cv2.cvtColor(large, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)


def stripes(height: int, width: int, angle: float = 0.0) -> np.ndarray:
    """Stripes that run at so many degrees from the horizontal (y down), 16 to the height."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    across = -x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle))
    out: np.ndarray = 0.5 + 0.4 * np.sin(across * (2 * np.pi * 16)).astype(np.float32)
    return out


def wall(height: int, width: int) -> np.ndarray:
    return np.full((height, width), 0.5, np.float32)


def make(
    luma: np.ndarray, white: np.ndarray | None = None, size: float = 1.0, turn: float = 0.0
) -> Field:
    white = grain(*luma.shape) if white is None else white
    return FieldMaker(*luma.shape).make(luma, white, size, turn)


def alike(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), two.ravel())[0, 1])


def beside(texture: np.ndarray, right: int, down: int) -> float:
    """Correlation of a texture with itself so many pixels right (left, below 0) and down."""
    height, width = texture.shape
    left, rest = max(0, -right), max(0, right)
    return alike(texture[: height - down, left : width - rest], texture[down:, rest : width - left])


def length(texture: np.ndarray) -> float:
    """Pixels until the correlation has fallen to one half, right or down, the longer."""
    found = []
    for way in ((1, 0), (0, 1)):
        curve = np.array(
            [beside(texture, way[0] * lag, way[1] * lag) for lag in range(texture.shape[0] // 6)]
        )
        under = int(np.argmax(curve < 0.5))
        found.append(under - 1 + (curve[under - 1] - 0.5) / (curve[under - 1] - curve[under]))
    return max(found)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("draw", [scene, stripes, wall])
@pytest.mark.parametrize("size", [0.5, 1.0, 2.0])
def test_it_is_as_strong_as_white_noise_whatever_the_picture(
    draw: Draw, height: int, width: int, size: float
) -> None:
    made = make(draw(height, width), size=size)
    for plane in (made.texture, made.along_x, made.along_y):
        assert plane.shape == (height, width)
        assert plane.dtype == np.float32
        assert np.isfinite(plane).all()
    assert abs(made.texture.mean()) < 1e-3
    assert abs(made.texture.var() - 1) < 1e-3
    assert np.hypot(made.along_x, made.along_y).max() < 1.001


@pytest.mark.parametrize(("height", "width"), [(192, 192), (90, 160), (91, 163)])
@pytest.mark.parametrize("draw", [scene, stripes, wall])
def test_the_fast_way_is_numpys(draw: Draw, height: int, width: int) -> None:
    luma, white = draw(height, width), grain(height, width)
    for size, turn in ((1.0, 0.0), (1.7, 0.8)):
        fast, truth = make(luma, white, size, turn), numpy_field.make_field(luma, white, size, turn)
        assert alike(fast.texture, truth.texture) > 0.999
        assert np.abs(fast.along_x - truth.along_x).max() < 1e-4
        assert np.abs(fast.along_y - truth.along_y).max() < 1e-4
    bytes_ = (luma * 255 + 0.5).astype(np.uint8)
    assert alike(make(bytes_, white).texture, numpy_field.make_field(bytes_, white).texture) > 0.995


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135])
def test_it_runs_along_an_edge_and_not_across(angle: float) -> None:
    made = make(stripes(256, 256, angle))
    confidence = np.hypot(made.along_x, made.along_y)
    assert confidence.mean() > 0.9
    turned = np.degrees(np.arctan2(made.along_y, made.along_x) / 2 - np.radians(angle))
    off = np.abs((turned + 90) % 180 - 90)[8:-8, 8:-8]
    assert np.median(off) < 2, "the tangents are the stripes'"
    along = np.round(6 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])).astype(
        int
    )
    assert beside(made.texture, *along) > 0.3
    assert (
        abs(
            beside(made.texture, -along[1], along[0])
            if along[0] >= 0
            else beside(made.texture, along[1], -along[0])
        )
        < 0.1
    )


@pytest.mark.parametrize("draw", [scene, stripes, wall])
def test_512_rows_look_like_256_sharper(draw: Draw) -> None:
    """Of the same noise: the same directions and strokes, as long relative to the height."""
    white = grain(512, 512)
    small = make(draw(256, 256), cv2.resize(white, (256, 256), interpolation=cv2.INTER_AREA) * 2)
    large = make(draw(512, 512), white)
    assert length(large.texture) / 2 == pytest.approx(length(small.texture), rel=0.15)
    planes = {
        name: cv2.resize(getattr(large, name), (256, 256), interpolation=cv2.INTER_AREA)
        for name in NAMES
    }
    assert alike(planes["texture"], small.texture) > 0.93
    for name in NAMES[1:]:
        one, two = planes[name], getattr(small, name)
        assert alike(one, two) > 0.95 if draw is scene else np.abs(one - two).max() < 0.1


def test_twice_the_size_is_twice_as_long() -> None:
    small, large = make(stripes(256, 256)), make(stripes(256, 256), size=2.0)
    assert length(large.texture) == pytest.approx(2 * length(small.texture), rel=0.2)


def test_a_crop_has_the_strokes_of_the_picture_it_was_cut_from() -> None:
    white = grain(512, 512)
    whole = FieldMaker(512, 512).make(scene(512, 512), white)
    cut = (slice(128, 384), slice(96, 352))
    crop = FieldMaker(256, 256, unit=2.0).make(
        np.ascontiguousarray(scene(512, 512)[cut]), np.ascontiguousarray(white[cut])
    )
    inner = (slice(48, -48), slice(48, -48))
    assert alike(whole.along_x[cut][inner], crop.along_x[inner]) > 0.99
    confidence = np.hypot(crop.along_x, crop.along_y)[inner] > 0.8
    assert alike(whole.texture[cut][inner][confidence], crop.texture[inner][confidence]) > 0.9


def test_where_nothing_has_a_direction_the_swirl_leads_and_turns() -> None:
    still = make(wall(256, 256))
    assert np.abs(still.along_x).max() == 0
    assert length(still.texture) > 1.5 * length(
        FieldMaker(256, 256, unit=0.05).make(wall(256, 256), grain(256, 256)).texture
    )
    textures = [make(wall(256, 256), turn=turn).texture for turn in (0.02, 0.4, np.pi / 2, np.pi)]
    assert alike(still.texture, textures[0]) > 0.97, "a little turn, a little change"
    assert alike(still.texture, textures[1]) < 0.9
    assert alike(still.texture, textures[2]) < 0.5, "a quarter turn lies across"
    assert alike(still.texture, textures[3]) > 0.99, "half a turn of a line is the line"
    edges = make(stripes(256, 256)), make(stripes(256, 256), turn=np.pi / 2)
    assert alike(edges[0].texture, edges[1].texture) > 0.9, "edges are not turned"


def test_a_cameras_noise_on_a_wall_changes_hardly_anything() -> None:
    rng, white = np.random.default_rng(3), grain(256, 256)
    maker = FieldMaker(256, 256)
    frames = [
        np.clip(128 + rng.normal(0, 2, (256, 256)), 0, 255).round().astype(np.uint8)
        for _ in range(4)
    ]
    textures = [maker.make(frame, white).texture for frame in frames]
    assert min(alike(a, b) for a, b in itertools.pairwise(textures)) > 0.99


def test_a_cameras_noise_over_a_scene_changes_little() -> None:
    rng, white = np.random.default_rng(3), grain(256, 256)
    clean, maker = scene(256, 256) * 255, FieldMaker(256, 256)
    frames = [
        np.clip(clean + rng.normal(0, 2, clean.shape), 0, 255).round().astype(np.uint8)
        for _ in range(3)
    ]
    textures = [maker.make(frame, white).texture for frame in frames]
    assert min(alike(a, b) for a, b in itertools.pairwise(textures)) > 0.95


def test_the_same_inputs_give_the_same_bytes_and_stay_as_they_were() -> None:
    """Also from a maker that has made others in between, and with the arrays elsewhere in memory.
    What it gave is not written over."""
    luma, white = scene(192, 320), grain(192, 320)
    before = luma.copy(), white.copy()
    maker = FieldMaker(192, 320)
    first = maker.make(luma, white)
    kept = first.texture.copy()
    for turn in range(3):
        maker.make(stripes(192, 320), grain(192, 320, turn), 1.5, 0.3 * turn)
    assert np.array_equal(first.texture, kept)
    again = maker.make(luma, white)
    for name in NAMES:
        assert np.array_equal(getattr(again, name), getattr(first, name))
    assert np.array_equal(luma, before[0])
    assert np.array_equal(white, before[1])
    for odd in range(1, 9):  # cv2.magnitude's last bit would tell
        between = np.empty(1000 * odd + 4, np.float32)
        assert np.array_equal(make(luma, white).texture, kept)
        del between


def test_other_noise_other_sizes_and_turns_are_not_the_kept_ones() -> None:
    luma, maker, whites = (
        scene(96, 96),
        FieldMaker(96, 96),
        [grain(96, 96, seed) for seed in range(2)],
    )
    for seed, size, turn in (
        (0, 1.0, 0.0),
        (1, 1.0, 0.0),
        (1, 2.0, 0.0),
        (1, 2.0, 0.5),
        (0, 2.0, 0.5),
        (0, 1.0, 0.5),
    ):
        assert np.array_equal(
            maker.make(luma, whites[seed], size, turn).texture,
            make(luma, whites[seed], size, turn).texture,
        )


def test_makers_in_several_threads_do_not_mix() -> None:
    pictures = [scene(128, 128), stripes(128, 128), wall(128, 128)]
    truth = [make(luma).texture for luma in pictures]
    wrong: list[int] = []

    def play(which: int) -> None:
        maker, white = FieldMaker(128, 128), grain(128, 128)
        for _ in range(15):
            if not np.array_equal(maker.make(pictures[which], white).texture, truth[which]):
                wrong.append(which)

    threads = [threading.Thread(target=play, args=(which,)) for which in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
