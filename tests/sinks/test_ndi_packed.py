"""NDI sends what a card has packed from the memory into which it came down. The card's memory is
stood in for by ordinary memory, which is spoiled and used again as soon as nobody holds it."""

from __future__ import annotations

import ctypes
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.peers.ndi_watcher import find
from tests.recycled import Recycled
from tests.waiting import PATIENCE, until
from vj.core.clock import WallClock
from vj.core.frame import Frame
from vj.core.packed import Order, Packed, Packing
from vj.kernels import numpy_pack
from vj.pipeline import card_transfer
from vj.pipeline.card_transfer import OnItsWay
from vj.pipeline.coming import WayOut
from vj.sinks import SinkSettings
from vj.sinks.ndi import NdiSink
from vj.sinks.ndi_order import Lines, NdiOrder

pytest.importorskip("NDIlib", reason="needs ndi-python: pip install ndi-python")

SIDE = 64
LIVE = SinkSettings(WallClock())


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Recycled:
    made = Recycled()
    monkeypatch.setattr(card_transfer, "host_memory", made)
    return made


PACK = {"BGRX": numpy_pack.bgrx, "UYVY": numpy_pack.uyvy}


def came_down(picture: np.ndarray, order: Order = "BGRX") -> Packed:
    """A picture as it comes from a card that packs it."""
    coming = OnItsWay(
        torch.from_numpy(picture),
        torch.zeros(3),
        lambda mean, deviation, bad: True,
        WayOut(packed=Packing(order)),
        lambda there, wanted: torch.from_numpy(PACK[wanted](there.numpy())),
    )
    arrived = coming.arrived()
    assert arrived is not None
    assert isinstance(arrived.picture, Packed)
    return arrived.picture


def numbered(number: int) -> np.ndarray:
    """All of one grey, which says which it is; those that follow differ by more than NDI does."""
    return np.full((SIDE, SIDE, 3), 20 + number * 10 % 210, np.uint8)


def slow_eyes(name: str, seen: list[np.ndarray], over: threading.Event) -> None:
    """A receiver that looks at every picture for a while."""
    import NDIlib

    settings = NDIlib.RecvCreateV3()
    settings.source_to_connect_to = find(NDIlib, name, PATIENCE)
    settings.color_format = NDIlib.RECV_COLOR_FORMAT_BGRX_BGRA
    receiver = NDIlib.recv_create_v3(settings)
    while not over.is_set():
        kind, video, *_ = NDIlib.recv_capture_v2(receiver, 100)
        if kind == NDIlib.FrameType.FRAME_TYPE_VIDEO:
            seen.append(np.array(video.data)[..., :3])
            NDIlib.recv_free_video_v2(receiver, video)
            time.sleep(0.03)  # slower than they come
    NDIlib.recv_destroy(receiver)


@pytest.fixture
def sink() -> Iterator[NdiSink]:
    made = NdiSink(f"vj test {secrets.token_hex(4)}", LIVE)
    made.open(SIDE, SIDE, 60)
    yield made
    made.close()


def test_a_slow_reader_sees_whole_pictures_and_nothing_is_copied(
    memory: Recycled, sink: NdiSink
) -> None:
    seen: list[np.ndarray] = []
    over = threading.Event()
    eyes = threading.Thread(target=slow_eyes, args=(sink.name, seen, over), daemon=True)
    eyes.start()
    number = 0

    def one_more() -> bool:
        nonlocal number
        sink.send(Frame(came_down(numbered(number)), number, number / 60))
        number += 1
        time.sleep(0.005)  # the rate of the frames
        return len(seen) >= 40

    try:
        until(one_more)
    finally:
        over.set()
        eyes.join(PATIENCE)
    spread = [int(picture.max()) - int(picture.min()) for picture in seen]
    assert max(spread) <= 6, "no picture is half of another one, or of spoiled memory"
    wanted = {int(numbered(one)[0, 0, 0]) for one in range(number)}
    for picture in seen:
        assert min(abs(int(picture[0, 0, 1]) - grey) for grey in wanted) <= 2
    assert [buffer.own.size for buffer in sink._buffers] == [0, 0], "nothing was converted here"
    assert memory.made <= 5, "two pictures wait for NDI, one is made, each with its figures"


