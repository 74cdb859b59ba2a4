"""Style pictures by name: what they are called, which play, and what a file may be."""

from __future__ import annotations

import io
import os
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vj.core.errors import Fault
from vj.painters.own_styles import own_styles
from vj.painters.style_pictures import (
    LARGEST,
    MOST_CHOSEN,
    MOST_IN_FOLDER,
    StylePictures,
    pictures_in,
    read_picture,
)

OWN = list(own_styles())


def picture(path: Path, colour: tuple[int, int, int] = (200, 40, 30)) -> Path:
    Image.new("RGB", (24, 16), colour).save(path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> StylePictures:
    """A show's waves.jpg and a folder of two; the user's own cat.png and another waves.png."""
    for name in ("waves.jpg", "art/10.png", "art/9.png", "own/my cat.png", "own/waves.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture(tmp_path / name)
    files = [str(tmp_path / "waves.jpg"), str(tmp_path / "art")]
    return StylePictures(files, str(tmp_path / "own"))


def test_names_are_the_files_in_the_shows_order_then_the_users_then_our_own(
    pictures: StylePictures, tmp_path: Path
) -> None:
    assert pictures.names() == ["waves", "9", "10", "my cat", "waves (2)", *OWN]
    assert pictures.places()["waves (2)"] == tmp_path / "own" / "waves.png"


def test_without_a_choice_the_shows_own_play_and_without_any_ours(
    pictures: StylePictures, tmp_path: Path
) -> None:
    assert pictures.shown("") == ["waves", "9", "10"]
    assert StylePictures((), str(tmp_path / "own")).shown(" , ") == OWN
    bare = StylePictures(())
    assert [type(bare.places()[name]) for name in bare.shown("")] == [np.ndarray] * 4
    assert bare.unknown("") == []


def test_a_show_whose_pictures_are_gone_is_told_from_one_that_names_none(tmp_path: Path) -> None:
    (tmp_path / "pics").mkdir()
    pictures = StylePictures([str(tmp_path / "pics")])
    assert pictures.shown("") == []
    (told,) = pictures.without("")
    assert told.endswith("pics: no picture is in this folder")
    assert pictures.shown("woodcut") == ["woodcut"]
    assert pictures.without("woodcut") == []


def test_a_choice_is_in_its_own_order_and_what_is_unknown_is_told(
    pictures: StylePictures,
) -> None:
    text = "My Cat, nothing,  9 , my cat,,nothing,"
    assert pictures.shown(text) == ["my cat", "9", "my cat"], "there and back"
    assert pictures.unknown(text) == ["nothing"]
    assert pictures.shown("nothing") == ["waves", "9", "10"], "the show's go on"
    assert pictures.no_such("wave").startswith(
        "image/styles: no style picture is called 'wave'; did you mean 'waves'? ('waves', '9', "
    )


def test_only_what_can_be_opened_is_offered_and_no_more_than_fit_a_line(tmp_path: Path) -> None:
    for name in ("one.jpg", "two.png"):
        (tmp_path / name).write_text("no picture")
    files = [tmp_path / "gone.png", tmp_path / "one.jpg", tmp_path / "two.png"]
    files += [picture(tmp_path / f"p{number}.png") for number in range(12)]
    said = StylePictures([*map(str, files)]).no_such("nope")
    assert "did you mean" not in said
    listed = ", ".join(f"'p{number}'" for number in range(10))
    assert said.endswith(f" 'nope' ({listed} and 6 more)")


def test_a_picture_that_comes_while_a_show_plays_is_there(
    pictures: StylePictures, tmp_path: Path
) -> None:
    picture(tmp_path / "own" / "new.png")
    assert pictures.shown("new") == ["new"]
    assert pictures.places()["new"] == tmp_path / "own" / "new.png"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("v1.2 final.tar.png", "v1.2 final.tar"),
        ("ruby, red.png", "ruby red"),
        ("Crème brûlée 東京.png", "Crème brûlée 東京"),
        ("cafe\u0301.png", "caf\u00e9"),
        ("x" * 90 + ".png", "x" * 60),
        (", ,.png", "picture"),
    ],
)
def test_a_name_is_the_file_without_its_ending(tmp_path: Path, file: str, name: str) -> None:
    path = picture(tmp_path / file)
    pictures = StylePictures([str(path)])
    assert pictures.names()[0] == name
    assert pictures.places()[name] == path
    assert pictures.unknown(name) == []


