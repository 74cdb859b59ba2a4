"""The pixel maths: what a hand on the controls may rely on, on both CPU paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from vj.core.kinds import BLEND_MODES
from vj.kernels import cv_ops, numpy_ops
from vj.kernels.settings import NEUTRAL, BlendSettings, colour_matrix, feedback_matrix

Make = Callable[[int, int], Any]
PATHS = {"numpy": lambda height, width: numpy_ops, "cv": cv_ops.Blender}


@pytest.fixture(params=PATHS)
def make(request: pytest.FixtureRequest) -> Make:
    """(height, width) -> something with `feedback` and `blend`."""
    return PATHS[request.param]


def flat(value: float, height: int = 16, width: int = 16) -> np.ndarray:
    return np.full((height, width, 3), value, np.float32)


def noise(height: int, width: int, seed: int, soft: bool = False) -> np.ndarray:
    """float32 0..1; `soft` is blurred as camera pictures are."""
    picture = np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)
    if soft:
        picture = cv2.GaussianBlur(picture, (0, 0), 3)
        picture = (picture - picture.min()) / np.ptp(picture)
    return picture


def as_bytes(picture: np.ndarray) -> np.ndarray:
    return (picture * 255 + 0.5).astype(np.uint8)


def moved(make: Make, picture: np.ndarray, **how: float) -> np.ndarray:
    """The fed-back picture alone: feedback over black, scaled up again."""
    height, width = picture.shape[:2]
    black = np.zeros(picture.shape, np.uint8)
    return (
        make(height, width).feedback(black, picture, feedback_matrix(width, height, **how), 0.5)
        / 0.5
    )


def centre(picture: np.ndarray) -> np.ndarray:
    """(x, y) of the light's centre of gravity, in pixels from the middle of the frame."""
    light = picture.sum(axis=2)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    return np.array([(x * light).sum(), (y * light).sum()]) / light.sum() - [
        (light.shape[1] - 1) / 2,
        (light.shape[0] - 1) / 2,
    ]


