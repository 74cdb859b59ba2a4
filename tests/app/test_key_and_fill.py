"""Several outputs of one frame, as other programs get them: key and fill, alpha, parts of a wall;
and what a saved show changes of them while they play."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.peers.ndi_watcher import find
from tests.sinks.test_recorder import frames_of
from tests.waiting import PATIENCE, until
from vj.app.chosen import Chosen
from vj.app.chosen import played as played_show
from vj.app.chosen import sinks as sinks_of
from vj.app.offline import Rendering
from vj.app.sink_group import SinkGroup
from vj.core.clock import WallClock
from vj.core.frame import Frame, OutputFrame
from vj.core.metrics import Metrics
from vj.show.load import check_show
from vj.sinks.mark import Mark

CELL = 32
"""Pixels of a side of a square that holds a bit."""


def coded(number: int) -> np.ndarray:
    """(64, 128, 3) whose squares hold a number of 8 bits."""
    bits = np.array([number >> bit & 1 for bit in range(8)], np.uint8).reshape(2, 4)
    return np.repeat((40 + 180 * bits).repeat(CELL, 0).repeat(CELL, 1)[..., None], 3, axis=2)


def number_in(pixels: np.ndarray) -> int:
    middle = pixels[CELL // 2 :: CELL, CELL // 2 :: CELL].reshape(-1)
    return sum(1 << bit for bit, level in enumerate(middle) if level > 128)


def frame(number: int, at: float) -> OutputFrame:
    """The same number in the picture and in the mask."""
    return OutputFrame(coded(number), number, at, views={"mask": coded(number)})


class Receiver:
    """Another program's view of an NDI source: by timecode, the pixels (H, W, 4) BGRA."""

    def __init__(self, library: Any, name: str) -> None:
        self._library = library
        settings = library.RecvCreateV3()
        settings.source_to_connect_to = find(library, name, PATIENCE)
        settings.color_format = library.RECV_COLOR_FORMAT_BGRX_BGRA
        self._receiver = library.recv_create_v3(settings)
        self.seen: dict[int, np.ndarray] = {}

    def look(self) -> None:
        kind, video, *_ = self._library.recv_capture_v2(self._receiver, 1)
        if kind == self._library.FrameType.FRAME_TYPE_VIDEO:
            self.seen[video.timecode] = np.array(video.data)
            self._library.recv_free_video_v2(self._receiver, video)

    def close(self) -> None:
        self._library.recv_destroy(self._receiver)


def test_key_and_fill_over_ndi_are_of_the_same_frame_and_alpha_in_one() -> None:
    ndi = pytest.importorskip("NDIlib", reason="needs ndi-python: pip install ndi-python")
    name, clock, messages = f"vj-{secrets.token_hex(4)}", WallClock(), []
    uris = [f"ndi:{name}", f"ndi:{name}-key?show=mask", f"ndi:{name}-both?alpha=mask"]
    sinks = SinkGroup(uris, 30, clock, Metrics(), messages.append)
    assert sinks.views == {"mask"}
    sinks.start()
    number = 0

    def one_more() -> None:
        nonlocal number
        number += 1
        sinks.put(frame(number % 256, clock.now()))

    receivers: list[Receiver] = []
    try:
        until(lambda: (one_more(), len(sinks.sender_names()) == 3)[1], lambda: sinks.states())
        receivers += [Receiver(ndi, one) for one in (name, f"{name}-key", f"{name}-both")]
        fill, key, both = receivers

        def paired() -> list[int]:
            one_more()
            for receiver in receivers:
                for _ in range(3):
                    receiver.look()
            return sorted(fill.seen.keys() & key.seen.keys() & both.seen.keys())

        until(lambda: len(paired()) >= 10, lambda: [sorted(one.seen)[-3:] for one in receivers])
        for timecode in paired():
            shown = number_in(fill.seen[timecode][..., 1])
            assert number_in(key.seen[timecode][..., 1]) == shown, "the key is of the same frame"
            rgba = both.seen[timecode]
            assert number_in(rgba[..., 1]) == number_in(rgba[..., 3]) == shown
            expected = coded(shown)[..., 0].astype(int)
            assert np.abs(rgba[..., 3].astype(int) - expected).max() <= 2, "straight alpha"
            assert fill.seen[timecode][..., 3].min() == 255
        assert len({number_in(one[..., 1]) for one in fill.seen.values()}) > 5
        assert messages == []
    finally:
        for receiver in receivers:
            receiver.close()
        sinks.stop()


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SinkGroup]:
    monkeypatch.chdir(tmp_path)

    def begin(*uris: str) -> SinkGroup:
        sinks = SinkGroup(uris, 30, WallClock(), Metrics(), print)
        sinks.start()
        return sinks

    return begin


def put_until(sinks: SinkGroup, uri: str, count: int) -> None:
    def one_more() -> bool:
        sinks.put(frame(7, 0.0))
        return sinks.sent()[uri] >= count

    until(one_more, sinks.states)


def test_a_saved_rule_changes_what_an_open_sink_shows(played: Callable[..., SinkGroup]) -> None:
    sinks = played("record:a/", "record:b/?show=mask")
    put_until(sinks, "record:b/?show=mask", 3)
    before = list(sinks._runners)
    sinks.use(sinks.prepare(["record:a/", "record:b/?show=mask&crop=left-half"]))
    assert sinks._runners == before, "neither was opened again"
    put_until(sinks, "record:b/?show=mask&crop=left-half", 6)
    sinks.use(sinks.prepare(["record:a/"]))
    assert sinks.views == frozenset(), "what nobody shows is not made any more"
    put_until(sinks, "record:a/", 8)
    sinks.stop()
    until(lambda: not any(runner._thread and runner._thread.is_alive() for runner in before))
    wide, narrow = (cv2.imread(str(sorted(Path("b").glob("*.png"))[at])) for at in (0, -1))
    assert wide is not None
    assert narrow is not None
    assert (wide.shape[1], narrow.shape[1]) == (128, 64)


