"""HDR looks like the SDR grade of the same scene: neither grey as its bare numbers, nor burnt."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.sources.played import first_of, played
from vj.core.clock import FrameClock
from vj.sources import SourceSettings
from vj.sources.video import Video

WIDTH, HEIGHT = 128, 72
PQ, HLG = 16, 18
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""Linear RGB of BT.709 in that of BT.2020 (ITU-R BT.2087)."""
WHITE = 203.0

PATCHES = [
    *[(190, 60, 50), (60, 160, 70), (50, 70, 180), (200, 180, 60)],
    *[(118, 118, 118), (20, 20, 20), (200, 150, 120), (225, 225, 225)],
]


def scene() -> np.ndarray:
    """(H, W, 3) uint8 sRGB: eight patches over a ramp from black to nearly white."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[HEIGHT // 2 :] = np.linspace(0, 225, WIDTH).round().astype(np.uint8)[:, None]
    for number, colour in enumerate(PATCHES):
        picture[: HEIGHT // 2, 16 * number : 16 * (number + 1)] = colour
    return picture


def nits_of(picture: np.ndarray) -> np.ndarray:
    """What a screen of 203 nits shows of sRGB."""
    code = picture / 255
    return np.where(code > 0.04045, ((code + 0.055) / 1.055) ** 2.4, code / 12.92) * WHITE


def pq(nits: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, the inverse EOTF."""
    y = np.maximum(nits / 10_000, 0) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg(nits: np.ndarray) -> np.ndarray:
    """The inverse OOTF of a display of 1000 nits, then the OETF (ITU-R BT.2100)."""
    shown = np.maximum(nits / 1000, 1e-9)
    luminance = shown @ [0.2627, 0.6780, 0.0593]
    light = shown * luminance[..., None] ** (1 / 1.2 - 1)
    bright = 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073
    return np.where(light <= 1 / 12, np.sqrt(3 * light), bright)


def planes_of(code: np.ndarray, full: bool = False, bits: int = 10) -> list[np.ndarray]:
    """R'G'B' of BT.2020 -> Y', Cb, Cr, not yet halved; limited range, unless full."""
    y = code @ [0.2627, 0.6780, 0.0593]
    cb, cr = (code[..., 2] - y) / 1.8814, (code[..., 0] - y) / 1.4746
    if full:
        top = 2**bits - 1
        parts = [top * y, top * cb + 2 ** (bits - 1), top * cr + 2 ** (bits - 1)]
    else:
        unit = 2 ** (bits - 8)
        parts = [(16 + 219 * y) * unit, (128 + 224 * cb) * unit, (128 + 224 * cr) * unit]
    return [np.clip(part.round(), 0, 2**bits - 1).astype(np.uint16) for part in parts]


