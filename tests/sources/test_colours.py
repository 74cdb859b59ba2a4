"""The colours of ordinary film: of each matrix, range and depth they come back as they were."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.sources.played import first_of

BT709, BT601, BT2020 = (0.2126, 0.0722), (0.299, 0.114), (0.2627, 0.0593)
COLOURS = [(210, 30, 60), (20, 180, 90), (50, 60, 200), (230, 190, 40), (128, 128, 128), 3 * (250,)]
STRIPE = 16


def planes_of(weights: tuple[float, float], full: bool, bits: int) -> list[np.ndarray]:
    """Six stripes of `COLOURS` as Y', Cb, Cr; weights: of red and blue in Y'."""
    code = np.repeat(np.array(COLOURS) / 255, STRIPE, axis=0)
    red, blue = weights
    y = code @ [red, 1 - red - blue, blue]
    cb, cr = (code[:, 2] - y) / (2 - 2 * blue), (code[:, 0] - y) / (2 - 2 * red)
    unit, top = 2 ** (bits - 8), 2**bits - 1
    if full:
        parts = [top * y, top * cb + 128 * unit, top * cr + 128 * unit]
    else:
        parts = [unit * (16 + 219 * y), unit * (128 + 224 * cb), unit * (128 + 224 * cr)]
    return [np.clip(part.round(), 0, top).astype(np.uint16) for part in parts]


def film(
    path: Path,
    form: str,
    planes: list[np.ndarray],
    matrix: int,
    color_range: int,
    height: int = 32,
    width: int = STRIPE * len(COLOURS),
) -> Path:
    """planes: a line of each, the same in all lines."""
    with av.open(str(path), "w") as file:
        track: Any = file.add_stream("ffv1", rate=25)
        track.width, track.height, track.pix_fmt = width, height, form
        context = track.codec_context
        context.colorspace, context.color_range = matrix, color_range
        frame = av.VideoFrame(width, height, form)
        for plane, line in zip(frame.planes, planes, strict=True):
            deep = frame.format.components[0].bits > 8
            rows = np.zeros((plane.height, plane.line_size // (2 if deep else 1)), np.uint16)
            rows[:, : len(line)] = line
            plane.update(rows.astype(np.uint16 if deep else np.uint8).tobytes())
        frame.colorspace, frame.color_range = matrix, color_range
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        file.mux(track.encode(frame))
        file.mux(track.encode())
    return path


def stripes(path: Path) -> tuple[np.ndarray, list[str]]:
    """The colours in the middles of the stripes, (6, 3), and what was said."""
    said: list[str] = []
    pixels = first_of(path, said).pixels
    middles = STRIPE // 2 + STRIPE * np.arange(len(COLOURS))
    return pixels[pixels.shape[0] // 2, middles].astype(int), said


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize(
    ("matrix", "weights"),
    [
        *[(1, BT709), (5, BT601), (6, BT601), (9, BT2020)],
        *[(7, (0.212, 0.087)), (4, (0.30, 0.11))],
    ],
)
def test_a_film_that_names_its_matrix_has_its_colours(
    matrix: int, weights: tuple[float, float], full: bool, bits: int, tmp_path: Path
) -> None:
    form = {8: "yuv444p", 10: "yuv444p10le", 12: "yuv444p12le"}[bits]
    planes = planes_of(weights, full, bits)
    found, said = stripes(film(tmp_path / "named.mkv", form, planes, matrix, 2 if full else 1))
    assert np.abs(found - COLOURS).max() <= 3
    assert not said


@pytest.mark.parametrize(
    ("width", "height", "weights"),
    [(96, 576, BT601), (96, 720, BT709), (96, 1280, BT709), (1280, 534, BT709)],
)
def test_a_film_that_names_nothing_is_taken_for_what_its_size_is_made_in(
    width: int, height: int, weights: tuple[float, float], tmp_path: Path
) -> None:
    planes = planes_of(weights, False, 8)
    path = film(tmp_path / "unnamed.mkv", "yuv444p", planes, 2, 0, height, width)
    assert np.abs(stripes(path)[0] - COLOURS).max() <= 3


@pytest.mark.parametrize(("form", "bits"), [("gbrp9le", 9), ("gbrp10le", 10), ("gbrp16le", 16)])
def test_rgb_is_as_it_is(form: str, bits: int, tmp_path: Path) -> None:
    red, green, blue = np.repeat(np.array(COLOURS), STRIPE, axis=0).T
    planes = [(p * ((2**bits - 1) / 255)).round().astype(np.uint16) for p in (green, blue, red)]
    found, said = stripes(film(tmp_path / "rgb.mkv", form, planes, 0, 2))
    assert np.abs(found - COLOURS).max() <= 1
    assert not said


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize(("form", "bits"), [("gray", 8), ("gray10le", 10)])
def test_grey_has_its_range(form: str, bits: int, full: bool, tmp_path: Path) -> None:
    luma = planes_of(BT709, full, bits)[0]
    found, _ = stripes(film(tmp_path / "grey.mkv", form, [luma], 1, 2 if full else 1))
    wanted = (np.array(COLOURS) @ [0.2126, 0.7152, 0.0722])[:, None]
    assert np.abs(found - wanted).max() <= 2


@pytest.mark.parametrize(("transfer", "word"), [(8, "linear"), (9, "logarithmic")])
def test_light_that_is_not_converted_is_said(transfer: int, word: str, tmp_path: Path) -> None:
    path = tmp_path / "light.mkv"
    with av.open(str(path), "w") as file:
        track: Any = file.add_stream("ffv1", rate=25)
        track.width, track.height, track.pix_fmt = 96, 32, "yuv444p"
        track.codec_context.color_trc = transfer
        frame = av.VideoFrame.from_ndarray(np.full((32, 96, 3), 90, np.uint8), format="rgb24")
        frame.color_trc = transfer
        file.mux(track.encode(frame))
        file.mux(track.encode())
    found, said = stripes(path)
    assert np.abs(found - 90).max() <= 2
    assert len(said) == 1
    assert word in said[0]