def test_a_movie_whose_part_changes_goes_on_in_a_new_file(
    played: Callable[..., SinkGroup],
) -> None:
    sinks = played("record:a.mkv")
    put_until(sinks, "record:a.mkv", 3)
    sinks.use(sinks.prepare(["record:a.mkv?crop=left-half"]))
    put_until(sinks, "record:a.mkv?crop=left-half", 6)
    before = list(sinks._runners)
    sinks.stop()
    until(lambda: not any(runner._thread and runner._thread.is_alive() for runner in before))
    assert frames_of(Path("a.mkv"))[0][1].shape[1] == 128
    assert frames_of(Path("a-2.mkv"))[0][1].shape[1] == 64


def test_frames_without_the_picture_are_left_out(played: Callable[..., SinkGroup]) -> None:
    sinks = played("record:b/?show=mask", "record:a/")

    def one_more() -> bool:
        sinks.put(Frame(coded(3), 0, 0.0))
        return sinks.sent()["record:a/"] > 2

    until(one_more)
    assert sinks.sent()["record:b/?show=mask"] == 0
    sinks.stop()


def test_a_performer_chooses_outputs_by_place_and_picture() -> None:
    show = check_show({"sinks": ["preview", "ndi:vj", {"to": "ndi:vj-2", "show": "mask"}]}, "x")
    assert sinks_of(show) == {"ndi:vj": "ndi:vj", "ndi:vj-2 mask": "ndi:vj-2?show=mask"}
    chosen = played_show(show, Chosen(sinks=("ndi:vj-2 mask",)))
    assert chosen.sinks == ["preview", "ndi:vj-2?show=mask"]


def test_only_what_a_model_has_painted_is_marked(
    played: Callable[..., SinkGroup], monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = Mark("0.1.0", "pocket", "Kiss", "trainedAlgorithmicMedia")
    sinks = played("record:a/?show=mask", "record:b/")
    sinks.mark = lambda: mark
    put_until(sinks, "record:a/?show=mask", 2)
    sinks.use(sinks.prepare(["record:a/?crop=left-half", "record:b/"]))
    put_until(sinks, "record:a/?crop=left-half", 4)
    sinks.stop()
    until(
        lambda: not any(runner._thread and runner._thread.is_alive() for runner in sinks._runners)
    )
    files = sorted(Path("a").glob("*.png"))
    assert mark.comment.encode() not in files[0].read_bytes()
    assert mark.comment.encode() in files[-1].read_bytes(), "as soon as it shows what is painted"
    assert mark.comment.encode() in Path("b/000000.png").read_bytes()

    monkeypatch.setattr("vj.app.offline.mark_of", lambda *given: mark)
    Rendering(check_show(WALL, "wall.yaml"), print, seconds=0.1).run()
    for folder, marked in (("final", True), ("key", False), ("in", False), ("left", True)):
        data = Path(f"{folder}/000000.png").read_bytes()
        assert (mark.comment.encode() in data) is marked, folder


WALL = {
    "show": "Wall",
    "size": "64x64",
    "output": "96x96",
    "upscale": "lanczos",
    "source": "testcard",
    "model": "none",
    "start": {"mask/mode": "luma", "mix/wet": 0.5, "picture/saturation": 0},
    "sinks": [
        "record:final/",
        {"to": "record:key/", "show": "mask"},
        {"to": "record:in/", "show": "input"},
        {"to": "record:left/", "crop": "left third"},
        {"to": "record:rest/", "crop": [1 / 3, 0, 2 / 3, 1]},
        {"to": "record:both.mkv", "alpha": "mask", "codec": "ffv1"},
        {"to": "record:lines/", "show": "lines", "size": "32x32"},
    ],
}


def test_offline_every_frame_has_its_key_its_alpha_and_its_parts_twice_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rendered(folder: str) -> dict[str, bytes]:
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        assert Rendering(check_show(WALL, "wall.yaml"), print, seconds=0.2).run() == 6
        files = sorted(path for path in Path().rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}

    first = rendered("one")
    assert rendered("two") == first
    assert len(first) == 6 * 6 + 1

    def picture(name: str, number: int) -> np.ndarray:
        read = cv2.imread(f"{name}/{number:06d}.png", cv2.IMREAD_COLOR)
        assert read is not None
        return read

    import av

    with av.open("both.mkv") as movie:
        both = [one.to_ndarray(format="bgra") for one in movie.decode(video=0)]
    for number in range(6):
        final, key = picture("final", number), picture("key", number)
        assert final.shape == key.shape == picture("in", number).shape == (96, 96, 3)
        parts = [picture("left", number), picture("rest", number)]
        assert np.array_equal(np.hstack(parts), final)
        assert np.array_equal(both[number], np.dstack([final, key[..., 0]]))
        assert picture("lines", number).shape == (32, 32, 3)
        assert 0 < key.mean() < 255
        assert picture("in", number).std(axis=2).max() > 20, "the input keeps its colours"
        assert final.std(axis=2).max() < 2