def test_ndi_is_given_the_memory_itself(
    memory: Recycled, sink: NdiSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written into it after it was handed to the binding is what is sent."""
    import NDIlib

    monkeypatch.setattr(NDIlib, "send_get_no_connections", lambda sender, wait: 1)
    given: list[tuple[np.ndarray, int]] = []

    def hand_over(sender: Any, video: Any) -> None:
        if video is not None:
            (held,) = (one.pixels for one in sink._buffers if one.video is video)
            held[0, 0] = 99
            given.append((held, int(np.array(video.data).reshape(-1)[0])))

    monkeypatch.setattr(NDIlib, "send_send_video_async_v2", hand_over)
    packed = came_down(numbered(0))
    sink.send(Frame(packed, 0, 0.0))
    ((held, first),) = given
    assert held is packed.data
    assert first == 99


class Described:
    """In place of the binding's description of a frame, which holds what it is given: this knows
    where it lies and holds nothing, as NDI does."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "data":
            value = value.ctypes.data
        object.__setattr__(self, name, value)


def test_memory_is_nobodys_before_ndi_has_let_it_go(
    memory: Recycled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packed pictures and others in turn, and of another size; a recorder that still holds one."""
    import NDIlib

    lent: list[tuple[int, bytes]] = []

    def hand_over(sender: Any, video: Any) -> None:
        if lent:
            place, then = lent.pop()
            assert ctypes.string_at(place, len(then)) == then, "NDI's picture was painted over"
        if video is not None:
            count = video.yres * video.line_stride_in_bytes
            lent.append((video.data, ctypes.string_at(video.data, count)))

    monkeypatch.setattr(NDIlib, "send_get_no_connections", lambda sender, wait: 1)
    monkeypatch.setattr(NDIlib, "VideoFrameV2", Described)
    monkeypatch.setattr(NDIlib, "send_send_video_async_v2", hand_over)
    sink = NdiSink(f"vj test {secrets.token_hex(4)}", LIVE)
    sink.open(SIDE, SIDE, 60)
    recorded = came_down(numbered(3))
    for number in range(40):
        picture = numbered(number)
        if number % 7 == 6:
            picture = picture[: SIDE // 2].copy()
        sink.send(Frame(picture if number % 3 == 2 else came_down(picture), number, 0.0))
    sink.close()
    assert np.array_equal(recorded.rgb, numbered(3))


def test_rgb_is_made_once_and_exact(memory: Recycled) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (30, 50, 3), np.uint8)
    packed = came_down(picture)
    assert packed.shape == (30, 50, 3)
    assert not packed.unpacked
    frame = Frame(packed, 0, 0.0)
    assert (frame.size.width, frame.size.height) == (50, 30)
    assert not packed.unpacked, "asking for its size makes nothing"
    assert np.array_equal(frame.pixels, picture)
    assert frame.pixels is frame.pixels
    assert np.array_equal(packed.data, cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA))


# NDI's own order.


def painted(width: int = 96) -> np.ndarray:
    """Soft colours of every kind."""
    small = np.random.default_rng(3).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(small, (width, 64), interpolation=cv2.INTER_CUBIC)


def lines_of(lines: Lines, height: int) -> np.ndarray:
    return np.asarray(lines.memory).reshape(height, lines.stride)


@pytest.mark.parametrize("width", [96, 98, 130])
def test_made_here_and_on_a_card_it_is_the_same_but_for_roundings(width: int) -> None:
    """A frame between two painted ones, say, is made here: the eye must not see which is which."""
    picture, own = painted(width), np.empty((0, 0, 4), np.uint8)
    here = NdiOrder(uyvy=True).of(picture, own)
    packed = Packed(numpy_pack.uyvy(picture), "UYVY")
    card = NdiOrder(uyvy=True).of(packed, own)
    assert (here.fourcc, card.fourcc) == ("UYVY", "UYVY")
    assert card.memory is packed.data
    one = lines_of(here, 64)[:, : 2 * width].astype(int)
    two = lines_of(card, 64).astype(int)
    assert np.abs(one - two).max() <= 1
    assert abs(float((one - two).mean())) < 0.05


def test_each_sink_gets_its_own_order_of_what_comes() -> None:
    picture, own = painted(), np.empty((0, 0, 4), np.uint8)
    wanted = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA)
    bgrx, uyvy = NdiOrder(uyvy=False), NdiOrder(uyvy=True)
    with_rgb = Packed(numpy_pack.uyvy(picture), "UYVY", picture)
    assert np.array_equal(bgrx.of(with_rgb, own).memory, wanted)
    assert uyvy.of(Packed(wanted), own).fourcc == "UYVY"
    lines = uyvy.of(np.dstack([picture, picture[..., 0]]), own)
    assert (lines.fourcc, lines.memory.shape) == ("BGRA", (64, 96, 4))
    assert lines.own is lines.memory, "it is written into again"
    odd = uyvy.of(picture[:, :95].copy(), own)
    assert (odd.fourcc, odd.stride) == ("BGRX", 95 * 4)


def test_rgb_of_what_came_as_uyvy_alone_is_near_and_what_came_along_is_exact() -> None:
    picture = painted()
    packed = numpy_pack.uyvy(picture)
    near = Packed(packed, "UYVY").rgb
    assert np.abs(near.astype(int) - picture).mean() < 1.5
    assert cv2.PSNR(near, picture) > 38
    assert Packed(packed, "UYVY", picture).rgb is picture


def test_an_odd_width_comes_down_as_bgrx(memory: Recycled) -> None:
    packed = came_down(painted()[:, :95].copy(), "UYVY")
    assert packed.order == "BGRX"
    assert packed.shape == (64, 95, 3)


def test_grey_arrives_as_grey() -> None:
    """By NDI's own conversion it would be (127, 127, 125)."""
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    for picture in (grey, Packed(numpy_pack.uyvy(grey), "UYVY")):
        sink = NdiSink(f"vj test {secrets.token_hex(4)}", replace(LIVE, pixels="uyvy"))
        sink.open(SIDE, SIDE, 60)
        seen: list[np.ndarray] = []
        over = threading.Event()
        eyes = threading.Thread(target=slow_eyes, args=(sink.name, seen, over), daemon=True)
        eyes.start()

        def one_more(sink: NdiSink = sink, picture: Any = picture, seen: Any = seen) -> bool:
            sink.send(Frame(picture, 0, 0.0))
            time.sleep(0.005)  # the rate of the frames
            return len(seen) >= 3

        try:
            until(one_more)
        finally:
            over.set()
            eyes.join(PATIENCE)
            sink.close()
        middle = seen[-1][SIDE // 2, SIDE // 2].astype(int)
        assert np.ptp(middle) == 0, middle
        assert abs(middle[0] - 128) <= 1
