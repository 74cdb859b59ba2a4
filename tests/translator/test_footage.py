"""Footage as it comes from people's phones and folders: what is read is upright and whole, what is
broken or hidden is left out, and what cannot be learned from is answered."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vj.core.errors import Fault
from vj.translator.footage import frames_of, pairs_of
from vj.translator.preparing import Preparing, Stopped

SIDE = 64
RED, BLUE = (220, 30, 30), (30, 30, 220)


def halves(width: int, height: int) -> np.ndarray:
    """Red above blue."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2], picture[height // 2 :] = RED, BLUE
    return picture


def write_clip(
    path: Path,
    frames: int,
    codec: str = "mpeg4",
    pixels: str = "yuv420p",
    rotation: int = 0,
    lengths: tuple[int, ...] = (20,),
) -> Path:
    """Of 96x64. lengths: of its frames, one after the other, in 600ths of a second."""
    with av.open(str(path), "w") as file:
        track = file.add_stream(codec, rate=30)
        track.width, track.height, track.pix_fmt = 96, 64, pixels
        track.codec_context.time_base = Fraction(1, 600)
        if rotation:
            track.set_display_rotation(rotation)
        moment = 0
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(halves(96, 64), "rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = moment, Fraction(1, 600)
            moment += lengths[number % len(lengths)]
            file.mux(track.encode(frame))
        file.mux(track.encode(None))
    return path


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as file:
        track = file.add_stream("aac", rate=44100)
        for number in range(4):
            silence = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(silence, "fltp", "mono")
            frame.sample_rate, frame.pts = 44100, 1024 * number
            file.mux(track.encode(frame))
        file.mux(track.encode(None))
    return path


def turn(path: Path, orientation: int) -> None:
    """Give a JPEG an EXIF tag that says how it is to be turned."""
    content = path.read_bytes()
    tag = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x112, 3, 1, orientation) + bytes(4)
    head = b"\xff\xe1" + struct.pack(">H", len(tag) + 8) + b"Exif\0\0" + tag
    path.write_bytes(content[:2] + head + content[2:])


def red(frame: np.ndarray) -> str:
    """Where it is red."""
    far = frame.astype(int)
    sides = {"top": far[4, 32], "bottom": far[-5, 32], "left": far[32, 4], "right": far[32, -5]}
    upper = [side for side in ("top", "bottom") if sides[side][0] > sides[side][2] + 90]
    across = [side for side in ("left", "right") if sides[side][0] > sides[side][2] + 90]
    return upper[0] if len(upper) == 1 else across[0] if len(across) == 1 else "nowhere"


@pytest.mark.parametrize(
    ("name", "how", "where"),
    [
        ("a Ümläut (1) 人.mp4", {}, "top"),
        ("portrait.mov", {"rotation": 90}, "left"),
        ("varying.mp4", {"lengths": (10, 20, 45)}, "top"),
        ("ten bits.mkv", {"codec": "ffv1", "pixels": "yuv420p10le"}, "top"),
        ("moving.gif", {"codec": "gif", "pixels": "rgb8"}, "top"),
    ],
)
def test_every_frame_of_a_phones_clip_is_read_upright(
    name: str, how: dict[str, object], where: str, tmp_path: Path
) -> None:
    footage = frames_of([write_clip(tmp_path / name, 45, **how)], SIDE)  # type: ignore[arg-type]
    assert len(footage) == 45
    assert footage.names == (name,)
    assert {red(frame) for frame in footage.frames[::11]} == {where}


def test_a_folder_of_a_phone_has_pictures_of_all_sizes_turned_and_hidden_and_broken(
    tmp_path: Path,
) -> None:
    for number in range(42):
        width, height = [(90, 60), (60, 90), (400, 300)][number % 3]
        path = tmp_path / f"IMG_{number:02}.JPG"
        cv2.imwrite(str(path), np.ascontiguousarray(halves(width, height)[..., ::-1]))
        if number == 3:
            turn(path, 3)  # upside down
    for name in ("._IMG_00.JPG", "._a.mp4", ".DS_Store", "Thumbs.db", "notes.txt", "broken.png"):
        (tmp_path / name).write_bytes(b"no picture")
    write_sound(tmp_path / "voice.mp4")
    said: list[str] = []
    footage = frames_of([tmp_path], SIDE, preparing=Preparing(said.append))
    assert len(footage) == 42
    turned = ["top"] * 42
    turned[3] = "bottom"
    assert [red(frame) for frame in footage.frames] == turned
    assert [line.split(":")[1].rsplit("/", 1)[-1] for line in said] == ["voice.mp4", "broken.png"]
    assert all(line.endswith("it is left out") for line in said)
    with pytest.raises(Fault, match=r"voice\.mp4: holds no picture, only audio"):
        frames_of([tmp_path / "voice.mp4"], SIDE)  # it was asked for by its name


def test_what_is_transparent_is_learned_from_as_it_is_painted(tmp_path: Path) -> None:
    clear = np.full((SIDE, SIDE, 4), 255, np.uint8)
    clear[..., 3] = 128
    for number in range(40):
        assert cv2.imwrite(str(tmp_path / f"{number}.png"), clear)
    footage = frames_of([tmp_path], SIDE)
    assert np.abs(footage.frames.astype(int) - 128).max() <= 1, "over black"


def test_a_pair_is_not_left_out(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for number in range(41):
            cv2.imwrite(str(tmp_path / folder / f"{number:02}.png"), halves(64, 64))
    (tmp_path / "a" / "._00.png").write_bytes(b"hidden")
    assert len(pairs_of(tmp_path / "a", tmp_path / "b", SIDE)) == 41
    (tmp_path / "b" / "07.png").write_bytes(b"broken")
    with pytest.raises(Fault, match=r"07\.png: is not a picture"):
        pairs_of(tmp_path / "a", tmp_path / "b", SIDE)


@pytest.mark.parametrize(
    ("frames", "message"),
    [(1, "clip.mp4: one frame; 40 or more"), (39, "clip.mp4: 39 frames; 40 or more")],
)
def test_a_clip_that_is_too_short_is_told(frames: int, message: str, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", frames)
    with pytest.raises(Fault, match=message):
        frames_of([clip], SIDE)
    assert len(frames_of([clip], SIDE, least=1)) == frames


def test_who_waits_is_told_how_far_it_is_and_may_stop(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", 45)
    said: list[str] = []
    now = iter(range(1000))
    frames_of([clip], SIDE, preparing=Preparing(said.append, now=lambda: float(next(now))))
    assert said[0].startswith("reading clip.mp4: ")
    assert 2 <= len(said) <= 5
    looked = iter([False] * 9 + [True])
    with pytest.raises(Stopped):
        frames_of([clip], SIDE, preparing=Preparing(stop=lambda: next(looked)))
