"""The GPU's kernels without a GPU: the same text through the C compiler against NumPy, and through
NVIDIA's compiler for real cards."""

from __future__ import annotations

import ctypes
import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.kernels.kernels_as_c import OPTIONS, Compiled, stand_in_for_cupy
from vj.core.errors import Unavailable
from vj.core.kinds import BLEND_MODES
from vj.kernels import (
    cupy_guided,
    cupy_ops,
    field_body,
    guided_body,
    numpy_ops,
    pack_body,
    ride_body,
    upscale_body,
)
from vj.kernels.body import C_SOURCE, CUDA_SOURCE, MODE_CODES
from vj.kernels.cupy_ops import TemporalKernels, as_bits
from vj.kernels.preamble import BLOCK, BLOCKS, C_PREAMBLE
from vj.kernels.settings import NEUTRAL, BlendSettings, colour_matrix, feedback_matrix

KERNELS = ("vj_feedback", "vj_blend", "vj_sharpen")
ROUNDED = r"""
VJ_KERNEL vj_rounded(const float *from, vj_model *out, float *back, int count)
{
    for (int i = 0; i < count; ++i) { vj_store(out + i, from[i]); back[i] = vj_load(out + i); }
}
"""


def noise(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


def as_bytes(picture: np.ndarray) -> np.ndarray:
    return (picture * 255 + 0.5).astype(np.uint8)


@pytest.fixture(scope="module", params=list(OPTIONS), ids=["float", "half", "bfloat"])
def compiled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[torch.dtype, Compiled]:
    folder = tmp_path_factory.mktemp("kernels")
    return request.param, Compiled(folder, C_SOURCE, *OPTIONS[request.param])


@pytest.fixture
def kernels(
    compiled: tuple[torch.dtype, Compiled], monkeypatch: pytest.MonkeyPatch
) -> TemporalKernels:
    """The real host code over a stand-in for CuPy that runs the C functions; torch's part of CUDA
    is left out."""
    dtype, functions = compiled
    stand_in_for_cupy(monkeypatch, functions, CUDA_SOURCE, dtype, (48, 32))
    made = TemporalKernels(32, 48, "cpu", dtype)
    made.warm()
    return made


def as_model(picture: np.ndarray, dtype: torch.dtype, channels_last: bool) -> torch.Tensor:
    """(H, W, 3) 0..1 -> (1, 3, H, W) -1..1, in one of the two orders of memory that models leave it
    in."""
    model = torch.from_numpy(picture * 2 - 1).permute(2, 0, 1)[None].to(dtype)
    return model.contiguous(
        memory_format=torch.channels_last if channels_last else torch.contiguous_format
    )


def as_picture(model: torch.Tensor) -> np.ndarray:
    return (model[0].permute(1, 2, 0).float() * 0.5 + 0.5).numpy()


@pytest.mark.parametrize("channels_last", [False, True])
def test_the_kernels_paint_what_numpy_paints(kernels: TemporalKernels, channels_last: bool) -> None:
    """Forty frames of the loop, flow, state and all: float within 2e-5, the same bytes but for
    ties, half within its precision."""
    rng = np.random.default_rng(3)
    near = {torch.float32: 2e-5, torch.float16: 4e-4, torch.bfloat16: 3e-3}[kernels.dtype]
    last, different = None, 0
    for turn in range(40):
        image = as_bytes(noise(32, 48, turn))
        yaw, pitch, dolly, fov = rng.uniform((-45, -45, -0.5, 20), (45, 45, 0.5, 120))
        camera = {"yaw_degrees": yaw, "pitch_degrees": pitch, "dolly": dolly, "fov_degrees": fov}
        matrix = feedback_matrix(
            48,
            32,
            rng.uniform(0.8, 1.25),
            rng.uniform(-45, 45),
            *rng.uniform(-0.25, 0.25, 2),
            **(camera if turn % 5 > 2 else {}),
        )
        amount = rng.choice([0, rng.uniform(0, 0.95)])
        model = as_model(np.zeros((32, 48, 3), np.float32), kernels.dtype, channels_last)
        flow = (
            None
            if turn % 3 == 0
            else rng.uniform((-5, -5, 0), (5, 5, 1), (17, 23, 3)).astype(np.float32)
        )
        there = None if flow is None else torch.from_numpy(flow)
        gain = (rng.choice([1, rng.uniform(0.75, 1.4)]), rng.uniform(0.2, 0.8))
        kernels.feedback(torch.from_numpy(image), model, matrix, amount, there, *gain)
        truth = numpy_ops.feedback(image, last, matrix, amount, False, flow, *gain)
        assert np.abs(as_picture(model) - truth).max() < near

        colour = (
            colour_matrix(*rng.uniform((-1, 0, 0, -180), (1, 2, 2, 180))) if turn % 2 else NEUTRAL
        )
        mode = BLEND_MODES[turn % len(BLEND_MODES)]
        settings = BlendSettings(
            rng.choice([0, 0.6, 0.99]),
            rng.uniform(),
            rng.choice([0, rng.uniform(), 1]),
            mode,
            colour,
        )
        painted = as_model(noise(32, 48, turn + 99) * 1.2 - 0.1, kernels.dtype, channels_last)
        mask = as_bytes(noise(32, 48, turn + 200)[..., 0]) if turn % 4 else None
        truth, last = numpy_ops.blend(as_picture(painted), last, image, settings, flow, mask)
        shown = None if mask is None else torch.from_numpy(mask)
        out = kernels.blend(painted, torch.from_numpy(image), settings, there, shown)
        assert np.abs(kernels.state.numpy() - last).max() < 2e-5
        assert np.abs(out.numpy().astype(int) - truth).max() <= 1
        different += int((out.numpy() != truth).sum())
        assert np.array_equal(
            kernels.sharpen(out, 0.7).numpy(), numpy_ops.sharpen(out.numpy(), 0.7)
        )
    assert different < 40 * 32 * 48 * 3 * 1e-4


@pytest.mark.parametrize("dtype", list(OPTIONS), ids=["float", "half", "bfloat"])
def test_numbers_are_rounded_as_the_model_rounds(dtype: torch.dtype, tmp_path: Path) -> None:
    """Every number of the type, the middles between them (ties), their neighbours, and what is none
    or endless: to the bit what torch makes of them."""
    text = C_PREAMBLE + ROUNDED
    bits = torch.arange(-(1 << 15), 1 << 15, dtype=torch.int32).to(torch.int16)
    if dtype == torch.float32:
        grid = torch.linspace(-2, 2, 4001)
    else:
        there = bits.view(dtype).float()
        grid = there[there.isfinite()].sort().values
    middles = (grid[1:].double() + grid[:-1].double()).div(2).float()
    beside = [torch.nextafter(middles, torch.tensor(way)) for way in (-torch.inf, torch.inf)]
    odd = torch.tensor([torch.nan, torch.inf, -torch.inf, 1e39, -1e39, 1e-45, 3.3e38, 65519.9])
    numbers = torch.cat([grid, middles, *beside, odd])
    made, back = torch.empty(len(numbers), dtype=dtype), torch.empty(len(numbers))
    functions = Compiled(tmp_path, text, *OPTIONS[dtype])
    arrays = numbers.numpy(), as_bits(made).numpy(), back.numpy()
    functions.call("vj_rounded", *arrays, np.int32(len(numbers)))
    wanted = numbers.to(dtype)
    assert torch.equal(made.isnan(), wanted.isnan())
    known = ~wanted.isnan()
    assert torch.equal(as_bits(made)[known], as_bits(wanted)[known])
    assert torch.equal(back[known], wanted.float()[known])
    assert back[~known].isnan().all()


def test_the_kernels_keep_the_exact_promises(kernels: TemporalKernels) -> None:
    image, painted = (
        torch.from_numpy(as_bytes(noise(32, 48, 1))),
        as_model(noise(32, 48, 2), kernels.dtype, False),
    )
    kernels.blend(as_model(noise(32, 48, 3), kernels.dtype, False), image, BlendSettings())
    for mode in BLEND_MODES:
        assert torch.equal(
            kernels.blend(painted, image, BlendSettings(0.5, 0.5, 0, mode)), image
        )  # dry is the input
    kernels.blend(painted, image, BlendSettings(motion=0.7))
    assert np.array_equal(
        kernels.state.numpy(), as_picture(painted)
    )  # no smoothing is the generated image
    model = torch.zeros_like(painted)
    kernels.feedback(image, model, feedback_matrix(48, 32, 1.2), 0)
    assert np.array_equal(as_bytes(as_picture(model)), image.numpy())  # no feedback is the input


def test_a_reset_forgets_the_last_generated_image(kernels: TemporalKernels) -> None:
    image, painted = (
        torch.from_numpy(as_bytes(noise(32, 48, 1))),
        as_model(noise(32, 48, 2), kernels.dtype, False),
    )
    kernels.blend(as_model(noise(32, 48, 3), kernels.dtype, False), image, BlendSettings())
    kernels.reset()
    assert kernels.state is None
    model = torch.zeros_like(painted)
    kernels.feedback(image, model, feedback_matrix(48, 32, 1.2), 0.9)
    assert np.array_equal(as_bytes(as_picture(model)), image.numpy())
    kernels.blend(painted, image, BlendSettings(0.99, 0))
    assert np.array_equal(kernels.state.numpy(), as_picture(painted))


def test_a_picture_holds_while_the_ring_goes_round(kernels: TemporalKernels) -> None:
    image = torch.from_numpy(as_bytes(noise(32, 48, 1)))
    shown = [
        kernels.blend(as_model(noise(32, 48, turn), kernels.dtype, False), image, BlendSettings())
        for turn in range(5)
    ]
    assert len({picture.data_ptr() for picture in shown}) == 4
    for turn in (2, 3, 4):
        assert np.abs(shown[turn].numpy() / 255 - noise(32, 48, turn)).max() < 0.003


def test_pictures_that_do_not_fit_are_refused(kernels: TemporalKernels) -> None:
    image, painted = (
        torch.zeros((32, 48, 3), dtype=torch.uint8),
        torch.zeros((3, 32, 48), dtype=kernels.dtype),
    )
    with pytest.raises(ValueError, match=r"painted: \(3, 48, 32\) .* came, \(3, 32, 48\)"):
        kernels.blend(painted.reshape(3, 48, 32), image, BlendSettings())
    with pytest.raises(
        ValueError, match=r"image: .* strides \(3, 96, 1\) came, contiguous \(32, 48, 3\)"
    ):
        kernels.blend(
            painted, torch.zeros((48, 32, 3), dtype=torch.uint8).transpose(0, 1), BlendSettings()
        )
    with pytest.raises(ValueError, match=r"dtype: torch.float64 came, .* torch.bfloat16 or"):
        TemporalKernels(32, 48, "cpu", torch.float64)


def test_without_cupy_the_answer_is_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(Unavailable, match=r"pip install cupy-cuda\d+x==14\.2\.0"):
        TemporalKernels(32, 48)


def test_modes_have_the_numbers_of_the_table() -> None:
    assert tuple(MODE_CODES) == BLEND_MODES
    assert all(
        f"#define VJ_{mode.upper()} {code}\n" in CUDA_SOURCE for mode, code in MODE_CODES.items()
    )
    assert all(
        f"case VJ_{mode.upper()}:" in CUDA_SOURCE for mode in BLEND_MODES if mode != "normal"
    )
    assert cupy_ops.CUDA_SOURCE is CUDA_SOURCE


@pytest.fixture(scope="module")
def nvrtc() -> ctypes.CDLL:
    """NVIDIA's run-time compiler, which needs no card. (On Linux it comes with
    requirements-test.txt.)"""
    found = (
        importlib.util.find_spec("nvidia.cuda_nvrtc")
        if importlib.util.find_spec("nvidia")
        else None
    )
    folders = [Path(folder) for folder in found.submodule_search_locations or ()] if found else []
    for pattern in ("lib/libnvrtc.so.*", "bin/nvrtc64_*_0.dll"):
        for library in sorted(
            file for folder in folders for file in folder.glob(pattern) if "alt" not in file.name
        ):
            return ctypes.CDLL(str(library))
    pytest.skip("no NVRTC: pip install nvidia-cuda-nvrtc-cu12==12.9.86")


TEXTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "float": (CUDA_SOURCE, KERNELS, ()),
    "half": (CUDA_SOURCE, KERNELS, ("-DVJ_HALF",)),
    "bfloat": (CUDA_SOURCE, KERNELS, ("-DVJ_BF16",)),
    "upscale": (upscale_body.CUDA_SOURCE, ("vj_easu", "vj_rcas"), ()),
    "field": (field_body.CUDA_SOURCE, field_body.NAMES, ()),
    "field in half": (field_body.CUDA_SOURCE, field_body.NAMES, ("-DVJ_HALF",)),
    "field in bfloat": (field_body.CUDA_SOURCE, field_body.NAMES, ("-DVJ_BF16",)),
    "pack": (pack_body.CUDA_SOURCE, pack_body.NAMES, ()),
    "guided": (guided_body.CUDA_SOURCE, cupy_guided._NAMES, ()),
    "ride": (ride_body.CUDA_SOURCE, ride_body.NAMES, ()),
}
CARDS = ("sm_75", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
OLDEST, NEWEST = CARDS[0], CARDS[-1]
ON_ALL = ("half", "field in half", "upscale")
ON_OLDEST = ("half", "guided", "ride")
"""Of the texts, which are compiled for the newest card: those that are for the oldest, too, where
the long tests do not run."""


def _often(card: str, text: str) -> bool:
    return card == NEWEST or (card == OLDEST and text in ON_OLDEST)


@pytest.mark.parametrize(
    ("card", "text"),
    [
        (card, text) if _often(card, text) else pytest.param(card, text, marks=pytest.mark.long)
        for card in CARDS
        for text in TEXTS
        if card in (OLDEST, NEWEST) or text in ON_ALL
    ],
)
def test_nvidias_compiler_takes_the_kernels(nvrtc: ctypes.CDLL, card: str, text: str) -> None:
    """Turing, Ampere, Ada, Hopper and both Blackwells: machine code with the kernels in it and not
    one warning, no more registers than leave room for `BLOCKS` blocks, none of them spilled. -std
    as CuPy sets it."""
    source, kernels, options = TEXTS[text]
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    assert (
        nvrtc.nvrtcCreateProgram(
            ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None
        )
        == 0
    )
    asked = f"--gpu-architecture={card}", "-std=c++17", "--ptxas-options=-v", *options
    flags = [flag.encode() for flag in asked]
    result = nvrtc.nvrtcCompileProgram(program, len(flags), (ctypes.c_char_p * len(flags))(*flags))

    def fetch(what: str) -> bytes:
        assert nvrtc[f"nvrtcGet{what}Size"](program, ctypes.byref(size)) == 0
        text = ctypes.create_string_buffer(size.value)
        assert nvrtc[f"nvrtcGet{what}"](program, text) == 0
        return text.raw

    log = fetch("ProgramLog").decode().strip("\0\n ")
    told = re.sub(r"^ptxas (info|  ) .*\n?", "", log, flags=re.MULTILINE).strip()
    assert (result, told) == (0, "")
    registers = [int(count) for count in re.findall(r"Used (\d+) registers", log)]
    assert len(registers) == len(kernels)
    assert max(registers) <= 65536 // (BLOCK[0] * BLOCK[1] * BLOCKS), log
    spilled = re.findall(r"(\d+) bytes spill", log)
    assert len(spilled) == 2 * len(kernels)
    assert set(spilled) == {"0"}, log
    binary = fetch("CUBIN")
    assert binary[:4] == b"\x7fELF"
    assert all(b".text." + name.encode() in binary for name in kernels)
    assert nvrtc.nvrtcDestroyProgram(ctypes.byref(program)) == 0
