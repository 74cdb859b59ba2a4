"""The measures of paintings, on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from vj.training import measures


def waves(period: float, angle: float = 0.0, side: int = 128, height: float = 0.2) -> np.ndarray:
    """A grey picture of straight waves; angle in degrees, 0 changes from left to right."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    turn = np.deg2rad(angle)
    phase = 2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / period
    grey = 0.5 + height * np.sin(phase)
    return np.repeat(grey[..., None], 3, 2).astype(np.float32)


def noise(seed: int, side: int = 128) -> np.ndarray:
    return np.random.default_rng(seed).random((side, side, 3)).astype(np.float32)


def test_bytes_and_floats_are_the_same_picture() -> None:
    bytes_ = (noise(1) * 255).astype(np.uint8)
    assert measures.psnr(bytes_, bytes_.astype(np.float32) / 255) == 100
    assert measures.psnr(np.full((8, 8, 3), 0.5), np.full((8, 8, 3), 0.6)) == pytest.approx(20)


def test_the_band_holds_strokes_and_no_shapes() -> None:
    whole = 0.2 / np.sqrt(2)
    assert measures.energy(waves(4)) > 0.9 * whole
    assert measures.energy(waves(8)) == pytest.approx(0.5 * whole, rel=0.08)
    assert measures.energy(waves(40)) < 0.05 * whole


def test_energy_grows_with_contrast() -> None:
    ratio = measures.energy(waves(5, height=0.3)) / measures.energy(waves(5, height=0.1))
    assert ratio == pytest.approx(3, rel=1e-3)


def test_the_nearest_target_is_the_one_painted() -> None:
    targets = [noise(seed) for seed in range(4)]
    painting = targets[2] + 0.1 * np.random.default_rng(9).standard_normal(targets[2].shape)
    assert measures.nearest(painting, targets) == 2


def test_a_tint_is_not_taken_for_a_texture_when_the_fine_band_counts() -> None:
    """The painting is a little too dark, as a plain target happens to be: its strokes decide."""
    across, along = waves(5, 0, height=0.05), waves(5, 90, height=0.05)
    flat = np.full_like(across, 0.42)
    painting = across - 0.08
    assert measures.nearest(painting, [across, flat]) == 1
    assert measures.nearest(painting, [across, flat, along], fine=2) == 0


def test_twins_count_as_one_and_the_table_still_shows_them() -> None:
    names = ["oil", "impasto", "neon"]
    pairs = [("oil", "impasto"), ("impasto", "impasto"), ("neon", "oil"), ("oil", "oil")]
    assert measures.share_right(pairs) == 0.75
    assert measures.share_right(pairs, twins=()) == 0.5
    table = measures.confusion(pairs, names)
    assert table.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert measures.mistakes(table, names) == [("oil", "impasto", 1), ("neon", "oil", 1)]


def test_edges_agree_with_themselves_whatever_their_contrast_or_sign() -> None:
    picture = waves(20, 30)
    assert measures.agreement(picture, picture) == pytest.approx(1, abs=1e-3)
    assert measures.agreement(0.3 + 0.2 * picture, picture) == pytest.approx(1, abs=1e-2)
    assert measures.agreement(1 - picture, picture) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("turn", "expected"), [(45, 0.0), (90, -1.0), (30, 0.5)])
def test_edges_that_cross_disagree(turn: float, expected: float) -> None:
    found = measures.agreement(waves(20, turn), waves(20))
    assert found == pytest.approx(expected, abs=0.05)


def test_edges_of_something_else_neither_agree_nor_cross() -> None:
    assert abs(measures.agreement(noise(1, 256), noise(2, 256))) < 0.1


def test_only_the_inputs_edges_are_asked() -> None:
    """Strokes on an empty wall cost nothing: half the picture has an edge, half is bare."""
    seen = waves(20)
    seen[:, 64:] = 0.5
    painting = seen.copy()
    painting[:, 74:] = waves(6, 45)[:, 74:]
    assert measures.agreement(painting, seen) > 0.95


