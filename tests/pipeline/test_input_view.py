"""The input's own frame: mirrored, zoomed, panned and turned before the model."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from vj.core.frame import Guide, Size
from vj.parameters.rows.view import MIRRORS
from vj.parameters.store import Store
from vj.pipeline.input_view import NEUTRAL, PlacedView, View, viewed
from vj.pipeline.preprocess import Fit, prepare
from vj.pipeline.upscale_guide import RealInput, worth

rng = np.random.default_rng(4)
SCENE = cv2.resize(
    rng.integers(0, 255, (27, 48, 3), np.uint8), (960, 540), interpolation=cv2.INTER_CUBIC
)
SIZE = Size(256, 256)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference of two pictures, in levels."""
    return float(np.abs(one.astype(int) - other).mean())


def dot_at(x: float, y: float) -> np.ndarray:
    """A bright dot on a dark picture of 960x540; where it lies, 0..1."""
    made = np.zeros((540, 960, 3), np.uint8)
    cv2.circle(made, (round(x * 960), round(y * 540)), 12, (255, 255, 255), -1)
    return made


def middle_of(picture: np.ndarray) -> tuple[float, float]:
    """Of what is bright, 0..1."""
    moments = cv2.moments(picture[..., 0])
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    return (x + 0.5) / picture.shape[1], (y + 0.5) / picture.shape[0]


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_a_view_that_nobody_has_moved_changes_no_byte(fit: Fit) -> None:
    assert View.of(Store().sample(0.0)) == NEUTRAL
    assert np.array_equal(viewed(SCENE, SIZE, fit, NEUTRAL), prepare(SCENE, SIZE, fit))
    same = np.ascontiguousarray(SCENE[:256, :256])
    assert viewed(same, SIZE, fit, NEUTRAL) is same


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("came", [(540, 960), (128, 96), (256, 256)])
def test_a_view_begins_where_the_untouched_input_lies(fit: Fit, came: tuple[int, int]) -> None:
    scene = cv2.resize(SCENE, came[::-1], interpolation=cv2.INTER_AREA)
    moved = viewed(scene, SIZE, fit, View(zoom=1.0002))
    plain = prepare(scene, SIZE, fit)
    off, _ = cv2.phaseCorrelate(*(p[..., 1].astype(np.float32) for p in (moved, plain)))
    assert math.hypot(*off) < 0.1
    assert apart(moved, plain) < (2.5 if came[1] >= SIZE.width else 6)  # enlarged more sharply


