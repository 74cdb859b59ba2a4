"""Animated WebP and PNG play as videos, each picture for its time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, features

from tests.sources.numbered import SIZE, number_of, numbered
from tests.sources.played import live, played
from vj.core.errors import Fault
from vj.sources import moving_picture, split_uri
from vj.sources.moving_picture import moves

LASTS = (60, 40, 200, 5, 1500)
"""Milliseconds; the fourth is too short to be meant."""


def animated(path: Path, alpha: bool = False, **more: Any) -> Path:
    pictures = []
    for number in range(len(LASTS)):
        pixels = numbered(number)
        if alpha:
            pixels = np.dstack([pixels, np.full(SIZE[::-1], 255, np.uint8)])
            pixels[50:, :, 3] = 0
        pictures.append(Image.fromarray(pixels))
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=list(LASTS), loop=0, **more
    )
    return path


@pytest.mark.parametrize("name", ["loop.webp", "loop.png"])
def test_a_picture_that_moves_is_a_video(name: str, tmp_path: Path) -> None:
    path = animated(tmp_path / name)
    assert moves(path)
    assert split_uri(str(path)) == ("video", str(path))
    assert split_uri(f"image:{path}") == ("image", str(path))


@pytest.mark.parametrize("name", ["still.webp", "still.png"])
def test_one_that_does_not_is_an_image(name: str, tmp_path: Path) -> None:
    Image.fromarray(numbered(1)).save(tmp_path / name)
    assert not moves(tmp_path / name)
    assert split_uri(str(tmp_path / name))[0] == "image"
    assert split_uri(f"{tmp_path}/none.webp")[0] == "image"


def test_each_picture_of_a_webp_is_seen_for_its_time(tmp_path: Path) -> None:
    clip = played(animated(tmp_path / "loop.webp", lossless=True))
    assert clip.video.length == pytest.approx(1.9)
    clip.clock.fps = 100
    seen = clip.next(200)
    assert [seen.count(number) for number in range(5)] == [6 + 6, 4 + 4, 20, 10, 150]


def test_a_webp_of_equal_pictures_has_their_rate(tmp_path: Path) -> None:
    pictures = [Image.fromarray(numbered(number)) for number in range(8)]
    path = tmp_path / "even.webp"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, lossless=True)
    clip = played(path)
    assert clip.video.fps == pytest.approx(25)
    assert clip.next(10) == [*range(8), 0, 1]
    times = clip.video.times()
    assert times is not None
    assert not times.varying


def test_of_a_webp_that_is_cut_off_the_whole_pictures_play(tmp_path: Path) -> None:
    path = animated(tmp_path / "cut.webp", lossless=True)
    path.write_bytes(path.read_bytes()[:-20])
    clip = played(path)
    clip.clock.fps = 100
    assert clip.video.length == pytest.approx(0.4)
    assert clip.next(41)[-2:] == [3, 0]


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")
def test_an_avif_is_its_film_and_not_its_still(tmp_path: Path) -> None:
    path = animated(tmp_path / "loop.avif")
    assert split_uri(str(path))[0] == "video"
    clip = played(path)
    clip.clock.fps = 100
    seen = clip.next(180)
    assert [seen.count(number) for number in (0, 1, 2)] == [6, 4, 20]
    assert seen[-1] == 4


def test_it_runs_backwards_and_keeps_its_alpha(tmp_path: Path) -> None:
    clip = played(animated(tmp_path / "loop.webp", True, lossless=True), speed=-1.0)
    frame = clip.video.read()
    assert frame is not None
    assert number_of(frame) == 4
    assert frame.pixels[..., 3].min() == 0
    assert frame.pixels[..., 3].max() == 255


def test_live_it_is_decoded_once(tmp_path: Path) -> None:
    moving_picture._movie.cache_clear()
    video, control, _ = live(animated(tmp_path / "loop.webp", lossless=True))
    for _ in range(40):
        video.read()
    control.seek(0.9)
    video.read()
    assert moving_picture._movie.cache_info().misses == 1


def test_a_torn_one_and_one_that_is_too_large_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = animated(tmp_path / "loop.webp", lossless=True)
    torn = tmp_path / "torn.webp"
    torn.write_bytes(path.read_bytes()[:60])
    with pytest.raises(Fault, match=r"torn\.webp: no picture in it could be decoded"):
        played(torn)
    monkeypatch.setattr(moving_picture, "LARGEST", 5 * SIZE.width * SIZE.height * 4 - 1)
    moving_picture._movie.cache_clear()
    with pytest.raises(Fault, match="5 pictures of 96x64 are too many to be decoded at once"):
        played(path)


def test_our_own_webp_plays(tmp_path: Path) -> None:
    found = cv2.imencodeanimation(".webp", _animation())
    (tmp_path / "own.webp").write_bytes(found[1].tobytes())
    clip = played(tmp_path / "own.webp")
    assert clip.video.length == pytest.approx(0.3)
    assert clip.next(4) == [0, 1, 2, 0]


def _animation() -> Any:
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(numbered(number), cv2.COLOR_RGB2BGR) for number in range(3)]
    animation.durations = [100, 100, 100]
    return animation
