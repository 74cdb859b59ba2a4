"""Video files that are turned, torn, recorded by browsers, of a variable rate or moved away while
they follow a transport."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.sources.numbered import SIZE, number_of, numbered_clip
from tests.sources.played import B_FRAMES, live, played
from vj.core.frame import Frame
from vj.sources import picture_finder
from vj.sources.transport import Transport


def test_a_rotation_tag_is_honoured_in_every_direction(tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    plain = numbered_clip(tmp_path / "plain.mp4", options=B_FRAMES)
    with av.open(str(plain)) as file, av.open(str(path), "w") as out:
        track: Any = out.add_stream_from_template(file.streams.video[0])
        track.set_display_rotation(90)
        for packet in file.demux(file.streams.video[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
    clip = played(path, speed=-1.0)
    for number in (39, 38, 37):
        frame = clip.video.read()
        assert frame is not None
        assert frame.size == SIZE[::-1]
        assert number_of(Frame(np.rot90(frame.pixels, -1), 0, 0.0)) == number
        clip.clock.advance()


def test_what_a_browser_records_has_a_rate(tmp_path: Path) -> None:
    """It states a thousand frames a second, and no length."""
    times = random.Random(2)
    begins = [0, *(33 * n + times.randrange(-8, 9) for n in range(1, 40))]
    options = {"g": "12", "cpu-used": "8", "deadline": "realtime", "live": "1"}
    path = numbered_clip(
        tmp_path / "recorded.webm", 40, "libvpx", 1000, options, milliseconds=begins
    )
    clip = played(path, speed=-1.0)
    assert clip.video.fps == pytest.approx(30.3, abs=0.3)
    assert clip.video.length == pytest.approx(1.32, abs=0.02)
    found = clip.next(40)
    assert found == sorted(found, reverse=True)
    assert len(set(found)) > 25


def test_a_picture_that_stands_for_seconds_is_found_in_the_midst_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_finder, "MEMORY", 1)
    begins = [100 * n for n in range(10)] + [8000 + 100 * n for n in range(5)]
    options = {**B_FRAMES, "g": "100"}
    path = numbered_clip(tmp_path / "stands.mkv", 15, rate=10, milliseconds=begins, options=options)
    clip = played(path, speed=0.0)
    assert clip.video.length == pytest.approx(8.5, abs=0.1)
    clip.control.seek(6 / 8.5)
    assert clip.next(1) == [9]
    clip.control.seek(0.055)
    assert clip.next(1) == [4]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be moved there")
def test_live_a_file_that_was_moved_meanwhile_plays_on(tmp_path: Path) -> None:
    path = numbered_clip(tmp_path / "clip.mp4", 40, options=B_FRAMES)
    video, control, _ = live(path)
    path.rename(tmp_path / "elsewhere.mp4")
    found = [number_of(frame) for frame in (video.read() for _ in range(90)) if frame is not None]
    assert found == [n % 40 for n in range(len(found))]
    control.set(Transport(-1.0))
    found = [number_of(frame) for frame in (video.read() for _ in range(60)) if frame is not None]
    assert found == [n % 40 for n in range(found[0], found[0] - len(found), -1)]


def test_a_file_that_is_torn_or_cut_off_is_played_in_both_directions(tmp_path: Path) -> None:
    whole = numbered_clip(tmp_path / "whole.mkv", 60, options=B_FRAMES).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    clip = played(cut, speed=-1.0)
    found = clip.next(clip.frames)
    assert 20 < len(found) < 60
    assert found == sorted(found, reverse=True)
    assert found[3:] == list(range(len(found) - 4, -1, -1)), "the last ones may be lost"
    torn = bytearray(numbered_clip(tmp_path / "whole.mp4", 60, options=B_FRAMES).read_bytes())
    for place in random.Random(4).sample(range(1500, torn.index(b"moov") - 8), 40):
        torn[place] ^= 0xFF
    (tmp_path / "torn.mp4").write_bytes(torn)
    clip = played(tmp_path / "torn.mp4")
    assert len(clip.next(130)) == 130
    clip.control.set(Transport(-1.0))
    assert len(clip.next(130)) == 130


def test_the_order_of_a_variable_rate_is_that_of_its_times(tmp_path: Path) -> None:
    begins = [0, 100, 200, 300, 700, 750, 800, 1300, 1400]
    path = numbered_clip(
        tmp_path / "variable.mkv", len(begins), rate=10, milliseconds=begins, options=B_FRAMES
    )
    clip = played(path)
    clip.clock.fps = 20
    forwards = [0, 0, 1, 1, 2, 2] + [3] * 8 + [4, 5] + [6] * 10 + [7, 7, 8, 8]
    assert clip.next(30) == forwards
    clip.control.set(Transport(-1.0))
    clip.control.restart()
    assert clip.next(30) == forwards[::-1]