def test_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    files = [tmp_path / one for one in ("a/x.png", "b/x.png", "c/X.png", "d/x (2).png")]
    for file in files:
        file.parent.mkdir()
        picture(file)
    named = StylePictures([*map(str, files), str(files[0])]).places()
    assert list(named)[:4] == ["x", "x (3)", "X (4)", "x (2)"]
    assert list(named.values())[:4] == files


def test_of_a_folder_only_pictures_are_taken_and_not_without_end(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.png").touch()
    (tmp_path / "folder.png").mkdir()
    assert pictures_in(tmp_path) == []
    assert pictures_in(tmp_path / "nowhere") == []
    for number in range(MOST_IN_FOLDER + 3):
        (tmp_path / f"{number}.png").touch()
    found = StylePictures([str(tmp_path)])
    assert [path.stem for path in pictures_in(tmp_path)] == list(map(str, range(MOST_IN_FOLDER)))
    assert len(found.shown("")) == MOST_CHOSEN


def test_a_photograph_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: a quarter turn clockwise
    Image.fromarray(pixels).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    found = read_picture(tmp_path / "photo.jpg")
    assert found.shape == (80, 40, 3)
    assert found[10, 20, 0] > 240, "red has come to the top"
    assert found[70, 20, 0] < 15


def test_what_is_transparent_is_on_white(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4] = (0, 0, 255, 255)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png")
    assert found[0, 0].tolist() == [0, 0, 255]
    assert found[7, 7].tolist() == [255, 255, 255]
    flat = Image.fromarray(pixels[..., :3]).quantize(2)
    flat.save(tmp_path / "p.png", transparency=flat.getpixel((0, 7)))
    assert read_picture(tmp_path / "p.png")[7, 7].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "I;16", "LA"])
def test_whatever_a_picture_holds_three_bytes_a_pixel_come(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(np.linspace(0, 255, 32 * 16).reshape(16, 32).astype(np.uint8))
    if mode == "I;16":
        grey = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        grey = grey.convert(mode)
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    grey.save(path)
    found = read_picture(path)
    assert (found.shape, found.dtype) == ((16, 32, 3), np.uint8)
    assert found[0, 0, 0] < 10
    assert found[15, 31, 0] > 245


def test_a_large_one_is_made_smaller_in_its_shape(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 3000), (10, 200, 90)).save(tmp_path / "large.jpg")
    found = read_picture(tmp_path / "large.jpg")
    assert found.shape == (LARGEST * 3 // 4, LARGEST, 3)


def test_what_is_no_picture_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.png").touch()
    whole = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(whole, "PNG")
    (tmp_path / "cut.png").write_bytes(whole.getvalue()[:5000])
    head = struct.pack(">4sIIBBBBB", b"IHDR", 30_000, 30_000, 1, 0, 0, 0, 0)
    small = whole.getvalue()
    bomb = small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:]
    (tmp_path / "bomb.png").write_bytes(bomb)
    if hasattr(os, "mkfifo"):  # not on Windows
        os.mkfifo(tmp_path / "pipe.jpg")
    for name, words in {
        "text.jpg": "is no picture",
        "empty.png": "is no picture",
        "cut.png": "cannot be read",
        "bomb.png": "too large",
        "pipe.jpg": "is no file" if hasattr(os, "mkfifo") else "no such file",
        "nothing.jpg": "no such file",
        "": "is no file",
    }.items():
        with pytest.raises(Fault, match=words) as raised:
            read_picture(tmp_path / name)
        assert str(tmp_path / name) in str(raised.value)


def test_a_file_that_is_not_there_is_told_with_the_one_whose_name_is_nearest(
    tmp_path: Path,
) -> None:
    picture(tmp_path / "waves.png")
    for name in ("wavs.jpg", "waves.JPG"):
        with pytest.raises(Fault, match=r"no such file; did you mean waves\.png\?"):
            read_picture(tmp_path / name)


def test_our_own_styles_are_made_quickly_and_always_the_same() -> None:
    began = time.thread_time()
    made = own_styles.__wrapped__()
    assert time.thread_time() - began < 1
    assert list(made) == ["cut paper", "night sky", "woodcut", "ink waves"]
    for name, pixels in made.items():
        assert (pixels.shape, pixels.dtype) == ((256, 256, 3), np.uint8)
        assert np.array_equal(pixels, own_styles()[name])
    colours = [pixels.mean((0, 1)) for pixels in made.values()]
    anywhere = [(124, 121, 112), (75, 111, 145), (131, 121, 106), (131, 133, 140)]
    assert np.abs(np.array(colours) - anywhere).max() < 1, "on every machine"
