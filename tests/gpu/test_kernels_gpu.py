"""The kernels on a real card: NumPy's pictures, in the order of torch's stream, in memory that does
not grow."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.kernels.kernels_as_c import OPTIONS
from vj.core.kinds import BLEND_MODES
from vj.kernels import numpy_ops
from vj.kernels.cupy_ops import TemporalKernels
from vj.kernels.settings import NEUTRAL, BlendSettings, colour_matrix, feedback_matrix

HEIGHT, WIDTH = 96, 160


@pytest.fixture(params=list(OPTIONS), ids=["float", "half", "bfloat"])
def kernels(request: pytest.FixtureRequest, cuda: torch.device) -> TemporalKernels:
    pytest.importorskip(
        "cupy",
        reason="no cupy: pip install cupy-cuda12x==14.2.0 (or cupy-cuda13x, as torch's CUDA is)",
    )
    made = TemporalKernels(HEIGHT, WIDTH, cuda, request.param)
    made.warm()
    return made


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((HEIGHT, WIDTH, 3), dtype=np.float32)


def image_of(seed: int) -> np.ndarray:
    return (noise(seed) * 255 + 0.5).astype(np.uint8)


def as_model(picture: np.ndarray, kernels: TemporalKernels) -> torch.Tensor:
    """(H, W, 3) 0..1 -> (1, 3, H, W) -1..1 on the card."""
    return (
        torch.from_numpy(picture * 2 - 1)
        .permute(2, 0, 1)[None]
        .to(kernels.device, kernels.dtype)
        .contiguous()
    )


def as_picture(model: torch.Tensor) -> np.ndarray:
    return (model[0].permute(1, 2, 0).float() * 0.5 + 0.5).cpu().numpy()


@pytest.mark.parametrize("channels_last", [False, True])
def test_the_card_paints_what_numpy_paints(kernels: TemporalKernels, channels_last: bool) -> None:
    """Within 2/255 over 42 frames of random settings, every blend mode six times."""
    rng = np.random.default_rng(1)
    order = torch.channels_last if channels_last else torch.contiguous_format
    last = None
    for turn in range(42):
        image = image_of(turn)
        on_card = torch.from_numpy(image).to(kernels.device)
        yaw, pitch, dolly, fov = rng.uniform((-12, -12, -0.5, 20), (12, 12, 0.5, 75))
        camera = {"yaw_degrees": yaw, "pitch_degrees": pitch, "dolly": dolly, "fov_degrees": fov}
        matrix = feedback_matrix(
            WIDTH,
            HEIGHT,
            rng.uniform(0.8, 1.25),
            rng.uniform(-45, 45),
            *rng.uniform(-0.25, 0.25, 2),
            **(camera if turn % 5 > 2 else {}),
        )
        amount = rng.choice([0, rng.uniform(0, 0.95)])
        model = as_model(noise(0), kernels).contiguous(memory_format=order)
        flow = (
            None
            if turn % 3 == 0
            else rng.uniform((-5, -5, 0), (5, 5, 1), (40, 30, 3)).astype(np.float32)
        )
        there = None if flow is None else torch.from_numpy(flow).to(kernels.device)
        gain = (rng.choice([1, rng.uniform(0.75, 1.4)]), rng.uniform(0.2, 0.8))
        kernels.feedback(on_card, model, matrix, amount, there, *gain)
        assert (
            np.abs(
                as_picture(model)
                - numpy_ops.feedback(image, last, matrix, amount, False, flow, *gain)
            ).max()
            < 2 / 255
        )

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
        painted = as_model(noise(turn + 99) * 1.2 - 0.1, kernels).contiguous(memory_format=order)
        mask = image[..., 0].copy() if turn % 4 else None
        truth, last = numpy_ops.blend(as_picture(painted), last, image, settings, flow, mask)
        out = kernels.blend(
            painted,
            on_card,
            settings,
            there,
            None if mask is None else torch.from_numpy(mask).cuda(),
        )
        sharp = kernels.sharpen(out, 0.7)
        assert np.abs(kernels.state.cpu().numpy() - last).max() < 1e-4
        assert np.abs(out.cpu().numpy().astype(int) - truth).max() <= 2
        assert (
            np.abs(
                sharp.cpu().numpy().astype(int) - numpy_ops.sharpen(out.cpu().numpy(), 0.7)
            ).max()
            <= 1
        )


def test_a_tensor_may_be_dropped_at_once(kernels: TemporalKernels) -> None:
    """On a stream kept busy each generated image is dropped right after the call and its memory
    overwritten: the kernel must have read it before.

    Run on another stream than torch's, CuPy would read the overwritten block, or the generated
    image before it was made.
    """
    image = torch.from_numpy(image_of(0)).to(kernels.device)
    generated_images = [as_model(noise(turn), kernels) for turn in range(4)]
    torch.cuda.synchronize()
    shown = []
    with torch.cuda.stream(torch.cuda.Stream()):
        for generated in generated_images:
            torch.cuda._sleep(20_000_000)
            late = generated * 1  # made on the busy stream, in a block of torch's allocator
            address = late.data_ptr()
            shown.append(kernels.blend(late, image, BlendSettings()))
            del late
            junk = torch.full_like(generated, -1)
            assert junk.data_ptr() == address  # the allocator did hand it on
            del junk
        torch.cuda.current_stream().synchronize()
    for turn, out in enumerate(shown):
        assert np.abs(out.cpu().numpy() / 255 - noise(turn)).max() < 2 / 255


def test_two_hundred_frames_allocate_nothing(kernels: TemporalKernels) -> None:
    cupy = pytest.importorskip("cupy")
    image, painted = torch.from_numpy(image_of(0)).to(kernels.device), as_model(noise(1), kernels)
    model, matrix = torch.empty_like(painted), feedback_matrix(WIDTH, HEIGHT, 1.02, 1)

    def frame() -> None:
        kernels.feedback(image, model, matrix, 0.4)
        kernels.sharpen(
            kernels.blend(
                painted, image, BlendSettings(0.5, 0.8, 0.9, "screen", colour_matrix(0.1))
            ),
            0.3,
        )

    def held() -> tuple[int, int, int]:
        torch.cuda.synchronize()
        pool = cupy.get_default_memory_pool()
        return (
            torch.cuda.memory_allocated(),
            torch.cuda.memory_stats()["allocation.all.allocated"],
            pool.total_bytes(),
        )

    frame()
    before = held()
    for _ in range(200):
        frame()
    assert held() == before
