"""The networks: rewritten they paint what the fetched files paint, at any size, on any number of
threads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from vj.core.errors import Fault
from vj.core.fetched import fetched
from vj.painters import networks
from vj.painters.graphs import styles_graph, transform_graph
from vj.painters.networks import PREDICT, STYLES, TRANSFORM, PictureNetwork, StylesNetwork
from vj.painters.own_styles import own_styles

pytestmark = needs(STYLES, PREDICT, TRANSFORM)


def one_style(number: int) -> np.ndarray:
    style = np.zeros(26, np.float32)
    style[number] = 1
    return style


def file_as_it_is(name: str) -> object:
    path = fetched(name)
    assert path is not None
    return networks.open_session(str(path), 1, True)


def test_the_rewritten_styles_are_the_fetched_ones(styles: StylesNetwork, room: np.ndarray) -> None:
    planes = networks.as_floats(room).transpose(2, 0, 1)[None].copy()
    mixture = np.full(26, 1 / 26, np.float32)
    for style in (one_style(1), one_style(19), mixture):
        given = {"image": planes, "style_weights": style}
        wanted = file_as_it_is(STYLES).run(None, given)[0][0]  # type: ignore[attr-defined]
        assert np.allclose(styles.paint(room, style), wanted.transpose(1, 2, 0), atol=1e-4)


def test_the_rewritten_transform_is_the_fetched_one_but_for_its_rounding(
    pictures: PictureNetwork, room: np.ndarray
) -> None:
    """The file is made for 384x384 and rounds to 8 bits at every layer, which shifts even tones."""
    grain = np.random.default_rng(0).integers(0, 60, (48, 48, 3), np.uint8)
    large = cv2.add(cv2.resize(room, (384, 384)), cv2.resize(grain, (384, 384)))
    style = pictures.style_of(own_styles()[next(iter(own_styles()))])
    session = file_as_it_is(TRANSFORM)
    names = [entry.name for entry in session.get_inputs()]  # type: ignore[attr-defined]
    given = dict(
        zip(names, (networks.as_floats(large)[None], style.reshape(1, 1, 1, 100)), strict=True)
    )
    wanted = session.run(None, given)[0][0]  # type: ignore[attr-defined]
    found = pictures.paint(large, style)
    assert np.abs(found - wanted).mean() < 0.1
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(("height", "width"), [(64, 96), (45, 83), (3, 20), (1, 1)])
def test_any_size_is_painted(
    styles: StylesNetwork, pictures: PictureNetwork, height: int, width: int
) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    vector = np.zeros(100, np.float32)
    for made in (styles.paint(picture, one_style(14)), pictures.paint(picture, vector)):
        assert made.shape == (height, width, 3)
        assert made.dtype == np.float32
        assert 0 <= made.min() <= made.max() <= 1


def test_what_is_added_to_a_side_is_cut_off_again(styles: StylesNetwork, room: np.ndarray) -> None:
    """A picture of 94x126 is painted as one of 96x128 is, but near the edges."""
    whole = styles.paint(room, one_style(14))
    less = styles.paint(room[:94, :126], one_style(14))
    assert np.abs(whole[:70, :100] - less[:70, :100]).mean() < 0.02


def test_the_number_of_threads_changes_no_bit(
    styles: StylesNetwork, pictures: PictureNetwork, room: np.ndarray
) -> None:
    vector = pictures.style_of(room)
    assert np.array_equal(
        styles.paint(room, one_style(19)), StylesNetwork(2, True).paint(room, one_style(19))
    )
    assert np.array_equal(pictures.paint(room, vector), PictureNetwork(3, True).paint(room, vector))


def test_pictures_of_one_tone_are_no_fault(styles: StylesNetwork) -> None:
    """The networks divide by the spread of what they see."""
    for level in (0, 128, 255):
        flat = np.full((32, 32, 3), level, np.uint8)
        assert np.isfinite(styles.paint(flat, one_style(1))).all()


def test_a_file_that_is_another_is_told(tmp_path: Path) -> None:
    wrong = tmp_path / STYLES
    wrong.write_bytes(b"no network")
    with pytest.raises(Fault, match=rf"{STYLES} is none .*: python3 launch.py add painters"):
        styles_graph(wrong)
    other = fetched(PREDICT)
    assert other is not None
    with pytest.raises(Fault, match="is none that onnx and vj can read"):
        transform_graph(other)
