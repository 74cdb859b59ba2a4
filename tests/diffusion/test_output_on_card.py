"""How a picture leaves a card: as large as it is sent, packed, in one way down; the same as the
host would have made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.card_log import Log
from tests.diffusion.adapter_parts import SIZE
from tests.diffusion.card_models import OnCard, model_of
from tests.diffusion.leaving import CPU, PAINTED, SAME_SHAPE, WIDE, Frames, Plenty, guide_of
from tests.pretended_card import CARD, PretendedCard
from tests.recycled import Recycled
from vj.core.frame import Guide, Size
from vj.core.packed import Packed, Packing, Pixels, rgb_of
from vj.diffusion import noise_align
from vj.kernels import cupy_guided, numpy_pack
from vj.pipeline.card_upscale import AreaOnCard, FsrOnCard, FsrUpscaler, SpareTime
from vj.pipeline.coming import AS_PAINTED, WayOut
from vj.pipeline.upscale import CpuUpscaler, make_upscaler

BGRX, UYVY = Packing(), Packing("UYVY")


@pytest.mark.parametrize("output", [WIDE, SAME_SHAPE], ids=["cut", "whole"])
@pytest.mark.parametrize("packing", [None, BGRX, UYVY, Packing("UYVY", True)], ids=str)
def test_it_is_to_the_bit_what_the_host_would_send(
    memory: Recycled, output: Size, packing: Packing | None
) -> None:
    """Pictures of many frames at once, led by their inputs and not: nothing of one gets into
    another."""
    fsr = FsrOnCard(PAINTED, output, CPU, Plenty())
    host = FsrUpscaler(PAINTED, output, "cpu", lambda: packing)
    one, other = Frames(), Frames()
    came, wanted = [], []
    for number in range(6):
        guide = guide_of(number) if number % 3 else None
        came.append(one.paint(number, WayOut(fsr, guide, packing)))
        plain = other.paint(number)
        assert plain.sent is None
        picture = rgb_of(plain.picture)
        large = host.upscale(picture, guide)
        wanted.append((picture, large))
    for arrived, (picture, large) in zip(came, wanted, strict=True):
        assert arrived.sent is not None
        assert np.array_equal(rgb_of(arrived.picture), picture)
        assert np.array_equal(rgb_of(arrived.sent), rgb_of(large))
        if packing is None:
            assert isinstance(arrived.sent, np.ndarray)
            continue
        assert isinstance(arrived.sent, Packed)
        assert isinstance(large, Packed)
        assert arrived.sent.order == large.order == packing.order
        assert np.array_equal(arrived.sent.data, large.data)
        if packing != UYVY:
            pack = {"BGRX": numpy_pack.bgrx, "UYVY": numpy_pack.uyvy}[packing.order]
            assert np.array_equal(arrived.sent.data, pack(rgb_of(large)))
    if packing is None:
        assert not np.array_equal(wanted[1][1], host.upscale(wanted[1][0])), "the guide leads"


def test_without_an_output_size_the_packed_picture_is_all_that_comes_down(
    memory: Recycled,
) -> None:
    one, other = Frames(), Frames()
    for number in range(3):
        arrived = one.paint(number, WayOut(packed=BGRX))
        assert arrived.sent is None
        assert isinstance(arrived.picture, Packed)
        assert np.array_equal(arrived.picture.rgb, rgb_of(other.paint(number).picture))
    assert isinstance(one.paint(9).picture, np.ndarray), "one way out is for one picture"


def test_a_guide_is_followed_there_while_the_render_thread_would_wait_anyway(
    memory: Recycled,
) -> None:
    """What the input's edges have to give is found on the host. Until it is known how long that
    takes, and where the card does not take longer, the thread beside does it."""
    time = SpareTime()
    fsr, frames, guide = FsrOnCard(PAINTED, WIDE, CPU, time), Frames(), guide_of(1)
    shape = (PAINTED.height, PAINTED.width, 3)
    assert frames.paint(1, WayOut(fsr, None, BGRX)).sent is not None, "without one it is no matter"
    for _ in range(60):
        time.waited(0.010)
    assert not time.enough
    arrived = frames.paint(2, WayOut(fsr, guide, BGRX))
    assert arrived.sent is None
    assert isinstance(arrived.picture, np.ndarray), "it is not sent as it is"
    time.found(0.004)
    assert fsr.takes(shape, guide)
    time.found(0.030)  # a camera of four times the size
    assert not fsr.takes(shape, guide)
    for _ in range(60):  # it is gone again
        time.found(0.004)
        time.waited(0.010)
    assert fsr.takes(shape, guide)
    for _ in range(60):
        time.waited(0.001)  # the host has enough to do by itself
    assert not fsr.takes(shape, guide)


def test_the_thread_beside_tells_how_long_a_guide_takes(memory: Recycled) -> None:
    upscaler = FsrUpscaler(PAINTED, WIDE, "cpu")
    shape = (PAINTED.height, PAINTED.width, 3)
    for _ in range(40):
        upscaler.on_card.waited(1.0)
    assert not upscaler.on_card.takes(shape, guide_of(1))
    upscaler.upscale(rgb_of(Frames().paint(1).picture), guide_of(1))
    assert upscaler.on_card.takes(shape, guide_of(1))


@pytest.mark.parametrize("wanted", [Size(32, 24), Size(41, 31), Size(40, 20), Size(64, 36)])
def test_an_output_that_is_smaller_is_made_on_the_card_too(memory: Recycled, wanted: Size) -> None:
    """By halves and other shares, and with another shape: within 1 of what the host makes."""
    smaller, host = AreaOnCard(PAINTED, wanted, CPU), CpuUpscaler(wanted)
    one, other = Frames(), Frames()
    for number in range(3):
        arrived = one.paint(number, WayOut(smaller, guide_of(1), BGRX))
        picture = rgb_of(other.paint(number).picture)
        assert isinstance(arrived.sent, Packed)
        assert smaller.makes(arrived.sent.shape)
        assert np.array_equal(rgb_of(arrived.picture), picture)
        difference = np.abs(arrived.sent.rgb.astype(int) - host.upscale(picture))
        assert difference.max() <= 1
        assert difference.mean() < 0.1


def test_memory_is_used_again_and_never_before_it_is_let_go(memory: Recycled) -> None:
    """A recorder holds each fourth picture."""
    fsr, frames = FsrOnCard(PAINTED, WIDE, CPU), Frames()
    held: list[tuple[Pixels, bytes]] = []
    for number in range(40):
        arrived = frames.paint(number, WayOut(fsr, None, BGRX))
        if number % 4 == 0:
            assert arrived.sent is not None
            held.append((arrived.sent, rgb_of(arrived.sent).tobytes()))
    assert memory.made <= 10 + 3 + 3, "ten are held"
    for picture, then in held:
        assert isinstance(picture, Packed)
        assert picture.data[..., 2::-1].tobytes() == then


def test_a_card_that_fails_lets_the_picture_down_as_it_was_painted(memory: Recycled) -> None:
    class Full:
        def takes(self, shape: tuple[int, ...], guide: Guide | None) -> bool:
            return shape[:2] == (PAINTED.height, PAINTED.width)

        def waited(self, seconds: float) -> None: ...

        def makes(self, shape: tuple[int, ...]) -> bool:
            return True

        def of(self, picture: torch.Tensor, guide: Guide | None) -> torch.Tensor:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    told: list[Exception] = []
    arrived = Frames().paint(1, WayOut(Full(), None, BGRX, told.append))
    assert arrived.sent is None
    assert np.array_equal(rgb_of(arrived.picture), rgb_of(Frames().paint(1).picture))
    assert len(told) == 1


@pytest.fixture
def card() -> Iterator[PretendedCard]:
    with PretendedCard().inserted() as card:
        yield card
    noise_align._kernels.cache_clear()


def test_a_smaller_output_waits_for_nothing(parts: Path, card: PretendedCard) -> None:
    played = OnCard(card, model_of(parts, "lcm"), torch.float16)
    made = make_upscaler("auto", SIZE, Size(32, 32), "cuda", print)
    assert isinstance(made, CpuUpscaler)
    assert made.on_card is not None
    for _ in range(2):
        played.compositor.way_out = WayOut(made.on_card, None, UYVY)
        log = played.whole()
    assert [one.bytes for one in log.down] == [2 * 32 * 32, 3 * SIZE.width * SIZE.height, 3 * 4]
    assert all(one.later for one in (*log.up, *log.down))
    assert not [one for one in log.up if one.where.startswith("AreaOnCard")]


LARGE = Size(2 * SIZE.width, 2 * SIZE.height)


def input_of(size: Size) -> Guide:
    pixels = np.zeros((4 * size.height, 4 * size.width, 3), np.uint8)
    image = np.zeros((size.height, size.width, 3), np.uint8)
    return Guide(pixels, image, "crop", 0.3, image[..., 0])


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(True, id="whole"),
        pytest.param(False, id="in steps", marks=pytest.mark.long),
    ],
)
def test_larger_and_packed_it_goes_down_once_and_nothing_waits(
    parts: Path, card: PretendedCard, whole: bool
) -> None:
    played = OnCard(card, model_of(parts, "lcm"), torch.float16, **{"feedback/amount": 0.5})
    fsr = FsrOnCard(SIZE, LARGE, CARD, Plenty())

    def frame(way: WayOut) -> Log:
        played.compositor.way_out = way
        return played.whole() if whole else played.steps()

    frame(AS_PAINTED)  # what is made once
    plain = frame(AS_PAINTED)
    log = frame(WayOut(fsr, input_of(SIZE), packed=BGRX))
    log = frame(WayOut(fsr, input_of(SIZE), packed=BGRX))
    assert [line.partition(":")[0] for line in log.waits] == ["vj/pipeline/card_transfer.py"]
    pixels, large = SIZE.width * SIZE.height, LARGE.width * LARGE.height
    assert [one.bytes for one in log.down] == [4 * large, 3 * pixels, 3 * 4]
    assert all(one.later for one in (*log.up, *log.down))
    added = [one.bytes for one in log.up if one.where == "FsrOnCard.of"]
    assert added == [pixels, large, pixels], "lumas of the input, and the mask"
    assert len(log.up) == len(plain.up) + 3
    kernels = [one.name for one in log.ran[-7:]]
    assert kernels == ["vj_easu", "vj_rcas", *cupy_guided._NAMES, "vj_bgrx"]
    packed = frame(WayOut(packed=BGRX))
    assert [one.bytes for one in packed.down] == [4 * pixels, 3 * 4]
    assert len(packed.up) == len(plain.up)
    assert len(packed.ran) == len(plain.ran) + 1, "one kernel more, and nothing is made anew"
