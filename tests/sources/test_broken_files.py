"""Of a file that cannot be shown it is said what is wrong with it, and what helps."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.sources.numbered import numbered, numbered_clip
from tests.sources.test_pictures import by_opencv
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.sources import Awaited, SourceSettings, make_source


def said_of(name: str | Path) -> str:
    with pytest.raises(Fault) as found:
        make_source(str(name), SourceSettings(FrameClock(30))).open()
    return str(found.value)


def kept(path: Path, share: float) -> Path:
    """The same file, of which only the first part was copied."""
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.gif", "a.png", "a.webp", "a.jpg"])
def test_an_empty_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert said_of(tmp_path / name).endswith(f"{name}: is empty; copy or save it once more")


def test_an_mp4_that_was_not_copied_to_its_end(tmp_path: Path) -> None:
    path = kept(numbered_clip(tmp_path / "take.mp4", 40), 0.5)
    assert "take.mp4: is an MP4 or MOV without an index" in said_of(path)
    (tmp_path / "page.mp4").write_text("<html>Sign in</html>" * 40)
    assert "page.mp4: is not a video that FFmpeg can read" in said_of(tmp_path / "page.mp4")


def test_a_picture_that_was_not_copied_to_its_end(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), numbered(9))
    assert "a.png: is a PNG that is broken, cut off" in said_of(kept(tmp_path / "a.png", 0.5))
    (tmp_path / "b.webp").write_bytes(b"RIFF\x40\0\0\0WEBPVP8 " + bytes(40))
    assert "b.webp: is a WebP that is broken, cut off" in said_of(tmp_path / "b.webp")


def test_a_photograph_that_is_cut_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = np.random.default_rng(4).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    pixels = cv2.GaussianBlur(noise, (0, 0), 3)
    (tmp_path / "a.jpg").write_bytes(by_opencv(".jpg", pixels, orientation=6))
    source = make_source(str(kept(tmp_path / "a.jpg", 0.6)), SourceSettings(FrameClock(30)))
    source.open()
    frame = source.read()
    assert frame is not None
    assert frame.pixels.shape == (320, 240, 3), "turned by its EXIF"
    assert np.abs(frame.pixels[:, -100:].astype(int) - np.rot90(pixels, -1)[:, -100:]).mean() < 8


def test_a_film_that_is_called_a_picture(tmp_path: Path) -> None:
    path = numbered_clip(tmp_path / "shot.png", 5, container="matroska")
    assert said_of(path).endswith(f"is a film; video:{path} plays it")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clip.mkv?fps=24", r"takes no 'fps=24'; .* a film keeps its own rate"),
        ("frames/?fps=fast", r"takes no 'fps=fast'; \?fps=24 or"),
        ("frames/?fps=0", "takes no 'fps=0'"),
        ("frames/f%d.png?fps=24&x=1", "takes no 'fps=24&x=1'"),
        ("gone.mkv?fps=24", "there is no such file"),
    ],
)
def test_a_wish_that_is_not_known_is_no_missing_file(name: str, words: str, tmp_path: Path) -> None:
    numbered_clip(tmp_path / "clip.mkv", 3)
    (tmp_path / "frames").mkdir()
    cv2.imwrite(str(tmp_path / "frames" / "f1.png"), numbered(1))
    assert re.search(words, said_of(tmp_path.as_posix() + "/" + name))


def test_a_link_that_leads_nowhere_is_awaited(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").symlink_to("/disk/of/a/friend/clip.mp4")
    with pytest.raises(Awaited, match=r"is a link that leads nowhere \(/disk/of/a/friend"):
        make_source(f"{tmp_path}/clip.mp4", SourceSettings(FrameClock(30))).open()