def dot(x: int, y: int, size: int = 65) -> np.ndarray:
    picture = np.zeros((size, size, 3), np.float32)
    picture[size // 2 + y - 2 : size // 2 + y + 3, size // 2 + x - 2 : size // 2 + x + 3] = 1
    return picture


# Feedback


@pytest.mark.parametrize("as_uint8", [False, True])
def test_feedback_at_zero_is_the_input_exactly(make: Make, as_uint8: bool) -> None:
    image, last = as_bytes(noise(32, 48, 1)), noise(32, 48, 2)
    out = make(32, 48).feedback(
        image, last, feedback_matrix(48, 32, 1.2, 30, 0.1, 0.1), 0, as_uint8
    )
    assert np.array_equal(out, image if as_uint8 else image / np.float32(255))


def test_the_first_frame_has_nothing_to_feed_back(make: Make) -> None:
    image = as_bytes(noise(32, 48, 1))
    assert np.array_equal(
        make(32, 48).feedback(image, None, feedback_matrix(48, 32), 0.9, True), image
    )


@pytest.mark.parametrize("zoom", [0.8, 1, 1.25])
@pytest.mark.parametrize("rotate", [-45, 0, 17])
def test_an_even_wall_stays_even_in_any_movement(make: Make, zoom: float, rotate: float) -> None:
    """No dark corners, no streaks: also in a wide frame whose corners look past the edge by more
    than the frame's height."""
    out = moved(make, flat(0.6, 36, 128), zoom=zoom, rotate_degrees=rotate, x=-0.25, y=0.2)
    assert np.abs(out - 0.6).max() < 2e-6


def test_zooming_out_mirrors_the_edge(make: Make) -> None:
    ramp = np.repeat(np.linspace(0, 1, 65, dtype=np.float32)[None, :, None], 33, 0).repeat(3, 2)
    row = moved(make, ramp, zoom=0.8)[16, :, 0]
    assert row[0] == pytest.approx(8 / 64, abs=1e-3)
    assert row.argmin() == pytest.approx(32 - 32 * 0.8, abs=1)
    assert row[32] == pytest.approx(0.5, abs=1e-3)


def test_zoom_above_one_upscales(make: Make) -> None:
    before, after = dot(0, 0), moved(make, dot(0, 0), zoom=1.25)
    assert after.sum() == pytest.approx(before.sum() * 1.25**2, rel=0.03)
    assert centre(after) == pytest.approx([0, 0], abs=0.01)
    assert centre(moved(make, dot(16, 8), zoom=1.25)) == pytest.approx([20, 10], abs=0.1)


def test_positive_rotation_is_clockwise_as_seen(make: Make) -> None:
    assert centre(moved(make, dot(20, 0), rotate_degrees=90)) == pytest.approx(
        [0, 20], abs=0.01
    )  # from three o'clock to six
    assert centre(moved(make, dot(0, -8), rotate_degrees=45)) == pytest.approx(
        [5.66, -5.66], abs=0.1
    )


def test_positive_shift_is_right_and_down(make: Make) -> None:
    assert centre(moved(make, dot(0, 0), x=0.2)) == pytest.approx([13, 0], abs=0.01)
    assert centre(moved(make, dot(0, 0), y=-0.2)) == pytest.approx([0, -13], abs=0.01)


def test_the_picture_turns_where_it_was_and_then_moves(make: Make) -> None:
    assert centre(moved(make, dot(10, 0), zoom=1.2, rotate_degrees=90, x=0.1)) == pytest.approx(
        [6.5, 12], abs=0.1
    )


def test_standing_still_is_exactly_no_movement() -> None:
    for width, height in ((512, 512), (1280, 720), (333, 77)):
        assert np.array_equal(feedback_matrix(width, height), np.eye(2, 3))


def test_half_a_pixel_of_feedback_by_hand(make: Make) -> None:
    last = np.repeat(np.array([[0, 0.2, 0.4, 0.8]] * 4, np.float32)[..., None], 3, 2)
    image = np.full((4, 4, 3), 51, np.uint8)
    out = make(4, 4).feedback(image, last, feedback_matrix(4, 4, x=0.125), 0.5)
    wanted = 0.2 + 0.5 * (np.array([0.1, 0.1, 0.3, 0.6]) - 0.2)
    assert out[2, :, 1] == pytest.approx(wanted, abs=1e-6)
    assert make(4, 4).feedback(image, last, feedback_matrix(4, 4, x=0.125), 0.5, True)[
        2, :, 1
    ] == pytest.approx(255 * wanted, abs=0.6)


# Smoothing


def test_no_smoothing_is_the_generated_image_exactly(make: Make) -> None:
    painted, image = noise(32, 48, 1), as_bytes(noise(32, 48, 2))
    out, state = make(32, 48).blend(painted, noise(32, 48, 3), image, BlendSettings(motion=0.8))
    assert np.array_equal(state, painted)
    assert np.abs(out - 255 * painted).max() <= 0.51


def test_the_first_generated_image_is_taken_as_it_is(make: Make) -> None:
    painted = noise(32, 48, 1)
    _, state = make(32, 48).blend(painted, None, as_bytes(painted), BlendSettings(0.99, 0.5))
    assert np.array_equal(state, painted)


def test_a_generated_image_out_of_range_is_clamped(make: Make) -> None:
    painted = noise(16, 16, 1) * 3 - 1
    out, state = make(16, 16).blend(painted, None, np.zeros((16, 16, 3), np.uint8), BlendSettings())
    assert (state.min(), state.max()) == (0, 1)
    assert np.array_equal(out == 255, np.clip(painted, 0, 1) * 255 >= 254.5)


def test_smoothing_by_hand(make: Make) -> None:
    """Half way between still and moving: keep = .8 * (1 - .5 * .5) = .6, and .715 + .6 * (.5 -
    .715) = .586."""
    out, state = make(16, 16).blend(
        flat(0.715), flat(0.5), np.zeros((16, 16, 3), np.uint8), BlendSettings(0.8, 0.5)
    )
    assert state == pytest.approx(flat(0.586), abs=1e-6)
    assert (out == 149).all()


def test_a_still_picture_is_held_through_flicker(make: Make) -> None:
    """A model's shimmer on a still input: smoothing takes most of it, and the mean stays."""
    still = noise(32, 32, 1, soft=True) * 0.6 + 0.2
    rng = np.random.default_rng(2)
    kernels, image, last, shown = make(32, 32), as_bytes(still), None, {0.0: [], 0.9: []}
    frames = [(still + rng.normal(0, 0.03, still.shape)).astype(np.float32) for _ in range(60)]
    for smoothing, pictures in shown.items():
        last = None
        for painted in frames:
            out, last = kernels.blend(painted, last, image, BlendSettings(smoothing, 0.8))
            pictures.append(out / 255)
    raw, held = (np.array(pictures[20:]) for pictures in shown.values())
    assert held.std(axis=0).mean() < 0.4 * raw.std(axis=0).mean()
    assert abs(held.mean() - still.mean()) < 0.003


def test_a_big_change_comes_through_at_once(make: Make) -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    assert (make(16, 16).blend(flat(1), flat(0.2), image, BlendSettings(0.9, 1))[0] == 255).all()
    assert make(16, 16).blend(flat(1), flat(0), image, BlendSettings(0.9, 0))[1] == pytest.approx(
        flat(0.1), abs=1e-6
    )
    assert make(16, 16).blend(flat(0.55), flat(0.5), image, BlendSettings(0.9, 1))[
        1
    ] == pytest.approx(flat(0.505), abs=1e-6)


def test_movement_in_one_place_leaves_the_rest_smooth(make: Make) -> None:
    painted = flat(0.5)
    painted[:, :8] = 0.9
    _, state = make(16, 16).blend(
        painted, flat(0.46), np.zeros((16, 16, 3), np.uint8), BlendSettings(0.9, 1)
    )
    assert state[:, :8] == pytest.approx(painted[:, :8])
    assert state[:, 8:] == pytest.approx(np.full((16, 8, 3), 0.464), abs=1e-6)


def test_slow_smoothing_arrives_and_does_not_stick(make: Make) -> None:
    """With uint8 states a fade at .99 stops half way: its steps are less than one level."""
    kernels, last, image = make(16, 16), flat(0.25), np.zeros((16, 16, 3), np.uint8)
    for _ in range(900):
        out, last = kernels.blend(flat(0.3), last, image, BlendSettings(0.99, 0))
    assert (out == round(0.3 * 255)).all()
    assert last == pytest.approx(flat(0.3), abs=1e-4)


def test_hundreds_of_turns_do_not_drift(make: Make) -> None:
    """The whole loop with a model that changes nothing: a grey wall and a camera picture are the
    same after 300 frames."""
    for image in (as_bytes(flat(0.37, 48, 48)), as_bytes(noise(48, 48, 5, soft=True))):
        kernels, last, matrix = make(48, 48), None, feedback_matrix(48, 48)
        for _ in range(300):
            painted = kernels.feedback(image, last, matrix, 0.7, True)
            out, last = kernels.blend(painted, last, image, BlendSettings(0.9, 0.8))
        assert np.abs(out.astype(int) - image).max() <= 1
        assert abs(float(out.mean()) - float(image.mean())) < 0.05


# Blend mode, wet and dry, colour


@pytest.mark.parametrize("mode", BLEND_MODES)
def test_dry_is_the_untouched_input_exactly(make: Make, mode: str) -> None:
    image = as_bytes(noise(32, 48, 1))
    out, _ = make(32, 48).blend(
        noise(32, 48, 2), noise(32, 48, 3), image, BlendSettings(0.5, 0.5, 0, mode)
    )
    assert np.array_equal(out, image)


@pytest.mark.parametrize(
    ("mode", "value"),
    [
        ("normal", 204),
        ("add", 255),
        ("screen", 224),
        ("multiply", 82),
        ("difference", 102),
        ("lighten", 204),
        ("darken", 102),
    ],
)
def test_blend_modes_by_hand(make: Make, mode: str, value: int) -> None:
    """Input .4, generated image .8, as in every paint program; and half wet lies half way."""
    image = np.full((16, 16, 3), 102, np.uint8)
    assert (make(16, 16).blend(flat(0.8), None, image, BlendSettings(mode=mode))[0] == value).all()
    half, _ = make(16, 16).blend(flat(0.8), None, image, BlendSettings(mode=mode, wet=0.5))
    assert half == pytest.approx(np.full((16, 16, 3), (102 + value) / 2), abs=1)
    if mode in ("lighten", "darken", "difference"):  # and the other way round, dark over light
        swapped = make(16, 16).blend(
            flat(0.4), None, np.full((16, 16, 3), 204, np.uint8), BlendSettings(mode=mode)
        )[0]
        assert (swapped == value).all()


def test_every_blend_mode_of_the_table_is_there() -> None:
    assert (
        tuple(numpy_ops.MODES) == ("normal", *cv_ops.MODES) == BLEND_MODES
    )  # normal: nothing to compute


def test_the_state_is_from_before_wet_dry_and_colour(make: Make) -> None:
    painted, image = noise(16, 16, 1), as_bytes(noise(16, 16, 2))
    _, state = make(16, 16).blend(
        painted,
        None,
        image,
        BlendSettings(wet=0.2, mode="difference", colour=colour_matrix(0.3, 2, 0, 90)),
    )
    assert np.array_equal(state, painted)


def test_neutral_colour_is_exactly_nothing() -> None:
    assert np.array_equal(colour_matrix(), NEUTRAL)
    assert np.array_equal(colour_matrix(0, 1, 1, 0), np.eye(3, 4))
    assert BlendSettings(colour=colour_matrix()).neutral
    assert not BlendSettings(colour=colour_matrix(hue_degrees=0.5)).neutral


RED, GREEN, BLUE, GREY = (
    np.array([1, 0, 0, 1]),
    np.array([0, 1, 0, 1]),
    np.array([0, 0, 1, 1]),
    np.array([0.4, 0.4, 0.4, 1]),
)


def test_colour_matrices_by_hand() -> None:
    assert colour_matrix(hue_degrees=120) @ RED == pytest.approx(GREEN[:3], abs=1e-6)
    assert colour_matrix(hue_degrees=-120) @ RED == pytest.approx(BLUE[:3], abs=1e-6)
    assert colour_matrix(hue_degrees=77, saturation=1.7) @ GREY == pytest.approx(GREY[:3], abs=1e-6)
    assert colour_matrix(saturation=0) @ GREEN == pytest.approx([0.587] * 3, abs=1e-6)
    assert colour_matrix(saturation=0, hue_degrees=120) @ RED == pytest.approx(
        [0.587] * 3, abs=1e-6
    )  # hue comes first
    assert colour_matrix(contrast=2) @ GREY == pytest.approx([0.3] * 3, abs=1e-6)
    assert colour_matrix(contrast=0) @ RED == pytest.approx([0.5] * 3, abs=1e-6)
    assert colour_matrix(brightness=0.1, contrast=2) @ GREY == pytest.approx(
        [0.4] * 3, abs=1e-6
    )  # brightness comes last


def test_hue_turns_a_red_picture_green(make: Make) -> None:
    red = np.zeros((16, 16, 3), np.float32)
    red[..., 0] = 0.8
    out, _ = make(16, 16).blend(
        red, None, as_bytes(red), BlendSettings(colour=colour_matrix(hue_degrees=120))
    )
    assert (out == [0, 204, 0]).all()


def test_colours_are_clamped_not_wrapped(make: Make) -> None:
    dark, light = flat(0.1), flat(0.9)
    for painted, value in ((dark, 0), (light, 255)):
        out, _ = make(16, 16).blend(
            painted, None, as_bytes(painted), BlendSettings(colour=colour_matrix(contrast=2))
        )
        assert (out == value).all()


# Sharpen


@pytest.mark.parametrize("path", [numpy_ops, cv_ops])
def test_sharpen_by_hand(path: Any) -> None:
    picture = np.full((5, 5, 3), 64, np.uint8)
    picture[2, 2] = 160
    out = path.sharpen(picture, 0.5)[..., 1]
    assert out[1:4, 1:4].tolist() == [[61, 58, 61], [58, 196, 58], [61, 58, 61]]
    assert (out[0] == 64).all()
    assert path.sharpen(picture, 0) is picture
    assert (path.sharpen(as_bytes(flat(0.5)), 1) == 128).all()


def moved_flow(
    dx: float, dy: float, confidence: float = 1.0, height: int = 16, width: int = 16
) -> np.ndarray:
    return np.broadcast_to(np.float32([dx, dy, confidence]), (height // 2, width // 2, 3)).copy()


def test_the_fed_back_picture_follows_the_flow(make: Make) -> None:
    last = noise(16, 16, 4)
    black = np.zeros((16, 16, 3), np.uint8)
    scaled = make(16, 16).feedback(
        black, last, feedback_matrix(16, 16), 0.5, flow=moved_flow(-3, 0)
    )
    assert np.abs(scaled[:, 3:] - 0.5 * last[:, :-3]).max() < 1e-5, (
        "what was three pixels to the left is here now"
    )


def test_flow_and_zoom_are_one_map(make: Make) -> None:
    last = np.dstack([np.tile(np.arange(16, dtype=np.float32) / 16, (16, 1))] * 3)
    black = np.zeros((16, 16, 3), np.uint8)
    seen = make(16, 16).feedback(
        black, last, feedback_matrix(16, 16, zoom=1.25), 1.0, flow=moved_flow(1, 0)
    )
    column = np.arange(16)
    wanted = (7.5 + (column + 1 - 7.5) / 1.25) / 16
    assert np.abs(seen[8, 2:13, 0] - wanted[2:13]).max() < 1e-4


def test_what_is_not_sure_is_neither_fed_back_nor_kept(make: Make) -> None:
    last, image = noise(16, 16, 4), as_bytes(noise(16, 16, 5))
    ops = make(16, 16)
    assert (
        np.abs(
            ops.feedback(image, last, feedback_matrix(16, 16), 0.9, flow=moved_flow(1, 1, 0.0))
            - image / 255
        ).max()
        < 1e-5
    )
    painted = noise(16, 16, 6)
    state = ops.blend(painted, last, image, BlendSettings(0.9, 0.0), moved_flow(1, 1, 0.0))[1]
    assert np.abs(state - painted).max() < 1e-4


def test_smoothing_looks_where_each_pixel_was(make: Make) -> None:
    last = noise(16, 16, 4)
    painted = np.roll(last, 2, axis=1)
    image = as_bytes(painted)
    scaled = make(16, 16).blend(painted, last, image, BlendSettings(0.9, 0.0), moved_flow(-2, 0))[1]
    assert np.abs(scaled[:, 2:] - painted[:, 2:]).max() < 1e-5, (
        "followed, the moved picture is the painted one: nothing smears"
    )
    smeared = make(16, 16).blend(painted, last, image, BlendSettings(0.9, 0.0))[1]
    assert np.abs(smeared[:, 2:] - painted[:, 2:]).mean() > 0.1


@pytest.mark.parametrize("mode", BLEND_MODES)
def test_where_the_mask_is_dark_the_input_stays_to_the_bit(make: Make, mode: str) -> None:
    image, painted = as_bytes(noise(16, 16, 1)), noise(16, 16, 2)
    mask = np.zeros((16, 16), np.uint8)
    mask[:, 8:] = 255
    settings = BlendSettings(mode=mode, wet=0.7)
    out, state = make(16, 16).blend(painted, None, image, settings, mask=mask)
    assert np.array_equal(out[:, :8], image[:, :8])
    whole, same = make(16, 16).blend(painted, None, image, settings)
    assert np.abs(out[:, 8:].astype(int) - whole[:, 8:]).max() <= 1, (
        "and where it is bright, all is as without one"
    )
    assert np.array_equal(state, same), "feedback goes on from the whole painting"


def test_half_a_mask_is_half_the_generated_image(make: Make) -> None:
    image = as_bytes(flat(0.2))
    out, _ = make(16, 16).blend(
        flat(0.8), None, image, BlendSettings(wet=0.5), mask=np.full((16, 16), 128, np.uint8)
    )
    assert np.abs(out.astype(int) - round(255 * (0.2 + 0.6 * 0.5 * 128 / 255))).max() <= 1