def test_flicker_is_given_in_the_cameras_own() -> None:
    rng = np.random.default_rng(3)
    still = noise(1, 32)
    inputs = [still + 0.01 * rng.standard_normal(still.shape) for _ in range(6)]
    assert measures.flicker(inputs, inputs) == pytest.approx(1)
    assert measures.flicker([0.5 * frame for frame in inputs], inputs) == pytest.approx(0.5)
    assert measures.flicker([still] * 6, inputs) == 0
    with pytest.raises(ValueError, match="all the same"):
        measures.flicker(inputs, [still] * 6)


def test_the_empty_stretch_is_where_nobody_walks() -> None:
    rng = np.random.default_rng(5)
    room = rng.random((36, 64))
    film = [room + 0.01 * rng.standard_normal(room.shape) for _ in range(40)]
    for number in [*range(11), *range(24, 40)]:
        standing = min(number, 30)
        film[number][10:30, standing : standing + 8] = 0.0
    start, worst = measures.empty_stretch(film, 12)
    assert start in (11, 12)
    assert worst < 0.1
    assert measures.empty_stretch(film, 20)[1] > 0.3, "nowhere are twenty frames empty"
    with pytest.raises(ValueError, match="a film of 40"):
        measures.empty_stretch(film, 41)


def test_a_way_that_turns_back_has_a_step_below_nothing() -> None:
    assert measures.one_way([0, 1, 2, 3]) == pytest.approx(1)
    assert measures.one_way([0, 0, 3, 3]) == 0
    assert measures.one_way([0, 2, 1, 3]) == pytest.approx(-1)
    assert measures.one_way([3, 2, 1, 0]) == pytest.approx(1), "downwards is a way, too"
    colours = np.array([[0, 0, 0], [0.5, 0.5, 0], [1, 1, 0]])
    assert measures.way_of(colours).tolist() == [0, 0.5, 1]


def test_edge_maps_of_one_scene_correlate() -> None:
    scene = waves(30, 20)
    again = scene + 0.02 * np.random.default_rng(1).standard_normal(scene.shape)
    alike = np.corrcoef(measures.edge_map(scene), measures.edge_map(again))[0, 1]
    other = np.corrcoef(measures.edge_map(scene), measures.edge_map(noise(2)))[0, 1]
    assert alike > 0.9 > 0.3 > other


def test_points_are_apart_by_a_share_of_the_faces_width() -> None:
    points = np.array([[0.0, 0.0], [50.0, 10.0], [100.0, 0.0]])
    assert measures.points_apart(points, points) == 0
    assert measures.points_apart(points, points + np.array([3, 4])) == pytest.approx(0.05)


def test_colours_are_apart_by_how_far_all_of_them_moved() -> None:
    dark, light = (np.full((32, 32, 3), grey, np.uint8) for grey in (0, 119))
    assert measures.colours_apart([dark], [dark]) == 0
    assert measures.colours_apart([dark], [light]) == pytest.approx(50, rel=0.1)
    room = np.random.default_rng(3).integers(0, 255, (32, 32, 3), np.uint8)
    elsewhere = room[::-1, ::-1]
    assert measures.colours_apart([room], [elsewhere]) < 1, "wherever they are"
    red = room.copy()
    red[..., 1:] //= 2
    assert measures.colours_apart([room], [red]) > 10


def test_one_colour_everywhere_has_no_spread() -> None:
    plain = np.full((32, 32, 3), (200, 120, 90), np.uint8)
    half = plain.copy()
    half[:16] = (20, 40, 90)
    assert measures.colour_spread([plain]) < 1e-4
    assert measures.colour_spread([plain, half]) == pytest.approx(
        measures.colour_spread([half]) / 2
    )
    assert measures.colour_spread([half]) > 20