@pytest.mark.parametrize("zoom", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(("x", "y"), [(0.2, 0.7), (0.75, 0.3)])
def test_what_is_looked_at_comes_to_the_middle(x: float, y: float, zoom: float) -> None:
    view = View(zoom=zoom, x=2 * x - 1, y=2 * y - 1, rotate=30)
    picture = viewed(dot_at(x, y), SIZE, "crop", view)[64:192, 64:192]
    assert middle_of(picture) == pytest.approx((0.5, 0.5), abs=0.02)


def test_the_picture_turns_clockwise_and_grows() -> None:
    above = dot_at(0.5, 0.4)
    assert middle_of(viewed(above, SIZE, "crop", View(zoom=2))) == pytest.approx(
        (0.5, 0.3), abs=0.01
    )
    turned = viewed(above, SIZE, "crop", View(zoom=2, rotate=90))
    assert middle_of(turned) == pytest.approx((0.7, 0.5), abs=0.01)


def test_mirrors() -> None:
    plain = viewed(SCENE, SIZE, "crop", View(zoom=1.5))

    def seen(mirror: str) -> np.ndarray:
        return viewed(SCENE, SIZE, "crop", View(mirror, zoom=1.5))

    assert apart(seen("across"), plain[:, ::-1]) < 1
    assert apart(seen("down"), plain[::-1]) < 1
    assert apart(seen("both"), plain[::-1, ::-1]) < 1
    left, right, quarters = seen("left"), seen("right"), seen("quarters")
    assert np.array_equal(left[:, :128], plain[:, :128])
    assert np.array_equal(right[:, 128:], plain[:, 128:])
    for one in (left, right):
        assert np.array_equal(one, one[:, ::-1])
    assert np.array_equal(quarters[:128, :128], plain[:128, :128])
    assert np.array_equal(quarters, quarters[::-1])
    assert np.array_equal(quarters, quarters[:, ::-1])


def test_an_old_show_s_halves_are_the_left_one() -> None:
    assert View.of(Store({"input/mirror": "halves"}).sample(0.0)).mirror == "left"


@pytest.mark.parametrize("seam", [-0.5, -0.125, 0.25])
@pytest.mark.parametrize("mirror", ["left", "right"])
def test_the_mirror_s_line_lies_where_the_seam_says(mirror: str, seam: float) -> None:
    seen = viewed(SCENE, SIZE, "crop", View(mirror, zoom=1.5, seam=seam))
    plain = viewed(SCENE, SIZE, "crop", View(zoom=1.5))
    line = round(128 * (1 + seam))
    near = min(line, 256 - line)
    one, two = seen[:, line - near : line], seen[:, line : line + near]
    assert apart(one, two[:, ::-1]) < 0.2
    kept = (slice(None), slice(0, line)) if mirror == "left" else (slice(None), slice(line, None))
    assert apart(seen[kept], plain[kept]) < 0.2
    # further out it shows what the input has there, or its reflection: no smeared edge
    far = seen[:, line + near :] if mirror == "left" else seen[:, : line - near]
    if far.shape[1] > 8:
        assert np.abs(np.diff(far.astype(int), axis=1)).mean() > 0.3


def test_a_soft_seam_melts_the_two_sides_and_stays_their_mirror() -> None:
    hard, soft = (viewed(SCENE, SIZE, "crop", View("left", 1.5, soft=w)) for w in (0.0, 0.2))
    assert apart(soft, soft[:, ::-1]) < 0.2
    assert apart(hard[:, :100], soft[:, :100]) < 0.2
    crease = [
        np.abs(np.diff(s.astype(int), 2, axis=1))[:, 124:131].mean()  # the second derivative
        for s in (hard, soft)
    ]
    assert crease[1] < 0.6 * crease[0]


def test_a_seam_moves_the_kaleidoscope_s_middle_and_no_plain_mirror() -> None:
    seen = viewed(SCENE, SIZE, "crop", View("kaleidoscope", 1.5, seam=0.25))
    assert apart(seen[:, 64:], seen[:, 64:][:, ::-1]) < 1
    store = Store({"input/mirror": "across", "input/seam": 0.5, "input/seam/soft": 0.3})
    assert View.of(store.sample(0.0)) == View("across")


def test_what_is_mirrored_is_looked_at_as_it_is_seen() -> None:
    right = viewed(dot_at(0.2, 0.5), SIZE, "crop", View("across", zoom=2, x=0.6))
    assert middle_of(right) == pytest.approx((0.5, 0.5), abs=0.01)


def test_a_kaleidoscope_has_six_wedges_that_mirror_each_other() -> None:
    seen = viewed(SCENE, SIZE, "crop", View("kaleidoscope", zoom=1.5, x=0.2))
    assert apart(seen, seen[:, ::-1]) < 1
    ring = np.hypot(*(np.mgrid[0:256, 0:256] - 127.5)) < 120
    matrix = cv2.getRotationMatrix2D((127.5, 127.5), 120, 1)
    again = cv2.warpAffine(seen, matrix, SIZE)
    assert np.abs(again.astype(int) - seen)[ring].mean() < 3
    wedge = viewed(SCENE, SIZE, "crop", View(zoom=1.5, x=0.2))
    assert apart(seen[8:60, 130:150], wedge[8:60, 130:150]) < 1
    assert apart(seen[200:, 100:156], wedge[200:, 100:156]) > 10


def test_zooming_in_shows_the_camera_s_own_pixels() -> None:
    fine = rng.integers(0, 255, (1080, 1920, 3), np.uint8)
    fine = cv2.GaussianBlur(fine, (0, 0), 0.8)
    # 512 pixels of the picture are 512 of the camera: nothing of the pattern may be lost
    seen = viewed(fine, Size(512, 512), "crop", View(zoom=1080 / 512))
    truth = fine[284:796, 704:1216]
    assert cv2.PSNR(seen, truth) > 40
    assert seen.astype(float).std() > 0.97 * truth.astype(float).std()


def test_beyond_the_input_lies_its_mirror_image_or_the_black_of_fit_pad() -> None:
    wide = viewed(SCENE, SIZE, "crop", View(zoom=0.25))
    assert wide.min(axis=2).mean() > 20
    edge = viewed(SCENE, SIZE, "crop", View(x=1.0))
    assert apart(edge, edge[:, ::-1]) < 2
    padded = viewed(SCENE, SIZE, "pad", View(zoom=0.5))
    assert padded[:50].max() == 0 == padded[:, :60].max()
    assert padded[128, 128].max() > 0


def test_fine_patterns_do_not_shimmer_when_the_view_moves() -> None:
    odd = np.add(*np.indices((540, 960))) % 2
    checks = np.repeat(odd[..., None] * 255, 3, 2).astype(np.uint8)
    seen = [viewed(checks, SIZE, "crop", View(zoom=z, rotate=5)) for z in (0.5, 0.51)]
    assert np.abs(seen[0].astype(int) - 127)[20:-20, 20:-20].mean() < 12
    assert apart(seen[0], seen[1]) < 12


def test_a_cut_out_comes_over_black_and_grey_pictures_work_too() -> None:
    clear = np.dstack([SCENE, np.zeros(SCENE.shape[:2], np.uint8)])
    assert viewed(clear, SIZE, "crop", View(zoom=2)).max() == 0
    grey = cv2.cvtColor(SCENE, cv2.COLOR_RGB2GRAY)
    assert PlacedView(View(zoom=2), SIZE, "crop")(grey, SIZE).shape == (256, 256)


@pytest.mark.parametrize("mirror", MIRRORS)
@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("wanted", [Size(512, 288), Size(512, 512)])
def test_what_leads_upscaling_lies_where_the_view_has_put_it(
    mirror: str, fit: Fit, wanted: Size
) -> None:
    seam = (0.3, 0.2) if mirror in ("right", "quarters") else (0.0, 0.0)
    view = View(mirror, 2.5, 20.0, 0.3, -0.4, *seam)
    image = viewed(SCENE, Size(128, 128), fit, view)
    guide = Guide(SCENE, image, fit, 0.2, view=PlacedView(view, Size(128, 128), fit))
    small, large = RealInput(wanted).lumas(guide)
    assert large.shape == (wanted.height, wanted.width)
    again = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(again.astype(int) - small)[4:-4, 4:-4].mean() < 2
    off, _ = cv2.phaseCorrelate(*(p.astype(np.float32) for p in (again, small)))
    assert math.hypot(*off) < 0.15


def test_another_view_of_the_same_picture_is_made_ready_anew() -> None:
    reader, size = RealInput(Size(256, 256)), Size(128, 128)
    lumas = []
    for x in (0.0, 0.5):
        view = View(x=x)
        image = viewed(SCENE, size, "crop", view)
        guide = Guide(SCENE, image, "crop", 0.2, view=PlacedView(view, size, "crop"))
        lumas.append(reader.lumas(guide)[1])
        assert reader.lumas(guide)[1] is lumas[-1]
    assert apart(*lumas) > 10


def test_what_is_zoomed_in_has_no_more_to_show() -> None:
    assert worth(Size(960, 540), SIZE, "crop")
    assert worth(Size(960, 540), SIZE, "crop", zoom=1.5)
    assert not worth(Size(960, 540), SIZE, "crop", zoom=2)
