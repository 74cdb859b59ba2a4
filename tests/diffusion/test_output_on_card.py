"""How a picture leaves a card: as large as it is sent, packed, in one way down; the same as the
host would have made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from tests.card_log import Log
from tests.diffusion.adapter_parts import SIZE
from tests.diffusion.card_models import OnCard, model_of
from tests.kernels.kernels_as_c import Compiled, stand_in_for_cupy
from tests.pretended_card import CARD, PretendedCard
from tests.recycled import Recycled
from tests.waiting import until
from vj.app.output_upscale import OutputUpscaler
from vj.app.sink_group import SinkGroup
from vj.core.clock import WallClock
from vj.core.frame import Frame, Guide, OutputFrame, Size
from vj.core.metrics import Metrics
from vj.core.packed import Packed, Pixels, rgb_of
from vj.diffusion import noise_align
from vj.kernels import body, cupy_guided, guided_body, pack_body, upscale_body
from vj.parameters.store import Store
from vj.pipeline import card_transfer
from vj.pipeline.card_upscale import FsrOnCard, FsrUpscaler, SpareTime
from vj.pipeline.coming import AS_PAINTED, Arrived, WayOut
from vj.pipeline.cuda_compositor import CudaCompositor

PAINTED, WIDE, SAME_SHAPE = Size(64, 48), Size(160, 90), Size(128, 96)
CPU = torch.device("cpu")
TEXTS = {"packing": pack_body, "upscaling": upscale_body, "guiding": guided_body}


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Compiled]]:
    folders = {name: tmp_path_factory.mktemp(name) for name in (*TEXTS, "blending")}
    made = {
        name: (text.CUDA_SOURCE, Compiled(folders[name], text.C_SOURCE))
        for name, text in TEXTS.items()
    }
    return {**made, "": (body.CUDA_SOURCE, Compiled(folders["blending"], body.C_SOURCE))}


@pytest.fixture
def memory(in_c: dict[str, tuple[str, Compiled]], monkeypatch: pytest.MonkeyPatch) -> Recycled:
    """The card's host code, on the CPU; what comes down lies in memory that is spoiled as soon as
    nobody holds it."""
    others = {name: one for name, one in in_c.items() if name}
    stand_in_for_cupy(monkeypatch, in_c[""][1], body.CUDA_SOURCE, torch.float32, **others)
    stream = SimpleNamespace(synchronize=lambda: None)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda one: nullcontext())
    made = Recycled()
    monkeypatch.setattr(card_transfer, "host_memory", made)
    return made


class Plenty(SpareTime):
    """There is always time."""

    enough = True


class Frames:
    """A compositor on the card, and what it is given: another input and another generated image in
    every frame."""

    def __init__(self) -> None:
        self.compositor = CudaCompositor(PAINTED, CPU, torch.float32)
        self.snapshot = Store({"picture/sharpen": 0.4, "blend/smoothing": 0.5}).sample(0.0)

    def paint(self, number: int, way: WayOut = AS_PAINTED) -> Arrived:
        rng = np.random.default_rng(number)
        small = rng.integers(0, 256, (6, 8, 3), np.uint8)
        image = cv2.resize(small, PAINTED, interpolation=cv2.INTER_CUBIC)
        painted = torch.from_numpy(image[::-1].copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        self.compositor.way_out = way
        arrived = self.compositor.postprocess(painted, image, self.snapshot).arrived()
        assert arrived is not None
        return arrived


def guide_of(number: int) -> Guide:
    rng = np.random.default_rng(100 + number)
    small = rng.integers(0, 256, (9, 12, 3), np.uint8)
    pixels = cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC)
    image = cv2.resize(pixels, PAINTED, interpolation=cv2.INTER_AREA)
    mask = rng.integers(0, 256, (PAINTED.height, PAINTED.width), np.uint8)
    return Guide(pixels, image, "crop", 0.3, mask if number % 2 else None)


@pytest.mark.parametrize("output", [WIDE, SAME_SHAPE], ids=["cut", "whole"])
@pytest.mark.parametrize("packed", [False, True], ids=["RGB", "packed"])
def test_it_is_to_the_bit_what_the_host_would_send(
    memory: Recycled, output: Size, packed: bool
) -> None:
    """Pictures of many frames at once, led by their inputs and not: nothing of one gets into
    another."""
    fsr = FsrOnCard(PAINTED, output, CPU, Plenty())
    host = FsrUpscaler(PAINTED, output, "cpu", lambda: packed)
    one, other = Frames(), Frames()
    came, wanted = [], []
    for number in range(6):
        guide = guide_of(number) if number % 3 else None
        came.append(one.paint(number, WayOut(fsr, guide, packed)))
        plain = other.paint(number)
        assert plain.sent is None
        picture = rgb_of(plain.picture)
        large = host.upscale(picture, guide)
        assert isinstance(large, Packed) == packed, "as what goes up for it and comes down"
        wanted.append((picture, rgb_of(large)))
    for arrived, (picture, large) in zip(came, wanted, strict=True):
        assert arrived.sent is not None
        assert isinstance(arrived.sent, Packed) == packed
        assert np.array_equal(rgb_of(arrived.picture), picture)
        assert np.array_equal(rgb_of(arrived.sent), large)
        if isinstance(arrived.sent, Packed):
            assert np.array_equal(arrived.sent.bgrx, cv2.cvtColor(large, cv2.COLOR_RGB2BGRA))
    assert not np.array_equal(wanted[1][1], rgb_of(host.upscale(wanted[1][0]))), "the guide leads"


def test_without_an_output_size_the_packed_picture_is_all_that_comes_down(
    memory: Recycled,
) -> None:
    one, other = Frames(), Frames()
    for number in range(3):
        arrived = one.paint(number, WayOut(packed=True))
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
    assert frames.paint(1, WayOut(fsr, None, True)).sent is not None, "without one it is no matter"
    for _ in range(60):
        time.waited(0.010)
    assert not time.enough
    arrived = frames.paint(2, WayOut(fsr, guide, True))
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


def test_memory_is_used_again_and_never_before_it_is_let_go(memory: Recycled) -> None:
    """A recorder holds each fourth picture."""
    fsr, frames = FsrOnCard(PAINTED, WIDE, CPU), Frames()
    held: list[tuple[Pixels, bytes]] = []
    for number in range(40):
        arrived = frames.paint(number, WayOut(fsr, None, True))
        if number % 4 == 0:
            assert arrived.sent is not None
            held.append((arrived.sent, rgb_of(arrived.sent).tobytes()))
    assert memory.made <= 10 + 3 + 3, "ten are held"
    for picture, then in held:
        assert isinstance(picture, Packed)
        assert picture.bgrx[..., 2::-1].tobytes() == then


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
    arrived = Frames().paint(1, WayOut(Full(), None, True, told.append))
    assert arrived.sent is None
    assert np.array_equal(rgb_of(arrived.picture), rgb_of(Frames().paint(1).picture))
    assert len(told) == 1


@pytest.fixture
def upscaling(memory: Recycled) -> Iterator[tuple[OutputUpscaler, list[Frame], list[str]]]:
    got: list[Frame] = []
    messages: list[str] = []
    made = OutputUpscaler(
        FsrUpscaler(PAINTED, WIDE, "cpu"), got.append, Metrics(), messages.append, painted=PAINTED
    )
    yield made, got, messages
    made.stop()


def test_pictures_leave_in_their_order_whoever_made_them_larger(
    upscaling: tuple[OutputUpscaler, list[Frame], list[str]],
) -> None:
    """What a card made is passed on; what it did not, or for another output, is made here."""
    upscaler, got, messages = upscaling
    frames, view = Frames(), np.zeros((PAINTED.height, PAINTED.width, 3), np.uint8)
    before = FsrOnCard(PAINTED, SAME_SHAPE, CPU)
    for number in range(9):
        on_card = (upscaler.on_card, None, before)[number % 3]
        arrived = frames.paint(number, WayOut(on_card, None, True))
        frame = OutputFrame(arrived.picture, number, 0.0, views={"mask": view}, sent=arrived.sent)
        upscaler.put(frame)
        until(lambda count=number: len(got) == count + 1)  # type: ignore[misc]
        sent = got[-1]
        assert isinstance(sent, OutputFrame)
        assert (sent.number, sent.size, sent.sent, sent.guide) == (number, WIDE, None, None)
        assert sent.views["mask"].shape == (WIDE.height, WIDE.width, 3)
        assert isinstance(sent.picture, Packed) == (number % 3 == 0)
        wanted = FsrUpscaler(PAINTED, WIDE, "cpu").upscale(rgb_of(arrived.picture))
        assert np.array_equal(sent.pixels, wanted)
    upscaler.leave_card(RuntimeError("no memory"))
    upscaler.leave_card(RuntimeError("no memory"))
    assert upscaler.on_card is None
    assert len(messages) == 1
    assert "upscaling on the card failed (RuntimeError: no memory); it is done bes" in messages[0]


@pytest.mark.parametrize(
    ("uris", "packed"),
    [
        (["ndi:one", "record:out.mp4"], True),
        (["ndi:one?crop=left-half"], False),
        (["ndi:one?show=mask", "record:out.mp4"], False),
        (["record:out.mp4"], False),
        ([], False),
    ],
)
def test_pictures_are_packed_where_ndi_takes_them_whole(uris: list[str], packed: bool) -> None:
    group = SinkGroup(uris, 30.0, WallClock(), Metrics(), print)
    assert group.packed is packed
    assert SinkGroup(["ndi:other"], 30.0, WallClock(), Metrics(), print).packed


# What it costs on a card.


@pytest.fixture
def card() -> Iterator[PretendedCard]:
    with PretendedCard().inserted() as card:
        yield card
    noise_align._kernels.cache_clear()


LARGE = Size(2 * SIZE.width, 2 * SIZE.height)


def input_of(size: Size) -> Guide:
    pixels = np.zeros((4 * size.height, 4 * size.width, 3), np.uint8)
    image = np.zeros((size.height, size.width, 3), np.uint8)
    return Guide(pixels, image, "crop", 0.3, image[..., 0])


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "in steps"])
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
    log = frame(WayOut(fsr, input_of(SIZE), packed=True))
    log = frame(WayOut(fsr, input_of(SIZE), packed=True))
    assert [line.partition(":")[0] for line in log.waits] == ["vj/pipeline/card_transfer.py"]
    pixels, large = SIZE.width * SIZE.height, LARGE.width * LARGE.height
    assert [one.bytes for one in log.down] == [4 * large, 3 * pixels, 3 * 4]
    assert all(one.later for one in (*log.up, *log.down))
    added = [one.bytes for one in log.up if one.where == "FsrOnCard.of"]
    assert added == [pixels, large, pixels], "lumas of the input, and the mask"
    assert len(log.up) == len(plain.up) + 3
    kernels = [one.name for one in log.ran[-7:]]
    assert kernels == ["vj_easu", "vj_rcas", *cupy_guided._NAMES, "vj_bgrx"]
    packed = frame(WayOut(packed=True))
    assert [one.bytes for one in packed.down] == [4 * pixels, 3 * 4]
    assert len(packed.up) == len(plain.up)
    assert len(packed.ran) == len(plain.ran) + 1, "one kernel more, and nothing is made anew"