def film(
    path: Path,
    nits: np.ndarray,
    curve: Callable[[np.ndarray], np.ndarray] = pq,
    codec: str = "ffv1",
    transfer: int = PQ,
    primaries: int = 9,
    matrix: int = 9,
    full: bool = False,
    frames: int = 2,
) -> Path:
    """nits: (H, W, 3) in BT.709. Three planes of the full size for ffv1, chroma halved else."""
    halved = codec != "ffv1"
    to_2020 = TO_BT2020 if primaries in (2, 9) else np.eye(3)
    planes = planes_of(curve(nits @ to_2020.T), full)
    if halved:
        height, width = planes[0].shape
        planes[1:] = [
            p.reshape(height // 2, 2, width // 2, 2).mean((1, 3)).round().astype(np.uint16)
            for p in planes[1:]
        ]
    form = "yuv420p10le" if halved else "yuv444p10le"
    options = {"crf": "8"} if codec == "libx264" else {}
    with av.open(str(path), "w") as file:
        track: Any = file.add_stream(codec, rate=25, options=options)
        track.height, track.width = nits.shape[:2]
        track.pix_fmt, context = form, track.codec_context
        context.color_trc, context.color_primaries, context.colorspace = transfer, primaries, matrix
        context.color_range = 2 if full else 1
        for number in range(frames):
            frame = av.VideoFrame(track.width, track.height, form)
            for plane, values in zip(frame.planes, planes, strict=True):
                rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
                rows[:, : values.shape[1]] = values
                plane.update(rows.tobytes())
            frame.color_trc, frame.color_primaries = transfer, primaries
            frame.colorspace, frame.color_range = matrix, 2 if full else 1
            frame.pts, frame.time_base = number, Fraction(1, 25)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path


def shown(path: Path, said: list[str] | None = None) -> np.ndarray:
    return first_of(path, said).pixels.astype(int)


def flat(nits: float, size: int = 32) -> np.ndarray:
    return np.full((size, size, 3), nits)


@pytest.mark.parametrize(
    ("curve", "transfer", "codec"),
    [(pq, PQ, "ffv1"), (hlg, HLG, "ffv1"), (pq, PQ, "libx264"), (hlg, HLG, "libx264")],
)
def test_a_scene_is_as_its_sdr_grade(curve: Any, transfer: int, codec: str, tmp_path: Path) -> None:
    path = film(tmp_path / "phone.mkv", nits_of(scene()), curve, codec, transfer)
    found, wanted = shown(path), scene().astype(int)
    assert np.abs(found.mean((0, 1)) - wanted.mean((0, 1))).max() < 2
    away = 3 if codec == "ffv1" else 14
    middles = [16 * number + 8 for number in range(len(PATCHES))]
    assert np.abs(found[HEIGHT // 4, middles] - wanted[HEIGHT // 4, middles]).max() <= away
    ramp = found[HEIGHT - 8].mean(1)
    assert np.all(np.diff(ramp) > -1.5), "a ramp rises"


def test_white_is_nearly_white_and_what_is_brighter_still_shows(tmp_path: Path) -> None:
    nits = np.concatenate([flat(n, 16) for n in (100, 203, 400, 1000)], axis=1)
    page, white, sky, lamp = shown(film(tmp_path / "bright.mkv", nits))[8, 8::16].mean(1)
    assert 180 < page < 192
    assert 244 <= white < 250
    assert white + 4 < sky < lamp
    assert lamp >= 254


def test_bright_colours_keep_their_hue(tmp_path: Path) -> None:
    blue = np.broadcast_to(np.array([100.0, 220.0, 600.0]), (32, 32, 3))
    red, green, most = shown(film(tmp_path / "sky.mkv", blue))[16, 16]
    assert most > 245
    assert red + 30 < green < most - 30


@pytest.mark.parametrize(
    "says",
    ["cll=203,100", "mastering-display=G(1,1)B(1,1)R(1,1)WP(1,1)L(2030000,50)"],
)
def test_a_file_that_says_how_bright_it_gets_uses_all_of_white(says: str, tmp_path: Path) -> None:
    """A film that was made for 203 nits has nothing above white: white is white."""
    path, told = film(tmp_path / "plain.mkv", flat(WHITE, 64)), tmp_path / "t.mkv"
    with av.open(str(told), "w") as out:
        track: Any = out.add_stream("libx264", rate=25, options={"crf": "8", "x264-params": says})
        track.width, track.height, track.pix_fmt = 64, 64, "yuv420p10le"
        context = track.codec_context
        context.color_trc, context.color_primaries, context.colorspace = PQ, 9, 9
        with av.open(str(path)) as file:
            for frame in file.decode(video=0):
                out.mux(track.encode(frame))
        out.mux(track.encode())
    assert 244 <= shown(path).mean() < 250
    assert shown(told).mean() >= 253


def test_full_and_limited_range_are_one_picture(tmp_path: Path) -> None:
    limited = shown(film(tmp_path / "limited.mkv", nits_of(scene())))
    full = shown(film(tmp_path / "full.mkv", nits_of(scene()), full=True))
    assert np.abs(limited - full).max() <= 4


def test_hdr_that_does_not_name_its_colours_is_bt2020(tmp_path: Path) -> None:
    path = film(tmp_path / "unnamed.mkv", nits_of(scene()), primaries=2, matrix=2)
    assert np.abs(shown(path) - scene()).max() <= 8


def test_wide_colours_of_sdr_are_those_of_bt709(tmp_path: Path) -> None:
    def sdr(nits: np.ndarray) -> np.ndarray:
        linear = nits / WHITE
        bright = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
        return np.where(linear > 0.0031308, bright, 12.92 * linear)

    said: list[str] = []
    found = shown(film(tmp_path / "wide.mkv", nits_of(scene()), sdr, transfer=14), said)
    assert np.abs(found - scene()).max() <= 4
    assert not said


def test_hdr_is_said_once_however_often_it_is_opened(tmp_path: Path) -> None:
    said: list[str] = []
    path = film(tmp_path / "hdr.mkv", nits_of(scene()))
    settings = SourceSettings(FrameClock(25.0), 25.0, loop=True, log=said.append)
    for _ in range(2):
        video = Video(str(path), settings)
        video.open()
        for _ in range(4):
            video.read()
        video.close()
    assert len(said) == 1
    assert "hdr.mkv: is HDR (PQ, up to 1000 nits)" in said[0]


def test_backwards_it_is_the_same_picture(tmp_path: Path) -> None:
    path = film(tmp_path / "back.mkv", nits_of(scene()), frames=5)
    clip = played(path, speed=-1.0)
    frame = clip.video.read()
    assert frame is not None
    assert np.array_equal(frame.pixels, shown(path))


@pytest.mark.parametrize(("matrix", "word"), [(8, "YCgCo"), (14, "ICtCp"), (10, "constant")])
def test_a_matrix_that_is_not_known_is_shown_and_said(
    matrix: int, word: str, tmp_path: Path
) -> None:
    said: list[str] = []
    path = film(tmp_path / "odd.mkv", nits_of(scene()), transfer=1, primaries=1, matrix=matrix)
    assert shown(path, said).shape == (HEIGHT, WIDTH, 3)
    assert len(said) == 1
    assert word in said[0]
    assert "odd.mkv" in said[0]


def test_large_hdr_is_halved(tmp_path: Path) -> None:
    column = scene()[:, 8:9]
    nits = np.broadcast_to(nits_of(column), (HEIGHT, 2562, 3))
    found = shown(film(tmp_path / "large.mkv", nits, frames=1))
    assert found.shape == (HEIGHT // 2, 1281, 3)
    assert np.abs(found - column[::2])[[*range(16), *range(20, 36)]].max() <= 4, "but at the edge"
